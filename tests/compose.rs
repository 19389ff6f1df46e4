//! The corpus of compose files: each folder's files and env give exactly its resolved file and its diagnostics, and its
//! stamp says that docker's own loader was asked about exactly these bytes (`oracle/check.sh`).
use ccci::diag::{Text, render};
use ccci::recipe::compose::{Around, Composed};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CORPUS: &str = "tests/fixtures/compose";
const RENEW: &str = "renew it with: make oracle";

fn cases() -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = fs::read_dir(CORPUS).unwrap().flatten().map(|e| e.path()).collect();
    out.sort();
    out
}

fn env_of(case: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(case.join("env.txt")).unwrap_or_default();
    let pairs = text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once('='));
    pairs.map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

/// The resolved file, if there is one, and the diagnostics, a line each.
fn compose(case: &Path) -> (Option<String>, String) {
    let env = env_of(case);
    let names = env.get("COMPOSE_FILE").map_or("compose.yml", String::as_str);
    let files: Vec<Arc<Text>> = names
        .split(':')
        .map(|n| Arc::new(Text { path: n.into(), content: fs::read_to_string(case.join(n)).unwrap() }))
        .collect();
    let read = |name: &str| fs::read_to_string(case.join(name)).ok();
    let (composed, diagnostics) = Composed::build(&files, &Around { env: &env, read: &read });
    let mut lines = String::new();
    for d in diagnostics.sorted() {
        lines.push_str(&render::one_line(&d));
        lines.push('\n');
        if let Some(help) = &d.help {
            lines.push_str(&format!("  {help}\n"));
        }
    }
    (composed.map(|c| c.to_yaml()), lines)
}

fn check(case: &Path, file: &str, got: Option<&str>) {
    let path = case.join(file);
    if std::env::var_os("CCCI_RENEW").is_some() {
        match got {
            Some(text) => fs::write(&path, text).unwrap(),
            None => drop(fs::remove_file(&path)),
        }
        return;
    }
    let wanted = fs::read_to_string(&path).ok();
    assert_eq!(got, wanted.as_deref(), "{} is not what it was; {RENEW}", path.display());
}

#[test]
fn the_corpus_resolves_to_its_files_and_diagnostics() {
    for case in cases() {
        let (resolved, diagnostics) = compose(&case);
        check(&case, "resolved.yml", resolved.as_deref());
        check(&case, "diagnostics.txt", Some(diagnostics.as_str()).filter(|d| !d.is_empty()));
    }
}

#[test]
fn dockers_own_loader_was_asked_about_exactly_these_files() {
    for case in cases() {
        let mut names: Vec<PathBuf> = fs::read_dir(&case).unwrap().flatten().map(|e| e.path()).collect();
        names.sort();
        let sum = |bytes: &[u8]| {
            let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
            digest.as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>()
        };
        let mut listing = String::new();
        for path in names.iter().filter(|p| !p.ends_with("stamp")) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            listing.push_str(&format!("{}  {name}\n", sum(&fs::read(path).unwrap())));
        }
        let stamp = fs::read_to_string(case.join("stamp")).unwrap_or_default();
        assert_eq!(stamp.trim(), sum(listing.as_bytes()), "{} is not proved; {RENEW}", case.display());
        assert!(case.join("golden.json").exists() != case.join("refusal.txt").exists(), "{}", case.display());
    }
}

#[test]
fn a_resolved_file_resolves_to_itself() {
    for case in cases() {
        let Ok(content) = fs::read_to_string(case.join("resolved.yml")) else { continue };
        let text = Arc::new(Text { path: "resolved.yml".into(), content });
        let around = Around { env: &BTreeMap::new(), read: &|_| None };
        let (again, diagnostics) = Composed::build(std::slice::from_ref(&text), &around);
        assert!(!diagnostics.has_errors(), "{}: {:?}", case.display(), diagnostics.0);
        assert_eq!(again.unwrap().to_yaml(), text.content, "{}", case.display());
    }
}
