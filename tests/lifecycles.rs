//! Whole lifecycles on a real Swarm: the three recipes are green, and each sabotage is found at the right tier. Run if
//! `CCCI_SWARM` is set (`make test`); without it each test prints that it was not run.

use ccci::app::run::run;
use ccci::app::{Config, Request, Session};
use ccci::commands::env;
use ccci_adapters::clock::RealClock;
use ccci_model::plan::{Action, Side};
use ccci_model::tier::{Status, Tier};
use ccci_model::verdict::{Outcome, Verdict};
use ccci_runner::execute::job::Job;
use ccci_swarm::ports::cluster::ExecOutput;
use ccci_swarm::ports::volume::PutBack;
use ccci_swarm::ports::{Call, Cluster, ClusterError, Limit, Reply, Stop};
use ccci_testkit::layers::{Fault, Saboteur};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One run at a time: all runs of mumble use the same host port, and there are only two cores.
static ONE: Mutex<()> = Mutex::new(());

fn swarm(story: &str) -> bool {
    let there = std::env::var_os("CCCI_SWARM").is_some();
    if !there {
        println!("NOT RUN: {story} needs a Swarm; `make test` runs it");
    }
    there
}

/// Runs a recipe after changing its job and its Swarm.
fn lifecycle(
    recipe: &str,
    tiers: Option<&str>,
    change: impl FnOnce(&mut Job),
    wrap: impl FnOnce(Arc<dyn Cluster>) -> Arc<dyn Cluster>,
) -> Outcome {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config { program: env!("CARGO_BIN_EXE_ccci").into(), ..env::config() };
    let session = Session::new(config, runtime.handle().clone());
    let request = Request {
        tiers: tiers.map(str::to_string),
        deadline: Duration::from_secs(600),
        ..Request::of(recipe)
    };
    let Ok(prepared) = session.prepare(&request) else {
        panic!("{recipe} does not load; `ccci check` says why");
    };
    let mut job = prepared.job;
    change(&mut job);
    let dir = tempfile::tempdir().unwrap();
    let mut world = session.world(dir.path()).unwrap();
    world.cluster = wrap(world.cluster.clone());
    let Ok(finished) = run(&job, &world, dir.path(), &session.stop, Box::new(|_| ())) else {
        panic!("no record")
    };
    let outcome = finished.record.expect("a record").outcome;
    let limit = Limit { deadline: world.clock.now().after(Duration::from_secs(30)), stop: Stop::default() };
    let left = world.cluster.leftovers(Some(job.plan.subject().domain.as_str()), &limit).unwrap();
    assert!(left.is_empty(), "{recipe} left {left:?}");
    outcome
}

fn tier(o: &Outcome, tier: Tier) -> Status {
    o.tiers.iter().find(|t| t.tier == tier).map_or(Status::Unver, |t| t.status)
}

fn green(recipe: &str) {
    if !swarm(recipe) {
        return;
    }
    let o = lifecycle(recipe, None, |_| (), |c| c);
    assert_eq!(o.verdict, Verdict::Green, "{recipe}: {:?}", o.failures);
    for t in [Tier::Install, Tier::Upgrade, Tier::Backup, Tier::Restore, Tier::Custom] {
        assert_eq!(tier(&o, t), Status::Pass, "{recipe} {t}");
        let ran = o.tiers.iter().find(|x| x.tier == t).map_or(0, |x| x.tests.len());
        assert!(ran > 0, "{recipe} {t} asserted nothing");
    }
}

#[test]
fn custom_html_lives_its_whole_life() {
    green("recipes/custom-html");
}

#[test]
fn wordpress_lives_its_whole_life() {
    green("recipes/wordpress");
}

#[test]
fn mumble_lives_its_whole_life() {
    green("recipes/mumble");
}

const ALL: &[&str] = &["recipes/custom-html", "recipes/wordpress", "recipes/mumble"];

/// The run must be red, with the recipe to blame, at that tier and no earlier one.
fn red_at(o: &Outcome, recipe: &str, at: Tier, cause: &[&str]) {
    assert_eq!(o.verdict, Verdict::Red, "{recipe}: {:?}", o.failures);
    assert_eq!(tier(o, at), Status::Fail, "{recipe} {at}: {:?}", o.failures);
    let first = o.failures.iter().find(|t| t.tier == Some(at)).expect("a failure of that tier");
    assert!(cause.contains(&first.failure.cause.as_str()), "{recipe}: {:?}", first.failure);
    assert_eq!(first.failure.blame.to_string(), "recipe", "{recipe}: {:?}", first.failure);
    for t in o.tiers.iter().filter(|t| t.tier < at) {
        assert_ne!(t.status, Status::Fail, "{recipe}: {} failed too: {:?}", t.tier, t.failure);
    }
}

#[test]
fn a_restore_that_does_nothing_is_red_at_the_restore() {
    for recipe in ALL.iter().filter(|r| swarm(r)) {
        let o = lifecycle(recipe, Some("backup,restore"), |_| (), restores_nothing);
        red_at(&o, recipe, Tier::Restore, &["test-failed"]);
    }
}

#[test]
fn an_empty_backup_is_red_at_the_backup() {
    for recipe in ALL.iter().filter(|r| swarm(r)) {
        let o = lifecycle(recipe, Some("backup,restore"), |_| (), packs_nothing);
        red_at(&o, recipe, Tier::Backup, &["empty-backup"]);
    }
}

#[test]
fn lesson_15_an_upgrade_to_what_was_there_is_red_at_the_upgrade() {
    for recipe in ALL.iter().filter(|r| swarm(r)) {
        let no_op = |job: &mut Job| {
            let sides = &mut job.apps[0].sides;
            let base = sides[&Side::Base].clone();
            sides.insert(Side::Head, base);
            // the base has no compose file for host ports, unlike the head
            job.plan.steps.iter_mut().for_each(|s| {
                if let Action::Env { hooks, .. } = &mut s.action {
                    hooks.clear();
                }
            });
        };
        let o = lifecycle(recipe, Some("upgrade"), no_op, |c| c);
        red_at(&o, recipe, Tier::Upgrade, &["not-moved"]);
    }
}

#[test]
fn a_ready_probe_that_is_never_true_is_red_at_the_install() {
    for recipe in ALL.iter().filter(|r| swarm(r)) {
        let copy = tempfile::tempdir().unwrap();
        let dir = copy.path().join(Path::new(recipe).file_name().unwrap());
        assert!(Command::new("cp").arg("-r").arg(recipe).arg(&dir).status().unwrap().success());
        let hooks = std::fs::read_to_string(dir.join("hooks.rhai")).unwrap();
        let hooks = hooks.replace("fn ready_probe(ctx) {", "private fn true_probe(ctx) {");
        std::fs::write(dir.join("hooks.rhai"), hooks + "\nfn ready_probe(ctx) {\n    false\n}\n").unwrap();
        let settings = std::fs::read_to_string(dir.join("recipe.toml")).unwrap();
        let here = std::env::current_dir().unwrap();
        let settings = settings.replace("../../dev/lab", &format!("{}/dev/lab", here.display()));
        std::fs::write(dir.join("recipe.toml"), settings).unwrap();
        let short = |job: &mut Job| {
            for s in job.plan.steps.iter_mut().filter(|s| matches!(s.action, Action::Ready { .. })) {
                s.limit_ms = 3_000;
            }
        };
        let o = lifecycle(dir.to_str().unwrap(), Some("install"), short, |c| c);
        red_at(&o, recipe, Tier::Install, &["not-ready"]);
    }
}

/// A Swarm on which restoring does nothing and reports success.
fn restores_nothing(swarm: Arc<dyn Cluster>) -> Arc<dyn Cluster> {
    let loads = |call: &Call<'_, '_>| match call {
        Call::UnpackVolume { .. } => true,
        Call::Exec { what, .. } => {
            let words = what.argv.join(" ");
            ["gunzip -c", ".restore", "cp /data/backup"].iter().any(|w| words.contains(w))
        }
        _ => false,
    };
    let nothing = |call: Call<'_, '_>| match call {
        Call::Exec { .. } => Ok(Reply::Output(ExecOutput::default())),
        _ => Ok(Reply::PutBack(PutBack::default())),
    };
    spoilt(swarm, move |_, call| loads(call), Fault::Instead(Box::new(nothing)))
}

/// A Swarm on which every volume looks empty to a backup.
fn packs_nothing(swarm: Arc<dyn Cluster>) -> Arc<dyn Cluster> {
    let nothing = |call: Call<'_, '_>| {
        let Call::PackVolume { sink, .. } = call else { unreachable!("only packing is spoilt") };
        let tar = tar::Builder::new(vec![]).into_inner().unwrap();
        let written = sink.write_all(&tar).map_err(|e| ClusterError::Local(e.to_string()));
        written.map(|()| Reply::Entries(vec![]))
    };
    let packs = |_, call: &Call<'_, '_>| matches!(call, Call::PackVolume { .. });
    spoilt(swarm, packs, Fault::Instead(Box::new(nothing)))
}

fn spoilt(
    swarm: Arc<dyn Cluster>,
    when: impl Fn(usize, &Call<'_, '_>) -> bool + Send + Sync + 'static,
    fault: Fault,
) -> Arc<dyn Cluster> {
    let saboteur = Saboteur::new(swarm, Arc::new(RealClock::new(Arc::default())));
    saboteur.spoil(when, fault);
    Arc::new(saboteur)
}
