//! `ccci clean`: removes what dead runs left and apps that were kept; says what it removed and what holds the rest.

use super::life::{THIS_PROGRAM, real_world};
use super::out::Out;
use super::{engine, env};
use ccci_adapters::locks::FileLocks;
use ccci_adapters::scratch::{self, Scratch};
use ccci_model::exit::Exit;
use ccci_report;
use ccci_report::sheet::Style;
use ccci_runner::execute::undo::{self, Kept, Removal};
use ccci_swarm::ports::clock::{Limit, Stop};
use ccci_swarm::ports::{ClusterError, World};
use ccci_swarm::wait;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::runtime::Handle;

/// What a killed run had just asked of the engine may appear a moment later: so long is waited for a second look.
const SETTLES: Duration = Duration::from_millis(300);
/// Removing everything of all dead runs may take so long.
const LIMIT: Duration = Duration::from_secs(300);

/// Cleans. Locked runs and what ccci did not make are never touched.
pub fn clean(handle: &Handle, stop: &Stop, out: &Out) -> Exit {
    let places = [std::env::temp_dir(), env::home().join("sources")];
    let directories: usize = places.iter().map(|place| scratch::sweep(place)).sum();
    let own = match Scratch::new() {
        Ok(dir) => dir,
        Err(e) => return failed(out, &format!("failed to make a temporary directory: {e}")),
    };
    let world = match real_world(handle, THIS_PROGRAM.as_ref(), own.path()) {
        Ok(world) => world,
        Err(e) => return failed(out, &format!("failed to open a socket on loopback: {e}")),
    };
    let limit = Limit { deadline: world.clock.now().after(LIMIT), stop: stop.clone() };
    match swept(&world, &limit, out) {
        Err(ClusterError::Stopped(_)) => failed(out, "stopped; what is left can be removed by `ccci clean`"),
        Err(e) => {
            let style = Style { colour: false, width: out.look.width.min(120) };
            out.say(ccci_report::text_of(&engine::unusable(&e), style).trim_end());
            Exit::Error
        }
        Ok((swept, locked)) => {
            FileLocks::new(env::locks()).tidy();
            told(swept, &locked, directories, out)
        }
    }
}

/// What clean removed, and the domains that it left alone.
type Swept = (BTreeMap<String, Removal>, BTreeSet<String>);

/// Two sweeps, the second one after a moment.
fn swept(world: &World, limit: &Limit, out: &Out) -> Result<Swept, ClusterError> {
    let mut said = |on: &str| out.say(&format!("waiting for {on}"));
    let mut all = undo::sweep(world, "", Kept::Go, limit, &mut said)?;
    let _ = wait::rest(&*world.clock, limit, SETTLES);
    all.extend(undo::sweep(world, "", Kept::Go, limit, &mut said)?);
    let left = world.cluster.leftovers(None, limit)?;
    let locked = left.into_iter().map(|l| l.domain).filter(|d| !all.contains_key(d)).collect();
    Ok((all, locked))
}

fn told(swept: BTreeMap<String, Removal>, locked: &BTreeSet<String>, directories: usize, out: &Out) -> Exit {
    if directories > 0 {
        out.say(&format!("removed {directories} temporary directories"));
    }
    if swept.is_empty() && directories == 0 {
        out.say("nothing was left by dead runs");
    }
    for domain in locked {
        out.say(&format!("{domain}: left alone, its lock is held: it is being run or cleaned"));
    }
    let mut held = 0;
    for (domain, removal) in swept {
        let parts: Vec<String> = removal.counts.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        out.say(&format!("{domain}: removed {}", parts.join(", ")));
        for h in &removal.held {
            held += 1;
            out.say(&format!("  {} {} stays: {}", h.kind, h.name, h.by));
        }
    }
    if held > 0 { Exit::Error } else { Exit::Green }
}

fn failed(out: &Out, why: &str) -> Exit {
    out.say(&format!("error: {why}"));
    Exit::Error
}
