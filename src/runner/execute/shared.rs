//! What the apps of a run share: facts about the engine, and what deps provide to their consumers.

use ccci_swarm::ports::lease::Lease;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Values that all apps of a run share.
pub struct Shared {
    /// The lease of everything that the run makes.
    pub lease: Lease,
    no_ipvs: AtomicBool,
    /// What a dep provides to a consumer. The key is both their places in the plan.
    provided: Mutex<BTreeMap<(usize, usize), BTreeMap<String, String>>>,
}

impl Shared {
    /// Nothing is known or provided yet.
    pub fn new(lease: Lease) -> Shared {
        Shared { lease, no_ipvs: AtomicBool::default(), provided: Mutex::default() }
    }

    /// Notes whether the engine lacks IPVS.
    pub(crate) fn engine_lacks_ipvs(&self, lacks: bool) {
        self.no_ipvs.store(lacks, Relaxed);
    }

    /// Whether the engine lacks IPVS.
    pub(crate) fn no_ipvs(&self) -> bool {
        self.no_ipvs.load(Relaxed)
    }

    /// Stores what a dep provides to a consumer.
    pub fn provide(&self, dep: usize, consumer: usize, values: BTreeMap<String, String>) {
        let mut all = self.provided.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((dep, consumer), values);
    }

    /// What a dep provides to a consumer; empty if the dep has not provided anything.
    pub(crate) fn provided(&self, dep: usize, consumer: usize) -> BTreeMap<String, String> {
        let all = self.provided.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(dep, consumer)).cloned().unwrap_or_default()
    }
}
