//! The corpus of compose files. The files and env of each folder give exactly its resolved file and its diagnostics.
//! Its stamp proves that docker's own loader was asked about exactly these bytes (`dev/oracle/check.sh`). Every
//! version of the recipes in `dev/lab/recipes` is a case too: its folder names it in `from.txt`.

use ccci_model::diag::{Text, render};
use ccci_recipe::compose::{Around, Composed};
use ccci_recipe::envfile::{EnvFile, abra_exports};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CORPUS: &str = "tests/fixtures/compose";
const RENEW: &str = "renew it with: make oracle";

fn renewing() -> bool {
    std::env::var_os("CCCI_BLESS").is_some()
}

fn inside(dir: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = fs::read_dir(dir).unwrap().flatten().map(|e| e.path()).collect();
    out.sort();
    out
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The folder with the case's compose files: its own, or the recipe's.
fn origin(case: &Path) -> PathBuf {
    fs::read_to_string(case.join("from.txt")).map_or_else(|_| case.to_path_buf(), |from| from.trim().into())
}

fn text(dir: &Path, name: &str) -> Option<Arc<Text>> {
    let content = fs::read_to_string(dir.join(name)).ok()?;
    Some(Arc::new(Text { path: name.into(), content }))
}

/// The env of a recipe as a deploy would make it: the sample, overridden by the exports, and the stack's name.
fn env_of_recipe(dir: &Path) -> String {
    let sample = text(dir, ".env.sample").map(|t| EnvFile::parse(&t).0.map()).unwrap_or_default();
    let mut env = BTreeMap::from([("STACK_NAME".to_string(), "stack".to_string())]);
    env.extend(sample);
    env.extend(text(dir, "abra.sh").map(|t| abra_exports(&t)).unwrap_or_default());
    env.iter().map(|(k, v)| format!("{k}={v}\n")).collect()
}

fn env_of(case: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(case.join("env.txt")).unwrap_or_default();
    let pairs = text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once('='));
    pairs.map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

/// The resolved file, if there is one, and the diagnostics with their help.
fn compose(case: &Path) -> (Option<String>, String) {
    let (env, dir) = (env_of(case), origin(case));
    let names = env.get("COMPOSE_FILE").map_or("compose.yml", String::as_str);
    let files: Vec<Arc<Text>> = names.split(':').map(|n| text(&dir, n).unwrap()).collect();
    let read = |name: &str| fs::read_to_string(dir.join(name)).ok();
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
    if renewing() {
        match got {
            Some(text) => fs::write(&path, text).unwrap(),
            None => drop(fs::remove_file(&path)),
        }
        return;
    }
    let desired = fs::read_to_string(&path).ok();
    assert_eq!(got, desired.as_deref(), "{} is not what it was; {RENEW}", path.display());
}

#[test]
fn the_corpus_resolves_to_its_files_and_diagnostics() {
    for recipe in inside("dev/lab/recipes").iter().filter(|p| p.is_dir()) {
        for version in inside(recipe).iter().filter(|p| p.is_dir()) {
            let case = Path::new(CORPUS).join(format!("recipe-{}-{}", name_of(recipe), name_of(version)));
            if renewing() {
                fs::create_dir_all(&case).unwrap();
            }
            check(&case, "from.txt", Some(&format!("{}\n", version.display())));
            check(&case, "env.txt", Some(&env_of_recipe(version)));
        }
    }
    for case in inside(CORPUS) {
        let (resolved, diagnostics) = compose(&case);
        check(&case, "resolved.yml", resolved.as_deref());
        check(&case, "diagnostics.txt", Some(diagnostics.as_str()).filter(|d| !d.is_empty()));
    }
}

#[test]
fn dockers_own_loader_was_asked_about_exactly_these_files() {
    let sum = |bytes: &[u8]| {
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        digest.as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>()
    };
    for case in inside(CORPUS) {
        let mut files: Vec<PathBuf> = inside(&case).into_iter().filter(|p| !p.ends_with("stamp")).collect();
        if case.join("from.txt").exists() {
            let plain = |p: &PathBuf| p.is_file() && !name_of(p).starts_with('.');
            files.extend(inside(origin(&case)).into_iter().filter(plain));
        }
        let listing: String =
            files.iter().map(|p| format!("{}  {}\n", sum(&fs::read(p).unwrap()), name_of(p))).collect();
        let stamp = fs::read_to_string(case.join("stamp")).unwrap_or_default();
        assert_eq!(stamp.trim(), sum(listing.as_bytes()), "{} is not proved; {RENEW}", case.display());
        assert!(case.join("golden.json").exists() != case.join("refusal.txt").exists(), "{}", case.display());
    }
}

#[test]
fn a_resolved_file_resolves_to_itself() {
    for case in inside(CORPUS) {
        let Some(resolved) = text(&case, "resolved.yml") else { continue };
        let around = Around { env: &BTreeMap::new(), read: &|_| None };
        let (again, diagnostics) = Composed::build(std::slice::from_ref(&resolved), &around);
        assert!(!diagnostics.has_errors(), "{}: {:?}", case.display(), diagnostics.0);
        assert_eq!(again.unwrap().to_yaml(), resolved.content, "{}", case.display());
    }
}

#[test]
fn files_that_mean_very_much_are_refused_or_composed_in_a_moment() {
    let app = "services:\n  app:\n    image: x\n";
    let many = |n: usize, item: &dyn Fn(usize) -> String| (0..n).map(item).collect::<String>();
    let label = |i: usize| format!("      a{i}: x\n");
    let service = |i: usize| format!("  a{i}: {{image: x}}\n");
    for (what, content, said) in [
        ("range", format!("{app}    ports: ['1-65535:1-65535']\n"), "more than 2000 ports"),
        (
            "ranges",
            format!("{app}    ports: [{}]\n", many(9, &|i| format!("'{i}1-{i}999',"))),
            "more than 2000",
        ),
        ("services", format!("services:\n{}", many(20_000, &service)), "more than 20000 values"),
        ("labels", format!("{app}    labels:\n{}", many(21_000, &label)), "more than 20000 values"),
        ("keys", many(30_000, &|i| format!("a{i}: x\n")), "more than 20000 values"),
        (
            "open",
            format!("{app}    labels:\n      a: '{}'\n", "${A:-".repeat(20_000)),
            "is not a valid variable",
        ),
        ("fitting", format!("{app}    labels:\n{}", many(9_900, &label)), ""),
        ("items", format!("{app}    cap_add: [{}]\n", many(19_000, &|i| format!("a{i},"))), ""),
    ] {
        let began = std::time::Instant::now();
        let text = Arc::new(Text { path: "compose.yml".into(), content });
        let around = Around { env: &BTreeMap::new(), read: &|_| None };
        let (composed, found) = Composed::build(&[text.clone(), text], &around);
        let lines: String = found.sorted().iter().map(|d| render::one_line(d) + "\n").collect();
        assert!(lines.contains(said) && lines.len() < 100_000, "{what}: {lines:.500}");
        assert_eq!(composed.is_some(), said.is_empty(), "{what}: {lines:.500}");
        // it takes far less if nothing else runs; code that is quadratic takes minutes
        assert!(began.elapsed().as_secs() < 15, "{what}: {:?}", began.elapsed());
    }
}
