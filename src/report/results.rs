//! results.json and its JSON Schema, both made from the rows of `fields.rs`. Pure.

use super::fields::{self, RESULT};
use ccci_runner::record::Record;
use serde_json::{Value, json};

/// The version of the schema. It grows when a key changes its meaning or is removed; new keys do not change it.
pub const SCHEMA: u64 = 2;

/// results.json as bytes.
pub fn render(record: &Record) -> Vec<u8> {
    pretty(&value(record))
}

/// results.json as a JSON value.
pub fn value(record: &Record) -> Value {
    fields::object(RESULT, record)
}

/// The published JSON Schema, as text.
pub fn schema() -> String {
    let mut out = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "results.json of a ccci run",
        "description": "Made from src/report/fields.rs. Every key is always there; what is not known is null.",
    });
    let Value::Object(all) = fields::shape(RESULT) else { unreachable!("shape makes objects; tested") };
    for (key, value) in all {
        out[key] = value;
    }
    String::from_utf8(pretty(&out)).expect("JSON is UTF-8")
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut out = serde_json::to_vec_pretty(value).expect("keys are text");
    out.push(b'\n');
    out
}

/// Checks that all rows of a table have unique names and full sentences as docs.
#[cfg(test)]
fn check<T>(fields: &[fields::Field<T>]) {
    for (i, f) in fields.iter().enumerate() {
        assert!(!fields[..i].iter().any(|o| o.name == f.name), "{} twice", f.name);
        assert!(f.doc.starts_with(char::is_uppercase) && f.doc.ends_with('.'), "{}", f.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_their_docs_are_sentences() {
        check(RESULT);
        check(fields::TIER);
        check(fields::TEST);
        check(fields::OCCURRENCE);
        check(fields::STEP);
        check(fields::DEPLOYMENT);
        check(fields::TIMINGS);
        check(fields::LINT);
    }

    #[test]
    fn the_schema_is_an_object_with_every_key_required() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["required"].as_array().unwrap().len(), RESULT.len());
        assert_eq!(schema["properties"]["schema"]["const"], SCHEMA);
        assert_eq!(schema["properties"]["verdict"]["enum"], json!(["green", "red", "error", "interrupted"]));
    }
}
