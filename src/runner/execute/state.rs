//! What earlier steps leave for later ones: the slots of the plan.

use crate::ctx::Marks;
use crate::slots::{self, Slot};
use ccci_model::failure::Failure;
use ccci_model::name::ServiceName;
use ccci_model::plan::{Action, Side};
use ccci_model::secret::Secret;
use ccci_model::tier::Tier;
use ccci_recipe::compose::Composed;
use ccci_swarm::backup::Snapshot;
use ccci_swarm::converge::History;
use ccci_swarm::observed::Observed;
use ccci_swarm::ports::locks::Held;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One side, resolved to a single compose file.
#[derive(Clone)]
pub struct Resolved {
    /// The composed files with the run's overlay.
    pub composed: Composed,
    /// The text that the engine gets.
    pub yaml: String,
    /// The files that it refers to.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Resolved {
    /// Secrets that the engine must have before the deploy: the key in the file, and the full name.
    pub(crate) fn external_secrets(&self, stack: &str) -> Vec<(String, String)> {
        let all = self.composed.secrets();
        all.iter().filter(|s| s.external).map(|s| (s.key.clone(), s.engine_name(stack))).collect()
    }
}

/// The slots of one app.
#[derive(Default)]
pub struct State {
    /// The app env of each side.
    pub env: BTreeMap<Side, BTreeMap<String, String>>,
    /// The resolved file of each side.
    pub resolved: BTreeMap<Side, Resolved>,
    /// Sides whose secrets have values.
    pub secrets_ready: BTreeSet<Side>,
    /// Secret values by their name in the compose file. Hooks share them.
    pub secrets: Arc<Mutex<BTreeMap<String, Secret>>>,
    /// Full names of secrets that are on the engine.
    pub secrets_put: BTreeSet<String>,
    /// Sides whose images are on the engine.
    pub pulled: BTreeSet<Side>,
    /// Ids of pulled images, by name.
    pub image_ids: BTreeMap<String, String>,
    /// Sides whose external networks exist.
    pub networks_ready: BTreeSet<Side>,
    /// What is deployed now.
    pub current: Option<Side>,
    /// Whether tasks are running that scripts can use.
    pub usable: bool,
    /// Whether the last deploy converged; if not, something else is running.
    pub converged: bool,
    /// What the waits since the last deploy have observed of its tasks. A task that ended unexpectedly is not
    /// forgotten.
    pub history: History,
    /// Services of the last deploy whose unexpected end is recorded.
    pub ended: BTreeSet<ServiceName>,
    /// Whether a restore is in progress or the stack has not converged again after it.
    pub restoring: bool,
    /// Failures of the waits for the last deploy.
    pub told: Vec<Failure>,
    /// What was already reported as not proved.
    pub not_proved: Vec<String>,
    /// Whether a wait for health has given up in this run.
    pub gave_up: bool,
    /// Whether the health check gave up on the app since the last deploy.
    pub deaf: bool,
    /// Whether an assertion that the app serves has failed.
    pub unserved: bool,
    /// The step and the tier in which the app was last asserted to serve.
    pub answered_in: Option<(usize, Tier)>,
    /// The stack before the upgrade.
    pub before_upgrade: Option<Observed>,
    /// The last backup.
    pub snapshot: Option<Snapshot>,
    /// What hooks left for later hooks and tests.
    pub marks: Marks,
    /// What the last operation did, for `ctx.facts`.
    pub facts: BTreeMap<String, serde_json::Value>,
    /// How long the engine had given no answer when the app was last observed as asked for, of [`Cluster::silence`].
    ///
    /// [`Cluster::silence`]: ccci_swarm::ports::Cluster::silence
    pub recovered_from: Duration,
    /// Of how much of that it was told.
    pub silence_told: Duration,
    /// The title of the first step that later ones depend on and that was not done because of a failure of infra or
    /// ccci.
    pub shaken: Option<String>,
    /// Whether the engine was asked to make anything for this run.
    pub made: bool,
    /// Locks of things that other runs may use as well, by domain.
    pub shared: BTreeMap<String, Box<dyn Held>>,
}

impl State {
    /// Why a step cannot be done. `None` if everything that it needs is there.
    pub fn unmet(&self, action: &Action) -> Option<String> {
        let missing = slots::reads(action).into_iter().find(|slot| !self.has(*slot))?;
        Some(format!("{} is missing; see the earlier failures", missing.what()))
    }

    /// Why a step would say nothing new, though it could be done.
    pub(crate) fn moot(&self, action: &Action) -> Option<String> {
        // what has failed before is told, and the tier at the end is not to blame for it
        let last = matches!(action, Action::AssertServing { last: true, .. });
        let down = !self.converged || self.deaf || self.unserved;
        (last && down).then(|| "not asked: what was deployed last was not up before".into())
    }

    /// Whether an earlier step has filled a slot.
    fn has(&self, slot: Slot) -> bool {
        match slot {
            Slot::Env(side) => self.env.contains_key(&side),
            Slot::File(side) => self.resolved.contains_key(&side),
            Slot::Secrets(side) => self.secrets_ready.contains(&side),
            Slot::Images(side) => self.pulled.contains(&side),
            Slot::Networks(side) => self.networks_ready.contains(&side),
            Slot::Deployed(side) => self.current == Some(side),
            Slot::Hope => self.history.culprits.is_empty(),
            Slot::Usable => self.usable,
            Slot::Answer => !self.deaf,
            Slot::Before => self.before_upgrade.is_some(),
            Slot::Snapshot => self.snapshot.is_some(),
        }
    }
}
