//! Replaces `${…}` in the values of a compose file by the rules of docker's stack loader (docker/cli
//! `template` and `interpolation`), including its oddities, which are reported. It supports `$V ${V} ${V:-d}
//! ${V-d} ${V:?e} ${V?e} $$`, but not `:+`, and defaults do not nest. Keys are not changed. Pure: the env is
//! a map.

use super::tree::{Map, Node, Value};
use super::variable::{Form, Variables};
use ccci_model::diag::{Diagnostic, Diagnostics, Place, codes};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The type to which a text with variables is converted at some places, by docker's table of casts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cast {
    Int,
    Float,
    Bool,
}

/// Where casts apply. `*` is any key, `[]` an item of a list.
const CASTS: &[(&str, Cast)] = &[
    ("services.*.configs.[].mode", Cast::Int),
    ("services.*.secrets.[].mode", Cast::Int),
    ("services.*.healthcheck.retries", Cast::Int),
    ("services.*.healthcheck.disable", Cast::Bool),
    ("services.*.deploy.replicas", Cast::Int),
    ("services.*.deploy.update_config.parallelism", Cast::Int),
    ("services.*.deploy.update_config.max_failure_ratio", Cast::Float),
    ("services.*.deploy.rollback_config.parallelism", Cast::Int),
    ("services.*.deploy.rollback_config.max_failure_ratio", Cast::Float),
    ("services.*.deploy.restart_policy.max_attempts", Cast::Int),
    ("services.*.deploy.placement.max_replicas_per_node", Cast::Int),
    ("services.*.ports.[].target", Cast::Int),
    ("services.*.ports.[].published", Cast::Int),
    ("services.*.ulimits.*", Cast::Int),
    ("services.*.ulimits.*.hard", Cast::Int),
    ("services.*.ulimits.*.soft", Cast::Int),
    ("services.*.privileged", Cast::Bool),
    ("services.*.oom_score_adj", Cast::Int),
    ("services.*.read_only", Cast::Bool),
    ("services.*.stdin_open", Cast::Bool),
    ("services.*.tty", Cast::Bool),
    ("services.*.volumes.[].read_only", Cast::Bool),
    ("services.*.volumes.[].volume.nocopy", Cast::Bool),
    ("networks.*.external", Cast::Bool),
    ("networks.*.internal", Cast::Bool),
    ("networks.*.attachable", Cast::Bool),
    ("volumes.*.external", Cast::Bool),
    ("secrets.*.external", Cast::Bool),
    ("configs.*.external", Cast::Bool),
];

/// Durations: docker's loader accepts variables there, but abra checks the shapes first and refuses them
/// (lesson 43).
const DURATIONS: &[&str] = &[
    "services.*.stop_grace_period",
    "services.*.healthcheck.interval",
    "services.*.healthcheck.timeout",
    "services.*.healthcheck.start_period",
    "services.*.healthcheck.start_interval",
    "services.*.deploy.update_config.delay",
    "services.*.deploy.update_config.monitor",
    "services.*.deploy.rollback_config.delay",
    "services.*.deploy.rollback_config.monitor",
    "services.*.deploy.restart_policy.delay",
    "services.*.deploy.restart_policy.window",
];

/// Replaces the variables in every value of a file.
pub fn interpolate(root: Map, env: &BTreeMap<String, String>, diagnostics: &mut Diagnostics) -> Map {
    let mut pass = Pass { env, diagnostics, reported: BTreeSet::new() };
    let entries = root.0.into_iter().map(|(key, node)| {
        let node = pass.node(node, &key.name);
        (key, node)
    });
    Map(entries.collect())
}

struct Pass<'a> {
    env: &'a BTreeMap<String, String>,
    diagnostics: &'a mut Diagnostics,
    /// Unset variables that were reported; each is reported once for a file.
    reported: BTreeSet<String>,
}

impl Pass<'_> {
    fn node(&mut self, node: Node, path: &str) -> Node {
        let Node { value, place } = node;
        let value = match value {
            Value::Str(text) => self.text(text, path, &place),
            Value::List(list) => {
                let path = format!("{path}.[]");
                Value::List(list.into_iter().map(|n| self.node(n, &path)).collect())
            }
            Value::Map(map) => {
                let entries = map.0.into_iter().map(|(key, node)| {
                    let node = self.node(node, &format!("{path}.{}", key.name));
                    (key, node)
                });
                Value::Map(Map(entries.collect()))
            }
            other => other,
        };
        Node { value, place }
    }

    fn text(&mut self, text: String, path: &str, place: &Place) -> Value {
        if !text.contains('$') {
            return Value::Str(text);
        }
        let result = substitute(&text, self.env);
        for (place, note) in locate(result.notes, place) {
            self.tell(note, place);
        }
        if result.text == text {
            return Value::Str(text);
        }
        if DURATIONS.iter().any(|pattern| matches(path, pattern)) {
            let d = Diagnostic::new(
                codes::COMPOSE_ODDITY,
                "docker's loader accepts a variable as a duration, but abra does not",
            );
            self.diagnostics.push(d.at(place.clone()).help("write the duration without a variable"));
        }
        match CASTS.iter().find(|(pattern, _)| matches(path, pattern)) {
            None => Value::Str(result.text),
            Some((_, cast)) => self.cast(*cast, result.text, place),
        }
    }

    fn tell(&mut self, note: Note, place: Place) {
        // a variable without a closing brace continues to the end of its text
        let written = brief(&note.text);
        let d = match note.what {
            What::Unset(name) => {
                if !self.reported.insert(name.clone()) {
                    return;
                }
                Diagnostic::new(
                    codes::UNSET_VARIABLE,
                    format!("`{name}` has no value, so an empty text is used"),
                )
                .about(&name)
                .help(format!("give it a value in the env file, or a default: `${{{name}:-…}}`"))
            }
            What::Required { name, message, ignored } => {
                let said = if message.is_empty() { String::new() } else { format!(": {message}") };
                let d = Diagnostic::new(codes::MISSING_VARIABLE, format!("`{name}` must have a value{said}"))
                    .about(&name);
                ignored_or(d, ignored, &written)
            }
            What::Invalid { ignored } => {
                let d =
                    Diagnostic::new(codes::BAD_INTERPOLATION, format!("`{written}` is not a valid variable"));
                let help = if note.text.contains(":+") || note.text.contains('+') {
                    "docker's stack loader does not support `:+`; it supports `${V}`, `${V:-default}` and `${V:?message}`"
                } else {
                    "write `${NAME}` for a variable and `$$` for a dollar sign"
                };
                ignored_or(d.help(help), ignored, &written)
            }
            What::Odd(help) => Diagnostic::new(
                codes::COMPOSE_ODDITY,
                format!("docker's loader reads `{written}` differently from how it looks"),
            )
            .help(help),
        };
        self.diagnostics.push(d.at(place));
    }

    fn cast(&mut self, cast: Cast, text: String, place: &Place) -> Value {
        let value = match cast {
            Cast::Int => decimal(&text).map(Value::Int),
            Cast::Float => text.parse().ok().map(Value::Float),
            Cast::Bool => match text.to_lowercase().as_str() {
                "y" | "yes" | "true" | "on" => Some(Value::Bool(true)),
                "n" | "no" | "false" | "off" => Some(Value::Bool(false)),
                _ => None,
            },
        };
        value.unwrap_or_else(|| {
            let expected = match cast {
                Cast::Int => "a whole number",
                Cast::Float => "a number",
                Cast::Bool => "`true` or `false`",
            };
            let message = format!("with its variables the value is `{text}`, but it must be {expected}");
            self.diagnostics.push(Diagnostic::new(codes::BAD_INTERPOLATION, message).at(place.clone()));
            // the file is refused; a value of the right type avoids a second report by the shape check
            match cast {
                Cast::Int => Value::Int(0),
                Cast::Float => Value::Float(0.0),
                Cast::Bool => Value::Bool(false),
            }
        })
    }
}

/// Characters of a variable that are shown.
const SHOWN: usize = 80;

fn brief(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// Docker's loader ignores an error if a later variable of the same text is valid.
fn ignored_or(mut d: Diagnostic, ignored: bool, written: &str) -> Diagnostic {
    if !ignored {
        return d;
    }
    d.code = codes::COMPOSE_ODDITY;
    d.severity = codes::COMPOSE_ODDITY.severity;
    d.message = format!("{}, but docker's loader ignores the error", d.message);
    d.help(format!(
        "a later variable in the same text hides the error, and an empty text replaces `{written}`; move it to the end"
    ))
}

/// Go's `Atoi`: an optional sign and decimal digits, so a leading zero does not mean octal.
fn decimal(text: &str) -> Option<i128> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    text.parse::<i64>().ok().filter(|_| plain).map(i128::from)
}

/// Paths are joined and then compared part by part, as docker does, so a dot inside a name adds a part.
fn matches(path: &str, pattern: &str) -> bool {
    let (mut path, mut pattern) = (path.split('.'), pattern.split('.'));
    loop {
        match (path.next(), pattern.next()) {
            (None, None) => return true,
            (Some(part), Some(wanted)) if wanted == "*" || wanted == part => {}
            _ => return false,
        }
    }
}

/// Notes that are reported about one text.
const MOST_NOTES: usize = 50;

/// A note about one variable of a text.
struct Note {
    /// The variable as it is written.
    text: String,
    /// How often the same characters occur before it in the text.
    nth: usize,
    what: What,
}

enum What {
    Unset(String),
    Required { name: String, message: String, ignored: bool },
    Invalid { ignored: bool },
    Odd(String),
}

struct Substituted {
    text: String,
    notes: Vec<Note>,
}

fn substitute(text: &str, env: &BTreeMap<String, String>) -> Substituted {
    let mut out = String::new();
    let mut said: Vec<(Range<usize>, What)> = vec![];
    let mut at = 0;
    for (range, form) in Variables::of(text) {
        out.push_str(&text[at..range.start]);
        at = range.end;
        if form == Form::Escaped {
            out.push('$');
            continue;
        }
        // docker forgets an earlier error as soon as it reads another variable
        for (_, what) in &mut said {
            if let What::Required { ignored, .. } | What::Invalid { ignored } = what {
                *ignored = true;
            }
        }
        let mut say = |what| {
            // more notes about one text would not be read; the last one decides, so it is kept
            said.truncate(MOST_NOTES - 1);
            said.push((range.clone(), what));
        };
        let (Form::Named(inner) | Form::Braced(inner)) = form else {
            say(What::Invalid { ignored: false });
            continue;
        };
        if let Some(help) = oddity(form, inner) {
            say(What::Odd(help));
        }
        match lookup(inner, env) {
            Ok(value) => out.push_str(value),
            Err(what) => say(what),
        }
    }
    out.push_str(&text[at..]);
    let notes = said.into_iter().map(|(range, what)| {
        let written = shown(text, range.clone(), matches!(what, What::Invalid { .. }));
        let nth = text[..range.start].matches(written).count();
        Note { text: written.to_string(), nth, what }
    });
    Substituted { text: out, notes: notes.collect() }
}

/// The variable as its author sees it. An invalid one continues to the closing brace or the next blank.
fn shown(text: &str, range: Range<usize>, invalid: bool) -> &str {
    if !invalid {
        return &text[range];
    }
    let rest = &text[range.start..];
    let end = if rest.starts_with("${") { rest.find('}').map(|i| i + 1) } else { None };
    let end = end.or_else(|| rest.find(char::is_whitespace)).unwrap_or(rest.len());
    &rest[..end]
}

/// Value of the text between the braces. The order of the four operators is docker's: the first of them that
/// occurs anywhere in the text is used.
fn lookup<'a>(inner: &'a str, env: &'a BTreeMap<String, String>) -> Result<&'a str, What> {
    let get = |name: &str| env.get(name).map(String::as_str);
    if let Some((name, default)) = inner.split_once(":-") {
        return Ok(get(name).filter(|v| !v.is_empty()).unwrap_or(default));
    }
    if let Some((name, default)) = inner.split_once('-') {
        return Ok(get(name).unwrap_or(default));
    }
    let required = |name: &str, message: &str| What::Required {
        name: name.to_string(),
        message: message.to_string(),
        ignored: false,
    };
    if let Some((name, message)) = inner.split_once(":?") {
        return get(name).filter(|v| !v.is_empty()).ok_or_else(|| required(name, message));
    }
    if let Some((name, message)) = inner.split_once('?') {
        return get(name).ok_or_else(|| required(name, message));
    }
    get(inner).ok_or_else(|| What::Unset(inner.to_string()))
}

/// Forms that docker reads in a way that authors do not expect.
fn oddity(form: Form<'_>, inner: &str) -> Option<String> {
    let name_end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let (name, rest) = inner.split_at(name_end);
    if matches!(form, Form::Named(_)) {
        return Some(format!(
            "without braces everything after the name is its default; write `${{{name}}}{}`",
            brief(rest)
        ));
    }
    if rest.contains("${") {
        return Some(format!("defaults do not nest: the default of `{name}` ends at the first `}}`"));
    }
    if rest.trim_start_matches(':').starts_with('?') && rest.contains('-') {
        return Some(format!(
            "a message with a `-` is read as a default, so `{name}` is not required; remove the `-`"
        ));
    }
    None
}

/// Finds the places of notes: the same characters are searched in the raw text, whatever its quotes.
fn locate(notes: Vec<Note>, place: &Place) -> Vec<(Place, Note)> {
    let raw = place.text.content.get(place.range.clone()).unwrap_or_default();
    let find = |note: &Note| {
        let at = raw.match_indices(note.text.as_str()).nth(note.nth)?.0 + place.range.start;
        Some(Place::new(&place.text, at..at + note.text.len()))
    };
    notes.into_iter().map(|n| (find(&n).unwrap_or_else(|| place.clone()), n)).collect()
}

#[cfg(test)]
#[path = "interpolate_tests.rs"]
mod tests;
