//! Reads the secrets in an env file: `SECRET_<NAME>_VERSION=v1 # length=24 charset=hex generate=false`. It
//! does not generate them.

use super::Entry;
use ccci_model::diag::{Diagnostic, Diagnostics, codes, nearest};
use std::collections::HashSet;

/// A row of the table of charsets.
#[derive(Debug, PartialEq, Eq)]
pub struct CharsetRow {
    /// Its name after `charset=`; several are joined by commas.
    pub name: &'static str,
    /// Its characters.
    pub characters: &'static str,
    /// What it is for.
    pub doc: &'static str,
}

const LETTERS_AND_DIGITS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// All charsets. The special ones are added to letters and digits, as in abra (from memory, not measured).
pub(crate) const CHARSETS: &[CharsetRow] = &[
    CharsetRow { name: "default", characters: LETTERS_AND_DIGITS, doc: "Letters and digits." },
    CharsetRow {
        name: "special",
        characters: "!@#$%^&*_-+=",
        doc: "Letters, digits and special characters.",
    },
    CharsetRow {
        name: "safespecial",
        characters: "!@#%^&*_-+=",
        doc: "Letters, digits and special characters except the dollar sign.",
    },
    CharsetRow { name: "hex", characters: "0123456789abcdef", doc: "Hexadecimal digits only." },
];

/// The characters of which a secret is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Charset(pub Vec<&'static CharsetRow>);

impl Charset {
    /// Each of the characters once.
    pub fn alphabet(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|r| r.name).collect();
        let mut out = String::new();
        if names != ["hex"] {
            out.push_str(LETTERS_AND_DIGITS);
        }
        for c in self.0.iter().flat_map(|r| r.characters.chars()) {
            if !out.contains(c) {
                out.push(c);
            }
        }
        out
    }
}

/// A secret that the env requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSpec {
    /// Its name in the compose file: `db_password` for `SECRET_DB_PASSWORD_VERSION`.
    pub name: String,
    /// The variable with its version.
    pub version_var: String,
    /// The version, such as `v1`.
    pub version: String,
    /// Number of characters; without one the secret is a passphrase of words.
    pub length: Option<u32>,
    /// Its characters.
    pub charset: Charset,
    /// Whether it is generated; if not, it must be set in another way.
    pub generate: bool,
}

/// Greatest length that is accepted; Swarm allows 500 kB, a password field far less.
const LONGEST: u32 = 4096;
const MODIFIERS: [&str; 3] = ["length", "charset", "generate"];

/// The secrets of these assignments: each variable once, by its last line.
pub(crate) fn specs(entries: &[Entry]) -> (Vec<SecretSpec>, Diagnostics) {
    let mut out: Vec<SecretSpec> = vec![];
    let mut diagnostics = Diagnostics::default();
    for entry in entries {
        let Some(name) = entry.key.strip_prefix("SECRET_").and_then(|k| k.strip_suffix("_VERSION")) else {
            continue;
        };
        if name.is_empty() {
            continue;
        }
        let mut secret = SecretSpec {
            name: name.to_lowercase(),
            version_var: entry.key.clone(),
            version: entry.value.clone(),
            length: None,
            charset: Charset::default(),
            generate: true,
        };
        for modifier in entry.comment.iter().flat_map(|c| c.split_whitespace()) {
            if let Err(d) = apply(&mut secret, modifier) {
                diagnostics.push(d.at(entry.place.clone()));
            }
        }
        out.push(secret);
    }
    // the last line of a variable is the one that counts, and is kept at its position
    let mut seen = HashSet::new();
    out.reverse();
    out.retain(|s| seen.insert(s.version_var.clone()));
    out.reverse();
    (out, diagnostics)
}

/// Words that are not `key=value` are ordinary comments.
fn apply(secret: &mut SecretSpec, modifier: &str) -> Result<(), Diagnostic> {
    let Some((key, value)) = modifier.split_once('=') else { return Ok(()) };
    let odd = |message: String| Diagnostic::new(codes::SECRET_MODIFIER, message);
    match key {
        "length" => {
            let length = value.parse().ok().filter(|n| (1..=LONGEST).contains(n));
            secret.length = Some(length.ok_or_else(|| {
                odd(format!("the length of a secret is a number from 1 to {LONGEST}, not `{value}`"))
            })?);
        }
        "charset" => secret.charset = charset(value)?,
        "generate" => {
            secret.generate = match value {
                "true" => true,
                "false" => false,
                _ => return Err(odd(format!("`generate` is `true` or `false`, not `{value}`"))),
            }
        }
        other => {
            let mut d = odd(format!("there is no modifier `{other}` of a secret"));
            d.help = nearest::did_you_mean(other, MODIFIERS).map(|h| h.text);
            return Err(d);
        }
    }
    Ok(())
}

fn charset(value: &str) -> Result<Charset, Diagnostic> {
    let mut rows = vec![];
    for name in value.split(',') {
        let row = CHARSETS.iter().find(|r| r.name == name).ok_or_else(|| {
            let known: Vec<&str> = CHARSETS.iter().map(|r| r.name).collect();
            Diagnostic::new(codes::SECRET_MODIFIER, format!("there is no charset `{name}`"))
                .help(format!("known charsets are {}", known.join(", ")))
        })?;
        rows.push(row);
    }
    Ok(Charset(rows))
}
