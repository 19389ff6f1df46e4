//! Removes what dead runs left, and apps that were kept.

use super::run::NoWorld;
use super::session::Session;
use ccci_adapters::locks::FileLocks;
use ccci_adapters::scratch;
use ccci_runner::execute::undo::{self, Kept, Removal};
use ccci_swarm::ports::clock::Limit;
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
    /// Removes the leftovers. Never touches runs that hold their lock, or anything that ccci did not make. `waiting`
    /// is told what is waited for.
    pub fn clean(&self, waiting: &mut dyn FnMut(&str)) -> Result<Cleaned, NotCleaned> {
        let places = [self.config.temporary.clone(), self.config.sources()];
        ccci_adapters::browser::collect(&self.config.temporary);
        let directories: usize = places.iter().map(|place| scratch::collect(place)).sum();
        let (_own, world) = self.scratch_world()?;
        let world = world.traced();
        let limit = Limit { deadline: world.clock.now().after(LIMIT), stop: self.stop.clone() };
        let (removed, locked) = collected(&world, &limit, waiting)?;
        FileLocks::new(self.config.locks.clone()).tidy();
        Ok(Cleaned { directories, removed, locked })
    }
}

/// What was removed, and the domains that were left alone.
type Collected = (BTreeMap<String, Removal>, BTreeSet<String>);

/// Collects leftovers twice, the second time after a pause.
fn collected(world: &World, limit: &Limit, waiting: &mut dyn FnMut(&str)) -> Result<Collected, ClusterError> {
    let mut all = undo::collect(world, "", Kept::Go, limit, waiting)?;
    let _ = wait::rest(&*world.clock, limit, SETTLES);
    all.extend(undo::collect(world, "", Kept::Go, limit, waiting)?);
    let left = world.cluster.leftovers(None, limit)?;
    let locked = left.into_iter().map(|l| l.domain).filter(|d| !all.contains_key(d)).collect();
    Ok((all, locked))
}
