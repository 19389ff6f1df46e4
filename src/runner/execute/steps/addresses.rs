//! What a stack offers beside the path of the health request: its other routers and its published ports. Each is asked
//! once at the end; what does not answer is not proved. Whether that is a defect depends on the app.

use super::answer::{get, one_answer};
use crate::execute::Run;
use ccci_swarm::observed::{Mode, Observed, ObservedService};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::web::{AnsweredBy, WebError};
use ccci_swarm::routing::{Entry, Router, Table};

/// Asks them all, unless the stack went down meanwhile.
pub(super) fn ask_the_rest(run: &mut Run<'_>, health: &str, limit: &Limit) {
    if !run.state.converged {
        return;
    }
    let Ok(observed) = run.world.cluster.look(&run.app().stack, limit) else { return };
    let table = Table::of(&observed);
    let domain = run.app().domain.to_string();
    let asked = table.of_address(Entry::WebSecure, &domain, health).map(|r| r.name.clone());
    let others: Vec<Router> =
        table.routers().iter().filter(|r| Some(&r.name) != asked.as_ref()).cloned().collect();
    let unanswered: Vec<String> = others.iter().filter_map(|r| of_router(run, r, limit)).collect();
    let shut: Vec<String> = published(&observed).filter_map(|(s, p)| of_port(run, s, p, limit)).collect();
    unanswered.into_iter().chain(shut).for_each(|what| run.not_proved(what));
}

/// What is not proved of a router. A rule that more than host and path decide is not asked.
fn of_router(run: &Run<'_>, router: &Router, limit: &Limit) -> Option<String> {
    let Some((host, path)) = router.rule.as_ref().ok().and_then(|rule| rule.address()) else {
        return Some(format!(
            "that router `{}` leads to an app: its rule {} was not asked",
            router.name, router.text
        ));
    };
    let request = get(format!("{}://{host}{path}", if router.tls { "https" } else { "http" }));
    let why = match run.world.web.send(&request, &one_answer(run, limit)) {
        Ok(answer) => match answer.by {
            AnsweredBy::App if answer.status < 500 => return None,
            AnsweredBy::App => format!("it answers {}", answer.status),
            AnsweredBy::Middleware(_) => return None,
            AnsweredBy::Ingress(why) => format!("the proxy answers {}: {why}", answer.status),
        },
        // what is not emulated is told already
        Err(WebError::NotEmulated(_) | WebError::Stopped) => return None,
        Err(e) => e.to_string(),
    };
    Some(format!("that router `{}` ({}) leads to an app: {why}", router.name, request.url))
}

/// The published ports of services that run on.
fn published(observed: &Observed) -> impl Iterator<Item = (&ObservedService, &(u16, u16, String))> {
    let runs = |s: &&ObservedService| !matches!(s.mode, Mode::Job(_) | Mode::Replicated(0));
    observed.services.iter().filter(runs).flat_map(|s| s.ports.iter().map(move |p| (s, p)))
}

fn of_port(
    run: &Run<'_>,
    service: &ObservedService,
    (published, target, protocol): &(u16, u16, String),
    limit: &Limit,
) -> Option<String> {
    let what = format!("that something listens on port {published}/{protocol} of `{}`", service.name);
    if protocol != "tcp" {
        return Some(format!("{what}: only a test of the recipe can ask it"));
    }
    match run.world.web.tcp(&run.app().stack, &service.name, *target, &one_answer(run, limit)) {
        Ok(true) => None,
        Ok(false) => Some(format!("{what}: no connection opens")),
        Err(e) => Some(format!("{what}: {e}")),
    }
}
