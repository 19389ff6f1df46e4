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

use ccci_script::functions::{Functions, share};
use ccci_script::signature::CallSig;
pub use marks::Marks;
use rhai::{Dynamic, Engine, Module, Shared};
pub use state::{Ctx, HookCtx};
use std::sync::{Arc, LazyLock};

/// A row of the table of ctx functions.
pub(crate) struct CtxFn {
    /// Its shape, for the checker and the reference.
    pub sig: CallSig,
    /// Registers it; rows of one name register once, at the first.
    pub register: fn(&mut Functions),
}

/// All families in the order of the reference.
pub(crate) const FAMILIES: &[&[CtxFn]] =
    &[facts::ROWS, http::ROWS, net::ROWS, exec::ROWS, data::ROWS, free::ROWS];

/// The shapes of all rows: what the script crate needs from its callers.
pub fn sigs() -> Vec<CallSig> {
    FAMILIES.iter().flat_map(|f| f.iter().map(|r| r.sig)).collect()
}

/// Everything scripts may call.
static ALL: LazyLock<Shared<Module>> = LazyLock::new(|| {
    Functions::filled(|all| {
        all.register_type_with_name::<Ctx>("Ctx");
        http::register_types(all);
        exec::register_types(all);
        net::register_types(all);
        for row in FAMILIES.iter().flat_map(|f| f.iter()) {
            (row.register)(all);
        }
    })
});

/// Gives an engine everything scripts may call. Those functions that are not called on a ctx find it as the engine's tag.
pub fn register(engine: &mut Engine, ctx: &Arc<HookCtx>) {
    share(engine, &ALL);
    engine.set_default_tag(Dynamic::from(Ctx(ctx.clone())));
}
