//! Findings in the form of the protocol. Pure.

use super::address;
use super::position::Encoding;
use ccci_model::diag::{self, Severity};
use gen_lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location, Range,
};
use std::path::Path;

/// Codes of code that is not needed, which editors show in a faint colour.
const FAINT: &[&str] = &["unreachable", "unused-variable", "compose-ignored"];

/// One finding.
pub(super) fn diagnostic(d: &diag::Diagnostic, encoding: Encoding) -> Diagnostic {
    let range = |place: &diag::Place| encoding.range(&place.text.content, place.range.clone());
    let help = d.help.as_ref().map(|h| format!("\n{h}")).unwrap_or_default();
    let other = d.other.as_deref().map(|(place, what)| {
        let location = Location { uri: address::uri(Path::new(&place.text.path)), range: range(place) };
        vec![DiagnosticRelatedInformation { location, message: what.clone() }]
    });
    Diagnostic {
        range: d.place.as_ref().map_or(Range::default(), range),
        severity: Some(match d.severity {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
        }),
        code: Some(d.code.id.to_string().into()),
        source: Some("ccci".into()),
        message: format!("{}{help}", d.message).into(),
        tags: FAINT.contains(&d.code.id).then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: other,
        ..Diagnostic::default()
    }
}
