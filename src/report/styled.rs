//! Styled text: indents, columns, wrapping, and colours that no reader depends on. Pure.

use super::text::{clean, columns, cut, line, no_command, tail, wrap};
use ccci_model::failure::Failure;
use ccci_model::tier::Status;

/// Most rows that one line of foreign text may take.
const MOST_ROWS: usize = 4;

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colours may be used.
    pub colour: bool,
    /// Columns.
    pub width: usize,
}

impl Style {
    /// The style of files: no colour, and lines short enough for a code review page.
    pub const PLAIN: Style = Style { colour: false, width: 100 };
}

/// What a word means, for colouring it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Success.
    Good,
    /// Failure.
    Bad,
    /// Unknown.
    Open,
    /// Unimportant.
    Faint,
    /// A heading.
    Strong,
}

impl Tone {
    /// The tone of a status.
    pub(crate) fn of(status: Status) -> Tone {
        match status {
            Status::Pass => Tone::Good,
            Status::Fail => Tone::Bad,
            Status::Skip => Tone::Faint,
            Status::Unver => Tone::Open,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Tone::Good => "32",
            Tone::Bad => "1;31",
            Tone::Open => "33",
            Tone::Faint => "2",
            Tone::Strong => "1",
        }
    }
}

/// A text that is being written.
pub(crate) struct StyledText {
    style: Style,
    out: String,
}

impl StyledText {
    /// An empty text.
    pub(crate) fn new(style: Style) -> StyledText {
        StyledText { style: Style { width: style.width.max(40), ..style }, out: String::new() }
    }

    /// The text.
    pub(crate) fn text(self) -> String {
        self.out
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.out.push('\n');
    }

    /// A word in the colour of its tone.
    pub(crate) fn tint(&self, tone: Tone, word: &str) -> String {
        match self.style.colour && !word.is_empty() {
            true => format!("\u{1b}[{}m{word}\u{1b}[0m", tone.code()),
            false => word.to_string(),
        }
    }

    /// Writes one line, cut to the width. Only `head` is coloured, by `tone`.
    pub(crate) fn row(&mut self, tone: Tone, head: &str, rest: &str) {
        let (head, rest) = (line(head), line(rest));
        let room = self.style.width.saturating_sub(columns(&head));
        let line = format!("{}{}", self.tint(tone, &head), cut(&rest, room));
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// Writes a paragraph: `head` on the left, the text wrapped to its right.
    pub(crate) fn beside(&mut self, indent: usize, head: &str, text: &str) {
        let head = line(head);
        let left = indent + columns(&head);
        let width = self.style.width.saturating_sub(left);
        let clean = clean(text);
        let lines = wrap(clean.trim_end(), width);
        let first = lines.first().map_or("", String::as_str);
        self.push(&format!("{}{head}{first}", " ".repeat(indent)));
        for line in lines.iter().skip(1) {
            self.push(&format!("{}{line}", " ".repeat(left)));
        }
    }

    /// Writes a paragraph.
    pub(crate) fn say(&mut self, indent: usize, text: &str) {
        self.beside(indent, "", text);
    }

    /// Writes foreign text with a bar before each line, so that it cannot be taken for ours. If it is longer than
    /// `lines`, only its last lines are shown.
    pub(crate) fn quote(&mut self, indent: usize, text: &str, lines: usize) {
        let (left_out, shown) = tail(&clean(text), lines);
        if left_out > 0 {
            self.say(indent, &format!("| … (lines before: {left_out})"));
        }
        // an error message often names its subject at the end of a long line, so lines are wrapped and not cut
        let room = self.style.width.saturating_sub(indent + 4);
        for line in shown.lines() {
            for (n, row) in folded(line, room).iter().enumerate() {
                let begins = if n == 0 { "| " } else { "|   " };
                self.push(format!("{}{begins}{row}", " ".repeat(indent)).trim_end());
            }
        }
    }

    /// Writes a failure: blame and cause, expected, observed, the place, and its evidence, at most `lines` lines each.
    pub(crate) fn failure(&mut self, indent: usize, f: &Failure, lines: usize) {
        let doc = ccci_model::failure::causes::by_id(&f.cause).map_or("", |c| c.doc);
        self.beside(indent, "blame     ", &format!("{} ({}: {doc})", f.blame, f.cause));
        self.beside(indent, "expected  ", &f.expected());
        self.beside(indent, "observed  ", &f.observed());
        if let Some(place) = &f.place {
            self.beside(indent, "where     ", place);
        }
        if let Some(cure) = f.cure() {
            self.beside(indent, "to do     ", cure);
        }
        for e in f.shown() {
            self.say(indent, &format!("{}:", e.what));
            self.quote(indent + 2, &e.text, lines);
        }
    }

    fn push(&mut self, line: &str) {
        // wrapping can move text that a forge would read as a command to the start of a line
        self.out.push_str(&no_command(line.trim_end()));
        self.out.push('\n');
    }
}

/// A line wrapped into rows; the last row is cut if there are too many.
fn folded(line: &str, room: usize) -> Vec<String> {
    if columns(line) <= room {
        return vec![line.to_string()];
    }
    let indent = line.len() - line.trim_start().len();
    let mut rows = wrap(line.trim_start(), room.saturating_sub(indent));
    if rows.len() > MOST_ROWS {
        let rest = rows.split_off(MOST_ROWS - 1).join(" ");
        rows.push(cut(&rest, room));
    }
    if let Some(first) = rows.first_mut() {
        first.insert_str(0, &line[..indent]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_steers_a_terminal_or_a_forge() {
        let mut s = StyledText::new(Style::PLAIN);
        s.row(Tone::Bad, "a\u{1b}[2J", "b\n::error::c");
        s.beside(2, "observed  ", &format!("{} ::set-output name=a::b", "x".repeat(80)));
        let text = s.text();
        assert!(text.starts_with("ab : :error::c\n") || text.starts_with("ab ::error::c\n"), "{text:?}");
        assert!(!text.lines().any(|l| l.trim().starts_with("::")), "{text}");
        assert!(text.contains("\n            : :set-output"), "{text}");
    }

    #[test]
    fn lines_fit_the_width_and_colours_do_not_count() {
        let mut s = StyledText::new(Style { colour: true, width: 40 });
        s.row(Tone::Bad, "FAIL  ", &"x".repeat(60));
        s.beside(2, "expected  ", &"word ".repeat(20));
        s.quote(2, "\u{1b}[31mlong line of a log that goes on and on for ever\n::error::no", 5);
        let text = s.text();
        assert!(text.starts_with("\u{1b}[1;31mFAIL  \u{1b}[0m"), "{text:?}");
        for line in text.lines().skip(1) {
            assert!(columns(line) <= 40, "{line:?}");
        }
        assert!(text.contains("\n  | : :error::no\n"), "a forge sees no command: {text}");
    }
}
