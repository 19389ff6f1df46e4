//! Diagnostics: what is wrong in a text someone wrote. Collected, never returned early. Rendering is `render.rs`.

pub mod codes;
pub mod excerpt;
pub mod harmless;
pub mod nearest;
pub mod render;

pub use codes::{CODES, Code};
use std::ops::Range;
use std::sync::Arc;

/// How grave a diagnostic is. Errors stop the run before anything is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; the run goes on.
    Warning,
    /// The text cannot be used.
    Error,
}

/// A text a diagnostic can point into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The path as people should read it: relative to where they stand, or to the recipe's repository.
    pub path: String,
    /// Its whole content.
    pub content: String,
}

/// A place in a text: a range of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub text: Arc<Text>,
    /// Byte range; empty means a point.
    pub range: Range<usize>,
}

impl Place {
    /// A place by its range of bytes, cut to what the text has and widened to whole letters.
    pub fn new(text: &Arc<Text>, range: Range<usize>) -> Place {
        let start = text.content.floor_char_boundary(range.start);
        let end = text.content.ceil_char_boundary(range.end).max(start);
        Place { text: text.clone(), range: start..end }
    }

    /// The whole text, for trouble that has no position of its own.
    pub fn start_of(text: &Arc<Text>) -> Place {
        Place::new(text, 0..0)
    }

    /// From a 1-based line and a 1-based column in characters (as Rhai counts), covering `chars` characters.
    pub fn at_line(text: &Arc<Text>, line: usize, column: usize, chars: usize) -> Place {
        let start_of_line: usize =
            text.content.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = &text.content[start_of_line.min(text.content.len())..];
        let bytes = |n: usize| rest.chars().take(n).map(char::len_utf8).sum::<usize>();
        let from = start_of_line + bytes(column.saturating_sub(1));
        let to = start_of_line + bytes(column.saturating_sub(1) + chars);
        Place::new(text, from..to)
    }

    /// 1-based line and column (characters) of the start.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.text.content[..self.text.content.floor_char_boundary(self.range.start)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}", self.text.path)
    }
}

/// One thing that is wrong in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its row in `CODES`.
    pub code: &'static Code,
    /// How grave; starts as the row's own.
    pub severity: Severity,
    /// What was expected and what is there. Lower case, no stop, user text in backticks.
    pub message: String,
    /// Where, if it has a position.
    pub place: Option<Place>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic of a row, with the row's severity.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, severity: code.severity, message: message.into(), place: None, help: None }
    }

    /// Says where.
    pub fn at(mut self, place: Place) -> Diagnostic {
        self.place = Some(place);
        self
    }

    /// Says what to write.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
}

/// So many are kept: a text that is none of its kind has as many mistakes as lines, and to show one costs a look at all
/// of the text.
pub const MOST: usize = 200;

/// The sink diagnostics are collected in; loading goes on after each.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one. Of more than [`MOST`] only the first error is kept, and that there are more.
    pub fn push(&mut self, mut d: Diagnostic) {
        let decides = d.severity == Severity::Error && !self.has_errors();
        if self.0.len() > MOST && !decides {
            return;
        }
        if self.0.len() == MOST && !decides {
            d.message = format!("this is one of many more; {MOST} are told");
            d.help = Some("put those right first".into());
        }
        self.0.push(d);
    }

    /// Whether any of them stops the run.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// In the order of files and positions, each once.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        let key = |d: &Diagnostic| {
            let place = d.place.as_ref().map(|p| (p.text.path.clone(), p.range.start));
            (place.is_none(), place, d.code.id, d.message.clone())
        };
        self.0.sort_by_key(key);
        self.0.dedup();
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_columns_in_characters() {
        let text = Arc::new(Text { path: "a.rhai".into(), content: "let ä = 1;\nlet b = ö;\n".into() });
        let place = Place::at_line(&text, 2, 9, 1);
        assert_eq!(&text.content[place.range.clone()], "ö");
        assert_eq!(place.to_string(), "a.rhai:2:9");
    }

    #[test]
    fn of_many_diagnostics_some_are_kept_and_an_error_is_never_lost() {
        let mut all = Diagnostics::default();
        for n in 0..100_000 {
            all.push(Diagnostic::new(codes::UNSET_VARIABLE, format!("{n}")));
        }
        assert_eq!((all.0.len(), all.has_errors()), (MOST + 1, false));
        assert!(all.0[MOST].message.contains("many more"), "{}", all.0[MOST].message);
        all.push(Diagnostic::new(codes::ENV_SYNTAX, "wrong"));
        all.push(Diagnostic::new(codes::ENV_SYNTAX, "wrong again"));
        assert_eq!((all.0.len(), all.0[MOST + 1].message.as_str()), (MOST + 2, "wrong"));
    }

    #[test]
    fn a_place_past_the_end_is_cut_to_the_text() {
        let text = Arc::new(Text { path: "a".into(), content: "x".into() });
        assert_eq!(Place::at_line(&text, 9, 9, 9).range, 1..1);
    }
}
