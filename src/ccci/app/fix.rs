//! Makes the safe fixes of findings: in the files that the findings were read from, and only if these still have the
//! text that was checked.

use ccci_adapters::disk::Disk;
use ccci_model::diag::fix::{Safety, edited};
use ccci_model::diag::{Diagnostic, Text};
use ccci_recipe::files::FileSystem;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest file that is changed, bytes. Larger ones are not read by a check either.
const LARGEST: u64 = 16 << 20;

/// A file with its text before and after the fixes.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub file: PathBuf,
    /// Its path as findings show it.
    pub shown: String,
    /// Its text now.
    pub before: String,
    /// Its text after the fixes.
    pub after: String,
    /// What the fixes do.
    pub titles: Vec<String>,
}

/// What is changed in one text.
#[derive(Default)]
struct OfText<'a> {
    text: Option<&'a Arc<Text>>,
    edits: Vec<(Range<usize>, &'a str)>,
    titles: Vec<String>,
}

/// The changes that safe fixes make, by file. `roots` are the directories that the paths of texts may begin at. A fix in
/// a text that is in none of them, as in a clone of a URL, is left out.
pub fn changes(all: &[Diagnostic], roots: &[PathBuf]) -> Vec<Change> {
    let mut by_text: BTreeMap<&str, OfText<'_>> = BTreeMap::new();
    let safe = all.iter().filter_map(|d| d.fix.as_ref()).filter(|f| f.safety == Safety::Safe);
    for fix in safe {
        for edit in &fix.edits {
            let of = by_text.entry(&edit.place.text.path).or_default();
            of.text.get_or_insert(&edit.place.text);
            of.edits.push((edit.place.range.clone(), &edit.with));
            if !of.titles.contains(&fix.title) {
                of.titles.push(fix.title.clone());
            }
        }
    }
    by_text.into_values().filter_map(|of| of.change(roots)).collect()
}

impl OfText<'_> {
    fn change(self, roots: &[PathBuf]) -> Option<Change> {
        let text = self.text?;
        let file = file_of(text, roots)?;
        let (after, _) = edited(&text.content, &self.edits);
        let (shown, before) = (text.path.clone(), text.content.clone());
        Some(Change { file, shown, before, after, titles: self.titles })
    }
}

/// The file that has this text.
fn file_of(text: &Text, roots: &[PathBuf]) -> Option<PathBuf> {
    let same = |path: &PathBuf| {
        Disk.is_file(path) && Disk.read(path, LARGEST).is_ok_and(|bytes| bytes == text.content.as_bytes())
    };
    roots.iter().map(|root| root.join(&text.path)).find(same)
}

/// Writes a change. The file is replaced at once and keeps its permissions, so an interruption leaves the old text or the
/// new one.
pub fn write(change: &Change) -> io::Result<()> {
    let file = std::fs::canonicalize(&change.file)?;
    let directory = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(directory)?;
    new.write_all(change.after.as_bytes())?;
    new.as_file().set_permissions(std::fs::metadata(&file)?.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&file).map_err(|e| e.error)?;
    Ok(())
}

/// The change as a unified diff with paths that `git apply` reads.
pub fn unified(change: &Change) -> String {
    let diff = similar::TextDiff::from_lines(&change.before, &change.after);
    let (old, new) = (format!("a/{}", change.shown), format!("b/{}", change.shown));
    diff.unified_diff().context_radius(3).header(&old, &new).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::diag::fix::Fix;
    use ccci_model::diag::{Place, codes};

    fn finding(text: &Arc<Text>, of: &str, with: &str, safety: Safety) -> Diagnostic {
        let from = text.content.find(of).unwrap();
        let place = Place::new(text, from..from + of.len());
        Diagnostic::new(codes::UNKNOWN_KEY, "x").fix(Fix::new(safety, "rename", place, with))
    }

    #[test]
    fn only_safe_fixes_are_made_and_only_in_the_text_that_was_checked() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.toml");
        std::fs::write(&file, "one = 1 # kept\ntwo = 2\n").unwrap();
        let text = Arc::new(Text { path: "a.toml".into(), content: "one = 1 # kept\ntwo = 2\n".into() });
        let all = [finding(&text, "one", "uno", Safety::Safe), finding(&text, "two", "due", Safety::Likely)];
        let roots = [dir.path().to_path_buf()];
        let changes = changes(&all, &roots);
        assert_eq!(changes.len(), 1);
        assert!(unified(&changes[0]).contains("-one = 1 # kept\n+uno = 1 # kept\n"));
        write(&changes[0]).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "uno = 1 # kept\ntwo = 2\n");
        assert!(super::changes(&all, &roots).is_empty(), "the text was changed since");
    }
}
