//! The names that scripts may call: Rhai's natives as the engine lists them, and the rows of the caller. Pure
//! look-ups.

use super::signature::{CallSig, Owner, Ty};
use super::{assertion, closures, engine, natives};
use rhai::{Array, Dynamic, FLOAT, FnPtr, FuncInfo, INT, ImmutableString, Map};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A native function of the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Native {
    /// Its parameters, the receiver of a member call first.
    pub params: Vec<Ty>,
    /// Its return type.
    pub ret: Ty,
}

/// Natives that the engine implements itself and does not list: name, smallest and greatest number of
/// arguments, return type.
const KEYWORDS: &[(&str, usize, usize, Ty)] = &[
    ("print", 1, 1, Ty::UNIT),
    ("debug", 1, 1, Ty::UNIT),
    ("type_of", 1, 1, Ty::TEXT),
    ("is_shared", 1, 1, Ty::BOOL),
    ("is_def_var", 1, 1, Ty::BOOL),
    ("is_def_fn", 2, 2, Ty::BOOL),
    ("Fn", 1, 1, Ty::FN),
    ("call", 1, 16, Ty::ANY),
    ("curry", 1, 16, Ty::FN),
    ("fail", 1, 1, Ty::NEVER),
];

/// All natives by name.
pub(super) fn all_natives() -> &'static BTreeMap<String, Vec<Native>> {
    static ALL: OnceLock<BTreeMap<String, Vec<Native>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all: BTreeMap<String, Vec<Native>> = BTreeMap::new();
        let listed = engine::compiler([]).collect_fn_metadata(None, |f| Some(native(&f)), true);
        for (name, native) in listed {
            let forms = all.entry(name).or_default();
            if !forms.contains(&native) {
                forms.push(native);
            }
        }
        let by_name = |n: &Native| matches!(n.params[..], [Ty::ARRAY, Ty::TEXT, ..]);
        for name in closures::BY_NAME {
            all.entry((*name).to_string()).and_modify(|forms| forms.retain(|n| !by_name(n)));
        }
        for row in natives::NATIVES {
            if let (Some(forms), Some(ret)) = (all.get_mut(row.name()), row.ret()) {
                forms.iter_mut().for_each(|f| f.ret = ret);
            }
        }
        for (name, least, most, ret) in KEYWORDS {
            let forms = (*least..=*most).map(|n| Native { params: vec![Ty::ANY; n], ret: *ret });
            all.insert((*name).to_string(), forms.collect());
        }
        all
    })
}

fn native(f: &FuncInfo<'_>) -> (String, Native) {
    let m = f.metadata;
    let mut params: Vec<Ty> = m.param_types.iter().map(|t| ty_of(*t)).collect();
    params.resize(m.num_params, Ty::ANY);
    (m.name.to_string(), Native { params, ret: ret_of(&m.return_type) })
}

fn ty_of(id: TypeId) -> Ty {
    let known = [
        (TypeId::of::<()>(), Ty::UNIT),
        (TypeId::of::<bool>(), Ty::BOOL),
        (TypeId::of::<INT>(), Ty::INT),
        (TypeId::of::<FLOAT>(), Ty::FLOAT),
        (TypeId::of::<ImmutableString>(), Ty::TEXT),
        (TypeId::of::<char>(), Ty::CHAR),
        (TypeId::of::<Array>(), Ty::ARRAY),
        (TypeId::of::<Map>(), Ty::MAP),
        (TypeId::of::<FnPtr>(), Ty::FN),
        (TypeId::of::<Dynamic>(), Ty::ANY),
    ];
    known.iter().find(|k| k.0 == id).map_or(Ty::OTHER, |k| k.1)
}

/// Converts a return type, which Rhai keeps only as text.
fn ret_of(text: &str) -> Ty {
    let inner = ["RhaiResultOf<", "Result<"].iter().find_map(|w| text.strip_prefix(w)).unwrap_or(text);
    let word = inner.split([',', '>']).next().unwrap_or(inner).trim();
    match word.rsplit("::").next().unwrap_or(word) {
        "()" => Ty::UNIT,
        "bool" => Ty::BOOL,
        "INT" | "i64" => Ty::INT,
        "FLOAT" | "f64" => Ty::FLOAT,
        "ImmutableString" | "String" | "&str" | "SmartString" => Ty::TEXT,
        "char" => Ty::CHAR,
        "Array" => Ty::ARRAY,
        "Map" => Ty::MAP,
        _ => Ty::ANY,
    }
}

/// Functions of an owner with this name; properties left out.
pub(super) fn methods<'s>(sigs: &'s [CallSig], owner: Owner, name: &str) -> Vec<&'s CallSig> {
    sigs.iter().filter(|s| s.owner == owner && s.name == name && !s.is_property).collect()
}

/// The built-in that a script's function would hide: one with the same name and number of parameters. A call
/// `ctx.f(a)` finds a script's `f(a)` first, and a call `f(ctx, a)` its `f(ctx, a)`.
pub(super) fn hidden(sigs: &[CallSig], name: &str, arity: usize) -> Option<String> {
    // `assert` is a keyword: a function of this name could never be called
    if name == assertion::KEYWORD {
        return Some("the keyword of the language".to_string());
    }
    let of_name = || sigs.iter().filter(|s| s.name == name && !s.is_property);
    let own = |s: &CallSig| usize::from(s.owner != Owner::Free);
    let row = of_name()
        .find(|s| s.params.len() == arity)
        .or_else(|| of_name().find(|s| s.params.len() + own(s) == arity));
    if let Some(row) = row {
        return Some(row.shown());
    }
    let fits = |n: &Native| n.params.len() == arity || n.params.len() == arity + 1;
    all_natives().get(name).filter(|forms| forms.iter().any(fits)).map(|_| format!("Rhai's own `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, params: &[Ty], ret: Ty) {
        let forms = &all_natives()[name];
        assert!(forms.iter().any(|f| f.params == params && f.ret == ret), "{name}: {forms:?}");
    }

    #[test]
    fn natives_are_listed_with_their_types() {
        check("len", &[Ty::TEXT], Ty::INT);
        check("contains", &[Ty::TEXT, Ty::TEXT], Ty::BOOL);
        check("trim", &[Ty::TEXT], Ty::UNIT);
        check("trimmed", &[Ty::TEXT], Ty::TEXT);
        check("split", &[Ty::TEXT, Ty::TEXT], Ty::ARRAY);
        check("keys", &[Ty::MAP], Ty::ARRAY);
        check("parse_int", &[Ty::TEXT], Ty::INT);
        check("to_json", &[Ty::ANY], Ty::TEXT);
    }

    #[test]
    fn nothing_that_blocks_or_leaves_is_listed() {
        for name in
            ["sleep", "timestamp", "exit", "eval", "blob", "parse_blob", "get_fn_metadata_list", "rand"]
        {
            assert!(!all_natives().contains_key(name), "{name}");
        }
    }
}
