//! A container's log in memory, with the same limits as an engine's. Lines are cut into parts of 16 KiB. Each part is a
//! message with the time at which its line began. A reader asks for a number of messages. A character that is cut is
//! lost.

use ccci_swarm::log::{Log, PART, Stream};

/// A log.
#[derive(Default)]
pub(super) struct MemoryLog {
    messages: Vec<(Stream, Vec<u8>)>,
    /// For each stream: text that has no line break yet.
    open: [Open; 2],
    /// Number of lines begun. A line's time is its number, in seconds after a fixed moment.
    begun: u64,
}

/// Text at the end of a stream, not yet a complete part or line.
#[derive(Default)]
struct Open {
    text: Vec<u8>,
    /// When its line began, if a part of the line was already passed on.
    at: Option<u64>,
}

impl Open {
    /// Number of bytes before the line break.
    fn letters(&self) -> usize {
        self.text.len() - usize::from(self.text.ends_with(b"\n"))
    }
}

impl MemoryLog {
    /// Writes bytes to a stream.
    pub(super) fn write(&mut self, stream: Stream, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            self.open[stream as usize].text.extend_from_slice(piece);
            while self.open[stream as usize].letters() >= PART {
                self.pass(stream, PART);
            }
            if piece.ends_with(b"\n") {
                self.pass(stream, PART + 1);
                self.open[stream as usize].at = None;
            }
        }
    }

    /// Turns up to this many bytes of the open text into a message.
    fn pass(&mut self, stream: Stream, bytes: usize) {
        let open = &mut self.open[stream as usize];
        let at = *open.at.get_or_insert_with(|| {
            self.begun += 1;
            self.begun
        });
        let part: Vec<u8> = open.text.drain(..open.text.len().min(bytes)).collect();
        self.messages.push((stream, message(at, &part)));
    }

    /// The last messages, as many as were asked for.
    pub(super) fn read(&self, asked: usize) -> Log {
        let open = [Stream::Out, Stream::Err].into_iter().zip(&self.open);
        let open: Vec<(Stream, Vec<u8>)> = open
            .filter(|(_, open)| !open.text.is_empty())
            .map(|(stream, open)| {
                let at = open.at.unwrap_or(self.begun + 1);
                (stream, message(at, &open.text))
            })
            .collect();
        let mut log = Log::default();
        let left_out = (self.messages.len() + open.len()).saturating_sub(asked);
        for (stream, message) in self.messages.iter().chain(&open).skip(left_out) {
            log.take(*stream, message);
        }
        log
    }
}

/// A message as an engine with JSON logs returns it: a time, and a text in which each byte that is not valid UTF-8 is
/// replaced.
fn message(second: u64, part: &[u8]) -> Vec<u8> {
    // times differ by a second, so that no two lines belong to one burst
    let (hours, minutes, seconds) = (second / 3_600 % 24, second / 60 % 60, second % 60);
    let mut out = format!("2026-01-01T{hours:02}:{minutes:02}:{seconds:02}.000000000Z ");
    if let Ok(text) = std::str::from_utf8(part) {
        return (out + text).into_bytes();
    }
    for chunk in part.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    out.into_bytes()
}
