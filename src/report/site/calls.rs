//! Which runs of a recipe are of one call, and which of them say how the recipe is: those of published versions, and
//! only if there is none those of proposed changes. Pure.

use super::{Recipe, Run, WINDOW, WITH_FILES};
use ccci_model::verdict::Verdict;
use std::collections::BTreeMap;

/// The runs of a call that did not record its id begin at most so long after the one before has ended, ms.
const NEXT_MS: u64 = 10_000;

/// Whether two neighbours are of one call: with a list of upgrade bases a call has a run for each.
fn same_call(a: &Run, b: &Run) -> bool {
    let (x, y) = (&a.summary, &b.summary);
    if x.call.is_some() || y.call.is_some() {
        return x.call == y.call && x.commit == y.commit;
    }
    let bases = x.facts.base.as_ref().zip(y.facts.base.as_ref());
    let ended = x.began_ms.saturating_add(x.total_ms);
    x.commit == y.commit && bases.is_some_and(|(x, y)| x != y) && y.began_ms <= ended.saturating_add(NEXT_MS)
}

/// Of the runs of a call the one that counts: the worst, and of equal ones the newest.
pub(super) fn worst<'a>(call: impl IntoIterator<Item = &'a Run>) -> Option<&'a Run> {
    call.into_iter().max_by_key(|run| match run.summary.verdict {
        Verdict::Red => 3,
        Verdict::Error => 2,
        Verdict::Interrupted => 1,
        Verdict::Green => 0,
    })
}

/// Puts runs in order, the oldest first, and those of one call beside each other.
pub(super) fn sort(runs: &mut [Run]) {
    let mut began = BTreeMap::new();
    for s in runs.iter().map(|run| &run.summary) {
        if let Some(call) = &s.call {
            let first = began.entry(call.clone()).or_insert(s.began_ms);
            *first = s.began_ms.min(*first);
        }
    }
    runs.sort_by_cached_key(|run| {
        let s = &run.summary;
        let first = s.call.as_ref().and_then(|call| began.get(call)).copied();
        (first.unwrap_or(s.began_ms), s.call.clone(), s.began_ms, s.run_id.clone())
    });
}

impl Run {
    /// Whether it is of a proposed change.
    pub(super) fn is_proposed(&self) -> bool {
        self.summary.facts.proposed.is_some()
    }
}

impl Recipe {
    /// The runs that say how it is, the oldest first.
    pub(super) fn counting(&self) -> Vec<&Run> {
        let published: Vec<&Run> = self.runs.iter().filter(|run| !run.is_proposed()).collect();
        if published.is_empty() { self.runs.iter().collect() } else { published }
    }

    /// Whether nothing but proposed changes were run.
    pub(super) fn is_proposed(&self) -> bool {
        self.runs.iter().all(Run::is_proposed)
    }

    /// The newest runs of published versions and those of proposed changes.
    pub(super) fn newest_of_each_kind(&mut self) -> impl Iterator<Item = &mut Run> {
        let mut left = [WITH_FILES; 2];
        self.runs.iter_mut().rev().filter(move |run| {
            let left = &mut left[usize::from(run.is_proposed())];
            let taken = *left > 0;
            *left = left.saturating_sub(1);
            taken
        })
    }

    /// What counts of each call about a proposed change that is newer than every run of a published version, the
    /// newest first; none if there is no published version.
    pub(super) fn proposals(&self) -> Vec<&Run> {
        let published = self.runs.iter().rposition(|run| !run.is_proposed());
        let newer: Vec<&Run> = published.map_or(vec![], |at| self.runs[at + 1..].iter().collect());
        newer.chunk_by(|a, b| same_call(a, b)).rev().filter_map(|call| worst(call.iter().copied())).collect()
    }

    /// The newest run that counts; of a call with several bases the worst.
    pub(super) fn newest(&self) -> &Run {
        worst(self.newest_call()).expect("a recipe is known by a run")
    }

    /// The runs of the newest call that counts.
    pub(super) fn newest_call(&self) -> Vec<&Run> {
        self.calls().pop().expect("a recipe is known by a run")
    }

    /// The runs of each call that counts, the oldest first.
    pub(super) fn calls(&self) -> Vec<Vec<&Run>> {
        self.counting().chunk_by(|a, b| same_call(a, b)).map(<[&Run]>::to_vec).collect()
    }

    /// What counts of each of the newest calls, the oldest first.
    pub(super) fn counted(&self, most: usize) -> Vec<&Run> {
        let calls = self.calls();
        let newest = &calls[calls.len().saturating_sub(most)..];
        newest.iter().filter_map(|call| worst(call.iter().copied())).collect()
    }

    /// All runs, the oldest first, each with whether its call had others.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = (&Run, bool)> {
        let calls = self.runs.chunk_by(same_call);
        calls.flat_map(|call| call.iter().map(|run| (run, call.len() > 1)))
    }

    /// The same in the calls that made them.
    pub(super) fn window_in_calls(&self) -> Vec<usize> {
        self.window().chunk_by(|a, b| same_call(a, b)).map(<[&Run]>::len).collect()
    }

    /// The newest runs that count, the oldest first.
    pub(super) fn window(&self) -> Vec<&Run> {
        let mut all = self.counting();
        all.split_off(all.len().saturating_sub(WINDOW))
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::tests::recipe;
    use super::*;
    use ccci_model::name::{CallId, Revision};

    #[test]
    fn of_the_runs_of_one_call_the_worst_counts() {
        let mut both = recipe(1, 2);
        let first = both.newest().clone();
        assert_eq!(first.summary.verdict, Verdict::Green);
        let mut second = first.clone();
        second.record = "second".into();
        second.summary.began_ms += first.summary.total_ms + 1;
        second.summary.facts.base = Some("0.9.0 (1234567)".into());
        let red = both.runs.len() - 1;
        both.runs[red].summary.verdict = Verdict::Red;
        both.runs.push(second.clone());
        assert_eq!(both.newest().record, first.record, "the first of the two is red");
        assert_eq!((both.newest_call().len(), both.counted(9).len()), (2, 2));
        assert_eq!(both.red().unwrap().first.record, first.record);
        for change in [
            (|run: &mut Run| run.summary.began_ms += NEXT_MS) as fn(&mut Run),
            |run| run.summary.facts.base = None,
            |run| run.summary.commit = Revision::parse(&"1".repeat(40)).unwrap(),
        ] {
            let mut other = second.clone();
            change(&mut other);
            *both.runs.last_mut().unwrap() = other;
            assert_eq!(both.newest().record, "second", "a call of its own");
            assert!(both.red().is_none());
        }
    }

    #[test]
    fn runs_that_name_their_call_are_grouped_by_it_whatever_their_time() {
        let mut all = recipe(1, 4);
        let call = |name: &str| CallId::parse(name).ok();
        for (run, name) in all.runs.iter_mut().zip(["one", "two", "one", "two"]) {
            run.summary.call = call(name);
            run.summary.commit = Revision::parse(&"1".repeat(40)).unwrap();
        }
        sort(&mut all.runs);
        let calls = all.calls();
        let names: Vec<Vec<_>> =
            calls.iter().map(|c| c.iter().map(|run| run.summary.call.clone()).collect()).collect();
        assert_eq!(names, [vec![call("one"); 2], vec![call("two"); 2]]);
        // a run that names no call is in none of those that do
        all.runs[3].summary.call = None;
        assert_eq!(all.calls().len(), 3);
    }

    #[test]
    fn a_recipe_is_what_its_published_versions_are_and_proposals_stand_apart() {
        let mut all = recipe(1, 4);
        let green: Vec<String> = all.runs.iter().map(|run| run.record.clone()).collect();
        let propose = |all: &mut Recipe, n: usize| {
            all.runs[n].summary.facts.proposed = Some("branch topic".into());
            all.runs[n].summary.verdict = Verdict::Red;
        };
        propose(&mut all, 3);
        propose(&mut all, 1);
        assert_eq!((all.newest().record.as_str(), all.is_proposed()), (green[2].as_str(), false));
        assert!(all.red().is_none(), "a red proposal does not make the recipe red");
        let proposed =
            |all: &Recipe| all.proposals().iter().map(|run| run.record.clone()).collect::<Vec<_>>();
        assert_eq!(proposed(&all), [green[3].clone()], "older ones are history");
        let before = |n: usize| all.around(n).previous.map(|run| run.record.clone());
        assert_eq!((before(2), before(3)), (Some(green[0].clone()), Some(green[2].clone())));
        (0..4).for_each(|n| propose(&mut all, n));
        assert!(all.is_proposed() && all.red().is_some(), "without a published version the proposals count");
        assert_eq!(proposed(&all), Vec::<String>::new());
    }
}
