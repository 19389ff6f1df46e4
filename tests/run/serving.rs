//! What a run says of an app that gives an accepted answer and is broken all the same: where the answer leads, what else
//! is offered, and whether it still answers at the end.

use super::causes::labelled;
use super::fullest::{Ground, job};
use super::machine::{Machine, TestRun};
use ccci_model::event::{Event, What};
use ccci_model::exit::Exit;
use ccci_model::tier::Status;
use ccci_runner::execute::job::Job;
use ccci_swarm::ports::Stop;
use ccci_swarm::ports::web::{AnsweredBy, HttpAnswer};
use ccci_testkit::memory::{Fault, page, path_of};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn to(location: &str) -> HttpAnswer {
    HttpAnswer { headers: vec![("location".into(), location.into())], ..page(302, "") }
}

/// A run whose health path redirects; `next` answers other paths.
fn leading(location: &'static str, next: fn(&str) -> Option<HttpAnswer>) -> TestRun {
    let job = job();
    Machine::new().live_on(&job, |web| {
        web.on_request(move |request, _| match path_of(&request.url) {
            "/health" => Some(to(location)),
            other => next(other),
        });
    })
}

fn red(run: &TestRun, words: &str) {
    assert_eq!(run.outcome.exit, Exit::Failed, "{:?}", run.outcome.failures);
    let first = run.outcome.failures.iter().find(|f| f.failure.observed().contains(words));
    let first = first.unwrap_or_else(|| panic!("{words}: {:?}", run.outcome.failures));
    assert_eq!(first.failure.cause, "not-healthy");
}

fn open(run: &TestRun, words: &str) {
    assert_eq!(run.outcome.exit, Exit::Green, "{:?}", run.outcome.failures);
    let all = &run.outcome.not_proved;
    assert_eq!(all.iter().filter(|n| n.contains(words)).count(), 1, "{words}: {all:?}");
}

#[test]
fn an_accepted_redirect_is_followed_to_its_end() {
    red(&leading("/health", |_| None), "it redirects more than");
    red(&leading("/login", |path| (path == "/login").then(|| page(500, "oops"))), "status 500");
    let good = leading("/login", |path| (path == "/login").then(|| page(200, "well")));
    assert_eq!(good.outcome.exit, Exit::Green, "{:?}", good.outcome.failures);
    assert!(!good.outcome.not_proved.iter().any(|n| n.contains("/health leads")));
    open(
        &leading("https://other.example.com/", |_| None),
        "what /health leads to: it redirects to https://other",
    );
    open(&leading("/nowhere", |_| None), "/nowhere answers 404");
    // an operator's proxy redirects plain HTTP, so one round over it is no circle
    let plain =
        leading("http://full-abc123.ccci.test/login", |path| (path == "/login").then(|| page(200, "well")));
    assert_eq!(plain.outcome.exit, Exit::Green, "{:?}", plain.outcome.failures);
}

#[test]
fn an_app_that_answers_until_the_tests_are_over_is_red() {
    let job = Arc::new(job());
    let (steps, over) = (job.clone(), Arc::new(AtomicBool::new(false)));
    let gone = over.clone();
    let reporter = move |e: &Event| {
        if let What::StepEnded { step, .. } = &e.what
            && steps.plan.steps[*step].action.title().starts_with("see the head's services")
        {
            over.store(true, Ordering::SeqCst);
        }
    };
    let run = Machine::new().live_as(&job, None, &Stop::default(), reporter, |web| {
        web.on_request(move |_, _| gone.load(Ordering::SeqCst).then(|| page(500, "tired")));
    });
    red(&run, "status 500");
    // a test may have left it so
    let last = &run.outcome.failures.last().unwrap().failure;
    let cure = last.cure().unwrap_or_default();
    assert!(
        cure.contains("which of these left the app so") && cure.contains("`custom/test_page.rhai`"),
        "{cure}"
    );
    let before = last.evidence.iter().find(|e| e.what == "before").map(|e| e.text.as_str());
    assert_eq!(before, Some("it gave an accepted answer in the tier restore"));
}

/// The last test may restart the app, and it needs a moment to come back.
#[test]
fn an_app_that_is_away_for_a_moment_at_the_end_is_green() {
    let job = Arc::new(job());
    let (steps, away) = (job.clone(), Arc::new(AtomicBool::new(false)));
    let (gone, mut asked) = (away.clone(), 0);
    let reporter = move |e: &Event| {
        if let What::StepEnded { step, .. } = &e.what
            && steps.plan.steps[*step].action.title().starts_with("see the head's services")
        {
            away.store(true, Ordering::SeqCst);
        }
    };
    let run = Machine::new().live_as(&job, None, &Stop::default(), reporter, |web| {
        web.on_request(move |_, _| {
            asked += usize::from(gone.load(Ordering::SeqCst));
            (1..4).contains(&asked).then(|| page(502, "not yet"))
        });
    });
    assert_eq!(run.outcome.exit, Exit::Green, "{:?}", run.outcome.failures);
}

#[test]
fn a_test_that_passes_without_an_assertion_that_was_reached_shows_nothing() {
    let ground = Ground::new();
    let never = "fn test_never(ctx) {\n    if ctx.get(\"/health\").status == 404 { assert(1 == ctx.get(\"/\").status); }\n}\n";
    ground.file("custom/test_never.rhai", never);
    let run = Machine::new().live(&ground.prepare("20260101-000000-abc123").unwrap());
    open(&run, "anything by `test_never` of custom/test_never.rhai: no assertion in it was reached");
    assert_eq!(run.outcome.not_proved.iter().filter(|n| n.starts_with("anything by")).count(), 1);
}

#[test]
fn routers_and_ports_beside_the_health_path_are_asked_at_the_end() {
    let api = [
        "traefik.http.routers.api.rule=Host(`api.example.com`) && PathPrefix(`/v1`)",
        "traefik.http.routers.api.tls=true",
    ];
    let with = |status: u16| {
        let job = labelled(&api);
        Machine::new().live_on(&job, |web| {
            web.on_request(move |request, _| (path_of(&request.url) == "/v1").then(|| page(status, "")));
        })
    };
    let told = |run: &TestRun| run.outcome.not_proved.iter().any(|n| n.contains("router `api`"));
    assert!(!told(&with(200)) && !told(&with(401)));
    open(&with(503), "that router `api` (https://api.example.com/v1) leads to an app: it answers 503");
}

/// A run whose router `api` leads to a port that opens this long after the run began; the proxy answers 502 until then.
fn behind(opens: u64) -> TestRun {
    let api = [
        "traefik.http.services.api.loadbalancer.server.port=8099",
        "traefik.http.routers.api.rule=Host(`api.example.com`) && PathPrefix(`/v1`)",
        "traefik.http.routers.api.tls=true",
        "traefik.http.routers.api.service=api",
        "traefik.http.routers.${STACK_NAME}.service=${STACK_NAME}",
    ];
    let job = labelled(&api);
    Machine::new().live_on(&job, |web| {
        web.on_port("app", 8099, move |now| now.0 >= opens);
        web.on_request(move |request, now| {
            let refused = HttpAnswer {
                by: AnsweredBy::Ingress("`app:8099`: connection refused".into()),
                ..page(502, "")
            };
            let api = path_of(&request.url) == "/v1";
            api.then(|| if now.0 >= opens { page(200, "") } else { refused })
        });
    })
}

#[test]
fn a_router_to_a_port_on_which_nothing_listens_is_red() {
    let run = behind(u64::MAX);
    let first = &run.outcome.failures.first().expect("a failure").failure;
    assert_eq!((run.outcome.exit, first.cause.as_str()), (Exit::Failed, "port-closed"), "{first:?}");
    assert!(
        first.expected().contains("port 8099 of `app`, where router `api` leads"),
        "{}",
        first.expected()
    );
    // one that opens late is none
    let began = run.events.first().unwrap().at.0;
    let mut asked = run.events.iter().filter_map(|e| match &e.what {
        What::StepStarted { title, .. } if title.starts_with("assert: still serving") => Some(e.at.0),
        _ => None,
    });
    let late = behind(began + asked.next_back().unwrap() + 20_000);
    assert_eq!(late.outcome.exit, Exit::Green, "{:?}", late.outcome.failures);
    assert!(!late.outcome.not_proved.iter().any(|n| n.contains("router `api`")));
}

/// Data that outlive no task: where the image declares a volume and nothing is mounted.
#[test]
fn volumes_without_a_name_are_not_proved_to_keep_their_data() {
    let machine = Machine::new();
    machine.cluster.declares("nginx:1.25.0", "/srv/data/");
    machine.cluster.declares("nginx:1.26.0", "/srv/data");
    machine.cluster.declares("nginx:1.26.0", "/var/cache/");
    machine.cluster.declares("redis:7.0", "/data");
    let run = machine.live(&job());
    open(&run, "that data in /var/cache of `app` outlive its task: its image declares a volume there");
    let all = run.outcome.not_proved.iter().filter_map(|n| n.split_once(" outlive its task"));
    let all: Vec<&str> = all.filter_map(|(what, _)| what.strip_prefix("that data in ")).collect();
    // the volume of `app` at /srv/data has a name, `worker` has none there
    assert_eq!(all.iter().filter(|what| what.ends_with("of `app`")).count(), 1, "{all:?}");
    assert!(all.contains(&"/srv/data of `worker`") && all.contains(&"/data of `cache`"), "{all:?}");
}

/// A release that renames a volume leaves the data behind, which is why the new version does not come up.
#[test]
fn a_red_upgrade_names_the_volume_that_the_head_does_not_mount() {
    let with = |job: &Job| {
        let machine = Machine::new();
        machine.cluster.fault_at_deploy(1, Fault::RollsBack("app".into(), 7));
        machine.live(job)
    };
    let ground = Ground::new();
    let file = ground.source.path().join("compose.yml");
    let text = std::fs::read_to_string(&file).unwrap();
    let renamed = text
        .replace("db:/var/lib/mysql", "rows:/var/lib/mysql")
        .replace("\n  db:\n\nsecrets", "\n  rows:\n\nsecrets");
    assert!(renamed.contains("\n  rows:\n"), "{renamed}");
    std::fs::write(&file, renamed).unwrap();
    ground.source.commit("another volume");
    for (job, lost) in [(ground.prepare("20260101-000000-abc123").unwrap(), true), (job(), false)] {
        let run = with(&job);
        let first = &run.outcome.failures.first().expect("a failure").failure;
        assert_eq!(first.cause, "rolled-back");
        let told: Vec<&str> =
            first.evidence.iter().filter(|e| e.what == "data of the base").map(|e| e.text.as_str()).collect();
        let text = "no service of the head mounts the volume `db`, which the base mounts at /var/lib/mysql of `db`, where \
                    the head mounts `rows`";
        assert_eq!(told, if lost { vec![text] } else { vec![] });
        // what nobody asked at the end is no pass
        let last = run
            .outcome
            .steps
            .iter()
            .filter(|s| s.note.as_deref().is_some_and(|n| n.starts_with("not asked")));
        assert_eq!(last.map(|s| s.status).collect::<Vec<_>>(), [Status::Skip]);
    }
}
