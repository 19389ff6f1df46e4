//! Keeps lines together that one stream wrote at once.
//! The engine reads the two streams of a container, and all containers, at the same time. So lines of another
//! stream may come between the lines of a stack trace or of a key. Pure.

use super::Line;
use std::collections::HashMap;

/// Longest time between two lines of one stream that were written at once, ns.
const GAP: u64 = 20_000_000;
/// No line is moved by more than this time, ns: a stream that writes without a pause must not push away the others.
const LONGEST: u64 = 100_000_000;

/// Lines that one stream wrote at once.
struct Burst {
    day: String,
    first: u64,
    last: u64,
    /// Index of its first line.
    place: usize,
}

/// Takes lines in the order of time; returns them with the lines of each burst directly after its first line.
pub(super) fn kept_together(lines: Vec<Line>) -> Vec<Line> {
    let mut open: HashMap<(usize, usize), Burst> = HashMap::new();
    let mut places = vec![];
    for (place, line) in lines.iter().enumerate() {
        let (day, now) = time(&line.at);
        let goes_on = open.get_mut(&line.from).filter(|b| {
            b.day == day && now.saturating_sub(b.last) <= GAP && now.saturating_sub(b.first) <= LONGEST
        });
        match goes_on {
            Some(burst) => {
                burst.last = now;
                places.push(burst.place);
            }
            None => {
                open.insert(line.from, Burst { day: day.into(), first: now, last: now, place });
                places.push(place);
            }
        }
    }
    let mut sorted: Vec<(usize, Line)> = places.into_iter().zip(lines).collect();
    sorted.sort_by_key(|(place, _)| *place);
    sorted.into_iter().map(|(_, line)| line).collect()
}

/// The day of a time like `2026-11-23T17:16:39.477220109Z`, and the ns since the beginning of that day.
fn time(at: &str) -> (&str, u64) {
    let part = |range| at.get(range).and_then(|digits: &str| digits.parse::<u64>().ok()).unwrap_or(0);
    let seconds = (part(11..13) * 60 + part(14..16)) * 60 + part(17..19);
    (at.get(..10).unwrap_or(""), seconds * 1_000_000_000 + part(20..29))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(from: usize, at: &str, text: &str) -> Line {
        Line { from: (1, from), at: at.into(), text: text.into(), ..Line::default() }
    }

    fn order(lines: Vec<Line>) -> String {
        let texts = kept_together(lines).into_iter().map(|l| String::from_utf8(l.text).unwrap());
        texts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lines_of_one_go_have_none_of_another_stream_between() {
        let at = |ms: u64| format!("2026-11-23T17:59:59.{ms:03}000000Z");
        let mixed = vec![
            line(0, &at(100), "key-1"),
            line(1, &at(101), "error"),
            line(0, &at(102), "key-2"),
            line(1, &at(150), "later-error"),
            line(0, &at(160), "later"),
        ];
        assert_eq!(order(mixed), "key-1 key-2 error later-error later");
    }

    #[test]
    fn a_stream_that_never_pauses_pushes_nothing_far_away() {
        let at = |ms: u64| format!("2026-11-23T17:16:39.{ms:03}000000Z");
        let mut lines: Vec<Line> = (0..30).map(|n| line(0, &at(10 * n), &n.to_string())).collect();
        lines.insert(1, line(1, &at(5), "error"));
        let said = order(lines);
        assert!(said.starts_with("0 1 2 3 4 5 6 7 8 9 10 error 11 "), "{said}");
    }

    #[test]
    fn another_day_and_a_line_without_a_time_begin_anew() {
        let lines = vec![
            line(0, "2026-11-23T23:59:59.999999999Z", "a"),
            line(1, "2026-11-24T00:00:00.000000001Z", "b"),
            line(0, "2026-11-24T00:00:00.000000002Z", "c"),
            line(0, "", "d"),
        ];
        assert_eq!(order(lines), "a b c d");
    }
}
