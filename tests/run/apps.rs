//! Three apps in one run, in memory: a subject that needs an identity provider, which needs a database. Tested: their
//! order, what deps provide, what a failure of each means, undo at every step, and one lock for each domain.

use super::fullest::{job as fullest, prepared};
use super::machine::{Machine, TestRun};
use super::tap::Mishap;
use crate::repository::Repository;
use ccci::app::Request;
use ccci::app::run::run;
use ccci_model::event::{DecidedBy, What};
use ccci_model::exit::Exit;
use ccci_model::name::RunId;
use ccci_model::plan::{Action, Role, Side};
use ccci_model::tier::Status;
use ccci_runner::build::{Asked, Inputs, TestFile, build_with};
use ccci_runner::execute::job::Job;
use ccci_runner::execute::undo::{Scope, collect};
use ccci_swarm::ports::{Locks, Stop};
use ccci_testkit::memory::{Fault, MemoryStore};
use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

const RUN: &str = "20260101-000000-abc123";

/// A small recipe with these hooks.
fn small(name: &str, hooks: &str) -> (Repository, Job) {
    let repository = Repository::new();
    let labels: String = [
        "traefik.enable=true",
        "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80",
        "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)",
        "traefik.http.routers.${STACK_NAME}.entrypoints=web-secure",
        "traefik.http.routers.${STACK_NAME}.tls=true",
    ]
    .map(|l| format!("        - \"{l}\"\n"))
    .concat();
    repository.write(
        "compose.yml",
        format!(
            "version: \"3.8\"\nservices:\n  app:\n    image: {name}:1\n    networks: [proxy]\n    environment: [SEEN]\n    \
             deploy:\n      labels:\n{labels}networks:\n  proxy:\n    external: true\n"
        ),
    );
    repository.write(".env.sample", format!("TYPE={name}\nDOMAIN={name}.example.com\nSEEN=nothing\n"));
    repository.commit("first");
    let dir = repository.around().join("recipes").join(name);
    fs::create_dir_all(&dir).unwrap();
    let settings =
        format!("source = {:?}\nhealth.path = \"/health\"\nhealth.timeout = \"3s\"\n", repository.given());
    fs::write(dir.join("recipe.toml"), settings).unwrap();
    fs::write(dir.join("hooks.rhai"), hooks).unwrap();
    let job = prepared(&Request::of(dir.to_str().unwrap()), RUN).unwrap();
    (repository, job)
}

/// The inputs for the plan of a prepared app.
fn inputs(job: &Job, needs: &[usize]) -> Inputs {
    let (app, scripts) = (job.plan.subject(), &job.apps[0].scripts);
    let health = job.plan.steps.iter().find_map(|s| match &s.action {
        Action::Health { path, ok } => Some((path.clone(), ok.clone(), Duration::from_millis(s.limit_ms))),
        _ => None,
    });
    let (health_path, health_ok, health_limit) = health.unwrap();
    let tests = job.plan.steps.iter().filter_map(|s| match &s.action {
        Action::Tests { file, names } => {
            Some(TestFile { tier: s.tier.unwrap(), file: file.clone(), names: names.clone() })
        }
        _ => None,
    });
    Inputs {
        run_id: RunId::parse(RUN).unwrap(),
        recipe: app.recipe.clone(),
        domain: app.domain.clone(),
        source: app.source.clone(),
        head: app.head.clone(),
        base: app.base.clone(),
        base_reason: app.base_reason.clone(),
        base_unknown: false,
        health_path,
        health_ok,
        health_limit,
        deploy_limit: Duration::from_secs(120),
        ready_stable: 1,
        routed: true,
        screenshot: app.role == Role::Subject,
        backup: (app.base.is_some(), "labels".into()),
        backup_by: DecidedBy::Structure,
        hooks: scripts.hooks().into_iter().map(|(row, _)| row.name().to_string()).collect(),
        tests: tests.collect(),
        expected_na: Default::default(),
        settings: vec![],
        scripts: app.scripts.clone(),
        overlays: vec![],
        left_alone: vec![],
        not_proved: vec![],
        data: Default::default(),
        warnings: vec![],
        asked: Asked {
            call: None,
            tiers: None,
            tests: vec![],
            keep: false,
            browser: true,
            deadline: Duration::from_secs(3_600),
        },
        needs: needs.to_vec(),
    }
}

const DATABASE: &str = r#"
fn provide(ctx, consumer) {
    #{ user: consumer.recipe, password: "for " + consumer.domain, host: ctx.stack + "_app" }
}
"#;

const IDENTITY: &str = r#"
fn extra_env(ctx) { #{ SEEN: ctx.deps.database.user + "@" + ctx.deps.database.host } }
fn provide(ctx, consumer) {
    if consumer.recipe == "fullest" { #{ client: consumer.recipe, token: "of " + consumer.base_url } } else { throw "not for you" }
}
"#;

/// The subject, which uses a value from the identity provider as its secret, and its two deps.
pub(crate) fn three() -> Job {
    static MADE: OnceLock<Job> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let (_a, database) = small("database", DATABASE);
        let (_b, identity) = small("identity", IDENTITY);
        let ground = super::fullest::Ground::new();
        let hooks = fs::read_to_string("tests/fixtures/fullest/recipe/hooks.rhai").unwrap();
        let own = "ctx.set_secret(\"admin_password\", \"chosen by the recipe\");";
        let asks = format!("{own}\n    ctx.set_secret(\"api_token\", ctx.deps.identity.token);");
        ground.file("hooks.rhai", &hooks.replace(own, &asks));
        let subject = ground.prepare(RUN).unwrap();
        let deps = [inputs(&database, &[]), inputs(&identity, &[0])];
        let plan = build_with(&inputs(&subject, &[1]), &deps);
        let apps = [database, identity, subject.clone()].into_iter().flat_map(|j| j.apps).collect();
        Job { plan, apps, ..subject }
    });
    super::fullest::fresh(made)
}

fn domains(job: &Job) -> Vec<String> {
    job.plan.apps.iter().map(|a| a.domain.to_string()).collect()
}

#[test]
fn deps_come_up_first_provide_what_is_needed_and_go_last() {
    let (machine, job) = (Machine::new(), three());
    machine.cluster.without_proxy();
    let before = machine.cluster.inventory();
    let run = machine.live(&job);
    assert_eq!(run.outcome.exit, Exit::Green, "{:?}", run.outcome.failures);
    assert_eq!(machine.cluster.inventory(), before);
    let roles: Vec<Role> = job.plan.apps.iter().map(|a| a.role).collect();
    assert_eq!(roles, [Role::Dep, Role::Dep, Role::Subject]);
    let deployed = machine.recorder.calls_of("deploy");
    let stacks: Vec<String> = job.plan.apps.iter().map(|a| a.stack.to_string()).collect();
    // the subject is deployed twice: base and head
    assert_eq!(deployed, [&stacks[0], &stacks[1], &stacks[2], &stacks[2]].map(Clone::clone));
    let mut removed = machine.recorder.calls_of("remove");
    removed.dedup();
    let mut all = domains(&job);
    all.reverse();
    // the network that they share is removed with the last of them
    assert_eq!(removed[..3], all, "{removed:?}");
}

#[test]
fn what_a_dep_provides_is_what_its_consumer_reads() {
    let (machine, job) = (Machine::new(), three());
    let secrets: Arc<Mutex<Vec<String>>> = Arc::default();
    let observed = secrets.clone();
    let (cluster, stack) = (machine.cluster.clone(), job.plan.subject().stack.to_string());
    let identity = job.plan.apps[1].stack.to_string();
    let look = move |e: &ccci_model::event::Event| {
        if let What::StepEnded { status: Status::Pass, .. } = e.what {
            let mut all = observed.lock().unwrap();
            let secret = cluster.secret(&format!("{stack}_api_token_v1"));
            all.extend(secret.map(|bytes| String::from_utf8(bytes).unwrap()));
            all.extend(cluster.env_of(&identity, "app", "SEEN"));
        }
    };
    let run = machine.live_with(&job, None, &Stop::default(), look);
    assert_eq!(run.outcome.exit, Exit::Green, "{:?}", run.outcome.failures);
    let all: BTreeSet<String> = secrets.lock().unwrap().iter().cloned().collect();
    let host = format!("identity@{}_app", job.plan.apps[0].stack);
    let token = format!("of https://{}", job.plan.subject().domain);
    assert_eq!(all, BTreeSet::from([host, token]));
}

/// A dep that fails does not stop the run: the subject goes on without it, and the run is red and names the dep.
#[test]
fn a_dep_that_fails_makes_the_run_red_and_the_subject_goes_on() {
    let (machine, job) = (Machine::new(), three());
    machine.cluster.fault_at_deploy(0, Fault::NoSuchImage("nothing".into()));
    machine.cluster.fault(Fault::NoSuchImage("database:1".into()));
    let run = machine.live(&job);
    assert_eq!(run.outcome.exit, Exit::Failed);
    let first = &run.outcome.failures[0];
    assert_eq!(
        (first.failure.cause.as_str(), first.during.as_str()),
        ("missing-image", "database: pull the head's images")
    );
    let subject = |t: &&ccci_model::verdict::StepOutcome| job.plan.steps[t.step].app == 2;
    assert!(run.outcome.steps.iter().filter(subject).any(|s| s.status == Status::Pass));
    assert!(run.outcome.leftovers.is_empty());
}

fn undone(mishap: Mishap) {
    let job = three();
    let good = Machine::new().live(&job);
    for step in 0..job.plan.steps.len() {
        let by_itself = matches!(mishap, Mishap::Interrupted | Mishap::Late | Mishap::Killed);
        if !by_itself && good.tap.calls_of(step) == 0 {
            continue;
        }
        let machine = Machine::new();
        let _neighbour = machine.with_neighbours();
        machine.cluster.without_proxy();
        let before = machine.cluster.inventory();
        let run: TestRun = machine.live_badly(&three(), step, mishap);
        let at = format!("{mishap:?} at `{}`", job.plan.title(&job.plan.steps[step]));
        if run.tap.is_dead() {
            let world = machine.world(machine.cluster.clone(), &MemoryStore::default());
            collect(&world, "", Scope::Kept, &machine.limit(300), &mut |_| ()).unwrap();
        }
        assert_eq!(machine.cluster.inventory(), before, "{at}");
        assert!(run.outcome.leftovers.is_empty(), "{at}: {:?}", run.outcome.leftovers);
    }
}

#[test]
fn undo_at_every_step_that_fails_leaves_nothing_of_three_apps() {
    undone(Mishap::Fails);
}

#[test]
fn undo_at_every_step_that_panics_leaves_nothing_of_three_apps() {
    undone(Mishap::Panics);
}

#[test]
fn undo_at_every_step_that_is_interrupted_leaves_nothing_of_three_apps() {
    undone(Mishap::Interrupted);
}

#[test]
fn undo_after_a_kill_at_every_step_leaves_nothing_of_three_apps() {
    undone(Mishap::Killed);
}

#[test]
fn each_domain_of_a_run_has_its_lock_while_it_goes_on() {
    let (machine, job) = (Machine::new(), three());
    let (locks, all) = (machine.locks.clone(), domains(&job));
    let free: Arc<Mutex<Vec<String>>> = Arc::default();
    let found = free.clone();
    let reporter = move |_: &ccci_model::event::Event| {
        let open = all.iter().filter(|d| locks.take(d).unwrap().is_some()).cloned();
        found.lock().unwrap().extend(open);
    };
    let world = machine.world(machine.cluster.clone(), &MemoryStore::default());
    let dir = tempfile::tempdir().unwrap();
    assert!(run(&job, &world, dir.path(), &Stop::default(), Box::new(reporter)).is_ok());
    assert_eq!(*free.lock().unwrap(), Vec::<String>::new());
    assert!(domains(&job).iter().all(|d| machine.locks.take(d).unwrap().is_some()));
}

/// Two deps that do not need each other are in one stage, and both are up before the subject.
#[test]
fn independent_deps_come_up_at_the_same_time() {
    let (_a, one) = small("database", DATABASE);
    let (_b, other) = small("mail", "fn provide(ctx, consumer) { #{ host: ctx.domain } }\n");
    let subject = fullest();
    let plan = build_with(&inputs(&subject, &[0, 1]), &[inputs(&one, &[]), inputs(&other, &[])]);
    assert_eq!(plan.order, [vec![0, 1], vec![2]]);
    let apps = [one, other, subject.clone()].into_iter().flat_map(|j| j.apps).collect();
    let job = Job { plan, apps, ..subject };
    let machine = Machine::new();
    let run = machine.live(&job);
    assert_eq!(run.outcome.exit, Exit::Green, "{:?}", run.outcome.failures);
    let head = Action::Deploy { side: Side::Head };
    let deploys = job.plan.steps.iter().filter(|s| s.action == head).count();
    assert_eq!(deploys, 3);
    assert!(run.outcome.steps.iter().all(|s| s.ended && s.status == Status::Pass));
}
