//! What an author decides about findings: `check.accept` and comments say with a reason that one stays, `check.deny` makes
//! errors of warnings. Pure.

use crate::accept_comments::comments;
use crate::lint::{Check, RULES};
use crate::load::Spans;
use crate::settings::Recipe;
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{CODES, Diagnostic, Place, Severity, Text, codes};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why an entry of `check.accept` or `check.deny` is wrong: the message, and what to write.
pub(crate) type Refused = (String, Option<String>);

/// An entry of `check.accept`: `code`, or `code file` for the findings in one file only.
struct Entry<'a> {
    code: &'a str,
    file: Option<&'a str>,
}

impl Entry<'_> {
    fn of(key: &str) -> Entry<'_> {
        match key.split_once(' ') {
            Some((code, file)) => Entry { code, file: Some(file.trim()) },
            None => Entry { code: key, file: None },
        }
    }

    fn matches(&self, code: &str, place: Option<&Place>) -> bool {
        let in_file = |file: &str| {
            place.is_some_and(|p| {
                p.text.path.strip_suffix(file).is_some_and(|d| d.is_empty() || d.ends_with('/'))
            })
        };
        self.code == code && self.file.is_none_or(in_file)
    }
}

/// The reason why a finding is accepted: by an entry of the settings, or by a comment at its place.
pub fn accepted(recipe: &Recipe, code: &str, place: Option<&Place>) -> Option<String> {
    let entry = recipe.accept.iter().find(|(key, _)| Entry::of(key).matches(code, place));
    if let Some((_, reason)) = entry {
        return Some(reason.clone());
    }
    let place = place?;
    let (comments, _) = comments(&place.text);
    comments.into_iter().find(|c| c.accepts(code, place)).map(|c| c.reason)
}

/// The findings that count: without those that are accepted, and with denied warnings as errors. `texts` are those that
/// may have comments. `looked` is false if not everything could be looked at; then nothing is called unused.
pub fn decided(
    all: Vec<Diagnostic>,
    recipe: &Recipe,
    spans: &Spans,
    texts: &[&Arc<Text>],
    looked: bool,
) -> Vec<Diagnostic> {
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut out = vec![];
    let (mut written, mut used_here) = (vec![], BTreeSet::new());
    for text in texts {
        let (comments, wrong) = comments(text);
        written.extend(comments);
        out.extend(wrong);
    }
    for mut d in all {
        let entry = recipe.accept.iter().find(|(key, _)| Entry::of(key).matches(d.code.id, d.place.as_ref()));
        if let Some((entry, _)) = entry {
            used.insert(entry);
            continue;
        }
        let place = d.place.as_ref();
        let comment = written.iter().position(|c| place.is_some_and(|place| c.accepts(d.code.id, place)));
        if let Some(n) = comment {
            used_here.insert(n);
            continue;
        }
        if recipe.deny.iter().any(|code| code == d.code.id) {
            d.severity = Severity::Error;
        }
        out.push(d);
    }
    let unused = recipe.accept.keys().filter(|key| looked && !used.contains(key.as_str()));
    out.extend(unused.map(|key| {
        let message = format!("`check.accept` has `{key}`, but nothing of that kind is found");
        let d = Diagnostic::new(codes::UNUSED_ACCEPTANCE, message).help("remove the entry");
        match spans.entry("check.accept", key) {
            Some(place) => d.at(place),
            None => d,
        }
    }));
    let unused = written.into_iter().enumerate().filter(|(n, _)| looked && !used_here.contains(n));
    out.extend(unused.map(|(_, c)| {
        let message = format!("the comment accepts `{}`, but nothing of that kind is found there", c.code);
        Diagnostic::new(codes::UNUSED_ACCEPTANCE, message).at(c.place).help("remove the comment")
    }));
    out
}

/// Whether findings of this name can be accepted: warnings, and rules of the lint rung.
pub(crate) fn can_accept(key: &str) -> Result<(), Refused> {
    let code = Entry::of(key).code;
    if let Some(rule) = RULES.iter().find(|r| r.code.id == code) {
        return match rule.check {
            Check::Refused(_) => {
                Err((format!("Swarm refuses what `{code}` finds, so it cannot be accepted"), None))
            }
            _ => Ok(()),
        };
    }
    match CODES.iter().find(|c| c.id == code) {
        Some(c) if c.severity == Severity::Warning => Ok(()),
        Some(_) => Err((format!("`{code}` is an error that stops a run, so it cannot be accepted"), None)),
        None => Err(unknown(code)),
    }
}

/// Whether there are findings of this name.
pub(crate) fn exists(code: &str) -> Result<(), Refused> {
    let known = RULES.iter().map(|r| r.code.id).chain(CODES.iter().map(|c| c.id)).any(|id| id == code);
    if known { Ok(()) } else { Err(unknown(code)) }
}

fn unknown(code: &str) -> Refused {
    let all = RULES.iter().map(|r| r.code.id).chain(CODES.iter().map(|c| c.id));
    let help = did_you_mean(code, all);
    let help =
        help.map_or("`ccci explain rules` and `ccci explain diagnostics` list them".into(), |h| h.text);
    (format!("there is no rule or code `{code}`"), Some(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::load;
    use ccci_model::name::RecipeName;

    fn decide(settings: &str) -> (Vec<String>, bool) {
        let text = Arc::new(Text { path: "ccci/recipe.toml".into(), content: settings.into() });
        let loaded = load(RecipeName::parse("a").unwrap(), &[text]);
        assert!(loaded.diagnostics.0.is_empty(), "{:?}", loaded.diagnostics.0);
        let at = |path: &str| {
            let rule = RULES.iter().find(|r| r.code.id == "moving-tag").unwrap();
            let text = Arc::new(Text { path: path.into(), content: "x".into() });
            Diagnostic::new(&rule.code, "moves").at(Place::new(&text, 0..1))
        };
        let all = vec![at("compose.yml"), at("a/compose.yml"), at("my-compose.yml")];
        let said = decided(all, &loaded.recipe, &loaded.spans, &[], true);
        let told = |d: &Diagnostic| format!("{} {}", d.code.id, d.place.as_ref().unwrap());
        (said.iter().map(told).collect(), said.iter().any(|d| d.severity == Severity::Error))
    }

    #[test]
    fn an_accepted_finding_is_not_told_and_an_entry_without_one_is() {
        let (said, _) = decide("check.accept = { moving-tag = \"why\", image-tag = \"why\" }\n");
        assert_eq!(said, ["unused-acceptance ccci/recipe.toml:1:38"]);
    }

    #[test]
    fn an_entry_with_a_file_is_for_findings_in_that_file() {
        let (said, _) = decide("[check.accept]\n\"moving-tag compose.yml\" = \"why\"\n");
        assert_eq!(said, ["moving-tag my-compose.yml:1:1"]);
    }

    #[test]
    fn a_denied_warning_is_an_error() {
        let (said, error) = decide("check.deny = [\"moving-tag\"]\n");
        assert!(said.len() == 3 && error);
    }

    #[test]
    fn errors_and_unknown_names_cannot_be_accepted() {
        for (key, part) in [
            ("yaml-syntax", "stops a run"),
            ("owner-number", "Swarm refuses"),
            ("moving-tagg", "did you mean `moving-tag`?"),
        ] {
            let (message, help) = can_accept(key).unwrap_err();
            assert!(format!("{message} {help:?}").contains(part), "{key}: {message} {help:?}");
        }
        assert!(can_accept("env-sample").is_ok() && exists("yaml-syntax").is_ok());
    }
}
