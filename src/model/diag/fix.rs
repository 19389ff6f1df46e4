//! Fixes: changes of texts that mend what a diagnostic is about. Pure.

use super::Place;
use std::ops::Range;

/// Whether a fix may be made without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// It changes nothing but what is wrong, so `ccci check --fix` makes it.
    Safe,
    /// It is likely what was meant. Editors offer it; nothing makes it unasked.
    Likely,
}

/// One change of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub place: Place,
    /// What is written instead.
    pub with: String,
}

/// A change that mends a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: "remove `restart`".
    pub title: String,
    /// Its edits, which do not overlap.
    pub edits: Vec<Edit>,
    /// Whether it may be made without asking.
    pub safety: Safety,
}

impl Fix {
    /// A fix of one edit.
    pub fn new(safety: Safety, title: impl Into<String>, place: Place, with: impl Into<String>) -> Fix {
        Fix { title: title.into(), edits: vec![Edit { place, with: with.into() }], safety }
    }
}

/// The text after these edits, and whether all were made. An edit that overlaps an earlier one is left out: the next
/// check finds it again.
pub fn edited(content: &str, edits: &[(Range<usize>, &str)]) -> (String, bool) {
    let mut sorted: Vec<_> = edits.iter().collect();
    sorted.sort_by_key(|(range, _)| (range.start, range.end));
    sorted.dedup();
    let (mut out, mut at, mut all) = (String::with_capacity(content.len()), 0, true);
    for (range, with) in sorted {
        if range.start < at {
            all = false;
            continue;
        }
        out.push_str(&content[at..range.start]);
        out.push_str(with);
        at = range.end;
    }
    out.push_str(&content[at..]);
    (out, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_made_in_the_order_of_their_places_and_each_once() {
        let edits = [(4..7, "3"), (0..3, "1"), (4..7, "3")];
        assert_eq!(edited("one two", &edits), ("1 3".into(), true));
    }

    #[test]
    fn an_edit_inside_another_is_left_for_the_next_time() {
        assert_eq!(edited("abcdef", &[(0..4, ""), (2..6, "x")]), ("ef".into(), false));
    }
}
