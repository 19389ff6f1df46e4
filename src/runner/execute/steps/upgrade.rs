//! What only an upgrade needs: services the head dropped are removed, and the head is proved to be what runs.

use super::Done;
use crate::execute::{Run, failures};
use ccci_model::failure::{Failure, causes};
use ccci_model::plan::Side;
use ccci_model::tier::Tier;
use ccci_swarm::observed::{Observed, UpdateState};
use ccci_swarm::ports::clock::Limit;
use std::collections::BTreeSet;

/// `docker stack deploy` does not remove services that the new file dropped (lesson 5).
pub(super) fn prune(run: &mut Run<'_>, limit: &Limit) -> Done {
    let stack = &run.app().stack;
    let observed =
        run.world.cluster.look(stack, limit).map_err(|e| failures::cluster(e, "look at the stack"))?;
    let desired: BTreeSet<String> =
        run.state.resolved[&Side::Head].composed.services().iter().map(|s| s.name.to_string()).collect();
    let mut gone = vec![];
    for service in observed.services.iter().filter(|s| !desired.contains(s.name.as_str())) {
        run.world.cluster.remove_service(stack, &service.name, limit).map_err(|e| {
            let expected = format!("service `{}` to be removed: the head dropped it", service.name);
            Failure::new(causes::SERVICE_LEFT, expected, format!("failed to {e}"))
        })?;
        gone.push(service.name.to_string());
    }
    Ok((!gone.is_empty()).then(|| format!("the head dropped {}", gone.join(", "))))
}

/// The deployed commit is the head, something moved, and Swarm did not take the update back (lessons 4, 15).
pub(super) fn assert_upgraded(run: &mut Run<'_>, tier: Option<Tier>, limit: &Limit) -> Done {
    let stack = &run.app().stack;
    let observed =
        run.world.cluster.look(stack, limit).map_err(|e| failures::cluster(e, "look at the stack"))?;
    let stays = not_rolled_back(&observed);
    let stays = run.generic(tier, "the update was not rolled back", stays);
    let rest: [(&str, Asked); 2] = [("the deployed commit is the head", commit), ("something moved", moved)];
    if let Err(f) = stays {
        // Swarm put spec and labels back: of course they are the base's (lesson 4)
        rest.iter().for_each(|(name, _)| run.not_asked(tier, name, "the update was rolled back"));
        return Err(f);
    }
    let mut worst = Ok(None);
    for (name, asked) in rest {
        let result = run.generic(tier, name, asked(run, &observed));
        if let (Ok(_), Err(f)) = (&worst, result) {
            worst = Err(f);
        }
    }
    worst
}

type Asked = fn(&Run<'_>, &Observed) -> Result<(), Box<Failure>>;

fn not_rolled_back(observed: &Observed) -> Result<(), Box<Failure>> {
    for service in &observed.services {
        if let Some((
            UpdateState::RollbackCompleted | UpdateState::RollbackStarted | UpdateState::RollbackPaused,
            text,
        )) = &service.update
        {
            let observed = format!("service `{}` was rolled back: {text}", service.name);
            return Err(Box::new(Failure::new(causes::ROLLED_BACK, "the update to stay", observed)));
        }
    }
    Ok(())
}

fn commit(run: &Run<'_>, observed: &Observed) -> Result<(), Box<Failure>> {
    let key = crate::execute::overlay::commit_label(&run.app().stack);
    let want = crate::execute::overlay::commit_value(&run.app().head);
    let have = observed.service("app").and_then(|s| s.labels.get(&key)).cloned().unwrap_or_default();
    if have == want {
        return Ok(());
    }
    let expected = format!("label `{key}` of service `app` to be `{want}`");
    Err(Box::new(Failure::new(causes::WRONG_COMMIT, expected, format!("it is `{have}`"))))
}

/// A release that changes labels only moves the service and replaces no task (lesson 41): labels count, but not
/// those that ccci itself writes.
fn moved(run: &Run<'_>, observed: &Observed) -> Result<(), Box<Failure>> {
    let Some(before) = &run.state.before_upgrade else {
        return Err(Box::new(Failure::new(
            causes::NOT_MOVED,
            "the stack before the upgrade",
            "it was not looked at",
        )));
    };
    if fingerprint(before) != fingerprint(observed) {
        return Ok(());
    }
    let expected = "image, settings or labels of some service to differ from before";
    Err(Box::new(Failure::new(causes::NOT_MOVED, expected, "every service is exactly what it was")))
}

fn fingerprint(observed: &Observed) -> BTreeSet<String> {
    observed
        .services
        .iter()
        .map(|s| {
            let own = |k: &str| k.starts_with("ccci.") || k.contains(".chaos");
            let labels: Vec<String> =
                s.labels.iter().filter(|(k, _)| !own(k)).map(|(k, v)| format!("{k}={v}")).collect();
            format!("{} {} {:?} {}", s.name, s.template, s.mode, labels.join(" "))
        })
        .collect()
}
