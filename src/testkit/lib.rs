//! What tests are made of: a world in memory, and an example of a plan.

pub mod example;
pub mod layers;
pub mod memory;
