//! What a run was asked for, if that is less than the whole lifecycle. Pure.

use super::{Action, Plan};
use crate::event::{DecidedBy, Skip};
use crate::tier::{TIERS, Tier};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A test of a recipe, by the names that it has in every record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestName {
    /// Its tier.
    pub tier: Tier,
    /// Its file, relative to the recipe directory.
    pub file: String,
    /// The function.
    pub name: String,
}

/// Why a test is not run that the caller did not ask for; stands after "because" or alone.
pub const NOT_ASKED: &str = "not among the tests asked for";

/// What remains of the lifecycle in a run that was asked for less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    /// The tiers of the run.
    pub tiers: Vec<Tier>,
    /// Of the recipe's own tests, how many were asked for, and how many there are in these tiers; none if all were.
    pub tests: Option<(usize, usize)>,
}

/// `partial: install, custom`, or `partial: install, custom; tests 1 of 3`.
impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.tiers.iter().map(|t| t.name()).collect();
        write!(f, "partial: {}", names.join(", "))?;
        match self.tests {
            Some((asked, all)) => write!(f, "; tests {asked} of {all}"),
            None => Ok(()),
        }
    }
}

impl Plan {
    /// What the run consists of, if its caller asked for less than the whole lifecycle.
    pub fn partial(&self) -> Option<Partial> {
        let of_tier = |skip: &&Skip| TIERS.iter().any(|row| row.name == skip.what);
        let app = self.subject();
        let fewer_tiers = app.skips.iter().filter(of_tier).any(|skip| skip.decided_by == DecidedBy::Caller);
        let fewer_tests = !app.unasked.is_empty();
        let asked = || -> usize {
            let own = self.steps.iter().filter(|s| s.app == self.subject_at());
            own.map(|s| if let Action::Tests { names, .. } = &s.action { names.len() } else { 0 }).sum()
        };
        (fewer_tiers || fewer_tests).then(|| Partial {
            tiers: app.tiers.clone(),
            tests: fewer_tests.then(|| (asked(), asked() + app.unasked.len())),
        })
    }
}
