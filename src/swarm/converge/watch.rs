//! Waits until a stack has converged, one look at a time; a failure gets the logs of the services that caused it.

use super::starts::start_failure_in_log;
use super::{Desired, History, Verdict, converge, not_converged};
use crate::observed::Observed;
use crate::ports::{Clock, Cluster, ClusterError, Limit};
use crate::wait::{Look, WaitError, until};
use ccci_model::failure::Failure;
use ccci_model::name::StackName;
use ccci_model::time::Moment;
use std::time::Duration;

/// How long the engine may be silent: one that is being restarted answers again within some seconds (measured: 1-4 s).
const SILENT: Duration = Duration::from_secs(30);
/// Number of log lines in a failure: the last line is often not the cause (lesson 46).
const LOG_LINES: usize = 20;
/// Number of services whose logs are put into a failure.
const LOGS_OF: usize = 3;

/// Waits until the stack has converged; returns notes for the reader. A deadline ends as `Hopeless` with what was
/// missing; `TimedOut` comes only if no look succeeded. A second wait for the same deploy takes the history of the
/// first one; a wait after a new deploy takes a new history.
pub fn until_converged(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    stack: &StackName,
    desired: &Desired,
    history: &mut History,
    limit: &Limit,
    say: &mut dyn FnMut(&str),
) -> Result<Vec<String>, WaitError<ClusterError>> {
    let mut last: Option<Observed> = None;
    let mut silent_since: Option<Moment> = None;
    let got = until(clock, limit, say, || {
        let observed = match cluster.look(stack, limit) {
            Err(e) if e.may_pass() => {
                let since = *silent_since.get_or_insert(clock.now());
                let silent = clock.now().since(since);
                return if silent < SILENT { Ok(Look::Waiting(format!("could not {e}"))) } else { Err(e) };
            }
            other => other?,
        };
        silent_since = None;
        let verdict = converge(desired, &observed, history, clock.now().0);
        last = Some(observed);
        Ok(match verdict {
            Verdict::Converged { notes } => Look::Done(notes),
            Verdict::Waiting(why) => Look::Waiting(why),
            Verdict::Hopeless(failure) => Look::Hopeless(failure),
        })
    });
    let failure = match (got, last) {
        (Err(WaitError::Hopeless(failure)), _) => *failure,
        (Err(WaitError::TimedOut { .. } | WaitError::Look(ClusterError::Deadline(_))), Some(observed)) => {
            not_converged(desired, &observed, history, clock.now().0)
        }
        (other, _) => return other,
    };
    Err(WaitError::Hopeless(Box::new(with_logs(cluster, clock, stack, failure, history, limit))))
}

/// Adds the last log lines of the culprits. An error while reading them must not hide the failure, so it becomes
/// evidence.
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
        // the runtime may say in the log that it could not execute the program
        let failure = match start_failure_in_log(&text).filter(|_| failure.to_do.is_none()) {
            Some(row) => failure.evidence("what that means", row.what).to_do(row.cure),
            None => failure,
        };
        failure.log(service.as_str(), text)
    })
}
