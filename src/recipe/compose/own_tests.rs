//! Tests of names that become the stack's own.

use super::super::edit::tests::composed;
use super::*;
use crate::compose::Object;

#[test]
fn volumes_that_others_may_use_become_the_stacks_own() {
    let mut c = composed(
        "version: \"3.8\"\nservices: {app: {image: a, volumes: [\"old:/a\", \"ext:/b\", \"named:/c\", \"data:/d\", \"mine:/e\"]}}\nvolumes:\n  old: {external: {name: theirs}}\n  ext: {external: true}\n  named: {name: fixed, driver: local}\n  data:\n  mine: {name: s_x}\n",
    );
    assert_eq!(c.own_names("s"), ["volume `theirs`", "volume `ext`", "volume `fixed`"]);
    c.label_everything("run", "r1");
    let seen: Vec<(String, bool)> = c
        .volumes()
        .iter()
        .map(|v| (v.engine_name("s"), v.external || !v.labels.contains_key("run")))
        .collect();
    let own = ["s__theirs", "s__ext", "s__fixed", "s_data", "s_x"].map(|n| (n.to_string(), false));
    assert_eq!(seen, own);
    assert!(!c.to_yaml().contains("external"), "{}", c.to_yaml());
}

/// Names of objects on the engine in the stack `s`.
fn names(objects: Vec<Object>) -> Vec<String> {
    objects.iter().map(|o| o.engine_name("s")).collect()
}

fn with(section: &str) -> Composed {
    composed(&format!("version: \"3.8\"\nservices: {{app: {{image: a}}}}\n{section}"))
}

#[test]
fn networks_secrets_and_configs_with_own_names_become_the_stacks() {
    let mut c = with(
        "networks:\n  back: {name: internal}\n  proxy: {external: true}\nsecrets:\n  key: {name: key_v1, file: k}\nconfigs:\n  conf: {name: conf_v1, file: c}\n  mine: {name: s_conf_v2, file: c}\n",
    );
    assert_eq!(c.own_names("s"), ["network `internal`", "secret `key_v1`", "config `conf_v1`"]);
    assert_eq!(names(c.networks()), ["s__internal", "proxy"]);
    assert_eq!(names(c.secrets()), ["s__key_v1"]);
    assert_eq!(names(c.configs()), ["s__conf_v1", "s_conf_v2"]);
}

#[test]
fn names_stay_unique_and_one_object_has_one_name() {
    let mut c =
        with("volumes:\n  data:\n  theirs: {external: true, name: data}\n  x: {name: a}\n  y: {name: a}\n");
    c.own_names("s");
    assert_eq!(names(c.volumes()), ["s_data", "s__data", "s__a", "s__a"]);
}

/// With another name after the upgrade, the operator's volume would be a new and empty one.
#[test]
fn a_name_added_by_an_upgrade_is_another_object_than_the_key() {
    let one = |section: &str| {
        let mut c = with(section);
        c.own_names("s");
        names(c.volumes())
    };
    assert_ne!(one("volumes:\n  data:\n"), one("volumes:\n  data: {name: data}\n"));
}

#[test]
fn names_that_would_be_too_long_are_shortened_and_stay_different() {
    for (section, most, file) in
        [("networks", 63, ""), ("configs", 64, ", file: c"), ("secrets", 64, ", file: c")]
    {
        let own = |version: &str| {
            let long = format!("{}{version}", "n".repeat(60));
            let mut c = with(&format!("{section}:\n  a: {{name: b{file}}}\n  b: {{name: {long}{file}}}\n"));
            c.own_names("s");
            names(if section == "networks" { c.networks() } else { [c.configs(), c.secrets()].concat() })
        };
        let (old, new) = (own("v1"), own("v2"));
        assert_eq!((old[0].as_str(), new[0].as_str()), ("s__b", "s__b"));
        assert!(old[1] != new[1] && old[1].starts_with("s__nnn"), "{old:?} {new:?}");
        assert_eq!((old[1].len(), new[1].len()), (most, most));
    }
}

#[test]
fn names_stay_unique_if_a_key_looks_like_a_new_name() {
    let mut c = with("volumes:\n  _x:\n  y: {name: x}\n");
    c.own_names("s");
    let names = names(c.volumes());
    assert!(names[0] == "s__x" && names[1].starts_with("s__x_"), "{names:?}");
}

/// The run itself gives an external secret its value. The content of an external network or config is not
/// known.
#[test]
fn of_external_objects_only_secrets_are_renamed() {
    let mut c = with(
        "networks:\n  proxy: {external: true}\nsecrets:\n  tok: {external: true, name: shared}\n  own: {external: true, name: s_own_v1}\nconfigs:\n  conf: {external: true, name: theirs}\n",
    );
    assert_eq!(c.own_names("s"), ["secret `shared`"]);
    let seen: Vec<(bool, String)> = [c.networks(), c.secrets(), c.configs()]
        .concat()
        .iter()
        .map(|o| (o.external, o.engine_name("s")))
        .collect();
    let expected = ["proxy", "s__shared", "s_own_v1", "theirs"].map(|n| (true, n.to_string()));
    assert_eq!(seen, expected);
}

/// With the stack's name in front the deploy would pass here, but fail for every operator.
#[test]
fn an_invalid_name_is_not_changed() {
    let (long, longer) = ("n".repeat(64), "n".repeat(65));
    for (section, more, name) in [
        ("volumes", "", "_x"),
        ("networks", "", "host"),
        ("networks", "", "ingress"),
        ("networks", "", "x_"),
        ("networks", "", long.as_str()),
        ("configs", ", file: c", "_x"),
        ("configs", ", file: c", longer.as_str()),
        ("secrets", ", file: c", "x."),
    ] {
        let mut c = with(&format!("{section}:\n  key: {{name: {name}{more}}}\n"));
        assert!(c.own_names("s").is_empty(), "{section} {name}");
        let all = [c.volumes(), c.networks(), c.configs(), c.secrets()].concat();
        assert_eq!(names(all), [name]);
    }
}
