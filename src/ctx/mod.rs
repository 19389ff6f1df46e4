//! What scripts may see and do: CTX_FNS, one row a function, one file a family. There is no deploy, scale or remove.

pub mod call;
mod data;
mod exec;
mod facts;
mod free;
mod http;
mod marks;
mod net;
mod request;
pub mod state;

use crate::script::signature::CallSig;
pub use marks::Marks;
use rhai::Engine;
pub use state::{Ctx, HookCtx};
use std::sync::Arc;

/// A row of the table of ctx functions.
pub struct CtxFn {
    /// Its shape, for the checker and the reference.
    pub sig: CallSig,
    /// Registers it; rows of one name register once, at the first.
    pub register: fn(&mut Engine, &Arc<HookCtx>),
}

/// All families in the order of the reference.
pub const FAMILIES: &[&[CtxFn]] = &[facts::ROWS, http::ROWS, net::ROWS, exec::ROWS, data::ROWS, free::ROWS];

/// The shapes of all rows: what the script floor needs from above.
pub fn sigs() -> Vec<CallSig> {
    FAMILIES.iter().flat_map(|f| f.iter().map(|r| r.sig)).collect()
}

/// Gives an engine everything scripts may call.
pub fn register(engine: &mut Engine, ctx: &Arc<HookCtx>) {
    engine.register_type_with_name::<Ctx>("Ctx");
    http::register_types(engine);
    exec::register_types(engine);
    net::register_types(engine);
    for row in FAMILIES.iter().flat_map(|f| f.iter()) {
        (row.register)(engine, ctx);
    }
}
