//! What a run needs besides its plan: the texts of both sides, the scripts, the findings of the linter. Values only.

use crate::gather;
use ccci_model::event::LintedRule;
use ccci_model::plan::{Plan, Side};
use ccci_model::redact::Redactor;
use ccci_model::tier::Status;
use ccci_script::Scripts;
use std::collections::BTreeMap;

/// What the recipe rules found on the head.
#[derive(Debug, Clone)]
pub struct Linted {
    /// The status of the rung.
    pub status: Status,
    /// One row for each rule.
    pub rules: Vec<LintedRule>,
}

/// The texts, scripts and settings of one app.
#[derive(Clone)]
pub struct AppTexts {
    /// The texts of each side, read from git objects.
    pub sides: BTreeMap<Side, gather::side::Side>,
    /// The name of its main service.
    pub app: String,
    /// Its hooks and tests.
    pub scripts: Scripts,
    /// Services whose tasks may end by themselves, and why.
    pub may_end: BTreeMap<String, String>,
    /// The settings as scripts see them: key → TOML text.
    pub settings: BTreeMap<String, String>,
}

/// Everything `execute` needs.
#[derive(Clone)]
pub struct Job {
    /// What to do.
    pub plan: Plan,
    /// The texts, scripts and settings of each app, in the order of the plan.
    pub apps: Vec<AppTexts>,
    /// Hides secrets. Every secret of the run is added to it.
    pub redactor: Redactor,
    /// What the recipe rules found.
    pub linted: Linted,
    /// Whether archives of backups are kept even if nothing was wrong with them.
    pub keep_archives: bool,
}
