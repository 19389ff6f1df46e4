//! What all script calls of one run share: marks, session names, and the number of bytes that scripts put into the
//! record.

use ccci_script::limits::{MARKS, PICTURES, RECORDED, SESSIONS};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Marks, session names and counters of a run. A clone shares them.
#[derive(Debug, Clone, Default)]
pub struct Marks(Arc<Mutex<Left>>);

#[derive(Debug, Default)]
struct Left {
    /// As JSON text, so that their size is known.
    values: BTreeMap<String, String>,
    sessions: BTreeSet<String>,
    restarts: BTreeSet<String>,
    told: usize,
    pictures: usize,
}

/// Whether scripts may put more into the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// They may.
    There,
    /// They may not, and this is the first refusal.
    JustFull,
    /// They may not.
    Full,
}

impl Marks {
    /// Sets a mark. False when all marks together would be too large.
    pub fn leave(&self, name: &str, value: &serde_json::Value) -> bool {
        let (mut left, text) = (self.left(), value.to_string());
        let others = left.values.iter().filter(|(n, _)| *n != name);
        let bytes = others.map(|(n, v)| n.len() + v.len()).sum::<usize>() + name.len() + text.len();
        let fits = bytes <= MARKS.most;
        if fits {
            left.values.insert(name.to_string(), text);
        }
        fits
    }

    /// The value of a mark; if there is none of this name, the names of all marks.
    pub fn find(&self, name: &str) -> Result<serde_json::Value, Vec<String>> {
        let left = self.left();
        let found = left.values.get(name).and_then(|text| serde_json::from_str(text).ok());
        found.ok_or_else(|| left.values.keys().cloned().collect())
    }

    /// Notes that tasks of a service may end in this tier.
    pub(crate) fn expect_restart(&self, service: &str) {
        self.left().restarts.insert(service.to_string());
    }

    /// Whether tasks of a service may end in this tier.
    pub(crate) fn expects_restart(&self, service: &str) -> bool {
        self.left().restarts.contains(service)
    }

    /// Forgets what hooks of an earlier tier expected.
    pub(crate) fn expect_no_restart(&self) {
        self.left().restarts.clear();
    }

    /// Counts one more picture that a script keeps, and returns its number. `None` when there are too many.
    pub(crate) fn one_more_picture(&self) -> Option<usize> {
        let mut left = self.left();
        left.pictures += 1;
        Some(left.pictures).filter(|n| *n <= PICTURES.most)
    }

    /// Opens a session. False when there are too many.
    pub(crate) fn open_session(&self, name: &str) -> bool {
        let mut left = self.left();
        let fits = left.sessions.contains(name) || left.sessions.len() < SESSIONS.most;
        if fits && !left.sessions.contains(name) {
            left.sessions.insert(name.to_string());
        }
        fits
    }

    /// Counts bytes that scripts put into the record.
    pub fn tell(&self, bytes: usize) -> Room {
        let mut left = self.left();
        let before = left.told;
        left.told = before.saturating_add(bytes);
        match (before <= RECORDED.most, left.told <= RECORDED.most) {
            (_, true) => Room::There,
            (true, false) => Room::JustFull,
            (false, false) => Room::Full,
        }
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn marks_are_found_again_and_weigh_no_more_than_they_may() {
        let marks = Marks::default();
        assert!(marks.leave("id", &json!({ "n": 5 })));
        assert_eq!(marks.find("id"), Ok(json!({ "n": 5 })));
        assert_eq!(marks.find("x"), Err(vec!["id".to_string()]));
        let half = json!("x".repeat(MARKS.most / 2));
        assert!(marks.leave("a", &half) && marks.leave("a", &half), "a mark replaces its namesake");
        assert!(!marks.leave("b", &half), "two halves and a bit are too much");
    }

    #[test]
    fn bound_script_record_is_held_and_said_once() {
        let marks = Marks::default();
        assert_eq!(marks.tell(RECORDED.most), Room::There);
        assert_eq!([marks.tell(1), marks.tell(1)], [Room::JustFull, Room::Full]);
    }

    #[test]
    fn sessions_are_counted_once_each() {
        let marks = Marks::default();
        assert!((0..2).all(|_| (0..SESSIONS.most).all(|n| marks.open_session(&n.to_string()))));
        assert!(!marks.open_session("one more"));
    }
}
