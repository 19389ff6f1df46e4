//! Runs on one engine that do not see each other's locks, as in two containers that share its socket: neither touches
//! what the other one made as long as that one can be alive.

use super::alone;
use super::victim::{Victim, When, objects_of};
use rustix::process::Signal;
use std::time::Duration;

const LONGEST: Duration = Duration::from_secs(600);

fn words(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &*String::from_utf8_lossy(&output.stdout)
}

/// A run that is in the middle of its life, and its domain.
fn begun() -> (Victim, String) {
    let mut victim = Victim::start("recipes/custom-html", &[]);
    assert!(victim.reach(When { part: 0.4, after: Duration::from_millis(500) }), "{}", victim.said());
    let domain = victim.domain().unwrap();
    (victim, domain)
}

#[test]
fn a_run_whose_lock_cannot_be_seen_is_left_alone_until_somebody_says_otherwise() {
    let Some(_alone) = alone("locks elsewhere") else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let (mut living, domain) = begun();
    let looked = living.clean_with(elsewhere.path(), &[]);
    assert_eq!(looked.status.code(), Some(0), "{}", words(&looked));
    assert!(words(&looked).contains(&format!("{domain}: left alone")), "{}", words(&looked));
    let mut other = Victim::start_with(elsewhere.path(), "recipes/custom-html", &["--tiers", "install"]);
    assert_eq!(other.end(LONGEST).expect("it hangs").code(), Some(0), "{}", other.said());
    assert_eq!(living.end(LONGEST).expect("it hangs").code(), Some(0), "{}", living.said());
    assert_eq!((living.left(), other.left()), (vec![], vec![]));
}

#[test]
fn what_a_killed_run_with_locks_elsewhere_left_goes_when_it_is_asked_for() {
    let Some(_alone) = alone("locks elsewhere") else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let (mut killed, domain) = begun();
    killed.signal(Signal::KILL);
    killed.end(LONGEST);
    killed.clean_with(elsewhere.path(), &[]);
    assert_ne!(objects_of(&domain), Vec::<String>::new());
    let cleaned = killed.clean_with(elsewhere.path(), &["--elsewhere", &domain]);
    assert!(words(&cleaned).contains(&format!("{domain}: removed ")), "{}", words(&cleaned));
    assert_eq!(killed.left(), Vec::<String>::new());
}
