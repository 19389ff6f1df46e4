//! `ccci records`: the runs that are kept, one line each, the newest first, and the files of one. Pure apart from its
//! arguments.

use super::human;
use super::styled::{Style, StyledText};
use super::text::{self, span};
use ccci_model::name::CallId;
use ccci_model::time::utc_rfc3339;
use ccci_runner::record::Record;
use ccci_runner::record::index::{Listed, Summary};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The list. `goes_on` tells whether a run whose record has no end is still running.
pub fn draw(listed: &[Listed], goes_on: &dyn Fn(&Summary) -> bool, style: Style) -> String {
    let mut s = StyledText::new(style);
    if listed.is_empty() {
        s.say(0, "no run is kept");
    }
    let calls = calls(listed);
    let mut shown = BTreeSet::new();
    for one in listed.iter().rev() {
        let call = one.summary.as_ref().ok().and_then(|run| run.call.as_ref());
        let several = call.and_then(|call| Some((call, calls.get(call).filter(|runs| runs.len() > 1)?)));
        match (several, &one.summary) {
            // all runs of a call stand where its newest one is
            (Some((call, runs)), _) => {
                if shown.insert(call) {
                    s.say(0, &format!("call {call}: {} runs", runs.len()));
                    runs.iter().rev().for_each(|run| row(&mut s, run, &among(run, runs), goes_on(run)));
                }
            }
            (None, Ok(run)) => row(&mut s, run, &Place::default(), goes_on(run)),
            (None, Err(why)) => s.beside(0, "unreadable  ", &format!("{}: {why}", one.name)),
        }
    }
    s.text()
}

/// The runs of each call, the oldest first.
fn calls(listed: &[Listed]) -> BTreeMap<&CallId, Vec<&Summary>> {
    let mut calls: BTreeMap<&CallId, Vec<&Summary>> = BTreeMap::new();
    for run in listed.iter().filter_map(|l| l.summary.as_ref().ok()) {
        if let Some(call) = &run.call {
            calls.entry(call).or_default().push(run);
        }
    }
    calls
}

/// Where a row stands.
#[derive(Default)]
struct Place {
    indent: usize,
    /// From which base the run upgraded, if that tells it from another run of the same recipe.
    from: Option<String>,
}

/// The place of a run among the runs of its call.
fn among(run: &Summary, call: &[&Summary]) -> Place {
    let same = call.iter().filter(|other| other.recipe == run.recipe).count();
    let from = run.facts.base.as_deref().unwrap_or("no base");
    Place { indent: 2, from: (same > 1).then(|| from.to_string()) }
}

fn subject(run: &Summary) -> String {
    human::subject_at(&run.recipe, run.version.as_ref(), &run.commit)
}

fn row(s: &mut StyledText, run: &Summary, place: &Place, goes_on: bool) {
    let indent = " ".repeat(place.indent);
    let subject = match &place.from {
        Some(base) => format!("{} from {base}", run.recipe),
        None => subject(run),
    };
    if goes_on {
        return s.beside(place.indent, "in progress ", &format!("{}  {subject}", run.run_id));
    }
    let head = format!("{indent}{:<12}", run.verdict.name());
    let rest = format!(
        "level {}  {}  {:>7}  {}  {subject}",
        run.level,
        utc_rfc3339(run.began_ms),
        span(run.total_ms),
        run.run_id,
    );
    let partial = run.partial.as_ref().map_or(String::new(), |partial| format!("  {partial}"));
    s.row(human::tone(run.verdict), &head, &format!("{rest}{partial}"));
}

/// The line of one run.
pub fn line(record: &Record, style: Style) -> String {
    let mut s = StyledText::new(style);
    row(&mut s, &Summary::of(record), &Place::default(), false);
    s.text().trim_end().to_string()
}

/// A line for each run that can be read, its parts between tabs: id, verdict, level, recipe, version or commit.
pub fn short(listed: &[Listed], goes_on: &dyn Fn(&Summary) -> bool) -> String {
    let line = |run: &Summary| {
        let verdict = if goes_on(run) { "in-progress" } else { run.verdict.name() };
        let version = run.version.as_ref().map_or_else(|| run.commit.to_string(), ToString::to_string);
        let version = text::line(&version);
        format!("{}\t{verdict}\t{}\t{}\t{version}\n", run.run_id, run.level, run.recipe)
    };
    listed.iter().rev().filter_map(|l| l.summary.as_ref().ok()).map(line).collect()
}

/// The same for programs, with records that cannot be read. `below` is where the records are.
pub fn json(listed: &[Listed], goes_on: &dyn Fn(&Summary) -> bool, below: &Path) -> String {
    let one = |l: &Listed| {
        let dir = below.join(&l.name).to_string_lossy().into_owned();
        match &l.summary {
            Ok(run) => json!({
                "run_id": run.run_id, "call": run.call, "recipe": run.recipe, "version": run.version, "commit": run.commit,
                "verdict": run.verdict, "level": run.level, "partial": run.partial,
                "began": utc_rfc3339(run.began_ms), "ms": run.total_ms, "in_progress": goes_on(run),
                "dir": dir, "unreadable": null,
            }),
            Err(why) => json!({"dir": dir, "unreadable": why}),
        }
    };
    let all: Vec<Value> = listed.iter().rev().map(one).collect();
    format!("{:#}\n", Value::Array(all))
}

/// Where the files of a record are, and how large each is.
pub fn files(dir: &Path, files: &[(String, u64)]) -> String {
    let mut s = StyledText::new(Style::PLAIN);
    let all: u64 = files.iter().map(|f| f.1).sum();
    s.beside(0, "files     ", &format!("{}, {} in all", dir.display(), size(all)));
    for (name, bytes) in files {
        s.beside(2, &format!("{:>10}  ", size(*bytes)), name);
    }
    s.text()
}

/// The line of a run that was removed, or of which only the archives were.
pub fn pruned(run: &Summary, archives_only: bool, bytes: u64) -> String {
    let mut s = StyledText::new(Style::PLAIN);
    let what = if archives_only { "archives    " } else { "run         " };
    s.beside(0, what, &format!("{}  {}  {}  {}", run.run_id, run.verdict.name(), subject(run), size(bytes)));
    s.text()
}

/// A number of bytes as people read it.
pub fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let power = (1..=units.len()).rev().find(|n| bytes >= 1 << (10 * n));
    power.map_or_else(
        || format!("{bytes} B"),
        |n| format!("{:.1} {}", bytes as f64 / (1u64 << (10 * n)) as f64, units[n - 1]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_unit_that_fits() {
        for (bytes, text) in [(0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (5 << 30, "5.0 GiB")] {
            assert_eq!(size(bytes), text);
        }
    }
}
