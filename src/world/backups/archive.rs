//! What is inside an archive, and its checksum. Pure but for the reader it is given.

use crate::digest::Sha256;
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
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Tally<W> {
    pub(super) fn new(sink: W) -> Tally<W> {
        Tally { sink, hash: Sha256::new(), bytes: 0 }
    }

    /// Checksum and length of what passed.
    pub(super) fn finish(self) -> (String, u64) {
        (self.hash.finish(), self.bytes)
    }
}

impl<W: Write> Write for Tally<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.sink.write(bytes)?;
        self.hash.take(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// A name without its first part: the engine names entries relative to the path's parent.
pub(super) fn inside(full: &[u8]) -> String {
    let full = String::from_utf8_lossy(full);
    full.trim_matches('/').split_once('/').map_or("", |(_, rest)| rest).to_string()
}

/// Everything in a tar, sorted.
pub(super) fn entries(tar: impl Read) -> io::Result<Vec<Entry>> {
    let mut out = vec![];
    for entry in tar::Archive::new(tar).entries()? {
        let mut entry = entry?;
        let header = entry.header().clone();
        let name = inside(&entry.path_bytes());
        let (kind, content, digest) = match header.entry_type() {
            tar::EntryType::Directory => ("dir", 0, String::new()),
            tar::EntryType::Regular | tar::EntryType::Continuous => {
                let (content, digest) = file(&mut entry)?;
                ("file", content, digest)
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

/// The same of a tar that somebody is still writing, who must get rid of all of it: also of what comes after its end.
pub(super) fn entries_of_all(mut tar: impl Read) -> io::Result<Vec<Entry>> {
    let listed = entries(&mut tar);
    io::copy(&mut tar, &mut io::sink())?;
    listed
}

/// Content and digest of a file, which may be larger than the memory.
fn file(entry: &mut impl Read) -> io::Result<(u64, String)> {
    let mut tally = Tally::new(Ends::default());
    io::copy(entry, &mut tally)?;
    let ends = std::mem::take(&mut tally.sink);
    let (digest, bytes) = tally.finish();
    Ok((ends.content(bytes), digest))
}

/// The first bytes and the last ones of what passes.
#[derive(Default)]
struct Ends {
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Write for Ends {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.first.extend(bytes.iter().take(2usize.saturating_sub(self.first.len())));
        self.last.extend(&bytes[bytes.len().saturating_sub(4)..]);
        self.last.drain(..self.last.len().saturating_sub(4));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Ends {
    /// A gzip counts with the length that its trailer says (modulo 4 GiB): that of nothing is 0. A gzip that is cut has
    /// a trailer of noise, which the recipe's `backup_verify` is for.
    fn content(&self, bytes: u64) -> u64 {
        match (self.first.as_slice(), self.last.as_slice()) {
            ([0x1f, 0x8b], [a, b, c, d]) if bytes >= 18 => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
            _ => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesson_50_a_gzip_of_nothing_has_no_content() {
        let of_nothing = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let content = |mut bytes: &[u8]| file(&mut bytes).unwrap().0;
        assert_eq!(content(&of_nothing), 0);
        assert_eq!(content(&of_nothing[..17]), 17, "too short to be one");
        assert_eq!(content(b"text"), 4);
        assert_eq!(content(b""), 0);
    }

    #[test]
    fn the_ends_of_a_file_are_known_however_it_comes() {
        for piece in 1..9 {
            let mut ends = Ends::default();
            b"abcdefgh".chunks(piece).for_each(|bytes| ends.write_all(bytes).unwrap());
            assert_eq!((ends.first.as_slice(), ends.last.as_slice()), (&b"ab"[..], &b"efgh"[..]));
        }
    }

    #[test]
    fn whoever_writes_a_tar_gets_rid_of_all_of_it() {
        for (tar, well) in [(vec![0; 300_000], true), (vec![b'x'; 300_000], false)] {
            let (reader, mut writer) = io::pipe().unwrap();
            let listing = std::thread::spawn(move || entries_of_all(reader));
            writer.write_all(&tar).unwrap();
            drop(writer);
            assert_eq!(listing.join().unwrap().is_ok(), well);
        }
    }

    #[test]
    fn lesson_50_a_tar_of_nothing_has_no_entries() {
        let tar = tar::Builder::new(vec![]).into_inner().unwrap();
        assert!(tar.len() >= 1_024);
        assert_eq!(entries(tar.as_slice()).unwrap(), []);
    }
}
