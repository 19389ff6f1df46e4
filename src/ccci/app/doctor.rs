//! Checks whether this machine can run recipes. Each finding says what to do.

use super::engine;
use super::run::NoWorld;
use super::session::{Config, Session};
use ccci_adapters::browser;
use ccci_adapters::git::GitAdapter;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::{SourceError, Sources, World};
use std::path::Path;
use std::time::Duration;

/// Timeout for each check.
const LIMIT: Duration = Duration::from_secs(20);
/// Free space needed, in bytes: two generations of an app's images must fit (a lesson of the predecessor).
const FREE_NEEDED: u64 = 5 << 30;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is good enough for a run.
    pub good: bool,
    /// Whether no recipe can be run without it.
    pub needed: bool,
    /// What was observed.
    pub what: String,
    /// What to do if it is not good.
    pub cure: String,
}

impl Session {
    /// Checks everything that a run needs.
    pub fn doctor(&self) -> Result<Vec<Finding>, NoWorld> {
        let (_own, world) = self.scratch_world()?;
        let mut findings = self.engine_findings(&world);
        findings.push(self.git_finding(&world));
        findings.push(self.browser_finding(&world));
        findings.extend(disk_finding());
        findings.push(record_finding(&self.config));
        Ok(findings)
    }

    /// A browser is started once: versions that do not fit each other show only then.
    fn browser_finding(&self, world: &World) -> Finding {
        let begun = world.browser.begin(&self.limit(world));
        world.browser.end();
        let (good, what) = match begun {
            Ok(()) => {
                (true, format!("a browser starts: page tests and pictures work; {}", self.its_network()))
            }
            Err(e) => (false, format!("page tests and pictures need a browser: {e}")),
        };
        Finding { good, needed: false, what, cure: browser::CURE.into() }
    }

    fn its_network(&self) -> String {
        match browser::try_own(&self.config.program) {
            Ok(()) => "it has a network of its own".into(),
            Err(why) => format!("it shares this machine's network, whose changes disturb pages ({why})"),
        }
    }

    fn limit(&self, world: &World) -> Limit {
        Limit { deadline: world.clock.now().after(LIMIT), stop: self.stop.clone() }
    }

    fn engine_findings(&self, world: &World) -> Vec<Finding> {
        let (host, from) = (&self.config.engine.host, &self.config.engine.from);
        match world.cluster.engine(&self.limit(world)) {
            Ok(e) => {
                let engine = format!(
                    "engine {} at {host} ({from}), API {}, {} node(s), swarm manager",
                    e.version, e.api, e.nodes
                );
                let ipvs = match e.ipvs {
                    true => "IPVS is there: virtual IPs and the routing mesh work",
                    false => {
                        "no IPVS: apps are deployed with dnsrr and host-mode ports, which ccci does by itself"
                    }
                };
                [engine, ipvs.into()]
                    .map(|what| Finding { good: true, needed: true, what, cure: String::new() })
                    .into()
            }
            Err(e) => {
                let what = format!("engine at {host} ({from}): failed to {e}");
                vec![Finding { good: false, needed: true, what, cure: engine::cure(&e).into() }]
            }
        }
    }

    fn git_finding(&self, world: &World) -> Finding {
        let missing = GitAdapter::new(self.handle.clone(), world.clock.clone())
            .and_then(|g| {
                let nowhere = "/nonexistent-source";
                g.open(nowhere, Path::new("."), Path::new("/"), &self.limit(world)).map(|_| ())
            })
            .err()
            .is_some_and(|e| matches!(e, SourceError::NoGit));
        let what = if missing { "git is not on the PATH" } else { "git is there" };
        Finding { good: !missing, needed: true, what: what.into(), cure: "install git".into() }
    }
}

fn disk_finding() -> Option<Finding> {
    let place = |p| rustix::fs::statvfs(p).ok().map(|s| (p, s));
    let (path, stat) = ["/var/lib/docker", "/"].into_iter().find_map(place)?;
    let free = stat.f_bavail * stat.f_frsize;
    let what = format!("{} GiB free at {path}", free >> 30);
    let cure = format!("free some space: two generations of an app's images need {} GiB", FREE_NEEDED >> 30);
    Some(Finding { good: free >= FREE_NEEDED, needed: true, what, cure })
}

fn record_finding(config: &Config) -> Finding {
    let home = &config.home;
    let written = std::fs::create_dir_all(home).and_then(|()| tempfile::tempfile_in(home));
    let (good, what) = match written {
        Ok(_) => (true, format!("records can be kept in {}", home.display())),
        Err(e) => (false, format!("records cannot be kept in {}: {e}", home.display())),
    };
    Finding { good, needed: true, what, cure: "set CCCI_HOME to a directory that can be written".into() }
}
