//! Findings as SARIF 2.1.0 (OASIS standard). Columns count characters. Pure.

use super::code_quality::fingerprints;
use ccci_model::diag::fix::Fix;
use ccci_model::diag::{Code, Diagnostic, Place};
use serde_json::{Value, json};

/// One run of the tool `ccci` with the rules that found something.
pub(super) fn render(all: &[Diagnostic]) -> String {
    let mut codes: Vec<&Code> = all.iter().map(|d| d.code).collect();
    codes.sort_by_key(|c| c.id);
    codes.dedup_by_key(|c| c.id);
    let index = |code: &Code| codes.iter().position(|c| c.id == code.id);
    let rules: Vec<Value> = codes.iter().map(|c| rule(c)).collect();
    let prints = fingerprints(all);
    let results: Vec<Value> =
        all.iter().zip(&prints).map(|(d, print)| result(d, index(d.code), print)).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "ccci", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).expect("keys are text") + "\n"
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.id,
        "shortDescription": {"text": code.doc},
        "help": {"text": format!("See `ccci explain {}`.", code.id)},
        "defaultConfiguration": {"level": code.severity.name()},
    })
}

fn result(d: &Diagnostic, index: Option<usize>, print: &str) -> Value {
    let mut out = json!({
        "ruleId": d.code.id,
        "ruleIndex": index,
        "level": d.severity.name(),
        "message": {"text": d.with_help()},
        "partialFingerprints": {"ccci/v1": print},
        "locations": [d.place.as_ref().map_or_else(nowhere, location)],
    });
    if let Some((place, what)) = d.other.as_deref() {
        let mut other = location(place);
        other["message"] = json!({"text": what});
        out["relatedLocations"] = json!([other]);
    }
    if let Some(fix) = &d.fix {
        out["fixes"] = json!([as_fix(fix)]);
    }
    out
}

/// The location of a finding without a place. GitHub refuses a whole file in which one result has none.
fn nowhere() -> Value {
    json!({"physicalLocation": {"artifactLocation": {"uri": "recipe.toml"}, "region": {"startLine": 1}}})
}

fn location(place: &Place) -> Value {
    json!({"physicalLocation": {"artifactLocation": {"uri": uri(&place.text.path)}, "region": region(place)}})
}

fn region(place: &Place) -> Value {
    let ((line, column), (end_line, end_column)) = (place.line_column(), place.end_line_column());
    json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column})
}

fn as_fix(fix: &Fix) -> Value {
    let changes: Vec<Value> = fix
        .edits
        .iter()
        .map(|e| {
            json!({
                "artifactLocation": {"uri": uri(&e.place.text.path)},
                "replacements": [{"deletedRegion": region(&e.place), "insertedContent": {"text": e.with}}],
            })
        })
        .collect();
    json!({"description": {"text": fix.title}, "artifactChanges": changes})
}

/// A path as a relative URI: everything outside of RFC 3986's unreserved characters and `/` is encoded.
pub fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.bytes().map(|b| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn a_result_points_at_its_rule_its_range_and_its_fix() {
        let log: Value = serde_json::from_str(&render(&sample())).unwrap();
        let run = &log["runs"][0];
        let first = &run["results"][0];
        let rule = first["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], "unknown-key");
        let at = &first["locations"][0]["physicalLocation"];
        assert_eq!(at["artifactLocation"]["uri"], "recipes/a%20b/recipe.toml");
        assert_eq!(at["region"], json!({"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 11}));
        let change = &first["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(change["insertedContent"]["text"], "health.path");
        let without = &run["results"][1]["locations"][0]["physicalLocation"];
        assert_eq!(without["region"]["startLine"], 1, "GitHub takes no result without a location");
        assert_ne!(run["results"][0]["partialFingerprints"], run["results"][1]["partialFingerprints"]);
    }
}
