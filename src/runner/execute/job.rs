//! What a run is made of besides its plan: the texts of both sides, the scripts, the findings. Values only.

use crate::gather;
use ccci_model::event::LintedRule;
use ccci_model::plan::{Plan, Side};
use ccci_model::redact::Redactor;
use ccci_model::tier::Status;
use ccci_script::Scripts;
use ccci_swarm::ports::cluster::Owner;
use std::collections::BTreeMap;

/// What the recipe rules found on the head.
#[derive(Debug, Clone)]
pub struct Linted {
    /// What became of the rung.
    pub status: Status,
    /// One row a rule.
    pub rules: Vec<LintedRule>,
}

/// Everything `execute` needs.
pub struct Job {
    /// What to do.
    pub plan: Plan,
    /// The texts, read from git objects.
    pub sides: BTreeMap<Side, gather::side::Side>,
    /// Hooks and tests.
    pub scripts: Scripts,
    /// The settings as scripts see them: key → TOML text.
    pub settings: BTreeMap<String, String>,
    /// Hides secrets; every secret of the run is added to it.
    pub redactor: Redactor,
    /// What the recipe rules found.
    pub linted: Linted,
    /// Whether archives of backups stay after a run in which nothing was wrong with them.
    pub keep_archives: bool,
}

impl Job {
    /// Whose labels everything carries.
    pub fn owner(&self) -> Owner {
        Owner { run: self.plan.run_id.clone(), domain: self.plan.domain.to_string() }
    }
}
