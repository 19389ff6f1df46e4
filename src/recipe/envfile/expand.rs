//! Parses the value of an env line: quotes, comments, escapes, `$NAME`. Pure. It follows godotenv 1.5.1
//! including its oddities (`${X:-d}` is not supported and leaves `:-d}`).

use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A parsed value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// The text after quotes, escapes and variables are resolved.
    pub text: String,
    /// The comment after an unquoted value.
    pub comment: Option<String>,
    /// Bytes of the input that were read.
    pub length: usize,
}

/// White space that does not end a line.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\x0b' | '\x0c' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// Why a value cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// This quote is never closed.
    Open(char),
    /// Its variables make it longer than allowed.
    TooLong,
}

/// Parses the value at the start of `rest`. Its variables may make it `room` bytes longer; without a limit a
/// few dozen lines like `A=$A$A` would fill the memory.
pub(crate) fn value(rest: &str, vars: &BTreeMap<String, String>, room: usize) -> Result<Value, Unread> {
    match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(rest, quote, vars, room),
        _ => unquoted(rest, vars, room),
    }
}

fn unquoted(rest: &str, vars: &BTreeMap<String, String>, room: usize) -> Result<Value, Unread> {
    let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
    let (value, comment) = split_comment(line);
    let text = variables(value, vars, room)?;
    Ok(Value { text, comment: comment.map(str::to_string), length: line.len() })
}

fn quoted(rest: &str, quote: char, vars: &BTreeMap<String, String>, room: usize) -> Result<Value, Unread> {
    let closing = rest
        .match_indices(quote)
        .map(|(i, _)| i)
        .find(|i| *i > 0 && !rest[..*i].ends_with('\\'))
        .ok_or(Unread::Open(quote))?;
    // godotenv trims all quotes of this kind from both ends, so `""x""` loses more than one at each end
    let inner = rest[..closing].trim_matches(quote).replace("\r\n", "\n");
    let text = if quote == '"' { variables(&escapes(&inner), vars, room)? } else { inner };
    Ok(Value { text, comment: None, length: closing + 1 })
}

/// Cuts a line at the last hash that has white space before it.
pub(crate) fn split_comment(line: &str) -> (&str, Option<&str>) {
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

/// The pattern of a variable; group 1 is a backslash that makes it plain text, group 4 its name.
static VARIABLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(\\)?(\$)(\()?\{?([A-Z0-9_]+)?\}?").expect("a valid pattern"));

/// The variables that a value names, with their ranges in it. The value is as it is written, with its quotes.
pub(crate) fn names(raw: &str) -> Vec<(std::ops::Range<usize>, &str)> {
    let read = match raw.chars().next() {
        Some('\'') => "",
        Some('"') => raw,
        _ => split_comment(raw).0,
    };
    let named = |c: Captures<'_>| {
        let range = c.get(0)?.range();
        let name = c.get(4)?.range();
        c.get(1).is_none().then_some((range, &read[name]))
    };
    VARIABLE.captures_iter(read).filter_map(named).collect()
}

fn variables(text: &str, vars: &BTreeMap<String, String>, room: usize) -> Result<String, Unread> {
    let (mut out, mut at) = (String::new(), 0);
    for c in VARIABLE.captures_iter(text) {
        let whole = c.get(0).expect("a match has itself");
        out.push_str(&text[at..whole.start()]);
        at = whole.end();
        match (c.get(1), c.get(4)) {
            (Some(_), _) => out.push_str(&whole.as_str()[1..]),
            (None, Some(name)) => out.push_str(vars.get(name.as_str()).map_or("", String::as_str)),
            (None, None) => out.push_str(whole.as_str()),
        }
        if out.len() > text.len() + room {
            return Err(Unread::TooLong);
        }
    }
    out.push_str(&text[at..]);
    if out.len() > text.len() + room { Err(Unread::TooLong) } else { Ok(out) }
}
