//! Makes `Files` from what git or the work tree hold: texts, binaries, links, and files that were not read and why.

use ccci_model::diag::Text;
use ccci_model::failure::is_of_machine;
use ccci_recipe::source::{Files, tidy};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Largest file that is read, bytes. A larger one is no text of a recipe; Swarm accepts 500 kB for a config or a
/// secret.
pub(crate) const MOST_FILE: u64 = 4 << 20;
/// Largest sum of all files of a revision, bytes; a real recipe has some hundred kilobytes.
pub(crate) const MOST_TOTAL: u64 = 64 << 20;

/// A file before its content is examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// Its content.
    Bytes(Vec<u8>),
    /// Target of a symbolic link.
    Link(String),
    /// Why it was not read.
    Unread(String),
}

/// Sorts files by their content. `shown` makes the path that messages name.
pub fn files(raw: BTreeMap<String, Raw>, shown: impl Fn(&str) -> String) -> Files {
    let mut all = Files::default();
    for path in raw.keys() {
        let text = |bytes: &[u8]| {
            let good = String::from_utf8(bytes.to_vec()).ok().filter(|t| !t.contains('\0'));
            good.map(|content| Arc::new(Text { path: shown(path), content }))
        };
        match resolve(&raw, path) {
            Ok(bytes) => match text(bytes) {
                Some(text) => drop(all.texts.insert(path.clone(), text)),
                None => drop(all.binaries.insert(path.clone(), Arc::from(bytes))),
            },
            Err(why) => drop(all.unread.insert(path.clone(), why)),
        }
    }
    all
}

/// The bytes of a path. Links are followed inside the repository only, so that none can show a file of the machine.
fn resolve<'a>(raw: &'a BTreeMap<String, Raw>, path: &str) -> Result<&'a [u8], String> {
    let mut at = path.to_string();
    // no recipe needs more than one link to a link
    for _ in 0..8 {
        match raw.get(&at) {
            Some(Raw::Bytes(bytes)) => return Ok(bytes),
            Some(Raw::Unread(why)) => return Err(why.clone()),
            Some(Raw::Link(to)) => {
                let target = joined(&at, to);
                at = target.ok_or_else(|| format!("a symbolic link out of the repository (`{to}`)"))?;
            }
            None => return Err(format!("a symbolic link to `{at}`, which is no file of the repository")),
        }
    }
    Err("a symbolic link that goes in a circle".into())
}

/// Resolves `to` from the directory of `from`, inside the repository.
fn joined(from: &str, to: &str) -> Option<String> {
    match from.rsplit_once('/') {
        Some((directory, _)) if !to.starts_with('/') => tidy(&format!("{directory}/{to}")),
        _ => tidy(to),
    }
}

/// A file of a work tree as git would read it; `None` if it does not exist. An error is the machine's, not the file's.
pub(crate) fn of_work_tree(root: &Path, path: &str) -> io::Result<Option<Raw>> {
    match read(root, path) {
        Ok(raw) => Ok(Some(raw)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) if is_of_machine(&e) => Err(e),
        Err(e) => Ok(Some(Raw::Unread(e.to_string()))),
    }
}

fn read(root: &Path, path: &str) -> io::Result<Raw> {
    let mut whole = PathBuf::from(root);
    let parts: Vec<Component<'_>> = Path::new(path).components().collect();
    for (i, part) in parts.iter().enumerate() {
        whole.push(part);
        let last = i + 1 == parts.len();
        let facts = fs::symlink_metadata(&whole)?;
        if facts.is_symlink() {
            // for git, a directory that became a link is gone, with everything that was in it
            return if last { link(&whole) } else { Err(io::ErrorKind::NotFound.into()) };
        }
        if last && facts.is_file() {
            return if facts.len() > MOST_FILE {
                Ok(too_big(facts.len()))
            } else {
                fs::read(&whole).map(Raw::Bytes)
            };
        }
    }
    Ok(Raw::Unread("it is neither a file nor a link".into()))
}

fn link(path: &Path) -> io::Result<Raw> {
    let to = fs::read_link(path)?;
    Ok(to.to_str().map_or_else(
        || Raw::Unread("a link whose target is not valid UTF-8".into()),
        |t| Raw::Link(t.to_string()),
    ))
}

/// The entry for a file that is too big.
pub(crate) fn too_big(bytes: u64) -> Raw {
    Raw::Unread(format!("it has {} MiB; files up to {} MiB are read", bytes >> 20, MOST_FILE >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(list: &[(&str, Raw)]) -> Files {
        files(list.iter().map(|(p, r)| ((*p).to_string(), r.clone())).collect(), |p| format!("head:{p}"))
    }

    #[test]
    fn files_are_sorted_into_texts_binaries_and_what_was_not_read() {
        let all = raw(&[
            ("a", Raw::Bytes(b"text".to_vec())),
            ("b", Raw::Bytes(vec![0, 1])),
            ("c", Raw::Bytes(vec![0xff])),
            ("d", Raw::Unread("why".into())),
        ]);
        assert_eq!(all.text("a").map(|t| t.path.as_str()), Some("head:a"));
        assert_eq!(all.binaries.keys().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(all.unread["d"], "why");
        assert_eq!(all.bytes("c"), Some(&[0xff][..]));
    }

    #[test]
    fn links_are_followed_inside_the_repository_and_nowhere_else() {
        let all = raw(&[
            ("conf/a", Raw::Link("../b".into())),
            ("b", Raw::Link("./c".into())),
            ("c", Raw::Bytes(b"x".to_vec())),
            ("out", Raw::Link("../../etc/passwd".into())),
            ("abs", Raw::Link("/etc/passwd".into())),
            ("dead", Raw::Link("nothing".into())),
            ("ring", Raw::Link("ring".into())),
        ]);
        assert_eq!(all.text("conf/a").map(|t| t.content.as_str()), Some("x"));
        assert!(all.unread["out"].contains("out of the repository"), "{:?}", all.unread);
        assert!(all.unread["abs"].contains("out of the repository"));
        assert!(all.unread["dead"].contains("no file of the repository"));
        assert!(all.unread["ring"].contains("circle"));
    }

    #[test]
    fn a_work_tree_is_never_left_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("secret"), "x").unwrap();
        let root = dir.path().join("tree");
        fs::create_dir(&root).unwrap();
        std::os::unix::fs::symlink("..", root.join("up")).unwrap();
        assert_eq!(of_work_tree(&root, "up/secret").unwrap(), None);
        assert_eq!(of_work_tree(&root, "up").unwrap(), Some(Raw::Link("..".into())));
        assert_eq!(of_work_tree(&root, "gone").unwrap(), None);
        assert!(matches!(of_work_tree(&root, ".").unwrap(), Some(Raw::Unread(_))));
    }
}
