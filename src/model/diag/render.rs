//! Renders diagnostics for people, with miette. Only this file uses miette.

use super::excerpt::excerpt;
use super::harmless::{clean, in_place, line};
use super::{Diagnostic, Place, Severity};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, MietteError, MietteSpanContents,
    NamedSource, Report, SourceCode, SourceSpan, SpanContents,
};

/// How to render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colours may be used.
    pub colour: bool,
    /// Width in columns.
    pub width: usize,
}

/// Renders one diagnostic as a block of text that ends with a newline. It is readable without colours.
pub fn render(d: &Diagnostic, style: Style) -> String {
    let severity = match d.severity {
        Severity::Warning => miette::Severity::Warning,
        Severity::Error => miette::Severity::Error,
    };
    let mut plain = MietteDiagnostic::new(clean(&d.message)).with_code(d.code.id).with_severity(severity);
    plain.help = d.help.as_deref().map(clean);
    let mut source = None;
    let mut apart = d.other.as_deref();
    if let Some(place) = &d.place {
        let (range, text) = shown(place);
        plain = plain.and_label(LabeledSpan::underline(range));
        // both places in one excerpt, if they are in the same text and its lines are shown whole
        if let Some((other, what)) = apart
            && other.text == place.text
            && text.inner().column.is_none()
        {
            plain = plain.and_label(LabeledSpan::new_with_span(Some(clean(what)), other.range.clone()));
            apart = None;
        }
        source = Some(text);
    }
    let mut out = drawn(plain, source, style);
    if let Some((place, what)) = apart {
        let (range, text) = shown(place);
        let beside = MietteDiagnostic::new(clean(what)).with_severity(miette::Severity::Advice);
        out.push_str(&drawn(beside.and_label(LabeledSpan::underline(range)), Some(text), style));
    }
    out
}

/// One block with the lines that it points at.
fn drawn(plain: MietteDiagnostic, source: Option<NamedSource<Shown>>, style: Style) -> String {
    let theme = if style.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false);
    let report = match source {
        Some(s) => Report::new(plain).with_source_code(s),
        None => Report::new(plain),
    };
    let mut out = String::new();
    let _ = handler.render_report(&mut out, report.as_ref());
    out
}

/// The part of a place's text that is shown.
fn shown(place: &Place) -> (std::ops::Range<usize>, NamedSource<Shown>) {
    let path = line(&place.text.path);
    match excerpt(place) {
        None => {
            let text = Shown { text: in_place(&place.text.content).into_owned(), column: None };
            (place.range.clone(), NamedSource::new(path, text))
        }
        Some(cut) => {
            let text =
                Shown { text: in_place(&cut.text).into_owned(), column: Some(place.line_column().1 - 1) };
            (cut.range, NamedSource::new(path, text))
        }
    }
}

/// A text for miette. Where its lines were cut, the reported column is that in the whole text.
struct Shown {
    text: String,
    column: Option<usize>,
}

impl SourceCode for Shown {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let read = self.text.read_span(span, before, after)?;
        let column = self.column.filter(|_| before == 0 && after == 0).unwrap_or(read.column());
        let (data, lines) = (read.data(), read.line_count());
        Ok(Box::new(MietteSpanContents::new(data, *read.span(), read.line(), column, lines)))
    }
}

/// One line: `error[code] path:line:column: message`.
pub fn one_line(d: &Diagnostic) -> String {
    let word = d.severity.name();
    let place = d.place.as_ref().map(|p| format!(" {p}:")).unwrap_or_default();
    line(&format!("{word}[{}]{place} {}", d.code.id, d.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Text, codes};
    use std::sync::Arc;

    #[test]
    fn no_text_of_an_author_controls_the_terminal() {
        let text = Arc::new(Text {
            path: "a\u{1b}[2J\nb".into(),
            content: "ü\u{1b}]0;x\u{7}\u{9b}1m\rkey = 1\n".into(),
        });
        let from = text.content.find("key").unwrap();
        let d = Diagnostic::new(codes::TOML_SYNTAX, "`bad\u{1b}[31mkey`\n::error::x")
            .at(Place::new(&text, from..from + 3))
            .help("not `\u{1b}[0m`");
        let drawn = render(&d, Style { colour: false, width: 100 });
        assert!(!drawn.contains(|c: char| c.is_control() && c != '\n'), "{drawn:?}");
        assert!(drawn.contains("`badkey`") && drawn.contains("key = 1"), "{drawn}");
        assert_eq!(one_line(&d), "error[toml-syntax] a b:1:12: `badkey` : :error::x");
    }

    #[test]
    fn the_other_place_is_drawn_as_well() {
        let text = |path: &str, content: &str| Arc::new(Text { path: path.into(), content: content.into() });
        let (a, b) = (text("a.toml", "first = 1\nsecond = 2\n"), text("b.rhai", "fn third(ctx) {}\n"));
        let d = Diagnostic::new(codes::CONTRADICTION, "against").at(Place::new(&a, 10..16));
        let style = Style { colour: false, width: 100 };
        let same = render(&d.clone().other(Place::new(&a, 0..5), "it is here first"), style);
        assert!(same.contains("second = 2") && same.contains("it is here first"), "{same}");
        let apart = render(&d.other(Place::new(&b, 3..8), "this is never\u{1b}[2J used"), style);
        assert!(apart.contains("a.toml:2:1") && apart.contains("b.rhai:1:4"), "{apart}");
        assert!(apart.contains("fn third(ctx)") && !apart.contains('\u{1b}'), "{apart}");
    }

    #[test]
    fn a_mistake_far_to_the_right_is_shown_with_its_column() {
        for before in [398, 70_000] {
            let content = format!("ok\nenv = \"{}\" nonsense\n", "x".repeat(before));
            let text = Arc::new(Text { path: "a/recipe.toml".into(), content });
            let from = text.content.find("nonsense").unwrap();
            let place = Place::new(&text, from..from + 8);
            let d = Diagnostic::new(codes::TOML_SYNTAX, "unexpected `nonsense`").at(place);
            let drawn = render(&d, Style { colour: false, width: 100 });
            assert!(drawn.contains(&format!("a/recipe.toml:2:{}", before + 10)), "{drawn}");
            assert!(drawn.contains("\" nonsense\n") && drawn.contains("────────\n"), "{drawn}");
            assert!(drawn.len() < 1_500, "{drawn}");
        }
    }
}
