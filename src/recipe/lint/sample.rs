//! Rules about secrets and versions that a recipe gives its apps: the lines `SECRET_…_VERSION` of the env sample, and the
//! versions that `abra.sh` exports.

use super::{Finding, LintInput};
use ccci_model::diag::{Place, Text};
use std::sync::Arc;

type Findings = Result<Vec<Finding>, String>;

const SAMPLE: &str = ".env.sample";
const SCRIPT: &str = "abra.sh";
/// Texts for people, which use nothing.
const PROSE: [&str; 2] = [".md", ".txt"];

/// The end of the names of variables that only name a version of a secret or a config.
const VERSION: &str = "_VERSION";

pub(super) fn secret_length(input: &LintInput) -> Findings {
    let Some(sample) = &input.sample else { return Ok(vec![]) };
    let (secrets, _) = sample.secrets();
    let open = secrets.iter().filter(|s| s.generate && s.length.is_none() && is_used(input, &s.version_var));
    let place = |name: &str| sample.entries.iter().rev().find(|e| e.key == name).map(|e| e.place.clone());
    Ok(open
        .filter_map(|s| {
            let message = format!("the secret `{}` has no length, so it is made of words", s.name);
            let help = "add `# length=32`, or `# generate=false` if an operator has to set it";
            Some(Finding::at(place(&s.version_var)?, message, help))
        })
        .collect())
}

pub(super) fn unused(input: &LintInput) -> Findings {
    let secrets = input.sample.iter().flat_map(|s| &s.entries).filter(|e| e.key.starts_with("SECRET_"));
    let mut all: Vec<(String, Place)> = secrets.map(|e| (e.key.clone(), e.place.clone())).collect();
    let exports = input.exports.iter().flatten();
    all.extend(
        exports.filter_map(|(name, _)| Some((name.clone(), export(input.files.text(SCRIPT)?, name)?))),
    );
    all.retain(|(name, _)| name.ends_with(VERSION) && !is_used(input, name));
    Ok(all
        .into_iter()
        .map(|(name, place)| {
            let message = format!("no other line of the recipe uses `{name}`");
            Finding::at(
                place,
                message,
                "remove the line, or write the variable into the `name` of what it versions",
            )
        })
        .collect())
}

/// Whether a variable is in any file but as its own definition. A binary or unread file may hold anything, but docker's
/// loader reads texts.
fn is_used(input: &LintInput, name: &str) -> bool {
    let mut texts = input.files.texts.iter().filter(|(path, _)| !PROSE.iter().any(|end| path.ends_with(end)));
    texts.any(|(path, text)| {
        let definition = |line: &str| match path.as_str() {
            SAMPLE => line.trim_start_matches(['#', ' ']).starts_with(&format!("{name}=")),
            SCRIPT => line.starts_with(&format!("export {name}=")),
            _ => false,
        };
        text.content.lines().any(|line| !definition(line) && mentions(line, name))
    })
}

/// Whether a line has a name as a whole word.
fn mentions(line: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.match_indices(name)
        .any(|(at, _)| !line[..at].ends_with(part) && !line[at + name.len()..].starts_with(part))
}

/// Place of the name in its last export.
fn export(text: &Arc<Text>, name: &str) -> Option<Place> {
    let line = format!("export {name}=");
    let at = text.content.rfind(&line)? + "export ".len();
    Some(Place::new(text, at..at + name.len()))
}
