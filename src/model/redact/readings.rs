//! Readings of a text: the text itself, and the text with one encoding decoded. Each reading can map its
//! ranges back to the text. Pure.
//!
//! A reading is a whole text, so that it can be decoded again. Only the parts around decoded places differ
//! from the text that it was made from, so only those parts are searched.

use super::escapes::{self, Escape};
use super::lists::{self, Digits};
use super::{CUT, NOTHING};
use memchr::{memchr, memchr2};
use std::ops::Range;

/// An encoding whose escapes can be decoded one by one.
struct Kind {
    /// Next position where an escape may begin.
    find: fn(&[u8]) -> Option<usize>,
    /// Bytes of which one must occur, because otherwise another kind gives the same reading; empty if there
    /// is no such kind.
    own: &'static [u8],
    /// A byte that some value must contain, as otherwise nothing can be found in this reading; none if any
    /// value will do.
    of: Option<u8>,
    /// Whether it decodes the layout of a text and not its content.
    is_layout: bool,
    /// Whether its result is not decoded further.
    is_last: bool,
    /// Decodes an escape at the start of a slice.
    undo: fn(&[u8]) -> Option<Escape>,
}

impl Kind {
    const fn new(find: fn(&[u8]) -> Option<usize>, undo: fn(&[u8]) -> Option<Escape>) -> Kind {
        Kind { find, own: b"", of: None, is_layout: false, is_last: false, undo }
    }

    /// An encoding in which a character is doubled.
    const fn doubled(letter: u8, find: fn(&[u8]) -> Option<usize>) -> Kind {
        Kind { of: Some(letter), ..Kind::new(find, escapes::doubled) }
    }
}

const KINDS: &[Kind] = &[
    Kind::new(|t| memchr(b'%', t), escapes::percent),
    Kind { own: b"+", of: Some(b' '), ..Kind::new(|t| memchr2(b'%', b'+', t), escapes::form) },
    Kind::new(|t| memchr(b'\\', t), escapes::backslash),
    Kind::new(|t| memchr(b'&', t), escapes::entity),
    Kind::new(|t| memchr(b'=', t), escapes::quoted_printable),
    // in a compose file, in quotes of YAML and SQL, in tables, in systemd units
    Kind::doubled(b'$', |t| memchr(b'$', t)),
    Kind::doubled(b'\'', |t| memchr(b'\'', t)),
    Kind::doubled(b'"', |t| memchr(b'"', t)),
    Kind::doubled(b'%', |t| memchr(b'%', t)),
    // as a reader sees it: on one line, and without white space where values have some
    Kind { is_layout: true, ..Kind::new(escapes::find_layout, escapes::layout) },
    Kind { of: Some(b' '), is_layout: true, is_last: true, ..Kind::new(escapes::find_gap, escapes::gap) },
];

/// The bytes that matter in decoding: those of the forms, and those of escapes.
pub(super) struct Letters([bool; 256]);

impl Default for Letters {
    fn default() -> Letters {
        Letters([false; 256])
    }
}

/// Bytes of escapes, besides letters and digits.
const MARKS: &[u8] = b"%\\&#;=\r\n\x1b";

impl Letters {
    /// Adds the bytes of a form.
    pub(super) fn add(&mut self, form: &[u8]) {
        form.iter().for_each(|b| self.0[usize::from(*b)] = true);
    }

    fn hold(&self, letter: Option<u8>) -> bool {
        letter.is_none_or(|letter| self.0[usize::from(letter)])
    }

    fn matter(&self, meaning: &[u8]) -> bool {
        meaning == CUT.as_bytes()
            || meaning
                .iter()
                .all(|b| self.0[usize::from(*b)] || b.is_ascii_alphanumeric() || MARKS.contains(b))
    }
}

/// A decoded place: its range in the reading and in the text.
struct Undone {
    at: usize,
    size: usize,
    was: Range<usize>,
}

/// A reading, and how its ranges map to the text.
#[derive(Default)]
pub(super) struct Reading {
    bytes: Vec<u8>,
    undone: Vec<Undone>,
}

/// Maps a range of a reading to the text.
pub(super) type Back<'a> = dyn Fn(Range<usize>) -> Range<usize> + 'a;
/// Receives a reading, the parts of it that must be searched, and the way to map ranges back.
pub(super) type Show<'a> = dyn FnMut(&[u8], &[Range<usize>], &Back<'_>) + 'a;

/// What is searched for in readings.
pub(super) struct Search<'a> {
    /// The bytes that matter.
    pub letters: &'a Letters,
    /// Bytes of the longest form.
    pub longest: usize,
}

impl Search<'_> {
    /// Passes every reading of a text to `show`, with a function that maps ranges of the reading to the text.
    pub(super) fn each(&self, text: &[u8], show: &mut Show<'_>) {
        show(text, std::slice::from_ref(&(0..text.len())), &|range| range);
        self.deeper(text, None, &|range| range, show);
        for digits in [Digits::Decimal, Digits::Hex] {
            if let Some(reading) = lists::read(text, digits) {
                let all = 0..reading.bytes.len();
                show(&reading.bytes, std::slice::from_ref(&all), &|range| reading.back(range));
            }
        }
    }

    /// Passes the readings of a text to `show`. The text may itself be a reading, which `before` made from
    /// another text.
    fn deeper(&self, text: &[u8], before: Option<(&Kind, &Reading)>, back: &Back<'_>, show: &mut Show<'_>) {
        for kind in KINDS.iter().filter(|kind| self.letters.hold(kind.of)) {
            let is_same = before.is_some_and(|(other, _)| other.is_layout && kind.is_layout);
            if is_same || !(kind.own.is_empty() || kind.own.iter().any(|mark| text.contains(mark))) {
                continue;
            }
            let Some(reading) = Reading::of(text, kind, self.letters) else { continue };
            let back = |range: Range<usize>| back(reading.back(range));
            let new = self.new_in(&reading, before.map(|(_, reading)| reading));
            if !new.is_empty() {
                show(&reading.bytes, &new, &back);
            }
            // two levels are enough: JSON inside JSON
            if before.is_none() && !kind.is_last {
                self.deeper(&reading.bytes, Some((kind, &reading)), &back, show);
            }
        }
    }

    /// The parts of a reading that differ from readings that were shown: those around decoded places. In a
    /// reading of a reading, only the parts near decoded places of both: a part without a place of the first
    /// reading was already shown in another one.
    fn new_in(&self, reading: &Reading, before: Option<&Reading>) -> Vec<Range<usize>> {
        let mut new: Vec<Range<usize>> = vec![];
        let mut others = before.map(|before| reading.places_of(before).into_iter().peekable());
        for undone in &reading.undone {
            let from = undone.at.saturating_sub(self.longest);
            let to = (undone.at + undone.size + self.longest).min(reading.bytes.len());
            if let Some(others) = &mut others {
                while others.next_if(|at| *at < from).is_some() {}
                if others.peek().is_none_or(|at| *at > to) {
                    continue;
                }
            }
            match new.last_mut() {
                Some(last) if from <= last.end => last.end = to,
                _ => new.push(from..to),
            }
        }
        new
    }
}

impl Reading {
    fn of(text: &[u8], kind: &Kind, letters: &Letters) -> Option<Reading> {
        let mut reading = Reading::default();
        let (mut copied, mut at) = (0, 0);
        while let Some(next) = (kind.find)(&text[at..]) {
            at += next;
            match (kind.undo)(&text[at..]) {
                Some(escape) if letters.matter(escape.meaning()) => {
                    reading.bytes.extend_from_slice(&text[copied..at]);
                    reading.undo(escape.meaning(), at..at + escape.length);
                    at += escape.length;
                    copied = at;
                }
                Some(escape) => {
                    // a byte that is in no value, so that no match continues across it
                    reading.bytes.extend_from_slice(&text[copied..at]);
                    reading.bytes.push(NOTHING);
                    copied = at + 1;
                    at += escape.length;
                }
                None => at += 1,
            }
        }
        if reading.undone.is_empty() {
            return None;
        }
        reading.bytes.extend_from_slice(&text[copied..]);
        Some(reading)
    }

    /// Positions in this reading of the places that were decoded in the reading before it.
    fn places_of(&self, before: &Reading) -> Vec<usize> {
        let mut undone = self.undone.iter().peekable();
        let (mut read, mut written) = (0, 0);
        let place = |other: &Undone| {
            while let Some(u) = undone.next_if(|u| u.was.end <= other.at) {
                (read, written) = (u.at + u.size, u.was.end);
            }
            match undone.peek() {
                Some(u) if u.was.start <= other.at => u.at,
                _ => read + (other.at - written),
            }
        };
        before.undone.iter().map(place).collect()
    }

    /// Adds the decoded bytes of a range of the text.
    pub(super) fn undo(&mut self, meaning: &[u8], was: Range<usize>) {
        self.undone.push(Undone { at: self.bytes.len(), size: meaning.len(), was });
        self.bytes.extend_from_slice(meaning);
    }

    /// The bytes of the reading.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Maps a range of the reading to the text.
    pub(super) fn back(&self, range: Range<usize>) -> Range<usize> {
        self.whole(range.start).start..self.whole(range.end - 1).end
    }

    /// Range in the text of one byte of the reading.
    fn whole(&self, byte: usize) -> Range<usize> {
        let before = self.undone.partition_point(|u| u.at <= byte);
        let last = before.checked_sub(1).map(|i| &self.undone[i]);
        let (read, written) = last.map_or((0, 0), |u| (u.at + u.size, u.was.end));
        if let Some(escape) = last
            && byte < read
        {
            return escape.was.clone();
        }
        let at = written + (byte - read);
        at..at + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(text: &str, more: &[u8], show: &mut Show<'_>) {
        let mut letters = Letters::default();
        (0..=255).filter(|b| *b != b' ' || more.contains(b)).for_each(|b| letters.add(&[b]));
        Search { letters: &letters, longest: 100 }.each(text.as_bytes(), show);
    }

    /// Every reading except the text itself, without duplicates.
    fn readings(text: &str, more: &[u8]) -> Vec<String> {
        let mut out: Vec<String> = vec![];
        each(text, more, &mut |reading, _, _| out.push(String::from_utf8_lossy(reading).into_owned()));
        out.retain(|r| r != text);
        out.sort();
        out.dedup();
        out
    }

    #[test]
    fn escapes_are_decoded_and_other_text_is_unchanged() {
        for (text, expected) in [
            ("%41b", vec!["Ab"]),
            ("%4", vec![]),
            ("%+1", vec![]),
            (r"\t\b\f\q", vec!["\t\u{8}\u{c}q", "\tq"]),
            (r"a\nb", vec!["a\nb", "ab"]),
            (r"a\rb", vec!["a\rb", "ab"]),
            (r"\u0041b", vec!["Ab"]),
            (r"\u{41}b", vec!["Ab"]),
            (r"\u{1f600}b", vec!["😀b"]),
            (r"\u{0000000041}b", vec![]),
            (r"\ud83e\udc00b", vec!["🠀b"]),
            // U+E000 and U+DBFF are not second halves of a surrogate pair
            (r"\ud83e\ue000b", vec!["\\ud83e\u{e000}b"]),
            (r"\ud83e\udbffb", vec![]),
            (r"\x41b", vec!["Ab"]),
            (r"\101b", vec!["Ab"]),
            (r"\1b", vec!["1b"]),
            (r"\ä", vec!["ä"]),
            ("&#65;b", vec!["Ab"]),
            ("&#x41;b", vec!["Ab"]),
            ("&#;b", vec![]),
            ("&#+65;b", vec![]),
            ("&nothing;", vec![]),
            ("a\rb", vec!["ab"]),
            ("a\r\nb", vec!["ab"]),
            ("a\n \t b", vec!["ab"]),
            ("a=41=\r\n=\nb", vec!["a=41==b", "a=41b"]),
            ("a=3D=C3=BCb", vec!["a=üb"]),
            ("a=4", vec![]),
            ("$$$a", vec!["$$a", "$a"]),
            ("'' a'", vec!["' a'"]),
            ("\"\"a", vec!["\"a"]),
            ("%%a", vec!["%a"]),
            ("a\u{1b}[1;31mb\u{1b}]8;;x\u{7}c\u{1b}(Bd", vec!["abcd"]),
            ("a\u{200b}b\0c", vec!["abc"]),
            ("&auml;&euro;b", vec!["ä€b"]),
            (r"\U0001f600b", vec!["😀b"]),
        ] {
            assert_eq!(readings(text, b""), expected, "{text:?}");
        }
        // only if values contain blanks
        for (text, expected) in [
            ("a+b", vec!["a b", "ab"]),
            ("%+1", vec!["% 1", "%1"]),
            ("&#+65;b", vec!["&# 65;b", "&#65;b"]),
            ("a \u{a0}\t\nb\0c", vec!["a \u{a0}\tbc", "abc"]),
        ] {
            assert_eq!(readings(text, b" "), expected, "{text:?}");
        }
    }

    #[test]
    fn escapes_are_decoded_two_levels_deep() {
        assert_eq!(readings("%2541", b""), ["%41", "A"]);
        assert_eq!(readings("%252541", b""), ["%2541", "%41"]);
    }

    #[test]
    fn ranges_of_a_reading_map_to_whole_escapes() {
        let place = |text: &str, search: &str| {
            let mut found = vec![];
            each(text, b" ", &mut |reading, _, back| {
                if let Some(at) = String::from_utf8_lossy(reading).find(search) {
                    found.push(back(at..at + search.len()));
                }
            });
            found.iter().map(|r| text[r.clone()].to_string()).collect::<Vec<_>>()
        };
        for (text, expected) in [
            ("a%20sec%72et%20b", "sec%72et"),
            ("%73ecre%74 b", "%73ecre%74"),
            ("%20secret%20%20", "secret"),
            ("ab secret%20", "secret"),
            ("x%2573ecret%20", "%2573ecret"),
        ] {
            assert!(
                place(text, "secret").iter().all(|p| p == expected),
                "{text}: {:?}",
                place(text, "secret")
            );
            assert!(!place(text, "secret").is_empty(), "{text}");
        }
    }
}
