//! The value side of an env line: quotes, comments, escapes, `$NAME`. Pure; godotenv 1.5.1 is the model, its oddities
//! included (`${X:-d}` is not known and leaves `:-d}` behind).

use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A value as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Value {
    /// After quotes, escapes and variables.
    pub text: String,
    /// The comment behind an unquoted value.
    pub comment: Option<String>,
    /// Bytes of the input it took.
    pub length: usize,
}

/// White space that does not end a line.
pub fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\x0b' | '\x0c' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// Reads the value that `rest` starts with. The error is the quote that is never closed.
pub fn value(rest: &str, vars: &BTreeMap<String, String>) -> Result<Value, char> {
    match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(rest, quote, vars).ok_or(quote),
        _ => Ok(unquoted(rest, vars)),
    }
}

fn unquoted(rest: &str, vars: &BTreeMap<String, String>) -> Value {
    let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
    let (value, comment) = split_comment(line);
    Value { text: variables(value, vars), comment: comment.map(str::to_string), length: line.len() }
}

fn quoted(rest: &str, quote: char, vars: &BTreeMap<String, String>) -> Option<Value> {
    let closing =
        rest.match_indices(quote).map(|(i, _)| i).find(|i| *i > 0 && !rest[..*i].ends_with('\\'))?;
    // godotenv trims quotes of this kind from both ends, so `""x""` loses more than one
    let inner = rest[..closing].trim_matches(quote).replace("\r\n", "\n");
    let text = if quote == '"' { variables(&escapes(&inner), vars) } else { inner };
    Some(Value { text, comment: None, length: closing + 1 })
}

/// Cuts a line at the last hash that has white space before it.
pub fn split_comment(line: &str) -> (&str, Option<&str>) {
    let hash = line.rmatch_indices('#').map(|(i, _)| i).find(|i| line[..*i].ends_with(is_space));
    match hash {
        Some(i) => (line[..i].trim_matches(is_space), Some(line[i + 1..].trim())),
        None => (line.trim_matches(is_space), None),
    }
}

fn escapes(text: &str) -> String {
    static ESCAPE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\\.").expect("a valid pattern"));
    static UNESCAPE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\\([^$])").expect("a valid pattern"));
    let lines = ESCAPE.replace_all(text, |c: &Captures<'_>| match &c[0] {
        r"\n" => "\n".to_string(),
        r"\r" => "\r".to_string(),
        other => other.to_string(),
    });
    UNESCAPE.replace_all(&lines, "$1").into_owned()
}

fn variables(text: &str, vars: &BTreeMap<String, String>) -> String {
    static VARIABLE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(\\)?(\$)(\()?\{?([A-Z0-9_]+)?\}?").expect("a valid pattern"));
    VARIABLE
        .replace_all(text, |c: &Captures<'_>| {
            if c.get(1).is_some() {
                return c[0][1..].to_string();
            }
            match c.get(4) {
                Some(name) => vars.get(name.as_str()).cloned().unwrap_or_default(),
                None => c[0].to_string(),
            }
        })
        .into_owned()
}
