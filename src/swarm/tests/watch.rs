//! Waiting until a stack has converged, in memory.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use ccci_model::name::ServiceName;
use ccci_model::name::StackName;
use ccci_model::time::Moment;
use ccci_swarm::converge::DesiredService;
use ccci_swarm::converge::{Desired, History, until_converged};
use ccci_swarm::ports::clock::Stop;
use ccci_swarm::ports::cluster::Cluster;
use ccci_swarm::ports::cluster::Deploy;
use ccci_swarm::ports::{Clock, ClusterError, Limit};
use ccci_swarm::wait::WaitError;
use ccci_testkit::layers::{self, Saboteur};
use ccci_testkit::memory::{Fault, MemoryClock, MemoryCluster};
use std::sync::Arc;

/// How and when (ms) the wait for one service ends. The service `loud` writes a line.
fn ends(
    service: &str,
    faults: &[Fault],
    deadline_ms: u64,
) -> (Result<Vec<String>, WaitError<ClusterError>>, u64) {
    ends_without(service, faults, |_| false, deadline_ms)
}

/// The same, but the engine does not answer some of the calls after the deploy.
fn ends_without(
    service: &str,
    faults: &[Fault],
    away: impl Fn(usize) -> bool + Send + Sync + 'static,
    deadline_ms: u64,
) -> (Result<Vec<String>, WaitError<ClusterError>>, u64) {
    let clock = Arc::new(MemoryClock::default());
    let cluster = Arc::new(MemoryCluster::new(clock.clone()));
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
    let service = DesiredService::new(ServiceName::parse(service).unwrap(), "i:1");
    let desired = Desired { services: vec![service], fresh: true };
    let history = &mut History::default();
    let cluster = Saboteur::new(cluster, clock.clone());
    cluster.spoil(move |n, _| away(n), layers::Fault::Fails(layers::gone()));
    (until_converged(&cluster, &*clock, &stack, &desired, history, &limit, &mut |_| ()), clock.now().0)
}

#[test]
fn an_engine_that_is_away_for_a_moment_is_waited_for_and_one_that_refuses_is_not() {
    assert_eq!(ends_without("app", &[], |n| n < 2, 60_000).0, Ok(vec![]));
    let (got, at) = ends("app", &[Fault::NoPermission], 60_000);
    assert!(matches!(got, Err(WaitError::Look(ClusterError::NoPermission(_)))), "{got:?}");
    assert_eq!(at, 0, "asked again");
}

#[test]
fn an_engine_that_is_silent_for_half_a_minute_is_given_up() {
    let silent = |deadline_ms| {
        let (got, at) = ends_without("app", &[], |_| true, deadline_ms);
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
