//! What the plan of one app is made from; gathered before.

use ccci_model::event::DecidedBy;
use ccci_model::name::{Domain, RecipeName, RunId};
use ccci_model::plan::left_alone::Outside;
use ccci_model::plan::{Deployment, Setting};
use ccci_model::tier::Tier;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A file with tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFile {
    /// Its tier.
    pub tier: Tier,
    /// Path below the recipe directory.
    pub file: String,
    /// Its tests, in the order of the lines.
    pub names: Vec<String>,
}

/// What the caller asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The tiers wanted; all when `None`.
    pub tiers: Option<BTreeSet<Tier>>,
    /// Leave the app running.
    pub keep: bool,
    /// The whole run's deadline.
    pub deadline: Duration,
}

/// Everything the plan is made from; gathered before.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The run.
    pub run_id: RunId,
    /// The recipe.
    pub recipe: RecipeName,
    /// The run's domain.
    pub domain: Domain,
    /// The source, as written.
    pub source: String,
    /// Under test.
    pub head: Deployment,
    /// Installed first, if there is something to upgrade from.
    pub base: Option<Deployment>,
    /// How the base was chosen, or why there is none.
    pub base_reason: String,
    /// Path asked for health.
    pub health_path: String,
    /// Accepted statuses.
    pub health_ok: Vec<u16>,
    /// Bound for the first healthy answer.
    pub health_limit: Duration,
    /// Bound for convergence.
    pub deploy_limit: Duration,
    /// Consecutive yeses of `ready_probe`.
    pub ready_stable: u32,
    /// Whether a service is routed, so that HTTP is asked at all.
    pub routed: bool,
    /// Whether there is something to back up, and why or why not.
    pub backup: (bool, String),
    /// Who decided that.
    pub backup_by: DecidedBy,
    /// Names of the hooks that are defined.
    pub hooks: BTreeSet<String>,
    /// Test files in order.
    pub tests: Vec<TestFile>,
    /// Rungs declared not applicable.
    pub expected_na: BTreeMap<String, String>,
    /// Settings that differ from the default.
    pub settings: Vec<Setting>,
    /// Scripts and whose they are.
    pub scripts: BTreeMap<String, String>,
    /// What ccci lays over the recipe's files.
    pub overlays: Vec<String>,
    /// Places that are mounted and left alone, of both sides.
    pub left_alone: Vec<Outside>,
    /// What is not proved because the ingress does not emulate a middleware, of both sides.
    pub not_emulated: Vec<String>,
    /// Warnings found while loading.
    pub warnings: Vec<String>,
    /// What the caller asked for.
    pub asked: Asked,
    /// The deps that the app needs, by their places among the run's deps.
    pub needs: Vec<usize>,
}
