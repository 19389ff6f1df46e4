//! Steps that look at the engine: what dead runs left, its version and features, its networks.

use super::Done;
use crate::execute::{Run, failures, undo};
use ccci_model::event::What;
use ccci_model::failure::{Failure, causes};
use ccci_model::plan::Side;
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::routing::PROXY_NETWORK;
use ccci_swarm::wait::{self, Look};

/// Removes what dead runs left. What cannot be removed is reported and does not stop this run, because each run has its
/// own names.
pub(crate) fn collect(run: &mut Run<'_>, limit: &Limit) -> Done {
    let (n, sink) = (run.step, run.sink);
    let own = run.app().domain.as_str();
    let collected = undo::collect(run.world, own, undo::Scope::Dead, limit, &mut |on| sink.waiting(n, on))
        .map_err(|e| failures::cluster(e, "look for what dead runs left"))?;
    let mut notes = vec![];
    for (domain, removal) in &collected.removed {
        let count: u64 = removal.counts.values().sum();
        notes.push(format!("objects of {domain}: {count}"));
        for h in &removal.held {
            notes.push(format!("{} {} stays: {}", h.kind, h.name, h.by));
        }
    }
    Ok((!notes.is_empty()).then(|| format!("left by dead runs: {}", notes.join("; "))))
}

/// Notes what the engine is, and says so if it has no IPVS.
pub(crate) fn look(run: &mut Run<'_>, limit: &Limit) -> Done {
    let facts = run.world.cluster.engine(limit).map_err(|e| failures::cluster(e, "look at the engine"))?;
    run.shared.engine_lacks_ipvs(!facts.ipvs);
    let ipvs = if facts.ipvs { "" } else { "; no IPVS, so dnsrr and host-mode ports" };
    let note = format!("engine {} (API {}){ipvs}", facts.version, facts.api);
    run.sink.emit(What::Engine { version: facts.version, api: facts.api, ipvs: facts.ipvs });
    Ok(Some(note))
}

/// Makes the external networks that are missing. They have a domain of their own, because other runs may use them too.
/// The last run that uses one removes it.
pub(crate) fn networks(run: &mut Run<'_>, side: Side, limit: &Limit) -> Done {
    let stack = run.app().stack.as_str();
    let networks = run.state.resolved[&side].composed.networks();
    let names: Vec<String> = networks.iter().filter(|n| n.external).map(|n| n.engine_name(stack)).collect();
    let mut made = vec![];
    run.state.made |= !names.is_empty();
    for name in &names {
        let owner = run.owner_of(undo::domain_of_network(name));
        hold(run, &owner.domain, limit)?;
        let new = run.world.cluster.ensure_network(name, &owner, limit).map_err(|e| match e {
            ClusterError::Refused { .. } => {
                Failure::new(causes::NETWORK_MISSING, format!("network `{name}`"), format!("failed to {e}"))
            }
            other => failures::cluster(other, &format!("make the network `{name}`")),
        })?;
        if new {
            if name != PROXY_NETWORK {
                let what = format!(
                    "that the app works with what is on the network `{name}`: it was not there, so ccci made an empty one"
                );
                run.sink.emit(What::NotProved { what });
            }
            made.push(format!("`{name}`"));
        }
    }
    run.state.networks_ready.insert(side);
    Ok((!made.is_empty()).then(|| format!("made {} for this run", made.join(", "))))
}

/// Shares the lock of something that several runs use. If another run is just removing it, this waits a moment.
fn hold(run: &mut Run<'_>, domain: &str, limit: &Limit) -> Result<(), Box<Failure>> {
    if run.state.shared.contains_key(domain) {
        return Ok(());
    }
    let (n, sink, locks) = (run.step, run.sink, run.world.locks.clone());
    let held = wait::until(&*run.world.clock, limit, &mut |on| sink.waiting(n, on), || {
        let held = locks.share(domain)?;
        Ok(held.map_or_else(|| Look::Waiting(format!("the removal of {domain} to end")), Look::Done))
    });
    let held = held.map_err(|e: wait::WaitError<std::io::Error>| {
        let expected = format!("the lock of `{domain}`, which says that this run uses it");
        Failure::new(causes::NETWORK_MISSING, expected, format!("failed to {e}"))
    })?;
    run.state.shared.insert(domain.to_string(), held);
    Ok(())
}
