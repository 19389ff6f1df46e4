//! What scripts may read and do: CTX_FNS, one row for each function, one file for each family. Scripts cannot deploy,
//! scale or remove.

pub mod call;
mod data;
mod exec;
mod facts;
mod free;
mod http;
mod marks;
mod net;
pub mod page;
mod request;
pub mod seen;
pub mod state;
mod target;

use ccci_script::functions::{Functions, share};
use ccci_script::signature::CallSig;
pub use marks::Marks;
use rhai::{Dynamic, Engine, Module, Shared};
pub use state::{Ctx, HookCtx};
use std::sync::{Arc, LazyLock};

/// A row of the table of ctx functions.
pub(crate) struct CtxFn {
    /// Its signature, for the checker and the reference.
    pub sig: CallSig,
    /// Registers it. Only the first of several rows with the same name registers the function.
    pub register: fn(&mut Functions),
}

/// All families in the order of the reference.
pub(crate) const FAMILIES: &[&[CtxFn]] =
    &[facts::ROWS, http::ROWS, net::ROWS, exec::ROWS, data::ROWS, free::ROWS, page::ROWS];

/// The signatures of all rows: the script crate gets them from its callers.
pub fn sigs() -> Vec<CallSig> {
    FAMILIES.iter().flat_map(|f| f.iter().map(|r| r.sig)).collect()
}

/// Everything that scripts may call.
static ALL: LazyLock<Shared<Module>> = LazyLock::new(|| {
    Functions::filled(|all| {
        all.register_type_with_name::<Ctx>("Ctx");
        http::register_types(all);
        exec::register_types(all);
        net::register_types(all);
        page::register_types(all);
        for row in FAMILIES.iter().flat_map(|f| f.iter()) {
            (row.register)(all);
        }
    })
});

/// Registers everything that scripts may call in an engine. Functions that are not methods of ctx get it as the
/// engine's tag.
pub fn register(engine: &mut Engine, ctx: &Arc<HookCtx>) {
    share(engine, &ALL);
    engine.set_default_tag(Dynamic::from(Ctx(ctx.clone())));
}
