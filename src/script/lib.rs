//! Loads, checks and calls the scripts of a recipe. The functions by which scripts act on an app are passed
//! in by the callers.

pub mod call;
pub mod error;
pub mod functions;
pub mod guard;
pub mod hooks;
pub mod limits;
pub mod load;
pub mod natives;
pub mod outline;
pub mod point;
pub mod raised;
pub mod returns;
pub mod signature;
pub mod stdlib;

mod assertion;
mod closures;
mod comparison;
mod compile;
mod conventions;
mod engine;
mod files;
mod ignored;
mod imports;
mod inspect;
mod known;
mod node;
mod processor;
mod refusal;
mod scan;
mod show;
mod sorting;
mod sources;
mod thread;
mod tree;
mod ty;
mod unmet;

pub use call::FnRef;
pub use error::{ErrorKind, Frame, ScriptError, Unheld};
pub use guard::{Guard, StopReason, Unguarded, exceeded, stopped};
pub use hooks::{HOOKS, Hook, HookRow};
pub use inspect::{NameOf, Spoken};
pub use load::{NamedFn, RecipeTexts, Scripts, TestFn};
pub use point::{Point, Reach};
pub use raised::Raised;
pub use returns::{EnvMap, Nothing, Return};
pub use show::{head, leaving};
pub use signature::{CallSig, Owner, Param, Ty};
pub use unmet::Attempts;
