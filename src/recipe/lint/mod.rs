//! Rules about a recipe's own files, one row of `RULES` for each. Most of them are the lint rung, which lowers the level
//! and never the verdict. What Swarm refuses stops a run before it begins, and what an upgrade cannot change is a warning
//! of the plan. Pure; no work tree is read, so no overlay changes the result of the rung.

mod backups;
#[cfg(test)]
mod cases;
mod example;
mod health;
mod ignored;
mod images;
mod input;
mod mounted;
mod pipe;
mod publishing;
mod refused;
mod routers;
mod rules;
mod sample;
mod services;
mod shared;
mod timing;
mod upgrade;
mod variables;

pub use example::Example;
pub use input::{Composition, LintInput};
pub use rules::RULES;
pub use upgrade::{Revision, Upgrade, upgrade};

use crate::acceptance;
use crate::compose::Composed;
use crate::settings::Recipe;
use crate::source::Files;
use ccci_model::diag::fix::Fix;
use ccci_model::diag::{Code, Diagnostic, Place, Severity};
use ccci_model::tier::Status;

/// A row of the table of rules.
#[derive(Debug)]
pub struct Rule {
    /// Its name, its severity, and what must be true in one sentence. Errors fail the rung, warnings do not.
    pub code: Code,
    /// Its counterpart in `abra recipe lint`, if it has one.
    pub abra: Option<&'static str>,
    /// Why, and where it differs from abra's rule.
    pub doc: &'static str,
    /// What breaks it and what keeps it.
    pub example: Option<Example>,
    /// How it is checked.
    pub check: Check,
}

/// How a rule is checked.
#[derive(Debug)]
pub enum Check {
    /// By this function; an `Err` is the reason why it could not check.
    Look(fn(&LintInput) -> Result<Vec<Finding>, String>),
    /// By this function, on every composition.
    Composed(Look),
    /// The same, and no run begins with what it finds, because Swarm refuses it.
    Refused(Look),
    /// By this function, on two revisions. It is no part of the rung.
    Upgrade(fn(&Upgrade<'_>) -> Vec<Finding>),
    /// Not checked, for this reason.
    Never(&'static str),
}

/// Looks at composed files and the files of their revision.
type Look = fn(&Composed, &Files) -> Vec<Finding>;

/// One violation of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its place, if it has one.
    pub place: Option<Place>,
    /// What was found. Starts in lower case, without a full stop, user text in backticks.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// A change that mends it.
    pub fix: Option<Box<Fix>>,
    /// Another place that it depends on, and what is there.
    pub other: Option<Box<(Place, String)>>,
}

impl Finding {
    /// A finding at a place.
    fn at(place: Place, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding { place: Some(place), ..Finding::about(message, help) }
    }

    /// A finding about something that is missing.
    fn about(message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding { place: None, message: message.into(), help: help.into(), fix: None, other: None }
    }

    /// Sets the change that mends it.
    fn fix(mut self, fix: impl Into<Option<Fix>>) -> Finding {
        self.fix = fix.into().map(Box::new);
        self
    }

    /// Sets another place that it depends on.
    fn other(mut self, place: Place, what: impl Into<String>) -> Finding {
        self.other = Some(Box::new((place, what.into())));
        self
    }

    /// The diagnostic of it.
    pub fn diagnostic(self, rule: &'static Rule) -> Diagnostic {
        let mut d = Diagnostic::new(&rule.code, self.message).help(self.help);
        (d.fix, d.other) = (self.fix, self.other);
        match self.place {
            Some(place) => d.at(place),
            None => d,
        }
    }

    /// One line: `path:line:column: message`.
    pub fn one_line(&self) -> String {
        let place = self.place.as_ref().map(|p| format!("{p}: ")).unwrap_or_default();
        format!("{place}{} ({})", self.message, self.help)
    }
}

/// Result of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// No violation.
    Satisfied,
    /// These violations.
    Unsatisfied(Vec<Finding>),
    /// Violated, and the settings accept it: one line for each violation with its reason.
    Accepted(Vec<String>),
    /// Not checked, for this reason.
    NotLookedAt(String),
    /// The rule is about something that this repository is not.
    DoesNotApply,
}

impl Outcome {
    /// Its name in the record.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Satisfied => "satisfied",
            Outcome::Unsatisfied(_) => "unsatisfied",
            Outcome::Accepted(_) => "accepted",
            Outcome::NotLookedAt(_) => "not looked at",
            Outcome::DoesNotApply => "does not apply",
        }
    }

    /// One line for each finding, or the reason why the rule was not checked.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Outcome::Satisfied => vec![],
            Outcome::Unsatisfied(findings) => findings.iter().map(Finding::one_line).collect(),
            Outcome::Accepted(lines) => lines.clone(),
            Outcome::NotLookedAt(reason) => vec![reason.clone()],
            Outcome::DoesNotApply => vec![NO_RECIPE.to_string()],
        }
    }
}

/// A rule and its result.
#[derive(Debug)]
pub struct Checked {
    /// The rule.
    pub rule: &'static Rule,
    /// Its result.
    pub outcome: Outcome,
}

impl Checked {
    /// Its findings as diagnostics.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        match &self.outcome {
            Outcome::Unsatisfied(findings) => {
                findings.iter().cloned().map(|f| f.diagnostic(self.rule)).collect()
            }
            Outcome::Satisfied | Outcome::Accepted(_) | Outcome::NotLookedAt(_) | Outcome::DoesNotApply => {
                vec![]
            }
        }
    }
}

/// Checks every rule of the rung, in the order of the table.
pub fn lint(input: &LintInput) -> Vec<Checked> {
    let of_rung = RULES.iter().filter(|rule| !matches!(rule.check, Check::Upgrade(_)));
    of_rung.map(|rule| Checked { rule, outcome: look(rule, input) }).collect()
}

/// Why rules of Co-op Cloud do not apply.
const NO_RECIPE: &str = "the settings `app` and `versions` say that this is no recipe of Co-op Cloud";

/// Rules that are about recipes of Co-op Cloud alone.
const OF_COOP_CLOUD: &[&str] = &[
    "compose-version",
    "readme-metadata",
    "catalogue-version",
    "env-sample",
    "app-service",
    "traefik-enabled",
    "config-version",
    "upstream-repository",
    "annotated-tags",
    "secret-name",
    "release-notes",
    "version-label",
    "major-notes",
];

/// The same for a repository with these settings: what only recipes of Co-op Cloud have to keep is not asked of others.
pub fn lint_for(input: &LintInput, recipe: &Recipe) -> Vec<Checked> {
    let mut all = lint(input);
    if !recipe.is_of_coop_cloud() {
        let of_coop_cloud = |c: &&mut Checked| OF_COOP_CLOUD.contains(&c.rule.code.id);
        all.iter_mut().filter(of_coop_cloud).for_each(|c| c.outcome = Outcome::DoesNotApply);
    }
    all
}

/// What Swarm refuses in files that are going to be deployed.
pub fn refused(composed: &Composed, files: &Files) -> Vec<Diagnostic> {
    let mut out = vec![];
    for rule in RULES {
        if let Check::Refused(look) = rule.check {
            out.extend(look(composed, files).into_iter().map(|f| f.diagnostic(rule)));
        }
    }
    out
}

/// Takes out the violations that the settings accept.
pub fn without_accepted(mut all: Vec<Checked>, recipe: &Recipe) -> Vec<Checked> {
    for Checked { rule, outcome } in &mut all {
        let Outcome::Unsatisfied(findings) = outcome else { continue };
        let reason = |f: &Finding| {
            let reason = acceptance::accepted(recipe, rule.code.id, f.place.as_ref())?;
            Some(format!("{}; accepted: {reason}", f.one_line()))
        };
        let lines: Vec<String> = findings.iter().filter_map(reason).collect();
        findings.retain(|f| reason(f).is_none());
        if findings.is_empty() {
            *outcome = Outcome::Accepted(lines);
        }
    }
    all
}

fn look(rule: &Rule, input: &LintInput) -> Outcome {
    let result = match &rule.check {
        Check::Never(reason) => Err((*reason).to_string()),
        Check::Upgrade(_) => Err("it compares two revisions".to_string()),
        Check::Look(check) => check(input),
        Check::Composed(check) | Check::Refused(check) => each_composition(input, *check),
    };
    match result {
        Ok(findings) if findings.is_empty() => Outcome::Satisfied,
        Ok(findings) => Outcome::Unsatisfied(findings),
        Err(reason) => Outcome::NotLookedAt(reason),
    }
}

/// The findings in all compositions, each once. Files that do not compose hide no finding in others.
fn each_composition(input: &LintInput, look: Look) -> Result<Vec<Finding>, String> {
    let mut out: Vec<Finding> = vec![];
    for composed in input.compositions.iter().filter_map(|c| c.composed.as_ref()) {
        for finding in look(composed, &input.files) {
            if !out.contains(&finding) {
                out.push(finding);
            }
        }
    }
    if out.is_empty() { input.composed().map(|_| out) } else { Ok(out) }
}

/// Status of the rung: it fails by a violated rule of severity error, and is unverified if a rule that can be
/// checked was not.
pub fn rung(checked: &[Checked]) -> Status {
    let errors = || checked.iter().filter(|c| c.rule.code.severity == Severity::Error);
    if errors().any(|c| matches!(c.outcome, Outcome::Unsatisfied(_))) {
        return Status::Fail;
    }
    let blind = |c: &Checked| {
        matches!(c.outcome, Outcome::NotLookedAt(_)) && !matches!(c.rule.check, Check::Never(_))
    };
    if errors().any(blind) { Status::Unver } else { Status::Pass }
}
