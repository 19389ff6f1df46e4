//! Renders diagnostics as people read them, through miette. The only file that knows miette.

use super::{Diagnostic, Severity};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report};

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colours may be used.
    pub colour: bool,
    /// Columns.
    pub width: usize,
}

/// One diagnostic as a block of text that ends with a newline. Readable without colour.
pub fn render(d: &Diagnostic, style: Style) -> String {
    let severity = match d.severity {
        Severity::Warning => miette::Severity::Warning,
        Severity::Error => miette::Severity::Error,
    };
    let mut plain = MietteDiagnostic::new(d.message.clone()).with_code(d.code.id).with_severity(severity);
    plain.help = d.help.clone();
    let mut source = None;
    if let Some(place) = &d.place {
        plain = plain.and_label(LabeledSpan::underline(place.range.clone()));
        source = Some(NamedSource::new(place.text.path.clone(), place.text.content.clone()));
    }
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

/// One line: `error[code] path:line:column: message`.
pub fn one_line(d: &Diagnostic) -> String {
    let word = match d.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let place = d.place.as_ref().map(|p| format!(" {p}:")).unwrap_or_default();
    format!("{word}[{}]{place} {}", d.code.id, d.message)
}
