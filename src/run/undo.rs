//! Removal: everything carries the run's labels from the moment it is made, so removing by label is registered
//! before creation by construction. Repeats until nothing is left or the deadline, then says what holds the rest.

use crate::failure::{Failure, causes};
use crate::plan::Held;
use crate::time::Moment;
use crate::world::World;
use crate::world::clock::{Limit, Stop};
use crate::world::cluster::{ClusterError, Leftover};
use crate::world::wait::{self, Look};
use std::collections::{BTreeMap, BTreeSet};

/// What removal found and left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removal {
    /// How many objects were removed, by kind.
    pub counts: BTreeMap<String, u64>,
    /// What is still there, and who holds it.
    pub held: Vec<Held>,
}

/// Removes everything of a domain and looks that nothing is left. Takes its own stop: a second signal does not
/// restart or cut a removal (lesson 33).
pub fn remove_domain(
    world: &World,
    domain: &str,
    deadline: Moment,
    said: &mut dyn FnMut(&str),
) -> Result<Removal, ClusterError> {
    let limit = Limit { deadline, stop: Stop::default() };
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut left: Vec<Leftover> = vec![];
    let done = wait::until(&*world.clock, &limit, said, || {
        left = world.cluster.leftovers(Some(domain), &limit)?;
        seen.extend(left.iter().map(|l| (l.kind.clone(), l.name.clone())));
        if left.is_empty() {
            return Ok(Look::Done(()));
        }
        world.cluster.remove(domain, &limit)?;
        Ok(Look::Waiting(format!("{} to be gone", named(&left))))
    });
    world.web.forget(domain);
    match done {
        Ok(()) | Err(wait::WaitError::TimedOut { .. }) => Ok(tally(&seen, &left)),
        Err(wait::WaitError::Look(e)) => Err(e),
        Err(wait::WaitError::Stopped(_) | wait::WaitError::Hopeless(_)) => Ok(tally(&seen, &left)),
    }
}

/// Removes what dead runs left: their domain's lock is free. Locked ones are never touched (lesson 33).
/// Returns what was removed by domain; a domain that could not be cleaned names who holds it.
pub fn sweep(
    world: &World,
    own: &str,
    deadline: Moment,
    said: &mut dyn FnMut(&str),
) -> Result<BTreeMap<String, Removal>, ClusterError> {
    let limit = Limit { deadline, stop: Stop::default() };
    let all = world.cluster.leftovers(None, &limit)?;
    let domains: BTreeSet<String> = all.into_iter().map(|l| l.domain).filter(|d| d != own).collect();
    let mut out = BTreeMap::new();
    for domain in domains {
        let Ok(Some(_held)) = world.locks.take(&domain) else { continue };
        out.insert(domain.clone(), remove_domain(world, &domain, deadline, said)?);
    }
    Ok(out)
}

/// The failure for a removal that left something.
pub fn leak(removal: &Removal) -> Option<Failure> {
    if removal.held.is_empty() {
        return None;
    }
    let names: Vec<String> = removal.held.iter().map(|h| format!("{} {}", h.kind, h.name)).collect();
    let by: Vec<String> = removal.held.iter().map(|h| format!("{} {}: {}", h.kind, h.name, h.by)).collect();
    Some(
        Failure::new(
            causes::LEFTOVER,
            "nothing of the run left on the engine",
            format!("still there: {}", names.join(", ")),
        )
        .evidence("who holds it", by.join("\n")),
    )
}

fn tally(seen: &BTreeSet<(String, String)>, left: &[Leftover]) -> Removal {
    let mut counts = BTreeMap::new();
    for (kind, name) in seen {
        if !left.iter().any(|l| l.kind == *kind && l.name == *name) {
            *counts.entry(kind.clone()).or_insert(0) += 1;
        }
    }
    let held = left
        .iter()
        .map(|l| Held { kind: l.kind.clone(), name: l.name.clone(), by: l.held_by.clone() })
        .collect();
    Removal { counts, held }
}

fn named(left: &[Leftover]) -> String {
    let names: Vec<String> = left.iter().take(3).map(|l| format!("{} {}", l.kind, l.name)).collect();
    let more = left.len().saturating_sub(3);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", names.join(", "))
}
