//! Kills, signals and deadlines at random moments while the browser of a run works: no process of it, no profile, no
//! socket and no file stays.

use super::signals::{cleaned, interrupted};
use super::victim::{Victim, programs_in};
use super::{Round, Row, alone, chance, play, rounds, seed};
use crate::browser::verdict::broken_pages;
use crate::repository::Repository;
use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

/// Concurrent runs.
const LANES: usize = 3;
/// Longest time from the start of a run to the moment, and from the moment to its end.
const LONGEST: Duration = Duration::from_secs(240);
/// Longest time until the processes and the profile of a killed run's browser are gone.
const SOON: Duration = Duration::from_secs(15);
/// What ends a run, in turn, and what is timed.
const ENDS: [(End, &str, &str); 5] = [
    (End::Killed, "browser: SIGKILL", "kill to no process"),
    (End::BothKilled, "browser: guard too", "kill to clean"),
    (End::Told(Signal::INT), "browser: SIGINT", "signal to exit"),
    (End::Told(Signal::TERM), "browser: SIGTERM", "signal to exit"),
    (End::Late, "browser: --deadline", "deadline to exit"),
];

#[derive(Clone, Copy)]
enum End {
    /// SIGKILL; the guard ends the browser.
    Killed,
    /// SIGKILL for the guard as well; `ccci clean` ends the browser.
    BothKilled,
    /// A signal that asks it to end.
    Told(Signal),
    /// The run's own deadline.
    Late,
}

/// Steps with a browser: the start of their titles, and about how long they take, in milliseconds.
const PICTURE: (&str, u64) = ("keep a picture of the app", 1_500);
const FRONT_PAGE: (&str, u64) = ("tests of custom/test_in_a_browser.rhai", 1_700);
const A_LOGIN: (&str, u64) = ("tests of custom/test_in_a_browser.rhai", 9_000);
const BROKEN: (&str, u64) = ("tests of custom/test_pages.rhai", 30_000);

/// A run, and when something happens to it.
struct Work {
    victim: Victim,
    /// The start of the title of a step with a browser.
    step: &'static str,
    /// Something happens at the latest so many milliseconds after it began.
    most: u64,
    /// What the run reads its recipe from.
    _source: Option<Repository>,
}

/// Starts one of four runs.
fn work(which: usize, more: &[&str]) -> Work {
    let simple = |recipe, (step, most)| {
        let victim = Victim::start(recipe, &["--tiers", "install,custom"]);
        Work { victim, step, most, _source: None }
    };
    match which {
        0 => simple("recipes/custom-html", PICTURE),
        1 => simple("recipes/custom-html", FRONT_PAGE),
        2 => simple("recipes/wordpress", A_LOGIN),
        _ => {
            let (source, recipe) = broken_pages();
            let given = source.given();
            let mut options = vec!["--base", "none", "--tiers", "custom", "--source", &given];
            options.extend(more);
            let victim = Victim::start(recipe.to_str().unwrap(), &options);
            Work { victim, step: BROKEN.0, most: BROKEN.1, _source: Some(source) }
        }
    }
}

/// Waits until something is so; false if it never is.
fn wait(victim: &Victim, limit: Duration, so: impl Fn(&Victim) -> bool) -> bool {
    let began = Instant::now();
    while !so(victim) {
        if began.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// Waits for a moment of a step with a browser; false if the run ended before.
fn reach(victim: &mut Victim, step: &str, after: Duration) -> bool {
    let title = format!("\"title\":\"{step}");
    while !victim.events().contains(&title) {
        if victim.ended().is_some() || victim.began().elapsed() > LONGEST {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(after);
    victim.ended().is_none()
}

/// The guard of the victim's browser.
fn guard(victim: &Victim) -> Option<Pid> {
    let of_victim = |id: &i32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1));
        let line = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
        parent == Some(&victim.id().to_string()) && line.contains("--guard-browser")
    };
    let all = fs::read_dir("/proc").unwrap().flatten();
    let mut ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.find(of_victim).and_then(Pid::from_raw)
}

/// What a browser left beside its own directory, and sockets that are bound below it.
fn elsewhere(victim: &Victim) -> Vec<String> {
    let root = victim.root().display().to_string();
    let sockets = fs::read_to_string("/proc/net/unix").unwrap_or_default();
    sockets.lines().filter(|line| line.contains(&root)).map(|line| format!("socket {line}")).collect()
}

/// Files that browsers make where no `TMPDIR` and no profile keeps them together.
fn strays() -> BTreeSet<String> {
    let home = std::env::var("HOME").unwrap_or_else(|_| "/root".into());
    let dirs = ["/tmp".into(), "/dev/shm".into(), "/var/tmp".into(), home.clone(), format!("{home}/.config")];
    let dirs = dirs.into_iter().chain([format!("{home}/.cache"), format!("{home}/.local/share")]);
    let names = dirs.flat_map(|dir| fs::read_dir(dir).into_iter().flatten().flatten());
    let of_browsers = |path: &String| {
        ["chromium", "Chromium", "chrome", "scoped_dir", ".pki", "nssdb"]
            .iter()
            .any(|word| path.contains(word))
    };
    names.map(|entry| entry.path().display().to_string()).filter(of_browsers).collect()
}

/// Kills it, and waits until its browser has ended by its guard alone. Then it is cleaned as always.
fn killed(victim: &mut Victim) -> Round {
    let began = Instant::now();
    victim.signal(Signal::KILL);
    victim.end(LONGEST);
    let profiles = |v: &Victim| -> Vec<String> {
        let dirs = fs::read_dir(v.root().join("tmp")).unwrap().flatten().map(|e| e.path().join("browser"));
        dirs.filter(|dir| dir.exists()).map(|dir| dir.display().to_string()).collect()
    };
    wait(victim, SOON, |v| programs_in(v.root()).is_empty() && profiles(v).is_empty());
    let took = began.elapsed();
    let mut left = programs_in(victim.root());
    left.extend(profiles(victim));
    let mut round = Round { took, ..cleaned(victim) };
    if !left.is_empty() {
        round.clean = false;
        round.wrong.push(format!("its guard left {left:?}"));
    }
    round
}

fn both_killed(victim: &mut Victim, chance: &mut StdRng) -> Option<Round> {
    let guard = guard(victim)?;
    let began = Instant::now();
    let last = chance.random_range(0..2) == 0;
    for it_is in [true, false] {
        if it_is == last {
            victim.signal(Signal::KILL);
        } else {
            let _ = kill_process(guard, Signal::KILL);
        }
    }
    victim.end(LONGEST);
    let mut round = cleaned(victim);
    round.took = began.elapsed();
    Some(round)
}

/// What is left after the end of a run that could end in its own way. It waits for its guard, but not for ever.
fn ended(victim: &Victim, round: &mut Round) {
    wait(victim, SOON, |v| programs_in(v.root()).is_empty());
    let left = programs_in(victim.root());
    if !left.is_empty() {
        round.clean = false;
        round.wrong.push(format!("after its exit there was still {left:?}"));
    }
}

/// A run whose deadline is in the time of its page tests; `None` if it was not.
fn late(chance: &mut StdRng) -> Option<Round> {
    let seconds = chance.random_range(9..30);
    let Work { mut victim, step, _source, .. } = work(3, &["--deadline", &format!("{seconds}s")]);
    let Some(status) = victim.end(LONGEST) else {
        return Some(Round { wrong: vec!["it hangs".into()], ..Round::default() });
    };
    let mut round = Round { clean: true, ..Round::default() };
    ended(&victim, &mut round);
    round.took = victim.began().elapsed().saturating_sub(Duration::from_secs(seconds));
    let (events, left) = (victim.events(), victim.left());
    let worked = events.contains(&format!("\"title\":\"{step}")) && events.contains("run-deadline");
    round.clean &= left.is_empty();
    // a test that had failed before makes it red; what the deadline interrupted is only part of the deadline's failure
    let red = events.lines().any(|line| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        event["event"] == "failed" && event["blame"] == "recipe"
    });
    round.exit = status.code() == Some(if red { 1 } else { 3 });
    if worked && !(round.clean && round.exit) {
        round.wrong.push(format!("--deadline {seconds}s: {status}, left {left:?}\n{}", victim.said()));
    }
    victim.clean();
    worked.then_some(round)
}

/// Plays a round again until its moment is one at which the browser works.
fn hurt(seed: u64, n: u64, how: End) -> Round {
    let mut chance = chance(seed, n);
    for _ in 0..6 {
        let round = match how {
            End::Late => late(&mut chance),
            how => {
                let Work { mut victim, step, most, _source } = work(chance.random_range(0..4), &[]);
                let after = Duration::from_millis(chance.random_range(0..most));
                if !reach(&mut victim, step, after) {
                    continue;
                }
                let there = programs_in(victim.root()).len();
                let round = match how {
                    End::Killed => Some(killed(&mut victim)),
                    End::BothKilled => both_killed(&mut victim, &mut chance),
                    End::Told(signal) => {
                        let mut round = interrupted(&mut victim, signal, &[]);
                        ended(&victim, &mut round);
                        Some(round)
                    }
                    End::Late => unreachable!("a deadline needs no moment"),
                };
                round.map(|mut round| {
                    round.wrong.extend(elsewhere(&victim));
                    let moment = format!("`{step}` and {after:?}, {there} processes");
                    println!("round {n}: {moment}");
                    round.wrong.iter_mut().for_each(|w| *w = format!("{moment}: {w}"));
                    round
                })
            }
        };
        if let Some(round) = round {
            return round;
        }
    }
    Round { wrong: vec!["no moment was in the work of a browser".into()], ..Round::default() }
}

#[test]
fn nothing_of_a_browser_stays_whatever_ends_the_run_while_it_works() {
    let Some(_alone) = alone("kills while a browser works") else { return };
    let seed = seed();
    let before = strays();
    let kinds = ENDS.len() as u64;
    let all = play(rounds(15) * kinds, LANES, |n| hurt(seed, n, ENDS[(n % kinds) as usize].0));
    let after: Vec<String> = strays().difference(&before).cloned().collect();
    let mut of_kind: [Vec<Round>; ENDS.len()] = Default::default();
    all.into_iter().enumerate().for_each(|(n, round)| of_kind[n % ENDS.len()].push(round));
    let rows = ENDS.iter().zip(of_kind);
    let shown = rows.map(|((_, kind, timed), rounds)| Row { kind, timed, seed, rounds }.show());
    let wrong: String = shown.collect();
    assert!(wrong.is_empty(), "CCCI_STORM_SEED={seed} plays it again:{wrong}");
    assert_eq!(after, [""; 0], "a browser wrote where it must not");
}
