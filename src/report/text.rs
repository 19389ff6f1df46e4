//! Text for terminals and files, cut and wrapped to columns. Pure; does not know events.

pub use ccci_model::diag::harmless::{clean, line, no_command, one_line};
use ccci_model::time::Span;
use std::borrow::Cow;
use std::time::Duration;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};
use unicode_width::UnicodeWidthChar;

/// A duration in milliseconds, as people read it.
pub fn span(ms: u64) -> String {
    Span(Duration::from_millis(ms)).to_string()
}

/// How many columns a text takes at most: wide letters take two, combining marks none. Terminals do not agree about
/// joined letters, so each is counted by itself.
pub fn columns(text: &str) -> usize {
    text.chars().map(wide).sum()
}

fn wide(c: char) -> usize {
    c.width().unwrap_or(1)
}

/// The text cut to at most `width` columns; `…` marks a cut.
pub fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_string();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += wide(c);
        if used >= width {
            break;
        }
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// The text in lines of at most `width` columns, broken between words; a word that is longer is broken anywhere.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let options = Options::new(width.max(8))
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    text.lines().flat_map(|line| textwrap::wrap(line, &options)).map(Cow::into_owned).collect()
}

/// The last lines of a text, and how many were left out.
pub fn tail(text: &str, lines: usize) -> (usize, String) {
    let all: Vec<&str> = text.trim_end().lines().collect();
    let from = all.len().saturating_sub(lines);
    (from, all[from..].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_and_wrapped_to_columns() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("⌚⏩☔ab", 5), "⌚⏩…");
        assert_eq!(wrap("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("aaaaaaaaaabbbbbbbbbbcc", 10), ["aaaaaaaaaa", "bbbbbbbbbb", "cc"]);
        assert_eq!(wrap("a\n\nb", 10), ["a", "", "b"]);
        for text in ["日本語日本語日本語 日本語日本語", "x y z", ""] {
            assert!(wrap(text, 9).iter().all(|l| columns(l) <= 9), "{text}");
        }
    }

    #[test]
    fn the_tail_of_a_text_says_how_much_is_missing() {
        assert_eq!(tail("a\nb\nc\n", 2), (1, "b\nc".to_string()));
        assert_eq!(tail("a", 2), (0, "a".to_string()));
    }
}
