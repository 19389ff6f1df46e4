//! Decodes bytes that are written as a list of numbers: `[104, 117, 110]`, `0x68, 0x75`, `68 75 6e`, `6875
//! 6e74`. Pure.

use super::readings::Reading;
use super::{CUT, NOTHING, SHORTEST};
use std::ops::Range;

/// Most bytes between two numbers: a comma, a line break and an indent.
const APART: usize = 24;
/// Most hex digits in one word.
const LONGEST_WORD: usize = 8;
/// Fewest bytes of a list next to a cut that may be part of a value.
const PART: usize = super::END;

/// How numbers are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Digits {
    /// 0 to 255.
    Decimal,
    /// Two digits, or a multiple of two in one word, with or without `0x`.
    Hex,
}

/// A byte and its range in the text.
type Byte = (u8, Range<usize>);

/// The bytes of all lists of a text, without the text outside of them.
pub(super) fn read(text: &[u8], digits: Digits) -> Option<Reading> {
    let mut reading = Reading::default();
    let mut at = 0;
    while let Some(first) = digits.next_run(text, at) {
        at = first.end;
        if !digits.may_begin(text, &first) {
            continue;
        }
        let (list, end) = digits.list(text, first.clone());
        let cuts = cuts_beside(text, &list);
        if list.len() >= SHORTEST || (list.len() >= PART && cuts.iter().any(Option::is_some)) {
            let [before, after] = cuts;
            mark_cut(before, &mut reading);
            list.into_iter().for_each(|(byte, was)| reading.undo(&[byte], was));
            mark_cut(after, &mut reading);
            reading.undo(&[NOTHING], end..end);
        }
        at = at.max(end);
    }
    (!reading.bytes().is_empty()).then_some(reading)
}

/// Positions of cuts directly before and after a list, where its bytes may be part of a value.
fn cuts_beside(text: &[u8], list: &[Byte]) -> [Option<usize>; 2] {
    let (Some((_, first)), Some((_, last))) = (list.first(), list.last()) else { return [None, None] };
    let is_cut = |at: &usize| text[*at..].starts_with(CUT.as_bytes());
    let gap = text[..first.start].iter().rev().take(APART).take_while(|b| parts(**b)).count();
    let before = (first.start - gap).checked_sub(CUT.len()).filter(is_cut);
    let after = last.end + between(&text[last.end..]);
    [before, Some(after).filter(is_cut)]
}

fn mark_cut(at: Option<usize>, reading: &mut Reading) {
    if let Some(at) = at {
        CUT.bytes().enumerate().for_each(|(i, byte)| reading.undo(&[byte], at + i..at + i + 1));
    }
}

/// Number of bytes between two numbers; none if there is too much text between them.
fn between(text: &[u8]) -> usize {
    let gap = text.iter().take(APART + 1).take_while(|b| parts(**b)).count();
    if gap > APART { 0 } else { gap }
}

fn parts(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b",;:-|/\\[](){}\"'".contains(&byte)
}

impl Digits {
    fn is_digit(self, byte: u8) -> bool {
        if self == Digits::Hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() }
    }

    /// The next group of digits.
    fn next_run(self, text: &[u8], from: usize) -> Option<Range<usize>> {
        let at = from + text[from..].iter().position(|b| self.is_digit(*b))?;
        Some(at..at + text[at..].iter().take_while(|b| self.is_digit(**b)).count())
    }

    /// Whether a list may begin here: a quick check that rules out most words.
    fn may_begin(self, text: &[u8], run: &Range<usize>) -> bool {
        (self == Digits::Decimal || run.len() > 1) && text.get(run.end).is_some_and(|b| parts(*b))
    }

    /// The list that begins with these digits or with the last of them, and the position at which to continue
    /// the search.
    fn list(self, text: &[u8], first: Range<usize>) -> (Vec<Byte>, usize) {
        let mut list = self.last_bytes(text, first.clone());
        let mut end = first.end;
        while !list.is_empty() {
            let gap = between(&text[end..]);
            let Some(next) = self.run_at(text, end + gap).filter(|_| gap > 0) else { break };
            let (bytes, is_all) = self.first_bytes(text, next.clone());
            list.extend(bytes);
            if !is_all {
                break;
            }
            end = next.end;
        }
        (list, end)
    }

    /// Digits at this position, or after `0x`.
    fn run_at(self, text: &[u8], at: usize) -> Option<Range<usize>> {
        let prefix = self == Digits::Hex && matches!(text.get(at..at + 2), Some(b"0x" | b"0X"));
        let at = if prefix { at + 2 } else { at };
        self.next_run(text, at).filter(|run| run.start == at)
    }

    /// The bytes at the end of a group of digits; its beginning may be something else.
    fn last_bytes(self, text: &[u8], run: Range<usize>) -> Vec<Byte> {
        match self {
            Digits::Hex => {
                let pairs = run.len().min(LONGEST_WORD) / 2;
                self.pairs(text, run.end - 2 * pairs, pairs)
            }
            Digits::Decimal => {
                let number = |length: usize| decimal(text, run.end.checked_sub(length)?..run.end);
                (1..=run.len().min(3)).rev().find_map(number).into_iter().collect()
            }
        }
    }

    /// The bytes at the beginning of a group of digits, and whether they are the whole group.
    fn first_bytes(self, text: &[u8], run: Range<usize>) -> (Vec<Byte>, bool) {
        match self {
            Digits::Hex => {
                let pairs = run.len().min(LONGEST_WORD) / 2;
                (self.pairs(text, run.start, pairs), run.len() == 2 * pairs)
            }
            Digits::Decimal => {
                let number = |length: usize| decimal(text, run.start..run.start + length);
                let byte = (1..=run.len().min(3)).rev().find_map(number);
                let is_all = byte.as_ref().is_some_and(|(_, at)| *at == run);
                (byte.into_iter().collect(), is_all)
            }
        }
    }

    fn pairs(self, text: &[u8], from: usize, pairs: usize) -> Vec<Byte> {
        let digit = |at: usize| char::from(text[at]).to_digit(16).map_or(0, |d| d as u8);
        let pair =
            |i: usize| (digit(from + 2 * i) << 4 | digit(from + 2 * i + 1), from + 2 * i..from + 2 * i + 2);
        (0..pairs).map(pair).collect()
    }
}

fn decimal(text: &[u8], at: Range<usize>) -> Option<Byte> {
    let byte = std::str::from_utf8(&text[at.clone()]).ok()?.parse().ok()?;
    Some((byte, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decoded lists of a text, and the position of the first.
    fn said(text: &str, digits: Digits) -> Option<(String, String)> {
        let reading = read(text.as_bytes(), digits)?;
        let bytes: Vec<u8> = reading.bytes().iter().map(|b| if *b == NOTHING { b'|' } else { *b }).collect();
        let all = String::from_utf8(bytes).unwrap();
        let place = reading.back(0..all.find('|').unwrap());
        Some((all, text[place].to_string()))
    }

    fn check(digits: Digits, cases: &[(&str, &str, &str)]) {
        for (text, bytes, place) in cases {
            let got = said(text, digits).unwrap_or_default();
            assert_eq!((got.0.as_str(), got.1.as_str()), (*bytes, *place), "{text}");
        }
    }

    #[test]
    fn lists_of_bytes_are_read_and_other_numbers_are_not() {
        check(
            Digits::Decimal,
            &[
                ("a [104, 117, 110, 116, 101, 114] b", "hunter|", "104, 117, 110, 116, 101, 114"),
                ("104 117\n  110,\r\n\t116;101\"114", "hunter|", "104 117\n  110,\r\n\t116;101\"114"),
                ("x9104 117 110 116 101 1149", "hunter|", "104 117 110 116 101 114"),
                ("104 117 110 300 116 101 114", "", ""),
                ("104 117 110 116 101", "", ""),
            ],
        );
        check(
            Digits::Hex,
            &[
                ("<68 75 6E 74 65 72>", "hunter|", "68 75 6E 74 65 72"),
                ("0x68, 0x75,0x6e:0X74 0x65 0x72", "hunter|", "68, 0x75,0x6e:0X74 0x65 0x72"),
                ("68:75:6e:74:65:72", "hunter|", "68:75:6e:74:65:72"),
                ("6875 6e74 6572", "hunter|", "6875 6e74 6572"),
                ("zA68 75 6e 74 65 72b", "hunter|", "68 75 6e 74 65 72"),
                ("4a 68 7 6e 74 65 72 68", "", ""),
                ("decade", "", ""),
                ("68 75 6e 74 65", "", ""),
            ],
        );
    }

    #[test]
    fn a_list_next_to_a_cut_is_marked_and_may_be_shorter() {
        assert_eq!(said("68 75 6e 74 …", Digits::Hex).unwrap().0, "hunt…|");
        assert_eq!(said("…[104, 117, 110, 116]", Digits::Decimal).unwrap().0, "…hunt|");
    }

    #[test]
    fn numbers_too_far_apart_are_not_a_list() {
        let apart = |n: usize| ["68", "75", "6e", "74", "65", "72"].join(&" ".repeat(n));
        assert!(said(&apart(APART), Digits::Hex).is_some());
        assert!(said(&apart(APART + 1), Digits::Hex).is_none());
    }
}
