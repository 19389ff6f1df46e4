//! The removal itself: what blocks it, what it reports, what it never touches, and what happens right after it.

use super::fullest::{another, fresh, job};
use super::machine::{Machine, TestRun};
use super::tap::Tap;
use ccci_model::event::{Event, What};
use ccci_model::exit::Exit;
use ccci_model::failure::Blame;
use ccci_model::plan::Action;
use ccci_model::tier::{Status, Tier};
use ccci_model::verdict::Verdict;
use ccci_runner::execute::job::Job;
use ccci_runner::execute::undo::{Scope, collect, remove_domain};
use ccci_swarm::ports::clock::StopReason;
use ccci_swarm::ports::{Clock, Locks, Stop};
use ccci_testkit::memory::{Fault, MemoryStore};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn step(job: &Job, title: &str) -> usize {
    job.plan
        .steps
        .iter()
        .position(|s| s.action.title() == title)
        .unwrap_or_else(|| panic!("no step `{title}`"))
}

fn green(run: &TestRun) {
    assert_eq!(run.outcome.verdict, Verdict::Green, "{:?}", run.outcome.failures);
}

#[test]
fn lesson_30_what_cannot_be_removed_makes_the_run_red_and_is_named_with_who_holds_it() {
    let (machine, job) = (Machine::new(), job());
    let volume = format!("{}_data", job.plan.subject().stack);
    machine.cluster.fault(Fault::RemovalHolds("volume".into(), volume.clone(), "container backup-1".into()));
    let o = machine.live(&job).outcome;
    assert_eq!((o.verdict, o.exit, o.level), (Verdict::Red, Exit::Failed, 5), "{:?}", o.failures);
    let held: Vec<String> =
        o.leftovers.iter().map(|h| format!("{} {} by {}", h.kind, h.name, h.by)).collect();
    assert_eq!(held, [format!("volume {volume} by container backup-1")]);
    assert_eq!(machine.cluster.everything(), [format!("volume {volume}")], "all else is gone");
    let told = o.failures.iter().find(|t| t.failure.cause == "leftover").unwrap();
    assert!(told.failure.shown()[0].text.contains("container backup-1"));
}

#[test]
fn lesson_34_removal_asks_again_until_a_busy_volume_is_free_and_a_name_can_be_used_again_at_once() {
    let (machine, job) = (Machine::new(), job());
    for _ in 0..3 {
        green(&machine.live(&job));
        assert!(machine.cluster.is_empty());
    }
    let busy = format!("{}_db", job.plan.subject().stack);
    machine.cluster.fault(Fault::RemovalHolds("volume".into(), busy, "a task that is going".into()));
    let cluster = machine.cluster.clone();
    let later = move |e: &Event| {
        if matches!(&e.what, What::Waiting { on, .. } if on.contains("_db") && on.contains("to be gone")) {
            cluster.mend();
        }
    };
    green(&machine.live_with(&job, None, &Stop::default(), later));
    assert!(machine.cluster.is_empty());
}

#[test]
fn lesson_33_signals_during_removal_neither_cut_nor_restart_it() {
    let (machine, job, stop) = (Machine::new(), job(), Stop::default());
    let (at, signals) = (step(&job, "pull the head's images"), stop.clone());
    let removals = Arc::new(Mutex::new(0));
    let observed = removals.clone();
    let run = machine.live_with(&job, None, &stop, move |e| match &e.what {
        What::StepStarted { step, .. } if *step == at => signals.set(StopReason::Interrupted),
        What::StepStarted { title, .. } if title == "remove everything" => {
            *observed.lock().unwrap() += 1;
            signals.set(StopReason::Terminated);
        }
        What::Waiting { on, .. } if on.contains("to be gone") => signals.set(StopReason::Interrupted),
        _ => {}
    });
    assert_eq!(run.outcome.exit, Exit::Interrupted, "{:?}", run.outcome.failures);
    assert_eq!(*removals.lock().unwrap(), 1);
    assert!(machine.cluster.is_empty());
}

#[test]
fn an_engine_that_stays_away_is_said_with_what_may_be_left_and_a_later_collection_finishes() {
    let (machine, job) = (Machine::new(), job());
    let swarm = machine.saboteur.clone();
    let at = step(&job, "converge to the base");
    let run = machine.live_with(&job, None, &Stop::default(), move |e| {
        if matches!(e.what, What::StepStarted { step, .. } if step == at) {
            swarm.goes_away();
        }
    });
    let o = &run.outcome;
    assert_eq!((o.verdict, o.exit), (Verdict::Error, Exit::Error), "{:?}", o.failures);
    assert!(!o.leftovers.is_empty());
    assert!(o.failures.iter().all(|t| t.failure.blame == Blame::Infra), "{:?}", o.failures);
    let waits = &o.steps.last().unwrap().waits;
    assert!(waits.iter().any(|w| w.on.contains("the engine") && w.ms > 60_000), "{waits:?}");
    machine.saboteur.mend();
    assert!(!machine.cluster.is_empty());
    let world = machine.world(machine.cluster.clone(), &MemoryStore::default());
    let collected = collect(&world, "", Scope::Kept, &machine.limit(300), &mut |_| ()).unwrap();
    let collected = collected.removed;
    assert!(collected[job.plan.subject().domain.as_str()].counts["service"] >= 3, "{collected:?}");
    assert!(machine.cluster.is_empty());
}

#[test]
fn a_removal_names_what_it_saw_before_the_engine_went_away() {
    let machine = Machine::new();
    machine.owned("dead-000000.ccci.test", "pw_v1");
    let world = machine.world(machine.saboteur.clone(), &MemoryStore::default());
    let swarm = machine.saboteur.clone();
    machine.cluster.fault(Fault::RemovalHolds(
        "secret".into(),
        "dead-000000_ccci_test_pw_v1".into(),
        "x".into(),
    ));
    let mut once = |_: &str| swarm.goes_away();
    let lost = remove_domain(&world, "dead-000000.ccci.test", machine.limit(60).deadline, true, &mut once);
    let lost = lost.unwrap_err();
    assert_eq!(lost.left[0].name, "dead-000000_ccci_test_pw_v1");
    assert!(lost.left[0].by.contains("did not answer"), "{lost:?}");
}

#[test]
fn without_an_engine_from_the_start_nothing_is_waited_for() {
    let (machine, job) = (Machine::new(), job());
    machine.saboteur.goes_away();
    let before = machine.clock.now();
    let o = machine.live(&job).outcome;
    assert_eq!(o.exit, Exit::Error);
    let took = machine.clock.now().since(before);
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[test]
fn lesson_33_a_run_whose_lock_is_held_is_never_collected_and_a_dead_one_always_is() {
    let machine = Machine::new();
    let (living, dead) = ("live-000000.ccci.test", "dead-000000.ccci.test");
    let held = machine.locks.take(living).unwrap().unwrap();
    machine.owned(living, "pw_v1");
    machine.owned(dead, "pw_v1");
    let world = machine.world(machine.cluster.clone(), &MemoryStore::default());
    let clean = || collect(&world, "", Scope::Kept, &machine.limit(300), &mut |_| ()).unwrap().removed;
    assert_eq!(clean().into_keys().collect::<Vec<_>>(), [dead]);
    assert_eq!(machine.cluster.everything(), ["secret live-000000_ccci_test_pw_v1"]);
    drop(held);
    assert_eq!(clean().into_keys().collect::<Vec<_>>(), [living]);
    assert!(machine.cluster.is_empty());
}

#[test]
fn a_dead_run_that_cannot_be_removed_does_not_keep_the_others_from_being_removed() {
    let machine = Machine::new();
    for domain in ["aaaa-000000.ccci.test", "bbbb-000000.ccci.test"] {
        machine.owned(domain, "pw_v1");
    }
    machine.cluster.fault(Fault::RemovalHolds(
        "secret".into(),
        "aaaa-000000_ccci_test_pw_v1".into(),
        "x".into(),
    ));
    let job = job();
    let o = machine.live(&job).outcome;
    assert_eq!(o.verdict, Verdict::Green, "the leftover of another run is said and is no fault of this one");
    assert!(o.steps[0].note.as_ref().unwrap().contains("stays: x"), "{:?}", o.steps[0].note);
    assert_eq!(machine.cluster.everything(), ["secret aaaa-000000_ccci_test_pw_v1"]);
}

#[test]
fn two_runs_of_one_recipe_and_of_another_go_on_side_by_side_on_one_machine() {
    let machine = Machine::new();
    machine.cluster.without_proxy();
    let first = job();
    let jobs = [
        another(&first, "r-2", "full-bbbbbb.ccci.test"),
        another(&first, "r-3", "othe-cccccc.ccci.test"),
        first,
    ];
    let runs: Vec<TestRun> = std::thread::scope(|scope| {
        let all: Vec<_> = jobs.iter().map(|job| scope.spawn(|| machine.live(job))).collect();
        all.into_iter().map(|t| t.join().unwrap()).collect()
    });
    runs.iter().for_each(green);
    assert!(machine.cluster.is_empty(), "{:?}", machine.cluster.everything());
}

#[test]
fn a_network_made_for_all_stays_while_others_use_it_and_goes_with_the_last_of_them() {
    let machine = Machine::new();
    machine.cluster.without_proxy();
    let job = job();
    let used = machine.locks.share(&ccci_runner::execute::undo::domain_of_network("proxy")).unwrap();
    green(&machine.live(&job));
    assert_eq!(machine.cluster.everything(), ["network proxy"]);
    drop(used);
    green(&machine.live(&another(&job, "r-2", "full-bbbbbb.ccci.test")));
    assert!(machine.cluster.is_empty(), "{:?}", machine.cluster.everything());
}

#[test]
fn a_kept_app_stays_and_a_signal_takes_it_all_the_same() {
    let mut job = job();
    let fresh_with_removal = fresh(&job);
    job.plan.keep = true;
    job.plan.steps.retain(|s| s.action != Action::Remove);
    let machine = Machine::new();
    machine.cluster.without_proxy();
    let kept = machine.live(&job);
    green(&kept);
    assert!(kept.outcome.is_kept_running());
    // neither the collection nor the removal of a later run takes the kept app, or the network that both use
    let before = machine.cluster.everything();
    let o = machine.live(&another(&fresh_with_removal, "r-2", "full-bbbbbb.ccci.test")).outcome;
    assert_eq!((o.verdict, o.is_kept_running()), (Verdict::Green, false), "{:?}", o.failures);
    assert_eq!(machine.cluster.everything(), before);
    let world = machine.world(machine.cluster.clone(), &MemoryStore::default());
    let clean = |scope| collect(&world, "", scope, &machine.limit(300), &mut |_| ()).unwrap().removed;
    assert!(clean(Scope::Dead).is_empty());
    let gone: Vec<String> = clean(Scope::Kept).into_keys().collect();
    assert_eq!(gone, [job.plan.subject().domain.as_str(), "network-proxy"]);
    assert!(machine.cluster.is_empty() && machine.locks.kept().unwrap().is_empty());
    let (machine, stop) = (Machine::new(), Stop::default());
    let (at, signals) = (job.plan.steps.len() - 1, stop.clone());
    let run = machine.live_with(&fresh(&job), None, &stop, move |e| {
        if matches!(e.what, What::StepStarted { step, .. } if step == at) {
            signals.set(StopReason::Interrupted);
        }
    });
    assert_eq!(run.outcome.exit, Exit::Interrupted, "{:?}", run.outcome.failures);
    assert!(machine.cluster.is_empty());
}

#[test]
fn the_mark_of_a_kept_app_that_was_removed_by_hand_is_forgotten() {
    let machine = Machine::new();
    machine.locks.keep("gone-000000.ccci.test", &["network-proxy"]).unwrap();
    green(&machine.live(&job()));
    assert!(machine.locks.kept().unwrap().is_empty());
}

#[test]
fn what_a_signal_cut_in_a_test_is_told_once() {
    let (machine, job, stop) = (Machine::new(), job(), Stop::default());
    let signals = stop.clone();
    let run = machine.live_with(&job, None, &stop, move |e| {
        if matches!(&e.what, What::StepStarted { title, .. } if title.contains("test_wait")) {
            signals.set(StopReason::Interrupted);
        }
    });
    let o = &run.outcome;
    assert_eq!(o.exit, Exit::Interrupted, "{:?}", o.failures);
    let cut = o.failures.iter().find(|t| t.failure.cause == "interrupted").expect("a test that was cut");
    assert_eq!(cut.failure.observed(), "the script was stopped because the run was cancelled");
    assert!(cut.failure.evidence.is_empty(), "it holds itself once more: {:?}", cut.failure);
    assert!(machine.cluster.is_empty());
}

#[test]
fn lesson_38_a_reporter_that_breaks_changes_neither_the_verdict_nor_the_removal() {
    let (machine, job) = (Machine::new(), job());
    let run = machine.live_with(&job, None, &Stop::default(), |_| panic!("a reporter that breaks"));
    green(&run);
    assert!(machine.cluster.is_empty());
}

#[test]
fn a_full_disk_is_no_fault_of_the_recipe_and_leaves_nothing_on_the_engine() {
    let (machine, job, stop) = (Machine::new(), job(), Stop::default());
    let tap = Tap::new(
        machine.cluster.clone(),
        machine.clock.clone(),
        stop.clone(),
        None,
        machine.limit(60).deadline,
    );
    let world = machine.world(Arc::new(tap), &MemoryStore::with_room(10));
    let events = Arc::new(Mutex::new(vec![]));
    let all = events.clone();
    let sink = ccci_runner::execute::sink::Sink::new(
        machine.clock.clone(),
        Arc::new(move |e| all.lock().unwrap().push(e)),
    );
    ccci_runner::execute::execute(&job, &world, &sink, &stop);
    let o = ccci_model::verdict::judge(&events.lock().unwrap()).unwrap();
    assert_eq!((o.verdict, o.exit), (Verdict::Error, Exit::Error), "{:?}", o.failures);
    let backup = o.tiers.iter().find(|t| t.tier == Tier::Backup).unwrap();
    assert_eq!(
        (backup.status, o.failure(backup.failure.unwrap()).unwrap().cause.as_str()),
        (Status::Unver, "archive-failed")
    );
    assert!(machine.cluster.is_empty());
}

#[test]
fn a_volume_that_a_foreign_container_uses_is_named_at_once_and_waited_for_half_a_minute() {
    let (machine, job) = (Machine::new(), job());
    let volume = format!("{}_data", job.plan.subject().stack);
    let holder = "in use by container `backup-1`";
    machine.cluster.fault(Fault::RemovalHolds("volume".into(), volume.clone(), holder.into()));
    let run = machine.live(&job);
    let said = |e: &Event| matches!(&e.what, What::Waiting { on, .. } if *on == format!("volume {volume} ({holder}) to be gone"));
    assert!(run.events.iter().any(said));
    let ms =
        run.events.iter().find_map(|e| if let What::Removed { ms, .. } = e.what { Some(ms) } else { None });
    assert!(ms.is_some_and(|ms| (30_000..40_000).contains(&ms)), "{ms:?}");
    assert_eq!(run.outcome.leftovers[0].by, holder);
}
