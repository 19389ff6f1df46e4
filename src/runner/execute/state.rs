//! What earlier steps leave for later ones: the plan's slots, filled forward.

use crate::ctx::Marks;
use crate::slots::{self, Slot};
use ccci_model::failure::Failure;
use ccci_model::plan::{Action, Side};
use ccci_model::secret::Secret;
use ccci_recipe::compose::Composed;
use ccci_swarm::backup::Snapshot;
use ccci_swarm::converge::History;
use ccci_swarm::observed::Observed;
use ccci_swarm::ports::locks::Held;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// One side, resolved.
#[derive(Clone)]
pub struct Resolved {
    /// The composed files with the run's own overlay on top.
    pub composed: Composed,
    /// As it is handed to the engine.
    pub yaml: String,
    /// Files it refers to.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Resolved {
    /// Secrets that the engine must have before the deploy: key in the file, full name.
    pub(crate) fn external_secrets(&self, stack: &str) -> Vec<(String, String)> {
        let all = self.composed.secrets();
        all.iter().filter(|s| s.external).map(|s| (s.key.clone(), s.engine_name(stack))).collect()
    }
}

/// The slots.
#[derive(Default)]
pub struct State {
    /// The app env of each side.
    pub env: BTreeMap<Side, BTreeMap<String, String>>,
    /// The resolved file of each side.
    pub resolved: BTreeMap<Side, Resolved>,
    /// Sides whose secrets have values.
    pub secrets_ready: BTreeSet<Side>,
    /// Secret values by their name in the compose file; hooks share them.
    pub secrets: Arc<Mutex<BTreeMap<String, Secret>>>,
    /// Full names of secrets that are on the engine.
    pub secrets_put: BTreeSet<String>,
    /// Sides whose images are on the engine.
    pub pulled: BTreeSet<Side>,
    /// Sides whose external networks are there.
    pub networks_ready: BTreeSet<Side>,
    /// What is deployed now.
    pub current: Option<Side>,
    /// Whether tasks run that scripts can work with.
    pub usable: bool,
    /// Whether what was deployed last reached what was asked; if not, what runs is something else.
    pub converged: bool,
    /// What the waits since the last deploy have seen of its tasks: an end that nobody asked for is not forgotten.
    pub history: History,
    /// Failures of the waits for what was deployed last.
    pub told: Vec<Failure>,
    /// Whether health gave up on the app since it was last deployed.
    pub deaf: bool,
    /// The stack before the upgrade.
    pub before_upgrade: Option<Observed>,
    /// The last backup.
    pub snapshot: Option<Snapshot>,
    /// What hooks left for later hooks and tests.
    pub marks: Marks,
    /// What the last operation did, for `ctx.facts`.
    pub facts: BTreeMap<String, serde_json::Value>,
    /// The first step that later ones stand on and that a failure of infra or of ccci kept from being done.
    pub shaken: Option<String>,
    /// Whether the engine was asked to make anything of this run.
    pub made: bool,
    /// Locks of what other runs may use as well, by domain.
    pub shared: BTreeMap<String, Box<dyn Held>>,
}

impl State {
    /// Why a step cannot be done, if something it needs is not there.
    pub fn unmet(&self, action: &Action) -> Option<String> {
        let missing = slots::reads(action).into_iter().find(|slot| !self.has(*slot))?;
        Some(format!("{} is missing, see the failures before", missing.what()))
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
