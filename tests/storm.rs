//! Storms: concurrent runs that are killed, interrupted, ended by their deadline or lose their engine at random
//! moments, and neighbours that must not be affected. Short by default; `CCCI_STORM=60` sets the number of kills, and
//! the number of other faults in proportion. The random moments come from a seed that is printed; `CCCI_STORM_SEED`
//! repeats them.

mod at_once;
mod browser;
mod elsewhere;
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

/// One storm at a time: each has several concurrent runs.
static ONE: Mutex<()> = Mutex::new(());

/// Reserves the machine for one test, if there is a Swarm.
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

/// The number of rounds of a fault that has `of_sixty` rounds in a storm with 60 kills.
fn rounds(of_sixty: u64) -> u64 {
    (number("CCCI_STORM").unwrap_or(6) * of_sixty).div_ceil(60)
}

fn seed() -> u64 {
    number("CCCI_STORM_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000))
}

/// Random numbers that can be repeated; each round has its own.
fn chance(seed: u64, round: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(round))
}

/// A random step of the plan, all equally likely, and a moment within it.
fn any_moment(chance: &mut StdRng) -> When {
    let part = if chance.random_range(0..20) == 0 { 0.0 } else { chance.random_range(0.0..1.0) };
    When { part, after: Duration::from_millis(chance.random_range(0..1_500)) }
}

/// Plays rounds in this many concurrent lanes; returns them in order.
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
