//! The history of a recipe: since when it is red, whether it is flaky, and what became of each test. Only runs that
//! tried the whole lifecycle and give an answer count: an error of the machine says nothing about a recipe. Pure.

use super::calls::worst;
use super::{Recipe, Run, WINDOW};
use ccci_model::tier::Status;
use ccci_model::verdict::Verdict;
use ccci_runner::record::facts::Facts;
use std::collections::{BTreeMap, BTreeSet};

/// So many red runs in a row are a breakage, not flakiness.
const BREAKAGE: usize = 3;
/// So many green runs in a row end flakiness.
const CLEARED: usize = 5;
/// So many changes of the result within the window are flakiness.
const FLIPS: usize = 3;
/// A recipe is stale if its newest run began so much earlier than the newest of all, ms.
const STALE_MS: u64 = 14 * 24 * 3_600_000;

/// A run among the others of its recipe.
pub(super) struct Around<'a> {
    /// The run itself.
    pub run: &'a Run,
    /// The one before it.
    pub previous: Option<&'a Run>,
    /// The one after it.
    pub next: Option<&'a Run>,
    /// The last green run before it.
    pub green: Option<&'a Run>,
}

impl<'a> Around<'a> {
    /// What a page about it depends on.
    pub(super) fn stamps(&self) -> Vec<&'a str> {
        let of = |run: Option<&'a Run>| run.map_or("", |r| r.stamp.as_str());
        // of the next one only the address is shown
        let next = self.next.map_or("", |r| r.summary.run_id.as_str());
        vec![&self.run.stamp, of(self.previous), next, of(self.green)]
    }
}

/// A change of the verdict.
#[derive(Clone, Copy)]
pub(super) struct Turn<'a> {
    /// The first run with the new verdict.
    pub first: &'a Run,
    /// The last one with it, up to the next change.
    pub last: &'a Run,
    /// The last one with the verdict before, if the recipe ever had another.
    pub before: Option<&'a Run>,
}

impl Turn<'_> {
    /// Whether no other run followed that gave an answer.
    pub(super) fn is_new(&self) -> bool {
        self.first.summary.run_id == self.last.summary.run_id
    }
}

/// How often a result changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaky {
    /// Changes from one run to the next.
    pub flips: usize,
    /// Runs looked at.
    pub of: usize,
    /// Whether two runs with the same inputs had different results.
    pub same_inputs: bool,
}

/// What became of a test from the runs before to the newest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// It passed before and fails now.
    Regressed,
    /// It fails and was not there before.
    New,
    /// It failed before and fails now.
    StillFailing,
    /// It failed before and passes now.
    Fixed,
}

impl Change {
    /// All of them with their words, in the order in which they are shown.
    pub(super) const ALL: &[(Change, &str)] = &[
        (Change::Regressed, "regressed"),
        (Change::New, "new, failing"),
        (Change::StillFailing, "still failing"),
        (Change::Fixed, "fixed"),
    ];
}

impl Run {
    /// Whether it gives an answer about the recipe as a whole.
    fn is_conclusive(&self) -> bool {
        matches!(self.summary.verdict, Verdict::Green | Verdict::Red) && self.summary.partial.is_none()
    }

    fn facts(&self) -> &Facts {
        &self.summary.facts
    }

    /// What went into it, if that can be had again.
    fn inputs(&self) -> Option<String> {
        let (run, f) = (&self.summary, self.facts());
        let parts = (&run.commit, &f.base, &f.images, &f.settings, &f.versions);
        (!f.dirty).then(|| format!("{parts:?}"))
    }

    /// Its tests, and its tiers as if they were tests.
    fn results(&self) -> BTreeMap<String, Status> {
        let tiers = self.facts().tiers.iter().map(|(tier, status, _)| (format!("tier {tier}"), *status));
        tiers.chain(self.facts().tests.iter().cloned()).collect()
    }
}

impl Recipe {
    /// The n-th run among the others. Runs of published versions are apart from those of proposed changes, which
    /// are compared with both.
    pub(super) fn around(&self, n: usize) -> Around<'_> {
        let run = &self.runs[n];
        let of_kind = |other: &&Run| run.is_proposed() || !other.is_proposed();
        let is_green = |run: &&Run| run.is_conclusive() && run.summary.verdict == Verdict::Green;
        let mut before = self.runs[..n].iter().rev().filter(of_kind);
        Around {
            run,
            previous: before.clone().next(),
            next: self.runs[n + 1..].iter().find(of_kind),
            green: before.find(is_green),
        }
    }

    /// The runs that give an answer, one of each call, the newest first.
    fn conclusive(&self) -> impl Iterator<Item = &Run> {
        let calls = self.calls().into_iter().rev();
        calls.filter_map(|call| worst(call.into_iter().filter(|run| run.is_conclusive())))
    }

    /// How it came to its present verdict; `None` if no run gave an answer.
    pub(super) fn turn(&self) -> Option<Turn<'_>> {
        let last = self.conclusive().next()?;
        let verdict = last.summary.verdict;
        let first = self.conclusive().take_while(|run| run.summary.verdict == verdict).last()?;
        let before = self.conclusive().find(|run| run.summary.verdict != verdict);
        Some(Turn { first, last, before })
    }

    /// Since when it is red, if it is.
    pub(super) fn red(&self) -> Option<Turn<'_>> {
        self.turn().filter(|turn| turn.first.summary.verdict == Verdict::Red)
    }

    /// All changes of its verdict, the newest first; its first run is none.
    pub(super) fn turns<'a>(&'a self) -> Vec<Turn<'a>> {
        let all: Vec<&Run> = self.conclusive().collect();
        let same: Vec<&[&Run]> = all.chunk_by(|a, b| a.summary.verdict == b.summary.verdict).collect();
        let neighbours = same.iter().zip(same.iter().skip(1));
        let turn = |(now, before): (&&[&'a Run], &&[&'a Run])| {
            Some(Turn { first: now.last()?, last: now.first()?, before: before.first().copied() })
        };
        neighbours.filter_map(turn).collect()
    }

    /// Whether it is flaky, and why.
    pub(super) fn flaky(&self) -> Option<Flaky> {
        let window: Vec<&Run> = self.conclusive().take(WINDOW).collect();
        let mut results: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for run in &window {
            if let Some(inputs) = run.inputs() {
                results.entry(inputs).or_default().insert(run.summary.verdict.name());
            }
        }
        let same_inputs = results.values().any(|verdicts| verdicts.len() > 1);
        let green: Vec<bool> = window.iter().map(|run| run.summary.verdict == Verdict::Green).collect();
        judge(&green, same_inputs)
    }

    /// The flaky tests by name.
    pub(super) fn flaky_tests(&self) -> Vec<(String, Flaky)> {
        let mut results: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
        for run in self.conclusive().take(WINDOW) {
            for (name, status) in &run.facts().tests {
                if matches!(status, Status::Pass | Status::Fail) {
                    results.entry(name).or_default().push(*status == Status::Pass);
                }
            }
        }
        let flaky =
            results.into_iter().filter_map(|(name, all)| Some((name.to_string(), judge(&all, false)?)));
        flaky.collect()
    }

    /// What became of the tests of the newest run that gives an answer.
    pub(super) fn changes(&self) -> Vec<(Change, String)> {
        let mut runs = self.conclusive().take(WINDOW);
        let Some(newest) = runs.next() else { return vec![] };
        let mut before: BTreeMap<String, Status> = BTreeMap::new();
        for run in runs {
            for (name, status) in run.results() {
                // a test that was not tried has no result; the one before counts
                if matches!(status, Status::Pass | Status::Fail) {
                    before.entry(name).or_insert(status);
                }
            }
        }
        let change = |(name, status): (String, Status)| {
            let change = match (before.get(&name), status) {
                (Some(Status::Pass), Status::Fail) => Change::Regressed,
                (Some(_), Status::Fail) => Change::StillFailing,
                (None, Status::Fail) => Change::New,
                (Some(Status::Fail), Status::Pass) => Change::Fixed,
                _ => return None,
            };
            Some((change, name))
        };
        let mut all: Vec<(Change, String)> = newest.results().into_iter().filter_map(change).collect();
        all.sort();
        all
    }

    /// Whether it was not tried for long, compared with the newest run of all recipes.
    pub(super) fn is_stale(&self, newest_ms: u64) -> bool {
        self.newest().summary.began_ms.saturating_add(STALE_MS) < newest_ms
    }
}

/// Judges results, the newest first; `true` is good.
fn judge(good: &[bool], same_inputs: bool) -> Option<Flaky> {
    let streak = |wanted: bool| good.iter().take_while(|g| **g == wanted).count();
    let flips = good.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let settled = streak(true) >= CLEARED || streak(false) >= BREAKAGE;
    let flaky = !settled && (same_inputs || flips >= FLIPS);
    flaky.then_some(Flaky { flips, of: good.len(), same_inputs })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ccci_model::plan::partial::Partial;
    use ccci_runner::record::Record;
    use ccci_runner::record::index::Summary;
    use ccci_testkit::kept;

    fn judged(letters: &str, same_inputs: bool) -> bool {
        // the oldest first, as people write it
        let good: Vec<bool> = letters.chars().rev().map(|c| c == 'G').collect();
        judge(&good, same_inputs).is_some()
    }

    #[test]
    fn what_changes_often_is_flaky_and_what_is_broken_or_stays_good_is_not() {
        assert!(judged("GRGRG", false));
        assert!(!judged("GGGGR", false), "it broke");
        assert!(!judged("GRGRRR", false), "three in a row are a breakage");
        assert!(!judged("GRGRGGGGG", false), "five good ones clear it");
        assert!(judged("GRG", true), "the same inputs, another result");
        assert!(!judged("GRG", false));
        assert!(!judged("", false));
    }

    /// The first runs of the n-th of eight recipes.
    pub(in crate::site) fn recipe(n: usize, rounds: usize) -> Recipe {
        let run = |round: usize| {
            let (id, events) = kept::run(round * 8 + n, 8);
            let summary = Summary::of(&Record::of(events).unwrap());
            Run { record: id.clone(), stamp: id, summary, files: vec![] }
        };
        let runs: Vec<Run> = (0..rounds).map(run).collect();
        Recipe { name: runs[0].summary.recipe.clone(), runs }
    }

    #[test]
    fn a_recipe_is_red_since_the_first_red_run_after_the_last_green_one() {
        // the fourth one breaks at round 7 and is mended at round 10
        let red = recipe(3, 10);
        let turn = red.red().unwrap();
        assert_eq!(turn.first.record, kept::run(7 * 8 + 3, 8).0);
        assert_eq!(turn.before.unwrap().record, kept::run(6 * 8 + 3, 8).0);
        assert!(red.flaky().is_none(), "broken, not flaky");
        let changes = red.changes();
        assert!(changes.contains(&(Change::StillFailing, "tier upgrade".into())), "{changes:?}");
        let mended = recipe(3, 11);
        assert!(mended.red().is_none());
        assert!(mended.changes().contains(&(Change::Fixed, "tier upgrade".into())));
        assert_eq!(mended.turns().len(), 2);
    }

    #[test]
    fn runs_without_an_answer_about_the_recipe_change_nothing() {
        let mut red = recipe(3, 9);
        let since = red.red().unwrap().first.record.clone();
        let mut other = red.newest().clone();
        other.summary.verdict = Verdict::Error;
        red.runs.push(other.clone());
        other.summary.verdict = Verdict::Green;
        other.summary.partial = Some(Partial { tiers: vec![], tests: None });
        red.runs.push(other);
        assert_eq!(red.red().unwrap().first.record, since);
        assert_eq!(red.around(red.runs.len() - 1).green.unwrap().record, kept::run(6 * 8 + 3, 8).0);
    }

    #[test]
    fn a_recipe_is_stale_compared_with_the_newest_run_of_all() {
        let one = recipe(1, 2);
        let began = one.newest().summary.began_ms;
        assert!(!one.is_stale(began + STALE_MS) && one.is_stale(began + STALE_MS + 1));
    }
}
