//! What is different between two runs: values by name, and times. `ccci report diff` and the site show the same. Pure.

use std::collections::{BTreeMap, BTreeSet};

/// Values by name.
pub(crate) type Values = BTreeMap<String, String>;

/// A time counts as changed if it differs by at least this much, ms, and by at least a quarter: no two runs take the same
/// time.
const NOTABLE_MS: u64 = 1_000;

/// A value that is different; a side that does not have it is `None`.
pub(crate) struct Change<T> {
    /// What it is called.
    pub name: String,
    /// What it was.
    pub before: Option<T>,
    /// What it is.
    pub after: Option<T>,
}

/// The values that are different, by name.
pub(crate) fn values(a: &Values, b: &Values) -> Vec<Change<String>> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let change = |name: &String| {
        let (before, after) = (a.get(name).cloned(), b.get(name).cloned());
        (before != after).then(|| Change { name: name.clone(), before, after })
    };
    names.into_iter().filter_map(change).collect()
}

/// The times that are notably different, ms, in the order of the first. What a run did not reach took no time and is not
/// compared.
pub(crate) fn times(a: &[(String, u64)], b: &[(String, u64)]) -> Vec<Change<u64>> {
    let new: BTreeMap<&str, u64> = b.iter().map(|(name, ms)| (name.as_str(), *ms)).collect();
    let change = |(name, old): &(String, u64)| {
        let now = new.get(name.as_str()).copied().filter(|now| *now > 0 && *old > 0)?;
        is_notable(*old, now).then(|| Change { name: name.clone(), before: Some(*old), after: Some(now) })
    };
    a.iter().filter_map(change).collect()
}

/// Whether a time differs so much from another that it is worth telling.
pub(crate) fn is_notable(old: u64, now: u64) -> bool {
    let by = now.abs_diff(old);
    by >= NOTABLE_MS && by >= old / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_differ_by_a_second_and_a_quarter_are_told() {
        let all =
            |ms: [u64; 4]| ["a", "b", "c", "d"].map(String::from).into_iter().zip(ms).collect::<Vec<_>>();
        let found = times(&all([1_000, 10_000, 100, 0]), &all([2_000, 12_000, 900, 5_000]));
        let told: Vec<_> = found.iter().map(|c| (c.name.as_str(), c.before, c.after)).collect();
        assert_eq!(told, [("a", Some(1_000), Some(2_000))]);
    }

    #[test]
    fn a_value_that_one_side_lacks_is_a_difference() {
        let one = |name: &str, value: &str| Values::from([(name.to_string(), value.to_string())]);
        let found = values(&one("x", "1"), &one("y", "1"));
        let told: Vec<_> = found.iter().map(|c| (c.name.as_str(), c.before.is_some())).collect();
        assert_eq!(told, [("x", true), ("y", false)]);
        assert!(values(&one("x", "1"), &one("x", "1")).is_empty());
    }
}
