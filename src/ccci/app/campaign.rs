//! A campaign: several runs started by one call, a limited number at the same time. A request whose recipe lists
//! several upgrade bases is a run for each of them. A listener follows the runs; the result is one end for each.

use super::prepare::{Refused, new_call_id};
use super::request::Request;
use super::run::{self, Hear, NotRun};
use super::session::{Session, clock};
use super::{engine, pool, records};
use ccci_adapters::browser::NotAskedFor;
use ccci_model::diag::Diagnostic;
use ccci_model::exit::Exit;
use ccci_model::failure::{Failure, causes};
use ccci_report::usual::Usual;
use ccci_runner::execute::job::Job;
use ccci_runner::record::journal::{Finished, RecordError};
use ccci_swarm::ports::World;
use ccci_swarm::ports::clock::{Limit, Stop, StopReason};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Timeout for the first answer of the engine. An engine that takes longer cannot be used.
const ENGINE_LIMIT: Duration = Duration::from_secs(20);

/// What to do when a domain's lock cannot be made.
const LOCKS: &str = "make a directory for all users of this machine (`install -d -m 1777 DIR`) and name it in CCCI_LOCKS for all of them";

/// Several runs.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// One for each recipe.
    pub requests: Vec<Request>,
    /// How many runs at the same time; at least one.
    pub at_a_time: usize,
    /// Whether no other run begins after one has failed.
    pub fail_fast: bool,
    /// Where the record goes; with several runs, the directory that gets one record directory for each. Without it
    /// each run makes a new directory among the kept records.
    pub out: Option<PathBuf>,
}

/// Follows the runs. The first run of each request has the request's number, from 0; more runs of a request have
/// numbers after those. Several threads call it at the same time.
pub trait Listener: Sync {
    /// The texts of a run's recipe are being read.
    fn reading(&self, run: usize, name: &str);
    /// Warnings about a run's recipe; the run begins all the same.
    fn warned(&self, run: usize, warnings: Vec<Diagnostic>);
    /// The run begins, and its events will follow. `usual` says how long the steps took in earlier runs of this
    /// recipe.
    fn begins(&self, run: usize, usual: Usual);
    /// Makes the function that receives the events of a run.
    fn events(&self, run: usize) -> Box<Hear>;
    /// A run has ended, or could not begin.
    fn over(&self, run: usize, end: &End);
}

/// How one request ended.
pub enum End {
    /// The run was executed. If `finished` has no record, that is a bug.
    Ran {
        /// The record, and notes on what could not be written.
        finished: Box<Finished>,
        /// The directory of the record.
        dir: PathBuf,
        /// How many runs the request has: one for each upgrade base.
        paths: usize,
    },
    /// The run did not begin.
    Refused {
        /// Why.
        why: NoRun,
        /// The exit code of a call with this request only.
        exit: Exit,
    },
    /// The campaign was stopped before this run began.
    Stopped(StopReason),
    /// Another run has failed, and the campaign ends at the first failure.
    LeftOut,
}

/// A run of a campaign and its end.
pub struct Ended {
    /// The recipe as the caller wrote it; of several bases also which one.
    pub name: String,
    /// How it ended.
    pub end: End,
}

/// Why there was no run.
pub enum NoRun {
    /// No job could be made, or this machine cannot run it.
    Job(Refused),
    /// The directory that the caller named cannot hold the record.
    Place(RecordError),
}

impl From<Box<Failure>> for NoRun {
    fn from(failure: Box<Failure>) -> NoRun {
        NoRun::Job(Refused::Failed(failure))
    }
}

impl End {
    /// The exit code of a call with this request only.
    pub fn exit(&self) -> Exit {
        match self {
            End::Ran { finished, .. } => finished.record.as_ref().map_or(Exit::Bug, |r| r.outcome.exit),
            End::Refused { exit, .. } => *exit,
            End::Stopped(reason) => exit_of(*reason),
            // the one that failed decides
            End::LeftOut => Exit::Green,
        }
    }
}

/// The exit code of a call that was stopped.
pub fn exit_of(reason: StopReason) -> Exit {
    match reason {
        StopReason::Interrupted => Exit::Interrupted,
        StopReason::Terminated => Exit::Terminated,
        StopReason::Deadline => Exit::Error,
    }
}

/// The exit code of the campaign: the worst of its ends.
pub fn worst(ends: &[Ended]) -> Exit {
    ends.iter().map(|e| e.end.exit()).fold(Exit::Green, worse)
}

/// The worse of two exit codes: bugs are worst, then signals, failures, wrong texts, and errors.
pub fn worse(a: Exit, b: Exit) -> Exit {
    let rank = |e: Exit| match e {
        Exit::Green => 0,
        Exit::Error => 1,
        Exit::Wrong => 2,
        Exit::Failed => 3,
        Exit::Interrupted | Exit::Terminated => 4,
        Exit::Bug => 5,
    };
    if rank(b) > rank(a) { b } else { a }
}

impl Session {
    /// Runs all requests; the next one begins when one has ended. Stopping the session ends the runs in progress, and
    /// no other begins.
    pub fn campaign(&self, campaign: &Campaign, listener: &dyn Listener) -> Vec<Ended> {
        let call = new_call_id(&*clock());
        let failed = AtomicBool::new(false);
        let numbers = AtomicUsize::new(campaign.requests.len());
        let of_each = pool::each(campaign.requests.len(), campaign.at_a_time, |n| {
            let (mut ended, mut paths): (Vec<Ended>, usize) = (vec![], 1);
            while ended.len() < paths {
                let request =
                    Request { call: Some(call.clone()), path: ended.len(), ..campaign.requests[n].clone() };
                let run = if request.path == 0 { n } else { numbers.fetch_add(1, Ordering::SeqCst) };
                let name = name(&request, paths);
                let end = match campaign.fail_fast && failed.load(Ordering::SeqCst) {
                    true => End::LeftOut,
                    false => self.one(campaign, run, &name, &request, listener),
                };
                if let End::Ran { paths: all, .. } = &end {
                    paths = *all;
                }
                if end.exit() != Exit::Green {
                    failed.store(true, Ordering::SeqCst);
                }
                listener.over(run, &end);
                ended.push(Ended { name, end });
            }
            ended
        });
        of_each.into_iter().flatten().collect()
    }

    fn one(
        &self,
        campaign: &Campaign,
        n: usize,
        name: &str,
        request: &Request,
        listener: &dyn Listener,
    ) -> End {
        if let Some(reason) = self.stop.reason() {
            return End::Stopped(reason);
        }
        listener.reading(n, name);
        self.lifecycle(campaign, n, request, listener).unwrap_or_else(|why| {
            let exit = match &why {
                NoRun::Place(_) => Exit::Wrong,
                NoRun::Job(refused) => self.stop.reason().map_or(refused.exit(), exit_of),
            };
            End::Refused { why, exit }
        })
    }

    fn lifecycle(
        &self,
        campaign: &Campaign,
        n: usize,
        request: &Request,
        listener: &dyn Listener,
    ) -> Result<End, NoRun> {
        // each run has its own stop, so that its deadline does not end the others
        let own = Session { stop: self.stop.below(), ..self.clone() };
        let prepared = own.prepare(request).map_err(NoRun::Job)?;
        listener.warned(n, prepared.warnings);
        let (job, paths) = (prepared.job, prepared.paths);
        let dir = self.directory(campaign, &job, request.path, paths);
        let mut world = own
            .world(&dir)
            .map_err(|e| refused(format!("failed to open a socket on loopback: {e}"), "free a port"))?;
        if !request.browser {
            world.browser = Arc::new(NotAskedFor);
        }
        self.reachable(&world, &own.stop)?;
        listener.begins(n, records::usual(&self.config, &job.plan.subject().recipe));
        let begun = self.in_progress.begin();
        let ran = run::run(&job, &world, &dir, &own.stop, listener.events(n));
        drop(begun);
        let finished = ran.map_err(|e| match e {
            NotRun::Record(e) if e.is_wrong_place() => NoRun::Place(e),
            NotRun::Record(e) => Box::new(e.failure()).into(),
            NotRun::Lock(..) => refused(format!("failed to {e}"), LOCKS),
            NotRun::Held(_) => refused(format!("failed to {e}"), "try again"),
        })?;
        Ok(End::Ran { finished: Box::new(finished), dir, paths })
    }

    /// Asks the engine before the record begins: without an engine every step of the run would fail for this same
    /// reason.
    fn reachable(&self, world: &World, stop: &Stop) -> Result<(), NoRun> {
        let limit = Limit { deadline: world.clock.now().after(ENGINE_LIMIT), stop: stop.clone() };
        let answer = world.cluster.engine(&limit);
        answer.map(drop).map_err(|e| Box::new(engine::unusable(&self.config.engine, &e)).into())
    }

    fn directory(&self, campaign: &Campaign, job: &Job, path: usize, paths: usize) -> PathBuf {
        let recipe = job.plan.subject().recipe.as_str();
        let asked = |dir: &Path| match (paths > 1, campaign.requests.len() > 1) {
            (true, _) => dir.join(format!("{recipe}-base-{}", path + 1)),
            (false, true) => dir.join(recipe),
            (false, false) => dir.to_path_buf(),
        };
        let own = || self.config.records().join(job.plan.run_id.as_str());
        campaign.out.as_deref().map_or_else(own, asked)
    }
}

/// The recipe as the caller wrote it, and from the second of several bases on which one.
fn name(request: &Request, paths: usize) -> String {
    match request.path {
        0 => request.recipe.clone(),
        path => format!("{}, base {} of {paths}", request.recipe, path + 1),
    }
}

fn refused(observed: String, cure: &str) -> NoRun {
    let failure = Failure::new(causes::ENGINE_REFUSED, "a machine that can run", observed);
    Box::new(failure.to_do(cure)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::session::Config;
    use ccci_model::event::Event;
    use std::sync::Mutex;

    /// What the listener was told, a line for each call.
    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Heard {
        fn line(&self, text: String) {
            self.0.lock().unwrap().push(text);
        }
    }

    impl Listener for Heard {
        fn reading(&self, run: usize, name: &str) {
            self.line(format!("{run} reading {name}"));
        }
        fn warned(&self, _: usize, _: Vec<Diagnostic>) {}
        fn begins(&self, run: usize, _: Usual) {
            self.line(format!("{run} begins"));
        }
        fn events(&self, _: usize) -> Box<Hear> {
            Box::new(|_: &Event| ())
        }
        fn over(&self, run: usize, end: &End) {
            self.line(format!("{run} over {}", end.exit().code()));
        }
    }

    /// Runs two requests on a machine without an engine and without recipes.
    fn two(recipes: [&str; 2], stopped: bool, fail_fast: bool) -> (Vec<Exit>, Vec<String>) {
        let place = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let below = |name: &str| place.path().join(name);
        let engine = engine::Address {
            host: format!("unix://{}", below("none.sock").display()),
            from: "a test".into(),
        };
        let config = Config {
            here: below("here"),
            home: below("home"),
            locks: below("locks"),
            temporary: below("temporary"),
            zone: "ccci.test".into(),
            engine,
            program: below("program"),
        };
        let session = Session::new(config, runtime.handle().clone());
        if stopped {
            session.stop.set(StopReason::Interrupted);
        }
        let campaign =
            Campaign { requests: recipes.map(Request::of).into(), at_a_time: 1, fail_fast, out: None };
        let heard = Heard::default();
        let ends = session.campaign(&campaign, &heard);
        (ends.iter().map(|e| e.end.exit()).collect(), heard.0.into_inner().unwrap())
    }

    #[test]
    fn each_request_has_its_own_end_and_the_next_begins_after_it() {
        let (exits, heard) = two(["ghost", "spook"], false, false);
        assert_eq!(exits, [Exit::Wrong, Exit::Wrong]);
        assert_eq!(heard, ["0 reading ghost", "0 over 2", "1 reading spook", "1 over 2"]);
    }

    #[test]
    fn a_campaign_that_ends_at_the_first_failure_begins_no_other_run() {
        let (exits, heard) = two(["ghost", "spook"], false, true);
        assert_eq!(exits, [Exit::Wrong, Exit::Green]);
        assert_eq!(heard, ["0 reading ghost", "0 over 2", "1 over 0"]);
    }

    #[test]
    fn a_stopped_campaign_begins_nothing_more() {
        let (exits, heard) = two(["ghost", "spook"], true, false);
        assert_eq!(exits, [Exit::Interrupted, Exit::Interrupted]);
        assert_eq!(heard, ["0 over 130", "1 over 130"]);
    }
}
