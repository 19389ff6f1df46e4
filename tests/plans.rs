//! Plans are snapshots: `fixtures/plans/<recipe>.txt` and `.json`, with a fixed run id. If a change of the core moves
//! a step, the plan of every recipe shows it.

use crate::golden;
use crate::run::fullest::{self, prepared};
use ccci::app::Request;

use ccci_model::plan::{Action, Plan};
use ccci_report::plan::show;
use ccci_testkit::example;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const RUN_ID: &str = "20260101-000000-abc123";

/// Compares a plan with its snapshot; `root` is the directory of a temporary recipe.
fn pinned(name: &str, plan: &Plan, root: &str) {
    let dir = Path::new("tests/fixtures/plans");
    let json = serde_json::to_string_pretty(plan).unwrap() + "\n";
    for (ending, text) in [("txt", show(plan)), ("json", json)] {
        golden::same(&dir.join(format!("{name}.{ending}")), &text.replace(root, "ROOT"));
    }
}

/// The directories of the recipes; their sources are made first, as `make lab` does.
fn recipes() -> Vec<PathBuf> {
    let made = Command::new("bash").arg("dev/lab/repos.sh").output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    ["recipes", "tests/canaries"]
        .iter()
        .filter(|d| Path::new(d).is_dir())
        .flat_map(|d| golden::cases(d))
        .collect()
}

#[test]
fn the_plan_of_every_recipe_is_what_is_committed() {
    for dir in recipes() {
        if !dir.join("recipe.toml").exists() {
            continue;
        }
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        let job = prepared(&Request::of(dir.to_str().unwrap()), RUN_ID).unwrap();
        pinned(&name, &job.plan, "no such root");
    }
}

#[test]
fn the_fullest_plan_is_what_is_committed() {
    let plan = fullest::job().plan;
    let root = plan.subject().source.strip_suffix("/recipe").unwrap().to_string();
    pinned("fullest", &plan, &root);
}

#[test]
fn every_committed_plan_belongs_to_a_recipe_that_is_there() {
    let known: Vec<String> =
        recipes().iter().map(|d| d.file_name().unwrap().to_string_lossy().into_owned()).collect();
    for path in fs::read_dir("tests/fixtures/plans").unwrap().flatten().map(|e| e.path()) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            name == "fullest" || known.contains(&name),
            "{} is the plan of nothing; remove it",
            path.display()
        );
    }
}

/// A step that the core makes for all recipes is moved; every plan must change.
#[test]
fn a_step_that_the_core_moves_shows_in_every_plan() {
    let changed = |mut plan: Plan| {
        let before = show(&plan);
        let deploy = plan.steps.iter().position(|s| matches!(s.action, Action::Deploy { .. })).unwrap();
        plan.steps.swap(deploy, deploy - 1);
        before != show(&plan)
    };
    for dir in recipes() {
        let job = prepared(&Request::of(dir.to_str().unwrap()), RUN_ID);
        assert!(job.is_err() || changed(job.unwrap().plan), "{}", dir.display());
    }
    assert!(changed(example::plan()));
}
