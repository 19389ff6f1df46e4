//! Kills, signals and deadlines at random moments of the lifecycle of `wordpress`.

use super::victim::Victim;
use super::{Round, Row, alone, any_moment, chance, play, rounds, seed};
use rand::RngExt;
use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

const RECIPE: &str = "recipes/wordpress";
/// A removal takes at most three minutes, and the logs before it at most twenty seconds.
const LONGEST: Duration = Duration::from_secs(240);
/// Concurrent runs.
const LANES: usize = 3;

/// Plays a round again until its moment is within the victim's run.
fn hurt(seed: u64, n: u64, hurting: impl Fn(Victim, &mut rand::rngs::StdRng, &str) -> Round) -> Round {
    let mut chance = chance(seed, n);
    for _ in 0..5 {
        let when = any_moment(&mut chance);
        let mut victim = Victim::start(RECIPE, &[]);
        if victim.reach(when) {
            let mut round = hurting(victim, &mut chance, &format!("{when:?}"));
            round.wrong.iter_mut().for_each(|w| *w = format!("{when:?}: {w}"));
            return round;
        }
    }
    Round { wrong: vec!["no moment was inside of a run".into()], ..Round::default() }
}

fn killed(victim: &mut Victim) -> Round {
    victim.signal(Signal::KILL);
    victim.end(LONGEST);
    cleaned(victim)
}

/// Cleans up after a victim that has ended, and looks whether anything is left of it.
pub(super) fn cleaned(victim: &Victim) -> Round {
    let began = Instant::now();
    let mut cleaned = victim.clean();
    let took = began.elapsed();
    // another run may have begun to clean it and been killed meanwhile: then it can be cleaned again
    let domain = victim.domain().unwrap_or_default();
    while String::from_utf8_lossy(&cleaned.stderr).contains(&format!("{domain}: left alone"))
        && began.elapsed() < LONGEST
    {
        std::thread::sleep(Duration::from_millis(200));
        cleaned = victim.clean();
    }
    let left = victim.left();
    let mut round =
        Round { clean: left.is_empty(), exit: cleaned.status.code() == Some(0), took, wrong: vec![] };
    if !round.clean || !round.exit {
        let said = String::from_utf8_lossy(&cleaned.stderr).into_owned();
        round.wrong.push(format!(
            "clean ended with {} and left {left:?}\n{said}\n{}",
            cleaned.status,
            victim.said()
        ));
    }
    round
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_clean_does_not_remove() {
    let Some(_alone) = alone("SIGKILL and clean") else { return };
    let seed = seed();
    let rounds = play(rounds(60), LANES, |n| hurt(seed, n, |mut victim, _, _| killed(&mut victim)));
    Row { kind: "SIGKILL, then clean", timed: "clean", seed, rounds }.tell();
}

/// Whether the exit code is that of the signal, or that of a run which ended before the signal came.
fn right_exit(victim: &Victim, status: std::process::ExitStatus, signal: Signal) -> bool {
    let events = victim.events();
    let desired = if signal == Signal::INT { 130 } else { 143 };
    match status.code() {
        Some(0) => events.contains("\"run_ended\"") && !events.contains("\"event\":\"stopped\""),
        Some(code) => code == desired,
        // the signal came before the program handled it, so nothing was made; a shell shows the same number
        None => status.signal() == Some(signal.as_raw()) && events.is_empty(),
    }
}

pub(super) fn interrupted(victim: &mut Victim, signal: Signal, again: &[Duration]) -> Round {
    let told = Instant::now();
    victim.signal(signal);
    for (n, pause) in again.iter().enumerate() {
        std::thread::sleep(*pause);
        victim.signal(if n == 0 { signal } else { Signal::INT });
    }
    let Some(status) = victim.end(LONGEST) else {
        return Round { wrong: vec![format!("it hangs\n{}", victim.said())], ..Round::default() };
    };
    let took = told.elapsed();
    let left = victim.left();
    let removals = victim.events().matches("\"title\":\"remove everything\"").count();
    let exit = right_exit(victim, status, signal);
    let mut round = Round { clean: left.is_empty(), exit, took, wrong: vec![] };
    if !round.clean || !exit || removals > 2 {
        round
            .wrong
            .push(format!("{status}, left {left:?}, {removals} removals, after {took:?}\n{}", victim.said()));
    }
    victim.clean();
    round
}

fn storm_of(kind: &'static str, signal: Signal) {
    let Some(_alone) = alone(kind) else { return };
    let seed = seed();
    let rounds = play(rounds(30), LANES, |n| {
        hurt(seed, n, |mut victim, chance, _| {
            let more = [0, 0, 1, 2][chance.random_range(0..4)];
            let again: Vec<Duration> =
                (0..more).map(|_| Duration::from_millis(chance.random_range(0..3_000))).collect();
            interrupted(&mut victim, signal, &again)
        })
    });
    Row { kind, timed: "signal to exit", seed, rounds }.tell();
}

#[test]
fn lesson_33_sigint_removes_everything_whenever_it_comes_and_more_of_them_change_nothing() {
    storm_of("SIGINT (1 to 3 of them)", Signal::INT);
}

#[test]
fn lesson_33_sigterm_removes_everything_whenever_it_comes_and_more_of_them_change_nothing() {
    storm_of("SIGTERM (1 to 3 of them)", Signal::TERM);
}

/// A moment that random rounds need not find. Others use the engine too, so only what belongs to this run is checked.
#[test]
fn sigint_in_the_middle_of_the_upgrade_removes_everything_and_exits_with_130() {
    let Some(_alone) = alone("SIGINT in the upgrade") else { return };
    let mut victim = Victim::start("recipes/custom-html", &[]);
    while !victim.events().contains("converge to the head") {
        assert!(victim.began().elapsed() < LONGEST, "the upgrade never began\n{}", victim.said());
        assert!(victim.ended().is_none(), "it ended before its upgrade\n{}", victim.said());
        std::thread::sleep(Duration::from_millis(20));
    }
    let told = Instant::now();
    victim.signal(Signal::INT);
    let status = victim.end(LONGEST).unwrap_or_else(|| panic!("it hangs\n{}", victim.said()));
    println!("SIGINT to exit: {:?}", told.elapsed());
    assert_eq!(status.code(), Some(130), "{}", victim.said());
    assert!(told.elapsed() < Duration::from_secs(30), "removal took {:?}", told.elapsed());
    assert_eq!(victim.left(), Vec::<String>::new());
}

fn cut(seconds: u64) -> Round {
    let mut victim = Victim::start(RECIPE, &["--deadline", &format!("{seconds}s")]);
    let Some(status) = victim.end(Duration::from_secs(seconds) + LONGEST) else {
        return Round { wrong: vec![format!("{seconds}s: it hangs\n{}", victim.said())], ..Round::default() };
    };
    let took = victim.began().elapsed().saturating_sub(Duration::from_secs(seconds));
    let (left, results) = (victim.left(), victim.results());
    let exit = status.code() == Some(3) && results["verdict"] == "error";
    let told = results.to_string().contains("\"run-deadline\"") || victim.said().contains("run-deadline");
    let mut round = Round { clean: left.is_empty(), exit, took, wrong: vec![] };
    if !round.clean || !exit || !told {
        round.wrong.push(format!(
            "--deadline {seconds}s: {status}, cause told: {told}, left {left:?}\n{}",
            victim.said()
        ));
    }
    victim.clean();
    round
}

#[test]
fn the_runs_own_deadline_is_of_infra_and_removes_everything() {
    let Some(_alone) = alone("the run's deadline") else { return };
    let seed = seed();
    // an idle machine runs the whole lifecycle in 20 s
    let rounds = play(rounds(30), LANES, |n| cut(chance(seed, n).random_range(1..13)));
    Row { kind: "--deadline 1s to 12s", timed: "deadline to exit", seed, rounds }.tell();
}
