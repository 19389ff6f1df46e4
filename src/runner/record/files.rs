//! What the browser showed, as files of a record: read with it, so that formats get them as values.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path};
use std::sync::Arc;

/// Largest file that is read, and most bytes of all of them together.
const MOST_FILE: u64 = 4 << 20;
const MOST_ALL: u64 = 16 << 20;

/// The contents of files by their names. Formats only look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, Arc<[u8]>>);

impl Files {
    /// Reads files of a record. What is missing, too large or no plain file below the record is left out.
    pub(super) fn read<'a>(dir: &Path, names: impl Iterator<Item = &'a str>) -> Files {
        let (mut out, mut left) = (BTreeMap::new(), MOST_ALL);
        for name in names {
            if let Some(bytes) = below(dir, name, left.min(MOST_FILE)) {
                left -= bytes.len() as u64;
                out.insert(name.to_string(), bytes.into());
            }
        }
        Files(out)
    }

    /// The content of a file, if it was read.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(AsRef::as_ref)
    }
}

/// A file below a directory of at most `most` bytes. Neither its name nor a link may lead elsewhere: records come from
/// other machines too.
fn below(dir: &Path, name: &str, most: u64) -> Option<Vec<u8>> {
    let mut path = dir.to_path_buf();
    for part in Path::new(name).components() {
        let Component::Normal(part) = part else { return None };
        path.push(part);
        if fs::symlink_metadata(&path).ok()?.is_symlink() {
            return None;
        }
    }
    if !fs::metadata(&path).is_ok_and(|f| f.is_file() && f.len() <= most) {
        return None;
    }
    let mut bytes = vec![];
    // it may grow in the meantime
    File::open(&path).ok()?.take(most + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_the_record_are_read_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        fs::create_dir_all(run.join("seen")).unwrap();
        fs::write(dir.path().join("secret"), "of somebody").unwrap();
        fs::write(run.join("seen/a.png"), "picture").unwrap();
        File::create(run.join("seen/large.png")).unwrap().set_len(MOST_FILE + 1).unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), run.join("seen/link.png")).unwrap();
        std::os::unix::fs::symlink(dir.path(), run.join("out")).unwrap();
        let names = [
            "seen/a.png",
            "seen/large.png",
            "seen/link.png",
            "out/secret",
            "../secret",
            "/etc/passwd",
            "seen",
            "none",
        ];
        let files = Files::read(&run, names.into_iter());
        assert_eq!(files.get("seen/a.png"), Some(&b"picture"[..]));
        assert_eq!(files.0.len(), 1, "{:?}", files.0.keys());
    }

    #[test]
    fn all_files_together_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..6).map(|n| format!("{n}.png")).collect();
        names.iter().for_each(|n| File::create(dir.path().join(n)).unwrap().set_len(MOST_FILE).unwrap());
        let files = Files::read(dir.path(), names.iter().map(String::as_str));
        assert_eq!(files.0.len() as u64, MOST_ALL / MOST_FILE);
    }
}
