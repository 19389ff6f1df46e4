//! The lint rung: what a recipe's repository alone tells about it, one row of `RULES` a rule. It lowers the level, never
//! the verdict. Pure; nothing is read from a work tree, so no overlay pollutes it.

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
    /// What must hold, in one sentence.
    pub summary: &'static str,
    /// Why, and where it differs from abra's rule.
    pub doc: &'static str,
    /// How it is decided.
    pub check: Check,
}

/// How a rule is decided.
#[derive(Debug)]
pub enum Check {
    /// By this function; an `Err` says why nothing could be seen.
    Look(fn(&LintInput) -> Result<Vec<Finding>, String>),
    /// Not at all, for this reason.
    Never(&'static str),
}

/// One thing that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, if it has a position.
    pub place: Option<Place>,
    /// What is there. Lower case, no stop, user text in backticks.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Finding {
    /// A finding at a place.
    fn at(place: Place, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding { place: Some(place), message: message.into(), help: help.into() }
    }

    /// A finding about something that is not there.
    fn about(message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding { place: None, message: message.into(), help: help.into() }
    }

    /// One line: `path:line:column: message`.
    pub fn one_line(&self) -> String {
        let place = self.place.as_ref().map(|p| format!("{p}: ")).unwrap_or_default();
        format!("{place}{} ({})", self.message, self.help)
    }
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing breaks it.
    Satisfied,
    /// These do.
    Unsatisfied(Vec<Finding>),
    /// Nobody looked, and why.
    NotLookedAt(String),
}

impl Outcome {
    /// As the record writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Satisfied => "satisfied",
            Outcome::Unsatisfied(_) => "unsatisfied",
            Outcome::NotLookedAt(_) => "not looked at",
        }
    }

    /// One line a finding, or the reason for not looking.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Outcome::Satisfied => vec![],
            Outcome::Unsatisfied(findings) => findings.iter().map(Finding::one_line).collect(),
            Outcome::NotLookedAt(reason) => vec![reason.clone()],
        }
    }
}

/// A rule and what became of it.
#[derive(Debug)]
pub struct Checked {
    /// The rule.
    pub rule: &'static Rule,
    /// What became of it.
    pub outcome: Outcome,
}

/// Every rule, in the order of the table.
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

/// What became of the rung: a broken rule of severity error fails it, and one that could have been looked at but was
/// not leaves it unproved.
pub fn rung(checked: &[Checked]) -> Status {
    let errors = || checked.iter().filter(|c| c.rule.severity == Severity::Error);
    if errors().any(|c| matches!(c.outcome, Outcome::Unsatisfied(_))) {
        return Status::Fail;
    }
    let blind =
        |c: &Checked| matches!(c.outcome, Outcome::NotLookedAt(_)) && matches!(c.rule.check, Check::Look(_));
    if errors().any(blind) { Status::Unver } else { Status::Pass }
}
