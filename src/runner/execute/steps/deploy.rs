//! Pull, deploy, converge, settle.

use super::Done;
use crate::execute::{Run, desired, failures};
use ccci_model::event::What;
use ccci_model::failure::{Blame, Failure, causes};
use ccci_model::plan::Side;
use ccci_recipe::compose::Service;
use ccci_swarm::converge::{self, Desired};
use ccci_swarm::observed::{Observed, ObservedService};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::cluster::Deploy;
use ccci_swarm::wait::{self, Look};
use std::collections::BTreeSet;
use std::time::Duration;

/// Time within which a version runs again that Swarm rolled back to. A start took up to 10 s on a busy machine.
const COMES_BACK: Duration = Duration::from_secs(20);

/// Pulls every image. A failed pull is an early and clear error.
pub(crate) fn pull(run: &mut Run<'_>, side: Side, limit: &Limit) -> Done {
    let images = run.state.resolved[&side].composed.images();
    let n = run.step;
    for image in &images {
        run.sink.waiting(n, &format!("image {image}"));
        let began = run.world.clock.now();
        let pulled = run.world.cluster.pull(image, limit).map_err(|e| failures::pull(e, image))?;
        let ms = run.world.clock.now().since(began).as_millis() as u64;
        run.state.image_ids.insert(image.clone(), pulled.id);
        let (digest, present) = (pulled.digest, pulled.present);
        run.sink.emit(What::Pulled { image: image.clone(), digest, present, ms });
        tell_unnamed_volumes(run, side, image, &pulled.volumes);
    }
    run.state.pulled.insert(side);
    Ok(Some(format!("{} on the engine", images.join(", "))))
}

/// Tells which data of services with this image no task keeps for the next one.
fn tell_unnamed_volumes(run: &mut Run<'_>, side: Side, image: &str, declared: &[String]) {
    let services = run.state.resolved[&side].composed.services();
    let with_image = services.iter().filter(|s| s.image.as_deref() == Some(image));
    let unnamed: Vec<String> = with_image.flat_map(|s| unnamed_volumes(s, declared)).collect();
    unnamed.into_iter().for_each(|what| run.not_proved(what));
}

/// Where a service keeps data in volumes without a name: of its image, and of its own mounts.
fn unnamed_volumes(service: &Service, declared: &[String]) -> Vec<String> {
    let path = |text: &str| text.trim_end_matches('/').to_string();
    let of_image = declared.iter().map(|p| path(p));
    let of_image = of_image.filter(|p| !service.mounts.iter().any(|m| path(&m.target) == *p));
    let own = service.mounts.iter().filter(|m| m.kind == "volume" && m.source.is_empty());
    let of_image = of_image.map(|p| (p, "its image declares a volume there and nothing is mounted"));
    let all = of_image.chain(own.map(|m| (path(&m.target), "the volume there has no name")));
    let line = |(path, why): (String, &str)| {
        let name = &service.name;
        format!(
            "that data in {path} of `{name}` outlive its task: {why}, so each task begins with an empty one (mount a named \
             volume at {path} if they are to stay)"
        )
    };
    all.map(line).collect()
}

/// Puts the secrets on the engine, deploys the stack, and reports that the engine took it.
pub(crate) fn deploy(run: &mut Run<'_>, side: Side, limit: &Limit) -> Done {
    run.state.made = true;
    put_secrets(run, side, limit)?;
    if side == Side::Head && run.state.current.is_some() {
        let stack = &run.app().stack;
        let observed =
            run.world.cluster.look(stack, limit).map_err(|e| failures::cluster(e, "look at the stack"))?;
        run.state.before_upgrade = Some(observed);
    }
    let resolved = &run.state.resolved[&side];
    let deploy = Deploy {
        stack: run.app().stack.clone(),
        compose: resolved.yaml.clone(),
        files: resolved.files.clone(),
    };
    if let Err(e) = run.world.cluster.deploy(&deploy, limit) {
        let failure = failures::deploy(e, &run.app().stack);
        return Err(taken_in_half(run, failure, limit));
    }
    run.sink.emit(What::Deployed { app: run.at, side });
    run.state.current = Some(side);
    (run.state.usable, run.state.deaf) = (false, false);
    run.state.converged = false;
    run.state.history = run.state.history.of_next_deploy();
    run.state.told.clear();
    (run.state.ended, run.state.restoring) = (BTreeSet::new(), false);
    run.state.answered_in = None;
    run.note_operation(side);
    Ok(None)
}

/// The failure of a refused deploy. The engine takes one service after the other, and what it took before it refused one
/// stays: then part of the new version runs beside the old one, and nothing more can be tested with that.
fn taken_in_half(run: &mut Run<'_>, failure: Failure, limit: &Limit) -> Box<Failure> {
    let Ok(now) = run.world.cluster.look(&run.app().stack, limit) else { return Box::new(failure) };
    let before = run.state.before_upgrade.clone().unwrap_or_default();
    let same = |s: &ObservedService| {
        before.service(s.name.as_str()).is_some_and(|b| (&b.template, &b.labels) == (&s.template, &s.labels))
    };
    let taken: Vec<&str> = now.services.iter().filter(|s| !same(s)).map(|s| s.name.as_str()).collect();
    if taken.is_empty() {
        return Box::new(failure);
    }
    (run.state.usable, run.state.converged) = (false, false);
    Box::new(failure.evidence("services that the engine took before", taken.join(", ")))
}

fn put_secrets(run: &mut Run<'_>, side: Side, limit: &Limit) -> Result<(), Box<Failure>> {
    let owner = run.owner();
    for (name, full) in run.state.resolved[&side].external_secrets(run.app().stack.as_str()) {
        if run.state.secrets_put.contains(&full) {
            continue;
        }
        let known =
            run.state.secrets.lock().expect("nothing panics while holding the secrets").get(&name).cloned();
        let value = known.ok_or_else(|| {
            Failure::new(causes::SECRET_REFUSED, format!("a value for secret `{name}`"), "there is none")
        })?;
        run.world
            .cluster
            .put_secret(&run.app().stack, &full, &value, &owner, limit)
            .map_err(|e| failures::cluster(e, &format!("put secret `{name}`")))?;
        run.state.secrets_put.insert(full);
    }
    Ok(())
}

/// Waits until the services converge. The app is usable from then on.
pub(crate) fn converge(run: &mut Run<'_>, side: Side, limit: &Limit) -> Done {
    let desired = desired::of(&run.state.resolved[&side].composed, true);
    run.state.history.begin_anew();
    let mut outcome = until_converged(run, &desired, limit).map_err(|f| as_published(run, side, *f));
    if let Err(f) = &mut outcome {
        run.remember(f);
    }
    run.state.converged = outcome.is_ok();
    if run.state.restoring {
        // the restarts of a restore are over when the stack has converged again
        run.watch();
        run.state.restoring = false;
    }
    // after a failed convergence the old version may still serve, and later tiers can show more (SPEC 4)
    run.state.usable = match &outcome {
        Ok(_) => true,
        Err(f) if f.cause == causes::ROLLED_BACK.id => comes_back(run, limit),
        Err(_) => shows(run, limit, converge::something_stays),
    };
    outcome
}

/// If a published version does not come up any more, although nothing of it was repaired, this says nothing about the
/// change under test. Its image has become unusable, or its tag was published again with other content (lesson 17).
pub(crate) fn as_published(run: &Run<'_>, side: Side, failure: Failure) -> Box<Failure> {
    let base = run.app().base.as_ref().filter(|b| side == Side::Base && !b.repaired);
    let tagged = run.texts().sides[&side].facts.tag.is_some();
    let Some(version) = base.filter(|_| tagged).map(|b| b.found_as.clone()) else {
        return Box::new(failure);
    };
    let ends = [causes::CRASH_LOOP, causes::NEVER_HEALTHY, causes::TASK_ENDED];
    if !ends.iter().any(|c| c.id == failure.cause) {
        return Box::new(failure);
    }
    let to_do = format!(
        "this is the base, {version}, as it was published; the head was not deployed yet. Choose another base with \
         `upgrade.base` or `--base`, or repair it under `previous/`"
    );
    Box::new(failure.blame(Blame::Image).to_do(to_do))
}

/// Waits before a backup until no update is in progress and every service has its desired count (lesson 11). A timeout
/// is reported and is not fatal (lesson 27).
pub(crate) fn settle(run: &mut Run<'_>, limit: &Limit) -> Done {
    let side = run.state.current.unwrap_or(Side::Head);
    let desired = desired::of(&run.state.resolved[&side].composed, false);
    // a hook may just have changed the stack
    run.state.history.begin_anew();
    match until_converged(run, &desired, limit) {
        Err(f) if f.cause == causes::NOT_CONVERGED.id => {
            Ok(Some(format!("the backup begins before the stack has settled: {}", f.observed())))
        }
        other => other,
    }
}

/// Waits until the desired state is running. Failures contain the logs of the services that caused them.
pub(crate) fn until_converged(run: &mut Run<'_>, desired: &Desired, limit: &Limit) -> Done {
    let (world, sink, n) = (run.world, run.sink, run.step);
    let (stack, history) = (&run.app().stack, &mut run.state.history);
    let mut say = |on: &str| sink.waiting(n, on);
    match converge::until_converged(&*world.cluster, &*world.clock, stack, desired, history, limit, &mut say)
    {
        Ok(notes) => Ok((!notes.is_empty()).then(|| notes.join("; "))),
        Err(e) => Err(Box::new(failures::wait(e, "see every service at its desired count"))),
    }
}

/// Waits for the old version. With stop-first it is only being started when Swarm reports that the update was rolled
/// back.
fn comes_back(run: &Run<'_>, limit: &Limit) -> bool {
    let soon = limit.within(&*run.world.clock, COMES_BACK);
    let look = || match shows(run, &soon, converge::something_runs) {
        true => Ok::<_, std::convert::Infallible>(Look::Done(())),
        false => Ok(Look::Waiting("the old version to run again".into())),
    };
    let mut say = |on: &str| run.sink.waiting(run.step, on);
    wait::until(&*run.world.clock, &soon, &mut say, look).is_ok()
}

/// Whether a look at the stack shows this. False if the engine does not answer.
fn shows(run: &Run<'_>, limit: &Limit, what: fn(&Observed) -> bool) -> bool {
    run.world.cluster.look(&run.app().stack, limit).is_ok_and(|observed| what(&observed))
}
