//! The fixes of findings as quick fixes. A fix is offered only while the texts are those that were checked.

use super::{Server, address, told};
use ccci_model::diag::Diagnostic;
use ccci_model::diag::fix::{Fix, Safety};
use gen_lsp_types::{CodeAction, CodeActionKind, Range, TextEdit, WorkspaceEdit};
use std::collections::HashMap;
use std::path::Path;

/// The fixes of the findings that touch a range.
pub(super) fn fixes(server: &Server, path: &Path, text: &str, range: Range) -> Vec<CodeAction> {
    let (from, to) = (server.encoding.offset(text, range.start), server.encoding.offset(text, range.end));
    let known = server.analysis.known_of(path);
    let touches = |d: &Diagnostic| {
        let place = d.place.as_ref().map(|p| &p.range);
        place.is_some_and(|r| r.start <= to && from <= r.end)
    };
    let here = known.findings.iter().filter(|(file, d)| file == path && touches(d));
    here.filter_map(|(file, d)| action(server, file, d)).collect()
}

fn action(server: &Server, file: &Path, d: &Diagnostic) -> Option<CodeAction> {
    let fix = d.fix.as_deref()?;
    Some(CodeAction {
        title: fix.title.clone(),
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![told::diagnostic(d, server.encoding)]),
        is_preferred: Some(fix.safety == Safety::Safe),
        edit: Some(edit(server, file, d, fix)?),
        ..CodeAction::default()
    })
}

fn edit(server: &Server, file: &Path, d: &Diagnostic, fix: &Fix) -> Option<WorkspaceEdit> {
    let mut changes: HashMap<_, Vec<TextEdit>> = HashMap::new();
    for edit in &fix.edits {
        let text = &edit.place.text;
        let same_file = d.place.as_ref().is_some_and(|p| p.text.path == text.path);
        if !same_file || server.text(file).as_deref() != Some(&text.content) {
            return None;
        }
        let range = server.encoding.range(&text.content, edit.place.range.clone());
        changes.entry(address::uri(file)).or_default().push(TextEdit { range, new_text: edit.with.clone() });
    }
    Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}
