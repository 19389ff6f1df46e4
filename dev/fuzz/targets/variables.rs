//! Variables in the values of a compose file. The first line of an input is the env, `A=x B=y`; the rest is one value.

use super::{said, text};
use ccci_model::diag::{Diagnostics, Place};
use ccci_recipe::compose::interpolate::interpolate;
use ccci_recipe::compose::tree::{Key, Map, Node, Value};
use std::collections::BTreeMap;

pub(super) const WORDS: &[&str] = &[
    "$",
    "$$",
    "${A}",
    "${A:-b}",
    "${A-b}",
    "${A:?no}",
    "${A?no}",
    "$A",
    "${A:-${B}}",
    "}",
    "${",
    "A=$A ",
    "$A:-x",
];

pub(super) fn run(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let (env, value) = input.split_once('\n').unwrap_or(("", &input));
    let env: BTreeMap<String, String> =
        env.split(' ').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
    let (filled, found) = fill(value, &env);
    assert_eq!((&filled, &found), (&fill(value, &env).0, &fill(value, &env).1));
    if !value.contains('$') {
        assert_eq!((filled.as_str(), found.len()), (value, 0));
    }
    let longest = env.values().map(String::len).max().unwrap_or(0);
    assert!(filled.len() <= value.len() * (longest + 1), "{} bytes became {}", value.len(), filled.len());
    // a value with its dollar signs doubled, as it is written out, must not be filled in again
    let (again, found) = fill(&filled.replace('$', "$$"), &BTreeMap::new());
    assert_eq!((again, found.len()), (filled, 0));
}

fn fill(value: &str, env: &BTreeMap<String, String>) -> (String, Vec<String>) {
    let t = text("compose.yml", value);
    let place = Place::new(&t, 0..value.len());
    let node = Node { value: Value::Str(value.into()), place: place.clone() };
    let root = Map(vec![(Key { name: "x".into(), place }, node)]);
    let mut diagnostics = Diagnostics::default();
    let out = interpolate(root, env, &mut diagnostics);
    (out.text("x").expect("a text stays a text").to_string(), said(&diagnostics))
}
