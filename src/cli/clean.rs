//! `ccci clean`: removes what dead runs left; says what it removed and what holds the rest.

use super::life::real_world;
use super::out::Out;
use crate::exit::Exit;
use crate::run::{trouble, undo};
use std::time::Duration;
use tokio::runtime::Handle;

/// Removing everything of all dead runs may take so long.
const LIMIT: Duration = Duration::from_secs(300);

/// Cleans. Locked runs and what ccci did not make are never touched.
pub fn clean(handle: &Handle, out: &Out) -> Exit {
    let scratch = match tempfile::tempdir() {
        Ok(dir) => dir,
        Err(e) => return failed(out, &format!("failed to make a temporary directory: {e}")),
    };
    let world = match real_world(handle, scratch.path()) {
        Ok(world) => world,
        Err(e) => return failed(out, &format!("failed to open a socket on loopback: {e}")),
    };
    let deadline = world.clock.now().after(LIMIT);
    match undo::sweep(&world, "", deadline, &mut |on| out.say(&format!("waiting for {on}"))) {
        Err(e) => {
            let f = trouble::cluster(e, "look for what dead runs left");
            failed(
                out,
                &format!(
                    "{}: {}",
                    f.observed,
                    f.evidence.iter().map(|e| e.text.as_str()).collect::<String>()
                ),
            )
        }
        Ok(swept) if swept.is_empty() => {
            out.say("nothing was left by dead runs");
            Exit::Green
        }
        Ok(swept) => {
            let mut held = 0;
            for (domain, removal) in swept {
                let parts: Vec<String> =
                    removal.counts.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
                out.say(&format!("{domain}: removed {}", parts.join(", ")));
                for h in &removal.held {
                    held += 1;
                    out.say(&format!("  {} {} stays: {}", h.kind, h.name, h.by));
                }
            }
            if held > 0 { Exit::Failed } else { Exit::Green }
        }
    }
}

fn failed(out: &Out, why: &str) -> Exit {
    out.say(&format!("error: {why}"));
    Exit::Error
}
