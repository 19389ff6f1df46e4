//! Decides which kept records are removed: by age, by number and by size. Pure.

use super::index::Summary;
use ccci_model::name::RecipeName;
use ccci_model::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// What is to be kept. A limit that is not given removes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// Runs that began longer ago than this are removed, ms.
    pub older_ms: Option<u64>,
    /// Of each recipe, only this many of the newest runs stay.
    pub keep: Option<usize>,
    /// All records together may have this size, bytes.
    pub max_bytes: Option<u64>,
    /// Whether the last green run of a recipe may be removed too.
    pub all: bool,
}

/// A record that may be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The name of its directory.
    pub name: String,
    /// What it says.
    pub summary: Summary,
    /// The size of all its files, bytes; only read with a limit on sizes.
    pub bytes: u64,
    /// That of the archives of backups among them, bytes.
    pub archives: u64,
    /// Whether its run goes on.
    pub goes_on: bool,
}

/// What is to be removed, by the names of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removals {
    /// Records that lose the archives of their backups, and stay.
    pub archives: Vec<String>,
    /// Records that are removed.
    pub runs: Vec<String>,
    /// By how much the rest is still too large, bytes: it goes on, or is the last green run of its recipe.
    pub above: u64,
}

/// Decides what is removed of these records, which are sorted from the oldest to the newest.
pub fn removals(all: &[Candidate], rule: &Retention, now_ms: u64) -> Removals {
    let protected = if rule.all { BTreeSet::new() } else { last_greens(all) };
    let may_go = |c: &Candidate| !c.goes_on && !protected.contains(c.name.as_str());
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    let mut newer: BTreeMap<&RecipeName, usize> = BTreeMap::new();
    for c in all.iter().rev() {
        let of_recipe = newer.entry(&c.summary.recipe).or_default();
        let surplus = rule.keep.is_some_and(|keep| *of_recipe >= keep);
        *of_recipe += 1;
        let old = rule.older_ms.is_some_and(|ms| c.summary.began_ms < now_ms.saturating_sub(ms));
        if (surplus || old) && may_go(c) {
            gone.insert(&c.name);
        }
    }
    let mut without_archives: BTreeSet<&str> = BTreeSet::new();
    let mut above = 0;
    if let Some(max) = rule.max_bytes {
        let left: u64 = all.iter().filter(|c| !gone.contains(c.name.as_str())).map(|c| c.bytes).sum();
        above = left.saturating_sub(max);
        for c in all.iter().filter(|c| c.archives > 0 && !c.goes_on) {
            if above > 0 && !gone.contains(c.name.as_str()) {
                without_archives.insert(&c.name);
                above = above.saturating_sub(c.archives);
            }
        }
        for c in all.iter().filter(|c| may_go(c)) {
            if above > 0 && gone.insert(&c.name) {
                let archives = if without_archives.remove(c.name.as_str()) { c.archives } else { 0 };
                above = above.saturating_sub(c.bytes.saturating_sub(archives));
            }
        }
    }
    let names = |of: &BTreeSet<&str>| {
        all.iter().map(|c| c.name.as_str()).filter(|n| of.contains(n)).map(str::to_string).collect()
    };
    Removals { archives: names(&without_archives), runs: names(&gone), above }
}

/// The newest green run of each recipe, and the newest one that went through the whole lifecycle.
fn last_greens(all: &[Candidate]) -> BTreeSet<&str> {
    let mut out = BTreeMap::new();
    for c in all.iter().filter(|c| c.summary.verdict == Verdict::Green && c.summary.ended) {
        out.insert((&c.summary.recipe, false), c.name.as_str());
        if c.summary.partial.is_none() {
            out.insert((&c.summary.recipe, true), c.name.as_str());
        }
    }
    out.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use ccci_model::plan::partial::Partial;
    use ccci_model::tier::Tier;
    use ccci_testkit::example::{self, green_run};

    const DAY: u64 = 86_400_000;

    /// Records in one line: the recipe, `g`, `r` or `p` (green, red, a partial green), and how many days ago it began.
    fn records(text: &str) -> Vec<Candidate> {
        let summary = Summary::of(&Record::of(green_run(&example::plan())).unwrap());
        let one = |(n, word): (usize, &str)| {
            let (head, days) = word.split_once('-').unwrap();
            let (recipe, kind) = head.split_at(1);
            let verdict = if kind == "r" { Verdict::Red } else { Verdict::Green };
            let partial = (kind == "p").then(|| Partial { tiers: vec![Tier::Install], tests: None });
            let began_ms = 100 * DAY - days.parse::<u64>().unwrap() * DAY;
            let recipe = RecipeName::parse(recipe).unwrap();
            let summary = Summary { recipe, verdict, partial, began_ms, ..summary.clone() };
            Candidate { name: format!("{n}{word}"), summary, bytes: 100, archives: 0, goes_on: false }
        };
        text.split(' ').enumerate().map(one).collect()
    }

    fn runs(all: &[Candidate], rule: &Retention) -> String {
        removals(all, rule, 100 * DAY).runs.join(" ")
    }

    #[test]
    fn old_runs_go_but_not_the_last_green_one_of_a_recipe() {
        let all = records("ag-9 ag-8 ar-7 bg-6 br-2 ar-1");
        let rule = Retention { older_ms: Some(3 * DAY), ..Retention::default() };
        assert_eq!(runs(&all, &rule), "0ag-9 2ar-7");
        assert_eq!(runs(&all, &Retention { all: true, ..rule }), "0ag-9 1ag-8 2ar-7 3bg-6");
    }

    #[test]
    fn a_whole_green_run_stays_beside_a_newer_partial_one() {
        let all = records("ag-9 ag-8 ap-7 ap-6");
        let rule = Retention { older_ms: Some(0), ..Retention::default() };
        assert_eq!(runs(&all, &rule), "0ag-9 2ap-7");
    }

    #[test]
    fn of_each_recipe_the_newest_runs_stay() {
        let all = records("ar-9 br-8 ar-7 br-6 ar-5");
        let rule = Retention { keep: Some(1), ..Retention::default() };
        assert_eq!(runs(&all, &rule), "0ar-9 1br-8 2ar-7");
        assert_eq!(runs(&all, &Retention { keep: Some(0), ..rule }), "0ar-9 1br-8 2ar-7 3br-6 4ar-5");
    }

    #[test]
    fn archives_go_first_the_oldest_before_the_newer_and_runs_only_if_that_is_not_enough() {
        let mut all = records("ar-9 ag-8 ar-7");
        all.iter_mut().for_each(|c| c.archives = 60);
        let under = |max| removals(&all, &Retention { max_bytes: Some(max), ..Retention::default() }, 0);
        let of = |archives: &[&str], runs: &[&str], above| Removals {
            archives: archives.iter().map(ToString::to_string).collect(),
            runs: runs.iter().map(ToString::to_string).collect(),
            above,
        };
        assert_eq!(under(300), of(&[], &[], 0));
        assert_eq!(under(250), of(&["0ar-9"], &[], 0));
        assert_eq!(under(120), of(&["0ar-9", "1ag-8", "2ar-7"], &[], 0));
        assert_eq!(under(100), of(&["1ag-8", "2ar-7"], &["0ar-9"], 0));
        assert_eq!(under(10), of(&["1ag-8"], &["0ar-9", "2ar-7"], 30));
    }

    #[test]
    fn a_run_that_goes_on_is_never_touched() {
        let mut all = records("ar-9 ar-8");
        all[0].goes_on = true;
        all[0].archives = 50;
        let rule = Retention { older_ms: Some(0), keep: Some(0), max_bytes: Some(0), all: true };
        let removals = removals(&all, &rule, 100 * DAY);
        assert_eq!((removals.archives, removals.runs), (vec![], vec!["1ar-8".to_string()]));
    }

    #[test]
    fn without_a_limit_nothing_is_removed() {
        assert_eq!(removals(&records("ar-9 ag-8"), &Retention::default(), 0), Removals::default());
    }
}
