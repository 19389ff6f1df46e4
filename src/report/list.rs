//! `ccci report list`: the runs that are kept, one line each, the newest first. Pure apart from its arguments.

use super::human;
use super::styled::{Style, StyledText};
use super::text::span;
use ccci_model::time::utc_rfc3339;
use ccci_model::verdict;
use ccci_runner::record::Record;
use ccci_runner::record::index::{Listed, Summary};

/// The list. `goes_on` tells whether a run whose record has no end is still running.
pub fn draw(listed: &[Listed], goes_on: &dyn Fn(&Summary) -> bool, style: Style) -> String {
    let mut s = StyledText::new(style);
    if listed.is_empty() {
        s.say(0, "no run is kept");
    }
    for Listed { name, summary } in listed.iter().rev() {
        match summary {
            Ok(run) if goes_on(run) => {
                s.beside(0, "in progress ", &format!("{}  {}", run.run_id, subject(run)));
            }
            Ok(run) => row(&mut s, run),
            Err(why) => s.beside(0, "unreadable  ", &format!("{name}: {why}")),
        }
    }
    s.text()
}

fn subject(run: &Summary) -> String {
    human::subject_at(&run.recipe, run.version.as_ref(), &run.commit)
}

fn row(s: &mut StyledText, run: &Summary) {
    let head = format!("{:<12}", run.verdict.name());
    let rest = format!(
        "level {}  {}  {:>7}  {}  {}",
        run.level,
        utc_rfc3339(run.began_ms),
        span(run.total_ms),
        run.run_id,
        subject(run)
    );
    let partial =
        run.partial.as_deref().map_or(String::new(), |tiers| format!("  {}", verdict::partial(tiers)));
    let rest = format!("{rest}{partial}");
    s.row(human::tone(run.verdict), &head, &rest);
}

/// The line of one run.
pub fn line(record: &Record, style: Style) -> String {
    let mut s = StyledText::new(style);
    row(&mut s, &Summary::of(record));
    s.text().trim_end().to_string()
}
