//! A run from its recipe's name to its record: gathered, planned, executed, removed, kept.

pub mod build;
pub mod ctx;
pub mod execute;
pub mod gather;
pub mod record;
mod slots;
