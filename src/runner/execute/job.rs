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

/// What one app is made of.
#[derive(Clone)]
pub struct AppTexts {
    /// The texts, read from git objects.
    pub sides: BTreeMap<Side, gather::side::Side>,
    /// Hooks and tests.
    pub scripts: Scripts,
    /// The settings as scripts see them: key → TOML text.
    pub settings: BTreeMap<String, String>,
}

/// Everything `execute` needs.
#[derive(Clone)]
pub struct Job {
    /// What to do.
    pub plan: Plan,
    /// What each app of the plan is made of, in its order.
    pub apps: Vec<AppTexts>,
    /// Hides secrets; every secret of the run is added to it.
    pub redactor: Redactor,
    /// What the recipe rules found.
    pub linted: Linted,
    /// Whether archives of backups stay after a run in which nothing was wrong with them.
    pub keep_archives: bool,
}

impl Job {
    /// Whose labels everything of an app carries.
    pub fn owner(&self, app: usize) -> Owner {
        Owner { run: self.plan.run_id.clone(), domain: self.plan.apps[app].domain.to_string() }
    }
}
