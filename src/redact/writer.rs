//! Redaction of a stream: what may be the beginning of a secret is held back until more of it came.

use super::{Redactor, cover};
use std::io::{self, Write};

/// Bytes are looked at in pieces of about this size.
const PIECE: usize = 16 * 1024;

/// Hides secrets in what is written through it, wherever the writes are split.
///
/// `flush` passes on what is certain; the rest, some kilobytes at most, follows with `finish` or when it is dropped
/// (where an error cannot be told).
pub struct RedactingWriter<W: Write> {
    redactor: Redactor,
    to: Option<W>,
    pub(super) held: Vec<u8>,
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
            // a secret that lies across the cut stays whole; so do those it touches
            for span in spans.iter().rev() {
                if span.end >= cut && span.start < cut {
                    cut = span.start;
                }
            }
        }
        let certain: Vec<_> = spans.into_iter().filter(|s| s.end <= cut && s.start < cut).collect();
        if cut > 0
            && let Some(to) = &mut self.to
        {
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
