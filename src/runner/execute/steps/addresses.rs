//! What a stack offers beside the path of the health request: its other routers and its published ports. Each is asked
//! at the end. What does not answer is not proved, since whether that is a defect depends on the app; but a router that
//! leads to a port on which nothing listens is one.

use super::answer::{get, one_answer};
use crate::execute::Run;
use ccci_model::failure::{Failure, causes};
use ccci_model::tier::Tier;
use ccci_swarm::observed::{Mode, Observed, ObservedService, TaskState};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::web::{AnsweredBy, WebError};
use ccci_swarm::routing::{Backend, Entry, Router, Table, Target};
use ccci_swarm::wait::{self, Look, WaitError};
use std::convert::Infallible;
use std::time::Duration;

/// How long a port may take to open when everything else of a run is done.
const OPENS: Duration = Duration::from_secs(45);

/// What an answer on a router's address shows.
enum Shown {
    /// An app is there.
    App,
    /// Not proved: why.
    Open(String),
    /// The proxy cannot connect to the port that the labels name: what it answers.
    Closed(String),
}

/// Asks them all, unless the stack went down meanwhile. A closed port is the failure.
pub(super) fn ask_the_rest(
    run: &mut Run<'_>,
    tier: Option<Tier>,
    health: &str,
    limit: &Limit,
) -> Result<(), Box<Failure>> {
    if !run.state.converged {
        return Ok(());
    }
    let Ok(observed) = run.world.cluster.look(&run.app().stack, limit) else { return Ok(()) };
    let table = Table::of(&observed);
    let domain = run.app().domain.to_string();
    let asked = table.of_address(Entry::WebSecure, &domain, health).map(|r| r.name.clone());
    let others: Vec<Router> =
        table.routers().iter().filter(|r| Some(&r.name) != asked.as_ref()).cloned().collect();
    let opens = limit.within(&*run.world.clock, OPENS);
    let mut result = Ok(());
    for router in &others {
        if let Err(failure) = of_router(run, router, &observed, &opens, limit) {
            let name = format!("something listens behind router `{}`", router.name);
            result = result.and(run.generic(tier, &name, Err(failure)));
        }
    }
    let shut: Vec<String> = published(&observed).filter_map(|(s, p)| of_port(run, s, p, limit)).collect();
    shut.into_iter().for_each(|what| run.not_proved(what));
    result
}

/// Asks a router, again while the port behind it may still open. A rule that more than host and path decide is not asked.
fn of_router(
    run: &mut Run<'_>,
    router: &Router,
    observed: &Observed,
    opens: &Limit,
    limit: &Limit,
) -> Result<(), Box<Failure>> {
    let Some((host, path)) = router.rule.as_ref().ok().and_then(|rule| rule.address()) else {
        let (name, text) = (&router.name, &router.text);
        run.not_proved(format!("that router `{name}` leads to an app: its rule {text} was not asked"));
        return Ok(());
    };
    let url = format!("{}://{host}{path}", if router.tls { "https" } else { "http" });
    let target = only_target(router, observed);
    let (n, sink, clock) = (run.step, run.sink, run.world.clock.clone());
    let mut last = String::new();
    let shown = wait::until(&*clock, opens, &mut |on| sink.waiting(n, on), || {
        Ok::<_, Infallible>(match shown(run, &url, target, limit) {
            Shown::Closed(why) => {
                last = why;
                Look::Waiting(format!("the port behind router `{}` to open", router.name))
            }
            other => Look::Done(other),
        })
    });
    let open = match (shown, target) {
        (Ok(Shown::Open(why)), _) => why,
        (Err(WaitError::TimedOut { .. }), Some(target)) => {
            let log = run.lines_about_ports(&target.service).unwrap_or_default();
            return Err(Box::new(closed(router, &url, target, &last).log(target.service.as_str(), log)));
        }
        _ => return Ok(()),
    };
    run.not_proved(format!("that router `{}` ({url}) leads to an app: {open}", router.name));
    Ok(())
}

fn shown(run: &Run<'_>, url: &str, target: Option<&Target>, limit: &Limit) -> Shown {
    match run.world.web.send(&get(url.to_string()), &one_answer(run, limit)) {
        Ok(answer) => match answer.by {
            AnsweredBy::App if answer.status < 500 => Shown::App,
            AnsweredBy::App => Shown::Open(format!("it answers {}", answer.status)),
            AnsweredBy::Middleware(_) => Shown::App,
            AnsweredBy::Ingress(why) => {
                let why = format!("the proxy answers {}: {why}", answer.status);
                let no_connection = matches!(answer.status, 502 | 504);
                match target.filter(|_| no_connection).map(|t| opened(run, t, limit)) {
                    Some(Ok(false)) => Shown::Closed(why),
                    _ => Shown::Open(why),
                }
            }
        },
        // what is not emulated is told already
        Err(WebError::NotEmulated(_) | WebError::Stopped) => Shown::App,
        Err(e) => Shown::Open(e.to_string()),
    }
}

/// The service and port to which a router leads, if it is only one and a task of the service runs.
fn only_target<'a>(router: &'a Router, observed: &Observed) -> Option<&'a Target> {
    let Backend::Tasks(targets) = &router.backend else { return None };
    let [target] = targets.as_slice() else { return None };
    let service = observed.service(target.service.as_str())?;
    let runs = observed.tasks_of(service).iter().any(|t| t.desired_running && t.state == TaskState::Running);
    (runs && target.cut_off.is_none()).then_some(target)
}

fn opened(run: &Run<'_>, target: &Target, limit: &Limit) -> Result<bool, WebError> {
    run.world.web.tcp(&run.app().stack, &target.service, target.port, &one_answer(run, limit))
}

fn closed(router: &Router, url: &str, target: &Target, why: &str) -> Failure {
    let Target { service, port, .. } = target;
    let expected =
        format!("something to listen on port {port} of `{service}`, where router `{}` leads", router.name);
    Failure::new(causes::PORT_CLOSED, expected, format!("no connection opens; on {url} {why}"))
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
