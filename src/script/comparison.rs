//! Comparing, searching and printing lists and maps. Rhai's own versions call the engine for every element,
//! and each call copies the engine's whole state with the list in it: a list of the greatest allowed length
//! took seconds in one step. The versions here go through the elements themselves and call the engine only
//! for values that they cannot compare.

use super::closures::begin;
use super::functions::Functions;
use rhai::{Array, Dynamic, EvalAltResult, INT, ImmutableString, Map, NativeCallContext};
use std::fmt::Write;

type Raised = Box<EvalAltResult>;

/// Registers all natives of this file.
pub(super) fn register(natives: &mut Functions) {
    natives.register_pure_fn("==", |cx: NativeCallContext<'_>, a: &mut Array, b: Array| lists(&cx, a, &b));
    natives.register_pure_fn("!=", |cx: NativeCallContext<'_>, a: &mut Array, b: Array| {
        lists(&cx, a, &b).map(|same| !same)
    });
    natives.register_pure_fn("==", |cx: NativeCallContext<'_>, a: &mut Map, b: Map| maps(&cx, a, &b));
    natives.register_pure_fn("!=", |cx: NativeCallContext<'_>, a: &mut Map, b: Map| {
        maps(&cx, a, &b).map(|same| !same)
    });
    natives.register_pure_fn("contains", |cx: NativeCallContext<'_>, a: &mut Array, value: Dynamic| {
        found(&cx, a, &value, 0).map(|at| at >= 0)
    });
    natives.register_pure_fn("index_of", |cx: NativeCallContext<'_>, a: &mut Array, value: Dynamic| {
        found(&cx, a, &value, 0)
    });
    natives.register_pure_fn(
        "index_of",
        |cx: NativeCallContext<'_>, a: &mut Array, value: Dynamic, from: INT| {
            found(&cx, a, &value, begin(from, a.len()))
        },
    );
    // Rhai takes a text as the name of a function to call
    natives
        .register_pure_fn("index_of", |cx: NativeCallContext<'_>, a: &mut Array, value: ImmutableString| {
            found(&cx, a, &value.into(), 0)
        });
    natives.register_pure_fn(
        "index_of",
        |cx: NativeCallContext<'_>, a: &mut Array, value: ImmutableString, from: INT| {
            found(&cx, a, &value.into(), begin(from, a.len()))
        },
    );
    natives.register_fn("dedup", |cx: NativeCallContext<'_>, a: &mut Array| {
        // values that cannot be compared count as different
        a.dedup_by(|value, last| equal(&cx, last, value).unwrap_or(false));
    });
    for name in ["print", "debug", "to_string", "to_debug"] {
        natives.register_pure_fn(name, |cx: NativeCallContext<'_>, a: &mut Array| {
            written(&cx, &|out| list(&cx, a, out))
        });
        natives.register_pure_fn(name, |cx: NativeCallContext<'_>, m: &mut Map| {
            written(&cx, &|out| map(&cx, m, out))
        });
    }
}

fn found(cx: &NativeCallContext<'_>, list: &Array, value: &Dynamic, from: usize) -> Result<INT, Raised> {
    for (at, item) in list.iter().enumerate().skip(from) {
        if equal(cx, item, value)? {
            return Ok(at as INT);
        }
    }
    Ok(-1)
}

fn lists(cx: &NativeCallContext<'_>, a: &Array, b: &Array) -> Result<bool, Raised> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b) {
        if !equal(cx, a, b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn maps(cx: &NativeCallContext<'_>, a: &Map, b: &Map) -> Result<bool, Raised> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, a) in a {
        match b.get(key) {
            Some(b) if equal(cx, a, b)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether `==` holds between two values. Values of one type without an `==` are an error, as in Rhai.
fn equal(cx: &NativeCallContext<'_>, a: &Dynamic, b: &Dynamic) -> Result<bool, Raised> {
    if let (Ok(a), Ok(b)) = (a.as_array_ref(), b.as_array_ref()) {
        return lists(cx, &a, &b);
    }
    if let (Ok(a), Ok(b)) = (a.as_map_ref(), b.as_map_ref()) {
        return maps(cx, &a, &b);
    }
    if let (Ok(a), Ok(b)) = (a.as_immutable_string_ref(), b.as_immutable_string_ref()) {
        return Ok(*a == *b);
    }
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return Ok(a == b);
    }
    let plain = |v: &Dynamic| {
        v.is_unit() || v.is_bool() || v.is_int() || v.is_float() || v.is_char() || v.is_string()
    };
    if !(plain(a) && plain(b)) && a.type_id() != b.type_id() {
        return Ok(false);
    }
    cx.engine().eval_binary_op("==", a.clone(), b.clone())
}

fn written(
    cx: &NativeCallContext<'_>,
    write: &dyn Fn(&mut String) -> Result<(), Raised>,
) -> Result<ImmutableString, Raised> {
    let mut out = String::new();
    write(&mut out)?;
    fits(cx, &out)?;
    Ok(out.into())
}

fn fits(cx: &NativeCallContext<'_>, out: &str) -> Result<(), Raised> {
    if out.len() > cx.engine().max_string_size() {
        return Err(EvalAltResult::ErrorDataTooLarge("Length of string".into(), cx.call_position()).into());
    }
    Ok(())
}

fn list(cx: &NativeCallContext<'_>, list: &Array, out: &mut String) -> Result<(), Raised> {
    out.push('[');
    for (i, value) in list.iter().enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        shown(cx, value, out)?;
    }
    out.push(']');
    fits(cx, out)
}

fn map(cx: &NativeCallContext<'_>, map: &Map, out: &mut String) -> Result<(), Raised> {
    out.push_str("#{");
    for (i, (key, value)) in map.iter().enumerate() {
        let _ = write!(out, "{}{key:?}: ", if i > 0 { ", " } else { "" });
        shown(cx, value, out)?;
    }
    out.push('}');
    fits(cx, out)
}

/// Prints a value that is inside of another one.
fn shown(cx: &NativeCallContext<'_>, value: &Dynamic, out: &mut String) -> Result<(), Raised> {
    if let Ok(inner) = value.as_array_ref() {
        return list(cx, &inner, out);
    }
    if let Ok(inner) = value.as_map_ref() {
        return map(cx, &inner, out);
    }
    if value.is_fnptr() {
        out.push_str("<function>");
    } else {
        out.push_str(cx.engine().map_type_name(&format!("{value:?}")));
    }
    fits(cx, out)
}
