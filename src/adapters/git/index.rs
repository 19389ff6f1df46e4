//! The index of a work tree, and whether the work tree has exactly its files: then git need not be asked what has changed.
//! Starting git takes longer than reading a recipe. Only the usual form of an index is read; for any other one git is asked.

use super::content::MOST_FILE;
use ccci_model::digest::hex;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Largest index that is read, bytes; that of a recipe has some kilobytes.
const MOST_INDEX: u64 = 1 << 20;
/// Largest sum of the files of a work tree that is compared, bytes. Git does it faster for more, because it believes what the
/// file system says of a file.
const MOST_TREE: u64 = 8 << 20;
/// Length of an entry before its name: times, device, ids, size; then the object, then flags.
const BEFORE_NAME: usize = 62;

/// A file that git tracks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tracked {
    /// Its mode as in a tree.
    pub mode: u32,
    /// Id of its content.
    pub object: String,
}

/// The files of an index by their paths; `None` for an index that says more than that, such as a merge that is not
/// finished, or a file that git does not look at.
pub(super) fn read(bytes: &[u8]) -> Option<BTreeMap<String, Tracked>> {
    let (bytes, checksum) = bytes.split_last_chunk::<20>()?;
    if digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref() != checksum {
        return None;
    }
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if bytes.get(..4)? != b"DIRC" || number(4)? != 2 {
        return None;
    }
    let (mut all, mut at) = (BTreeMap::new(), 12);
    for _ in 0..number(8)? {
        let flags = u16::from_be_bytes(bytes.get(at + 60..at + 62)?.try_into().ok()?);
        // the upper four bits: not looked at, more flags, and the side of a merge
        if flags & 0xf000 != 0 {
            return None;
        }
        let start = at + BEFORE_NAME;
        let length = bytes.get(start..)?.iter().position(|b| *b == 0)?;
        let path = String::from_utf8(bytes[start..start + length].to_vec()).ok()?;
        let tracked = Tracked { mode: number(at + 24)?, object: hex(bytes.get(at + 40..at + 60)?) };
        all.insert(path, tracked);
        // filled up with one to eight zero bytes
        at += (BEFORE_NAME + length + 8) & !7;
    }
    // extensions that change what the entries mean begin with a small letter
    while at < bytes.len() {
        if !bytes.get(at)?.is_ascii_uppercase() {
            return None;
        }
        at += 8 + number(at + 4)? as usize;
    }
    (at == bytes.len()).then_some(all)
}

/// The index of a work tree that has exactly its files. `None` if something differs, or if git has to say whether it does.
pub(super) fn unchanged(work_tree: &Path) -> Option<BTreeMap<String, Tracked>> {
    let file = work_tree.join(".git/index");
    if fs::metadata(&file).ok()?.len() > MOST_INDEX {
        return None;
    }
    let index = read(&fs::read(&file).ok()?)?;
    // attributes may say that a file is not stored as it is
    let attributes = |path: &String| path.rsplit('/').next() == Some(".gitattributes");
    if index.keys().any(attributes) || work_tree.join(".git/info/attributes").exists() {
        return None;
    }
    let (mut seen, mut room) = (0, MOST_TREE);
    let mut directories = vec![(work_tree.to_path_buf(), String::new())];
    while let Some((directory, shown)) = directories.pop() {
        for entry in fs::read_dir(directory).ok()? {
            let entry = entry.ok()?;
            let name = entry.file_name();
            if name == OsStr::from_bytes(b".git") {
                match shown.is_empty() {
                    true => continue,
                    false => return None,
                }
            }
            let path = format!("{shown}{}", name.to_str()?);
            let (whole, is) = (entry.path(), entry.file_type().ok()?);
            if is.is_dir() {
                directories.push((whole, format!("{path}/")));
                continue;
            }
            let tracked = index.get(&path)?;
            let (mode, content) = content(&whole, is, &mut room)?;
            if mode != tracked.mode || id_of(&content) != tracked.object {
                return None;
            }
            seen += 1;
        }
    }
    (seen == index.len()).then_some(index)
}

/// What git would store of a file: its mode and its content.
fn content(path: &PathBuf, is: FileType, room: &mut u64) -> Option<(u32, Vec<u8>)> {
    let facts = fs::symlink_metadata(path).ok()?;
    *room = room.checked_sub(facts.len()).filter(|_| facts.len() <= MOST_FILE)?;
    if is.is_symlink() {
        return Some((0o120_000, fs::read_link(path).ok()?.into_os_string().into_vec()));
    }
    let mode = if facts.permissions().mode() & 0o100 == 0 { 0o100_644 } else { 0o100_755 };
    // a pipe has no end, and git does not see it
    let content = facts.is_file().then(|| fs::read(path).ok())??;
    Some((mode, content)).filter(|(_, content)| content.len() as u64 == facts.len())
}

/// The id of a file's content.
fn id_of(content: &[u8]) -> String {
    let mut sha1 = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    sha1.update(format!("blob {}\0", content.len()).as_bytes());
    sha1.update(content);
    hex(sha1.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index of version 2 with one file, whose flags are given, and an extension.
    fn index(flags: u16, extension: &str) -> Vec<u8> {
        let mut entry = vec![0; 24];
        entry.extend(0o100_755_u32.to_be_bytes());
        entry.extend([0; 12]);
        entry.extend([0xab; 20]);
        entry.extend((flags | 5).to_be_bytes());
        entry.extend(b"a/b.c\0\0\0\0\0");
        let mut all = b"DIRC\0\0\0\x02\0\0\0\x01".to_vec();
        all.extend(entry);
        all.extend(extension.as_bytes());
        all.extend([0, 0, 0, 2, 1, 2]);
        summed(all)
    }

    fn summed(mut all: Vec<u8>) -> Vec<u8> {
        let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, &all);
        all.extend(sum.as_ref());
        all
    }

    #[test]
    fn an_index_has_paths_modes_and_objects() {
        let all = read(&index(0, "TREE")).unwrap();
        let expected = Tracked { mode: 0o100_755, object: "ab".repeat(20) };
        assert_eq!(all, BTreeMap::from([("a/b.c".to_string(), expected)]));
    }

    #[test]
    fn an_index_that_says_more_or_is_cut_is_left_to_git() {
        let whole = index(0, "TREE");
        for flags in [0x8000, 0x4000, 0x1000] {
            assert_eq!(read(&index(flags, "TREE")), None, "{flags:x}");
        }
        assert_eq!(read(&index(0, "link")), None);
        (0..whole.len()).for_each(|n| assert_eq!(read(&whole[..n]), None, "{n}"));
        let content = &whole[..whole.len() - 20];
        let other: Vec<u8> = content.iter().enumerate().map(|(n, b)| if n == 7 { 4 } else { *b }).collect();
        assert_eq!(read(&summed(other)), None);
        assert_eq!(read(&summed(content[..content.len() - 1].to_vec())), None);
        assert_eq!(read(b""), None);
    }

    #[test]
    fn the_id_of_a_content_is_gits() {
        assert_eq!(id_of(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    }
}
