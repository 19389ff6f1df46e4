//! Several concurrent runs, cleaning at the same time, and a name that is used again right after its removal.

use super::victim::{Victim, held};
use super::{Round, Row, alone, rounds, seed};
use crate::docker::docker;
use ccci_adapters::clock::RealClock;
use ccci_adapters::docker::Swarm;
use ccci_model::name::{RunId, ServiceName, StackName};
use ccci_model::secret::Secret;
use ccci_runner::execute::undo;
use ccci_swarm::converge::{Desired, DesiredService, History, until_converged};
use ccci_swarm::ports::cluster::{Deploy, Owner};
use ccci_swarm::ports::lease::Lease;
use ccci_swarm::ports::{Clock, Cluster, Limit, Locks, Stop, World};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_secs(600);
const IMAGE: &str = "nginx:1.25.0";

fn green(victim: &mut Victim) -> Duration {
    let status = victim.end(LONGEST).expect("it hangs");
    let took = victim.began().elapsed();
    assert_eq!(status.code(), Some(0), "{}", victim.said());
    took
}

#[test]
fn four_runs_at_once_two_of_one_recipe_are_all_green_and_clean_touches_none_of_them() {
    let Some(_alone) = alone("four runs at once") else { return };
    let recipes = ["recipes/wordpress", "recipes/custom-html", "recipes/custom-html", "recipes/custom-html"];
    let single = green(&mut Victim::start(recipes[0], &[]));
    let mut all = recipes.map(|recipe| Victim::start(recipe, &[]));
    let began = Instant::now();
    let domains: Vec<String> = all
        .iter_mut()
        .map(|v| {
            while v.domain().is_none() {
                assert!(v.ended().is_none() && began.elapsed() < LONGEST, "{}", v.said());
                std::thread::sleep(Duration::from_millis(20));
            }
            v.domain().unwrap()
        })
        .collect();
    // two cleanings at a time, repeatedly, while the runs are in progress
    while all.iter_mut().all(|v| v.ended().is_none()) {
        std::thread::scope(|scope| {
            for victim in &all[..2] {
                scope.spawn(|| {
                    let out = victim.clean();
                    let said = String::from_utf8_lossy(&out.stderr).into_owned();
                    assert_eq!(out.status.code(), Some(0), "{said}");
                    assert!(
                        !domains.iter().any(|d| said.contains(&format!("{d}: removed"))),
                        "a living run: {said}"
                    );
                });
            }
        });
        std::thread::sleep(Duration::from_secs(1));
    }
    all.iter_mut().for_each(|v| {
        green(v);
    });
    println!("four at once: {:?}; wordpress alone: {single:?}", began.elapsed());
    for victim in &all {
        assert_eq!(victim.left(), Vec::<String>::new());
    }
    // the network that all share is removed with the last run
    let shared = || docker(&["network", "ls", "-q", "--filter", "label=ccci.domain=network-proxy"]);
    assert!(shared().is_empty() || held("network-proxy"), "the shared network stays");
}

fn world(runtime: &tokio::runtime::Runtime) -> World {
    let moved = Arc::new(tokio::sync::Notify::new());
    let clock: Arc<dyn Clock> = Arc::new(RealClock::new(moved.clone()));
    let host = ccci::commands::engine::address().host;
    let cluster: Arc<dyn Cluster> = Arc::new(Swarm::new(
        &host,
        Path::new(env!("CARGO_BIN_EXE_ccci")),
        runtime.handle().clone(),
        clock.clone(),
        moved,
    ));
    let web = Arc::new(ccci_testkit::memory::MemoryWeb::new(Arc::default(), cluster.clone()));
    let browser = Arc::new(ccci_testkit::memory::MemoryBrowser::new(web.clone()));
    let store = Arc::new(ccci_testkit::memory::MemoryStore::default());
    let locks = Arc::new(ccci_testkit::memory::MemoryLocks::default());
    World { cluster, web, browser, clock, store, locks }
}

/// Two services with all objects whose names can conflict: network, volume, secret, config.
fn compose(domain: &str) -> String {
    let labels = format!("{{ccci.run: again, ccci.domain: {domain}}}");
    let stack = domain.replace('.', "_");
    let service = |name: &str| {
        format!(
            "  {name}:\n    image: {IMAGE}\n    command: [sh, -c, 'sleep 1000']\n    labels: {labels}\n    \
             networks: [inner]\n    volumes: ['{name}:/data']\n    secrets: [pw]\n    configs: [conf]\n    \
             deploy: {{labels: {labels}, endpoint_mode: dnsrr}}\n"
        )
    };
    format!(
        "version: '3.8'\nservices:\n{}{}networks:\n  inner: {{labels: {labels}}}\nvolumes:\n  app: {{labels: {labels}}}\n  \
         db: {{labels: {labels}}}\nconfigs:\n  conf: {{file: ./conf, labels: {labels}}}\nsecrets:\n  pw: {{external: true, \
         name: {stack}_pw_v1}}\n",
        service("app"),
        service("db"),
    )
}

fn deploy(world: &World, domain: &str) -> Result<(), String> {
    let stack = StackName::parse(&domain.replace('.', "_")).unwrap();
    let limit = Limit { deadline: world.clock.now().after(Duration::from_secs(120)), stop: Stop::default() };
    let owner = Owner { run: RunId::parse("again").unwrap(), domain: domain.into(), lease: Lease::default() };
    let secret = format!("{stack}_pw_v1");
    let put = world.cluster.put_secret(&stack, &secret, &Secret::new("x"), &owner, &limit);
    put.map_err(|e| format!("failed to {e}"))?;
    let files = [("./conf".to_string(), b"x".to_vec())].into();
    let deploy = Deploy { stack: stack.clone(), compose: compose(domain), files };
    world.cluster.deploy(&deploy, &limit).map_err(|e| format!("failed to {e}"))?;
    let services = ["app", "db"].map(|n| DesiredService::new(ServiceName::parse(n).unwrap(), IMAGE)).into();
    let desired = Desired { services, fresh: true };
    until_converged(
        &*world.cluster,
        &*world.clock,
        &stack,
        &desired,
        &mut History::default(),
        &limit,
        &mut |_| (),
    )
    .map(|_| ())
    .map_err(|e| format!("failed to {e}"))
}

#[test]
fn lesson_34_a_name_can_be_used_again_at_once_after_each_removal() {
    let Some(_alone) = alone("redeploying") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = world(&runtime);
    let domain = format!("again-{}.ccci.test", std::process::id());
    // without the lock, every concurrent run would take this stack for a leftover of a dead run
    let _lives = ccci_adapters::locks::FileLocks::new(super::victim::locks()).take(&domain).unwrap().unwrap();
    let mut up = deploy(&world, &domain);
    let rounds = (0..rounds(50)).map(|_| {
        let began = Instant::now();
        let deadline = world.clock.now().after(Duration::from_secs(120));
        let removed = undo::remove_domain(&world, &domain, deadline, true, &mut |_| ());
        let took = began.elapsed();
        let clean = matches!(&removed, Ok(r) if r.held.is_empty());
        let before = std::mem::replace(&mut up, deploy(&world, &domain));
        let wrong = [before.err(), up.clone().err(), (!clean).then(|| format!("removal: {removed:?}"))];
        Round { clean, exit: up.is_ok(), took, wrong: wrong.into_iter().flatten().collect() }
    });
    let rounds: Vec<Round> = rounds.collect();
    let deadline = world.clock.now().after(Duration::from_secs(120));
    undo::remove_domain(&world, &domain, deadline, true, &mut |_| ()).unwrap();
    Row { kind: "removed, deployed again", timed: "removal", seed: seed(), rounds }.tell();
}
