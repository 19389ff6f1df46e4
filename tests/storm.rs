//! Storms: runs that are killed, interrupted, cut by their deadline or robbed of their engine at random moments, side by
//! side, and neighbours who must not notice. Short by default; `CCCI_STORM=60` has so many kills, and the rest in
//! proportion. The moments come from a seed that is printed; `CCCI_STORM_SEED` plays it again.

mod at_once;
mod engine;
mod neighbours;
mod orphans;
mod signals;
mod table;
mod victim;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use table::{Round, Row};
use victim::When;

/// One storm at a time: each has several runs side by side already.
static ONE: Mutex<()> = Mutex::new(());

/// The machine for one story, if there is a Swarm.
fn alone(story: &str) -> Option<MutexGuard<'static, ()>> {
    if std::env::var_os("CCCI_SWARM").is_none() {
        println!("NOT RUN: {story} needs a Swarm; `make test` runs it");
        return None;
    }
    Some(ONE.lock().unwrap_or_else(PoisonError::into_inner))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}: no number: {text}")))
}

/// How many rounds each fault has when there are 60 kills in a long storm.
fn rounds(of_sixty: u64) -> u64 {
    (number("CCCI_STORM").unwrap_or(6) * of_sixty).div_ceil(60)
}

fn seed() -> u64 {
    number("CCCI_STORM_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000))
}

/// Chance that plays again: each round has its own.
fn chance(seed: u64, round: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(round))
}

/// Any step of a run with the same likelihood, and a moment within it.
fn any_moment(chance: &mut StdRng) -> When {
    let part = if chance.random_range(0..20) == 0 { 0.0 } else { chance.random_range(0.0..1.0) };
    When { part, after: Duration::from_millis(chance.random_range(0..1_500)) }
}

/// Plays rounds in so many lanes and gives them in order.
fn play(rounds: u64, lanes: usize, round: impl Fn(u64) -> Round + Sync) -> Vec<Round> {
    let next = Mutex::new(0..rounds);
    let done: Mutex<Vec<(u64, Round)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                loop {
                    let Some(n) = next.lock().unwrap().next() else { return };
                    let shown = round(n);
                    let how = if shown.wrong.is_empty() { "as it should be" } else { "WRONG" };
                    println!("round {n}: {how} ({:.1} s)", shown.took.as_secs_f64());
                    done.lock().unwrap().push((n, shown));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, round)| round).collect()
}
