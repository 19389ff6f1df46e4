//! The kept records on the disk: a directory for each run, and the index beside them.

use super::disk::Disk;
use super::mask::of_files;
use ccci_recipe::files::{FileSystem, Kind};
use ccci_swarm::ports::records::{Records, Stamp};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tempfile::Builder;

/// Name of the index.
const INDEX: &str = "index.jsonl";
/// Largest index that is read, bytes: this would hold some hundred thousand runs.
const MOST_INDEX: u64 = 256 << 20;

/// The records below one directory.
#[derive(Debug, Clone)]
pub struct DirRecords {
    below: PathBuf,
    /// Name of the file in a record that is listed and read.
    events: &'static str,
    /// Largest size of such a file, bytes.
    most: u64,
}

impl DirRecords {
    /// The records below a directory, which may be missing. A directory with a file named `events` is a record; at
    /// most `most` bytes of this file are read.
    pub fn new(below: impl Into<PathBuf>, events: &'static str, most: u64) -> DirRecords {
        DirRecords { below: below.into(), events, most }
    }

    /// The regular files of a record and below, with their sizes in bytes; links are not followed.
    pub fn files(&self, name: &str) -> io::Result<Vec<(String, u64)>> {
        let mut out = vec![];
        files_below(&self.below.join(name), "", &mut out)?;
        out.sort();
        Ok(out)
    }

    /// Removes a record. Its events go last, so that a record that could not be removed whole is still listed.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let dir = self.below.join(name);
        if fs::symlink_metadata(&dir)?.is_symlink() {
            return fs::remove_file(&dir);
        }
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(entry.path())?,
                false if entry.file_name() != self.events => fs::remove_file(entry.path())?,
                false => {}
            }
        }
        fs::remove_file(dir.join(self.events))?;
        fs::remove_dir(dir)
    }

    /// A file of a record, by its path relative to it; at most `most` bytes.
    pub fn file(&self, name: &str, path: &str, most: u64) -> io::Result<Vec<u8>> {
        plain(&self.below.join(name).join(path), most)
    }

    fn index_file(&self) -> PathBuf {
        self.below.join(INDEX)
    }
}

/// Adds the files below a directory, named from `above`.
fn files_below(dir: &Path, above: &str, out: &mut Vec<(String, u64)>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        // a file may vanish in the meantime
        match entry.metadata() {
            Ok(facts) if facts.is_dir() => files_below(&entry.path(), &format!("{name}/"), out)?,
            Ok(facts) if facts.is_file() => out.push((name, facts.len())),
            _ => {}
        }
    }
    Ok(())
}

/// A regular file's bytes; other kinds are not opened, because opening a pipe would wait.
fn plain(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    match Disk.kind(path)? {
        Kind::File => Disk.read(path, most),
        _ => Err(io::Error::other("it is no plain file")),
    }
}

impl Records for DirRecords {
    fn list(&self) -> io::Result<Vec<(String, Stamp)>> {
        let entries = match fs::read_dir(&self.below) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            entries => entries?,
        };
        let mut all = vec![];
        for entry in entries {
            let entry = entry?;
            let Ok(facts) = fs::metadata(entry.path().join(self.events)) else { continue };
            if !facts.is_file() {
                continue;
            }
            let nanoseconds = facts.mtime().saturating_mul(1_000_000_000).saturating_add(facts.mtime_nsec());
            let written_ns = u64::try_from(nanoseconds).unwrap_or_default();
            let stamp = Stamp { bytes: facts.len(), written_ns, inode: facts.ino() };
            all.push((entry.file_name().to_string_lossy().into_owned(), stamp));
        }
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(all)
    }

    fn events(&self, name: &str) -> io::Result<Vec<u8>> {
        plain(&self.below.join(name).join(self.events), self.most)
    }

    fn index(&self) -> io::Result<Vec<u8>> {
        match plain(&self.index_file(), MOST_INDEX) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(vec![]),
            read => read,
        }
    }

    fn extend_index(&self, lines: &[u8]) -> io::Result<()> {
        // additions in one write stay whole: the kernel moves to the end and writes under one lock
        let written = OpenOptions::new().append(true).create(true).open(self.index_file())?.write(lines)?;
        if written == lines.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }

    fn replace_index(&self, lines: &[u8]) -> io::Result<()> {
        let mut temp = Builder::new().prefix(".ccci-").permissions(of_files()).tempfile_in(&self.below)?;
        temp.write_all(lines)?;
        temp.persist(self.index_file()).map(drop).map_err(|e| e.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn ground() -> (tempfile::TempDir, DirRecords) {
        let dir = tempfile::tempdir().unwrap();
        let records = DirRecords::new(dir.path(), "events.jsonl", 1_000);
        (dir, records)
    }

    #[test]
    fn directories_with_events_are_records_in_the_order_of_their_names() {
        let (dir, records) = ground();
        for (name, file) in [("b", "events.jsonl"), ("a", "events.jsonl"), ("none", "plan.json")] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join(file), name).unwrap();
        }
        fs::create_dir_all(dir.path().join("odd/events.jsonl")).unwrap();
        let listed = records.list().unwrap();
        assert_eq!(listed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(records.events("a").unwrap(), b"a");
        assert_eq!(records.events("odd").unwrap_err().to_string(), "it is no plain file");
        fs::write(dir.path().join("b/events.jsonl"), vec![b'x'; 1_001]).unwrap();
        assert_eq!(records.events("b").unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_ne!(records.list().unwrap()[1], listed[1], "another stamp");
        let nowhere = DirRecords::new(dir.path().join("nowhere"), "events.jsonl", 1);
        assert!(nowhere.list().unwrap().is_empty() && nowhere.index().unwrap().is_empty());
    }

    #[test]
    fn a_record_is_removed_with_all_its_files_and_nothing_that_it_links_to() {
        let (dir, records) = ground();
        let other = dir.path().join("other");
        fs::create_dir_all(dir.path().join("a/logs")).unwrap();
        fs::create_dir(&other).unwrap();
        for (file, size) in [("a/events.jsonl", 3), ("a/logs/app.log", 5), ("other/stays", 7)] {
            fs::write(dir.path().join(file), vec![b'x'; size]).unwrap();
        }
        std::os::unix::fs::symlink(&other, dir.path().join("a/link")).unwrap();
        std::os::unix::fs::symlink(&other, dir.path().join("linked")).unwrap();
        let files = records.files("a").unwrap();
        assert_eq!(files, [("events.jsonl".to_string(), 3), ("logs/app.log".into(), 5)]);
        records.remove("a").unwrap();
        records.remove("linked").unwrap();
        assert!(!dir.path().join("a").exists() && !dir.path().join("linked").exists());
        assert!(other.join("stays").exists());
        assert_eq!(records.remove("a").unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_of_the_same_length_that_replaces_another_has_another_stamp() {
        let (dir, records) = ground();
        fs::create_dir(dir.path().join("a")).unwrap();
        let (file, new) = (dir.path().join("a/events.jsonl"), dir.path().join("a/new"));
        fs::write(&file, "one").unwrap();
        let before = records.list().unwrap();
        let written = fs::metadata(&file).unwrap().modified().unwrap();
        fs::write(&new, "two").unwrap();
        fs::File::options().write(true).open(&new).unwrap().set_modified(written).unwrap();
        fs::rename(&new, &file).unwrap();
        assert_ne!(records.list().unwrap(), before);
    }

    #[test]
    fn what_several_add_to_the_index_at_once_stays_whole() {
        let (_dir, records) = ground();
        thread::scope(|s| {
            for n in 0..8 {
                let records = &records;
                s.spawn(move || {
                    let line = format!("\n{}\n", n.to_string().repeat(3_000));
                    (0..20).for_each(|_| records.extend_index(line.as_bytes()).unwrap());
                });
            }
        });
        let index = String::from_utf8(records.index().unwrap()).unwrap();
        let lines: Vec<&str> = index.lines().filter(|l| !l.is_empty()).collect();
        assert_eq!(lines.len(), 160);
        assert!(lines.iter().all(|l| l.len() == 3_000 && l.bytes().all(|b| b == l.as_bytes()[0])));
        records.replace_index(b"new").unwrap();
        assert_eq!(records.index().unwrap(), b"new");
    }
}
