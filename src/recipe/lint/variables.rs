//! Rules about variables in env files.

use super::{Finding, LintInput};
use crate::envfile::{Entry, expand};
use ccci_model::diag::Place;

/// Variables that an operator's tool may set before the file is read.
const GIVEN: [&str; 2] = ["DOMAIN", "STACK_NAME"];

/// One finding for each value that names variables which no earlier line sets.
pub(super) fn dollars(input: &LintInput) -> Result<Vec<Finding>, String> {
    let Some(sample) = &input.sample else { return Ok(vec![]) };
    let entries = &sample.entries;
    Ok(entries
        .iter()
        .enumerate()
        .filter_map(|(n, entry)| unset(entry, &entries[..n], &entries[n..]))
        .collect())
}

fn unset(entry: &Entry, before: &[Entry], after: &[Entry]) -> Option<Finding> {
    let raw = entry.raw.text.content.get(entry.raw.range.clone())?;
    let set = |name: &str| GIVEN.contains(&name) || before.iter().any(|e| e.key == name);
    let unset: Vec<_> = expand::names(raw).into_iter().filter(|(_, name)| !set(name)).collect();
    let (range, name) = unset.first()?;
    let start = entry.raw.range.start;
    let place = Place::new(&entry.raw.text, start + range.start..start + range.end);
    let written = &raw[range.clone()];
    let later = after.iter().find(|e| e.key == *name);
    Some(match later {
        Some(line) => Finding::at(
            place,
            format!("`{written}` is empty here: `{name}` is set only in line {}", line.place.line_column().0),
            "move that line up: variables have the values of the lines above",
        ),
        None => Finding::at(
            place,
            format!("`{written}` names no variable of this file, so `{}` loses it", entry.key),
            format!("write the value in single quotes: `{}='…'`", entry.key),
        ),
    })
}
