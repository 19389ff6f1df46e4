//! Reads what is added to a file, line by line.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Most bytes that one call reads.
const PIECE: u64 = 1 << 20;

/// A file that grows.
pub struct Tail {
    file: File,
    /// The beginning of a line whose end is not written yet.
    begun: Vec<u8>,
}

impl Tail {
    /// Opens a regular file; reading begins at its start.
    pub fn open(path: &Path) -> io::Result<Tail> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no plain file"));
        }
        Ok(Tail { file, begun: vec![] })
    }

    /// The lines that were completed since the last call, as far as one piece reaches.
    pub fn lines(&mut self) -> io::Result<Vec<String>> {
        self.file.by_ref().take(PIECE).read_to_end(&mut self.begun)?;
        let Some(end) = self.begun.iter().rposition(|b| *b == b'\n') else { return Ok(vec![]) };
        let rest = self.begun.split_off(end + 1);
        let whole = std::mem::replace(&mut self.begun, rest);
        Ok(String::from_utf8_lossy(&whole).lines().map(str::to_string).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Write;

    #[test]
    fn a_line_is_read_once_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, "one\ntw").unwrap();
        let mut tail = Tail::open(&path).unwrap();
        assert_eq!(tail.lines().unwrap(), ["one"]);
        assert_eq!(tail.lines().unwrap(), Vec::<String>::new());
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"o\nthree\n").unwrap();
        assert_eq!(tail.lines().unwrap(), ["two", "three"]);
        assert!(Tail::open(dir.path()).is_err());
    }
}
