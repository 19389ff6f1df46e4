//! How long each phase of a recipe usually takes, and which phases of its newest run are out of that. A time is told only
//! if it lies outside of the usual spread, because no two runs take the same time. Pure.

use super::Recipe;
use crate::differences::is_notable;
use ccci_model::verdict::Verdict;
use std::collections::BTreeMap;

/// So many green runs are needed before anything is called usual.
const FEWEST: usize = 10;
/// So many times the width of the middle half may a time lie outside of that half.
const FENCE: u64 = 3;

/// The usual time of a phase, ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usual {
    /// A quarter of the runs took less.
    pub low: u64,
    /// Half of the runs took less.
    pub median: u64,
    /// A quarter of the runs took more.
    pub high: u64,
}

impl Usual {
    /// From the times of some runs, if these are enough.
    fn of(mut ms: Vec<u64>) -> Option<Usual> {
        ms.sort_unstable();
        let at = |part: usize| ms[(ms.len() - 1) * part / 4];
        (ms.len() >= FEWEST).then(|| Usual { low: at(1), median: at(2), high: at(3) })
    }

    /// How a time stands to it, in words; `None` if it is as usual.
    pub(super) fn judge(&self, ms: u64) -> Option<&'static str> {
        let room = FENCE * (self.high - self.low);
        match () {
            () if !is_notable(self.median, ms) => None,
            () if ms > self.high.saturating_add(room) => Some("slower than usual"),
            () if ms < self.low.saturating_sub(room) => Some("faster than usual"),
            () => None,
        }
    }
}

impl Recipe {
    /// The usual time of each phase, from the green runs of the window before the newest run.
    pub(super) fn usual(&self) -> BTreeMap<&str, Usual> {
        let mut all: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        let mut before = self.window();
        before.pop();
        for run in before.into_iter().filter(|run| run.summary.verdict == Verdict::Green) {
            for (name, ms) in &run.summary.facts.phases {
                all.entry(name).or_default().push(*ms);
            }
        }
        all.into_iter().filter_map(|(name, ms)| Some((name, Usual::of(ms)?))).collect()
    }

    /// The phases of its newest run that were slower than usual: name, time and what is usual.
    pub(super) fn slower(&self) -> Vec<(&str, u64, Usual)> {
        let usual = self.usual();
        let out = |(name, ms): &(String, u64)| usual.get(name.as_str()).map(|u| (*ms, *u));
        let phases = self.newest().summary.facts.phases.iter();
        let phases = phases.filter_map(|phase| out(phase).map(|(ms, u)| (phase.0.as_str(), ms, u)));
        phases.filter(|(_, ms, u)| *ms > u.median && u.judge(*ms).is_some()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_only_outside_of_the_usual_spread() {
        assert_eq!(Usual::of(vec![5_000; FEWEST - 1]), None);
        // steady: two seconds more are told; spread: they are not
        let steady = Usual::of((0..12).map(|n| 5_000 + n * 10).collect()).unwrap();
        assert_eq!(steady.judge(7_000), Some("slower than usual"));
        assert_eq!(steady.judge(3_000), Some("faster than usual"));
        assert_eq!(steady.judge(5_400), None, "less than a second");
        let spread = Usual::of((0..12).map(|n| 3_000 + n * 500).collect()).unwrap();
        assert_eq!(spread.judge(9_000), None);
        assert_eq!(spread.judge(60_000), Some("slower than usual"));
    }
}
