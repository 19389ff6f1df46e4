//! Tables that users read: some test triggers every diagnostic code, raises and shows every cause, and measures every
//! limit of scripts.

use crate::run::fullest::{Ground, prepared};
use ccci::app::Request;
use ccci::app::prepare::contradictions;
use ccci_model::diag::codes::CODES;
use ccci_model::failure::CAUSES;
use ccci_model::plan::Action;
use ccci_recipe::lint::RULES;
use ccci_runner::record::Record;
use ccci_script::limits::{LIMITS, Limit};
use ccci_testkit::example;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn files(dir: &Path, ending: &str, out: &mut Vec<PathBuf>) {
    for path in fs::read_dir(dir).unwrap().flatten().map(|e| e.path()) {
        if path.is_dir() {
            files(&path, ending, out);
        } else if path.to_string_lossy().ends_with(ending) {
            out.push(path);
        }
    }
}

/// The codes in texts as diagnostics show them: `error[unknown-key] …`.
fn shown(text: &str) -> impl Iterator<Item = String> + '_ {
    let after = ["error[", "warning["].into_iter().flat_map(|w| text.split(w).skip(1));
    after.filter_map(|rest| Some(rest.split_once(']')?.0.to_string()))
}

/// Codes that no text of a fixture can raise; they are raised here by calls.
fn raised_by_calls() -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let ground = Ground::new();
    let dir = ground.source.around().join("recipes/fullest");
    let request = Request { tiers: Some("restore".into()), ..Request::of(dir.to_str().unwrap()) };
    let Err(said) = prepared(&request, "r") else { panic!("tiers that make no sense") };
    out.extend(shown(&said));
    let mut plan = example::plan();
    plan.steps.retain(|s| s.action != Action::Remove);
    out.extend(contradictions(&plan).iter().map(|d| d.code.id.to_string()));
    let empty = tempfile::tempdir().unwrap();
    let Err(all) = Record::read(empty.path()) else { panic!("a record of nothing") };
    out.extend(all.iter().map(|d| d.code.id.to_string()));
    let recipe = empty.path().join("ghost");
    fs::create_dir(&recipe).unwrap();
    fs::write(recipe.join("recipe.toml"), "source = \"../nowhere\"\n").unwrap();
    let mut check = std::process::Command::new(env!("CARGO_BIN_EXE_ccci"));
    let said = check.args(["check", "--format", "short"]).arg(&recipe).output().unwrap();
    out.extend(shown(&String::from_utf8_lossy(&said.stdout)));
    out.extend(shown(&crate::cli_check::of_an_unused_acceptance()));
    out.extend(shown(&crate::cli_check::of_a_bad_acceptance()));
    out
}

#[test]
fn every_diagnostic_code_is_triggered_by_a_fixture_or_a_call() {
    let mut expected = vec![];
    for name in ["expected.txt", "diagnostics.txt"] {
        files(Path::new("tests/fixtures"), name, &mut expected);
    }
    let mut observed = raised_by_calls();
    for path in expected {
        observed.extend(shown(&fs::read_to_string(path).unwrap()));
    }
    let missing: Vec<&str> = CODES.iter().map(|c| c.id).filter(|id| !observed.contains(*id)).collect();
    assert!(missing.is_empty(), "no fixture triggers {missing:?}");
    let rules = RULES.iter().map(|r| &r.code);
    let known: BTreeSet<&str> = CODES.iter().copied().chain(rules).map(|c| c.id).collect();
    assert_eq!(known.len(), CODES.len() + RULES.len(), "a rule and a code share a name");
    let unknown: Vec<&String> = observed.iter().filter(|id| !known.contains(id.as_str())).collect();
    assert!(unknown.is_empty(), "fixtures name codes that are no rows: {unknown:?}");
}

/// A source file, split into the code that is shipped and its tests.
fn parts(path: &Path) -> (String, String) {
    let text = fs::read_to_string(path).unwrap();
    let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
    let is_test = ["tests", "cases", "scene", "lessons", "anything"].contains(&stem.as_str())
        || stem.ends_with("_tests")
        || path.starts_with("tests");
    match text.split_once("#[cfg(test)]\nmod tests {") {
        _ if is_test => (String::new(), text),
        Some((code, tests)) => (code.to_string(), tests.to_string()),
        None => (text, String::new()),
    }
}

/// Whether tests show a cause: as a text in a test, or as `failure <cause>: …` in a fixture.
fn shows(tests: &str, cause: &str) -> bool {
    [format!("\"{cause}\""), format!("failure {cause}:")].iter().any(|w| tests.contains(w))
}

#[test]
fn every_cause_is_raised_somewhere_and_shown_by_a_test() {
    let mut paths = vec![];
    files(Path::new("src"), ".rs", &mut paths);
    files(Path::new("tests"), ".rs", &mut paths);
    paths.retain(|p| !p.ends_with("failure/causes.rs"));
    let (mut code, mut tests) = (String::new(), String::new());
    for (c, t) in paths.iter().map(|p| parts(p)) {
        code.push_str(&c);
        tests.push_str(&t);
    }
    let mut expected = vec![];
    files(Path::new("tests/fixtures"), "expected.txt", &mut expected);
    tests.extend(expected.iter().map(|p| fs::read_to_string(p).unwrap()));
    let mut wrong = vec![];
    for cause in CAUSES {
        let constant = cause.id.to_uppercase().replace('-', "_");
        let named = |text: &str| {
            let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            text.split(&format!("causes::{constant}")).skip(1).any(ends)
        };
        if !named(&code) {
            wrong.push(format!("{} is never raised", cause.id));
        }
        if !named(&tests) && !shows(&tests, cause.id) {
            wrong.push(format!("{} is shown by no test", cause.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_limit_of_scripts_is_measured_by_a_test_of_its_name() {
    let mut paths = vec![];
    files(Path::new("src"), ".rs", &mut paths);
    files(Path::new("tests"), ".rs", &mut paths);
    let tests: String = paths.iter().map(|p| parts(p).1.replace("\n    ", "\n")).collect();
    let measured = |limit: &Limit| {
        let test = format!("#[test]\nfn bound_{}", limit.name.replace(' ', "_"));
        tests.split(&test).skip(1).any(|rest| rest.starts_with(['(', '_']))
    };
    let missing: Vec<&str> = LIMITS.iter().filter(|l| !measured(l)).map(|l| l.name).collect();
    assert!(missing.is_empty(), "no test `bound_…` measures {missing:?}");
}
