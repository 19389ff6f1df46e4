//! Compose files from YAML to the resolved file. Parts of an input: `=== env` has lines `A=x`, `=== file
//! NAME` is another file of the recipe, and every other part is a compose file, in order.

use super::{parts, said, text};
use ccci_recipe::compose::{Around, Composed};
use std::collections::BTreeMap;

pub(super) const WORDS: &[&str] = &[
    "services:\n  app:\n    image: x\n",
    "    environment:\n",
    "    - A=1\n",
    "    deploy:\n      labels:\n",
    "<<: *a",
    "&a ",
    "*a",
    "!!str ",
    "!!binary ",
    "${A:-x}",
    "$$",
    "networks:\n  default:\n    external: true\n",
    "    ports:\n",
    "\"80:80/udp\"",
    "8000-8002:80-82",
    "configs:\n",
    "secrets:\n",
    "volumes:\n",
    "    healthcheck:\n      test: x\n",
    "=== compose.b.yml\n",
    "=== env\n",
    "=== file .env\n",
    "null",
    "{}",
    "[]",
    "\"on\"",
    "0x1f",
    "1e3",
    "2020-01-01",
    "? ",
    "- ",
    ": ",
    "|\n",
    ">-\n",
    "---\n",
    "%YAML 1.1\n",
    "\t",
    "env_file: .env\n",
    "version: \"3.8\"\n",
    "1_000",
    "~",
];

pub(super) fn run(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let mut env = BTreeMap::new();
    let mut others = BTreeMap::new();
    let mut files = vec![];
    for (name, content) in parts("compose.yml", &input) {
        match name.strip_prefix("file ") {
            Some(file) => _ = others.insert(file.to_string(), content),
            None if name == "env" => {
                let pairs = content.lines().filter_map(|l| l.split_once('='));
                env.extend(pairs.map(|(k, v)| (k.to_string(), v.to_string())));
            }
            None => files.push(text(name, &content)),
        }
    }
    let read = |name: &str| others.get(name).cloned();
    let build = || Composed::build(&files, &Around { env: &env, read: &read });
    let (composed, found) = build();
    let (again, found_again) = build();
    assert_eq!(said(&found), said(&found_again));
    assert_eq!(composed.as_ref().map(Composed::to_yaml), again.map(|c| c.to_yaml()));
    assert_eq!(composed.is_none(), found.has_errors(), "{:?}", said(&found));
    let Some(composed) = composed else { return };
    said(&composed.deployable());
    resolved_is_the_end(&composed);
}

/// The resolved file needs no env and no other file, has no diagnostics, and resolves to itself.
fn resolved_is_the_end(composed: &Composed) {
    let yaml = composed.to_yaml();
    let nobody = |_: &str| None;
    let around = Around { env: &BTreeMap::new(), read: &nobody };
    let (again, found) = Composed::build(&[text("resolved.yml", &yaml)], &around);
    let Some(again) = again else { panic!("the resolved file is refused: {:#?}\n{yaml}", said(&found)) };
    assert_eq!(again.to_yaml(), yaml);
    assert_eq!(again.images(), composed.images());
    assert_eq!(again.referenced_files(), composed.referenced_files());
    for (a, b) in again.services().iter().zip(composed.services()) {
        assert_eq!((&a.name, &a.labels, &a.environment), (&b.name, &b.labels, &b.environment));
        assert_eq!((&a.healthcheck, &a.deploy, &a.command), (&b.healthcheck, &b.deploy, &b.command));
        assert_eq!((&a.secrets, &a.configs, &a.networks), (&b.secrets, &b.configs, &b.networks));
    }
    assert_eq!(again.services().len(), composed.services().len());
}
