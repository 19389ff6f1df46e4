//! An engine that gives no answer for long: Swarm may replace tasks meanwhile, and a failure after that proves nothing
//! about the recipe, until the app was observed as asked for again.

use super::fullest::Ground;
use super::machine::{Machine, TestRun};
use ccci_model::exit::Exit;
use ccci_model::failure::Blame;
use ccci_testkit::layers::Fault;
use ccci_testkit::memory::{page, path_of};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A run in which the engine gives no answer for this long while the test in this file reads a log, and in which `/gone`
/// answers 404 then.
fn frozen_for(seconds: u64, file: &str) -> TestRun {
    let ground = Ground::new();
    ground.file(file, "fn test_reads(ctx) {\n    assert(ctx.logs(\"app\").len() < 9000000);\n}\n");
    ground.file(
        "custom/test_zz.rhai",
        "fn test_gone(ctx) {\n    assert(ctx.get(\"/gone\").status == 200);\n}\n",
    );
    let machine = Machine::new();
    let once = AtomicBool::new(true);
    let first = move |_, call: &ccci_swarm::ports::Call<'_, '_>| {
        call.name() == "logs" && once.swap(false, Ordering::SeqCst)
    };
    machine.saboteur.spoil(first, Fault::Late(Duration::from_secs(seconds)));
    let job = ground.prepare("20260101-000000-abc123").unwrap();
    machine.live_on(&job, |web| {
        web.on_request(|request, _| (path_of(&request.url) == "/gone").then(|| page(404, "")));
    })
}

fn blame(run: &TestRun) -> (Exit, String, Blame) {
    let first = &run.outcome.failures.first().expect("a failure").failure;
    (run.outcome.exit, first.cause.to_string(), first.blame)
}

fn told(run: &TestRun) -> Vec<&String> {
    run.outcome.not_proved.iter().filter(|n| n.contains("the engine gave no answer for")).collect()
}

#[test]
fn what_fails_after_an_engine_gave_no_answer_for_long_is_of_infra() {
    let run = frozen_for(90, "custom/test_aa.rhai");
    assert_eq!(
        blame(&run),
        (Exit::Error, "engine-silent".into(), Blame::Infra),
        "{:?}",
        run.outcome.failures
    );
    let failure = &run.outcome.failures[0].failure;
    assert!(failure.observed().contains("no answer for 90s"), "{}", failure.observed());
    assert!(failure.shown().iter().any(|e| e.text.contains("/gone")), "{failure:?}");
    assert_eq!(told(&run).len(), 1, "{:?}", run.outcome.not_proved);
}

#[test]
fn what_fails_after_a_busy_engine_answered_or_after_the_app_came_back_is_of_the_recipe() {
    for (seconds, file, lines) in [(10, "custom/test_aa.rhai", 0), (90, "test_install.rhai", 1)] {
        let run = frozen_for(seconds, file);
        let expected = (Exit::Failed, "test-failed".to_string(), Blame::Recipe);
        assert_eq!(blame(&run), expected, "{file}: {:?}", run.outcome.failures);
        assert_eq!(told(&run).len(), lines, "{:?}", run.outcome.not_proved);
    }
}
