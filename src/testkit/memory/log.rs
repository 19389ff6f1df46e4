//! A container's log in memory, kept as an engine keeps it: lines are cut into parts of 16 KiB, each part is a message with
//! the time at which its line began, and what is asked for is a number of messages. A letter that is cut is lost.

use ccci_swarm::log::{Log, PART, Stream};

/// A log.
#[derive(Default)]
pub(super) struct MemoryLog {
    messages: Vec<(Stream, Vec<u8>)>,
    /// What has no line break yet, of each stream.
    open: [Open; 2],
    /// Lines begun; their times are so many ns after a fixed moment.
    begun: u64,
}

/// The end of a stream.
#[derive(Default)]
struct Open {
    text: Vec<u8>,
    /// When its line began, if a part of it was written.
    at: Option<u64>,
}

impl Open {
    /// Bytes before the line break.
    fn letters(&self) -> usize {
        self.text.len() - usize::from(self.text.ends_with(b"\n"))
    }
}

impl MemoryLog {
    /// Something is written.
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

    /// Passes on so many bytes of a line, if it has as many.
    fn pass(&mut self, stream: Stream, bytes: usize) {
        let open = &mut self.open[stream as usize];
        let at = *open.at.get_or_insert_with(|| {
            self.begun += 1;
            self.begun
        });
        let part: Vec<u8> = open.text.drain(..open.text.len().min(bytes)).collect();
        self.messages.push((stream, message(at, &part)));
    }

    /// The last so many messages.
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

/// A message as an engine hands it over that keeps its logs as JSON: a time, and a text in which each byte that is no letter
/// was replaced.
fn message(second: u64, part: &[u8]) -> Vec<u8> {
    // a second apart, so that no two are of one burst
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
