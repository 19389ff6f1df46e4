//! SHA-256 as lower-case hex, of bytes or of a stream. Pure.

use ring::digest::{Context, SHA256, digest};

/// The digest of these bytes, 64 hex digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// The digest of bytes that arrive in pieces.
pub struct Sha256(Context);

impl Sha256 {
    /// The digest of no bytes.
    #[expect(clippy::new_without_default, reason = "an empty digest is not a useful default")]
    pub fn new() -> Sha256 {
        Sha256(Context::new(&SHA256))
    }

    /// Adds the next piece.
    pub fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all pieces, 64 hex digits.
    pub fn finish(self) -> String {
        hex(self.0.finish().as_ref())
    }
}

/// Bytes as lower-case hex, two digits a byte: so git and we write digests.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |d: u8| char::from(b"0123456789abcdef"[usize::from(d & 15)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(*b)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_pieces_is_that_of_the_whole() {
        // FIPS 180-2, appendix B.1
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), abc);
        let mut pieces = Sha256::new();
        pieces.take(b"a");
        pieces.take(b"bc");
        assert_eq!(pieces.finish(), abc);
    }
}
