//! Makes text from outside harmless for terminals and for forges that show a log. Pure.

use std::borrow::Cow;

/// Makes text from outside harmless. Removes escape sequences, control characters except newlines, and code
/// points that Unicode defines as noncharacters (XML forbids some of them). Changes everything that a forge
/// would run as a command: `##[…]` anywhere in a line, `::word::` at its start.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c == '\u{1b}' { sequence(rest.as_bytes()) } else { c.len_utf8() };
        // a sequence ends before the first character that does not belong to it
        rest = &rest[rest.ceil_char_boundary(length)..];
        match c {
            '\u{1b}' => {}
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            '\r' => {}
            c if breaks(c) => out.push('\n'),
            c if overrides(c) => {}
            c if c.is_control() || is_none(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    let out = if out.contains("##") { no_command_inside(out) } else { out };
    match out.contains("::") {
        true => out.split_inclusive('\n').map(no_command).collect(),
        false => out,
    }
}

/// Commands that forges accept anywhere in a line, and their replacements.
const INSIDE: &[(&str, &str)] = &[("##[", "## ["), ("##vso[", "## vso["), ("##teamcity[", "## teamcity[")];

fn no_command_inside(text: String) -> String {
    INSIDE.iter().fold(text, |text, (command, words)| text.replace(command, words))
}

/// Changes a line so that no forge reads it as a command. Runners trim a line before they check whether it
/// begins with `::`. Other text with `::`, such as an address, stays the same.
pub fn no_command(line: &str) -> Cow<'_, str> {
    let begins = line.len() - line.trim_start().len();
    match line[begins..].strip_prefix("::") {
        Some(rest) if rest.contains("::") => format!("{}: :{rest}", &line[..begins]).into(),
        _ => line.into(),
    }
}

/// Makes a text harmless without changing its length in bytes, for texts that are shown with positions.
/// Nothing in it controls a terminal, or a forge from the middle of a line.
pub(crate) fn in_place(text: &str) -> Cow<'_, str> {
    let shown = without_steering(text);
    match INSIDE.iter().any(|(command, _)| shown.contains(command)) {
        false => shown,
        true => INSIDE
            .iter()
            .fold(shown.into_owned(), |text, (command, _)| text.replace(command, &command.replace('[', "(")))
            .into(),
    }
}

fn without_steering(text: &str) -> Cow<'_, str> {
    let steers = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t' | '\r')) || overrides(c) || breaks(c) || is_none(c)
    };
    if !text.contains(|c| steers(c) || c == '\r') {
        return text.into();
    }
    let mut chars = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        // a carriage return inside a line would let its rest overwrite its beginning
        let steers = steers(c) || (c == '\r' && chars.peek() != Some(&'\n'));
        match c.len_utf8() {
            _ if !steers => out.push(c),
            1 => out.push('?'),
            2 => out.push('¿'),
            3 => out.push('\u{fffd}'),
            _ => out.push_str("\u{fffd}?"),
        }
    }
    out.into()
}

/// Line breaks for editors and browsers, but not for terminals.
fn breaks(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Noncharacters: code points that Unicode never assigns.
fn is_none(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || c as u32 & 0xfffe == 0xfffe
}

/// Bidirectional overrides, which would change the order of the text next to them.
fn overrides(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Number of bytes at the start of a text, beginning with ESC, that control a terminal: a control sequence to
/// its final character, a string (a title, a link) to its end, or an escape with its parameters. A sequence
/// never continues after its line.
pub fn sequence(text: &[u8]) -> usize {
    let of = |from: usize, until: &dyn Fn(u8) -> bool| {
        text[from..].iter().take_while(|b| !until(**b)).count() + from
    };
    let breaks = |b: u8| b == b'\n' || b == 0x1b;
    match text.get(1) {
        Some(b'[') => {
            let end = of(2, &|b| breaks(b) || (b'@'..=b'~').contains(&b));
            end + usize::from(text.get(end).is_some_and(|b| !breaks(*b)))
        }
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let end = of(2, &|b| breaks(b) || b == 7);
            match text.get(end..) {
                Some([7, ..]) => end + 1,
                Some([0x1b, b'\\', ..]) => end + 2,
                _ => end,
            }
        }
        _ => {
            let end = of(1, &|b| !(b' '..=b'/').contains(&b));
            end + usize::from(text.get(end).is_some_and(|b| (b'0'..=b'~').contains(b)))
        }
    }
}

/// Text from outside, harmless and on one line.
pub fn line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

/// Text from outside, harmless and on one line, with each white space replaced by one blank.
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_control_a_terminal_or_a_forge() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}ok\u{1b}c\r\n"), "red ok\n");
        assert_eq!(clean("a\u{8}b\u{0}"), "a\u{fffd}b\u{fffd}");
        assert_eq!(clean("##[error]x"), "## [error]x");
        assert_eq!(clean("\u{1b}[31"), "");
        assert_eq!(clean("\u{202e}txt"), "txt");
        assert_eq!(clean("a\u{2028}::error::b"), "a\n: :error::b");
        assert_eq!(clean("\u{fdd0}\u{fffe}\u{10ffff}"), "\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(clean("##vso[x] ##teamcity[y]"), "## vso[x] ## teamcity[y]");
    }

    #[test]
    fn no_line_from_outside_is_a_forge_command() {
        assert_eq!(
            clean("a\n  ::error::x\n::set-output name=a::b"),
            "a\n  : :error::x\n: :set-output name=a::b"
        );
        assert_eq!(clean("\u{1b}[1m::error::x"), ": :error::x");
        assert_eq!(clean("::1\nstd::io::Error"), "::1\nstd::io::Error");
    }

    #[test]
    fn a_text_with_places_keeps_its_length() {
        let text = "a\u{1b}[2Jb\u{9b}2J\u{202e}\rc\r\n\td\u{2028}\u{fffe}\u{1ffff}";
        let shown = in_place(text);
        assert_eq!(shown, "a?[2Jb¿2J\u{fffd}?c\r\n\td\u{fffd}\u{fffd}\u{fffd}?");
        assert_eq!(shown.len(), text.len());
        assert_eq!(in_place("key = \"##[error]x\""), "key = \"##(error]x\"");
    }

    #[test]
    fn terminal_sequences_end_as_in_terminals_and_on_their_line() {
        for (text, rest) in [
            ("\u{1b}[31mred", "red"),
            ("\u{1b}[?2026hx", "x"),
            ("\u{1b}]0;title\u{7}x", "x"),
            ("\u{1b}]8;;https://a\u{1b}\\link", "link"),
            ("\u{1b}P1$r0m\u{1b}\\x", "x"),
            ("\u{1b}_apc\u{1b}\\x", "x"),
            ("\u{1b}(Bx", "x"),
            ("\u{1b}cx", "x"),
            ("\u{1b}7x", "x"),
            ("\u{1b}[3\u{1b}[1mx", "\u{1b}[1mx"),
            ("\u{1b}[31\nx", "\nx"),
            ("\u{1b}]0;title\nx", "\nx"),
            ("\u{1b}\nx", "\nx"),
            ("\u{1b}äx", "äx"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
        ] {
            assert_eq!(&text[sequence(text.as_bytes())..], rest, "{text:?}");
        }
    }
}
