//! What only an upgrade needs: removes services that the head dropped, and checks that the head is what runs.

use super::Done;
use crate::execute::{Run, failures};
use ccci_model::failure::{Failure, causes};
use ccci_model::plan::Side;
use ccci_model::tier::Tier;
use ccci_swarm::observed::{Observed, ObservedService, UpdateState};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::cluster::TASK;
use ccci_swarm::wait::{self, Look};
use std::collections::BTreeSet;

/// Removes services that the head dropped, because `docker stack deploy` does not (lesson 5).
pub(crate) fn prune(run: &mut Run<'_>, limit: &Limit) -> Done {
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
    if !gone.is_empty() {
        wait_for_their_end(run, limit)?;
    }
    Ok((!gone.is_empty()).then(|| format!("the head dropped {}", gone.join(", "))))
}

/// Waits until the tasks of removed services have ended: what the head still needs of them must be missing when the
/// app is asked.
fn wait_for_their_end(run: &Run<'_>, limit: &Limit) -> Result<(), Box<Failure>> {
    let (n, sink, domain) = (run.step, run.sink, run.app().domain.as_str());
    let ended = wait::until(&*run.world.clock, limit, &mut |on| sink.waiting(n, on), || {
        let left = run.world.cluster.leftovers(Some(domain), limit)?;
        Ok(match left.iter().any(|l| l.kind == TASK) {
            true => Look::Waiting("the tasks of dropped services to end".into()),
            false => Look::Done(()),
        })
    });
    ended.map_err(|e| Box::new(failures::wait(e, "see the tasks of dropped services end")))
}

/// Checks that the deployed commit is the head, that something changed, and that Swarm did not roll the update back
/// (lessons 4, 15).
pub(crate) fn assert_upgraded(run: &mut Run<'_>, tier: Option<Tier>, limit: &Limit) -> Done {
    let stack = &run.app().stack;
    let observed =
        run.world.cluster.look(stack, limit).map_err(|e| failures::cluster(e, "look at the stack"))?;
    let stays = not_rolled_back(&observed).map_err(|f| run.again(*f));
    let stays = run.generic(tier, "the update was not rolled back", stays);
    let rest: [(&str, Asked); 2] = [("the deployed commit is the head", commit), ("something moved", moved)];
    if let Err(f) = stays {
        // Swarm restored the old spec and labels, so these two checks would fail as well (lesson 4)
        rest.iter().for_each(|(name, _)| run.not_asked(tier, name, "the update was rolled back"));
        return Err(f);
    }
    let mut worst = Ok(None);
    let same_images = only_names_of_images(run, &observed);
    for (name, asked) in rest {
        if let (Some(why), "something moved") = (&same_images, name) {
            run.not_proved(format!("that anything changes with the upgrade: {why}"));
            run.does_not_apply(tier, name, why);
            continue;
        }
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
    let app = run.texts().app.as_str();
    let have = observed.service(app).and_then(|s| s.labels.get(&key)).cloned().unwrap_or_default();
    if have == want {
        return Ok(());
    }
    let expected = format!("label `{key}` of service `{app}` to be `{want}`");
    Err(Box::new(Failure::new(causes::WRONG_COMMIT, expected, format!("it is `{have}`"))))
}

/// Checks that the upgrade changed something. A release that changes only labels updates the service and replaces no
/// task (lesson 41), so labels count, except those that ccci itself writes.
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
    Err(Box::new(Failure::new(causes::NOT_MOVED, expected, "no service has changed")))
}

/// If the upgrade only gave images other names: which, in words. What runs is then the same as before, as far as anybody
/// can see.
fn only_names_of_images(run: &Run<'_>, observed: &Observed) -> Option<String> {
    let before = run.state.before_upgrade.as_ref()?;
    let id = |image: &str| {
        let name = image.split('@').next().unwrap_or(image);
        run.state.image_ids.get(image).or_else(|| run.state.image_ids.get(name)).filter(|id| !id.is_empty())
    };
    let renamed: Vec<String> = observed
        .services
        .iter()
        .filter_map(|new| {
            let old = before.service(new.name.as_str())?;
            let (was, is) = (id(&old.image)?, id(&new.image)?);
            let what = format!("{} and {} are the same image ({is})", old.image, new.image);
            (old.image != new.image && was == is).then_some(what)
        })
        .collect();
    let kept = |seen: &Observed| -> Option<BTreeSet<String>> {
        let one = |s: &ObservedService| {
            let version = |k: &str| k.ends_with(".version") && k.starts_with("coop-cloud.");
            let labels = labels(s, |k| !version(k) && k != CLIENTS_IMAGE);
            Some(format!("{} {} {} {:?} {labels}", s.name, s.template_but_image, id(&s.image)?, s.mode))
        };
        seen.services.iter().map(one).collect()
    };
    (!renamed.is_empty() && kept(before)? == kept(observed)?).then(|| renamed.join("; "))
}

/// The label in which the docker client repeats the name of the image.
const CLIENTS_IMAGE: &str = "com.docker.stack.image";

/// The labels of a service that ccci did not write and that count, in one text.
fn labels(service: &ObservedService, counts: impl Fn(&str) -> bool) -> String {
    let own = |k: &str| k.starts_with("ccci.") || k.contains(".chaos");
    let those = service.labels.iter().filter(|(k, _)| !own(k) && counts(k));
    those.map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
}

fn fingerprint(observed: &Observed) -> BTreeSet<String> {
    observed
        .services
        .iter()
        .map(|s| format!("{} {} {:?} {}", s.name, s.template, s.mode, labels(s, |_| true)))
        .collect()
}
