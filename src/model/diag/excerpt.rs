//! Shortens lines that are too long to be shown to the part around a place. Pure.

use super::Place;
use std::ops::Range;

/// Characters up to which a line is shown whole.
const WHOLE: usize = 400;
/// Characters shown before a place in a longer line.
const BEFORE: usize = 40;
/// Characters shown of a longer line in all.
const SHOWN: usize = 160;

/// A text whose long lines are cut, and the place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The text, with as many lines as the original.
    pub text: String,
    /// The place, in bytes of this text.
    pub range: Range<usize>,
}

/// Cuts the long lines of a place's text: the place's own line around the place, other lines at the end.
/// `None` if the place's line and the lines next to it are short enough.
pub(crate) fn excerpt(place: &Place) -> Option<Excerpt> {
    let at = place.line_column().0 - 1;
    let content = &place.text.content;
    let near = content.split('\n').skip(at.saturating_sub(1)).take(if at == 0 { 2 } else { 3 });
    if near.clone().all(|line| line.chars().nth(WHOLE).is_none()) {
        return None;
    }
    let (mut text, mut range, mut begins) = (String::new(), 0..0, 0);
    for (n, line) in content.split('\n').enumerate() {
        if n > 0 {
            text.push('\n');
        }
        let (cut, inside) = if n == at {
            let from = (place.range.start - begins).min(line.len());
            let to = (place.range.end - begins).clamp(from, line.len());
            around(line, from..to)
        } else {
            around(line, 0..0)
        };
        if n == at {
            range = text.len() + inside.start..text.len() + inside.end;
        }
        text.push_str(&cut);
        begins += line.len() + 1;
    }
    Some(Excerpt { text, range })
}

/// The line, cut if it is long, and the range of `marked` in the result.
fn around(line: &str, marked: Range<usize>) -> (String, Range<usize>) {
    if line.chars().nth(WHOLE).is_none() {
        return (line.to_string(), marked);
    }
    let from = line[..marked.start].char_indices().rev().nth(BEFORE - 1).map_or(0, |(i, _)| i);
    let to = line[from..].char_indices().nth(SHOWN).map_or(line.len(), |(i, _)| from + i);
    let before = if from > 0 { "…" } else { "" };
    let after = if to < line.len() { "…" } else { "" };
    let moved = |at: usize| at.min(to) - from + before.len();
    (format!("{before}{}{after}", &line[from..to]), moved(marked.start)..moved(marked.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Text;
    use std::sync::Arc;

    fn shown(content: &str, range: Range<usize>) -> Option<(String, String)> {
        let text = Arc::new(Text { path: "x".into(), content: content.into() });
        let cut = excerpt(&Place::new(&text, range))?;
        Some((cut.text[cut.range.clone()].to_string(), cut.text))
    }

    #[test]
    fn short_lines_are_not_cut() {
        assert_eq!(shown("a = 1\n", 0..1), None);
        let far = format!("a\nb\nc\n{}\n", "x".repeat(1_000));
        assert_eq!(shown(&far, 0..1), None);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place_and_no_line_is_lost() {
        let long = format!("one\n{}WRONG{}\nthree\n", "ü".repeat(70_000), "y".repeat(70_000));
        let from = long.find("WRONG").unwrap();
        let (place, text) = shown(&long, from..from + 5).unwrap();
        assert_eq!(place, "WRONG");
        assert_eq!(text.lines().count(), 3);
        assert!(text.lines().all(|l| l.chars().count() <= SHOWN + 2), "{text}");
        assert!(text.starts_with("one\n…ü") && text.ends_with("y…\nthree\n"), "{text}");
    }

    #[test]
    fn a_place_of_a_whole_long_text_and_one_at_its_end_are_cut_to_what_is_shown() {
        let long = "z".repeat(1_000);
        assert_eq!(shown(&long, 0..1_000).unwrap().0, "z".repeat(SHOWN));
        assert_eq!(shown(&long, 1_000..1_000).unwrap(), (String::new(), format!("…{}", "z".repeat(BEFORE))));
        let below = format!("{long}\nb");
        assert_eq!(shown(&below, 1_001..1_002).unwrap().0, "b");
    }
}
