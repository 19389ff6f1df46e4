//! Runs the fuzz targets on the kept corpus and on some hundred changes of it, the same ones every time.
//! `dev/fuzz/run.sh` goes on with libFuzzer; what it finds is added to the corpus as a file.

#[path = "../dev/fuzz/targets/mod.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
pub(crate) use targets::mutation::{Chance, changed};
use targets::{TARGETS, target};

const CORPUS: &str = "dev/fuzz/corpus";
/// How many changed inputs are tried for all files of the corpus together. `CCCI_FUZZ_CHANGES` sets another number.
const CHANGES: usize = 16;
/// Longest time for one input, also in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(30);

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let dir = Path::new(CORPUS).join(name);
    let entries = fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    paths.into_iter().map(|p| (p.clone(), fs::read(p).unwrap())).collect()
}

fn check(name: &str) {
    let target = target(name).unwrap_or_else(|| panic!("no target `{name}`"));
    let kept = corpus(name);
    assert!(!kept.is_empty(), "{CORPUS}/{name} is empty");
    let changes = std::env::var("CCCI_FUZZ_CHANGES").map_or(CHANGES, |n| n.parse().unwrap());
    let others: Vec<Vec<u8>> = kept.iter().map(|(_, input)| input.clone()).collect();
    let mut chance = Chance(name.len() as u64);
    let changed = (0..changes).map(|i| {
        let (path, input) = &kept[i % kept.len()];
        (path.clone(), changed(input, target.words, &others, &mut chance))
    });
    let inputs: Vec<(PathBuf, Vec<u8>)> = kept.iter().cloned().chain(changed).collect();
    let (begin, begun) = mpsc::channel();
    let (run, all) = (target.run, inputs.clone());
    let work = thread::spawn(move || {
        for (n, (_, input)) in all.iter().enumerate() {
            let _ = begin.send(n);
            run(input);
        }
    });
    let mut last = 0;
    let end = loop {
        match begun.recv_timeout(LONGEST) {
            Ok(n) => last = n,
            Err(RecvTimeoutError::Timeout) => break Some("takes too long for"),
            Err(RecvTimeoutError::Disconnected) => break work.join().is_err().then_some("does not hold for"),
        }
    };
    if let Some(end) = end {
        let (path, input) = &inputs[last];
        let found = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
        fs::write(&found, input).unwrap();
        let shown = String::from_utf8_lossy(input);
        panic!(
            "target `{name}` {end} `{}`, made from {}; once it is put right, keep it in {CORPUS}/{name}\n{shown}",
            found.display(),
            path.display()
        );
    }
}

macro_rules! targets_hold {
    ($($test:ident $name:literal;)*) => {
        $(#[test] fn $test() { check($name); })*
        const TESTED: &[&str] = &[$($name),*];
    };
}

targets_hold! {
    env_files_hold "env";
    versions_hold "versions";
    variables_of_compose_files_hold "variables";
    compose_files_hold "compose";
    settings_hold "settings";
    scripts_hold "scripts";
    records_hold "record";
    redaction_holds "redaction";
    routing_rules_hold "routing";
}

#[test]
fn every_target_is_tested_has_a_corpus_and_says_what_it_reads() {
    assert_eq!(TARGETS.iter().map(|t| t.name).collect::<Vec<_>>(), TESTED);
    let folders: BTreeSet<String> = fs::read_dir(CORPUS)
        .unwrap()
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(folders, TESTED.iter().map(|t| (*t).to_string()).collect());
    for t in TARGETS {
        assert!(
            t.doc.starts_with(|c: char| c.is_uppercase() || c == 'r') && t.doc.ends_with('.'),
            "{}",
            t.name
        );
    }
}

#[test]
fn the_same_seed_makes_the_same_change() {
    let once = |seed| changed(b"abc", &["word"], &[b"other".to_vec()], &mut Chance(seed));
    assert!((0..100).all(|seed| once(seed) == once(seed)));
    assert!((0..100).map(once).collect::<BTreeSet<_>>().len() > 50);
}

#[test]
fn the_lock_of_the_fuzz_targets_knows_every_package_that_ccci_needs() {
    let read = |path: &str| toml::from_str::<toml::Table>(&fs::read_to_string(path).unwrap()).unwrap();
    let needed: BTreeSet<String> =
        read("Cargo.toml")["dependencies"].as_table().unwrap().keys().cloned().collect();
    let lock = read("dev/fuzz/Cargo.lock");
    let packages = lock["package"].as_array().unwrap();
    let ccci = packages.iter().find(|p| p["name"].as_str() == Some("ccci")).unwrap();
    let known = ccci["dependencies"].as_array().unwrap().iter().filter_map(|d| d.as_str());
    // if there are several versions of a package, the lock file adds the version to the name
    let known: BTreeSet<String> = known.map(|d| d.split(' ').next().unwrap().to_string()).collect();
    let missing: Vec<&String> = needed.difference(&known).collect();
    assert!(missing.is_empty(), "cargo metadata --manifest-path dev/fuzz/Cargo.toml adds {missing:?}");
}
