//! What is inside an archive, and its checksum. Pure but for the reader it is given.

use std::io::{self, Read, Write};

/// Something in an archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its path, relative to the archived path; empty for that itself.
    pub name: String,
    /// `dir`, `file`, `link` or `other`.
    pub kind: &'static str,
    /// Bytes that count as content: of a gzip what is inside, as a gzip of nothing has 20 bytes (lesson 50).
    pub content: u64,
    /// SHA-256 of a file's bytes, a link's target; empty for others.
    pub digest: String,
    /// Owner, group and mode.
    pub owner: (u64, u64, u32),
}

/// Counts and hashes what passes to a sink.
pub(super) struct Tally<W> {
    sink: W,
    hash: ring::digest::Context,
    bytes: u64,
}

impl<W: Write> Tally<W> {
    pub(super) fn new(sink: W) -> Tally<W> {
        Tally { sink, hash: ring::digest::Context::new(&ring::digest::SHA256), bytes: 0 }
    }

    /// Checksum and length of what passed.
    pub(super) fn finish(self) -> (String, u64) {
        (hex(self.hash.finish().as_ref()), self.bytes)
    }
}

impl<W: Write> Write for Tally<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.sink.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Everything in a tar, sorted. Names lose the first part: the engine names entries relative to the path's parent.
pub(super) fn entries(tar: impl Read) -> io::Result<Vec<Entry>> {
    let mut out = vec![];
    for entry in tar::Archive::new(tar).entries()? {
        let mut entry = entry?;
        let header = entry.header().clone();
        let full = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let name = full.trim_matches('/').split_once('/').map_or("", |(_, rest)| rest).to_string();
        let (kind, content, digest) = match header.entry_type() {
            tar::EntryType::Directory => ("dir", 0, String::new()),
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                let mut bytes = vec![];
                entry.read_to_end(&mut bytes)?;
                let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
                ("file", content_of(&bytes), hex(digest.as_ref()))
            }
            tar::EntryType::Symlink | tar::EntryType::Link => {
                let target = entry.link_name_bytes().map(|b| String::from_utf8_lossy(&b).into_owned());
                ("link", 0, target.unwrap_or_default())
            }
            _ => ("other", 0, String::new()),
        };
        let owner =
            (header.uid().unwrap_or(0), header.gid().unwrap_or(0), header.mode().unwrap_or(0) & 0o7777);
        out.push(Entry { name, kind, content, digest, owner });
    }
    out.sort();
    Ok(out)
}

/// A gzip counts with the length that its trailer says (modulo 4 GiB): that of nothing is 0. A gzip that is cut has a
/// trailer of noise, which the recipe's `backup_verify` is for.
fn content_of(bytes: &[u8]) -> u64 {
    let is_gzip = bytes.starts_with(&[0x1f, 0x8b]) && bytes.len() >= 18;
    match bytes {
        [.., a, b, c, d] if is_gzip => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
        _ => bytes.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesson_50_a_gzip_of_nothing_has_no_content() {
        let of_nothing = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(content_of(&of_nothing), 0);
        assert_eq!(content_of(b"text"), 4);
    }

    #[test]
    fn lesson_50_a_tar_of_nothing_has_no_entries() {
        let tar = tar::Builder::new(vec![]).into_inner().unwrap();
        assert!(tar.len() >= 1_024);
        assert_eq!(entries(tar.as_slice()).unwrap(), []);
    }
}
