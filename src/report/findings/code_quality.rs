//! Findings as GitLab's code quality report. A finding keeps its fingerprint when lines are added above it. Pure.

use ccci_model::diag::{Diagnostic, Severity};
use ccci_model::digest::sha256;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A JSON array with one object for each finding.
pub(super) fn render(all: &[Diagnostic]) -> String {
    let rows: Vec<Value> = all.iter().zip(fingerprints(all)).map(|(d, print)| row(d, &print)).collect();
    serde_json::to_string_pretty(&rows).expect("keys are text") + "\n"
}

/// A fingerprint for each finding, 64 hex digits; no two are the same.
pub fn fingerprints(all: &[Diagnostic]) -> Vec<String> {
    let mut same: BTreeMap<String, usize> = BTreeMap::new();
    let one = |d: &Diagnostic| {
        let of = fingerprint(d);
        let nth = same.entry(of.clone()).and_modify(|n| *n += 1).or_insert(0);
        sha256(format!("{of}\n{nth}").as_bytes())
    };
    all.iter().map(one).collect()
}

/// What makes a finding the same one in two revisions: its code, its file, and the text of its line.
fn fingerprint(d: &Diagnostic) -> String {
    let of_place = d.place.as_ref().map(|p| {
        let line = p.text.content.lines().nth(p.line_column().0 - 1).unwrap_or_default();
        format!("{}\n{}", p.text.path, line.trim())
    });
    format!("{}\n{}", d.code.id, of_place.unwrap_or_else(|| d.message.clone()))
}

fn row(d: &Diagnostic, fingerprint: &str) -> Value {
    // GitLab shows nothing without a place
    let at = d.place.as_ref().map(|p| (p.text.path.as_str(), p.line_column().0));
    let (path, line) = at.unwrap_or((".", 1));
    json!({
        "description": d.with_help(),
        "check_name": d.code.id,
        "fingerprint": fingerprint,
        "severity": match d.severity { Severity::Error => "major", Severity::Warning => "minor" },
        "location": {"path": path, "lines": {"begin": line}},
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;
    use ccci_model::diag::{Place, Text};
    use std::sync::Arc;

    #[test]
    fn a_line_added_above_changes_no_fingerprint_and_two_findings_never_share_one() {
        let all = sample();
        let mut moved = all.clone();
        let place = all[0].place.clone().unwrap();
        let text = Arc::new(Text { content: format!("\n{}", place.text.content), ..(*place.text).clone() });
        moved[0].place = Some(Place::new(&text, place.range.start + 1..place.range.end + 1));
        assert_eq!(fingerprints(&all), fingerprints(&moved));
        let twice = [all[0].clone(), all[0].clone()];
        let both = fingerprints(&twice);
        assert_ne!(both[0], both[1]);
    }
}
