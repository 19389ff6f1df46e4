//! Readings of a text: as it stands, and with its escapes undone, each with the way back to where it stands. Pure.

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

/// The bytes an escape may begin with, and what undoes it at the start of a slice.
struct Kind {
    marks: &'static [u8],
    undo: fn(&[u8]) -> Option<Escape>,
}

const KINDS: &[Kind] = &[
    Kind { marks: b"%", undo: percent },
    Kind { marks: b"%+", undo: form },
    Kind { marks: b"\\", undo: backslash },
    Kind { marks: b"&", undo: entity },
    Kind { marks: b"\r\n", undo: |t| Some(Escape::nothing(if t.starts_with(b"\r\n") { 2 } else { 1 })) },
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
        // without its own mark a form reads as plain percent escapes do
        let own = kind.marks.last().is_some_and(|m| text.contains(m))
            || kind.marks == b"\r\n" && text.contains(&b'\r');
        if !own {
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
        while let Some(next) = text[at..].iter().position(|b| kind.marks.contains(b)) {
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
        let Some(last) = before.checked_sub(1).map(|i| &self.undone[i]) else { return byte..byte + 1 };
        if byte < last.at + last.size {
            return last.was.clone();
        }
        let at = last.was.end + (byte - last.at - last.size);
        at..at + 1
    }
}

fn number(digits: Option<&[u8]>, radix: u32) -> Option<u32> {
    let digits = digits.filter(|d| !d.is_empty() && d.iter().all(u8::is_ascii_alphanumeric))?;
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
        b if b.is_ascii() => byte(b),
        _ => Some(Escape::nothing(1)),
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
