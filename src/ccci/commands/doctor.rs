//! `ccci doctor`: is this machine able to run recipes? Each finding with what to do.

use super::life::{THIS_PROGRAM, real_world};
use super::out::Out;
use super::{engine, env};
use ccci_adapters::git::GitHand;
use ccci_adapters::scratch::Scratch;
use ccci_model::exit::Exit;
use ccci_swarm::ports::World;
use ccci_swarm::ports::clock::{Limit, Stop};
use std::time::Duration;
use tokio::runtime::Handle;

/// A look may take so long.
const LIMIT: Duration = Duration::from_secs(20);
/// Two generations of images of an app must fit (the predecessor's lesson).
const FREE_WANTED: u64 = 5 << 30;

/// One finding.
struct Finding {
    good: bool,
    what: String,
    cure: String,
}

/// Looks at everything a run needs.
pub fn doctor(handle: &Handle, stop: &Stop, out: &Out) -> Exit {
    let scratch = match Scratch::new() {
        Ok(dir) => dir,
        Err(e) => {
            out.say(&format!("error: failed to make a temporary directory: {e}"));
            return Exit::Error;
        }
    };
    let world = match real_world(handle, THIS_PROGRAM.as_ref(), scratch.path()) {
        Ok(world) => world,
        Err(e) => {
            out.say(&format!("error: failed to open a socket on loopback: {e}"));
            return Exit::Error;
        }
    };
    let findings =
        [engine_finding(&world, stop), git_finding(handle, &world, stop), disk_finding(), record_finding()];
    for f in findings.iter().flatten() {
        out.say(&format!("{} {}", if f.good { "good" } else { "BAD " }, f.what));
        if !f.good {
            out.say(&format!("     to do: {}", f.cure));
        }
    }
    if findings.iter().flatten().all(|f| f.good) { Exit::Green } else { Exit::Error }
}

fn engine_finding(world: &World, stop: &Stop) -> Vec<Finding> {
    let (host, from) = engine::host();
    let limit = Limit { deadline: world.clock.now().after(LIMIT), stop: stop.clone() };
    let finding = |good, what: String, cure: &str| Finding { good, what, cure: cure.to_string() };
    match world.cluster.engine(&limit) {
        Ok(e) => {
            let mut out = vec![finding(
                true,
                format!(
                    "engine {} at {host} ({from}), API {}, {} node(s), swarm manager",
                    e.version, e.api, e.nodes
                ),
                "",
            )];
            let words = match e.ipvs {
                true => "IPVS is there: virtual IPs and the routing mesh work",
                false => {
                    "no IPVS: apps are deployed with dnsrr and host-mode ports, which ccci does by itself"
                }
            };
            out.push(finding(true, words.into(), ""));
            out
        }
        Err(e) => {
            vec![finding(false, format!("engine at {host} ({from}): failed to {e}"), engine::cure(&e))]
        }
    }
}

fn git_finding(handle: &Handle, world: &World, stop: &Stop) -> Vec<Finding> {
    let limit = Limit { deadline: world.clock.now().after(LIMIT), stop: stop.clone() };
    let missing = GitHand::new(handle.clone(), world.clock.clone())
        .and_then(|g| {
            g.open("/nonexistent-source", std::path::Path::new("."), std::path::Path::new("/"), &limit)
                .map(|_| ())
        })
        .err()
        .is_some_and(|e| matches!(e, ccci_adapters::git::GitError::NoGit));
    let what = if missing { "git is not on the PATH" } else { "git is there" };
    vec![Finding { good: !missing, what: what.into(), cure: "install git".into() }]
}

fn disk_finding() -> Vec<Finding> {
    let place =
        ["/var/lib/docker", "/"].into_iter().find_map(|p| rustix::fs::statvfs(p).ok().map(|s| (p, s)));
    let Some((path, stat)) = place else { return vec![] };
    let free = stat.f_bavail * stat.f_frsize;
    let what = format!("{} GiB free at {path}", free >> 30);
    let cure = format!("free some: two generations of an app's images want {} GiB", FREE_WANTED >> 30);
    vec![Finding { good: free >= FREE_WANTED, what, cure }]
}

fn record_finding() -> Vec<Finding> {
    let home = env::home();
    let written = std::fs::create_dir_all(&home).and_then(|()| tempfile::tempfile_in(&home));
    let (good, what) = match written {
        Ok(_) => (true, format!("records can be kept in {}", home.display())),
        Err(e) => (false, format!("records cannot be kept in {}: {e}", home.display())),
    };
    vec![Finding { good, what, cure: "set CCCI_HOME to a directory that can be written".into() }]
}
