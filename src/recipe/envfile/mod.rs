//! Env files (`.env.sample`, the app's env) and the exports of `abra.sh`, read by godotenv's rules (1.5.1, the family
//! abra uses), keeping what godotenv drops: lines, commented-out keys and trailing comments. Never runs anything, never
//! reads the environment: an outer env is handed in.

use ccci_model::diag::{Diagnostic, Diagnostics, Place, Text, codes};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub mod expand;
pub mod secrets;

pub use secrets::{CHARSETS, Charset, SecretWanted};

/// One assignment, or a commented-out one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The variable.
    pub key: String,
    /// Its value after expansion; of a commented-out key as it is written.
    pub value: String,
    /// The comment behind the value, without the hash.
    pub comment: Option<String>,
    /// Where the key is written.
    pub place: Place,
}

/// An env file.
#[derive(Debug, Clone, Default)]
pub struct EnvFile {
    /// All assignments in the order of the file, repeated ones too.
    pub entries: Vec<Entry>,
    /// Options the author documents by leaving them commented out.
    pub commented: Vec<Entry>,
    /// What the file says in the end: each key once, in order of first appearance, with its last value.
    pub values: Vec<(String, String)>,
}

impl EnvFile {
    /// Reads a file on its own: a `$NAME` sees only earlier lines.
    pub fn parse(text: &Arc<Text>) -> (EnvFile, Diagnostics) {
        EnvFile::parse_with(text, &BTreeMap::new())
    }

    /// Reads a file over an outer env, which `$NAME` falls back to.
    pub fn parse_with(text: &Arc<Text>, outer: &BTreeMap<String, String>) -> (EnvFile, Diagnostics) {
        let mut reader = Reader { text, at: 0, vars: outer.clone(), room: MOST_GROWN };
        let mut file = EnvFile { commented: commented_out(text), ..EnvFile::default() };
        let mut diagnostics = Diagnostics::default();
        let mut values = InOrder::default();
        while reader.skip_to_statement() {
            if file.entries.len() == MOST_ENTRIES {
                let message = format!("this file has more than {MOST_ENTRIES} assignments");
                let place = Place::new(text, reader.at..reader.at + 1);
                let help = "no app has so many variables; what follows is not read";
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

    /// The secrets that the file asks for, in its order, and what is not understood about them.
    pub fn secrets(&self) -> (Vec<SecretWanted>, Diagnostics) {
        secrets::wanted(&self.entries)
    }
}

/// Each key once, where it was set first, with the value that it was set last.
#[derive(Default)]
struct InOrder {
    pairs: Vec<(String, String)>,
    /// Where each key is among them.
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
/// So many bytes the values of a file may have beyond the file's own; a process can be given no longer env.
const MOST_GROWN: usize = 1 << 20;

/// The `export NAME=value` lines of an `abra.sh`, in order, last one wins. Read by pattern, as abra does: a line in
/// any other form (a function, a computed value) is code and stays unread.
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

/// Lines such as `#SMTP_HOST=mail`: a hash, a name in capitals, an equals sign without a space before it.
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
        out.push(Entry {
            key: key.to_string(),
            value: value.to_string(),
            comment: comment.map(str::to_string),
            place: Place::new(text, key_at..key_at + key.len()),
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

    /// Moves over white space and comment lines; false at the end.
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
                    format!("the value of `{key}` opens with {quote} and is never closed"),
                    format!("close the quotes: `{key}={quote}…{quote}`"),
                ),
                expand::Unread::TooLong => (
                    format!("the value of `{key}` makes those of this file longer than {MOST_GROWN} bytes"),
                    "a process can be given no such env; do not multiply a value".into(),
                ),
            };
            let place = Place::new(self.text, self.at..self.at + 1);
            Diagnostic::new(codes::ENV_SYNTAX, message).at(place).help(help)
        })?;
        self.at += value.length;
        self.room = self.room.saturating_sub(value.text.len().saturating_sub(value.length));
        let comment = value.comment.or_else(|| self.trailing_comment());
        self.vars.insert(key.clone(), value.text.clone());
        Ok(Entry { key, value: value.text, comment, place })
    }

    /// A comment behind a quoted value; the next statement may also stand there, as godotenv has it.
    fn trailing_comment(&self) -> Option<String> {
        let line = self.rest().lines().next()?;
        line.trim_start().strip_prefix('#').map(|c| c.trim().to_string())
    }

    /// `NAME=`, `export NAME=` or `NAME:`; leaves the reader at the value.
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
                .help("write `NAME=value`, one a line; names have letters, digits, `_` and `.`"))
        };
        for (i, c) in rest.char_indices() {
            match c {
                '=' | ':' => {
                    let key = rest[..i].trim_end().to_string();
                    let place = Place::new(self.text, start..start + key.len());
                    if key.is_empty() {
                        return bad(start, "a line assigns a value to no name".into());
                    }
                    let after = &rest[i + 1..];
                    let spaces = after.len() - after.trim_start_matches(expand::is_space).len();
                    self.at = start + i + 1 + spaces;
                    return Ok((key, place));
                }
                '\n' => return bad(start, format!("`{}` has no `=`", rest[..i].trim_end())),
                c if expand::is_space(c) || c.is_alphanumeric() || c == '_' || c == '.' => {}
                c => return bad(start + i, format!("`{c}` cannot be part of a variable's name")),
            }
        }
        bad(start, format!("`{}` has no `=`", rest.trim_end()))
    }
}

#[cfg(test)]
mod tests;
