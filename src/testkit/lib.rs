//! Support for tests: a world in memory, wrappers around a cluster, and example plans.

pub mod example;
pub mod kept;
pub mod layers;
pub mod memory;
