//! Findings as JSON, with a JSON Schema made from the same rows. Pure.

use crate::fields::{self, Field, number, one_of, or_null, text, yes};
use ccci_model::diag::fix::{Edit, Fix, Safety};
use ccci_model::diag::{Diagnostic, Place, Severity};
use serde_json::{Value, json};

/// All keys of a finding. `path`, `line` and `column` are null for a finding without a place.
const FINDING: &[Field<Diagnostic>] = &[
    Field {
        name: "code",
        doc: "Name of the code or rule; `ccci explain` has a page on it.",
        shape: text,
        get: |d| json!(d.code.id),
    },
    Field {
        name: "severity",
        doc: "Errors make the exit code 2.",
        shape: || one_of([Severity::Error, Severity::Warning].map(Severity::name).into_iter()),
        get: |d| json!(d.severity.name()),
    },
    Field { name: "message", doc: "What was found.", shape: text, get: |d| json!(d.message) },
    Field {
        name: "path",
        doc: "File, relative to the working directory or to the recipe's repository.",
        shape: || or_null(text()),
        get: |d| json!(d.place.as_ref().map(|p| &p.text.path)),
    },
    Field {
        name: "line",
        doc: "Line of the first character, from 1.",
        shape: || or_null(number()),
        get: |d| json!(d.place.as_ref().map(|p| p.line_column().0)),
    },
    Field {
        name: "column",
        doc: "Column of the first character, in characters from 1.",
        shape: || or_null(number()),
        get: |d| json!(d.place.as_ref().map(|p| p.line_column().1)),
    },
    Field {
        name: "end_line",
        doc: "Line after the last character, from 1.",
        shape: || or_null(number()),
        get: |d| json!(d.place.as_ref().map(|p| p.end_line_column().0)),
    },
    Field {
        name: "end_column",
        doc: "Column after the last character, in characters from 1.",
        shape: || or_null(number()),
        get: |d| json!(d.place.as_ref().map(|p| p.end_line_column().1)),
    },
    Field { name: "help", doc: "What to write instead.", shape: || or_null(text()), get: |d| json!(d.help) },
    Field {
        name: "other",
        doc: "Another place that it depends on.",
        shape: || or_null(fields::shape(OTHER)),
        get: |d| d.other.as_deref().map_or(Value::Null, |o| fields::object(OTHER, o)),
    },
    Field {
        name: "fix",
        doc: "A change that mends it.",
        shape: || or_null(fields::shape(FIX)),
        get: |d| d.fix.as_deref().map_or(Value::Null, |f| fields::object(FIX, f)),
    },
];

const OTHER: &[Field<(Place, String)>] = &[
    Field { name: "path", doc: "File.", shape: text, get: |o| json!(o.0.text.path) },
    Field { name: "line", doc: "Line, from 1.", shape: number, get: |o| json!(o.0.line_column().0) },
    Field {
        name: "column",
        doc: "Column, in characters from 1.",
        shape: number,
        get: |o| json!(o.0.line_column().1),
    },
    Field { name: "message", doc: "What is there.", shape: text, get: |o| json!(o.1) },
];

const FIX: &[Field<Fix>] = &[
    Field { name: "title", doc: "What it does.", shape: text, get: |f| json!(f.title) },
    Field {
        name: "safe",
        doc: "Whether `ccci check --fix` makes it.",
        shape: yes,
        get: |f| json!(f.safety == Safety::Safe),
    },
    Field {
        name: "edits",
        doc: "Its changes.",
        shape: || json!({"type": "array", "items": fields::shape(EDIT)}),
        get: |f| f.edits.iter().map(|e| fields::object(EDIT, e)).collect(),
    },
];

const EDIT: &[Field<Edit>] = &[
    Field { name: "path", doc: "File.", shape: text, get: |e| json!(e.place.text.path) },
    Field {
        name: "line",
        doc: "First line, from 1.",
        shape: number,
        get: |e| json!(e.place.line_column().0),
    },
    Field {
        name: "column",
        doc: "First column, from 1.",
        shape: number,
        get: |e| json!(e.place.line_column().1),
    },
    Field {
        name: "end_line",
        doc: "Line after it.",
        shape: number,
        get: |e| json!(e.place.end_line_column().0),
    },
    Field {
        name: "end_column",
        doc: "Column after it.",
        shape: number,
        get: |e| json!(e.place.end_line_column().1),
    },
    Field { name: "with", doc: "What is written instead.", shape: text, get: |e| json!(e.with) },
];

/// A JSON array with one object for each finding.
pub(super) fn render(all: &[Diagnostic]) -> String {
    let rows: Vec<Value> = all.iter().map(|d| fields::object(FINDING, d)).collect();
    serde_json::to_string_pretty(&rows).expect("keys are text") + "\n"
}

/// The published JSON Schema, as text.
pub fn schema() -> String {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "findings of `ccci check --format json`",
        "description": "Made from src/report/findings/json.rs. Every key is always there; what is not known is null.",
        "type": "array",
        "items": fields::shape(FINDING),
    });
    serde_json::to_string_pretty(&schema).expect("keys are text") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn a_finding_tells_where_it_begins_and_ends_and_how_it_is_mended() {
        let rows: Value = serde_json::from_str(&render(&sample())).unwrap();
        let first = &rows[0];
        let places = ["line", "column", "end_line", "end_column"].map(|k| first[k].as_u64().unwrap());
        assert_eq!(places, [2, 1, 2, 11]);
        assert_eq!(first["fix"]["edits"][0]["with"], "health.path");
        assert_eq!(first["fix"]["safe"], false);
        assert_eq!(first["other"]["line"], 1);
        assert!(rows[1]["path"].is_null() && rows[1]["fix"].is_null());
    }
}
