//! Errors of scripts: Rhai's nested errors are unwound to a place, frames and a message without names of Rust
//! types.

use super::assertion::FailedAssertion;
use super::guard::{Ended, Spot, StopReason};
use super::limits::{
    ARRAY, CALL_DEPTH, ERROR_TEXT, LIMITS, Limit, MAP, MODULES, OPERATIONS, TEXT, VARIABLES,
};
use super::raised::Raised;
use super::show;
use super::sources::Sources;
use super::unmet::Unmet;
use ccci_model::failure::Failure;
use rhai::{Dynamic, EvalAltResult, Position};
use std::fmt;

/// How a script ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The script or a native raised an error, `fail` included.
    Raised,
    /// An `assert` did not hold.
    Assertion,
    /// It exceeded a limit of the sandbox; the name is that in `LIMITS`.
    Limit(&'static str),
    /// It reached its deadline.
    Deadline,
    /// The run was cancelled.
    Cancelled,
    /// A native panicked: a bug in ccci.
    Panic,
    /// It returned a value of the wrong type.
    WrongReturn,
}

/// A call that was under way, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The function that was called; `closure` for one without a name.
    pub name: String,
    /// Where it was called: `path:line:column`.
    pub place: String,
}

/// An assertion that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheld {
    /// Text of the expression.
    pub expression: String,
    /// Both sides with the operator, or the value that was not true.
    pub observed: String,
    /// Whether a `catch` of the script caught its error, and the script went on.
    pub caught: bool,
}

/// A failed call of a script.
#[derive(Debug, Clone)]
pub struct ScriptError {
    /// How the script ended.
    pub kind: ErrorKind,
    /// One line: what was expected and what was there.
    pub message: String,
    /// `path:line:column` of the innermost position that is known.
    pub place: String,
    /// Calls that were under way, outermost first.
    pub frames: Vec<Frame>,
    /// The failed assertion, if one failed.
    pub assertion: Option<Box<Unheld>>,
    /// The value that was thrown, if it is plain data.
    pub payload: Option<Box<Dynamic>>,
    /// The failure that a native reported.
    pub failure: Option<Box<Failure>>,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for ScriptError {}

impl ScriptError {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>, place: String) -> ScriptError {
        ScriptError {
            kind,
            message: message.into(),
            place,
            frames: vec![],
            assertion: None,
            payload: None,
            failure: None,
        }
    }

    /// Error of a script that the guard stopped.
    pub(super) fn stopped(why: StopReason, place: String) -> ScriptError {
        match why {
            StopReason::Deadline => {
                ScriptError::new(ErrorKind::Deadline, "the script was still running at its deadline", place)
            }
            StopReason::Cancelled => ScriptError::new(
                ErrorKind::Cancelled,
                "the script was stopped because the run was cancelled",
                place,
            ),
        }
    }

    fn unheld(unheld: Unheld, place: String) -> ScriptError {
        let Unheld { expression, observed, .. } = &unheld;
        let message = format!("`{expression}` does not hold: {observed}");
        let mut e = ScriptError::new(ErrorKind::Assertion, message, place);
        e.assertion = Some(Box::new(unheld));
        e
    }

    /// Error of a script whose `catch` caught a failed assertion. `file` is the script that was called.
    pub(super) fn caught(unmet: Unmet, file: &str, sources: &Sources) -> ScriptError {
        let Unmet { file: own, at, observed } = unmet;
        let file = own.as_deref().unwrap_or(file);
        let (place, expression) =
            sources.assertion(file, at).unwrap_or_else(|| (sources.show(file, at), String::new()));
        ScriptError::unheld(Unheld { expression, observed, caught: true }, place)
    }

    fn limit(limit: &'static Limit, place: String) -> ScriptError {
        let message = format!("the script exceeded a limit: {} at most {}", limit.name, limit.most);
        ScriptError::new(ErrorKind::Limit(limit.name), message, place)
    }

    /// Converts an error of Rhai. `file` is the script that was called.
    pub(super) fn of(e: &EvalAltResult, file: &str, sources: &Sources, spot: &Spot) -> ScriptError {
        let (innermost, at) = position(e, file, spot);
        let Unwound { frames, inner, .. } = unwind(e, file);
        let place = sources.show(&innermost, at);
        let frames = frames
            .into_iter()
            .map(|(name, file, at)| Frame { name: frame_name(&name), place: sources.show(&file, at) })
            .collect();
        let mut error = match (inner, ended(inner)) {
            (_, Some(Ended::Guard(why))) => ScriptError::stopped(why, place),
            (_, Some(Ended::Limit(name))) => match LIMITS.iter().find(|l| l.name == name) {
                Some(limit) => ScriptError::limit(limit, place),
                None => ScriptError::new(ErrorKind::Limit(name), name, place),
            },
            (EvalAltResult::ErrorRuntime(value, _), None) => thrown(value, &innermost, at, sources, place),
            (other, None) => ScriptError::new(ErrorKind::Raised, words(other), place),
        };
        error.frames = frames;
        error.message = show::head(&error.message, ERROR_TEXT.most);
        error
    }
}

/// The file and position where it went wrong.
pub(super) fn position(e: &EvalAltResult, file: &str, spot: &Spot) -> (String, Position) {
    let Unwound { inner, file, at, .. } = unwind(e, file);
    let (spot_file, spot_at) = spot.last();
    // Rhai drops the position of errors by which it ends a script itself
    let lost = inner.is_system_exception() || at.is_none();
    if lost && !spot_at.is_none() { (spot_file, spot_at) } else { (file, at) }
}

/// Message of a Rhai error, without a place.
pub(super) fn message(e: &EvalAltResult) -> String {
    let inner = unwind(e, "").inner;
    match ended(inner) {
        Some(Ended::Guard(_)) => "it takes too long".into(),
        Some(Ended::Limit(name)) => format!("it exceeds the limit of {name}"),
        None => words(inner),
    }
}

fn frame_name(name: &str) -> String {
    if name.starts_with("anon$") { "closure".into() } else { name.to_string() }
}

struct Unwound<'a> {
    frames: Vec<(String, String, Position)>,
    inner: &'a EvalAltResult,
    file: String,
    at: Position,
}

/// The position of a frame is the call site in the caller; its source is the file of the called function.
fn unwind<'a>(e: &'a EvalAltResult, file: &str) -> Unwound<'a> {
    let (mut frames, mut inner, mut file, mut at) = (vec![], e, file.to_string(), Position::NONE);
    loop {
        match inner {
            EvalAltResult::ErrorInFunctionCall(name, source, deeper, called) => {
                frames.push((name.clone(), file.clone(), *called));
                at = *called;
                if !source.is_empty() {
                    file.clone_from(source);
                }
                inner = deeper;
            }
            EvalAltResult::ErrorInModule(_, deeper, called) => {
                at = *called;
                inner = deeper;
            }
            _ => break,
        }
    }
    let own = inner.position();
    if own.is_none() {
        file = frames.last().map_or(file, |f| f.1.clone());
    }
    Unwound { at: if own.is_none() { at } else { own }, frames, inner, file }
}

fn ended(e: &EvalAltResult) -> Option<Ended> {
    let limit = match e {
        EvalAltResult::ErrorTerminated(token, _) => return Some(Ended::of(token)),
        EvalAltResult::ErrorTooManyOperations(_) => OPERATIONS,
        EvalAltResult::ErrorTooManyVariables(_) => VARIABLES,
        EvalAltResult::ErrorTooManyModules(_) => MODULES,
        EvalAltResult::ErrorStackOverflow(_) => CALL_DEPTH,
        EvalAltResult::ErrorDataTooLarge(what, _) if what.contains("array") => ARRAY,
        EvalAltResult::ErrorDataTooLarge(what, _) if what.contains("map") => MAP,
        EvalAltResult::ErrorDataTooLarge(..) => TEXT,
        _ => return None,
    };
    Some(Ended::Limit(limit.name))
}

fn thrown(value: &Dynamic, file: &str, at: Position, sources: &Sources, place: String) -> ScriptError {
    if let Some(unmet) = value.read_lock::<FailedAssertion>() {
        let (place, expression) = sources.assertion(file, at).unwrap_or((place, String::new()));
        let (observed, caught) = (unmet.observed.clone(), false);
        return ScriptError::unheld(Unheld { expression, observed, caught }, place);
    }
    if let Some(raised) = value.read_lock::<Raised>() {
        let mut e = ScriptError::new(ErrorKind::Raised, raised.message.clone(), place);
        e.failure = raised.failure.clone();
        return e;
    }
    let said = value.as_map_ref().ok().and_then(|m| m.get("message").map(ToString::to_string));
    let message = match said {
        Some(text) => text,
        None if value.is_string() => value.to_string(),
        None => format!("the script threw {}", show::value(value)),
    };
    let mut e = ScriptError::new(ErrorKind::Raised, message, place);
    e.payload = Some(Box::new(show::leaving(value)));
    e
}

/// Messages for Rhai's own errors, in the terms of our reference.
fn words(e: &EvalAltResult) -> String {
    use EvalAltResult as E;
    let kind = |t: &str| show::type_word(t);
    match e {
        E::ErrorFunctionNotFound(signature, _) => no_function(signature),
        E::ErrorVariableNotFound(name, _) => format!("there is no variable `{name}`"),
        E::ErrorPropertyNotFound(name, _) => format!("the map has no entry `{name}`"),
        E::ErrorIndexNotFound(key, _) => format!("there is no entry {}", show::value(key)),
        E::ErrorModuleNotFound(name, _) => format!("there is no module `{name}`"),
        E::ErrorMismatchDataType(want, got, _) | E::ErrorMismatchOutputType(want, got, _) => {
            match (want.as_str(), got.as_str()) {
                ("", got) => format!("a value of type {} cannot be used here", kind(got)),
                (want, "") => format!("{} was expected here", kind(want)),
                (want, got) => format!("{} was expected here, not {}", kind(want), kind(got)),
            }
        }
        E::ErrorIndexingType(what, _) => {
            format!("{} cannot be indexed", kind(what.split([' ', '[']).next().unwrap_or(what)))
        }
        E::ErrorFor(_) => "the value cannot be iterated over".into(),
        E::ErrorDataRace(..) => {
            "a closure captures the value whose method is called with it; call the function without the dot"
                .into()
        }
        E::ErrorDotExpr(text, _) => no_property(text),
        other => plain(&other.to_string()),
    }
}

/// `name (i64, &str | ImmutableString | String)`.
fn no_function(signature: &str) -> String {
    let Some((name, args)) = signature.split_once(" (") else {
        // some natives of Rhai raise other messages in this form
        if signature.contains(' ') {
            return signature.to_string();
        }
        return format!("there is no function `{signature}`");
    };
    let args: Vec<String> = args
        .trim_end_matches(')')
        .split(", ")
        .filter(|a| !a.is_empty())
        .map(|a| show::type_word(a.split(" | ").next().unwrap_or(a)))
        .collect();
    match (name, args.as_slice()) {
        (op, [left, right]) if !op.starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
            format!("`{op}` does not work between {left} and {right}")
        }
        (name, []) => format!("there is no function `{name}` without arguments"),
        (name, args) => format!("there is no function `{name}` for ({})", args.join(", ")),
    }
}

/// `Unknown property 'x' - a getter is not registered for type 'T'`, or with `setter`.
fn no_property(text: &str) -> String {
    let quoted: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
    match quoted.as_slice() {
        [name, owner] if text.contains("setter") => {
            format!("`{name}` of {} cannot be set", show::type_word(owner))
        }
        [name, owner] => format!("{} has no `{name}`", show::type_word(owner)),
        _ => plain(text),
    }
}

/// First line of a message, without Rhai's position and with a small first letter.
fn plain(text: &str) -> String {
    let line = text.lines().next().unwrap_or(text);
    let line = line.rfind(" (line ").map_or(line, |i| &line[..i]);
    let mut chars = line.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_names_do_not_leak_into_messages() {
        assert_eq!(
            no_function("nope (ccci::ctx::Ctx, &str | ImmutableString | String)"),
            "there is no function `nope` for (Ctx, text)"
        );
        assert_eq!(no_function("- (string, i64)"), "`-` does not work between text and int");
        assert_eq!(
            no_property(
                "Unknown property 'satus' - a getter is not registered for type 'ccci::ctx::Response'"
            ),
            "Response has no `satus`"
        );
        assert_eq!(plain("Division by zero: 1 / 0 (line 3, position 4)"), "division by zero: 1 / 0");
    }
}
