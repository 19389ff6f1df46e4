//! Renames a function or a variable of scripts, in all files of the recipe directory.

use super::features::At;
use super::navigate::{target, uses};
use super::{Server, address};
use ccci_script::{HOOKS, outline};
use gen_lsp_types::{Range, TextEdit, WorkspaceEdit};
use std::collections::HashMap;

/// The range that would be renamed; `None` if it cannot be.
pub(super) fn prepare(server: &Server, at: &At) -> Option<Range> {
    let target = target(server, at).filter(|t| !t.path.starts_with(&server.library))?;
    let is_hook = HOOKS.iter().any(|h| h.name() == &target.text[target.name.clone()]);
    let outline = outline::of(&at.text);
    let word = outline.word_at(at.byte).filter(|_| !is_hook)?;
    Some(server.encoding.range(&at.text, word.range.clone()))
}

/// The edits of a rename. The error says why it would change what the scripts do.
pub(super) fn edit(server: &Server, at: &At, new: &str) -> Result<WorkspaceEdit, String> {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !new.starts_with(starts) || !new.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!("`{new}` is no name: letters, digits and `_`, and no digit first"));
    }
    if prepare(server, at).is_none() {
        return Err(
            "only functions and variables of the recipe's own scripts can be renamed, and no hooks".into()
        );
    }
    let all = uses(server, at).unwrap_or_default();
    let mut changes: HashMap<_, Vec<TextEdit>> = HashMap::new();
    for (path, text, place) in all {
        let outline = outline::of(&text);
        if outline.words.iter().any(|w| &text[w.range.clone()] == new && !w.member && !w.key) {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(format!("`{new}` is already used in `{file}`"));
        }
        let edit = TextEdit { range: server.encoding.range(&text, place), new_text: new.into() };
        changes.entry(address::uri(&path)).or_default().push(edit);
    }
    Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}
