//! `ccci report list`: the runs that are kept, one line each, the newest first. Pure but for what it is given.

use super::human;
use super::sheet::{Sheet, Style};
use super::text::span;
use ccci_model::time::utc_rfc3339;
use ccci_runner::record::{Kept, Record};

/// The list. `lives` says of a record without an end whether its run still goes on.
pub fn draw(kept: &[Kept], lives: &dyn Fn(&Record) -> bool, style: Style) -> String {
    let mut s = Sheet::new(style);
    if kept.is_empty() {
        s.say(0, "no run is kept");
    }
    for k in kept.iter().rev() {
        match &k.record {
            Ok(r) if lives(r) => {
                s.beside(
                    0,
                    "going on    ",
                    &format!("{}  {}", r.outcome.plan.run_id, human::subject(&r.outcome)),
                );
            }
            Ok(r) => row(&mut s, r),
            Err(bad) => {
                let name = k.dir.file_name().unwrap_or_default().to_string_lossy();
                let why = bad.first().map_or("", |d| d.message.as_str());
                s.beside(0, "unreadable  ", &format!("{name}: {why}"));
            }
        }
    }
    s.text()
}

fn row(s: &mut Sheet, r: &Record) {
    let o = &r.outcome;
    let head = format!("{:<12}", o.verdict.name());
    let rest = format!(
        "level {}  {}  {:>7}  {}  {}",
        o.level,
        utc_rfc3339(o.began_ms),
        span(o.timings.total),
        o.plan.run_id,
        human::subject(o)
    );
    s.row(human::tone(o.verdict), &head, &rest);
}

/// One run's line.
pub fn line(record: &Record, style: Style) -> String {
    let mut s = Sheet::new(style);
    row(&mut s, record);
    s.text().trim_end().to_string()
}
