//! The values of a run: names, versions, tiers, secrets, time, failures and their causes, diagnostics, plans,
//! events and outcomes. No I/O, no engine, no scripts.

pub mod diag;
pub mod digest;
pub mod event;
#[cfg(test)]
mod example;
pub mod exit;
pub mod failure;
pub mod glob;
pub mod name;
pub mod plan;
pub mod redact;
pub mod secret;
pub mod texts;
pub mod tier;
pub mod time;
pub mod verdict;
