//! Does something again whenever a file below the current directory changes.

use crate::app::Session;
use crate::app::session::clock;
use ccci_model::exit::Exit;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::wait::{self, Look};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Longest watch; nobody waits a year for one.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3_600);
/// Most files that are looked at; a project has hundreds.
const MOST: usize = 20_000;
/// Directories that hold what tools make.
const LEFT_OUT: &[&str] = &[".git", "target", "node_modules"];

/// When each file was last written, and its size.
type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Does it now and after each change, until the session is stopped.
pub(super) fn again_and_again(session: &Session, mut work: impl FnMut()) -> Exit {
    let clock = clock();
    let limit = Limit { deadline: clock.now().after(LONGEST), stop: session.stop.clone() };
    loop {
        let before = seen(&session.config.here);
        work();
        let changed = wait::until(&*clock, &limit, &mut |_| (), || {
            Ok::<_, Infallible>(match seen(&session.config.here) == before {
                true => Look::Waiting("a file to change".into()),
                false => Look::Done(()),
            })
        });
        if changed.is_err() {
            return Exit::Green;
        }
    }
}

fn seen(root: &Path) -> Seen {
    let mut out = Seen::new();
    let mut dirs = vec![root.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let Ok(facts) = entry.metadata() else { continue };
            let left_out = LEFT_OUT.iter().any(|name| entry.file_name() == *name);
            if facts.is_dir() && !left_out {
                dirs.push(entry.path());
            } else if facts.is_file() && out.len() < MOST {
                out.insert(entry.path(), (facts.modified().ok(), facts.len()));
            }
        }
    }
    out
}
