//! The engine is killed and restarted during runs. Only if `CCCI_STORM_ENGINE` allows it, because this affects
//! everything else on the engine, and only for an engine that the lab started.

use super::victim::{Victim, unnamed_volumes};
use super::{Round, Row, alone, any_moment, chance, number, play, rounds, seed};
use rand::RngExt;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// Longest time of a run: converging, health and removal each wait up to their own limit for the engine to come back.
const LONGEST: Duration = Duration::from_secs(600);
/// The recipes, used in turn: one with a database, one without.
const RECIPES: [&str; 2] = ["recipes/wordpress", "recipes/custom-html"];

fn blames(results: &serde_json::Value) -> Vec<String> {
    let tiers = results["tiers"].as_array().cloned().unwrap_or_default();
    let tests = tiers.iter().flat_map(|t| t["tests"].as_array().cloned().unwrap_or_default());
    let all: Vec<serde_json::Value> = tiers.iter().cloned().chain(tests).collect();
    let theirs = |v: &&serde_json::Value| v["blame"] == "recipe" || v["blame"] == "image";
    all.iter().filter(theirs).map(|v| format!("{} {} {}", v["name"], v["cause"], v["observed"])).collect()
}

/// A run is right if it is green or if the infra is to blame; the recipe and its images never are.
fn judged(victim: &Victim, status: ExitStatus) -> Result<(), String> {
    let (results, blamed) = (victim.results(), blames(&victim.results()));
    match (status.code(), results["verdict"].as_str()) {
        (Some(0), Some("green")) | (Some(3), Some("error")) if blamed.is_empty() => Ok(()),
        (_, verdict) => Err(format!("{status}, verdict {verdict:?}, blamed {blamed:?}")),
    }
}

fn robbed(seed: u64, n: u64) -> Round {
    let mut chance = chance(seed, n);
    let when = any_moment(&mut chance);
    let before = unnamed_volumes();
    let mut victim = Victim::start(RECIPES[chance.random_range(0..RECIPES.len())], &[]);
    if !victim.reach(when) {
        return robbed(seed.wrapping_add(1), n);
    }
    let robbed = Instant::now();
    let back = Command::new("bash").args(["dev/lab/engine.sh", "restart"]).output().unwrap();
    assert!(back.status.success(), "{}", String::from_utf8_lossy(&back.stderr));
    let mut wrong = vec![];
    let ended = victim.end(LONGEST);
    let took = robbed.elapsed();
    match ended {
        None => wrong.push("it hangs".to_string()),
        Some(status) => wrong.extend(judged(&victim, status).err()),
    }
    let exit = wrong.is_empty();
    let cleaned = victim.clean();
    let mut left = victim.left();
    left.extend(unnamed_volumes().difference(&before).map(|name| format!("volume {name}")));
    if !left.is_empty() {
        wrong.push(format!("clean ended with {} and left {left:?}", cleaned.status));
    }
    let said = victim.said();
    wrong.iter_mut().for_each(|w| *w = format!("{when:?}: {w}\n{said}"));
    Round { clean: left.is_empty(), exit, took, wrong }
}

#[test]
fn an_engine_that_is_killed_is_never_the_recipes_fault_and_nothing_stays() {
    let Some(_alone) = alone("the engine killed") else { return };
    if number("CCCI_STORM_ENGINE").is_none() {
        return println!(
            "NOT RUN: the engine killed: set CCCI_STORM_ENGINE=1 where nobody else uses the engine"
        );
    }
    let seed = seed();
    let rounds = play(rounds(20), 1, |n| robbed(seed, n));
    Row { kind: "engine killed, restarted", timed: "engine's end to exit", seed, rounds }.tell();
}
