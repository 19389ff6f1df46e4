//! Whether a stack has reached what was asked: a pure function of what is wanted, what is seen and what was seen
//! before. It answers no as early as it can be sure and yes as soon as it is stable. No clock, no engine.
//!
//! Why these numbers: Swarm watches an update for its own `monitor` time, so an update that is `completed` needs no
//! second opinion; a first install has no monitor, so the same tasks must be seen running for [`STILL_MS`], and for longer
//! where no health check speaks for them. A service
//! that has failed before must outlive its failed tasks. A crash loop is called at the second equal end, unless
//! another service of the stack is still coming up: an app may end a few times while its database is being made.

mod doubts;
pub mod ends;
mod failing;
mod history;
mod remains;
mod standing;
mod wanted;
mod watch;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod lessons;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod words;

pub use doubts::doubts;
pub use history::History;
pub use remains::{something_runs, something_stays};
pub use wanted::{Wanted, WantedMode, WantedService};
pub use watch::until_converged;

use crate::observed::Seen;
use ccci_model::failure::{Failure, causes};
use standing::Standing;

/// The same tasks must be seen running for so long before a stack counts as converged, ms.
pub const STILL_MS: u64 = 400;
/// The same for a service without a health check, which time alone speaks for: the engine tells of an end some hundred
/// ms late, and a program that ends at once was seen to run for as long as that.
/// Not proved by it: that the program stays up. One that lives for longer and then ends counts as converged; the steps
/// after that call it only if it is down when they look.
pub const UNCHECKED_STILL_MS: u64 = 1_200;
/// The same for one that never restarts and has no health check: what runs once may only be at its work still.
pub const ONE_SHOT_STILL_MS: u64 = 5_000;
/// A service without a health check counts as able to serve others once it has been up so long, ms.
const USEFUL_MS: u64 = 30_000;

/// What one look says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is as wanted and was so for long enough; remarks a reader should see.
    Converged {
        /// One sentence each.
        notes: Vec<String>,
    },
    /// Not yet, and what is missing.
    Waiting(String),
    /// It cannot become good.
    Hopeless(Failure),
}

/// Judges one look. `now_ms` is the looker's own monotonic time; `history` is what this function remembers between
/// looks at one deploy (a new deploy takes a new history). After `Hopeless`, `history.culprits` names the services.
pub fn converge(wanted: &Wanted, seen: &Seen, history: &mut History, now_ms: u64) -> Verdict {
    history.take(wanted, seen, now_ms);
    let seen_of = wanted.services.iter().filter_map(|w| seen.service(w.name.as_str()));
    seen_of.for_each(|service| history.note_late_ends(service));
    let standings: Vec<Standing> =
        wanted.services.iter().map(|w| standing::of(w, wanted.fresh, seen, history, now_ms)).collect();
    for (w, s) in wanted.services.iter().zip(&standings) {
        history.note_standing(&w.name, s, now_ms);
    }
    let dead: Vec<(usize, Failure)> = (0..standings.len())
        .filter_map(|i| failing::dead(i, wanted, seen, &standings, history, now_ms).map(|f| (i, f)))
        .collect();
    if !dead.is_empty() {
        history.culprits = dead.iter().map(|(i, _)| wanted.services[*i].name.clone()).collect();
        return Verdict::Hopeless(one_of(dead, wanted));
    }
    let missing: Vec<String> = standings.iter().filter_map(Standing::why_not).collect();
    if !missing.is_empty() {
        return Verdict::Waiting(a_few(&missing));
    }
    if let Some(why) = history.not_still(wanted, &standings, now_ms) {
        return Verdict::Waiting(why);
    }
    history.converged(now_ms);
    let mut notes: Vec<String> = standings.into_iter().flat_map(Standing::notes).collect();
    notes.extend(wanted.dropped(seen).map(|name| {
        format!("service `{name}` is not in the composed file and still exists (a deploy does not remove it)")
    }));
    Verdict::Converged { notes }
}

/// The failure for a wait that reached its deadline, from the same evidence.
pub fn not_converged(wanted: &Wanted, seen: &Seen, history: &mut History, now_ms: u64) -> Failure {
    history.take(wanted, seen, now_ms);
    let mut first: Option<Failure> = None;
    history.culprits.clear();
    for w in &wanted.services {
        let standing = standing::of(w, wanted.fresh, seen, history, now_ms);
        let Some(why) = standing.why_not() else { continue };
        history.culprits.push(w.name.clone());
        first = Some(match first {
            None => failing::at_deadline(w, &standing, seen, history),
            Some(f) => f.evidence("also not there", why),
        });
    }
    first.unwrap_or_else(|| {
        let observed = "they reached it, but never for long enough: tasks come and go";
        Failure::new(causes::NOT_CONVERGED, "all services to stay at their wanted count", observed)
    })
}

/// The first failure, with the others named beside it.
fn one_of(dead: Vec<(usize, Failure)>, wanted: &Wanted) -> Failure {
    let mut all = dead.into_iter();
    let (_, first) = all.next().expect("the caller has looked that there is one");
    all.fold(first, |f, (i, other)| {
        f.evidence(format!("service `{}` as well", wanted.services[i].name), other.observed())
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
