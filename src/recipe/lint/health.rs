//! Rules about healthchecks: tests that cannot run in the form in which they are written, and checks that make every
//! deploy wait.

use super::Finding;
use crate::compose::{Composed, Healthcheck, Service};
use crate::source::Files;
use ccci_model::diag::Place;
use regex::Regex;
use std::sync::LazyLock;
use std::time::Duration;

/// Words that a shell reads as operators.
const OPERATORS: [&str; 3] = ["||", "|", "&&"];
/// Programs whose own arguments may be such words.
const TAKE_OPERATORS: [&str; 5] = ["expr", "find", "test", "[", "jq"];
/// Programs that replace no variable in their arguments.
const PLAIN: [&str; 14] = [
    "curl",
    "mariadb",
    "mariadb-admin",
    "mongo",
    "mongosh",
    "mysql",
    "mysqladmin",
    "nc",
    "pg_isready",
    "psql",
    "redis-cli",
    "valkey-cli",
    "wget",
    "healthcheck.sh",
];
/// The longest interval at which a deploy does not wait long.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

/// The tests that the files write, each with its service and its healthcheck.
fn tests(composed: &Composed) -> impl Iterator<Item = (&Service, &Healthcheck)> {
    let with = composed.services().iter().filter_map(|s| Some((s, s.healthcheck.as_ref()?)));
    with.filter(|(_, h)| !h.disabled && !h.test.is_empty())
}

/// Place of an item of a test.
fn place(composed: &Composed, service: &Service, n: usize) -> Option<Place> {
    composed.place_of(&service.name, &["healthcheck", "test", &n.to_string()])
}

pub(super) fn program(composed: &Composed, _: &Files) -> Vec<Finding> {
    let without = tests(composed).filter(|(_, h)| h.test == ["CMD"]);
    without
        .filter_map(|(s, _)| {
            let message = format!("the healthcheck of `{}` has no program after `CMD`", s.name);
            let help = "write the program and its arguments after it, or `NONE` for no healthcheck";
            Some(Finding::at(place(composed, s, 0)?, message, help))
        })
        .collect()
}

pub(super) fn form(composed: &Composed, _: &Files) -> Vec<Finding> {
    let wrong = tests(composed).filter_map(|(s, h)| {
        let (n, message, help) = flaw(&h.test)?;
        Some(Finding::at(place(composed, s, n)?, message, help))
    });
    wrong.collect()
}

/// What is wrong with a test: the number of the item, what it does, and what to write instead.
fn flaw(test: &[String]) -> Option<(usize, String, &'static str)> {
    let (kind, rest) = test.split_first()?;
    match kind.as_str() {
        "NONE" => None,
        "CMD" => of_words(rest),
        "CMD-SHELL" => of_text(rest),
        _ => Some((
            0,
            format!("the engine knows no test of the form `{kind}`, so it never makes this check"),
            "begin the list with `CMD`, or with `CMD-SHELL` if a shell has to read the text",
        )),
    }
}

/// A list of words, which no shell reads.
fn of_words(words: &[String]) -> Option<(usize, String, &'static str)> {
    static VARIABLE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\$\{?[A-Z_][A-Z0-9_]*").expect("a valid pattern"));
    let shell = "write it as one text after `CMD-SHELL`, which a shell reads";
    let (first, arguments) = words.split_first()?;
    let program = first.rsplit('/').next().unwrap_or(first);
    if arguments.is_empty() && is_line(first) {
        let message = format!("after `CMD` this is the name of one program, `{first}`, which does not exist");
        return Some((1, message, shell));
    }
    // the first item is `CMD`, the second the program
    let at = |n: usize| n + 2;
    let operator = |w: &String| OPERATORS.contains(&w.as_str()) && !TAKE_OPERATORS.contains(&program);
    if let Some(n) = arguments.iter().position(operator) {
        let message = format!(
            "after `CMD` no shell reads this: `{}` and what follows are arguments of `{program}`",
            arguments[n]
        );
        return Some((at(n), message, shell));
    }
    let n = arguments.iter().position(|w| PLAIN.contains(&program) && VARIABLE.is_match(w))?;
    let variable = VARIABLE.find(&arguments[n])?.as_str().trim_start_matches(['$', '{']);
    let message = format!(
        "after `CMD` no shell reads this: `{program}` gets the text `${variable}`, not the value of the variable"
    );
    Some((at(n), message, shell))
}

/// Whether a text is a command with arguments and not the path of a program.
fn is_line(text: &str) -> bool {
    let text = text.trim();
    text.contains(" -")
        || text.contains(" http")
        || (text.contains(char::is_whitespace) && !text.starts_with('/'))
}

/// A text that a shell reads, and what a list may have after it.
fn of_text(rest: &[String]) -> Option<(usize, String, &'static str)> {
    let Some((text, more)) = rest.split_first() else {
        let message = "there is no text after `CMD-SHELL`, so the check always fails".to_string();
        return Some((0, message, "write the command of the check after it"));
    };
    let word = text.split_whitespace().next().unwrap_or_default();
    if ["CMD", "CMD-SHELL", "NONE"].contains(&word) || text.trim_start().starts_with("[\"CMD") {
        let message =
            format!("a shell reads this text and finds no program `{word}`, so the check always fails");
        return Some((1, message, "write a list (`[\"CMD\", …]`), or the command alone"));
    }
    let uses_arguments = ["$0", "$1", "$@", "$*", "$#", "${"].iter().any(|w| text.contains(w));
    if more.is_empty() || uses_arguments {
        return None;
    }
    let message =
        format!("after `CMD-SHELL` a shell runs only `{text}`; `{}` and what follows are lost", more[0]);
    Some((2, message, "write the whole command as one text after `CMD-SHELL`, or use `CMD`"))
}

pub(super) fn wait(composed: &Composed, _: &Files) -> Vec<Finding> {
    let long = tests(composed).filter_map(|(s, h)| {
        // in a start period newer engines check more often
        let interval = h.interval.filter(|i| *i > LONGEST_INTERVAL && h.start_period.is_none())?;
        let place = composed.place_of(&s.name, &["healthcheck", "interval"])?;
        let message = format!(
            "the first check of `{}` is made {} s after its start, and every deploy waits for it",
            s.name,
            interval.as_secs()
        );
        Some(Finding::at(place, message, "use `30s` or less; `retries` says how often a check may fail"))
    });
    long.collect()
}
