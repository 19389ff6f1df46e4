//! Serves apps that runs have kept: the ingress answers for their names on loopback, as it did in the run.

use super::engine;
use super::session::Session;
use ccci_adapters::clock::RealClock;
use ccci_adapters::docker::Swarm;
use ccci_adapters::ingress::Ingress;
use ccci_adapters::locks::FileLocks;
use ccci_adapters::scratch::Scratch;
use ccci_model::failure::Failure;
use ccci_model::name::{Domain, RecipeName, RunId, StackName};
use ccci_model::plan::Plan;
use ccci_runner::record::{PLAN, kept_dirs, plain};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::locks::Held;
use ccci_swarm::ports::{Clock, Cluster, ClusterError, Locks};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Timeout for looking at the engine.
const LOOK: Duration = Duration::from_secs(20);

/// An app that a run left running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptApp {
    /// The run that left it.
    pub run: RunId,
    /// Its recipe.
    pub recipe: RecipeName,
    /// Its domain.
    pub domain: Domain,
    /// Its stack.
    pub stack: StackName,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// No socket on loopback, no temporary directory, or no lock. Its text fits after "failed to".
    #[error("{0}: {1}")]
    Machine(&'static str, io::Error),
    /// The engine cannot be used.
    #[error("{0}")]
    Engine(Box<Failure>),
}

/// Apps that are served until this is dropped. Meanwhile `ccci clean` leaves them alone.
pub struct Opened {
    /// The apps that are there.
    pub apps: Vec<KeptApp>,
    /// Apps that were kept and are not served, each with the reason.
    pub missing: Vec<(KeptApp, &'static str)>,
    /// Where HTTPS is answered.
    pub https: SocketAddr,
    /// Where HTTP is answered.
    pub http: SocketAddr,
    /// The certificate of the authority that the served names have.
    pub ca: PathBuf,
    _ingress: Ingress,
    _locks: Vec<Box<dyn Held>>,
    _scratch: Scratch,
}

impl Session {
    /// The apps that runs have kept on this machine, the oldest first; all of them, or those of one recipe.
    pub fn kept_apps(&self, recipe: Option<&str>) -> io::Result<Vec<KeptApp>> {
        let kept = FileLocks::new(self.config.locks.clone()).kept()?;
        let plans = kept_dirs(&self.config.records())
            .into_iter()
            .filter_map(|dir| serde_json::from_slice::<Plan>(&plain(&dir.join(PLAN)).ok()?).ok());
        let app = |plan: Plan| {
            let app = plan.subject();
            let (recipe, domain, stack) = (app.recipe.clone(), app.domain.clone(), app.stack.clone());
            KeptApp { run: plan.run_id.clone(), recipe, domain, stack }
        };
        let fits = |app: &KeptApp| recipe.is_none_or(|name| app.recipe.as_str() == name);
        Ok(plans.map(app).filter(|app| kept.contains(app.domain.as_str()) && fits(app)).collect())
    }

    /// The domains of kept apps whose records are not among the kept ones, as after a run with `--out`.
    pub fn kept_elsewhere(&self, known: &[KeptApp]) -> io::Result<Vec<String>> {
        let kept = FileLocks::new(self.config.locks.clone()).kept()?;
        let is_known = |domain: &String| known.iter().any(|app| app.domain.as_str() == domain.as_str());
        Ok(kept.into_iter().filter(|domain| !is_known(domain)).collect())
    }

    /// Serves kept apps. Those that are no longer on the engine are left out.
    pub fn open(&self, kept: Vec<KeptApp>) -> Result<Opened, NotOpened> {
        let moved = Arc::new(Notify::new());
        let clock: Arc<dyn Clock> = Arc::new(RealClock::new(moved.clone()));
        let (config, handle) = (&self.config, &self.handle);
        let cluster: Arc<dyn Cluster> =
            Arc::new(Swarm::new(&config.engine.host, &config.program, handle.clone(), clock.clone(), moved));
        let limit = Limit { deadline: clock.now().after(LOOK), stop: self.stop.clone() };
        let unusable = |e: ClusterError| NotOpened::Engine(Box::new(engine::unusable(&config.engine, &e)));
        cluster.engine(&limit).map_err(unusable)?;
        let ingress = Ingress::start(handle, cluster.clone(), clock)
            .map_err(|e| NotOpened::Machine("open a socket on loopback", e))?;
        let locks = FileLocks::new(config.locks.clone());
        let (mut apps, mut missing, mut held) = (vec![], vec![], vec![]);
        for app in kept {
            let lock = locks.take(app.domain.as_str());
            match lock.map_err(|e| NotOpened::Machine("take the lock of a domain", e))? {
                None => missing.push((app, "its lock is held, by a run, a cleaning or another `ccci open`")),
                Some(_) if cluster.look(&app.stack, &limit).map_err(unusable)?.services.is_empty() => {
                    missing.push((app, "it is no longer on the engine"));
                }
                Some(lock) => {
                    ingress.serve(app.domain.as_str(), &app.stack);
                    held.push(lock);
                    apps.push(app);
                }
            }
        }
        let scratch = Scratch::new().map_err(|e| NotOpened::Machine("make a temporary directory", e))?;
        let ca = scratch.path().join("ca.pem");
        std::fs::write(&ca, ingress.ca_pem()).map_err(|e| NotOpened::Machine("write the certificate", e))?;
        let (http, https) = (ingress.http(), ingress.https());
        Ok(Opened { apps, missing, https, http, ca, _ingress: ingress, _locks: held, _scratch: scratch })
    }
}
