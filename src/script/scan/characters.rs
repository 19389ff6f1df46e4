//! Characters that mislead a reader: invisible ones, those that change the direction of writing, and line
//! endings that only some programs recognize.

use super::Found;
use ccci_model::diag::codes::DECEPTIVE_TEXT;
use std::ops::RangeInclusive;

/// Line endings that only some programs recognize, and characters that no text needs: refused everywhere.
const NEVER: &[(RangeInclusive<char>, &str)] = &[
    ('\0'..='\0', "NUL"),
    ('\r'..='\r', "a carriage return without a line feed"),
    ('\u{b}'..='\u{b}', "a vertical tab"),
    ('\u{c}'..='\u{c}', "a form feed"),
    ('\u{1b}'..='\u{1b}', "an escape character"),
    ('\u{85}'..='\u{85}', "a next-line character"),
    ('\u{1}'..='\u{1f}', "a control character"),
    ('\u{7f}'..='\u{9f}', "a control character"),
    ('\u{2028}'..='\u{2028}', "a line separator"),
    ('\u{2029}'..='\u{2029}', "a paragraph separator"),
    ('\u{202a}'..='\u{202e}', "a change of the direction of writing"),
    ('\u{2066}'..='\u{2069}', "a change of the direction of writing"),
];

/// Invisible characters. Other writing systems and emoji need them between letters of their own; next to
/// ASCII letters they make two different names look the same.
const INVISIBLE: &[RangeInclusive<char>] = &[
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2060}'..='\u{2065}',
    '\u{206a}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// All misleading characters of a text.
pub(super) fn deceptive(text: &str) -> Vec<Found> {
    // some editors begin a file with a byte order mark, which is not part of its text
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (mut out, mut unseen, mut before) = (vec![], vec![], None);
    let mut letters = text[start..].char_indices().map(|(i, c)| (start + i, c)).peekable();
    while let Some((at, c)) = letters.next() {
        if !c.is_ascii() && is_invisible(c) {
            unseen.push((at, c));
            continue;
        }
        let among_plain = is_plain(before) && c.is_ascii();
        out.extend(unseen.drain(..).filter(|_| among_plain).map(|(at, c)| found(at, c, UNSEEN)));
        let ends_a_line = c == '\n' || (c == '\r' && letters.peek().is_some_and(|l| l.1 == '\n'));
        let never = NEVER.iter().find(|row| row.0.contains(&c) && c != '\t' && !ends_a_line);
        out.extend(never.map(|row| found(at, c, row.1)));
        before = Some(c).filter(|_| !ends_a_line);
    }
    let among_plain = is_plain(before);
    out.extend(unseen.into_iter().filter(|_| among_plain).map(|(at, c)| found(at, c, UNSEEN)));
    out
}

const UNSEEN: &str = "an invisible character";

/// Whether it is an ASCII character, or the end of the text.
fn is_plain(letter: Option<char>) -> bool {
    letter.is_none_or(|c| c.is_ascii())
}

fn is_invisible(c: char) -> bool {
    INVISIBLE.iter().any(|range| range.contains(&c))
}

/// Characters with their codes, so that they can be distinguished from others that look the same.
pub(super) fn named(letters: &str) -> String {
    let first = letters.chars().next().unwrap_or_default();
    let code = format!("U+{:04X}", u32::from(first));
    if first.is_alphanumeric() { format!("`{first}` ({code})") } else { format!("the character {code}") }
}

fn found(at: usize, c: char, name: &str) -> Found {
    let code = u32::from(c);
    let escape = if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") };
    let help = match c {
        '\r' => "end lines with a line feed, or with a carriage return and a line feed".to_string(),
        _ => format!("remove it; in a text in double quotes write it as `{escape}`"),
    };
    let message = format!(
        "the line contains {name} (U+{code:04X}), which makes it look different from what programs read"
    );
    Found { code: DECEPTIVE_TEXT, range: at..at + c.len_utf8(), message, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, at: &[usize]) {
        let found: Vec<usize> = deceptive(text).iter().map(|f| f.range.start).collect();
        assert_eq!(found, at, "{text:?}");
    }

    #[test]
    fn misleading_characters_are_found_in_code_comments_and_texts() {
        for row in NEVER {
            for c in [*row.0.start(), *row.0.end()].into_iter().filter(|c| !matches!(c, '\t' | '\n')) {
                check(&format!("// x{c}y"), &[4]);
                check(&format!("\"é{c}é\""), &[3]);
            }
        }
        for range in INVISIBLE {
            check(&format!("a{}b", range.start()), &[1]);
            check(&format!("/* x *{}{}/", range.start(), range.end()), &[6, 6 + range.start().len_utf8()]);
        }
        check("\u{feff}\u{feff}fn", &[3]);
        check("a\u{200b}", &[1]);
    }

    #[test]
    fn texts_in_any_language_are_accepted() {
        check("\u{feff}// ä, 日本語, שלום, a\u{a0}b — “c”\r\n\tfn\n", &[]);
        check("\"👩\u{200d}💻 ❤\u{fe0f} می\u{200c}خواهم\"", &[]);
    }

    #[test]
    fn many_invisible_characters_are_read_in_little_time() {
        assert_eq!(deceptive(&"\u{200b}".repeat(80_000)).len(), 80_000);
    }
}
