//! The disk as a read-only file system.

use ccci_recipe::files::{FileSystem, Kind, Named, too_large};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The disk of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Disk;

impl FileSystem for Disk {
    fn real(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        let facts = fs::metadata(path)?;
        Ok(match () {
            () if facts.is_dir() => Kind::Directory,
            () if facts.is_file() => Kind::File,
            () => Kind::Other,
        })
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Named>> {
        let named = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok(Named { name, directory: entry.file_type()?.is_dir() })
        };
        let mut all: Vec<Named> = fs::read_dir(directory)?.map(named).collect::<io::Result<_>>()?;
        all.sort();
        Ok(all)
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let file = fs::File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes > most {
            return Err(too_large(bytes, most));
        }
        let mut read = vec![];
        // the file may grow in the meantime
        file.take(most + 1).read_to_end(&mut read)?;
        match read.len() as u64 > most {
            true => Err(too_large(read.len() as u64, most)),
            false => Ok(read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_recipe::directory::Origin;
    use ccci_recipe::directory::layer::layer;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_to_files_inside_and_never_walked() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("r/lib")).unwrap();
        fs::write(at("outside"), "x").unwrap();
        fs::write(at("r/lib/a"), "a").unwrap();
        for (to, link) in
            [("lib/a", "b"), ("../outside", "out"), ("ring", "ring"), ("lib", "lib2"), (".", "lib/up")]
        {
            symlink(to, at("r").join(link)).unwrap();
        }
        rustix::fs::mknodat(rustix::fs::CWD, at("r/pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        let layer = layer(&Disk, &at("r"), "r", Origin::Project).unwrap();
        let texts: Vec<&str> = layer.texts.keys().map(String::as_str).collect();
        assert_eq!(texts, ["b", "lib/a"]);
        assert_eq!(layer.unread["out"], "it is a symbolic link out of the directory");
        assert!(layer.unread["ring"].contains("symbolic links"), "{:?}", layer.unread);
        for none in ["lib2", "lib/up", "pipe"] {
            assert_eq!(layer.unread[none], "it is no plain file", "{none}");
        }
    }

    #[test]
    fn a_file_is_read_up_to_what_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("x"), "12345").unwrap();
        assert_eq!(Disk.read(&dir.path().join("x"), 5).unwrap(), b"12345");
        let e = Disk.read(&dir.path().join("x"), 4).unwrap_err();
        assert_eq!(e.kind(), io::ErrorKind::FileTooLarge);
    }
}
