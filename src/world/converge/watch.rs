//! Waiting until a stack has converged: the wait loop, one look at a time, with the logs of the culprit in the failure.

use super::{History, Verdict, Wanted, converge, not_converged};
use crate::failure::Failure;
use crate::name::StackName;
use crate::time::Moment;
use crate::world::seen::Seen;
use crate::world::wait::{Look, WaitError, until};
use crate::world::{Clock, Cluster, ClusterError, Limit};
use std::time::Duration;

/// An engine that is being restarted answers again within some seconds (measured: 1-4 s); so long it may be silent.
const SILENT: Duration = Duration::from_secs(30);
/// Log lines in a failure: the last one is often not the cause (lesson 46).
const LOG_LINES: usize = 20;
/// Services whose logs are put into a failure.
const LOGS_OF: usize = 3;

/// Waits until the stack has converged; the notes say what a reader should know. A deadline ends as `Hopeless` with
/// what was missing; `TimedOut` comes only when not one look succeeded. A wait for what an earlier wait has seen takes
/// its history on; one after something new was deployed takes a new one.
pub fn until_converged(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    stack: &StackName,
    wanted: &Wanted,
    history: &mut History,
    limit: &Limit,
    say: &mut dyn FnMut(&str),
) -> Result<Vec<String>, WaitError<ClusterError>> {
    let mut last: Option<Seen> = None;
    let mut silent_since: Option<Moment> = None;
    let got = until(clock, limit, say, || {
        let seen = match cluster.look(stack, limit) {
            Err(e) if e.may_pass() => {
                let since = *silent_since.get_or_insert(clock.now());
                let silent = clock.now().since(since);
                return if silent < SILENT { Ok(Look::Waiting(format!("could not {e}"))) } else { Err(e) };
            }
            other => other?,
        };
        silent_since = None;
        let verdict = converge(wanted, &seen, history, clock.now().0);
        last = Some(seen);
        Ok(match verdict {
            Verdict::Converged { notes } => Look::Done(notes),
            Verdict::Waiting(why) => Look::Waiting(why),
            Verdict::Hopeless(failure) => Look::Hopeless(failure),
        })
    });
    let failure = match (got, last) {
        (Err(WaitError::Hopeless(failure)), _) => *failure,
        (Err(WaitError::TimedOut { .. } | WaitError::Look(ClusterError::Deadline(_))), Some(seen)) => {
            not_converged(wanted, &seen, history, clock.now().0)
        }
        (other, _) => return other,
    };
    Err(WaitError::Hopeless(Box::new(with_logs(cluster, clock, stack, failure, history, limit))))
}

/// Adds the culprits' last log lines. Looking for them must not hide the failure, so trouble becomes evidence.
fn with_logs(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    stack: &StackName,
    failure: Failure,
    history: &History,
    limit: &Limit,
) -> Failure {
    let mut limit = limit.clone();
    limit.deadline = clock.now().after(Duration::from_secs(10));
    history.culprits.iter().take(LOGS_OF).fold(failure, |failure, service| {
        let text = match cluster.logs(stack, service, LOG_LINES, &limit) {
            Ok(text) if text.trim().is_empty() => "it wrote nothing".to_string(),
            Ok(text) => text,
            Err(e) => format!("could not {e}"),
        };
        failure.evidence(format!("log of {service}"), text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hands::memory::{Fault, MemoryClock, MemoryCluster};
    use crate::name::ServiceName;
    use crate::world::clock::Stop;
    use crate::world::cluster::Deploy;
    use crate::world::converge::WantedService;
    use std::sync::Arc;

    /// What the wait for one service ends as, and when, ms; the deploy is the first call. `loud` writes a line.
    fn ends(
        service: &str,
        faults: &[Fault],
        deadline_ms: u64,
    ) -> (Result<Vec<String>, WaitError<ClusterError>>, u64) {
        let clock = Arc::new(MemoryClock::default());
        let cluster = MemoryCluster::new(clock.clone());
        let limit = Limit { deadline: Moment(deadline_ms), stop: Stop::default() };
        let stack = StackName::parse("s").unwrap();
        cluster.image("i:1");
        for fault in faults {
            cluster.fault_at_deploy(0, fault.clone());
        }
        cluster.log("loud", "boom\n");
        let compose =
            format!("services: {{{service}: {{image: 'i:1', deploy: {{labels: {{ccci.domain: d}}}}}}}}");
        let deploy = Deploy { stack: stack.clone(), compose, files: Default::default() };
        cluster.deploy(&deploy, &limit).unwrap();
        let service = WantedService::new(ServiceName::parse(service).unwrap(), "i:1");
        let wanted = Wanted { services: vec![service], fresh: true };
        let history = &mut History::default();
        (until_converged(&cluster, &*clock, &stack, &wanted, history, &limit, &mut |_| ()), clock.now().0)
    }

    #[test]
    fn an_engine_that_is_away_for_a_moment_is_waited_for_and_one_that_refuses_is_not() {
        assert_eq!(ends("app", &[Fault::CallFails(1), Fault::CallFails(2)], 60_000).0, Ok(vec![]));
        let (got, at) = ends("app", &[Fault::NoPermission], 60_000);
        assert!(matches!(got, Err(WaitError::Look(ClusterError::NoPermission(_)))), "{got:?}");
        assert_eq!(at, 0, "asked again");
    }

    #[test]
    fn an_engine_that_is_silent_for_half_a_minute_is_given_up() {
        let silent = |deadline_ms| {
            let (got, at) = ends("app", &[Fault::EngineGoneAt(1)], deadline_ms);
            (matches!(got, Err(WaitError::Look(ClusterError::Unreachable(_)))), at)
        };
        assert_eq!(silent(29_999), (false, 29_999));
        assert_eq!(silent(30_000), (true, 30_000));
        let (given_up, at) = silent(90_000);
        assert!(given_up && (30_000..31_000).contains(&at), "{at}");
    }

    #[test]
    fn a_failure_shows_what_the_service_wrote_or_that_it_wrote_nothing() {
        let shown = |service: &str, log: &str| {
            let (got, _) = ends(service, &[Fault::CrashLoops(service.into(), 3)], 60_000);
            let Err(WaitError::Hopeless(failure)) = got else { panic!("{got:?}") };
            let found = failure.evidence.iter().find(|e| e.what == format!("log of {service}"));
            assert_eq!(found.unwrap().text, log);
        };
        shown("loud", "boom");
        shown("app", "it wrote nothing");
    }
}
