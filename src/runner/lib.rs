//! Executes one run, from the recipe's name to the finished record: gathers, plans, executes, removes and records.

pub mod build;
pub mod ctx;
pub mod execute;
pub mod gather;
pub mod record;
mod slots;
