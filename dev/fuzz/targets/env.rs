//! Env files, their secrets, and the exports of `abra.sh`.

use super::{said, text};
use ccci_recipe::envfile::{EnvFile, abra_exports};
use std::collections::BTreeSet;

pub(super) const WORDS: &[&str] = &[
    "A=$A$A\n",
    "B=${A}",
    "export ",
    "SECRET_A_VERSION=v1",
    " # length=",
    "charset=",
    "generate=",
    "\"",
    "'",
    "\\",
    "$(",
    "\r\n",
    "#",
    "TYPE: x",
    "$",
];

/// How many bytes the values may be longer than the file.
const MOST: usize = 1 << 20;

pub(super) fn run(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let t = text(".env.sample", &input);
    let (file, found) = EnvFile::parse(&t);
    let (again, found_again) = EnvFile::parse(&t);
    assert_eq!(
        (&file.entries, &file.values, &file.commented),
        (&again.entries, &again.values, &again.commented)
    );
    assert_eq!(said(&found), said(&found_again));
    for entry in file.entries.iter().chain(&file.commented) {
        assert_eq!(t.content.get(entry.place.range.clone()), Some(entry.key.as_str()), "{entry:?}");
        assert!(!entry.key.is_empty());
    }
    let keys: BTreeSet<&str> = file.values.iter().map(|(k, _)| k.as_str()).collect();
    assert_eq!(keys.len(), file.values.len(), "a key is there twice");
    for (key, value) in &file.values {
        let last = file.entries.iter().rev().find(|e| e.key == *key).expect("a value has an entry");
        assert_eq!(&last.value, value, "the last line of {key} does not win");
    }
    let all: usize = file.entries.iter().map(|e| e.value.len()).sum();
    assert!(all <= t.content.len() + MOST, "{} bytes became {all}", t.content.len());
    let (secrets, found) = file.secrets();
    said(&found);
    for s in secrets {
        assert!(
            s.length.is_none_or(|l| (1..=4096).contains(&l)) && !s.charset.alphabet().is_empty(),
            "{s:?}"
        );
    }
    let exported: usize = abra_exports(&t).iter().map(|(_, v)| v.len()).sum();
    assert!(exported <= t.content.len() + MOST, "{} bytes became {exported}", t.content.len());
}
