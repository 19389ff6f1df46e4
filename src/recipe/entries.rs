//! Settings that are tables of texts: which names and values they may have.

use super::acceptance::can_accept;
use super::kind::{BadValue, impossible, wrong_type};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::name::ServiceName;
use ccci_model::tier::{RUNGS, Rung, TIERS};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// Variables that identify the run. Another value would deploy outside of the run's own domain.
const RUN_VARIABLES: &[&str] = &["DOMAIN", "STACK_NAME"];

/// What is wrong with an entry: the message, a help, and whether the place is the key or the value.
pub(super) struct Wrong {
    message: String,
    help: Option<String>,
    of_key: bool,
}

/// Parses a table of texts. Wrong entries are left out, so that the others can be used.
pub(super) fn texts(
    table: &DeTable<'_>,
    out: &mut Vec<BadValue>,
    check: fn(&str, &str) -> Result<(), Wrong>,
) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let DeValue::String(text) = value.get_ref() else {
            let mut bad_value = wrong_type(value, "a text in quotes");
            bad_value.message = format!("`{name}` {}", bad_value.message);
            bad_value.help = scalar(value.get_ref()).map(|s| format!("write `{name} = \"{s}\"`"));
            out.push(bad_value);
            continue;
        };
        match check(name, text) {
            Ok(()) => {
                read.insert(name.to_string(), text.to_string());
            }
            Err(wrong) => {
                let range = if wrong.of_key { key.span() } else { value.span() };
                out.push(BadValue { help: wrong.help, ..impossible(range, wrong.message) });
            }
        }
    }
    read
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(n) => Some(n.to_string()),
        DeValue::Float(n) => Some(n.to_string()),
        DeValue::Boolean(b) => Some(b.to_string()),
        _ => None,
    }
}

pub(super) fn variable(name: &str, value: &str) -> Result<(), Wrong> {
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let wrong =
        |message: String, help: &str, of_key| Err(Wrong { message, help: Some(help.to_string()), of_key });
    match () {
        () if !good => wrong(
            format!("`{name}` is not a valid name of a variable"),
            "names consist of letters, digits and `_`, and do not start with a digit",
            true,
        ),
        () if RUN_VARIABLES.contains(&name) => wrong(
            format!("`{name}` identifies the run and is set by ccci"),
            "remove it; hooks read it from `ctx.domain` and `ctx.stack`",
            true,
        ),
        () if value.contains('\0') => {
            wrong(format!("the value of `{name}` contains a NUL byte"), "an env cannot contain one", false)
        }
        () => Ok(()),
    }
}

/// Rungs that may be declared not applicable. The others are the install, which all other rungs need, and
/// lint, which needs no app.
pub(super) fn optional_rungs() -> Vec<&'static str> {
    RUNGS.iter().filter(|r| !matches!(r.0, Rung::Install | Rung::Lint)).map(|r| r.1).collect()
}

pub(super) fn service(name: &str, reason: &str) -> Result<(), Wrong> {
    if let Err(e) = ServiceName::parse(name) {
        return Err(Wrong { message: e.to_string(), help: None, of_key: true });
    }
    given(name, reason, "why its tasks may end")
}

pub(super) fn acceptance(name: &str, reason: &str) -> Result<(), Wrong> {
    can_accept(name).map_err(|(message, help)| Wrong { message, help, of_key: true })?;
    given(name, reason, "why it stays")
}

/// Refuses an empty reason.
fn given(name: &str, reason: &str, why: &str) -> Result<(), Wrong> {
    if reason.trim().is_empty() {
        let help = Some(format!("write `{name} = \"{why}\"`"));
        return Err(Wrong { message: format!("`{name}` has no reason"), help, of_key: false });
    }
    Ok(())
}

pub(super) fn reason(rung: &str, reason: &str) -> Result<(), Wrong> {
    let known = optional_rungs();
    let wrong = |message: String, help: String, of_key| Err(Wrong { message, help: Some(help), of_key });
    if !known.contains(&rung) {
        if RUNGS.iter().any(|r| r.1 == rung) {
            return wrong(
                format!("the rung `{rung}` applies to every recipe"),
                format!("only {} can be declared not applicable", known.join(", ")),
                true,
            );
        }
        let meant = TIERS.iter().find(|t| t.name == rung).map(|t| format!("did you mean `{}`?", t.rung));
        let help = meant
            .or_else(|| did_you_mean(rung, known.iter().copied()).map(|h| h.text))
            .unwrap_or_else(|| format!("known rungs are {}", known.join(", ")));
        return wrong(format!("there is no rung `{rung}`"), help, true);
    }
    given(rung, reason, "why it does not apply")
}
