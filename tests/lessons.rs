//! LESSONS: which lessons must have a test named after them, and tests of lessons that a run in memory does not prove.

use crate::run::fullest::{hasty, job};
use crate::run::machine::Machine;
use ccci_model::diag::Text;
use ccci_model::name::{Domain, RecipeName, RunId};
use ccci_model::verdict::Verdict;
use ccci_recipe::compose::{Around, Composed};
use ccci_swarm::ports::Locks;
use ccci_testkit::memory::MemoryLocks;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Lessons about parts that do not exist yet, each with the reason.
const NOT_YET: &[(u8, &str)] = &[
    (31, "there are no deps yet: a key for them is refused"),
    (36, "there is no browser yet: no step opens one"),
];
/// How many lessons there are.
const LESSONS: u8 = 50;

fn rust_files(dir: &Path, out: &mut Vec<String>) {
    for path in fs::read_dir(dir).unwrap().flatten().map(|e| e.path()) {
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_lesson_has_a_test_named_after_it() {
    let mut texts = vec![];
    rust_files(Path::new("src"), &mut texts);
    rust_files(Path::new("tests"), &mut texts);
    let has = |n: u8| texts.iter().any(|t| t.contains(&format!("fn lesson_{n:02}_")));
    for n in 1..=LESSONS {
        match NOT_YET.iter().find(|(m, _)| *m == n) {
            None => assert!(has(n), "lesson {n} has no test: write `fn lesson_{n:02}_…`"),
            Some((_, why)) => {
                assert!(!has(n), "lesson {n} has a test by now; it is no exception any more ({why})")
            }
        }
    }
}

#[test]
fn lesson_06_health_of_the_front_is_not_readiness_of_what_lies_behind_and_one_yes_is_not_enough() {
    let machine = Machine::new();
    let job = hasty(job());
    // the health page answers from the beginning; the port behind it opens and closes at first
    let mut asked = 0;
    let run = machine.live_with_port(&job, move |_| {
        asked += 1;
        ![1, 3].contains(&asked)
    });
    assert_eq!(run.outcome.verdict, Verdict::Green, "{:?}", run.outcome.failures);
    let ready = run.outcome.steps.iter().find(|s| s.title.starts_with("wait for ready_probe")).unwrap();
    assert_eq!(ready.note.as_deref(), Some("true 2 times in a row, called 5 times"));
    let never = Machine::new().live_with_port(&job, |_| false);
    assert_eq!(never.outcome.failures[0].failure.cause, "not-ready");
}

#[test]
fn lesson_18_the_overlay_of_the_ci_may_not_pin_an_image() {
    let ground = crate::run::fullest::Ground::new();
    let pinned = "version: \"3.8\"\n\nservices:\n  db:\n    image: mariadb:10.6\n";
    let Err(said) = ground.file("compose.ccci.yml", pinned).prepare("r") else { panic!("it was taken") };
    assert!(said.contains("overlay-pins-image") && said.contains("compose.ccci.yml:5"), "{said}");
}

#[test]
fn lesson_19_a_base_that_equals_the_head_is_no_base_and_the_one_before_it_is_taken() {
    let ground = crate::run::fullest::Ground::new();
    ground.source.git(&["tag", "-a", "1.1.0+1.26.0", "-m", "head"]);
    let plan = ground.prepare("r").unwrap().plan;
    let app = plan.subject().clone();
    assert_eq!(app.head.version.unwrap().as_str(), "1.1.0+1.26.0");
    assert_eq!(app.base.unwrap().version.unwrap().as_str(), "1.0.0+1.25.0");
}

#[test]
fn lesson_32_two_runs_of_the_same_thing_share_no_name_and_no_state() {
    let recipe = RecipeName::parse("ghost").unwrap();
    let domain = |run: &str| {
        Domain::of_run(&recipe, &"a".repeat(40), &RunId::parse(run).unwrap(), "ccci.test").unwrap()
    };
    assert_ne!(domain("20260101-000000-aaaaaa"), domain("20260101-000000-bbbbbb"));
    let locks = MemoryLocks::default();
    let held = locks.take("a.ccci.test").unwrap();
    assert!(
        held.is_some() && locks.take("a.ccci.test").unwrap().is_none(),
        "a second run of a domain is refused"
    );
}

#[test]
fn lesson_35_a_name_that_swarm_would_refuse_is_found_before_anything_is_deployed() {
    let ground = crate::run::fullest::Ground::new();
    let compose = fs::read_to_string("tests/fixtures/fullest/head/compose.yml").unwrap();
    let long = compose.replace("_api_token_", "_a_token_with_a_name_that_is_far_too_long_for_swarm_");
    ground.source.write("compose.yml", long);
    let Err(said) = ground.prepare("r") else { panic!("it was taken") };
    assert!(said.contains("name-too-long") && said.contains("75 characters"), "{said}");
}

/// The labels of service `app` that these compose files give together.
fn labels(files: &[&str]) -> BTreeMap<String, String> {
    let text = |(n, labels): (usize, &&str)| {
        let content = format!(
            "version: \"3.8\"\nservices:\n  app:\n    image: x:1\n    deploy:\n      labels:\n{labels}"
        );
        Arc::new(Text { path: format!("compose.{n}.yml"), content })
    };
    let texts: Vec<Arc<Text>> = files.iter().enumerate().map(text).collect();
    let env = BTreeMap::from([("NAME".to_string(), "a".to_string())]);
    let (composed, found) = Composed::build(&texts, &Around { env: &env, read: &|_| None });
    assert!(!found.has_errors(), "{found:?}");
    composed.unwrap().services()[0].labels.clone()
}

#[test]
fn lesson_43_labels_in_a_list_in_a_map_and_in_a_later_file_come_to_the_same() {
    let list = labels(&["        - \"one=1\"\n        - \"two.${NAME}=b=c\"\n"]);
    let map = labels(&["        one: \"1\"\n        two.a: b=c\n"]);
    let later = labels(&["        - \"one=0\"\n", "        one: 1\n        two.a: \"b=c\"\n"]);
    assert_eq!(
        list,
        BTreeMap::from([("one", "1"), ("two.a", "b=c")].map(|(k, v)| (k.to_string(), v.to_string())))
    );
    assert_eq!((&list, &list), (&map, &later));
}
