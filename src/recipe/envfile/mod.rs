//! Reads env files (`.env.sample`, the app's env) and the exports of `abra.sh` by the rules of godotenv
//! (1.5.1, of the family
//! that abra uses). Keeps what godotenv drops: lines, commented-out keys and trailing
//! comments. Runs nothing and does not read the environment; an outer env is passed in.

use ccci_model::diag::{Diagnostic, Diagnostics, Place, Text, codes};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub(crate) mod expand;
pub mod secrets;

pub use secrets::{Charset, SecretSpec};

/// An assignment, also one that is commented out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The variable.
    pub key: String,
    /// Its value after expansion; that of a commented-out key is not expanded.
    pub value: String,
    /// The comment after the value, without the hash.
    pub comment: Option<String>,
    /// Place of the key.
    pub place: Place,
    /// Place of the value as it is written, with its quotes.
    pub raw: Place,
}

/// An env file.
#[derive(Debug, Clone, Default)]
pub struct EnvFile {
    /// All assignments in the order of the file, including repeated ones.
    pub entries: Vec<Entry>,
    /// Options that the author documents as commented-out assignments.
    pub commented: Vec<Entry>,
    /// The resulting variables: each key once, in order of first appearance, with its last value.
    pub values: Vec<(String, String)>,
}

impl EnvFile {
    /// Reads a file without an outer env: `$NAME` uses only earlier lines.
    pub fn parse(text: &Arc<Text>) -> (EnvFile, Diagnostics) {
        EnvFile::parse_with(text, &BTreeMap::new())
    }

    /// Reads a file with an outer env, which `$NAME` uses if no earlier line sets the variable.
    pub(crate) fn parse_with(text: &Arc<Text>, outer: &BTreeMap<String, String>) -> (EnvFile, Diagnostics) {
        let mut reader = Reader { text, at: 0, vars: outer.clone(), room: MOST_GROWN };
        let mut file = EnvFile { commented: commented_out(text), ..EnvFile::default() };
        let mut diagnostics = Diagnostics::default();
        let mut values = InOrder::default();
        while reader.skip_to_statement() {
            if file.entries.len() == MOST_ENTRIES {
                let message = format!("this file has more than {MOST_ENTRIES} assignments");
                let place = Place::new(text, reader.at..reader.at + 1);
                let help = "no app has so many variables; the rest is not read";
                diagnostics.push(Diagnostic::new(codes::ENV_SYNTAX, message).at(place).help(help));
                break;
            }
            match reader.statement() {
                Ok(entry) => {
                    values.set(&entry.key, &entry.value);
                    file.entries.push(entry);
                }
                Err(d) => {
                    diagnostics.push(d);
                    reader.next_line();
                }
            }
        }
        file.values = values.pairs;
        (file, diagnostics)
    }

    /// The last value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The values as a map.
    pub fn map(&self) -> BTreeMap<String, String> {
        self.values.iter().cloned().collect()
    }

    /// The secrets in the file, in its order, and diagnostics about modifiers.
    pub fn secrets(&self) -> (Vec<SecretSpec>, Diagnostics) {
        secrets::specs(&self.entries)
    }
}

/// Each key once, at the position of its first assignment, with the value of its last.
#[derive(Default)]
struct InOrder {
    pairs: Vec<(String, String)>,
    /// Index of each key.
    at: HashMap<String, usize>,
}

impl InOrder {
    fn set(&mut self, key: &str, value: &str) {
        match self.at.get(key) {
            Some(at) => self.pairs[*at].1 = value.to_string(),
            None => {
                self.at.insert(key.to_string(), self.pairs.len());
                self.pairs.push((key.to_string(), value.to_string()));
            }
        }
    }
}

/// More assignments than any real file has.
const MOST_ENTRIES: usize = 10_000;
/// Bytes that the values of a file may have beyond the size of the file; a longer env cannot be given to a
/// process.
const MOST_GROWN: usize = 1 << 20;

/// The `export NAME=value` lines of an `abra.sh`, in order; the last one of a name wins. They are found by a
/// pattern, as in abra: lines in other forms (functions, computed values) are code and are not read.
pub fn abra_exports(text: &Arc<Text>) -> Vec<(String, String)> {
    let mut out = InOrder::default();
    let mut vars = BTreeMap::new();
    let mut room = MOST_GROWN;
    for line in text.content.lines() {
        let Some((key, raw)) =
            line.strip_prefix("export ").and_then(|rest| rest.trim_start().split_once('='))
        else {
            continue;
        };
        if !is_name(key) || raw.starts_with("$(") || raw.starts_with('`') {
            continue;
        }
        let Ok(expand::Value { text: value, length, .. }) = expand::value(raw, &vars, room) else { continue };
        room = room.saturating_sub(value.len().saturating_sub(length));
        vars.insert(key.to_string(), value.clone());
        out.set(key, &value);
    }
    out.pairs
}

fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Lines such as `#SMTP_HOST=mail`: a hash, a name in capitals, and an equals sign without a space before it.
fn commented_out(text: &Arc<Text>) -> Vec<Entry> {
    let mut out = vec![];
    let mut at = 0;
    for line in text.content.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some(rest) = line.trim_start().strip_prefix('#') else { continue };
        let body = rest.trim_start_matches('#').trim_start();
        let Some((key, raw)) = body.split_once('=') else { continue };
        if !is_name(key) || key.contains(|c: char| c.is_ascii_lowercase()) {
            continue;
        }
        let key_at = start + line.len() - body.len();
        let (value, comment) = expand::split_comment(raw.trim_end());
        let raw_at = key_at + key.len() + 1;
        out.push(Entry {
            key: key.to_string(),
            value: value.to_string(),
            comment: comment.map(str::to_string),
            place: Place::new(text, key_at..key_at + key.len()),
            raw: Place::new(text, raw_at..raw_at + raw.trim_end().len()),
        });
    }
    out
}

struct Reader<'a> {
    text: &'a Arc<Text>,
    at: usize,
    vars: BTreeMap<String, String>,
    room: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text.content[self.at..]
    }

    fn next_line(&mut self) {
        self.at += self.rest().find('\n').map_or(self.rest().len(), |n| n + 1);
    }

    /// Skips white space and comment lines; false at the end.
    fn skip_to_statement(&mut self) -> bool {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            match self.rest().chars().next() {
                None => return false,
                Some('#') => self.next_line(),
                Some(_) => return true,
            }
        }
    }

    fn statement(&mut self) -> Result<Entry, Diagnostic> {
        let (key, place) = self.key()?;
        let value = expand::value(self.rest(), &self.vars, self.room).map_err(|why| {
            let (message, help) = match why {
                expand::Unread::Open(quote) => (
                    format!("the value of `{key}` begins with {quote}, but the closing quote is missing"),
                    format!("close the quotes: `{key}={quote}…{quote}`"),
                ),
                expand::Unread::TooLong => (
                    format!(
                        "the value of `{key}` makes the values of this file longer than {MOST_GROWN} bytes"
                    ),
                    "no process can have such a large env; do not repeat a variable in its own value".into(),
                ),
            };
            let place = Place::new(self.text, self.at..self.at + 1);
            Diagnostic::new(codes::ENV_SYNTAX, message).at(place).help(help)
        })?;
        let raw = Place::new(self.text, self.at..self.at + value.length);
        self.at += value.length;
        self.room = self.room.saturating_sub(value.text.len().saturating_sub(value.length));
        let comment = value.comment.or_else(|| self.trailing_comment());
        self.vars.insert(key.clone(), value.text.clone());
        Ok(Entry { key, value: value.text, comment, place, raw })
    }

    /// The comment after a quoted value. As in godotenv, the next statement may follow on the same line.
    fn trailing_comment(&self) -> Option<String> {
        let line = self.rest().lines().next()?;
        line.trim_start().strip_prefix('#').map(|c| c.trim().to_string())
    }

    /// Reads `NAME=`, `export NAME=` or `NAME:`, and stops at the value.
    fn key(&mut self) -> Result<(String, Place), Diagnostic> {
        if let Some(rest) = self.rest().strip_prefix("export")
            && rest.starts_with(expand::is_space)
        {
            self.at += self.rest().len() - rest.trim_start_matches(expand::is_space).len();
        }
        let start = self.at;
        let rest = self.rest();
        let bad = |at: usize, message: String| {
            Err(Diagnostic::new(codes::ENV_SYNTAX, message)
                .at(Place::new(self.text, at..at + 1))
                .help("write one `NAME=value` in each line; names consist of letters, digits, `_` and `.`"))
        };
        for (i, c) in rest.char_indices() {
            match c {
                '=' | ':' => {
                    let key = rest[..i].trim_end().to_string();
                    let place = Place::new(self.text, start..start + key.len());
                    if key.is_empty() {
                        return bad(start, "the line has a value, but no name".into());
                    }
                    let after = &rest[i + 1..];
                    let spaces = after.len() - after.trim_start_matches(expand::is_space).len();
                    self.at = start + i + 1 + spaces;
                    return Ok((key, place));
                }
                '\n' => return bad(start, format!("`{}` has no `=`", rest[..i].trim_end())),
                c if expand::is_space(c) || c.is_alphanumeric() || c == '_' || c == '.' => {}
                '\u{feff}' => return bad(start + i, "the file begins with a byte order mark".into()),
                c => return bad(start + i, format!("`{c}` cannot be part of a variable's name")),
            }
        }
        bad(start, format!("`{}` has no `=`", rest.trim_end()))
    }
}

#[cfg(test)]
mod tests;
