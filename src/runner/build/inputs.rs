//! The inputs from which the plan of one app is built. They were gathered before.

use ccci_model::event::DecidedBy;
use ccci_model::name::{CallId, Domain, RecipeName, RunId};
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
    /// Path relative to the recipe directory.
    pub file: String,
    /// Its tests, in the order of the file.
    pub names: Vec<String>,
}

/// What the caller asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The call that makes the run.
    pub call: Option<CallId>,
    /// The tiers that the caller asked for; all if `None`.
    pub tiers: Option<BTreeSet<Tier>>,
    /// Patterns of the recipe's own tests that the caller asked for; all if there is none.
    pub tests: Vec<String>,
    /// Whether to leave the app running.
    pub keep: bool,
    /// Whether a browser may be used.
    pub browser: bool,
    /// The deadline of the whole run.
    pub deadline: Duration,
}

/// Volumes in which the base keeps data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Data {
    /// Whether there is such a volume.
    pub any: bool,
    /// Those that no service of the head mounts, one in a text that can follow "because".
    pub unmounted: Vec<String>,
}

/// All inputs of the plan of one app. They were gathered before.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The run's id.
    pub run_id: RunId,
    /// The recipe.
    pub recipe: RecipeName,
    /// The run's domain.
    pub domain: Domain,
    /// The source, as it was written.
    pub source: String,
    /// The revision under test.
    pub head: Deployment,
    /// The revision installed first, if there is one to upgrade from.
    pub base: Option<Deployment>,
    /// How the base was chosen, or why there is none.
    pub base_reason: String,
    /// Whether it is not known if there is a base, because the source lacks history.
    pub base_unknown: bool,
    /// Path of the health request.
    pub health_path: String,
    /// Accepted status codes.
    pub health_ok: Vec<u16>,
    /// Time limit for the first healthy answer.
    pub health_limit: Duration,
    /// Time limit for convergence.
    pub deploy_limit: Duration,
    /// How often `ready_probe` must return true in a row.
    pub ready_stable: u32,
    /// Whether a service is routed; without one, no HTTP request is made.
    pub routed: bool,
    /// Whether a picture of the app is kept.
    pub screenshot: bool,
    /// Whether there is something to back up, and why or why not.
    pub backup: (bool, String),
    /// Who decided that.
    pub backup_by: DecidedBy,
    /// Names of the hooks that the recipe defines.
    pub hooks: BTreeSet<String>,
    /// Test files, in order.
    pub tests: Vec<TestFile>,
    /// Rungs declared not applicable, each with the reason.
    pub expected_na: BTreeMap<String, String>,
    /// Settings that differ from the default.
    pub settings: Vec<Setting>,
    /// Scripts, each with the directory that it is from.
    pub scripts: BTreeMap<String, String>,
    /// Files that are merged over the recipe's compose files.
    pub overlays: Vec<String>,
    /// Mounted places of both sides that ccci does not touch.
    pub left_alone: Vec<Outside>,
    /// What is not proved because the ingress does not emulate it, or because an overlay or a setting changes what runs.
    pub not_proved: Vec<String>,
    /// What becomes of the base's data at the upgrade.
    pub data: Data,
    /// Warnings from loading.
    pub warnings: Vec<String>,
    /// What the caller asked for.
    pub asked: Asked,
    /// The deps that the app needs, by their places in the list of deps.
    pub needs: Vec<usize>,
}
