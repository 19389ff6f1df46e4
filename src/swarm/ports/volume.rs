//! Files of a volume as plain values: where they are, and what was found there.

use ccci_model::digest::Sha256;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// A path inside a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InVolume {
    /// The volume's name on the engine.
    pub volume: String,
    /// The path below its root, without a slash at either end; empty for all of it.
    pub path: String,
}

/// What a file is. Sockets are left out: they exist only while their program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A directory.
    Dir,
    /// A file with content.
    File,
    /// A symbolic link.
    Link,
    /// A pipe or a device.
    Other,
}

/// One file below a path in a volume.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// Its path, relative to the one that was asked for; empty for that path itself.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Bytes that count as content. Of a gzip, the unpacked bytes count, because even an empty gzip has 20 bytes
    /// (lesson 50).
    pub content: u64,
    /// For a file, a digest of its content (see [`Content`]); for a link, its target; otherwise empty.
    pub digest: String,
    /// Owner, group and mode.
    pub owner: (u64, u64, u32),
    /// A digest of its extended attributes; empty if it has none.
    pub attributes: String,
}

/// What a restore did below a path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutBack {
    /// Entries written.
    pub written: u64,
    /// What was made after the backup and was removed; for a directory, only its top.
    pub removed: Vec<String>,
}

/// Number of bytes that are examined together.
const BLOCK: usize = 4096;

/// Digest and length of a file's content. Holes may be read as zeros or skipped: blocks of zeros are not hashed,
/// they only change the positions of the other blocks.
pub struct Content {
    hash: Sha256,
    at: u64,
    block: Vec<u8>,
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Content {
    /// No content yet.
    #[expect(clippy::new_without_default, reason = "the content of nothing is nobody's default")]
    pub fn new() -> Content {
        Content { hash: Sha256::new(), at: 0, block: vec![], first: vec![], last: vec![] }
    }

    /// Adds the next bytes.
    pub fn take(&mut self, mut bytes: &[u8]) {
        self.first.extend(bytes.iter().take(2usize.saturating_sub(self.first.len())));
        self.last.extend(&bytes[bytes.len().saturating_sub(4)..]);
        self.last.drain(..self.last.len().saturating_sub(4));
        while !bytes.is_empty() {
            let some = (BLOCK - self.block.len()).min(bytes.len());
            self.block.extend_from_slice(&bytes[..some]);
            bytes = &bytes[some..];
            if self.block.len() == BLOCK {
                self.end_block();
            }
        }
    }

    /// Adds a hole of this many bytes.
    pub fn hole(&mut self, bytes: u64) {
        let zeros = [0; BLOCK];
        let open = if self.block.is_empty() { 0 } else { (BLOCK - self.block.len()) as u64 }.min(bytes);
        self.take(&zeros[..open as usize]);
        let left = bytes - open;
        let whole = left - left % BLOCK as u64;
        if whole > 0 {
            // one block is read for the first and last bytes; the blocks after it only change the position
            self.take(&zeros);
            self.at += whole - BLOCK as u64;
        }
        self.take(&zeros[..(left - whole) as usize]);
    }

    fn end_block(&mut self) {
        if self.block.iter().any(|b| *b != 0) {
            self.hash.take(&self.at.to_le_bytes());
            self.hash.take(&self.block);
        }
        self.at += self.block.len() as u64;
        self.block.clear();
    }

    /// The bytes that count as content, and the digest.
    pub fn finish(mut self) -> (u64, String) {
        self.end_block();
        let bytes = self.at;
        self.hash.take(&bytes.to_le_bytes());
        (counted(&self.first, &self.last, bytes), self.hash.finish())
    }
}

/// Counted length and digest of what a reader yields.
pub fn content_of(mut from: impl Read) -> io::Result<(u64, String)> {
    let mut content = Content::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(content.finish()),
            n => content.take(&piece[..n]),
        }
    }
}

/// The bytes that count. A gzip counts with the length in its trailer (modulo 4 GiB), which is 0 for an empty one.
/// The trailer of a gzip that was cut is random; the recipe's `backup_verify` has to find that.
fn counted(first: &[u8], last: &[u8], bytes: u64) -> u64 {
    match (first, last) {
        ([0x1f, 0x8b], [a, b, c, d]) if bytes >= 18 => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesson_50_a_gzip_of_nothing_has_no_content() {
        let of_nothing = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let content = |bytes: &[u8]| content_of(bytes).unwrap().0;
        assert_eq!(content(&of_nothing), 0);
        assert_eq!(content(&of_nothing[..17]), 17, "too short to be one");
        assert_eq!(content(b"text"), 4);
        assert_eq!(content(b""), 0);
    }

    /// A file has the same digest in pieces of any size, and whether its holes are read or skipped.
    #[test]
    fn holes_and_zeros_have_the_same_digest() {
        let sizes: [(usize, u64, usize); 6] =
            [(0, 9_000, 3), (1, 4_095, 5), (100, 20_000, 0), (4_096, 8_192, 4_096), (5_000, 1, 1), (7, 0, 7)];
        for (before, hole, after) in sizes {
            let whole = [vec![7; before], vec![0; hole as usize], vec![9; after]].concat();
            let plain = content_of(whole.as_slice()).unwrap();
            let mut passed = Content::new();
            passed.take(&whole[..before]);
            passed.hole(hole);
            passed.take(&whole[before + hole as usize..]);
            assert_eq!(passed.finish(), plain, "{before} {hole} {after}");
            let mut pieces = Content::new();
            whole.chunks(3).for_each(|piece| pieces.take(piece));
            assert_eq!(pieces.finish(), plain, "{before} {hole} {after} in pieces");
        }
    }

    #[test]
    fn a_hole_of_a_terabyte_is_passed_in_a_moment_and_its_length_counts() {
        let of = |hole: u64| {
            let mut content = Content::new();
            content.take(b"begin");
            content.hole(hole);
            content.finish()
        };
        assert_eq!(of(1 << 40).0, (1 << 40) + 5);
        assert_ne!(of(1 << 40).1, of((1 << 40) + 1).1);
    }

    #[test]
    fn what_stands_elsewhere_is_another_content() {
        let at =
            |n: usize| content_of([vec![0; n], vec![1], vec![0; 9_000 - n]].concat().as_slice()).unwrap();
        assert_ne!(at(0), at(4_096));
        assert_eq!(at(17), at(17));
    }
}
