//! Nothing is public without need. The compiler finds what is unused within a crate and what is public where nobody
//! can reach it; a public function that no other crate uses is found here.

use crate::tidy::rust_files;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

/// All crates: the members below `src`, the test suite, and the tools.
fn crates() -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for root in ["src", "tests", "dev"] {
        for path in rust_files(Path::new(root)) {
            let mut parts = path.iter().map(|p| p.to_string_lossy());
            let name = parts.find(|p| p != "src" && p != "dev").unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect();
            out.entry(name.into_owned()).or_default().push(code.join("\n"));
        }
    }
    out
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty())
}

/// Names of the public functions, constants and statics that a file declares. Types are left out: one may be named
/// by nobody and still be part of a public function.
fn public(text: &str) -> Vec<&str> {
    let declared = |line: &str| {
        // what a macro declares has its name in another place
        let line = Some(line).filter(|l| !l.contains('$'))?;
        let mut rest = words(line.strip_prefix("pub ")?);
        let kind = rest.by_ref().find(|w| !["const", "async", "unsafe"].contains(w));
        match kind? {
            "fn" | "static" => rest.next().map(str::to_string),
            name if line.contains("const ") && !line.contains("fn ") => Some(name.to_string()),
            _ => None,
        }
    };
    let names: Vec<String> = text.lines().filter_map(|l| declared(l.trim_start())).collect();
    words(text).filter(|w| names.iter().any(|n| n == w)).collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn every_public_function_and_constant_is_used_by_another_crate() {
    let crates = crates();
    assert!(crates.len() > 10, "{:?}", crates.keys());
    let used: BTreeMap<&str, HashSet<&str>> = crates
        .iter()
        .map(|(name, files)| (name.as_str(), files.iter().flat_map(|f| words(f)).collect()))
        .collect();
    let mut unused = vec![];
    // the program is the crate that others are for, and its library is what the tests use
    for (name, files) in crates.iter().filter(|(name, _)| !["ccci", "heap"].contains(&name.as_str())) {
        let elsewhere = |word: &str| used.iter().any(|(other, all)| other != name && all.contains(word));
        let names = files.iter().flat_map(|f| public(f));
        unused.extend(names.filter(|n| !elsewhere(n)).map(|n| format!("{name}: {n}")));
    }
    assert!(
        unused.is_empty(),
        "public, and used by no other crate; make it `pub(crate)`:\n{}",
        unused.join("\n")
    );
}

#[test]
fn public_names_are_read_from_declarations() {
    let text = "pub fn a() {}\n    pub const fn b(&self) {}\npub const C: u8 = 1;\npub struct D;\npub(crate) fn e() {}";
    assert_eq!(public(text), ["C", "a", "b"]);
}
