//! Whether a stack has reached its desired state: a pure function of what is desired, what is observed, and what was
//! observed before.
//! It says no as soon as that is certain, and yes as soon as the stack is stable. No clock, no engine.
//!
//! Why these numbers: Swarm watches an update for its own `monitor` time, so an update that is `completed` needs no
//! second check. A first install has no monitor, so the same tasks must be observed running for [`STILL_MS`], and
//! for longer if the service has no health check. A service that failed before must stay up for longer than its
//! failed tasks did. A crash loop is reported when two tasks of a slot have ended in the same way, unless another
//! service of the stack is still starting or has only just come up: an app may end a few times until its database is ready.

mod desired;
mod doubts;
pub mod ends;
mod failing;
mod history;
mod remains;
mod starts;
mod status;
mod watch;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod lessons;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod words;

pub use desired::{Desired, DesiredMode, DesiredService};
pub use doubts::{doubts, unchecked_for};
pub use history::{History, LateEnd};
pub use remains::{is_over, something_runs, something_stays};
pub use starts::{StartFailure, start_failure};
pub use watch::until_converged;

use crate::observed::Observed;
use ccci_model::failure::{Failure, causes};
use status::ServiceStatus;

/// How long the same tasks must be observed running before a stack counts as converged, ms.
pub(crate) const STILL_MS: u64 = 400;
/// The same for a service without a health check, where only time counts, ms. The engine reports an end some
/// hundred ms late, so a program that ends at once is observed running for that long.
/// This does not prove that the program stays up. One that runs for longer and then ends counts as converged; later
/// steps report it only if it is down when they look.
pub(crate) const UNCHECKED_STILL_MS: u64 = 1_200;
/// The same for a service that never restarts and has no health check, ms: a task that runs once may still be working.
pub(crate) const ONE_SHOT_STILL_MS: u64 = 5_000;
/// A service without a health check counts as able to serve others once it has been up for this long, ms: a database
/// that makes its files first takes that long on a busy machine, and nothing shows when it is done.
const USEFUL_MS: u64 = 120_000;
/// The same for one with a health check, ms: some databases pass it while they are still being set up, and start again.
const CHECKED_USEFUL_MS: u64 = 10_000;

/// The result of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is as desired and was so for long enough.
    Converged {
        /// Remarks for the reader, one sentence each.
        notes: Vec<String>,
    },
    /// Not yet: what is missing.
    Waiting(String),
    /// It cannot converge any more.
    Hopeless(Failure),
}

/// Judges one look. `now_ms` is the caller's own monotonic time. `history` is what this function remembers between
/// looks at one deploy; a new deploy takes a new history. After `Hopeless`, `history.culprits` names the services.
pub fn converge(desired: &Desired, observed: &Observed, history: &mut History, now_ms: u64) -> Verdict {
    history.take(desired, observed, now_ms);
    let seen_of = desired.services.iter().filter_map(|w| observed.service(w.name.as_str()));
    seen_of.for_each(|service| history.note_late_ends(service));
    let statuses: Vec<ServiceStatus> =
        desired.services.iter().map(|w| status::of(w, desired.fresh, observed, history, now_ms)).collect();
    for (w, s) in desired.services.iter().zip(&statuses) {
        history.note_status(&w.name, s, now_ms);
    }
    let dead: Vec<(usize, Failure)> = (0..statuses.len())
        .filter_map(|i| failing::dead(i, desired, observed, &statuses, history, now_ms).map(|f| (i, f)))
        .collect();
    if !dead.is_empty() {
        history.culprits = dead.iter().map(|(i, _)| desired.services[*i].name.clone()).collect();
        return Verdict::Hopeless(one_of(dead, desired));
    }
    let missing: Vec<String> = statuses.iter().filter_map(ServiceStatus::why_not).collect();
    if !missing.is_empty() {
        return Verdict::Waiting(a_few(&missing));
    }
    if let Some(why) = history.not_still(desired, &statuses, now_ms) {
        return Verdict::Waiting(why);
    }
    history.converged(now_ms);
    let mut notes: Vec<String> = statuses.into_iter().flat_map(ServiceStatus::notes).collect();
    notes.extend(desired.dropped(observed).map(|name| {
        format!("service `{name}` is not in the composed file and still exists (a deploy does not remove it)")
    }));
    Verdict::Converged { notes }
}

/// The failure of a wait that reached its deadline, from the same evidence.
pub(crate) fn not_converged(
    desired: &Desired,
    observed: &Observed,
    history: &mut History,
    now_ms: u64,
) -> Failure {
    history.take(desired, observed, now_ms);
    let mut first: Option<Failure> = None;
    history.culprits.clear();
    for w in &desired.services {
        let status = status::of(w, desired.fresh, observed, history, now_ms);
        let Some(why) = status.why_not() else { continue };
        history.culprits.push(w.name.clone());
        first = Some(match first {
            None => failing::at_deadline(w, &status, observed, history),
            Some(f) => f.evidence("also not converged", why),
        });
    }
    first.unwrap_or_else(|| {
        let observed = "they reached it, but not for long enough: tasks end and are replaced";
        Failure::new(causes::NOT_CONVERGED, "all services to stay at their desired count", observed)
    })
}

/// The first failure, with the others as evidence.
fn one_of(dead: Vec<(usize, Failure)>, desired: &Desired) -> Failure {
    let mut all = dead.into_iter();
    let (_, first) = all.next().expect("the caller has checked that there is one");
    all.fold(first, |f, (i, other)| {
        f.evidence(format!("service `{}` as well", desired.services[i].name), other.observed())
    })
}

fn a_few(reasons: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut text = reasons.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if reasons.len() > SHOWN {
        text.push_str(&format!("; and {} more", reasons.len() - SHOWN));
    }
    text
}
