//! The application layer: what the commands do, as functions of values. Nothing here prints or reads the environment.
//! The command line and every other caller pass a [`session::Config`] and get values and events back.

pub mod baseline;
pub mod campaign;
pub mod changed;
pub mod check;
pub mod clean;
pub mod doctor;
pub mod engine;
pub mod fix;
mod lint_rung;
mod linting;
pub mod new;
pub mod open;
pub(crate) mod pool;
pub mod prepare;
pub mod prune;
pub mod records;
mod request;
pub mod run;
pub mod scaffold;
pub mod serve;
pub mod session;
pub mod site;
pub mod tests;

pub use prepare::{Prepared, Refused};
pub use request::Request;
pub use session::{Config, Session};
