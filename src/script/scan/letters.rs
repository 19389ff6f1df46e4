//! Letters that deceive a reader: invisible ones, those that turn the order of a line round, and ends of lines that some
//! programs know and others do not.

use super::Found;
use ccci_model::diag::codes::DECEPTIVE_TEXT;
use std::ops::RangeInclusive;

/// Ends of lines for some programs, and letters that no text needs: refused wherever they stand.
const NEVER: &[(RangeInclusive<char>, &str)] = &[
    ('\0'..='\0', "NUL"),
    ('\r'..='\r', "a return without a new line"),
    ('\u{b}'..='\u{b}', "a vertical tab"),
    ('\u{c}'..='\u{c}', "a form feed"),
    ('\u{1b}'..='\u{1b}', "an escape"),
    ('\u{85}'..='\u{85}', "a next line"),
    ('\u{1}'..='\u{1f}', "a control character"),
    ('\u{7f}'..='\u{9f}', "a control character"),
    ('\u{2028}'..='\u{2028}', "a line separator"),
    ('\u{2029}'..='\u{2029}', "a paragraph separator"),
    ('\u{202a}'..='\u{202e}', "a change of the direction of writing"),
    ('\u{2066}'..='\u{2069}', "a change of the direction of writing"),
];

/// Letters that are not to be seen. Other scripts and emoji need them between letters of their own; between those of the
/// language they make two things of what looks like one.
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

/// All of them.
pub(super) fn deceptive(text: &str) -> Vec<Found> {
    // some editors begin a file with a byte order mark, which is no letter of it
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

const UNSEEN: &str = "a letter that is not to be seen";

/// Whether it is a letter of the language, or there is none.
fn is_plain(letter: Option<char>) -> bool {
    letter.is_none_or(|c| c.is_ascii())
}

fn is_invisible(c: char) -> bool {
    INVISIBLE.iter().any(|range| range.contains(&c))
}

/// Letters as they can be told from others that look like them.
pub(super) fn named(letters: &str) -> String {
    let first = letters.chars().next().unwrap_or_default();
    let code = format!("U+{:04X}", u32::from(first));
    if first.is_alphanumeric() { format!("`{first}` ({code})") } else { format!("the letter {code}") }
}

fn found(at: usize, c: char, name: &str) -> Found {
    let code = u32::from(c);
    let escape = if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") };
    let help = match c {
        '\r' => "end lines with a new line, or with a return and a new line".to_string(),
        _ => format!("take it out; a text in double quotes can have it as `{escape}`"),
    };
    let message = format!("here is {name} (U+{code:04X}): people and programs read such a line differently");
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
    fn letters_that_deceive_are_found_in_code_comments_and_texts() {
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
    fn what_people_write_in_their_own_language_is_left_alone() {
        check("\u{feff}// ä, 日本語, שלום, a\u{a0}b — “c”\r\n\tfn\n", &[]);
        check("\"👩\u{200d}💻 ❤\u{fe0f} می\u{200c}خواهم\"", &[]);
    }

    #[test]
    fn many_invisible_letters_are_read_in_little_time() {
        assert_eq!(deceptive(&"\u{200b}".repeat(80_000)).len(), 80_000);
    }
}
