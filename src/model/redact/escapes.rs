//! Decodes what stands for a character or for nothing: escapes, line breaks, colours of terminals, invisible
//! characters. Pure.

use super::entities;
use crate::diag::harmless::sequence;

/// An escape: its length in the text, and the bytes that it stands for.
pub(super) struct Escape {
    pub length: usize,
    meaning: [u8; 4],
    size: usize,
}

impl Escape {
    /// The bytes that it stands for.
    pub(super) fn meaning(&self) -> &[u8] {
        &self.meaning[..self.size]
    }

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

fn number(digits: Option<&[u8]>, radix: u32) -> Option<u32> {
    let digits = digits.filter(|d| d.iter().all(u8::is_ascii_alphanumeric))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

pub(super) fn percent(text: &[u8]) -> Option<Escape> {
    Some(Escape::byte(3, number(text.get(1..3), 16)? as u8))
}

pub(super) fn form(text: &[u8]) -> Option<Escape> {
    if text[0] == b'+' { Some(Escape::byte(1, b' ')) } else { percent(text) }
}

/// A character that is doubled to stand for itself.
pub(super) fn doubled(text: &[u8]) -> Option<Escape> {
    (text.get(1) == text.first()).then(|| Escape::byte(2, text[0]))
}

/// Escapes of quoted-printable mail: bytes in hex, and soft line breaks. Letters and digits are never written
/// as hex there, so `key=12` is left alone as far as possible.
pub(super) fn quoted_printable(text: &[u8]) -> Option<Escape> {
    match text.get(1..3) {
        Some(b"\r\n") => Some(Escape::nothing(3)),
        _ if text.get(1) == Some(&b'\n') => Some(Escape::nothing(2)),
        digits => {
            let byte = number(digits, 16)? as u8;
            (!byte.is_ascii_alphanumeric() && byte >= b' ').then(|| Escape::byte(3, byte))
        }
    }
}

/// Escapes of JSON, of shells and of programming languages.
pub(super) fn backslash(text: &[u8]) -> Option<Escape> {
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
        b'U' => Some(Escape::letter(10, char::from_u32(number(text.get(2..10), 16)?)?)),
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

pub(super) fn entity(text: &[u8]) -> Option<Escape> {
    let end = text.iter().take(entities::LONGEST).position(|b| *b == b';')?;
    let c = match &text[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(Some(digits), 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(Some(digits), 10)?)?,
        name => entities::letter(name)?,
    };
    Some(Escape::letter(end + 1, c))
}

/// What takes no space when a text is put on one line: line breaks with the indent after them, terminal
/// sequences (the same that are removed before a text is shown), invisible characters.
pub(super) fn layout(text: &[u8]) -> Option<Escape> {
    match text[0] {
        b'\r' | b'\n' => {
            let end = if text.starts_with(b"\r\n") { 2 } else { 1 };
            let indent = text[end..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            Some(Escape::nothing(end + indent))
        }
        _ => unseen(text),
    }
}

/// White space of any kind, and what takes no space.
pub(super) fn gap(text: &[u8]) -> Option<Escape> {
    match first_letter(text)? {
        c if c.is_whitespace() => Some(Escape::nothing(c.len_utf8())),
        _ => unseen(text),
    }
}

/// A character that takes no space on a screen or in a browser, or a terminal sequence.
fn unseen(text: &[u8]) -> Option<Escape> {
    if text[0] == 0x1b {
        return Some(Escape::nothing(sequence(text)));
    }
    let c = first_letter(text).filter(|c| is_unseen(*c))?;
    Some(Escape::nothing(c.len_utf8()))
}

fn is_unseen(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' | '\u{1b}' => false,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

/// The first character of the text, if the text begins with a valid one.
fn first_letter(text: &[u8]) -> Option<char> {
    if let Some(b) = text.first().filter(|b| b.is_ascii()) {
        return Some(char::from(*b));
    }
    let longest = &text[..text.len().min(4)];
    let valid = match std::str::from_utf8(longest) {
        Ok(all) => all,
        Err(e) => std::str::from_utf8(&longest[..e.valid_up_to()]).ok()?,
    };
    valid.chars().next()
}

/// The value with all its escapes decoded.
pub(super) fn read(value: &str, undo: fn(&[u8]) -> Option<Escape>) -> Vec<u8> {
    let (mut out, mut rest) = (vec![], value.as_bytes());
    while let Some(first) = rest.first() {
        let undone = undo(rest);
        out.extend_from_slice(undone.as_ref().map_or(&[*first], Escape::meaning));
        rest = &rest[undone.map_or(1, |escape| escape.length)..];
    }
    out
}

/// Next position where something may be that takes no space.
pub(super) fn find_layout(text: &[u8]) -> Option<usize> {
    find_any(text, |b| (b < b' ' && b != b'\t') || is_odd(b))
}

/// First bytes of encoded characters among which some are invisible or white space.
fn is_odd(b: u8) -> bool {
    matches!(b, 0x7f | 0xc2 | 0xcd | 0xd8 | 0xe1 | 0xe2 | 0xe3 | 0xef | 0xf3)
}

/// Next position where white space may be, or something that takes no space.
pub(super) fn find_gap(text: &[u8]) -> Option<usize> {
    text.iter().position(|b| *b <= b' ' || is_odd(*b))
}

/// Checks many bytes at once.
fn find_any(text: &[u8], desired: impl Fn(u8) -> bool) -> Option<usize> {
    const AT_ONCE: usize = 64;
    let mut from = 0;
    for piece in text.chunks(AT_ONCE) {
        // a loop without an early exit compiles to a few instructions
        if piece.iter().fold(false, |any, b| any | desired(*b)) {
            return piece.iter().position(|b| desired(*b)).map(|at| from + at);
        }
        from += AT_ONCE;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_and_gaps_are_found_anywhere() {
        for at in 0..200 {
            for c in ['\0', '\u{ad}', '\u{202e}', '\n', '\u{1b}'] {
                let text = format!("{}{c}{}", "x y".repeat(at), "z z".repeat(70));
                assert_eq!(find_layout(text.as_bytes()), Some(3 * at), "{c:?}");
            }
            for c in ['\0', '\u{202e}', '\n', ' ', '\u{a0}'] {
                let text = format!("{}{c}{}", "xäy".repeat(at), "zöz".repeat(70));
                assert_eq!(find_gap(text.as_bytes()), Some(4 * at), "{c:?}");
            }
        }
        assert_eq!(find_layout("tab\tand blank".as_bytes()), None);
    }

    #[test]
    fn only_invisible_characters_are_invisible() {
        for c in ['a', 'ä', '€', '😀', '…', '•', ' ', '\u{a0}', '\t', '\n', '\r', '\u{1b}'] {
            assert!(!is_unseen(c), "{c:?}");
        }
        for c in ['\0', '\u{7}', '\u{7f}', '\u{9b}', '\u{200d}', '\u{2066}', '\u{feff}', '\u{e0041}'] {
            assert!(is_unseen(c), "{c:?}");
            let lead = c.to_string().as_bytes()[0];
            assert!(lead < b' ' || is_odd(lead), "{c:?} would not be found");
        }
        for c in (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| c.is_whitespace() && !c.is_ascii()) {
            assert!(is_odd(c.to_string().as_bytes()[0]), "{c:?} would not be found");
        }
    }
}
