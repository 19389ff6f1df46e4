//! Redaction of a stream: bytes that may be the beginning of a secret are held back until the next bytes
//! arrive.

use super::{Redactor, cover};
use std::io::{self, Write};

/// Bytes are searched in pieces of about this size.
const PIECE: usize = 16_384;

/// Hides secrets in everything that is written through it, however the text is split into writes.
///
/// `flush` writes what is certain. The rest, at most some kilobytes, is written by `finish` or on drop, which
/// cannot report errors.
pub struct RedactingWriter<W: Write> {
    redactor: Redactor,
    to: Option<W>,
    held: Vec<u8>,
}

impl<W: Write> RedactingWriter<W> {
    /// Makes a writer that writes to `to`.
    pub fn new(redactor: Redactor, to: W) -> RedactingWriter<W> {
        RedactingWriter { redactor, to: Some(to), held: vec![] }
    }

    /// Writes everything that is held back, and returns the inner writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.pass(0)?;
        let mut to = self.to.take().ok_or_else(|| io::Error::other("finished already"))?;
        to.flush()?;
        Ok(to)
    }

    /// Writes all but the last `keep` bytes; a secret that reaches into these is held back as a whole.
    fn pass(&mut self, keep: usize) -> io::Result<()> {
        let spans = self.redactor.inner().spans(&self.held);
        let mut cut = self.held.len().saturating_sub(keep);
        if keep > 0 {
            cut = whole_escapes(&self.held, cut);
            // a secret across the cut is kept whole, together with secrets that it touches
            cut = spans.iter().find(|s| (s.start..=s.end).contains(&cut)).map_or(cut, |s| s.start);
        }
        let certain: Vec<_> = spans.into_iter().take_while(|s| s.end <= cut).collect();
        if let Some(to) = &mut self.to {
            to.write_all(&cover(&self.held[..cut], &certain))?;
            self.held.drain(..cut);
        }
        Ok(())
    }
}

/// Moves a cut so that it does not separate backslashes that belong together: `\\` must not become `\` and
/// `\"`.
fn whole_escapes(bytes: &[u8], cut: usize) -> usize {
    let run = bytes[..cut].iter().rev().take_while(|b| **b == b'\\').count();
    cut - run % 8
}

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE);
        self.held.extend_from_slice(&bytes[..taken]);
        let reach = self.redactor.reach();
        // the held bytes are searched again with the next piece, so a piece must not be smaller
        if self.held.len() >= reach + reach.max(PIECE) {
            self.pass(reach)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass(self.redactor.reach())?;
        self.to.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl<W: Write> Drop for RedactingWriter<W> {
    fn drop(&mut self) {
        let _ = self.pass(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{Added, DOTS};
    use crate::secret::Secret;

    fn redactor() -> Redactor {
        let r = Redactor::default();
        assert_eq!(r.add("s0", &Secret::new("hunter2secret")), Added::Hidden);
        r
    }

    /// Output if a flush after `at` bytes writes the certain part first.
    fn parted(r: &Redactor, text: &str, at: usize) -> String {
        let mut writer = RedactingWriter::new(r.clone(), vec![]);
        let held = " ".repeat(r.reach() - (text.len() - at));
        write!(writer, "{text}{held}").unwrap();
        writer.flush().unwrap();
        let out = writer.finish().unwrap();
        String::from_utf8(out).unwrap().trim_end().to_string()
    }

    #[test]
    fn a_flush_splits_no_secret_and_no_escape() {
        let r = redactor();
        let two_deep: String =
            "hunter2secret".chars().map(|c| format!("%26%23x{:06X}%3B", c as u32)).collect();
        let mut texts = vec![
            "<hunter2secret>".to_string(),
            "<hunter2secrethunter2secret>hunter2secret".to_string(),
            two_deep,
        ];
        texts.extend((0..10).map(|n| format!("<{}u0068unter2secret>", "\\".repeat(n))));
        for text in texts {
            let whole = r.hide(&text);
            for at in 0..=text.len() {
                assert_eq!(parted(&r, &text, at), whole, "{text} parted after {at}");
            }
        }
    }

    #[test]
    fn the_end_of_a_stream_is_always_written() {
        let r = redactor();
        for (text, expected) in
            [("hunter2secret", DOTS), ("a\\\\\\", "a\\\\\\"), ("hunter2", "hunter2"), ("", "")]
        {
            let mut writer = RedactingWriter::new(r.clone(), vec![]);
            writer.write_all(text.as_bytes()).unwrap();
            assert_eq!(writer.finish().unwrap(), expected.as_bytes(), "finished: {text}");
            let mut out = vec![];
            RedactingWriter::new(r.clone(), &mut out).write_all(text.as_bytes()).unwrap();
            assert_eq!(out, expected.as_bytes(), "dropped: {text}");
        }
    }

    #[test]
    fn a_stream_writes_certain_bytes_piece_by_piece() {
        let mut out = vec![];
        let mut writer = RedactingWriter::new(redactor(), &mut out);
        let reach = writer.redactor.reach();
        for _ in 0..100 {
            writer.write_all(&[b'x'; 100]).unwrap();
        }
        assert_eq!(writer.held.len(), 10_000, "small writes are gathered");
        writer.write_all(&[b'x'; 90_000]).unwrap();
        assert!(writer.held.len() < 3 * PIECE, "{} bytes are held", writer.held.len());
        writer.flush().unwrap();
        assert_eq!(writer.held.len(), reach);
        drop(writer);
        assert_eq!(out, [b'x'; 100_000]);
    }
}
