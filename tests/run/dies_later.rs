//! Apps that converge and then end by themselves. Swarm restarts them, so a check that looks only now and then does
//! not notice.

use super::fullest::{Ground, job};
use super::machine::{Machine, TestRun};
use ccci_model::event::{Event, What};
use ccci_model::exit::Exit;
use ccci_model::tier::Tier;
use ccci_swarm::ports::Stop;
use ccci_testkit::memory::{Fault, page};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A run whose app, from the head on, ends after each `ms` of running; if `mended`, only until the head has converged.
fn dying(ms: u64, mended: bool) -> TestRun {
    let machine = Machine::new();
    machine.cluster.fault_at_deploy(1, Fault::DiesAfter("app".into(), ms));
    let (cluster, job) = (machine.cluster.clone(), Arc::new(job()));
    let steps = job.clone();
    let reporter = move |e: &Event| {
        if let What::StepEnded { step, .. } = &e.what
            && mended
            && steps.plan.steps[*step].action.title() == "converge to the head"
        {
            cluster.mend();
        }
    };
    machine.live_with(&job, None, &Stop::default(), reporter)
}

#[test]
fn a_crash_loop_that_is_slower_than_the_watch_of_the_deploy_is_called_by_a_later_step() {
    let o = dying(1_500, false).outcome;
    assert_eq!(o.exit, Exit::Failed, "{:?}", o.failures);
    assert!(o.failures.iter().any(|t| t.failure.cause == "crash-loop"), "{:?}", o.failures);
}

/// How long the wait for health takes until a crash loop of the head is called, if the app gives a bad answer or none.
fn wait_for_health_of_a_crash_loop(silent: bool) -> u64 {
    let machine = Machine::new();
    machine.cluster.fault_at_deploy(1, Fault::DiesAfter("app".into(), 1_500));
    let job = Arc::new(job());
    let (steps, begun) = (job.clone(), Arc::new(AtomicBool::new(false)));
    let (bad, none) = (begun.clone(), begun.clone());
    let reporter = move |e: &Event| {
        let converged = |step: &usize| steps.plan.steps[*step].action.title() == "converge to the head";
        if matches!(&e.what, What::StepEnded { step, .. } if converged(step)) {
            begun.store(true, Ordering::SeqCst);
        }
    };
    let run = machine.live_as(&job, None, &Stop::default(), reporter, |web| {
        web.on_request(move |_, _| bad.load(Ordering::SeqCst).then(|| page(500, "no")));
        web.on_silence(move |_, _| silent && none.load(Ordering::SeqCst));
    });
    let called = run.outcome.failures.iter().find(|f| f.failure.cause == "crash-loop").expect("a crash loop");
    assert!(called.during.starts_with("wait for health"), "{}", called.during);
    let waited = |e: &Event| match &e.what {
        What::StepEnded { step, ms, .. } => {
            job.plan.steps[*step].action.title().starts_with("wait for health").then_some(*ms)
        }
        _ => None,
    };
    run.events.iter().filter_map(waited).max().expect("a wait")
}

#[test]
fn a_crash_loop_is_called_as_soon_while_a_request_for_health_gets_no_answer() {
    let (answered, silent) = (wait_for_health_of_a_crash_loop(false), wait_for_health_of_a_crash_loop(true));
    assert!(silent <= answered + 1_000, "{silent} ms, with answers {answered} ms");
}

#[test]
fn one_end_after_the_app_had_converged_is_a_failure_although_another_task_runs() {
    let o = dying(1_500, true).outcome;
    let told: Vec<_> =
        o.failures.iter().map(|f| (f.tier, f.failure.cause.as_str(), f.during.as_str())).collect();
    assert_eq!(told, [(Some(Tier::Backup), "task-ended", "generic service `app` stays up")]);
    assert!(o.failures[0].failure.observed().starts_with("a task of it ended with exit code 1, "));
    assert_eq!(o.exit, Exit::Failed);
    let said = "that `app` stays up: after it had converged, a task of it ended with exit code 1";
    assert!(o.not_proved.iter().any(|n| n == said), "{:?}", o.not_proved);
}

#[test]
fn a_service_without_a_health_check_is_proved_to_stay_up_for_as_long_as_it_was_watched() {
    let o = Machine::new().live(&job()).outcome;
    assert_eq!(o.exit, Exit::Green, "{:?}", o.failures);
    let said: Vec<&String> = o.not_proved.iter().filter(|n| n.contains(" up for longer than ")).collect();
    assert!(said.len() == 1 && said[0].starts_with("that `app`, `db`, `worker` stay up"), "{said:?}");
}

/// A run of the fullest recipe with one more setting or line of a hook, whose app ends once after the head converged.
fn dying_once(file: &str, change: fn(&str) -> String) -> TestRun {
    let ground = Ground::new();
    let text = std::fs::read_to_string(format!("tests/fixtures/fullest/recipe/{file}")).unwrap();
    let job = ground.file(file, &change(&text)).prepare("20260131-120000-4f1c2e").unwrap();
    let machine = Machine::new();
    machine.cluster.fault_at_deploy(1, Fault::DiesAfter("app".into(), 1_500));
    let (cluster, titles) =
        (machine.cluster.clone(), job.plan.steps.iter().map(|s| s.action.title()).collect::<Vec<_>>());
    let reporter = move |e: &Event| {
        if matches!(&e.what, What::StepEnded { step, .. } if titles[*step] == "converge to the head") {
            cluster.mend();
        }
    };
    machine.live_with(&job, None, &Stop::default(), reporter)
}

#[test]
fn an_end_that_the_recipe_or_a_hook_expects_is_said_and_is_no_failure() {
    for (file, change) in [
        (
            "recipe.toml",
            (|text| format!("may_end = {{ app = \"it restarts after each import\" }}\n{text}"))
                as fn(&str) -> String,
        ),
        ("hooks.rhai", |text| {
            text.replace("fn pre_backup(ctx) {", "fn pre_backup(ctx) {\n    ctx.expect_restart(\"app\");")
        }),
    ] {
        let run = dying_once(file, change);
        assert_eq!(run.outcome.exit, Exit::Green, "{file}: {:?}", run.outcome.failures);
        let said = |e: &&Event| matches!(&e.what, What::Said { text, .. } if text.starts_with("a task of `app` ended"));
        assert_eq!(run.events.iter().filter(said).count(), 1, "{file}");
    }
}
