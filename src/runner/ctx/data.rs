//! Ctx functions for secrets, marks and log messages.

use super::CtxFn;
use super::exec::stranger;
use super::state::{Ctx, Native, looked_at, raised};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::secret::Secret;
use ccci_script::exceeded;
use ccci_script::functions::Functions;
use ccci_script::limits::MARKS;
use ccci_script::point::Reach;
use ccci_script::raised::Raised;
use ccci_script::signature::{CallSig, Owner, Param, Ty};
use rhai::{Dynamic, ImmutableString};

const NAME: Param = Param::of("name", Ty::TEXT);
const TEXT: Param = Param::of("text", Ty::TEXT);
const VALUE: Param = Param::of("value", Ty::ANY);

const fn row(
    name: &'static str,
    params: &'static [Param],
    ret: Ty,
    reach: Reach,
    doc: &'static str,
    example: &'static str,
    register: fn(&mut Functions),
) -> CtxFn {
    CtxFn {
        sig: CallSig { owner: Owner::Ctx, name, params, ret, doc, example, reach, is_property: false },
        register,
    }
}

pub(super) const ROWS: &[CtxFn] = &[
    row(
        "secret",
        &[NAME],
        Ty::TEXT,
        Reach::Secrets,
        "The value of a secret, by its name in the compose file. It is hidden in everything ccci writes.",
        "assert(ctx.secret(\"db_password\").len() >= 6);",
        |e| {
            e.register_fn("secret", |c: &mut Ctx, name: &str| secret(c, name));
        },
    ),
    row(
        "set_secret",
        &[NAME, Param::of("value", Ty::TEXT)],
        Ty::UNIT,
        Reach::BeforeDeploy,
        "Sets a secret of the compose file before the first deploy, instead of the generated value. A value under six letters or an ordinary word (`password`) is not hidden in the record, and a warning says so.",
        "ctx.set_secret(\"db_password\", \"correct horse battery\");",
        |e| {
            e.register_fn("set_secret", |c: &mut Ctx, name: &str, value: &str| set_secret(c, name, value));
        },
    ),
    row(
        "remember",
        &[NAME, VALUE],
        Ty::UNIT,
        Reach::Always,
        "Leaves a value for later hooks and tests: text, numbers, bools, lists and maps of them.",
        "ctx.remember(\"id\", 5);\nassert(ctx.recall(\"id\") == 5);",
        |e| {
            e.register_fn("remember", |c: &mut Ctx, name: &str, value: Dynamic| remember(c, name, &value));
        },
    ),
    row(
        "recall",
        &[NAME],
        Ty::ANY,
        Reach::Always,
        "What an earlier hook left under a name; raises if nothing was left.",
        "ctx.remember(\"id\", \"x\");\nassert(ctx.recall(\"id\") == \"x\");",
        |e| {
            e.register_fn("recall", |c: &mut Ctx, name: &str| recall(c, name));
        },
    ),
    row(
        "expect_restart",
        &[Param::of("service", Ty::TEXT)],
        Ty::UNIT,
        Reach::App,
        "Says that tasks of a service may end in this tier, because this hook or test restarts them. Otherwise an end that nobody asked for is a failure.",
        "ctx.expect_restart(\"app\");",
        |e| {
            e.register_fn("expect_restart", |c: &mut Ctx, service: &str| expect_restart(c, service));
        },
    ),
    row(
        "log",
        &[TEXT],
        Ty::UNIT,
        Reach::Always,
        "Writes a message to the record and the live view.",
        "ctx.log(\"planting a page\");",
        |e| {
            e.register_fn("log", |c: &mut Ctx, text: &str| -> Native<()> {
                c.0.count()?;
                c.0.say(text);
                Ok(())
            });
        },
    ),
];

fn secret(c: &Ctx, name: &str) -> Native<ImmutableString> {
    c.0.call(
        "secret",
        vec![name.to_string()],
        |_| "•••".into(),
        |_| {
            c.0.needs("secret", Reach::Secrets)?;
            let secrets = c.0.secrets.lock().map_err(|_| raised("the secrets cannot be read"))?;
            match secrets.get(name) {
                Some(s) => Ok(s.open().into()),
                None => Err(unknown("secret", name, secrets.keys())),
            }
        },
    )
}

fn expect_restart(c: &Ctx, service: &str) -> Native<()> {
    c.0.call(
        "expect_restart",
        vec![looked_at(service)],
        |()| String::new(),
        |limit| {
            c.0.needs("expect_restart", Reach::App)?;
            match stranger(&c.0, service, limit) {
                Some(raised) => Err(raised),
                None => {
                    c.0.marks.expect_restart(service);
                    Ok(())
                }
            }
        },
    )
}

fn set_secret(c: &Ctx, name: &str, value: &str) -> Native<()> {
    c.0.call(
        "set_secret",
        vec![name.to_string(), "•••".into()],
        |()| String::new(),
        |_| {
            c.0.needs("set_secret", Reach::BeforeDeploy)?;
            let mut secrets = c.0.secrets.lock().map_err(|_| raised("the secrets cannot be written"))?;
            if !secrets.contains_key(name) {
                return Err(unknown("secret", name, secrets.keys()));
            }
            let value = Secret::new(value);
            if let Some(warning) = c.0.redactor.add(name, &value).warning(name) {
                c.0.say(&warning);
            }
            secrets.insert(name.to_string(), value);
            Ok(())
        },
    )
}

fn remember(c: &Ctx, name: &str, value: &Dynamic) -> Native<()> {
    let mut fits = true;
    c.0.call(
        "remember",
        vec![name.to_string(), looked_at(&value.to_string())],
        |()| String::new(),
        |_| {
            if !is_plain(value) {
                return Err(raised(format!(
                    "`{name}` cannot be remembered: only text, numbers, bools, lists and maps of them"
                )));
            }
            let json: serde_json::Value =
                rhai::serde::from_dynamic(value).map_err(|e| raised(e.to_string()))?;
            fits = c.0.marks.leave(name, &json);
            Ok(())
        },
    )?;
    if fits { Ok(()) } else { Err(exceeded(MARKS)) }
}

/// Whether a value keeps its type when it is converted to JSON and back.
fn is_plain(value: &Dynamic) -> bool {
    if let Ok(list) = value.as_array_ref() {
        return list.iter().all(is_plain);
    }
    if let Ok(map) = value.as_map_ref() {
        return map.values().all(is_plain);
    }
    value.is_unit() || value.is_bool() || value.is_int() || value.is_float() || value.is_string()
}

fn recall(c: &Ctx, name: &str) -> Native<Dynamic> {
    c.0.call(
        "recall",
        vec![name.to_string()],
        |v: &Dynamic| looked_at(&v.to_string()),
        |_| {
            let json = c.0.marks.find(name).map_err(|there| unknown("mark", name, there.iter()))?;
            rhai::serde::to_dynamic(json).map_err(|e| raised(e.to_string()))
        },
    )
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a String> + Clone) -> Raised {
    let all: Vec<&str> = known.map(String::as_str).collect();
    let hint = did_you_mean(name, all.iter().copied()).map(|h| format!("; {h}")).unwrap_or_default();
    let there =
        if all.is_empty() { "there are none".to_string() } else { format!("there are {}", all.join(", ")) };
    raised(format!("no {what} is called `{name}`: {there}{hint}"))
}
