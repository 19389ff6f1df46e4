//! The eight waits: whether each gives an answer, whether the answer is right, and how soon it comes. For comparison,
//! the docker client's own wait (`docker stack deploy --detach=false`) with the same file on the same engine.

use super::figures::{Figures, span, table};
use ccci::commands::{engine, env};
use ccci_adapters::clock::RealClock;
use ccci_adapters::docker::Swarm;
use ccci_adapters::locks::FileLocks;
use ccci_model::name::{ServiceName, StackName};
use ccci_swarm::converge::{Desired, DesiredService, History, until_converged};
use ccci_swarm::observed::{Restart, TaskState};
use ccci_swarm::ports::cluster::{Cluster, Deploy, Owner};
use ccci_swarm::ports::lease::Lease;
use ccci_swarm::ports::locks::Locks;
use ccci_swarm::ports::{Clock, Limit, Stop};
use ccci_swarm::wait::WaitError;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// One case: a file, in some cases a second one that is deployed after it, and the right answer.
struct Case {
    name: &'static str,
    /// YAML of the services, not indented.
    first: &'static str,
    /// Deployed when the first has converged; the wait for this deploy is then measured.
    second: Option<&'static str>,
    /// `converged`, or the id of a cause.
    right: &'static str,
    /// Text that a remark must contain.
    remark: &'static str,
    restart: Restart,
    /// The longest time that ccci promises, if any; for `healthy` it is added to the lower bound.
    most: Option<Duration>,
}

const UP: &str = "trap 'exit 0' TERM; while :; do sleep 0.2; done";
const CHECKED: &str =
    "app: {image: IMAGE, command: [sh, -c, UP], healthcheck: {test: 'true', interval: 1s, retries: 3}}";
const PLAIN: &str = "app: {image: IMAGE, command: [sh, -c, UP], deploy: {update_config: {monitor: 2s}}}";
const CASES: &[Case] = &[
    Case { name: "healthy", first: CHECKED, most: Some(Duration::from_millis(1_500)), ..Case::NONE },
    Case {
        name: "one-shot done",
        first: "app: {image: IMAGE, command: ['true'], deploy: {restart_policy: {condition: none}}}",
        restart: Restart::Never,
        most: Some(Duration::from_secs(3)),
        ..Case::NONE
    },
    Case {
        name: "crash loop",
        first: "app: {image: IMAGE, command: [sh, -c, 'echo Cannot find module x; exit 3']}",
        right: "crash-loop",
        most: Some(Duration::from_secs(10)),
        ..Case::NONE
    },
    Case {
        name: "missing image",
        first: "app: {image: 'ccci-no-such-image:1', command: ['true']}",
        right: "missing-image",
        most: Some(Duration::from_secs(3)),
        ..Case::NONE
    },
    Case {
        name: "never healthy",
        first: "app: {image: IMAGE, command: [sh, -c, UP], healthcheck: {test: 'false', interval: 1s, retries: 2}}",
        right: "never-healthy",
        ..Case::NONE
    },
    Case {
        name: "rolled back",
        first: PLAIN,
        second: Some(
            "app: {image: IMAGE, command: [sh, -c, 'exit 7'], deploy: {update_config: {monitor: 2s, failure_action: rollback, order: start-first}}}",
        ),
        right: "rolled-back",
        ..Case::NONE
    },
    Case {
        name: "paused",
        first: PLAIN,
        second: Some(
            "app: {image: IMAGE, command: [sh, -c, 'exit 7'], deploy: {update_config: {monitor: 2s, failure_action: pause, order: start-first}}}",
        ),
        right: "update-paused",
        ..Case::NONE
    },
    Case {
        name: "dropped service",
        first: "{app: {image: IMAGE, command: [sh, -c, UP]}, old: {image: IMAGE, command: [sh, -c, UP]}}",
        second: Some("app: {image: IMAGE, command: [sh, -c, UP]}"),
        remark: "service `old` is not in the composed file",
        most: Some(Duration::from_secs(3)),
        ..Case::NONE
    },
];

impl Case {
    const NONE: Case = Case {
        name: "",
        first: "",
        second: None,
        right: "converged",
        remark: "",
        restart: Restart::Any,
        most: None,
    };
}

/// An image that the lab has.
const IMAGE: &str = "nginx:1.25.0";
/// Timeout of the client's own wait, which does not end in most cases.
const CLIENT_PATIENCE: Duration = Duration::from_secs(20);

/// Runs all cases, `rounds` times; the docker client only once for each case.
pub(crate) fn run(rounds: usize) {
    println!(
        "The eight waits: ccci's answer, and the docker client's own wait (given up after {} s)",
        CLIENT_PATIENCE.as_secs()
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let domain = format!("bench-{}.ccci.test", std::process::id());
    // without the lock, any run on this machine would remove the stack as a leftover of a dead run
    let _held = FileLocks::new(env::locks()).take(&domain).unwrap().expect("nobody else has this domain");
    let ground = Ground::new(&runtime, domain);
    let (mut rows, mut right) = (vec![], 0);
    for case in CASES {
        let measured = Measured::of(case, &ground, rounds);
        right += rounds - measured.wrong.len();
        rows.push(measured.row(case, rounds, ground.client(case)));
    }
    let median = format!("median of {rounds} (least to most)");
    table(&["wait", "right", &median, "at most", "docker client"], &rows);
    println!("  {right} of {} right", CASES.len() * rounds);
}

/// Results of some rounds of a case.
#[derive(Default)]
struct Measured {
    times: Figures,
    /// Time beyond the lower bound. The lower bound is the moment when the engine itself first had a desired task
    /// running.
    over: Figures,
    /// Answers that are not right.
    wrong: Vec<String>,
}

impl Measured {
    fn of(case: &Case, ground: &Ground, rounds: usize) -> Measured {
        let mut out = Measured::default();
        for _ in 0..rounds {
            let (answer, took, floor) = ground.wait(case);
            out.times.add(took);
            out.over.add(took.saturating_sub(floor.unwrap_or(took)));
            if answer != case.right {
                out.wrong.push(answer);
            }
        }
        out
    }

    fn row(&self, case: &Case, rounds: usize, client: String) -> Vec<String> {
        let over_floor = case.name == "healthy";
        let counts = if over_floor { self.over.max() } else { self.times.max() };
        let once = self.wrong.first().map(|w| format!(", once {w}")).unwrap_or_default();
        let over = if over_floor { format!("; over the floor {}", self.over.shown()) } else { String::new() };
        let most = case.most.map_or(String::new(), |most| {
            format!("{}{}", span(most), if counts > most { " EXCEEDED" } else { "" })
        });
        vec![
            case.name.to_string(),
            format!("{} of {rounds}{once}", rounds - self.wrong.len()),
            format!("{}{over}", self.times.shown()),
            most,
            client,
        ]
    }
}

/// The engine, and a stack of the bench on it.
struct Ground {
    cluster: Arc<Swarm>,
    /// Polls as fast as possible to find out when the engine was ready; it is not part of what is measured.
    floor: Arc<Swarm>,
    clock: Arc<RealClock>,
    host: String,
    domain: String,
}

impl Ground {
    fn new(runtime: &tokio::runtime::Runtime, domain: String) -> Ground {
        let host = engine::address().host;
        let swarm = |moved: Arc<tokio::sync::Notify>, clock: Arc<RealClock>| {
            Arc::new(Swarm::new(
                &host,
                Path::new(env!("CARGO_BIN_EXE_ccci")),
                runtime.handle().clone(),
                clock,
                moved,
            ))
        };
        let moved = Arc::new(tokio::sync::Notify::new());
        let clock = Arc::new(RealClock::new(moved.clone()));
        let quiet = Arc::new(RealClock::new(Arc::default()));
        let (cluster, floor) = (swarm(moved, clock.clone()), swarm(Arc::default(), quiet));
        Ground { cluster, floor, clock, host, domain }
    }

    fn limit(&self, seconds: u64) -> Limit {
        Limit { deadline: self.clock.now().after(Duration::from_secs(seconds)), stop: Stop::default() }
    }

    fn stack(&self) -> StackName {
        StackName::parse(&self.domain.replace('.', "_")).unwrap()
    }

    /// The compose file with the labels that are needed for removal.
    fn file(&self, services: &str) -> String {
        let owner = Owner {
            run: ccci_model::name::RunId::parse("bench").unwrap(),
            domain: self.domain.clone(),
            lease: Lease::default(),
        };
        let labels: Vec<String> = owner.labels().iter().map(|(k, v)| format!("{k}: {v}")).collect();
        let labels = format!("{{{}}}", labels.join(", "));
        let text = services.replace("IMAGE", &format!("'{IMAGE}'")).replace("UP", &format!("\"{UP}\""));
        let mut value: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let labels: serde_json::Value = serde_saphyr::from_str(&labels).unwrap();
        for service in value.as_object_mut().unwrap().values_mut() {
            service["deploy"]["labels"] = labels.clone();
            service["deploy"]["endpoint_mode"] = "dnsrr".into();
        }
        let networks = serde_json::json!({"default": {"labels": labels}});
        serde_json::json!({"version": "3.8", "services": value, "networks": networks}).to_string()
    }

    fn deploy(&self, text: &str) {
        let deploy = Deploy { stack: self.stack(), compose: text.into(), files: Default::default() };
        self.cluster.deploy(&deploy, &self.limit(30)).unwrap();
    }

    /// Waits for a case. Returns the answer, the time from before the deploy, and when the engine had every
    /// task running.
    fn wait(&self, case: &Case) -> (String, Duration, Option<Duration>) {
        let first = self.file(case.first);
        let mut began = Instant::now();
        self.deploy(&first);
        if let Some(second) = case.second {
            self.come_up(case);
            began = Instant::now();
            self.deploy(&self.file(second));
        }
        let desired = Desired { services: desired(case.second.unwrap_or(case.first), case), fresh: true };
        let done = AtomicBool::new(false);
        let (got, took, floor) = std::thread::scope(|scope| {
            let floor = scope.spawn(|| self.first_running(began, &done));
            let got = self.converge(&desired);
            let took = began.elapsed();
            done.store(true, Ordering::SeqCst);
            (got, took, floor.join().unwrap())
        });
        self.remove();
        let answer = match got {
            Ok(notes) if notes.iter().any(|n| n.contains(case.remark)) || case.remark.is_empty() => {
                "converged".into()
            }
            Ok(_) => "converged without the remark".into(),
            Err(WaitError::Hopeless(failure)) => failure.cause,
            Err(other) => format!("{other:?}"),
        };
        (answer, took, floor)
    }

    fn come_up(&self, case: &Case) {
        let up = self.converge(&Desired { services: desired(case.first, case), fresh: true });
        assert!(up.is_ok(), "{}: what is updated did not come up: {up:?}", case.name);
    }

    fn converge(&self, desired: &Desired) -> Result<Vec<String>, WaitError<ccci_swarm::ports::ClusterError>> {
        let (stack, limit, mut history) = (self.stack(), self.limit(60), History::default());
        until_converged(&*self.cluster, &*self.clock, &stack, desired, &mut history, &limit, &mut |_| ())
    }

    /// Polls in a tight loop until a desired task runs (with a health check: until it passed).
    fn first_running(&self, began: Instant, done: &AtomicBool) -> Option<Duration> {
        while !done.load(Ordering::SeqCst) {
            let observed = self.floor.look(&self.stack(), &self.limit(5)).ok()?;
            if observed.tasks.iter().any(|t| t.state == TaskState::Running && t.desired_running) {
                return Some(began.elapsed());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// The client's answer to the last compose file of the case.
    fn client(&self, case: &Case) -> String {
        let dir = tempfile::tempdir().unwrap();
        let run = |services: &str| {
            std::fs::write(dir.path().join("compose.yml"), self.file(services)).unwrap();
            let began = Instant::now();
            let done = Command::new("timeout")
                .args([
                    &CLIENT_PATIENCE.as_secs().to_string(),
                    "docker",
                    "--host",
                    &self.host,
                    "stack",
                    "deploy",
                ])
                .args([
                    "--detach=false",
                    "--resolve-image",
                    "never",
                    "-c",
                    "compose.yml",
                    self.stack().as_str(),
                ])
                .current_dir(dir.path())
                .stdin(Stdio::null())
                .output()
                .unwrap();
            (done.status.code(), began.elapsed())
        };
        if case.second.is_some() {
            self.deploy(&self.file(case.first));
            self.come_up(case);
        }
        let (code, took) = run(case.second.unwrap_or(case.first));
        self.remove();
        let good = case.right == "converged";
        match code {
            Some(124) => "no answer".into(),
            Some(125) | None => "this client cannot wait".into(),
            Some(0) => format!("exit 0 after {}{}", span(took), if good { "" } else { ", WRONG" }),
            Some(n) => format!("exit {n} after {}{}", span(took), if good { ", WRONG" } else { "" }),
        }
    }

    fn remove(&self) {
        let limit = self.limit(60);
        loop {
            self.cluster.remove(&self.domain, &limit).unwrap();
            if self.cluster.leftovers(Some(&self.domain), &limit).unwrap().is_empty() {
                return;
            }
            assert!(self.clock.now() < limit.deadline, "the bench's own stack does not go");
            self.clock.pause(Duration::from_millis(100), &limit.stop);
        }
    }
}

/// Removes the stack also when the bench panics.
impl Drop for Ground {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.remove();
        }
    }
}

fn desired(services: &str, case: &Case) -> Vec<DesiredService> {
    let image = services.split("image: '").nth(1).and_then(|s| s.split('\'').next()).unwrap_or(IMAGE);
    let names = ["app", "old"].into_iter().filter(|n| services.contains(&format!("{n}: {{image")));
    names
        .map(|name| {
            let mut one = DesiredService::new(ServiceName::parse(name).unwrap(), image);
            one.restart = case.restart;
            one
        })
        .collect()
}
