//! What a container wrote, as lines again. The engine cuts lines into parts of 16 KiB and puts a time before each part, so
//! a secret that lies across a cut would stand in pieces in which nothing finds it. Pure.
//!
//! An engine hands over one message a part: the time, a blank, the part, and a line break behind the last part of a line.
//! A letter that lies across a cut is lost: its bytes come as as many replacement characters. Parts of one line carry the time of its beginning, and messages come in the order in which they were written; lines of
//! standard output and of standard error may lie in each other. When the last so many messages are asked for, the first
//! of a stream may be the rest of a line.

mod bursts;

use ccci_script::limits::OUTPUT;
use std::collections::VecDeque;
use std::mem::{replace, take};

/// Bytes that the engine keeps together of a line.
pub const PART: usize = 16 << 10;
/// Bytes of one line that are kept; the mark of a cut stands behind them.
const LONGEST_LINE: usize = 1 << 20;
/// Bytes of all lines that are kept, the last ones.
const MOST: usize = OUTPUT.most;
/// What a line weighs beside its text.
const LINE: usize = 100;
/// Bytes of a time as the engine writes it, `2026-11-23T17:16:39.477220109Z`.
const TIME: usize = 30;
/// Stands where text is missing. Redaction knows by it that a secret may be cut there.
const CUT: &str = "…";
/// Messages that are asked for beside the lines wanted: the first of each stream may be the rest of a line.
const BESIDE: usize = 2;
/// How many times as many messages are asked for, when they did not suffice.
const MORE: usize = 4;

/// Where a container writes.
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
    /// The container, in the order in which they were taken, and the stream.
    from: (usize, usize),
    /// When it began, as the engine writes it; so written, times sort as texts.
    at: String,
    text: Vec<u8>,
    /// It may be the rest of a line.
    is_rest: bool,
    /// It is too long and was cut.
    is_cut: bool,
    /// Bytes of the part that came last.
    last: usize,
}

/// The log of one container, or the end of it.
#[derive(Debug, Default)]
pub struct Log {
    lines: VecDeque<Line>,
    /// What they weigh.
    weight: usize,
    /// The oldest were left out, because there is too much.
    lacks_oldest: bool,
    /// Lines whose end has not come, of each stream.
    open: [Option<Line>; 2],
    /// Streams of which something came.
    begun: [bool; 2],
    /// The time of the newest message that surely began a line.
    newest: Option<String>,
    /// The time of the last message.
    latest: String,
    messages: usize,
    /// Bytes of them.
    read: usize,
    /// What a terminal wrote, up to the next line break.
    terminal: Vec<u8>,
    /// Of that, a beginning was taken.
    is_too_long: bool,
}

/// How many messages to ask for, to get so many lines.
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

    /// Takes bytes of a container with a terminal: one stream, without borders between messages.
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

    /// A line of a terminal. A time to the nanosecond that stands in it again is the engine's, before another part.
    fn terminal_line(&mut self, line: &[u8]) {
        // the beginning of a line that is too long is enough
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
        // the rest of a line has the time of its beginning, and that was written before all that is here
        let is_rest = first && !is_newer;
        if is_newer || (!is_rest && self.newest.is_none()) {
            self.newest = Some(at.to_string());
        }
        Line { from: (0, stream as usize), at: at.to_string(), is_rest, ..Line::default() }
    }

    /// A line that the engine says itself; it stands where it came.
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

    /// All that came, after so many messages were asked for: fewer are the whole log.
    fn end(&mut self, asked: usize) {
        let unfinished = take(&mut self.terminal);
        if !unfinished.is_empty() {
            self.terminal_line(&unfinished);
        }
        for mut line in self.open.each_mut().map(Option::take).into_iter().flatten() {
            // what the engine cut goes on where nobody has read it yet; replaced bytes make a part longer
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
        // a letter whose beginning is missing
        let inside = self.text.iter().take_while(|b| is_inside_a_letter(**b)).count();
        let cut = if self.is_rest { inside.max(lost_at_the_beginning(&self.text)) } else { 0 };
        format!("{before}{}", String::from_utf8_lossy(&self.text[cut..]))
    }
}

/// What stands for a byte of a letter that was cut.
const LOST: &[u8] = "\u{fffd}".as_bytes();

/// Bytes that stand for those of a letter whose end comes in the next part, if it has one.
fn lost_at_the_end(text: &[u8]) -> usize {
    LOST.len() * text.rchunks(LOST.len()).take(MOST_LOST).take_while(|c| *c == LOST).count()
}

/// Bytes that stand for those of a letter whose beginning came in the part before, if it has one.
fn lost_at_the_beginning(text: &[u8]) -> usize {
    LOST.len() * text.chunks(LOST.len()).take(MOST_LOST).take_while(|c| *c == LOST).count()
}

/// A letter has four bytes at most.
const MOST_LOST: usize = 3;

fn is_inside_a_letter(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// How many bytes are left without a letter that is cut at the end.
pub fn whole_letters(bytes: &[u8]) -> usize {
    let begins = bytes.iter().rposition(|b| !is_inside_a_letter(*b)).unwrap_or(bytes.len());
    match std::str::from_utf8(&bytes[begins..]) {
        Err(e) if e.error_len().is_none() => begins,
        _ => bytes.len(),
    }
}

/// A message's time and text. What the engine says itself has no time.
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
    /// Containers that were taken.
    containers: usize,
    lines: Vec<Line>,
    /// Older ones were left out, because there is too much.
    lacks_oldest: bool,
}

impl LastLines {
    /// Nothing yet of so many lines.
    pub fn new(desired: usize) -> LastLines {
        LastLines { desired, containers: 0, lines: vec![], lacks_oldest: false }
    }

    /// Takes what a container gave when so many messages were asked for. If they did not suffice, nothing is taken:
    /// then so many are to be asked for.
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

    /// Takes a line of ours, before all others.
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
