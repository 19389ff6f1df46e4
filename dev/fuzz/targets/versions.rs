//! Recipe versions and their order.

use ccci_model::name::Version;
use std::cmp::Ordering;

pub(super) const WORDS: &[&str] =
    &["1.2.3+4", "1.10.0+", "v", "-rc.1", "-alpha", "-beta.2", "+", ".", "00", "18446744073709551616"];

/// Most versions of one input; comparing more with each other would take long.
const MOST: usize = 8;

pub(super) fn run(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let read: Vec<Version> = input.lines().filter_map(|l| Version::parse(l).ok()).take(MOST).collect();
    for a in &read {
        let json = serde_json::to_string(a).expect("a text");
        let back: Version = serde_json::from_str(&json).expect("it reads back");
        assert_eq!(a.as_str(), back.as_str());
        assert_eq!(a.cmp(a), Ordering::Equal);
        for b in &read {
            assert_eq!(a.cmp(b), b.cmp(a).reverse(), "{a} and {b}");
            assert_eq!(a == b, a.cmp(b) == Ordering::Equal, "{a} and {b}");
            assert_eq!(a.partial_cmp(b), Some(a.cmp(b)));
            numbers_come_first(a, b);
            for c in &read {
                assert!(!(a <= b && b <= c) || a <= c, "{a}, {b} and {c}");
            }
        }
    }
}

fn numbers_come_first(a: &Version, b: &Version) {
    let numbers = |v: &Version| -> Vec<u64> {
        let recipe = v.as_str().split('+').next().unwrap_or_default();
        let core = recipe.strip_prefix('v').unwrap_or(recipe).split('-').next().unwrap_or_default();
        core.split('.').map(|n| n.parse().expect("a number")).collect()
    };
    let by_numbers = numbers(a).cmp(&numbers(b));
    assert!(by_numbers == Ordering::Equal || a.cmp(b) == by_numbers, "{a} and {b}");
}
