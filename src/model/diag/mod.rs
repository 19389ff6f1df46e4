//! Diagnostics: what is wrong in a text that somebody wrote. They are collected, so that all are reported at
//! once. `render.rs` shows them.

pub mod codes;
pub(crate) mod excerpt;
pub mod fix;
pub mod harmless;
pub mod nearest;
pub mod render;

pub use codes::{CODES, Code};
use fix::{Fix, Safety};
use std::ops::Range;
use std::sync::Arc;

/// Severity of a diagnostic. Errors stop the run before anything is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A hint; the run continues.
    Warning,
    /// The text cannot be used.
    Error,
}

impl Severity {
    /// Its name in every format.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A text that a diagnostic can point to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The path as it is shown: relative to the working directory, or to the recipe's repository.
    pub path: String,
    /// Its whole content.
    pub content: String,
}

/// A place in a text: a range of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub text: Arc<Text>,
    /// Byte range; an empty range is a point.
    pub range: Range<usize>,
}

impl Place {
    /// A place from a byte range, limited to the text and widened to whole characters.
    pub fn new(text: &Arc<Text>, range: Range<usize>) -> Place {
        let start = text.content.floor_char_boundary(range.start);
        let end = text.content.ceil_char_boundary(range.end).max(start);
        Place { text: text.clone(), range: start..end }
    }

    /// The start of the text, for diagnostics without a position.
    pub fn start_of(text: &Arc<Text>) -> Place {
        Place::new(text, 0..0)
    }

    /// A place from a line and a column in characters, both from 1 (as Rhai counts), with a length of `chars`
    /// characters.
    pub fn at_line(text: &Arc<Text>, line: usize, column: usize, chars: usize) -> Place {
        let start_of_line: usize =
            text.content.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = &text.content[start_of_line.min(text.content.len())..];
        let bytes = |n: usize| rest.chars().take(n).map(char::len_utf8).sum::<usize>();
        let from = start_of_line + bytes(column.saturating_sub(1));
        let to = start_of_line + bytes(column.saturating_sub(1) + chars);
        Place::new(text, from..to)
    }

    /// Line and column (in characters) of the start, both from 1.
    pub fn line_column(&self) -> (usize, usize) {
        self.line_column_at(self.range.start)
    }

    /// Line and column (in characters) after the last character, both from 1.
    pub fn end_line_column(&self) -> (usize, usize) {
        self.line_column_at(self.range.end)
    }

    fn line_column_at(&self, at: usize) -> (usize, usize) {
        let before = &self.text.content[..self.text.content.floor_char_boundary(at)];
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

/// What to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help {
    /// In words.
    pub text: String,
    /// The text to write at the diagnostic's place, if the whole place is to be replaced.
    pub instead: Option<String>,
}

impl From<String> for Help {
    fn from(text: String) -> Help {
        Help { text, instead: None }
    }
}

impl From<&str> for Help {
    fn from(text: &str) -> Help {
        text.to_string().into()
    }
}

impl std::fmt::Display for Help {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// One mistake in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its row in `CODES`.
    pub code: &'static Code,
    /// Its severity; that of the row unless changed.
    pub severity: Severity,
    /// What was expected and what was found. Starts in lower case, without a full stop, user text in
    /// backticks.
    pub message: String,
    /// Its place, if it has one.
    pub place: Option<Place>,
    /// What to write instead.
    pub help: Option<String>,
    /// What to write at its place.
    instead: Option<Box<str>>,
    /// Another place that it depends on, and what is there, in a few words.
    pub other: Option<Box<(Place, String)>>,
    /// A change that mends it.
    pub fix: Option<Box<Fix>>,
    /// The name that it is about, for who decides whether it is told.
    pub about: Option<String>,
}

impl Diagnostic {
    /// A diagnostic of a row, with the row's severity.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Diagnostic {
        let (message, severity) = (message.into(), code.severity);
        Diagnostic {
            code,
            severity,
            message,
            place: None,
            help: None,
            instead: None,
            other: None,
            fix: None,
            about: None,
        }
    }

    /// Sets the place.
    pub fn at(mut self, place: Place) -> Diagnostic {
        self.place = Some(place);
        self.with_likely_fix()
    }

    /// Sets the name that it is about.
    pub fn about(mut self, name: impl Into<String>) -> Diagnostic {
        self.about = Some(name.into());
        self
    }

    /// Sets another place that it depends on.
    pub fn other(mut self, place: Place, what: impl Into<String>) -> Diagnostic {
        self.other = Some(Box::new((place, what.into())));
        self
    }

    /// Sets the change that mends it.
    pub fn fix(mut self, fix: Fix) -> Diagnostic {
        self.fix = Some(Box::new(fix));
        self
    }

    /// Sets the help. With a text to write instead, this is also the fix.
    pub fn help(mut self, help: impl Into<Help>) -> Diagnostic {
        let Help { text, instead } = help.into();
        (self.help, self.instead) = (Some(text), instead.map(Into::into));
        self.with_likely_fix()
    }

    /// The message with the help behind it, for formats that show one text.
    pub fn with_help(&self) -> String {
        let help = self.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
        format!("{}{help}", self.message)
    }

    /// The same for a diagnostic that is already collected.
    pub fn set_help(&mut self, help: impl Into<Help>) {
        *self = self.clone().help(help);
    }

    fn with_likely_fix(mut self) -> Diagnostic {
        if let (None, Some(with), Some(place)) = (&self.fix, &self.instead, &self.place) {
            let title = format!("write `{with}`");
            self.fix = Some(Box::new(Fix::new(Safety::Likely, title, place.clone(), &**with)));
        }
        self
    }
}

/// Diagnostics that are kept. A text of a wrong kind can have a mistake in each line, and showing one reads
/// the whole text.
pub const MOST: usize = 200;

/// Collects diagnostics; loading continues after each.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Adds a diagnostic. After [`MOST`], only the first error is kept, with a note that there are more.
    pub fn push(&mut self, mut d: Diagnostic) {
        let decides = d.severity == Severity::Error && !self.has_errors();
        if self.0.len() > MOST && !decides {
            return;
        }
        if self.0.len() == MOST && !decides {
            d.message = format!("this is one of many more; only {MOST} are shown");
            d.help = Some("correct those first".into());
        }
        self.0.push(d);
    }

    /// Whether any of them is an error, which stops the run.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// All diagnostics without duplicates, sorted by file and position.
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
    fn with_many_diagnostics_an_error_is_always_kept() {
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
