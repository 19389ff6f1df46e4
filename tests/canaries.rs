//! Canaries: small recipes that are built to fail, or to look as if they did, at a known tier. Each is run on a real
//! Swarm. It passes only if everything in its row of `canaries/table.rs` is true and nothing is left over. Run if
//! `CCCI_SWARM` is set (`make test`).

mod beside;
mod compare;
mod ground;
mod row;
mod table;

use crate::docker::docker;
use beside::{Neighbour, ProxyNetwork};
use ccci::app::run::run;
use ccci::app::{Config, Refused, Request, Session};
use ccci::commands::env;
use ccci_model::event::What;
use ccci_swarm::ports::{Limit, Stop};
use row::Canary;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use table::CANARIES;

/// Runs at the same time. A run mostly waits for Swarm, so two cores can do more than two.
const AT_ONCE: usize = 4;

#[test]
fn every_canary_is_right_in_everything_its_row_says() {
    if std::env::var_os("CCCI_SWARM").is_none() {
        println!("NOT RUN: {} canaries need a Swarm; `make test` runs them", CANARIES.len());
        return;
    }
    let began = Instant::now();
    let _proxy = ProxyNetwork::new();
    let mut queue: Vec<&Canary> = desired();
    // the slowest ones, which have the most tiers, come last in the queue and are taken first
    queue.sort_by_key(|c| c.tiers.iter().filter(|t| **t == row::PASS).count());
    let (queue, done) = (Mutex::new(queue), Mutex::new(vec![]));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(canary) = { queue.lock().unwrap().pop() } {
                    let began = Instant::now();
                    let wrong = std::panic::catch_unwind(|| run_canary(canary))
                        .unwrap_or_else(|_| vec!["its run panicked; the words stand above".into()]);
                    done.lock().unwrap().push((canary.name, began.elapsed(), wrong));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(name, ..)| *name);
    let mut all = String::new();
    for (name, took, wrong) in &done {
        let word = if wrong.is_empty() { "right" } else { "WRONG" };
        println!("canary {name:<34} {:>5.1} s  {word}", took.as_secs_f64());
        all.extend(wrong.iter().map(|w| format!("\n{name}: {w}")));
    }
    let wrong = done.iter().filter(|d| !d.2.is_empty()).count();
    println!("{} canaries, {wrong} wrong, {:.0} s", done.len(), began.elapsed().as_secs_f64());
    assert!(all.is_empty(), "{wrong} of {} canaries are not right:{all}", done.len());
}

/// All canaries, or those that `CCCI_CANARY` names.
fn desired() -> Vec<&'static Canary> {
    let Ok(names) = std::env::var("CCCI_CANARY") else { return CANARIES.iter().collect() };
    let names: BTreeSet<&str> = names.split(',').collect();
    let some: Vec<&Canary> = CANARIES.iter().filter(|c| names.contains(c.name)).collect();
    assert_eq!(some.len(), names.len(), "CCCI_CANARY={names:?} names a canary that does not exist");
    println!("ONLY {} of {} canaries, as CCCI_CANARY says", some.len(), CANARIES.len());
    some
}

/// Runs a canary once; returns which facts of its row are not true.
fn run_canary(canary: &Canary) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let ground = ground::make(canary.name, dir.path());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config { program: env!("CARGO_BIN_EXE_ccci").into(), ..env::config() };
    let session = Session::new(config, runtime.handle().clone());
    let request = Request {
        source: Some(ground.source.display().to_string()),
        base: canary.base.map(str::to_string),
        tiers: (!canary.asked.is_empty()).then(|| canary.asked.to_string()),
        deadline: Duration::from_secs(120),
        // a browser for each of them would take longer than all else; tests/browser.rs and the lives have one
        browser: false,
        ..Request::of(&ground.recipe.display().to_string())
    };
    let mut job = match session.prepare(&request) {
        Ok(prepared) => prepared.job,
        Err(Refused::Wrong(said)) => {
            let said: Vec<String> = said.iter().map(ccci_model::diag::render::one_line).collect();
            return compare::refusal(canary, &said);
        }
        Err(Refused::Failed(f)) => return vec![format!("it cannot be looked at: {f}")],
    };
    for (title, ms) in canary.shorten {
        let mut named = job.plan.steps.iter_mut().filter(|s| s.action.title() == *title).peekable();
        assert!(named.peek().is_some(), "the plan has no step `{title}`");
        named.for_each(|s| s.limit_ms = *ms);
    }
    let record = dir.path().join("record");
    let world = session.world(&record).unwrap();
    let (domain, stack) = (job.plan.subject().domain.to_string(), job.plan.subject().stack.to_string());
    let neighbour = std::sync::Arc::new(Mutex::new(Neighbour::new(canary.beside, &stack)));
    let (ear, titles) =
        (neighbour.clone(), job.plan.steps.iter().map(|s| s.action.title()).collect::<Vec<_>>());
    let hear = move |event: &ccci_model::event::Event| {
        if let What::StepEnded { step, .. } = &event.what {
            let title = titles.get(*step).map_or("", String::as_str);
            ear.lock().unwrap().hear(event, title);
        }
    };
    let Ok(finished) = run(&job, &world, &record, &session.stop, Box::new(hear)) else {
        return vec!["no record".into()];
    };
    let outcome = finished.record.expect("a record").outcome;
    let mut wrong = compare::differences(canary, &outcome, &record);
    if !neighbour.lock().unwrap().stands() {
        wrong.push("what lived beside it was touched".into());
    }
    drop(neighbour);
    let limit = Limit { deadline: world.clock.now().after(Duration::from_secs(30)), stop: Stop::default() };
    if !canary.left.is_empty() {
        // what held it is gone, so another removal removes the rest
        ccci_runner::execute::undo::remove_domain(&world, &domain, limit.deadline, true, &mut |_| ())
            .unwrap();
    }
    let left = world.cluster.leftovers(Some(&domain), &limit).unwrap();
    if !left.is_empty() {
        wrong.push(format!("left behind: {left:?}"));
    }
    wrong.extend(still_there(&stack));
    wrong
}

/// What the docker client still lists under the stack's name, with or without labels.
fn still_there(stack: &str) -> Option<String> {
    let kinds = [
        ["service", "ls", "--format", "{{.Name}}"],
        ["volume", "ls", "--format", "{{.Name}}"],
        ["network", "ls", "--format", "{{.Name}}"],
        ["secret", "ls", "--format", "{{.Name}}"],
        ["config", "ls", "--format", "{{.Name}}"],
        ["ps", "-a", "--format", "{{.Names}}"],
    ];
    let left: Vec<String> = kinds
        .iter()
        .flat_map(|words| {
            let kind = words[0];
            docker(words).lines().map(|name| format!("{kind} {name}")).collect::<Vec<_>>()
        })
        .filter(|line| line.contains(stack))
        .collect();
    (!left.is_empty()).then(|| format!("the docker client still lists {left:?}"))
}

#[test]
fn every_canary_has_a_row_and_every_row_a_canary() {
    let rows: BTreeSet<String> = CANARIES.iter().map(|c| c.name.to_string()).collect();
    assert_eq!(rows.len(), CANARIES.len(), "a name stands twice");
    assert_eq!(rows, ground::folders().into_iter().collect());
    for row in CANARIES {
        assert!(row.about.starts_with(char::is_uppercase) && row.about.ends_with('.'), "{}", row.name);
        let told = !row.failures.is_empty() || !row.refused.is_empty();
        assert_eq!(told, row.exit != 0, "{}: red says why, and green has nothing to say", row.name);
        assert!(row.lessons.iter().all(|l| l.starts_with("lesson_")), "{}", row.name);
        for t in row.failures {
            assert!(
                ccci_model::failure::causes::by_id(t.cause).is_some(),
                "{}: no cause {}",
                row.name,
                t.cause
            );
        }
    }
}
