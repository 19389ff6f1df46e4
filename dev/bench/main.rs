//! `make bench`: what ccci costs, as ratios to a lower bound or to another program measured in the same call.
//! Every figure is the median of several rounds; nothing here is a test. Arguments choose parts: `check`, `lifecycle`,
//! `readers`, `records`, `site`, `waits`, `words`; without arguments all parts run. `CCCI_BENCH_ROUNDS` sets the number
//! of rounds.

#![allow(
    clippy::disallowed_methods,
    reason = "a bench starts processes, reads the environment and looks at clocks"
)]
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

mod check;
mod figures;
mod folder;
mod lifecycle;
mod paint;
mod process;
mod readers;
mod records;
mod site;
mod waits;
mod words;

use std::process::ExitCode;

/// Measures and prints, with this number of rounds.
type Part = fn(usize);
/// The parts, in the order they are run.
const PARTS: &[(&str, Part)] = &[
    ("words", words::run),
    ("check", check::run),
    ("records", records::run),
    ("site", site::run),
    ("lifecycle", lifecycle::run),
    ("readers", readers::run),
    ("waits", waits::run),
];
/// Default number of rounds.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    // `cargo bench` adds flags of its own
    let asked: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if let Some(word) = asked.iter().find(|a| !PARTS.iter().any(|(name, _)| name == a)) {
        let known: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        println!("bench: there is no part `{word}`; parts are {}", known.join(", "));
        return ExitCode::from(2);
    }
    let rounds = std::env::var("CCCI_BENCH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
    for (name, part) in PARTS {
        if asked.is_empty() || asked.iter().any(|a| a == name) {
            part(rounds);
            println!();
        }
    }
    ExitCode::SUCCESS
}
