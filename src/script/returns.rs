//! Return types of hooks: conversion from Rhai's values, with the noun for messages. Pure.

use super::show;
use super::ty::Ty;
use rhai::Dynamic;
use std::collections::BTreeMap;

/// A return type of hooks.
pub trait Return: Sized + Send + 'static {
    /// Its name in messages and in the reference, with its article.
    const NOUN: &'static str;
    /// Its type in the checker.
    const TY: Ty;

    /// Converts the value that a script returned. The error describes that value.
    fn take(value: Dynamic) -> Result<Self, String>;
}

/// Any value. For hooks that are called only for their effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nothing;

/// Env variables and their values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvMap(pub BTreeMap<String, String>);

/// Texts by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextMap(pub BTreeMap<String, String>);

impl Return for Nothing {
    const NOUN: &'static str = "nothing";
    const TY: Ty = Ty::ANY;

    fn take(_: Dynamic) -> Result<Nothing, String> {
        Ok(Nothing)
    }
}

impl Return for bool {
    const NOUN: &'static str = "a bool";
    const TY: Ty = Ty::BOOL;

    fn take(value: Dynamic) -> Result<bool, String> {
        value.as_bool().map_err(|_| show::with_noun(&value))
    }
}

impl Return for EnvMap {
    const NOUN: &'static str = "a map of text to text";
    const TY: Ty = Ty::MAP;

    fn take(value: Dynamic) -> Result<EnvMap, String> {
        let env = texts(&value)?;
        match env.keys().find(|name| !is_env_name(name)) {
            Some(name) => Err(format!("the name `{name}`, which is not a valid name of an env variable")),
            None => Ok(EnvMap(env)),
        }
    }
}

impl Return for TextMap {
    const NOUN: &'static str = "a map of text to text";
    const TY: Ty = Ty::MAP;

    fn take(value: Dynamic) -> Result<TextMap, String> {
        texts(&value).map(TextMap)
    }
}

fn texts(value: &Dynamic) -> Result<BTreeMap<String, String>, String> {
    let map = value.as_map_ref().map_err(|_| show::with_noun(value))?;
    let mut out = BTreeMap::new();
    for (name, value) in map.iter() {
        match value.clone().into_immutable_string() {
            Ok(text) if text.contains('\0') => {
                return Err(format!("a text with a NUL character for `{name}`"));
            }
            Ok(text) => out.insert(name.to_string(), text.to_string()),
            Err(_) => return Err(format!("{} for `{name}`", show::with_noun(value))),
        };
    }
    Ok(out)
}

fn is_env_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::Map;

    fn map(pairs: &[(&str, Dynamic)]) -> Dynamic {
        let map: Map = pairs.iter().map(|(k, v)| ((*k).into(), v.clone())).collect();
        map.into()
    }

    #[test]
    fn an_env_map_holds_text_only() {
        let good = EnvMap::take(map(&[("A", "x".into()), ("B_1", "".into())])).unwrap();
        assert_eq!(good.0.get("A").map(String::as_str), Some("x"));
        assert_eq!(EnvMap::take(map(&[("PORT", 80_i64.into())])).unwrap_err(), "80 (int) for `PORT`");
        assert_eq!(EnvMap::take(Dynamic::UNIT).unwrap_err(), "()");
        assert!(EnvMap::take(map(&[("a b", "x".into())])).is_err());
        assert!(EnvMap::take(map(&[("A", "x\0y".into())])).is_err());
    }

    #[test]
    fn the_text_true_is_not_a_bool() {
        assert_eq!(bool::take(true.into()), Ok(true));
        assert_eq!(bool::take("yes".into()).unwrap_err(), "\"yes\" (text)");
    }

    #[test]
    fn the_result_of_a_hook_without_return_type_is_ignored() {
        assert_eq!(Nothing::take(5_i64.into()), Ok(Nothing));
    }
}
