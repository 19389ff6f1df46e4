//! What earlier steps leave for later ones: the plan's slots, filled forward.

use crate::ctx::Marks;
use ccci_model::plan::{Action, Side};
use ccci_model::secret::Secret;
use ccci_recipe::compose::Composed;
use ccci_swarm::backup::Snapshot;
use ccci_swarm::converge::History;
use ccci_swarm::observed::Seen;
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
    pub fn external_secrets(&self, stack: &str) -> Vec<(String, String)> {
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
    /// How many times the app was deployed, by side.
    pub deploys: Vec<Side>,
    /// Whether health gave up on the app since it was last deployed.
    pub deaf: bool,
    /// The stack before the upgrade.
    pub before_upgrade: Option<Seen>,
    /// The last backup.
    pub snapshot: Option<Snapshot>,
    /// What hooks left for later hooks and tests.
    pub marks: Marks,
    /// What the last operation did, for `ctx.facts`.
    pub facts: BTreeMap<String, serde_json::Value>,
    /// The first step that later ones stand on and that trouble of the world or ours kept from being done.
    pub shaken: Option<String>,
    /// Whether the engine was asked to make anything of this run.
    pub made: bool,
    /// Locks of what other runs may use as well, by domain.
    pub shared: BTreeMap<String, Box<dyn Held>>,
}

impl State {
    /// Why a step cannot be done, if something it needs is not there.
    pub fn unmet(&self, action: &Action) -> Option<String> {
        let no = |what: &str| Some(format!("{what} is missing, see the failures before"));
        match action {
            Action::Resolve { side } if !self.env.contains_key(side) => no("the env"),
            Action::Secrets { side } | Action::Networks { side } | Action::Pull { side }
                if !self.resolved.contains_key(side) =>
            {
                no("the resolved file")
            }
            // no network is made for a deploy that cannot come
            Action::Networks { side } if !self.pulled.contains(side) => no("an image"),
            Action::Deploy { side } if !self.resolved.contains_key(side) => no("the resolved file"),
            Action::Deploy { side } if !self.secrets_ready.contains(side) => no("a secret"),
            Action::Deploy { side } if !self.pulled.contains(side) => no("an image"),
            Action::Deploy { side } if !self.networks_ready.contains(side) => no("a network"),
            Action::Converge { side } if self.current != Some(*side) => no("the deploy"),
            // an earlier wait for the same deploy gave up and told why
            Action::Converge { .. } if !self.history.culprits.is_empty() => no("a running app"),
            Action::Prune | Action::AssertUpgraded if self.current != Some(Side::Head) => {
                no("the head's deploy")
            }
            Action::AssertUpgraded if self.before_upgrade.is_none() => no("the base's deploy"),
            Action::Hook { hook } if hook == "install_steps" => None,
            Action::Restore | Action::AssertArtifact if self.snapshot.is_none() => no("a backup"),
            Action::Ready { .. } if self.deaf => no("an accepted answer"),
            Action::Health { .. }
            | Action::Ready { .. }
            | Action::Hook { .. }
            | Action::AssertServing { .. }
            | Action::Tests { .. }
            | Action::Settle
            | Action::Backup { .. }
            | Action::Restore
                if !self.usable =>
            {
                no("a running app")
            }
            _ => None,
        }
    }
}
