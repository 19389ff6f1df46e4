//! Redaction of a stream: what may be the beginning of a secret is held back until more of it came.

use super::{Redactor, cover};
use std::io::{self, Write};

/// Bytes are looked at in pieces of about this size.
const PIECE: usize = 16_384;

/// Hides secrets in what is written through it, wherever the writes are split.
///
/// `flush` passes on what is certain; the rest, some kilobytes at most, follows with `finish` or when it is dropped
/// (where an error cannot be told).
pub struct RedactingWriter<W: Write> {
    redactor: Redactor,
    to: Option<W>,
    held: Vec<u8>,
}

impl<W: Write> RedactingWriter<W> {
    /// Writes to `to` what `redactor` lets through.
    pub fn new(redactor: Redactor, to: W) -> RedactingWriter<W> {
        RedactingWriter { redactor, to: Some(to), held: vec![] }
    }

    /// Writes all that is held back, and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.pass(0)?;
        let mut to = self.to.take().ok_or_else(|| io::Error::other("finished already"))?;
        to.flush()?;
        Ok(to)
    }

    /// Passes on all but the last `keep` bytes, and but what hangs together with them.
    fn pass(&mut self, keep: usize) -> io::Result<()> {
        let spans = self.redactor.inner().spans(&self.held);
        let mut cut = self.held.len().saturating_sub(keep);
        if keep > 0 {
            cut = whole_escapes(&self.held, cut);
            // a secret that lies across the cut stays whole, and with it those that it touches
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

/// Moves a cut so that it does not part backslashes that belong together: `\\` must not become `\` and `\"`.
fn whole_escapes(bytes: &[u8], cut: usize) -> usize {
    let run = bytes[..cut].iter().rev().take_while(|b| **b == b'\\').count();
    cut - run % 8
}

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE);
        self.held.extend_from_slice(&bytes[..taken]);
        let reach = self.redactor.reach();
        // what is held back is searched again with the next piece: a piece is no smaller
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

    /// What comes out when a flush parts what is certain from the rest after so many bytes.
    fn parted(r: &Redactor, text: &str, at: usize) -> String {
        let mut writer = RedactingWriter::new(r.clone(), vec![]);
        let held = " ".repeat(r.reach() - (text.len() - at));
        write!(writer, "{text}{held}").unwrap();
        writer.flush().unwrap();
        let out = writer.finish().unwrap();
        String::from_utf8(out).unwrap().trim_end().to_string()
    }

    #[test]
    fn a_flush_parts_no_secret_and_no_escape() {
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
    fn the_end_of_a_stream_is_passed_on_whatever_it_is() {
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
    fn a_stream_lets_go_of_what_is_certain_a_piece_at_a_time() {
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
