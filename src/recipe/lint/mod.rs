//! The lint rung: rules that can be checked with the recipe's repository alone, one row of `RULES` for each.
//! It lowers the level, never the verdict. Pure; no work tree is read, so no overlay changes the result.

mod images;
mod input;
mod publishing;
mod rules;
mod services;

pub use input::{Composition, LintInput};
pub use rules::RULES;

use ccci_model::diag::{Place, Severity};
use ccci_model::tier::Status;

/// A row of the table of rules.
#[derive(Debug)]
pub struct Rule {
    /// Stable kebab-case name.
    pub id: &'static str,
    /// Its counterpart in `abra recipe lint`.
    pub abra: &'static str,
    /// Errors fail the rung, warnings do not.
    pub severity: Severity,
    /// What must be true, in one sentence.
    pub summary: &'static str,
    /// Why, and where it differs from abra's rule.
    pub doc: &'static str,
    /// How it is checked.
    pub check: Check,
}

/// How a rule is checked.
#[derive(Debug)]
pub enum Check {
    /// By this function; an `Err` is the reason why it could not check.
    Look(fn(&LintInput) -> Result<Vec<Finding>, String>),
    /// Not checked, for this reason.
    Never(&'static str),
}

/// One violation of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its place, if it has one.
    pub place: Option<Place>,
    /// What was found. Starts in lower case, without a full stop, user text in backticks.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Finding {
    /// A finding at a place.
    fn at(place: Place, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding { place: Some(place), message: message.into(), help: help.into() }
    }

    /// A finding about something that is missing.
    fn about(message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding { place: None, message: message.into(), help: help.into() }
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
    /// Not checked, for this reason.
    NotLookedAt(String),
}

impl Outcome {
    /// Its name in the record.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Satisfied => "satisfied",
            Outcome::Unsatisfied(_) => "unsatisfied",
            Outcome::NotLookedAt(_) => "not looked at",
        }
    }

    /// One line for each finding, or the reason why the rule was not checked.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Outcome::Satisfied => vec![],
            Outcome::Unsatisfied(findings) => findings.iter().map(Finding::one_line).collect(),
            Outcome::NotLookedAt(reason) => vec![reason.clone()],
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

/// Checks every rule, in the order of the table.
pub fn lint(input: &LintInput) -> Vec<Checked> {
    RULES.iter().map(|rule| Checked { rule, outcome: look(rule, input) }).collect()
}

fn look(rule: &Rule, input: &LintInput) -> Outcome {
    match &rule.check {
        Check::Never(reason) => Outcome::NotLookedAt((*reason).to_string()),
        Check::Look(check) => match check(input) {
            Ok(findings) if findings.is_empty() => Outcome::Satisfied,
            Ok(findings) => Outcome::Unsatisfied(findings),
            Err(reason) => Outcome::NotLookedAt(reason),
        },
    }
}

/// Status of the rung: it fails by a violated rule of severity error, and is unverified if a rule that can be
/// checked was not.
pub fn rung(checked: &[Checked]) -> Status {
    let errors = || checked.iter().filter(|c| c.rule.severity == Severity::Error);
    if errors().any(|c| matches!(c.outcome, Outcome::Unsatisfied(_))) {
        return Status::Fail;
    }
    let blind =
        |c: &Checked| matches!(c.outcome, Outcome::NotLookedAt(_)) && matches!(c.rule.check, Check::Look(_));
    if errors().any(blind) { Status::Unver } else { Status::Pass }
}
