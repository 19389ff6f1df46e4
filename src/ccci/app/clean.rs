//! Removes what dead runs left, and apps that were kept.

use super::run::NoWorld;
use super::session::Session;
use ccci_adapters::locks::FileLocks;
use ccci_adapters::scratch;
use ccci_runner::execute::undo::{self, Collected, Removal, Scope};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::lease::Standing;
use ccci_swarm::ports::{ClusterError, World};
use ccci_swarm::wait;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Pause before the second look: what a killed run had just asked of the engine may appear a moment later.
const SETTLES: Duration = Duration::from_millis(300);
/// Timeout for removing everything of all dead runs.
const LIMIT: Duration = Duration::from_secs(300);

/// The result of cleaning.
pub struct Cleaned {
    /// How many temporary directories and unfinished clones were removed.
    pub directories: usize,
    /// By domain: what was removed, and what could not be removed because something holds it.
    pub removed: BTreeMap<String, Removal>,
    /// Domains that were not touched, because their lock is held.
    pub locked: BTreeSet<String>,
    /// Domains of runs whose locks are elsewhere, and until which second since 1970 such a run can be alive.
    pub elsewhere: BTreeMap<String, u64>,
}

/// Why nothing could be cleaned. Its text fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum NotCleaned {
    /// The world could not be made.
    #[error(transparent)]
    World(#[from] NoWorld),
    /// The engine failed; `Stopped` if the session was stopped.
    #[error(transparent)]
    Engine(#[from] ClusterError),
}

impl Session {
    /// Removes the leftovers. Never touches runs that hold their lock, or anything that ccci did not make, and what a run
    /// with locks elsewhere made only if its domain is `elsewhere`. `waiting` is told what is waited for.
    pub fn clean(
        &self,
        elsewhere: Option<&str>,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Cleaned, NotCleaned> {
        let places = [self.config.temporary.clone(), self.config.sources()];
        ccci_adapters::browser::collect(&self.config.temporary);
        let directories: usize = places.iter().map(|place| scratch::collect(place)).sum();
        let (_own, world) = self.scratch_world()?;
        let world = world.traced();
        let limit = Limit { deadline: world.clock.now().after(LIMIT), stop: self.stop.clone() };
        let scope = elsewhere.map_or(Scope::Kept, Scope::Elsewhere);
        let collected = collected(&world, scope, &limit, waiting)?;
        let left = world.cluster.leftovers(None, &limit)?.into_iter().map(|l| l.domain);
        FileLocks::new(self.config.locks.clone()).tidy();
        let until = |(domain, standing)| match standing {
            Standing::Elsewhere(until) => Some((domain, until)),
            Standing::ByLock | Standing::KeptElsewhere => None,
        };
        let elsewhere: BTreeMap<String, u64> = collected.elsewhere.into_iter().filter_map(until).collect();
        let removed = collected.removed;
        let locked = left.filter(|d| !removed.contains_key(d) && !elsewhere.contains_key(d)).collect();
        Ok(Cleaned { directories, removed, locked, elsewhere })
    }
}

/// Collects leftovers twice, the second time after a pause.
fn collected(
    world: &World,
    scope: Scope<'_>,
    limit: &Limit,
    waiting: &mut dyn FnMut(&str),
) -> Result<Collected, ClusterError> {
    let mut first = undo::collect(world, "", scope, limit, waiting)?;
    let _ = wait::rest(&*world.clock, limit, SETTLES);
    let second = undo::collect(world, "", scope, limit, waiting)?;
    first.removed.extend(second.removed);
    Ok(Collected { removed: first.removed, elsewhere: second.elsewhere })
}
