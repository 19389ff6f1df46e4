//! Tests of `${…}`. The corpus in `tests/fixtures/compose` checks the same forms against docker's own loader.

use super::*;
use crate::compose::yaml;
use ccci_model::diag::Text;
use proptest::prelude::*;
use std::sync::Arc;

fn env() -> BTreeMap<String, String> {
    [("SET", "s"), ("EMPTY", ""), ("N", "3"), ("B", "on")].map(|(k, v)| (k.to_string(), v.to_string())).into()
}

fn run(content: &str) -> (Map, Diagnostics) {
    let mut d = Diagnostics::default();
    let text = Arc::new(Text { path: "c.yml".into(), content: content.into() });
    let Some(Value::Map(map)) = yaml::parse(&text, &mut d).map(|n| n.value) else { panic!("{:?}", d.0) };
    (interpolate(map, &env(), &mut d), d)
}

fn check(written: &str, expected: &str, codes: &[&str]) {
    let (map, d) = run(&format!("a: '{written}'\n"));
    assert_eq!(map.text("a"), Some(expected), "{written}");
    let got: Vec<&str> = d.0.iter().map(|d| d.code.id).collect();
    assert_eq!(got, codes, "{written}: {:?}", d.0);
}

#[test]
fn every_form_gives_the_value_of_dockers_loader() {
    check("$SET ${SET} $$SET", "s s $SET", &[]);
    check("${UNSET:-d} ${EMPTY:-d} ${SET:-d}", "d d s", &[]);
    check("${UNSET-d} ${EMPTY-d} ${SET-d}", "d  s", &[]);
    check("${SET:?m} ${EMPTY?m}", "s ", &[]);
    check("${UNSET:-}", "", &[]);
    check("[$UNSET]", "[]", &["unset-variable"]);
    check("${UNSET:-a:b?c-d}", "a:b?c-d", &[]);
}

#[test]
fn a_text_full_of_dollars_is_read_in_a_moment_and_its_last_one_decides() {
    for unit in ["$ ", "${ ", "${UNSET} ", "${UNSET:?m} ", "${UNSET:-"] {
        let full = unit.repeat(4_000);
        let (_, d) = run(&format!("a: '{full}'\n"));
        assert!(d.0.len() <= MOST_NOTES, "{unit}: {}", d.0.len());
        let (map, d) = run(&format!("a: '{full}}}${{SET}}'\n"));
        assert!(map.text("a").unwrap().ends_with('s') && !d.has_errors(), "{unit}");
        let (_, d) = run(&format!("a: '{full}}}${{UNSET:?m}}'\n"));
        assert!(d.has_errors(), "{unit}");
    }
}

#[test]
fn missing_and_malformed_variables_are_errors() {
    check("${UNSET:?must be}", "", &["missing-variable"]);
    check("${EMPTY:?}", "", &["missing-variable"]);
    check("${SET:+x}", "{SET:+x}", &["bad-interpolation"]);
    check("a $ b", "a  b", &["bad-interpolation"]);
    check("${1}", "{1}", &["bad-interpolation"]);
    check("${ SET }", "{ SET }", &["bad-interpolation"]);
}

#[test]
fn oddities_of_docker_are_reported() {
    check("${UNSET:-${SET}}", "${SET}", &["compose-oddity"]);
    check("$UNSET-x/y", "x/y", &["compose-oddity"]);
    check("${UNSET:?must-have}", "have", &["compose-oddity"]);
    check("${UNSET?} ${SET}", " s", &["compose-oddity"]);
    check("$ ${SET}", " s", &["compose-oddity"]);
}

#[test]
fn the_position_is_that_of_the_variable_itself() {
    let (_, d) = run("a: x\nb:\n  - \"${SET} ${UNSET:?why} ${SET:+y}\"\n");
    let at: Vec<String> = d.0.iter().map(|d| d.place.as_ref().unwrap().to_string()).collect();
    assert_eq!(at, ["c.yml:3:13", "c.yml:3:27"]);
    assert_eq!(d.0[0].message, "`UNSET` must have a value: why, but docker's loader ignores the error");
}

#[test]
fn casts_apply_to_variables_only() {
    let (map, d) = run(
        "services:\n  a:\n    deploy: {replicas: \"${N}\"}\n    tty: $B\n    privileged: \"on\"\n    image: $N\n  a.b:\n    tty: $B\n",
    );
    assert!(d.0.is_empty());
    let a = map.map("services").unwrap().map("a").unwrap();
    assert_eq!((a.map("deploy").unwrap().int("replicas"), a.bool("tty")), (Some(3), Some(true)));
    assert_eq!((a.text("privileged"), a.text("image")), (Some("on"), Some("3")));
    assert_eq!(map.map("services").unwrap().map("a.b").unwrap().text("tty"), Some("on"));
    let (_, d) = run("services:\n  a:\n    deploy: {replicas: \"${SET}\"}\n");
    assert_eq!(d.0[0].message, "with its variables the value is `s`, but it must be a whole number");
}

#[test]
fn keys_are_unchanged_and_an_unset_variable_is_reported_once() {
    let (map, d) = run("${SET}: $UNSET\nb: $UNSET\n");
    assert!(map.has("${SET}"));
    assert_eq!(d.0.len(), 1);
}

proptest! {
    #[test]
    fn no_text_causes_a_panic(text in "\\PC*|[$A-Za-z{}:?+ é-]{0,40}") {
        let s = substitute(&text, &env());
        prop_assert!(s.notes.iter().all(|n| !n.text.is_empty()));
    }
}
