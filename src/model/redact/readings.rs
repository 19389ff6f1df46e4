//! Readings of a text: as it stands, and with its escapes undone, each with the way back to where it stands. Pure.

use memchr::memchr2;
use std::ops::Range;

/// How many escapes may lie one upon the other: JSON inside JSON.
const DEEPEST: usize = 2;

/// What an escape stands for: its length in the text, and the bytes it means.
struct Escape {
    length: usize,
    meaning: [u8; 4],
    size: usize,
}

impl Escape {
    fn byte(length: usize, byte: u8) -> Escape {
        Escape { length, meaning: [byte, 0, 0, 0], size: 1 }
    }

    fn letter(length: usize, c: char) -> Escape {
        let mut meaning = [0; 4];
        let size = c.encode_utf8(&mut meaning).len();
        Escape { length, meaning, size }
    }

    fn nothing(length: usize) -> Escape {
        Escape { length, meaning: [0; 4], size: 0 }
    }
}

/// The bytes an escape may begin with, those without which another kind reads the same, and what undoes an escape at
/// the start of a slice.
struct Kind {
    marks: [u8; 2],
    own: &'static [u8],
    undo: fn(&[u8]) -> Option<Escape>,
}

const KINDS: &[Kind] = &[
    Kind { marks: [b'%'; 2], own: b"%", undo: percent },
    Kind { marks: [b'%', b'+'], own: b"+", undo: form },
    Kind { marks: [b'\\'; 2], own: b"\\", undo: backslash },
    Kind { marks: [b'&'; 2], own: b"&", undo: entity },
    // a dollar in a compose file, a quote in quotes of YAML and SQL
    Kind { marks: [b'$'; 2], own: b"$", undo: |t| t.starts_with(b"$$").then(|| Escape::byte(2, b'$')) },
    Kind { marks: [b'\''; 2], own: b"'", undo: |t| t.starts_with(b"''").then(|| Escape::byte(2, b'\'')) },
    Kind {
        marks: [b'\r', b'\n'],
        own: b"\r\n",
        undo: |t| Some(Escape::nothing(if t.starts_with(b"\r\n") { 2 } else { 1 })),
    },
];

/// Where an escape was: in the reading and in the text it was read from.
struct Undone {
    at: usize,
    size: usize,
    was: Range<usize>,
}

/// A reading and its way back.
struct Reading {
    bytes: Vec<u8>,
    undone: Vec<Undone>,
}

/// Finds a range of a reading in the text.
pub type Back<'a> = dyn Fn(Range<usize>) -> Range<usize> + 'a;
/// Takes a reading.
pub type Show<'a> = dyn FnMut(&[u8], &Back<'_>) + 'a;

/// Shows every reading of a text with a function that finds a range of the reading in the text.
pub fn each(text: &[u8], show: &mut Show<'_>) {
    show(text, &|range| range);
    deeper(text, &|range| range, 1, show);
}

fn deeper(text: &[u8], back: &Back<'_>, depth: usize, show: &mut Show<'_>) {
    for kind in KINDS {
        if !kind.own.iter().any(|mark| text.contains(mark)) {
            continue;
        }
        let Some(reading) = Reading::of(text, kind) else { continue };
        let back = |range: Range<usize>| back(reading.back(range));
        show(&reading.bytes, &back);
        if depth < DEEPEST {
            deeper(&reading.bytes, &back, depth + 1, show);
        }
    }
}

impl Reading {
    fn of(text: &[u8], kind: &Kind) -> Option<Reading> {
        let mut reading = Reading { bytes: Vec::with_capacity(text.len()), undone: vec![] };
        let (mut copied, mut at) = (0, 0);
        while let Some(next) = memchr2(kind.marks[0], kind.marks[1], &text[at..]) {
            at += next;
            match (kind.undo)(&text[at..]) {
                Some(escape) => {
                    reading.bytes.extend_from_slice(&text[copied..at]);
                    let was = at..at + escape.length;
                    reading.undone.push(Undone { at: reading.bytes.len(), size: escape.size, was });
                    reading.bytes.extend_from_slice(&escape.meaning[..escape.size]);
                    at += escape.length;
                    copied = at;
                }
                None => at += 1,
            }
        }
        reading.bytes.extend_from_slice(&text[copied..]);
        (!reading.undone.is_empty()).then_some(reading)
    }

    fn back(&self, range: Range<usize>) -> Range<usize> {
        self.whole(range.start).start..self.whole(range.end - 1).end
    }

    /// What a byte of the reading was in the text.
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

fn number(digits: Option<&[u8]>, radix: u32) -> Option<u32> {
    let digits = digits.filter(|d| d.iter().all(u8::is_ascii_alphanumeric))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

fn percent(text: &[u8]) -> Option<Escape> {
    Some(Escape::byte(3, number(text.get(1..3), 16)? as u8))
}

fn form(text: &[u8]) -> Option<Escape> {
    if text[0] == b'+' { Some(Escape::byte(1, b' ')) } else { percent(text) }
}

/// Escapes of JSON, of shells and of programming languages.
fn backslash(text: &[u8]) -> Option<Escape> {
    let byte = |b| Some(Escape::byte(2, b));
    match *text.get(1)? {
        b'n' => byte(b'\n'),
        b't' => byte(b'\t'),
        b'r' => byte(b'\r'),
        b'b' => byte(8),
        b'f' => byte(12),
        b'u' if text.get(2) == Some(&b'{') => {
            let end = text.iter().take(12).position(|b| *b == b'}')?;
            Some(Escape::letter(end + 1, char::from_u32(number(text.get(3..end), 16)?)?))
        }
        b'u' => unicode(text),
        b'x' => Some(Escape::byte(4, number(text.get(2..4), 16)? as u8)),
        b'0'..=b'3' => match number(text.get(1..4), 8) {
            Some(code) => Some(Escape::byte(4, code as u8)),
            None => byte(text[1]),
        },
        b => byte(b),
    }
}

/// `\u` and four digits; two of them for letters beyond 16 bits.
fn unicode(text: &[u8]) -> Option<Escape> {
    let high = number(text.get(2..6), 16)?;
    if !(0xd800..0xdc00).contains(&high) {
        return Some(Escape::letter(6, char::from_u32(high)?));
    }
    let low = text.get(6..8).filter(|m| *m == b"\\u").and_then(|_| number(text.get(8..12), 16))?;
    let code = 0x10000 + ((high - 0xd800) << 10) + low.checked_sub(0xdc00).filter(|l| *l < 0x400)?;
    Some(Escape::letter(12, char::from_u32(code)?))
}

/// Bytes from `&` to `;`: room for leading zeros and the longest name.
const LONGEST_ENTITY: usize = 20;

/// HTML's names for the letters of ASCII, and the space that does not break.
const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("AMP", '&'),
    ("LT", '<'),
    ("GT", '>'),
    ("QUOT", '"'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("midast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("grave", '`'),
    ("DiacriticalGrave", '`'),
    ("lcub", '{'),
    ("lbrace", '{'),
    ("verbar", '|'),
    ("vert", '|'),
    ("VerticalLine", '|'),
    ("rcub", '}'),
    ("rbrace", '}'),
    ("apos", '\''),
    ("bsol", '\\'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("nbsp", '\u{a0}'),
];

fn entity(text: &[u8]) -> Option<Escape> {
    let end = text.iter().take(LONGEST_ENTITY).position(|b| *b == b';')?;
    let c = match &text[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(Some(digits), 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(Some(digits), 10)?)?,
        name => ENTITIES.iter().find(|(n, _)| n.as_bytes() == name)?.1,
    };
    Some(Escape::letter(end + 1, c))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every reading but the text itself, each once.
    fn readings(text: &str) -> Vec<String> {
        let mut out: Vec<String> = vec![];
        each(text.as_bytes(), &mut |reading, _| out.push(String::from_utf8_lossy(reading).into_owned()));
        out.retain(|r| r != text);
        out.sort();
        out.dedup();
        out
    }

    #[test]
    fn an_escape_reads_as_what_it_stands_for_and_what_is_none_as_it_is() {
        for (text, expected) in [
            ("%41b", vec!["Ab"]),
            ("%4", vec![]),
            ("%+1", vec!["% 1"]),
            ("a+b", vec!["a b"]),
            (r"\t\b\f\q", vec!["\t\u{8}\u{c}q"]),
            (r"a\nb", vec!["a\nb", "ab"]),
            (r"a\rb", vec!["a\rb", "ab"]),
            (r"\u0041b", vec!["Ab"]),
            (r"\u{41}b", vec!["Ab"]),
            (r"\u{1f600}b", vec!["😀b"]),
            (r"\u{0000000041}b", vec![]),
            (r"\ud83e\udc00b", vec!["🠀b"]),
            // U+E000 and U+DBFF are no second halves
            (r"\ud83e\ue000b", vec!["\\ud83e\u{e000}b"]),
            (r"\ud83e\udbffb", vec![]),
            (r"\x41b", vec!["Ab"]),
            (r"\101b", vec!["Ab"]),
            (r"\1b", vec!["1b"]),
            (r"\ä", vec!["ä"]),
            ("&#65;b", vec!["Ab"]),
            ("&#x41;b", vec!["Ab"]),
            ("&#;b", vec![]),
            ("&#+65;b", vec!["&# 65;b"]),
            ("&nothing;", vec![]),
            ("a\rb", vec!["ab"]),
            ("a\r\nb", vec!["ab"]),
            ("a\nb", vec!["ab"]),
        ] {
            assert_eq!(readings(text), expected, "{text:?}");
        }
    }

    #[test]
    fn escapes_are_undone_two_deep() {
        assert_eq!(readings("%2541"), ["%41", "A"]);
        assert_eq!(readings("%252541"), ["%2541", "%41"]);
    }

    #[test]
    fn a_place_in_a_reading_is_found_in_the_text_with_its_escapes_whole() {
        let place = |text: &str, sought: &str| {
            let mut found = vec![];
            each(text.as_bytes(), &mut |reading, back| {
                if let Some(at) = String::from_utf8_lossy(reading).find(sought) {
                    found.push(back(at..at + sought.len()));
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
