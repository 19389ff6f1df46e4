//! What a container wrote, put together to whole lines again.
//! The engine cuts lines into parts of 16 KiB and puts a time before each part. A secret that lies across a cut
//! would be in pieces, and redaction would not find it. Pure.
//!
//! The engine sends one message for each part: the time, a space, the part, and a line break after the last part of
//! a line. All parts of a line carry the time of its beginning. A character that lies across a cut is lost: each of
//! its bytes arrives as a replacement character. Messages come in the order in which they were written; lines of
//! standard output and of standard error may be interleaved. If only the last messages are asked for, the first one
//! of a stream may be the rest of a line.

mod bursts;

use ccci_script::limits::OUTPUT;
use std::collections::VecDeque;
use std::mem::{replace, take};

/// Size of the parts into which the engine cuts a line, bytes.
pub const PART: usize = 16 << 10;
/// Bytes of one line that are kept; [`CUT`] follows them.
const LONGEST_LINE: usize = 1 << 20;
/// Bytes of all lines that are kept; the oldest lines are dropped.
const MOST: usize = OUTPUT.most;
/// Bytes that a line counts in addition to its text.
const LINE: usize = 100;
/// Bytes of a time as the engine writes it, like `2026-11-23T17:16:39.477220109Z`.
const TIME: usize = 30;
/// Stands for missing text. It tells redaction that a secret may be cut there.
const CUT: &str = "…";
/// Messages asked for in addition to the desired lines: the first one of each stream may be the rest of a line.
const BESIDE: usize = 2;
/// Factor for the number of messages if there were too few.
const MORE: usize = 4;

/// The stream that a container writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A line that a container wrote.
#[derive(Debug, Default, PartialEq, Eq)]
struct Line {
    /// Number of the container, in the order in which they were taken, and of the stream.
    from: (usize, usize),
    /// When it began, as the engine writes it; such times sort correctly as text.
    at: String,
    text: Vec<u8>,
    /// Whether it may be the rest of a line.
    is_rest: bool,
    /// Whether it was too long and was cut.
    is_cut: bool,
    /// Bytes of its last part.
    last: usize,
}

/// The log of one container, or the end of the log.
#[derive(Debug, Default)]
pub struct Log {
    lines: VecDeque<Line>,
    /// Their bytes, with [`LINE`] for each line.
    weight: usize,
    /// Whether the oldest lines were dropped because there were too many bytes.
    lacks_oldest: bool,
    /// The unfinished line of each stream.
    open: [Option<Line>; 2],
    /// Whether something came from each stream.
    begun: [bool; 2],
    /// The time of the newest message that certainly began a line.
    newest: Option<String>,
    /// The time of the last message.
    latest: String,
    messages: usize,
    /// Bytes of these messages.
    read: usize,
    /// What a terminal wrote after the last line break.
    terminal: Vec<u8>,
    /// Whether the beginning of that line was already taken, because the line is too long.
    is_too_long: bool,
}

/// How many messages to ask for, to get this many lines.
pub fn first_ask(lines: usize) -> usize {
    lines.saturating_add(BESIDE)
}

impl Log {
    /// Takes the next message of a stream.
    pub fn take(&mut self, stream: Stream, message: &[u8]) {
        self.messages += 1;
        self.read += message.len();
        let (at, text) = timed(message);
        let (text, ends) = match text.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let mut line = match (self.open[stream as usize].take(), at) {
            (Some(line), Some(_)) => line,
            (before, at) => {
                before.into_iter().for_each(|line| self.close(line));
                match at {
                    Some(at) => self.begin(stream, at),
                    None => self.engines_own(),
                }
            }
        };
        line.add(text);
        if ends {
            self.close(line);
        } else {
            self.open[stream as usize] = Some(line);
        }
    }

    /// Takes bytes of a container with a terminal: one stream, in which messages have no boundaries.
    pub fn take_terminal(&mut self, bytes: &[u8]) {
        self.terminal.extend_from_slice(bytes);
        let all = take(&mut self.terminal);
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', &all) {
            self.terminal_line(&all[from..=end]);
            from = end + 1;
        }
        self.terminal = all[from..].to_vec();
        if self.terminal.len() > MOST {
            let mut begins = take(&mut self.terminal);
            begins.push(b'\n');
            self.terminal_line(&begins);
            self.is_too_long = true;
        }
    }

    /// Takes a line of a terminal. If its time, to the nanosecond, occurs in it again, the engine put it before
    /// another part.
    fn terminal_line(&mut self, line: &[u8]) {
        // the beginning of a line that is too long was already taken
        if take(&mut self.is_too_long) {
            return;
        }
        let Some(at) = timed(line).0 else { return self.take(Stream::Out, line) };
        let again = format!("{at} ");
        let mut from = 0;
        for part in memchr::memmem::find_iter(line, again.as_bytes()).skip(1).chain([line.len()]) {
            self.take(Stream::Out, &line[from..part]);
            from = part;
        }
    }

    fn begin(&mut self, stream: Stream, at: &str) -> Line {
        let first = !replace(&mut self.begun[stream as usize], true);
        self.latest = at.to_string();
        let is_newer = self.newest.as_deref().is_some_and(|newest| newest < at);
        // the rest of a line has the time of its beginning, which was written before everything here
        let is_rest = first && !is_newer;
        if is_newer || (!is_rest && self.newest.is_none()) {
            self.newest = Some(at.to_string());
        }
        Line { from: (0, stream as usize), at: at.to_string(), is_rest, ..Line::default() }
    }

    /// A line of the engine itself. It has no time and gets that of the last message.
    fn engines_own(&self) -> Line {
        Line { at: self.latest.clone(), ..Line::default() }
    }

    fn close(&mut self, mut line: Line) {
        if line.text.last() == Some(&b'\r') {
            line.text.pop();
        }
        self.weight += line.weight();
        self.lines.push_back(line);
        while self.weight > MOST
            && let Some(oldest) = self.lines.pop_front()
        {
            self.weight -= oldest.weight();
            self.lacks_oldest = true;
        }
    }

    /// Ends the log after `asked` messages were asked for. If fewer came, they are the whole log.
    fn end(&mut self, asked: usize) {
        let unfinished = take(&mut self.terminal);
        if !unfinished.is_empty() {
            self.terminal_line(&unfinished);
        }
        for mut line in self.open.each_mut().map(Option::take).into_iter().flatten() {
            // what the engine cut continues in a part that was not read; replacement characters make a part longer
            if line.last >= PART && !line.is_cut {
                line.cut(line.text.len() - lost_at_the_end(&line.text));
            }
            self.close(line);
        }
        if self.messages < asked {
            self.lines.iter_mut().for_each(|line| line.is_rest = false);
        }
    }
}

impl Line {
    fn add(&mut self, part: &[u8]) {
        self.last = part.len();
        if self.is_cut {
            return;
        }
        let (before, after) = (lost_at_the_end(&self.text), lost_at_the_beginning(part));
        if before > 0 && after > 0 {
            self.cut(self.text.len() - before);
            self.text.extend_from_slice(&part[after..]);
        } else {
            self.text.extend_from_slice(part);
        }
        if self.text.len() > LONGEST_LINE {
            self.cut(LONGEST_LINE);
            self.is_cut = true;
        }
    }

    fn cut(&mut self, bytes: usize) {
        self.text.truncate(whole_letters(&self.text[..bytes]));
        self.text.extend_from_slice(CUT.as_bytes());
    }

    fn weight(&self) -> usize {
        LINE + self.text.len()
    }

    fn shown(&self) -> String {
        let before = if self.is_rest { CUT } else { "" };
        // bytes of a character whose beginning is missing
        let inside = self.text.iter().take_while(|b| is_inside_a_letter(**b)).count();
        let cut = if self.is_rest { inside.max(lost_at_the_beginning(&self.text)) } else { 0 };
        format!("{before}{}", String::from_utf8_lossy(&self.text[cut..]))
    }
}

/// The replacement for one byte of a character that was cut.
const LOST: &[u8] = "\u{fffd}".as_bytes();

/// Bytes at the end that may replace a character whose rest is in the next part.
fn lost_at_the_end(text: &[u8]) -> usize {
    LOST.len() * text.rchunks(LOST.len()).take(MOST_LOST).take_while(|c| *c == LOST).count()
}

/// Bytes at the beginning that may replace a character whose start was in the part before.
fn lost_at_the_beginning(text: &[u8]) -> usize {
    LOST.len() * text.chunks(LOST.len()).take(MOST_LOST).take_while(|c| *c == LOST).count()
}

/// A character has at most four bytes, so at most three of them are on one side of a cut.
const MOST_LOST: usize = 3;

fn is_inside_a_letter(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Number of bytes without a character that is cut at the end.
pub fn whole_letters(bytes: &[u8]) -> usize {
    let begins = bytes.iter().rposition(|b| !is_inside_a_letter(*b)).unwrap_or(bytes.len());
    match std::str::from_utf8(&bytes[begins..]) {
        Err(e) if e.error_len().is_none() => begins,
        _ => bytes.len(),
    }
}

/// A message's time and text. Messages of the engine itself have no time.
fn timed(message: &[u8]) -> (Option<&str>, &[u8]) {
    let time = message.get(..TIME).and_then(|time| std::str::from_utf8(time).ok());
    let digit = |time: &str| {
        time.bytes().zip("0000-00-00T00:00:00.000000000Z".bytes()).all(|(b, like)| match like {
            b'0' => b.is_ascii_digit(),
            like => b == like,
        })
    };
    match (time.filter(|time| digit(time)), message.get(TIME)) {
        (Some(time), Some(b' ')) => (Some(time), &message[TIME + 1..]),
        _ => (None, message),
    }
}

/// The last lines of all containers of a service, in the order of time.
#[derive(Debug)]
pub struct LastLines {
    desired: usize,
    /// Number of containers that were taken.
    containers: usize,
    lines: Vec<Line>,
    /// Whether older lines were dropped because there were too many bytes.
    lacks_oldest: bool,
}

impl LastLines {
    /// No lines yet; it will keep this many.
    pub fn new(desired: usize) -> LastLines {
        LastLines { desired, containers: 0, lines: vec![], lacks_oldest: false }
    }

    /// Takes the log of a container after `asked` messages were asked for. If they were too few, it takes nothing
    /// and returns how many to ask for.
    pub fn take(&mut self, mut log: Log, asked: usize) -> Option<usize> {
        log.end(asked);
        let mut lines: Vec<Line> = log.lines.into();
        lines.sort_by(|a, b| a.at.cmp(&b.at));
        let last = &lines[lines.len().saturating_sub(self.desired)..];
        let suffice = last.len() >= self.desired && !last.iter().any(|line| line.is_rest);
        if !suffice && log.messages >= asked && log.read <= MOST {
            return Some(asked.saturating_mul(MORE));
        }
        self.lacks_oldest |= log.lacks_oldest && last.len() < self.desired;
        self.containers += 1;
        lines.iter_mut().for_each(|line| line.from.0 = self.containers);
        self.lines.append(&mut lines);
        self.lines.sort_by(|a, b| a.at.cmp(&b.at));
        self.shorten();
        None
    }

    /// Puts a line of ccci before all others.
    pub fn note(&mut self, text: &str) {
        self.lines.insert(0, Line { text: text.as_bytes().to_vec(), ..Line::default() });
    }

    fn shorten(&mut self) {
        let mut from = self.lines.len().saturating_sub(self.desired);
        let mut weight: usize = self.lines[from..].iter().map(Line::weight).sum();
        while weight > MOST {
            weight -= self.lines[from].weight();
            from += 1;
            self.lacks_oldest = true;
        }
        self.lines.drain(..from);
    }

    /// The lines as one text, without a line break at the end.
    pub fn text(self) -> String {
        let note =
            self.lacks_oldest.then(|| format!("[the lines before these are more than {} MiB]", MOST >> 20));
        let lines = bursts::kept_together(self.lines);
        note.into_iter().chain(lines.iter().map(Line::shown)).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests;
