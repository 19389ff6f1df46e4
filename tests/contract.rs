//! The contract of the Cluster port: what both the in-memory Swarm and the real one must do. It is always checked in
//! memory, and on the real one if `CCCI_SWARM=1` says that there is an engine (`make test` sets it).

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a story that cannot go on ends, and says what it skips"
)]

use crate::docker::{called, docker};
use ccci_adapters::clock::RealClock;
use ccci_adapters::docker::Swarm;
use ccci_adapters::locks::FileLocks;
use ccci_model::failure::Failure;
use ccci_model::name::{RunId, ServiceName, StackName};
use ccci_model::secret::Secret;
use ccci_model::time::Moment;
use ccci_swarm::backup::{back_up, restore};
use ccci_swarm::converge::{Desired, DesiredService, History, until_converged};
use ccci_swarm::log::Stream;
use ccci_swarm::observed::{ObservedVolume, Oom, Restart, TaskState};
use ccci_swarm::ports::World;
use ccci_swarm::ports::clock::{Clock, Limit, Stop};
use ccci_swarm::ports::cluster::*;
use ccci_swarm::ports::lease::Lease;
use ccci_swarm::ports::locks::{Held, Locks};
use ccci_swarm::ports::volume::{InVolume, PutBack};
use ccci_swarm::wait::WaitError;
use ccci_testkit::memory::{
    Fault, Files, MemoryBrowser, MemoryClock, MemoryCluster, MemoryLocks, MemoryStore, MemoryWeb,
};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

/// When the tests began, in seconds since 1970.
static BEGAN: LazyLock<u64> =
    LazyLock::new(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());

/// An adapter of the port that must satisfy the contract, and what the tests need with it.
struct Ground {
    cluster: Arc<dyn Cluster>,
    clock: Arc<dyn Clock>,
    memory: Option<Arc<MemoryCluster>>,
    domain: String,
    image: &'static str,
    /// The lock of its domain. Without it, every run on this machine would remove the stack as a leftover of a dead
    /// run.
    _held: Option<Box<dyn Held>>,
}

/// One runtime for all real Swarms of this binary.
static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
const IMAGE: &str = "ccci-contract:1";
/// How many times slower a busy machine may be than an idle one.
const BUSY: u64 = 10;

impl Ground {
    fn memory(test: &str) -> Ground {
        let clock = Arc::new(MemoryClock::default());
        let cluster = Arc::new(MemoryCluster::new(clock.clone()));
        cluster.image(IMAGE);
        for service in ["app", "job"] {
            cluster.on_exec(service, shell);
        }
        Ground {
            cluster: cluster.clone(),
            clock,
            memory: Some(cluster),
            domain: format!("{test}.ccci.test"),
            image: IMAGE,
            _held: None,
        }
    }

    /// The real Swarm, if `CCCI_SWARM=1` says that there is one.
    fn swarm(test: &str) -> Option<Ground> {
        if std::env::var("CCCI_SWARM").as_deref() != Ok("1") {
            return None;
        }
        let host = std::env::var("DOCKER_HOST").unwrap_or("unix:///var/run/docker.sock".into());
        let runtime = RUNTIME.get_or_init(|| {
            // an image that this engine has and no registry has; the lab has the image that it is made from
            docker(&["--host", &host, "tag", "nginx:1.25.0", IMAGE]);
            tokio::runtime::Runtime::new().unwrap()
        });
        let moved = Arc::new(tokio::sync::Notify::new());
        let clock = Arc::new(RealClock::new(moved.clone()));
        let program = Path::new(env!("CARGO_BIN_EXE_ccci"));
        let cluster = Arc::new(Swarm::new(&host, program, runtime.handle().clone(), clock.clone(), moved));
        let domain = format!("{test}-{}.ccci.test", std::process::id());
        let held = FileLocks::new(ccci::commands::env::locks()).take(&domain).unwrap();
        assert!(held.is_some(), "{domain} is in use");
        Some(Ground { cluster, clock, memory: None, domain, image: IMAGE, _held: held })
    }

    /// A limit that must not be reached. A real machine may be busy with other tests, so it gets more time: no test
    /// here is about speed.
    fn limit(&self, seconds: u64) -> Limit {
        self.soon(if self.memory.is_some() { seconds } else { seconds * BUSY })
    }

    /// A limit that is expected to be reached.
    fn soon(&self, seconds: u64) -> Limit {
        let deadline = self.clock.now().after(Duration::from_secs(seconds));
        Limit { deadline, stop: Stop::default() }
    }

    fn stack(&self) -> StackName {
        StackName::parse(&self.domain.replace('.', "_")).unwrap()
    }

    fn lease(&self) -> Lease {
        let locks = FileLocks::new(ccci::commands::env::locks()).place().unwrap();
        // later than any test ends: a run with locks elsewhere must not take this for what a dead one left
        Lease { locks, until: *BEGAN + 3_600, keep: false }
    }

    fn owner(&self) -> Owner {
        Owner { run: RunId::parse("contract").unwrap(), domain: self.domain.clone(), lease: self.lease() }
    }

    fn deploy(&self, text: &str) -> Result<(), ClusterError> {
        let d = Deploy { stack: self.stack(), compose: text.to_string(), files: Default::default() };
        self.cluster.deploy(&d, &self.limit(30))
    }

    /// A file with one service `app` and a volume; `extra` is YAML inside the service, indented by six spaces.
    fn compose(&self, command: &str, extra: &str) -> String {
        let labels =
            format!("{{ccci.run: contract, ccci.domain: {}, ccci.lease: '{}'}}", self.domain, self.lease());
        format!(
            "version: '3.8'\nservices:\n  app:\n    image: {image}\n    command: [\"sh\", \"-c\", {command:?}]\n    \
             networks: [default]\n    volumes: ['data:/data']\n    deploy:\n      labels: {labels}\n      \
             endpoint_mode: dnsrr\n{extra}\n    labels: {labels}\nnetworks:\n  default:\n    labels: {labels}\n\
             volumes:\n  data:\n    labels: {labels}\n",
            image = self.image,
        )
    }

    fn desired(&self) -> Desired {
        let app = DesiredService::new(ServiceName::parse("app").unwrap(), self.image);
        Desired { services: vec![app], fresh: true }
    }

    fn converge(&self, desired: &Desired) -> Result<Vec<String>, WaitError<ClusterError>> {
        let (stack, limit, mut history) = (self.stack(), self.limit(60), History::default());
        until_converged(&*self.cluster, &*self.clock, &stack, desired, &mut history, &limit, &mut |_| ())
    }

    fn up(&self) {
        self.deploy(&self.compose(FOREVER, "")).unwrap();
        self.converge(&self.desired()).unwrap();
    }

    fn sh(&self, script: &str) -> Result<ExecOutput, ClusterError> {
        let argv = ["sh", "-c", script].map(str::to_string).to_vec();
        self.exec("app", ExecRequest { argv, ..ExecRequest::default() })
    }

    fn exec(&self, service: &str, what: ExecRequest) -> Result<ExecOutput, ClusterError> {
        self.cluster.exec(&self.stack(), &ServiceName::parse(service).unwrap(), &what, &self.limit(5))
    }

    /// Removes everything, as every caller must: repeatedly, until nothing is left.
    fn remove(&self) {
        let limit = self.limit(30);
        loop {
            self.cluster.remove(&self.domain, &limit).unwrap();
            if self.cluster.leftovers(Some(&self.domain), &limit).unwrap().is_empty() {
                return;
            }
            assert!(self.clock.now() < limit.deadline, "{:?}", self.left());
            self.clock.pause(Duration::from_millis(200), &limit.stop);
        }
    }

    fn left(&self) -> Vec<Leftover> {
        self.cluster.leftovers(Some(&self.domain), &self.limit(10)).unwrap()
    }

    /// A volume that somebody else made.
    fn foreign_volume(&self, name: &str) {
        match &self.memory {
            Some(memory) => memory.foreign("volume", name),
            None => drop(docker(&["volume", "create", "--label", "ccci.contract", name])),
        }
    }

    fn forget_volume(&self, name: &str) {
        if self.memory.is_none() {
            docker(&["volume", "rm", name]);
        }
    }

    fn break_(&self, fault: Fault) {
        if let Some(memory) = &self.memory {
            memory.fault(fault);
        }
    }
}

const FOREVER: &str = "trap 'exit 0' TERM QUIT; echo started; while :; do sleep 1; done";

/// What the commands of the tests do in memory, so that both adapters can run the same ones.
fn shell(what: &ExecRequest, files: &mut Files<'_>) -> Option<ExecOutput> {
    let out = |code: i64, stdout: &str, stderr: &str| {
        Some(ExecOutput { code, stdout: stdout.into(), stderr: stderr.into() })
    };
    match what.argv.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["sh", "-c", "echo out; echo err >&2; exit 3"] => out(3, "out\n", "err\n"),
        ["sh", "-c", "cat; echo \"$WORD\""] => {
            let word = what.env.first()?.strip_prefix("WORD=")?;
            out(0, &format!("{}{word}\n", String::from_utf8_lossy(&what.stdin)), "")
        }
        ["sh", "-c", script] => {
            let (text, path) = script.strip_prefix("echo ")?.split_once(" > ")?;
            files.write(path, format!("{text}\n"));
            out(0, "", "")
        }
        _ => None,
    }
}

/// Runs a test on each adapter that is available.
fn on_each(test: &str, fact: impl Fn(&Ground)) {
    fact(&Ground::memory(test));
    match Ground::swarm(test) {
        Some(ground) => fact(&ground),
        None => eprintln!("{test}: in memory only; CCCI_SWARM=1 asks the real Swarm too"),
    }
}

#[test]
fn a_deployed_stack_converges_and_is_seen_with_its_labels() {
    on_each("seen", |g| {
        g.up();
        let observed = g.cluster.look(&g.stack(), &g.limit(5)).unwrap();
        let app = observed.service("app").unwrap();
        assert_eq!(app.labels[DOMAIN_LABEL], g.domain);
        let name = format!("{}_data", g.stack());
        assert_eq!(app.volumes, [ObservedVolume { name, path: "/data".into(), elsewhere: false }]);
        let tasks = observed.tasks_of(app);
        assert_eq!((tasks.len(), tasks[0].state), (1, TaskState::Running));
        assert_eq!(tasks[0].template, app.template);
        g.remove();
    });
}

#[test]
fn an_update_replaces_the_task_and_a_label_alone_does_not() {
    on_each("update", |g| {
        g.up();
        let task = |g: &Ground| {
            let observed = g.cluster.look(&g.stack(), &g.limit(5)).unwrap();
            let mut tasks = observed.tasks;
            tasks.retain(|t| t.desired_running && t.state == TaskState::Running);
            tasks[0].id.clone()
        };
        let first = task(g);
        g.deploy(&g.compose(FOREVER, "").replacen("ccci.run: contract,", "ccci.run: contract, x: y,", 1))
            .unwrap();
        g.converge(&g.desired()).unwrap();
        assert_eq!(task(g), first);
        g.deploy(&g.compose(&format!("{FOREVER} # new"), "")).unwrap();
        g.converge(&g.desired()).unwrap();
        assert_ne!(task(g), first);
        g.remove();
    });
}

#[test]
fn a_change_of_the_health_check_alone_is_another_spec_and_replaces_the_task() {
    on_each("check", |g| {
        let deploy = |interval: u8| {
            let check =
                format!("    healthcheck: {{test: [CMD, 'true'], interval: {interval}s}}\n    deploy:\n");
            g.deploy(&g.compose(FOREVER, "").replacen("    deploy:\n", &check, 1)).unwrap();
            g.converge(&g.desired()).unwrap();
            let observed = g.cluster.look(&g.stack(), &g.limit(5)).unwrap();
            let app = observed.service("app").unwrap().clone();
            let task = observed.tasks_of(&app).into_iter().find(|t| t.desired_running).unwrap();
            assert!(app.has_healthcheck && task.template == app.template, "{app:?} {task:?}");
            (task.template.clone(), task.id.clone())
        };
        let (first, second) = (deploy(1), deploy(2));
        assert!(first.0 != second.0 && first.1 != second.1, "{first:?} {second:?}");
        g.remove();
    });
}

#[test]
fn a_crash_loop_is_hopeless_and_says_the_exit_code_and_the_log() {
    on_each("crash", |g| {
        g.break_(Fault::CrashLoops("app".into(), 3));
        if let Some(m) = &g.memory {
            m.log("app", "no such module\n");
        }
        g.deploy(&g.compose("echo no such module; exit 3", "")).unwrap();
        let began = g.clock.now();
        let Err(WaitError::Hopeless(f)) = g.converge(&g.desired()) else { panic!() };
        assert_eq!(f.cause, "crash-loop", "{f:?}");
        assert!(f.observed().contains("exit code 3"), "{f:?}");
        assert!(f.shown().iter().any(|e| e.text.contains("no such module")), "{f:?}");
        println!("called after {:?}", g.clock.now().since(began));
        g.remove();
    });
}

/// A check that never fails and does not even run before the task has ended. The engine still calls the container
/// unhealthy when it stops.
const CHECKED: &str = "\n    healthcheck: {test: [CMD, 'true'], interval: 30s}";

#[test]
fn a_task_that_ends_by_itself_is_not_called_unhealthy_for_having_a_health_check() {
    on_each("checked", |g| {
        g.break_(Fault::CrashLoops("app".into(), 3));
        let crash = g.compose("exit 3", &format!("      restart_policy: {{delay: 200ms}}{CHECKED}"));
        g.deploy(&crash).unwrap();
        let Err(WaitError::Hopeless(f)) = g.converge(&g.desired()) else { panic!() };
        assert_eq!(f.cause, "crash-loop", "{f:?}");
        assert!(f.observed().contains("exit code 3"), "{f:?}");
        g.remove();
    });
    on_each("checkedonce", |g| {
        g.break_(Fault::Completes("app".into()));
        let once = g.compose("exit 0", &format!("      restart_policy: {{condition: none}}{CHECKED}"));
        g.deploy(&once).unwrap();
        let mut desired = g.desired();
        desired.services[0].restart = Restart::Never;
        let notes = g.converge(&desired).unwrap();
        assert!(notes.iter().any(|n| n.contains("ran to its end")), "{notes:?}");
        g.remove();
    });
}

/// Deploys something that cannot work; returns the failure and the time until it was reported.
fn hopeless(
    g: &Ground,
    command: &str,
    extra: &str,
    change: impl Fn(String) -> String,
) -> (Failure, Duration) {
    let text = change(g.compose(command, extra));
    g.deploy(&text).unwrap();
    let began = g.clock.now();
    let mut desired = g.desired();
    if text.contains("127.0.0.1:9") {
        desired.services[0].image = "127.0.0.1:9/none:1".into();
    }
    if text.contains("condition: none") {
        desired.services[0].restart = Restart::Never;
    }
    let Err(WaitError::Hopeless(f)) = g.converge(&desired) else { panic!("it converged") };
    let took = g.clock.now().since(began);
    eprintln!("{}: {} after {took:?}: {}", g.domain, f.cause, f.observed());
    g.remove();
    (*f, took)
}

#[test]
fn lesson_47_a_container_killed_for_memory_is_called_so() {
    on_each("oom", |g| {
        g.break_(Fault::OutOfMemory("app".into(), Oom::OverLimit));
        let (f, _) = hopeless(g, "exec tail /dev/zero", "      resources: {limits: {memory: 20M}}", |t| t);
        assert_eq!(f.cause, "out-of-memory", "{f:?}");
    });
}

#[test]
fn lesson_39_a_container_whose_health_check_never_passes_is_called_so() {
    on_each("unhealthy", |g| {
        g.break_(Fault::NeverHealthy("app".into()));
        let check = "    healthcheck: {test: [CMD, 'false'], interval: 1s, retries: 1}\n    deploy:\n";
        let (f, _) = hopeless(g, FOREVER, "", |t| t.replacen("    deploy:\n", check, 1));
        assert_eq!(f.cause, "never-healthy", "{f:?}");
    });
}

#[test]
fn lesson_09_a_bind_mount_of_a_path_that_is_not_there_is_shown() {
    on_each("mount", |g| {
        let words = "invalid mount config for type \"bind\": bind source path does not exist: /no/such/path";
        g.break_(Fault::Rejects("app".into(), words.into()));
        let volume = "volumes: ['data:/data', {type: bind, source: /no/such/path, target: /x}]";
        let (f, _) = hopeless(g, FOREVER, "", |t| t.replace("volumes: ['data:/data']", volume));
        assert_eq!(f.cause, "task-rejected", "{f:?}");
        assert!(f.observed().contains("/no/such/path"), "{f:?}");
    });
}

#[test]
fn a_missing_image_and_a_missing_node_are_called_so() {
    on_each("image", |g| {
        if let Some(m) = &g.memory {
            m.image("127.0.0.1:9/none:1");
        }
        g.break_(Fault::Rejects("app".into(), "No such image: 127.0.0.1:9/none:1".into()));
        let (f, _) = hopeless(g, FOREVER, "", |t| t.replace(g.image, "127.0.0.1:9/none:1"));
        assert_eq!(f.cause, "missing-image", "{f:?}");
    });
    on_each("node", |g| {
        let words = "no suitable node (scheduling constraints not satisfied on 1 node)";
        g.break_(Fault::NoNode("app".into(), words.into()));
        let (f, took) =
            hopeless(g, FOREVER, "      placement: {constraints: [node.labels.nope == 1]}", |t| t);
        assert_eq!(f.cause, "no-suitable-node", "{f:?}");
        println!("called after {took:?}");
    });
}

#[test]
fn a_one_shot_that_failed_is_called_at_once() {
    on_each("failed", |g| {
        g.break_(Fault::CrashLoops("app".into(), 4));
        let (f, took) = hopeless(g, "exit 4", "      restart_policy: {condition: none}", |t| t);
        assert_eq!(f.cause, "one-shot-failed", "{f:?}");
        println!("called after {took:?}");
    });
}

#[test]
fn a_paused_update_whose_old_task_serves_is_called_so() {
    on_each("paused", |g| {
        g.up();
        g.break_(Fault::Pauses("app".into(), 6));
        let how = "      update_config: {monitor: 2s, order: start-first}";
        let (f, _) = hopeless(g, "exit 6", how, |t| t);
        assert_eq!(f.cause, "update-paused", "{f:?}");
    });
}

/// In a filter, Swarm takes an empty value for any value. So an empty domain once meant the objects of all runs.
#[test]
fn lesson_33_what_has_an_empty_domain_is_nobodys_and_removing_it_touches_no_run() {
    on_each("nobodys", |g| {
        g.up();
        let task = |g: &Ground| g.cluster.look(&g.stack(), &g.limit(5)).unwrap().tasks[0].id.clone();
        let first = task(g);
        g.cluster.remove("", &g.limit(30)).unwrap();
        assert_eq!(g.cluster.leftovers(Some(""), &g.limit(10)).unwrap(), []);
        assert_eq!((task(g), g.left().is_empty()), (first, false));
        g.deploy(&g.compose(FOREVER, "").replace(&g.domain, "''")).unwrap();
        let all = g.cluster.leftovers(None, &g.limit(10)).unwrap();
        assert!(all.iter().all(|l| !l.domain.is_empty()), "{all:?}");
        // deploy it once more with its labels, so that it can be removed
        g.deploy(&g.compose(FOREVER, "")).unwrap();
        g.remove();
    });
}

/// A foreign service may carry our labels while its containers do not. Its tasks exist longer than the service, until
/// they have ended.
#[test]
fn lesson_33_a_task_whose_container_has_no_domain_is_of_no_other_run() {
    let Some(g) = Ground::swarm("bare") else {
        return eprintln!("bare: asks the real Swarm only; CCCI_SWARM=1 does");
    };
    let (name, domain) = (format!("{}_app", g.stack()), format!("ccci.domain={}", g.domain));
    let lease = format!("ccci.lease={}", g.lease());
    docker(&[
        "service",
        "create",
        "--quiet",
        "--endpoint-mode",
        "dnsrr",
        "--name",
        &name,
        "--label",
        "ccci.run=contract",
        "--label",
        &domain,
        "--label",
        &lease,
        IMAGE,
        "sleep",
        "10000",
    ]);
    docker(&["service", "rm", &name]);
    // it does not react to SIGTERM, so Swarm waits ten seconds for it
    let left = g.left();
    assert_eq!(
        left.iter().map(|l| (l.kind.as_str(), l.domain.as_str())).collect::<Vec<_>>(),
        [("task", g.domain.as_str())]
    );
    let all = g.cluster.leftovers(None, &g.limit(10)).unwrap();
    assert!(all.iter().all(|l| !l.domain.is_empty() && l.name != left[0].name), "{all:?}");
    g.remove();
}

/// As if the engine died after it removed a container and before it removed the container's volumes.
#[test]
fn a_volume_that_nobody_named_goes_with_the_stack_although_its_container_went_without_it() {
    let Some(g) = Ground::swarm("unnamed") else {
        return eprintln!("unnamed: asks the real Swarm only; CCCI_SWARM=1 does");
    };
    g.deploy(&g.compose(FOREVER, "").replace("['data:/data']", "['data:/data', '/scratch']")).unwrap();
    g.converge(&g.desired()).unwrap();
    let container = g.cluster.look(&g.stack(), &g.limit(5)).unwrap().tasks[0].container.clone();
    let of_scratch = "{{range .Mounts}}{{if eq .Destination \"/scratch\"}}{{.Name}}{{end}}{{end}}";
    let volume = docker(&["inspect", "-f", of_scratch, &container]);
    assert_eq!(volume.len(), 64, "{volume}");
    docker(&["rm", "-f", &container]);
    assert!(called(&["volume", "inspect", &volume]).0, "it outlives its container");
    g.remove();
    assert!(!called(&["volume", "inspect", &volume]).0, "{volume} is left");
}

#[test]
fn lesson_10_a_container_that_dies_under_a_command_is_an_error_and_no_output() {
    let Some(g) = Ground::swarm("dying") else {
        return eprintln!("dying: asks the real Swarm only; CCCI_SWARM=1 does");
    };
    g.up();
    let got = g.sh("echo begun; kill -QUIT 1; sleep 20; echo ended");
    assert!(matches!(got, Err(ClusterError::Ended(_))), "{got:?}");
    // the next command finds the task that Swarm starts instead
    let argv = ["true".to_string()].to_vec();
    let app = ServiceName::parse("app").unwrap();
    let again = ExecRequest { argv, ..ExecRequest::default() };
    assert_eq!(g.cluster.exec(&g.stack(), &app, &again, &g.limit(30)).unwrap().code, 0);
    g.remove();
}

#[test]
fn a_command_that_does_not_end_is_left_at_the_deadline_and_at_a_stop() {
    let Some(g) = Ground::swarm("hanging") else {
        return eprintln!("hanging: asks the real Swarm only; CCCI_SWARM=1 does");
    };
    g.up();
    let app = ServiceName::parse("app").unwrap();
    let what = ExecRequest { argv: ["sleep", "600"].map(str::to_string).to_vec(), ..ExecRequest::default() };
    let began = g.clock.now();
    let got = g.cluster.exec(&g.stack(), &app, &what, &g.soon(2));
    assert!(matches!(got, Err(ClusterError::Deadline(_))), "{got:?}");
    let limit = g.limit(60);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(300));
            limit.stop.set(ccci_swarm::ports::clock::StopReason::Interrupted);
        });
        let got = g.cluster.exec(&g.stack(), &app, &what, &limit);
        assert!(matches!(got, Err(ClusterError::Stopped(_))), "{got:?}");
    });
    // long before the command would have ended by itself
    assert!(g.clock.now().since(began) < Duration::from_secs(300));
    g.remove();
}

#[test]
fn a_one_shot_that_ended_well_has_converged() {
    on_each("oneshot", |g| {
        g.break_(Fault::Completes("app".into()));
        g.deploy(&g.compose("exit 0", "      restart_policy: {condition: none}")).unwrap();
        let mut desired = g.desired();
        desired.services[0].restart = Restart::Never;
        let notes = g.converge(&desired).unwrap();
        assert!(notes.iter().any(|n| n.contains("ran to its end")), "{notes:?}");
        // nothing runs there any more, which is known at once
        let began = g.clock.now();
        let argv = vec!["true".into()];
        let exec = g.exec("app", ExecRequest { argv, ..Default::default() });
        assert!(matches!(exec, Err(ClusterError::Over(_))), "{exec:?}");
        assert!(g.clock.now().since(began) < Duration::from_secs(10));
        g.remove();
    });
}

#[test]
fn a_rolled_back_update_is_named() {
    on_each("rollback", |g| {
        g.up();
        g.break_(Fault::RollsBack("app".into(), 7));
        let how = "      update_config: {failure_action: rollback, monitor: 2s, order: start-first}";
        g.deploy(&g.compose("exit 7", how)).unwrap();
        let Err(WaitError::Hopeless(f)) = g.converge(&g.desired()) else { panic!() };
        assert_eq!(f.cause, "rolled-back", "{f:?}");
        assert!(f.observed().contains("exit code 7"), "{f:?}");
        g.remove();
    });
}

#[test]
fn exec_separates_its_outputs_and_keeps_the_exit_code() {
    on_each("exec", |g| {
        g.up();
        let got = g.sh("echo out; echo err >&2; exit 3").unwrap();
        assert_eq!(got, ExecOutput { code: 3, stdout: "out\n".into(), stderr: "err\n".into() });
        let argv = ["sh", "-c", "cat; echo \"$WORD\""].map(str::to_string).to_vec();
        let what =
            ExecRequest { argv, env: vec!["WORD=two".into()], stdin: b"one\n".to_vec(), user: String::new() };
        assert_eq!(g.exec("app", what).unwrap().stdout, "one\ntwo\n");
        g.remove();
    });
}

#[test]
fn lesson_10_exec_raises_when_it_cannot_run_and_is_never_empty_output() {
    on_each("raises", |g| {
        let run = |g: &Ground| g.exec("app", ExecRequest { argv: vec!["nope".into()], ..Default::default() });
        assert!(matches!(run(g), Err(ClusterError::Missing(_))), "nothing is deployed yet");
        g.deploy(&g.compose(FOREVER, "      replicas: 0")).unwrap();
        let argv = vec!["true".into()];
        let app = ServiceName::parse("app").unwrap();
        let none = ExecRequest { argv, ..Default::default() };
        let none = g.cluster.exec(&g.stack(), &app, &none, &g.soon(2));
        assert!(matches!(none, Err(ClusterError::Over(_))), "no task is running: {none:?}");
        g.deploy(&g.compose(FOREVER, "")).unwrap();
        let got = run(g);
        assert!(
            matches!(&got, Err(ClusterError::Refused { text, .. }) if text.contains("not found")),
            "{got:?}"
        );
        g.remove();
    });
}

#[test]
fn a_volume_is_packed_listed_and_put_back_as_it_is() {
    on_each("files", |g| {
        g.up();
        g.sh("echo hello > /data/a.txt").unwrap();
        let app = ServiceName::parse("app").unwrap();
        let at = |path: &str| InVolume { volume: format!("{}_data", g.stack()), path: path.into() };
        let list = |path: &str| g.cluster.list_volume(&g.stack(), &app, &at(path), &g.limit(30));
        let mut tar = vec![];
        let packed = g.cluster.pack_volume(&g.stack(), &app, &at(""), &mut tar, &g.limit(30)).unwrap();
        assert_eq!(packed, list("").unwrap());
        let names: Vec<&str> = packed.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["", "a.txt"]);
        g.sh("echo other > /data/a.txt").unwrap();
        g.sh("echo late > /data/late").unwrap();
        let mut tar = tar.as_slice();
        let done = g.cluster.unpack_volume(&g.stack(), &app, &at(""), &mut tar, &g.limit(30)).unwrap();
        assert_eq!(done, PutBack { written: 2, removed: vec!["late".into()] });
        assert_eq!(list("").unwrap(), packed);
        assert_eq!(content(g, "/data/a.txt").as_deref(), Some("hello\n"));
        assert_eq!(list("a.txt").unwrap()[0].content, 6);
        assert!(matches!(list("nowhere"), Err(ClusterError::Missing(_))), "{:?}", list("nowhere"));
        g.cluster.close_volumes(&g.stack(), &g.limit(30)).unwrap();
        g.remove();
    });
}

#[test]
fn a_volume_that_the_run_did_not_make_is_not_touched() {
    on_each("foreign-volume", |g| {
        g.up();
        let app = ServiceName::parse("app").unwrap();
        let theirs = format!("{}-theirs", g.stack());
        g.foreign_volume(&theirs);
        let at = InVolume { volume: theirs.clone(), path: String::new() };
        let listed = g.cluster.list_volume(&g.stack(), &app, &at, &g.limit(30));
        assert!(matches!(listed, Err(ClusterError::NotOurs { .. })), "{listed:?}");
        let packed = g.cluster.pack_volume(&g.stack(), &app, &at, &mut vec![], &g.limit(30));
        assert!(matches!(packed, Err(ClusterError::NotOurs { .. })), "{packed:?}");
        let tar = tar::Builder::new(vec![]).into_inner().unwrap();
        let put = g.cluster.unpack_volume(&g.stack(), &app, &at, &mut tar.as_slice(), &g.limit(30));
        assert!(matches!(put, Err(ClusterError::NotOurs { .. })), "{put:?}");
        g.remove();
        g.forget_volume(&theirs);
    });
}

#[test]
fn a_secret_is_made_once_and_goes_with_its_domain() {
    on_each("secret", |g| {
        let name = format!("{}_pw_v1", g.stack());
        let put = || {
            let value = Secret::new("correct horse");
            g.cluster.put_secret(&g.stack(), &name, &value, &g.owner(), &g.limit(5))
        };
        put().unwrap();
        assert!(matches!(put(), Err(ClusterError::Refused { .. })));
        let left = g.left();
        assert_eq!((left.len(), left[0].kind.as_str(), &left[0].name), (1, "secret", &name));
        assert_eq!((left[0].run.as_str(), &left[0].domain), ("contract", &g.domain));
        assert_eq!(left[0].lease, Some(g.owner().lease));
        g.remove();
        put().unwrap();
        g.remove();
    });
}

#[test]
fn a_network_is_made_only_if_it_is_not_there() {
    on_each("network", |g| {
        let name = format!("{}_net", g.stack());
        let ensure = || g.cluster.ensure_network(&name, &g.owner(), &g.limit(10)).unwrap();
        assert_eq!((ensure(), ensure()), (true, false));
        g.remove();
        assert!(ensure());
        g.remove();
    });
}

#[test]
fn lesson_49_a_refused_deploy_is_said_in_the_engines_words_and_leaves_nothing_after_removal() {
    on_each("refused", |g| {
        let text = g.compose(FOREVER, "");
        let foreign = text.replace("networks: [default]", "networks: [default, nowhere]") + "# one more\n";
        let foreign =
            foreign.replace("volumes:\n  data:\n", "  nowhere: {external: true}\nvolumes:\n  data:\n");
        let got = g.deploy(&foreign);
        assert!(
            matches!(&got, Err(ClusterError::Refused { text, .. }) if text.contains("nowhere")),
            "{got:?}"
        );
        let secret = text.replace("    deploy:\n", "    secrets: [pw]\n    deploy:\n")
            + "secrets:\n  pw: {external: true, name: no_such_secret}\n";
        let got = g.deploy(&secret);
        assert!(
            matches!(&got, Err(ClusterError::Refused { text, .. }) if text.contains("no_such_secret")),
            "{got:?}"
        );
        g.remove();
        assert_eq!(g.left(), []);
    });
}

#[test]
fn a_port_of_another_service_is_refused_and_its_holder_named() {
    on_each("port", |g| {
        let app = g.compose(FOREVER, "      replicas: 0\n    ports: ['28419:80']\n");
        let app = app.replace("      endpoint_mode: dnsrr\n", "");
        let (before, after) = app.split_once("networks:\n  default").unwrap();
        let other = before.split_once("  app:\n").unwrap().1;
        let got = g.deploy(&format!("{before}  other:\n{other}networks:\n  default{after}"));
        let (one, two) = (format!("{}_app", g.stack()), format!("{}_other", g.stack()));
        assert!(
            matches!(&got, Err(ClusterError::PortHeld { holder, text }) if text.contains("port '28419' is already in use")
                && (*holder == one || *holder == two)),
            "{got:?}"
        );
        g.remove();
        assert_eq!(g.left(), []);
    });
}

#[test]
fn lesson_34_a_stack_can_be_deployed_again_right_after_its_removal() {
    on_each("again", |g| {
        for _ in 0..3 {
            g.up();
            assert!(g.left().iter().any(|l| l.kind == "volume"));
            g.remove();
        }
        g.cluster.remove(&g.domain, &g.limit(10)).unwrap();
    });
}

#[test]
fn lesson_48_an_image_that_is_only_here_is_good_and_a_missing_one_is_told_from_a_dead_registry() {
    on_each("pull", |g| {
        let got = g.cluster.pull(g.image, &g.limit(30)).unwrap();
        assert!(got.present);
        g.break_(Fault::RegistryUnreachable("127.0.0.1:9/ccci:none".into()));
        let got = g.cluster.pull("127.0.0.1:9/ccci:none", &g.limit(30));
        assert!(matches!(got, Err(PullError::Unreachable { .. })), "{got:?}");
    });
}

#[test]
fn logs_give_the_last_lines() {
    on_each("logs", |g| {
        if let Some(m) = &g.memory {
            m.log("app", "started\n");
        }
        g.up();
        let app = ServiceName::parse("app").unwrap();
        let text = g.cluster.logs(&g.stack(), &app, 5, &g.limit(10)).unwrap();
        assert_eq!(text.trim(), "started");
        g.remove();
    });
}

/// A script that writes lines which an engine cuts into parts; in memory, `long_lines` gives the same lines.
const LONG_LINES: &str = "trap 'exit 0' TERM QUIT; x() { head -c $1 /dev/zero | tr '\\0' $2; }; \
    for n in 16383 16384 16385 40000; do x $n o; echo; done; sleep 0.2; \
    x 40000 e >&2; echo >&2; sleep 0.2; \
    for b in x xx; do printf $b; i=0; while [ $i -lt 10000 ]; do printf €; i=$((i + 1)); done; echo; sleep 0.2; done; \
    x 20000 a; sleep 0.3; echo between >&2; sleep 0.3; x 20000 b; echo; sleep 0.2; \
    echo last; while :; do sleep 1; done";

/// The lines of `LONG_LINES`, in the order of their beginnings.
fn long_lines() -> Vec<(Stream, String)> {
    let of = |n: usize, letter: &str| letter.repeat(n);
    let out = [16_383, 16_384, 16_385, 40_000].map(|n| (Stream::Out, of(n, "o")));
    let rest = [
        (Stream::Err, of(40_000, "e")),
        (Stream::Out, format!("x{}", of(10_000, "€"))),
        (Stream::Out, format!("xx{}", of(10_000, "€"))),
        (Stream::Out, format!("{}{}", of(20_000, "a"), of(20_000, "b"))),
        (Stream::Err, "between".to_string()),
        (Stream::Out, "last".to_string()),
    ];
    out.into_iter().chain(rest).collect()
}

#[test]
fn a_line_that_the_engine_cuts_is_one_line_and_counted_as_one() {
    on_each("long-lines", |g| {
        let lines = long_lines();
        if let Some(m) = &g.memory {
            for (stream, line) in &lines[..7] {
                m.writes("app", *stream, &format!("{line}\n"));
            }
            let (begins, ends) = lines[7].1.split_at(20_000);
            m.writes("app", Stream::Out, begins);
            m.writes("app", Stream::Err, "between\n");
            m.writes("app", Stream::Out, &format!("{ends}\nlast\n"));
        }
        // compose files write `$` as `$$`
        g.deploy(&g.compose(&LONG_LINES.replace('$', "$$"), "")).unwrap();
        g.converge(&g.desired()).unwrap();
        let app = ServiceName::parse("app").unwrap();
        let text = |n: usize| g.cluster.logs(&g.stack(), &app, n, &g.limit(10)).unwrap();
        let until = g.limit(10);
        while !text(1).ends_with("last") {
            assert!(g.clock.now() < until.deadline, "its last line is not there");
            g.clock.pause(Duration::from_millis(200), &until.stop);
        }
        // a letter that is split by the first cut is lost, and this is marked; the second cut is between two letters
        let lost = format!("xx{}…{}", "€".repeat(5_460), "€".repeat(10_000 - 5_461));
        let lines: Vec<(Stream, String)> =
            lines.into_iter().map(|(s, l)| (s, if l.starts_with("xx") { lost.clone() } else { l })).collect();
        for n in [1, 2, 3, 4, 5, 10, 20] {
            let text = text(n);
            let got: Vec<&str> = text.lines().collect();
            let expected: Vec<&str> =
                lines[lines.len().saturating_sub(n)..].iter().map(|l| l.1.as_str()).collect();
            let short = |all: &[&str]| all.iter().map(|l| (l.len(), l.chars().next())).collect::<Vec<_>>();
            assert!(got == expected, "of {n} lines: {:?}, not {:?}", short(&got), short(&expected));
        }
        g.remove();
    });
}

/// An engine that is asked for the logs of a whole service at once loses such lines, and the request does not end.
#[test]
fn long_lines_of_several_tasks_are_all_there() {
    let Some(g) = Ground::swarm("many-logs") else { return };
    let extra = "      replicas: 3\n";
    let write =
        "i=0; while [ $$i -lt 20 ]; do head -c 20000 /dev/zero | tr '\\0' o; echo; i=$$((i + 1)); done; ";
    g.deploy(&g.compose(&format!("{write}{FOREVER}"), extra)).unwrap();
    let app = ServiceName::parse("app").unwrap();
    let until = g.limit(60);
    let text = || g.cluster.logs(&g.stack(), &app, 1_000, &g.limit(2)).unwrap();
    while text().matches("started").count() < 3 {
        assert!(g.clock.now() < until.deadline, "its tasks do not start");
        g.clock.pause(Duration::from_millis(200), &until.stop);
    }
    let long = "o".repeat(20_000);
    assert_eq!(text().lines().filter(|line| *line == long).count(), 60);
    g.remove();
}

#[test]
fn what_commands_and_jobs_write_is_whole_however_long_its_lines_are() {
    on_each("long-output", |g| {
        let write = "head -c 40000 /dev/zero | tr '\\0' o; echo; head -c 40000 /dev/zero | tr '\\0' e >&2";
        if let Some(m) = &g.memory {
            for service in ["app", "job"] {
                m.on_exec(service, move |what, _| {
                    let (stdout, stderr) = (format!("{}\n", "o".repeat(40_000)), "e".repeat(40_000));
                    (what.argv.last()? == write).then_some(ExecOutput { code: 0, stdout, stderr })
                });
            }
        }
        g.up();
        let argv = ["sh", "-c", write].map(str::to_string).to_vec();
        let (name, image) = (ServiceName::parse("job").unwrap(), g.image.to_string());
        let job = JobRequest { name, image, argv, env: vec![], owner: g.owner() };
        let of_job = g.cluster.run_job(&g.stack(), &job, &g.limit(30)).unwrap();
        for got in [g.sh(write).unwrap(), of_job] {
            let (out, err) = (&got.stdout, &got.stderr);
            assert!(*out == format!("{}\n", "o".repeat(40_000)), "{} bytes", out.len());
            assert!(*err == "e".repeat(40_000), "{} bytes", err.len());
        }
        g.remove();
    });
}

#[test]
fn a_job_runs_to_its_end_and_is_removed() {
    on_each("job", |g| {
        g.up();
        let job = JobRequest {
            name: ServiceName::parse("job").unwrap(),
            image: g.image.into(),
            argv: ["sh", "-c", "echo out; echo err >&2; exit 3"].map(str::to_string).to_vec(),
            env: vec![],
            owner: g.owner(),
        };
        let got = g.cluster.run_job(&g.stack(), &job, &g.limit(30)).unwrap();
        assert_eq!((got.code, got.stdout.as_str(), got.stderr.as_str()), (3, "out\n", "err\n"));
        let observed = g.cluster.look(&g.stack(), &g.limit(5)).unwrap();
        assert!(observed.service("job").is_none());
        g.remove();
    });
}

#[test]
fn a_passed_deadline_and_a_stop_end_every_call() {
    on_each("limits", |g| {
        let late = Limit { deadline: Moment(0), stop: Stop::default() };
        g.clock.pause(Duration::from_millis(50), &late.stop);
        assert!(matches!(g.cluster.engine(&late), Err(ClusterError::Deadline(_))));
        let stopped = g.limit(10);
        stopped.stop.set(ccci_swarm::ports::clock::StopReason::Interrupted);
        assert!(matches!(g.cluster.engine(&stopped), Err(ClusterError::Stopped(_))));
    });
}

/// A world around the cluster, for tests that need more than one port.
fn world(g: &Ground, store: &MemoryStore) -> World {
    let clock = Arc::new(MemoryClock::default());
    let web = Arc::new(MemoryWeb::new(clock, g.cluster.clone()));
    World {
        cluster: g.cluster.clone(),
        browser: Arc::new(MemoryBrowser::new(web.clone())),
        web,
        clock: g.clock.clone(),
        store: Arc::new(store.clone()),
        locks: Arc::new(MemoryLocks::default()),
    }
}

/// Deploys a service with these hooks and one volume that is backed up.
fn up_with_backup(g: &Ground, hooks: &str) {
    let labels = format!("ccci.run: contract, backupbot.backup: 'true'{hooks},");
    g.deploy(&g.compose(FOREVER, "").replacen("ccci.run: contract,", &labels, 1)).unwrap();
    g.converge(&g.desired()).unwrap();
}

fn content(g: &Ground, path: &str) -> Option<String> {
    let argv = ["cat", path].map(str::to_string).to_vec();
    let got = g.exec("app", ExecRequest { argv, ..ExecRequest::default() }).unwrap();
    (got.code == 0).then_some(got.stdout)
}

#[test]
fn a_restore_puts_back_exactly_what_was_there() {
    on_each("restore", |g| {
        let store = MemoryStore::default();
        let world = world(g, &store);
        up_with_backup(g, ", backupbot.backup.pre-hook: 'echo dump > /data/dump'");
        for (name, text) in [("kept", "one"), ("changed", "two"), ("lost", "three")] {
            g.sh(&format!("echo {text} > /data/{name}")).unwrap();
        }
        let snapshot = back_up(&world, &g.stack(), "first", &g.limit(60)).unwrap();
        snapshot.assert_not_empty().unwrap();
        g.sh("echo other > /data/changed").unwrap();
        g.sh("echo late > /data/late").unwrap();
        let argv = ["rm", "-rf", "--", "/data/lost"].map(str::to_string).to_vec();
        g.exec("app", ExecRequest { argv, ..ExecRequest::default() }).unwrap();
        restore(&world, &g.stack(), &snapshot, &g.limit(60)).unwrap();
        let there = ["kept", "changed", "lost", "dump"].map(|n| content(g, &format!("/data/{n}")));
        assert_eq!(there, ["one\n", "two\n", "three\n", "dump\n"].map(|t| Some(t.to_string())));
        assert_eq!(content(g, "/data/late"), None, "a file made after the backup is gone");
        g.remove();
    });
}

#[test]
fn a_volume_that_the_backed_up_service_only_reads_is_put_back() {
    on_each("read-only", |g| {
        let store = MemoryStore::default();
        let world = world(g, &store);
        let text = g.compose(FOREVER, "");
        let (begin, end) = (text.find("  app:\n").unwrap(), text.find("networks:\n  default:").unwrap());
        let labels = "ccci.run: contract, backupbot.backup: 'true',";
        let reader = text[begin..end]
            .replace("  app:\n", "  reader:\n")
            .replace("data:/data", "data:/srv:ro")
            .replacen("ccci.run: contract,", labels, 1);
        g.deploy(&text.replacen("networks:\n  default:", &format!("{reader}networks:\n  default:"), 1))
            .unwrap();
        let both = ["app", "reader"].map(|n| DesiredService::new(ServiceName::parse(n).unwrap(), g.image));
        g.converge(&Desired { services: both.to_vec(), fresh: true }).unwrap();
        g.sh("echo one > /data/kept").unwrap();
        let snapshot = back_up(&world, &g.stack(), "read", &g.limit(60)).unwrap();
        snapshot.assert_not_empty().unwrap();
        let undamaged = restore(&world, &g.stack(), &snapshot, &g.limit(60)).unwrap();
        assert!(undamaged.is_nothing(), "{undamaged:?}");
        g.sh("echo other > /data/kept").unwrap();
        restore(&world, &g.stack(), &snapshot, &g.limit(60)).unwrap();
        assert_eq!(content(g, "/data/kept").as_deref(), Some("one\n"));
        g.remove();
    });
}

#[test]
fn lesson_50_a_backup_of_nothing_is_empty_and_a_failing_hook_is_no_backup() {
    on_each("nothing", |g| {
        let store = MemoryStore::default();
        let world = world(g, &store);
        up_with_backup(g, "");
        let snapshot = back_up(&world, &g.stack(), "empty", &g.limit(60)).unwrap();
        assert_eq!(snapshot.assert_not_empty().unwrap_err().cause, "empty-backup");
        g.remove();
        up_with_backup(g, ", backupbot.backup.pre-hook: 'false'");
        let failure = back_up(&world, &g.stack(), "failed", &g.limit(60)).unwrap_err();
        assert_eq!(failure.cause, "backup-hook-failed", "{failure:?}");
        g.remove();
    });
}

#[test]
fn a_volume_that_is_left_out_is_not_taken_along_with_the_one_around_it() {
    on_each("nested", |g| {
        let store = MemoryStore::default();
        let world = world(g, &store);
        let labels = "ccci.run: contract, backupbot.backup: 'true', backupbot.backup.volumes.deep: 'false',";
        let text = g
            .compose(FOREVER, "")
            .replacen("ccci.run: contract,", labels, 1)
            .replace("['data:/data']", "['data:/data', 'deep:/data/deep']");
        let owned = text.rsplit_once("  data:\n").unwrap().1.to_string();
        g.deploy(&format!("{text}  deep:\n{owned}")).unwrap();
        g.converge(&g.desired()).unwrap();
        g.sh("echo one > /data/outer").unwrap();
        g.sh("echo two > /data/deep/inner").unwrap();
        let snapshot = back_up(&world, &g.stack(), "nested", &g.limit(60)).unwrap();
        let names: Vec<&str> = snapshot.archives[0].entries.iter().map(|e| e.name.as_str()).collect();
        assert!(names.contains(&"outer") && !names.iter().any(|n| n.contains("inner")), "{names:?}");
        g.sh("echo other > /data/outer").unwrap();
        g.sh("echo late > /data/deep/inner").unwrap();
        restore(&world, &g.stack(), &snapshot, &g.limit(60)).unwrap();
        assert_eq!(content(g, "/data/outer").as_deref(), Some("one\n"));
        assert_eq!(content(g, "/data/deep/inner").as_deref(), Some("late\n"), "it is not the backup's");
        g.remove();
    });
}

#[test]
fn a_volume_whose_mount_point_is_a_link_of_the_image_is_backed_up_and_put_back() {
    let Some(g) = Ground::swarm("link") else {
        return eprintln!("link: asks the real Swarm only; CCCI_SWARM=1 does");
    };
    let store = MemoryStore::default();
    let world = world(&g, &store);
    let labels = "ccci.run: contract, backupbot.backup: 'true',";
    let text = g
        .compose(FOREVER, "")
        .replacen("ccci.run: contract,", labels, 1)
        .replace("data:/data", "data:/var/lock");
    g.deploy(&text).unwrap();
    g.converge(&g.desired()).unwrap();
    g.sh("echo one > /var/lock/kept").unwrap();
    let snapshot = back_up(&world, &g.stack(), "link", &g.limit(60)).unwrap();
    snapshot.assert_not_empty().unwrap();
    g.sh("echo other > /var/lock/kept").unwrap();
    restore(&world, &g.stack(), &snapshot, &g.limit(60)).unwrap();
    assert_eq!(content(&g, "/var/lock/kept").as_deref(), Some("one\n"));
    g.remove();
}

#[test]
fn a_hook_that_ends_its_container_has_failed_and_is_not_run_again() {
    let Some(g) = Ground::swarm("hookends") else {
        return eprintln!("hookends: asks the real Swarm only; CCCI_SWARM=1 does");
    };
    let store = MemoryStore::default();
    let world = world(&g, &store);
    up_with_backup(&g, ", backupbot.backup.pre-hook: 'echo run >> /data/count; kill -QUIT 1; sleep 20'");
    let failure = back_up(&world, &g.stack(), "ends", &g.limit(60)).unwrap_err();
    assert_eq!(failure.cause, "backup-hook-failed", "{failure:?}");
    assert_eq!(content(&g, "/data/count").as_deref(), Some("run\n"));
    g.remove();
}

#[test]
fn lesson_50_a_hook_whose_pipe_broke_is_seen_where_there_is_bash() {
    let Some(g) = Ground::swarm("pipe") else {
        return eprintln!("pipe: asks the real Swarm only; CCCI_SWARM=1 does");
    };
    let store = MemoryStore::default();
    let world = world(&g, &store);
    up_with_backup(&g, ", backupbot.backup.pre-hook: 'false | gzip > /data/dump.gz'");
    let failure = back_up(&world, &g.stack(), "pipe", &g.limit(60)).unwrap_err();
    assert_eq!(failure.cause, "backup-hook-failed", "{failure:?}");
    g.remove();
}
