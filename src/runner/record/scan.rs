//! The last scan: searches every file of a finished record for secret values, piece by piece.

use ccci_model::redact::Redactor;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes that are read at once: so many that searching takes longer than reading.
const PIECE: usize = 1 << 20;
/// Bytes by which pieces overlap: the longest form of a secret that is found across two pieces.
const OVERLAP: usize = 1 << 16;

/// A secret in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Path relative to the record.
    pub file: String,
    /// The secret's name.
    pub secret: String,
}

/// All secrets found in a directory, and the errors of files that could not be read. The content of archives is not
/// searched: a backup is supposed to contain the app's data.
pub(crate) fn directory(
    dir: &Path,
    archives: &BTreeSet<String>,
    redactor: &Redactor,
) -> (Vec<Finding>, Vec<io::Error>) {
    let (mut found, mut unread) = (BTreeSet::new(), vec![]);
    for path in files(dir) {
        let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
        // a secret in a file's name must not be shown
        let shown = redactor.hide(&name);
        found.extend(
            redactor.find(name.as_bytes()).into_iter().map(|secret| Finding { file: shown.clone(), secret }),
        );
        if archives.contains(&name) {
            continue;
        }
        match File::open(&path).and_then(|f| secrets_in(f, redactor, PIECE, OVERLAP)) {
            Ok(secrets) => {
                found.extend(secrets.into_iter().map(|secret| Finding { file: shown.clone(), secret }))
            }
            Err(e) => unread.push(io::Error::new(e.kind(), format!("scan `{shown}`: {e}"))),
        }
    }
    (found.into_iter().collect(), unread)
}

/// All regular files in a directory and below, sorted. Links are not followed, because their targets are not part of
/// the record.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut out = vec![];
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(t) if t.is_dir() => out.extend(files(&entry.path())),
            Ok(t) if t.is_file() => out.push(entry.path()),
            _ => {}
        }
    }
    out.sort();
    out
}

fn secrets_in(
    mut from: impl Read,
    redactor: &Redactor,
    piece: usize,
    overlap: usize,
) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut held = vec![];
    loop {
        let read = from.by_ref().take(piece as u64).read_to_end(&mut held)?;
        found.extend(redactor.find(&held));
        if read < piece {
            return Ok(found);
        }
        held.drain(..held.len().saturating_sub(overlap));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::secret::Secret;

    fn redactor() -> Redactor {
        let r = Redactor::default();
        r.add("db_password", &Secret::new("correct horse battery"));
        r
    }

    #[test]
    fn a_secret_across_two_pieces_is_found() {
        for before in 0..40 {
            let text = format!("{}correct horse battery{}", "x".repeat(before), "y".repeat(40));
            let found = secrets_in(text.as_bytes(), &redactor(), 32, 24).unwrap();
            assert_eq!(found.into_iter().collect::<Vec<_>>(), ["db_password"], "{before}");
        }
        assert!(secrets_in("correct horse".as_bytes(), &redactor(), 8, 8).unwrap().is_empty());
    }

    #[test]
    fn every_file_is_searched_but_archives_of_the_apps_data() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("logs")).unwrap();
        for name in ["logs/app.log", "backup.tar", "clean.txt"] {
            let text = if name == "clean.txt" { "nothing" } else { "pw: correct%20horse%20battery" };
            fs::write(dir.path().join(name), text).unwrap();
        }
        let archives = BTreeSet::from(["backup.tar".to_string()]);
        let (found, unread) = directory(dir.path(), &archives, &redactor());
        assert_eq!(found, [Finding { file: "logs/app.log".into(), secret: "db_password".into() }]);
        assert!(unread.is_empty());
    }

    #[test]
    fn a_secret_in_the_name_of_a_file_is_found_and_not_said() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("correct horse battery.png"), "").unwrap();
        let (found, _) = directory(dir.path(), &BTreeSet::new(), &redactor());
        assert_eq!(found, [Finding { file: "•••.png".into(), secret: "db_password".into() }]);
    }
}
