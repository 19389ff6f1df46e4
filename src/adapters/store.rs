//! The run's directory as a store. Names are relative and stay inside it; a file appears whole or not at all.

use super::mask::of_files;
use ccci_swarm::ports::store::{Store, is_full};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};
use tempfile::{Builder, TempPath};

/// A store in one directory, which is made when it is first needed.
#[derive(Debug, Clone)]
pub struct DirStore {
    dir: PathBuf,
}

impl DirStore {
    /// A store below this directory.
    pub fn new(dir: impl Into<PathBuf>) -> DirStore {
        DirStore { dir: dir.into() }
    }

    /// The path of a name, for people. Fails for a name that would leave the directory.
    pub fn path(&self, name: &str) -> io::Result<PathBuf> {
        let inside = Path::new(name);
        let plain = inside.components().all(|c| matches!(c, Component::Normal(_)));
        if name.is_empty() || !plain || name.contains('\0') {
            let text = format!("`{name}` is not a name inside the run's directory");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        Ok(self.dir.join(inside))
    }
}

impl Store for DirStore {
    fn create(&self, name: &str) -> io::Result<Box<dyn Write + Send>> {
        let path = self.path(name)?;
        let folder = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(folder).map_err(|e| explain(&path, &e))?;
        let temp = Builder::new().permissions(of_files()).tempfile_in(folder);
        let temp = temp.map_err(|e| explain(&path, &e))?;
        let (file, temp) = temp.into_parts();
        Ok(Box::new(Pending { out: BufWriter::new(file), temp: Some(temp), path, broken: false }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        let path = self.path(name)?;
        let file = File::open(&path).map_err(|e| explain(&path, &e))?;
        Ok(Box::new(BufReader::new(file)))
    }
}

/// A file that is being written. The first `flush` gives it its name and reports errors; later writes continue in
/// place. Dropping it without a flush does the same but cannot report an error. After a failed write the name is
/// not made: half an archive must not look like an archive.
struct Pending {
    out: BufWriter<File>,
    temp: Option<TempPath>,
    path: PathBuf,
    broken: bool,
}

impl Pending {
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.broken |= matches!(&result, Err(e) if e.kind() != io::ErrorKind::Interrupted);
        result.map_err(|e| explain(&self.path, &e))
    }

    fn settle(&mut self) -> io::Result<()> {
        let written = self.out.flush();
        self.note(written)?;
        match self.temp.take() {
            Some(temp) if !self.broken => temp.persist(&self.path).map_err(|e| explain(&self.path, &e.error)),
            _ => Ok(()),
        }
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.settle()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let _ = self.settle();
    }
}

/// The same kind of error with the path and, for a full disk, what to do.
fn explain(path: &Path, e: &io::Error) -> io::Error {
    let cure = match e.kind() {
        io::ErrorKind::FileTooLarge => {
            ": files may not grow further; raise the limit (`ulimit -f`) or put the record elsewhere with `--out DIR`"
        }
        _ if is_full(e) => ": the disk is full; free some room or put the record elsewhere with `--out DIR`",
        io::ErrorKind::PermissionDenied => ": put the record elsewhere with `--out DIR`",
        _ => "",
    };
    io::Error::new(e.kind(), format!("{}: {e}{cure}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(store: &DirStore, name: &str) -> String {
        let mut text = String::new();
        store.open(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_was_written_is_read_and_a_second_file_of_a_name_replaces_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let store = DirStore::new(dir.path().join("made/when/needed"));
        for text in ["first", "second"] {
            let mut file = store.create("a/b.txt").unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.flush().unwrap();
            assert_eq!(read(&store, "a/b.txt"), text);
        }
        assert_eq!(store.open("a/c.txt").err().unwrap().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let store = DirStore::new(dir.path());
        let mut file = store.create("x").unwrap();
        file.write_all(b"half").unwrap();
        assert!(store.open("x").is_err());
        drop(file);
        assert_eq!(read(&store, "x"), "half");
    }

    #[test]
    fn what_is_written_after_a_flush_is_kept_too() {
        let dir = tempfile::tempdir().unwrap();
        let store = DirStore::new(dir.path());
        let mut file = store.create("x").unwrap();
        file.write_all(b"one ").unwrap();
        file.flush().unwrap();
        file.write_all(b"two").unwrap();
        drop(file);
        assert_eq!(read(&store, "x"), "one two");
    }

    #[test]
    fn names_that_leave_the_directory_are_refused() {
        let store = DirStore::new("/nowhere");
        for bad in ["", "../x", "a/../../x", "/etc/passwd", ".", "a\0b"] {
            assert_eq!(store.create(bad).err().unwrap().kind(), io::ErrorKind::InvalidInput, "{bad:?}");
            assert_eq!(store.open(bad).err().unwrap().kind(), io::ErrorKind::InvalidInput, "{bad:?}");
        }
    }

    #[test]
    fn a_full_disk_is_said_with_its_path_and_its_cure() {
        let mut file = Pending {
            out: BufWriter::with_capacity(4, File::options().write(true).open("/dev/full").unwrap()),
            temp: None,
            path: "backup/app.tar".into(),
            broken: false,
        };
        let e = file.write_all(&[0; 64]).and_then(|()| file.flush()).unwrap_err();
        assert_eq!(e.kind(), io::ErrorKind::StorageFull);
        assert!(e.to_string().contains("backup/app.tar") && e.to_string().contains("--out"), "{e}");
    }
}
