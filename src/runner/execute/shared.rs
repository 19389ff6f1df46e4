//! What the apps of a run share: facts of the engine, and what deps provide to those that need them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// The same for all apps.
#[derive(Default)]
pub struct Shared {
    no_ipvs: AtomicBool,
    /// What a dep provides to a consumer, by both their places.
    provided: Mutex<BTreeMap<(usize, usize), BTreeMap<String, String>>>,
}

impl Shared {
    /// Notes whether the engine lacks IPVS.
    pub(crate) fn engine_lacks_ipvs(&self, lacks: bool) {
        self.no_ipvs.store(lacks, Relaxed);
    }

    /// Whether the engine lacks IPVS.
    pub(crate) fn no_ipvs(&self) -> bool {
        self.no_ipvs.load(Relaxed)
    }

    /// Fills the slot of a dep's consumer.
    pub fn provide(&self, dep: usize, consumer: usize, values: BTreeMap<String, String>) {
        let mut all = self.provided.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((dep, consumer), values);
    }

    /// What a dep provides to a consumer; nothing if it did not come so far.
    pub(crate) fn provided(&self, dep: usize, consumer: usize) -> BTreeMap<String, String> {
        let all = self.provided.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(dep, consumer)).cloned().unwrap_or_default()
    }
}
