//! Facts: what a script may read about the run. They are properties of `ctx` and need no call to the outside.

use super::state::Ctx;
use super::{CtxFn, HookCtx};
use ccci_script::functions::Functions;
use ccci_script::point::Reach;
use ccci_script::signature::{CallSig, Owner, Ty};
use rhai::{Dynamic, Map};
use std::collections::BTreeMap;

macro_rules! fact {
    ($name:literal, $ty:expr, $get:expr, $doc:literal, $example:literal) => {
        CtxFn {
            sig: CallSig {
                owner: Owner::Ctx,
                name: $name,
                params: &[],
                ret: $ty,
                doc: $doc,
                example: $example,
                reach: Reach::Always,
                is_property: true,
            },
            register: |e: &mut Functions| {
                let get: fn(&HookCtx) -> Dynamic = $get;
                e.register_get($name, move |c: &mut Ctx| get(&c.0));
            },
        }
    };
}

pub(super) const ROWS: &[CtxFn] = &[
    fact!(
        "recipe",
        Ty::TEXT,
        |c| c.facts.recipe.clone().into(),
        "The recipe's name.",
        "assert(ctx.recipe == \"example\");"
    ),
    fact!(
        "domain",
        Ty::TEXT,
        |c| c.facts.domain.clone().into(),
        "The run's domain.",
        "assert(ctx.domain.ends_with(\".ccci.test\"));"
    ),
    fact!(
        "base_url",
        Ty::TEXT,
        |c| format!("https://{}", c.facts.domain).into(),
        "The app's address: `https://` and the domain.",
        "assert(ctx.base_url == \"https://\" + ctx.domain);"
    ),
    fact!(
        "stack",
        Ty::TEXT,
        |c| c.stack.to_string().into(),
        "The stack's name: the domain with dots as underscores.",
        "assert(!ctx.stack.contains(\".\"));"
    ),
    fact!(
        "op",
        Ty::TEXT,
        |c| c.facts.op.clone().into(),
        "The current operation: `install`, `upgrade`, `backup`, `restore` or `custom`.",
        "assert(ctx.op == \"custom\");"
    ),
    fact!(
        "version",
        Ty::TEXT,
        |c| c.facts.version.clone().into(),
        "Version of what is deployed, or about to be; empty if it has none.",
        "assert(ctx.version.contains(\"+\"));"
    ),
    fact!(
        "base_version",
        Ty::TEXT,
        |c| c.facts.base_version.clone().into(),
        "Version that was installed first; empty if there is nothing to upgrade from.",
        "assert(ctx.base_version != ctx.version);"
    ),
    fact!(
        "env",
        Ty::MAP,
        |c| texts(&c.facts.env),
        "The app's env, by name.",
        "assert(ctx.env.DOMAIN == ctx.domain);"
    ),
    fact!(
        "settings",
        Ty::MAP,
        |c| texts(&c.facts.settings),
        "The settings, each as the text of its TOML value, by key.",
        "assert(ctx.settings[\"ready.stable\"] == \"1\");"
    ),
    fact!(
        "deps",
        Ty::MAP,
        |c| {
            let map: Map = c.facts.deps.iter().map(|(k, v)| (k.into(), texts(v))).collect();
            map.into()
        },
        "The apps that this one needs, by recipe: `domain`, `base_url` and what their hook `provide` returned.",
        "assert(ctx.deps.len() == 0);"
    ),
    fact!(
        "run_id",
        Ty::TEXT,
        |c| c.facts.run_id.clone().into(),
        "The run's id.",
        "assert(ctx.run_id != \"\");"
    ),
    fact!(
        "facts",
        Ty::MAP,
        |c| {
            let map: Map = c
                .facts
                .last
                .iter()
                .map(|(k, v)| (k.into(), rhai::serde::to_dynamic(v).unwrap_or_default()))
                .collect();
            map.into()
        },
        "What the last operation did: `commit_before`, `commit_after`, `images`, `snapshot`.",
        "assert(ctx.facts.commit_after.len() == 40);"
    ),
];

fn texts(map: &BTreeMap<String, String>) -> Dynamic {
    let map: Map = map.iter().map(|(k, v)| (k.into(), v.clone().into())).collect();
    map.into()
}
