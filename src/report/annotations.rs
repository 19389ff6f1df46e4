//! Annotations for forges that read `::error::` lines: each failure is shown next to the change under test. Pure.

use super::forge::Forge;
use super::human;
use ccci_model::verdict::Verdict;
use ccci_runner::record::Record;

/// All annotation lines as bytes.
pub fn render(record: &Record) -> Vec<u8> {
    let o = &record.outcome;
    let mut out = String::new();
    for t in &o.failures {
        let level = if t.failure.is_error() { "warning" } else { "error" };
        let tier = t.tier.map_or(String::new(), |t| format!("{t}: "));
        let place = t.failure.place.as_ref().map(|p| format!(" at {p}")).unwrap_or_default();
        let text = format!(
            "expected {}, observed {} (blame: {}){place}",
            t.failure.expected(),
            t.failure.observed(),
            t.failure.blame
        );
        out.push_str(&Forge::GitHub.annotate(level, &format!("{tier}{}", t.during), &text));
    }
    for rule in o.lint.iter().filter(|r| r.result == "unsatisfied") {
        out.push_str(&Forge::GitHub.annotate(
            "warning",
            &format!("lint {}", rule.id),
            &rule.findings.join("; "),
        ));
    }
    let level = if o.verdict == Verdict::Green { "notice" } else { "error" };
    let title = format!("{}: {}, level {}", human::subject(o), o.headline(), o.level);
    out.push_str(&Forge::GitHub.annotate(level, &title, &human::sentence(o)));
    out.into_bytes()
}
