//! Fixtures: each directory in `tests/fixtures/scripts` is a recipe directory, and its `expected.txt` has the
//! diagnostics of loading it.

use super::{lines, load, one, texts_of};
use ccci_model::diag::CODES;
use ccci_runner::ctx::sigs;
use ccci_script::{HOOKS, Reach, Scripts, stdlib};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FIXTURES: &str = "tests/fixtures/scripts";

fn cases() -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = fs::read_dir(FIXTURES).unwrap().flatten().map(|e| e.path()).collect();
    out.sort();
    out
}

fn said(dir: &Path) -> String {
    let mut texts = texts_of(dir);
    texts.remove("expected.txt");
    let (_, found) = load(&texts);
    let mut out: Vec<String> = vec![];
    for (line, d) in lines(&found.0).into_iter().zip(&found.0) {
        out.push(line);
        out.extend(d.help.iter().map(|h| format!("  help: {h}")));
    }
    out.iter().map(|l| format!("{l}\n")).collect()
}

#[test]
fn every_fixture_is_refused_with_the_expected_words() {
    let mut wrong = vec![];
    for dir in cases() {
        let expected = fs::read_to_string(dir.join("expected.txt")).unwrap_or_default();
        let observed = said(&dir);
        if std::env::var_os("CCCI_BLESS").is_some() {
            fs::write(dir.join("expected.txt"), &observed).unwrap();
        } else if observed != expected {
            wrong.push(format!("== {}\n-- expected\n{expected}-- seen\n{observed}", dir.display()));
        }
    }
    assert!(wrong.is_empty(), "renew with `CCCI_BLESS=1 cargo test refused`:\n{}", wrong.join("\n"));
}

#[test]
fn every_code_of_scripts_is_triggered_by_a_fixture() {
    let first = CODES.iter().position(|c| c.id == "script-syntax").unwrap();
    let last = CODES.iter().position(|c| c.id == "script-too-large").unwrap();
    let told: BTreeSet<String> = cases()
        .iter()
        .flat_map(|d| {
            fs::read_to_string(d.join("expected.txt"))
                .unwrap_or_default()
                .lines()
                .map(String::from)
                .collect::<Vec<_>>()
        })
        .filter_map(|l| Some(l.split_once('[')?.1.split_once(']')?.0.to_string()))
        .collect();
    let missing: Vec<&str> =
        CODES[first..=last].iter().map(|c| c.id).filter(|id| !told.contains(*id)).collect();
    assert!(missing.is_empty(), "no fixture triggers {missing:?}");
}

#[test]
fn every_example_of_a_hook_passes_the_checks() {
    for hook in HOOKS {
        let (_, found) = Scripts::load(&one("hooks.rhai", hook.example()), &sigs()).unwrap();
        assert!(found.0.is_empty(), "{}: {:?}", hook.name(), lines(&found.0));
    }
}

#[test]
fn the_std_library_and_its_examples_pass_the_checks() {
    assert_eq!(lines(&stdlib::check(&sigs()).0), [""; 0]);
    for row in stdlib::rows() {
        let page = row.params.iter().any(|(name, _)| name == "page");
        let params = if page { "page, ctx" } else { "ctx" };
        let test = format!("fn test_example({params}) {{\n{}\n}}", row.example);
        let (_, found) = Scripts::load(&one("custom/test_example.rhai", &test), &sigs()).unwrap();
        assert!(found.0.is_empty(), "{}: {:?}", row.full_name(), lines(&found.0));
    }
}

#[test]
fn a_file_that_is_too_long_is_refused_before_it_is_compiled() {
    let (_, found) = load(&one("hooks.rhai", &"// long\n".repeat(40_000)));
    assert_eq!(found.0.iter().map(|d| d.code.id).collect::<Vec<_>>(), ["script-too-large"]);
}

#[test]
fn the_recipes_of_this_repository_pass_without_a_word() {
    for dir in fs::read_dir("recipes").unwrap().flatten().map(|e| e.path()).filter(|p| p.is_dir()) {
        let (_, found) = Scripts::load(&texts_of(&dir), &sigs()).unwrap();
        assert!(found.0.is_empty(), "{}: {:#?}", dir.display(), lines(&found.0));
    }
}

#[test]
fn every_example_of_a_ctx_function_passes_the_checks() {
    for sig in sigs() {
        let head = match sig.reach {
            Reach::BeforeDeploy => "install_steps(ctx)",
            Reach::Page => "screenshot(page, ctx)",
            _ => "pre_install(ctx)",
        };
        let text = format!("fn {head} {{\n{}\n}}", sig.example);
        let (_, found) = Scripts::load(&one("hooks.rhai", &text), &sigs()).unwrap();
        assert!(found.0.is_empty(), "{}: {:?}", sig.shown(), lines(&found.0));
    }
}
