//! A machine in memory for runs of the recipe that uses everything: its programs, its pages, neighbours, and objects
//! that ccci did not make.

use super::tap::{Lie, Mishap, Tap};
use ccci_model::event::Event;
use ccci_model::name::{RunId, StackName};
use ccci_model::secret::Secret;
use ccci_model::time::Moment;
use ccci_model::verdict::{Outcome, judge};
use ccci_runner::execute::execute;
use ccci_runner::execute::job::Job;
use ccci_runner::execute::sink::Sink;
use ccci_swarm::ports::cluster::{ExecOutput, ExecRequest, Owner};
use ccci_swarm::ports::lease::Lease;
use ccci_swarm::ports::locks::Held;
use ccci_swarm::ports::{Clock, Cluster, Limit, Locks, Stop, World};
use ccci_testkit::layers::{Recorder, Saboteur};
use ccci_testkit::memory::{
    Files, MemoryBrowser, MemoryClock, MemoryCluster, MemoryLocks, MemoryPage, MemoryStore, MemoryWeb, page,
    path_of,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A machine. Its runs share its Swarm, its locks and its clock.
pub(crate) struct Machine {
    pub clock: Arc<MemoryClock>,
    pub cluster: Arc<MemoryCluster>,
    /// Records what runs ask of its Swarm.
    pub recorder: Arc<Recorder>,
    /// Makes calls of the Swarm fail; all runs use the Swarm through it.
    pub saboteur: Arc<Saboteur>,
    pub locks: MemoryLocks,
    /// False answers that its Swarm gives.
    pub lie: Option<Lie>,
    /// Describes the pages that the browser of a run finds.
    pub browse: Box<dyn Fn(&MemoryBrowser) + Send + Sync>,
    /// The browser of the newest run.
    pub browser: Mutex<Option<Arc<MemoryBrowser>>>,
}

/// The result of a run.
pub(crate) struct TestRun {
    pub events: Vec<Event>,
    pub outcome: Outcome,
    pub tap: Arc<Tap>,
}

/// The page that the app shows.
fn front_page(browser: &MemoryBrowser) {
    browser.page("/", MemoryPage { title: "Welcome".into(), ..MemoryPage::default() });
}

/// The domain of another run in progress on this machine.
pub(crate) const NEIGHBOUR: &str = "neig-000000.ccci.test";

impl Machine {
    /// With the network `proxy` that an operator made.
    pub(crate) fn new() -> Machine {
        let clock = Arc::new(MemoryClock::default());
        let cluster = Arc::new(MemoryCluster::new(clock.clone()));
        cluster.on_exec("app", program);
        let recorder = Arc::new(Recorder::new(cluster.clone()));
        let saboteur = Arc::new(Saboteur::new(recorder.clone(), clock.clone()));
        Machine {
            clock,
            cluster,
            recorder,
            saboteur,
            locks: MemoryLocks::default(),
            lie: None,
            browse: Box::new(front_page),
            browser: Mutex::default(),
        }
    }

    /// One whose browser is prepared by this, beside the page that the app shows.
    pub(crate) fn browsing(browse: impl Fn(&MemoryBrowser) + Send + Sync + 'static) -> Machine {
        let both = move |browser: &MemoryBrowser| {
            front_page(browser);
            browse(browser);
        };
        Machine { browse: Box::new(both), ..Machine::new() }
    }

    /// Adds objects that only look like ours, and another run in progress. Its lock is held until the result is
    /// dropped.
    pub(crate) fn with_neighbours(&self) -> Box<dyn Held> {
        for (kind, name) in [("volume", "full-0c0ffe_ccci_test_data"), ("secret", "neig"), ("config", "exam")]
        {
            self.cluster.foreign(kind, name);
        }
        self.cluster.foreign("network", "full-000000_ccci_test_internal");
        let owner =
            Owner { run: RunId::parse("other").unwrap(), domain: NEIGHBOUR.into(), lease: Lease::default() };
        let name = format!("{}_net", NEIGHBOUR.replace('.', "_"));
        assert!(self.cluster.ensure_network(&name, &owner, &self.limit(60)).unwrap());
        self.locks.take(NEIGHBOUR).unwrap().unwrap()
    }

    /// Adds a secret of another run.
    pub(crate) fn owned(&self, domain: &str, name: &str) {
        let stack = StackName::parse(&domain.replace('.', "_")).unwrap();
        let owner =
            Owner { run: RunId::parse("other").unwrap(), domain: domain.into(), lease: Lease::default() };
        let name = format!("{stack}_{name}");
        self.cluster.put_secret(&stack, &name, &Secret::new("x"), &owner, &self.limit(60)).unwrap();
    }

    pub(crate) fn limit(&self, seconds: u64) -> Limit {
        Limit { deadline: self.clock.now().after(Duration::from_secs(seconds)), stop: Stop::default() }
    }

    /// Runs a job as `ccci run` does: under the lock of its domain.
    pub(crate) fn live(&self, job: &Job) -> TestRun {
        self.live_with(job, None, &Stop::default(), |_| ())
    }

    /// The same with a mishap at a step.
    pub(crate) fn live_badly(&self, job: &Job, at: usize, mishap: Mishap) -> TestRun {
        self.live_with(job, Some((at, mishap)), &Stop::default(), |_| ())
    }

    /// The same with a port 80 of the app that is not always open.
    pub(crate) fn live_with_port(
        &self,
        job: &Job,
        open: impl FnMut(Moment) -> bool + Send + 'static,
    ) -> TestRun {
        self.live_on(job, |web| web.on_port("app", 80, open))
    }

    /// The same; `adjust` changes what the app's pages answer.
    pub(crate) fn live_on(&self, job: &Job, adjust: impl FnOnce(&MemoryWeb)) -> TestRun {
        self.live_as(job, None, &Stop::default(), |_| (), adjust)
    }

    /// The same; `reporter` receives every event, and `stop` ends the run early.
    pub(crate) fn live_with(
        &self,
        job: &Job,
        mishap: Option<(usize, Mishap)>,
        stop: &Stop,
        reporter: impl Fn(&Event) + Send + Sync + 'static,
    ) -> TestRun {
        self.live_as(job, mishap, stop, reporter, |_| ())
    }

    /// The same; `adjust` changes what the app's pages answer.
    pub(crate) fn live_as(
        &self,
        job: &Job,
        mishap: Option<(usize, Mishap)>,
        stop: &Stop,
        reporter: impl Fn(&Event) + Send + Sync + 'static,
        adjust: impl FnOnce(&MemoryWeb),
    ) -> TestRun {
        let deadline = self.clock.now().after(Duration::from_millis(job.plan.deadline_ms));
        let tap = Tap::new(self.saboteur.clone(), self.clock.clone(), stop.clone(), mishap, deadline);
        let (tap, store) = (Arc::new(tap.lying(self.lie)), MemoryStore::default());
        let world = self.world_with(tap.clone(), &store, adjust);
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let (all, hearing) = (events.clone(), tap.clone());
        let take = move |event: Event| {
            if hearing.hears(&event) {
                all.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
                reporter(&event);
            }
        };
        let domains = job.plan.apps.iter().map(|a| a.domain.as_str());
        let held: Vec<_> =
            domains.map(|d| self.locks.take(d).unwrap().expect("the domain is free")).collect();
        execute(job, &world, &Sink::new(self.clock.clone(), Arc::new(take)), stop);
        drop(held);
        let events = events.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let outcome = judge(&events).expect("a record");
        TestRun { events, outcome, tap }
    }

    /// The world of a run, with its own view of the Swarm.
    pub(crate) fn world(&self, cluster: Arc<dyn Cluster>, store: &MemoryStore) -> World {
        self.world_with(cluster, store, |_| ())
    }

    fn world_with(
        &self,
        cluster: Arc<dyn Cluster>,
        store: &MemoryStore,
        adjust: impl FnOnce(&MemoryWeb),
    ) -> World {
        let web = MemoryWeb::new(self.clock.clone(), cluster.clone());
        web.on_port("app", 80, |_| true);
        let swarm = self.cluster.clone();
        web.on_request(move |request, _| {
            let host = request.url.split('/').nth(2)?.replace('.', "_");
            match path_of(&request.url) {
                "/health" | "/" => Some(page(200, "well")),
                "/page" => {
                    let mut body = None;
                    swarm.volume(&format!("{host}_data"), |files| {
                        body = files.get("page").map(|f| f.bytes.clone());
                    });
                    body.map(|body| page(200, body))
                }
                _ => None,
            }
        });
        adjust(&web);
        let web = Arc::new(web);
        let browser = Arc::new(MemoryBrowser::new(web.clone()));
        (self.browse)(&browser);
        *self.browser.lock().unwrap_or_else(PoisonError::into_inner) = Some(browser.clone());
        World {
            cluster,
            browser,
            web,
            clock: self.clock.clone(),
            store: Arc::new(store.clone()),
            locks: Arc::new(self.locks.clone()),
        }
    }
}

/// The commands of the app's container: write a page, and copy it as a dump does.
fn program(what: &ExecRequest, files: &mut Files<'_>) -> Option<ExecOutput> {
    let words: Vec<&str> = what.argv.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["put", path, text] => files.write(path, text.as_bytes()),
        ["sh", "-c", command] => {
            let (from, to) = command.strip_prefix("dump ")?.split_once(' ')?;
            let Some(bytes) = files.read(from) else {
                let stderr = format!("dump: {from}: No such file or directory");
                return Some(ExecOutput { code: 1, stderr, ..ExecOutput::default() });
            };
            files.write(to, bytes);
        }
        _ => return None,
    }
    Some(ExecOutput::default())
}

impl TestRun {
    /// The names of all events of the run, each once.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let mut out: Vec<String> = vec![];
        for e in &self.events {
            let value = serde_json::to_value(&e.what).unwrap();
            let name = value["event"].as_str().unwrap().to_string();
            if !out.contains(&name) {
                out.push(name);
            }
        }
        out
    }
}
