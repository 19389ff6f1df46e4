//! The live reporter for terminals: a few lines that are redrawn in place, and above them the lines that stay.

use super::progress::{Progress, since_ms, whole};
use super::reporter::Reporter;
use super::styled::{Style, StyledText, Tone};
use super::text::{self, clean, columns, cut, one_line, span, wrap};
use super::usual::Usual;
use ccci_model::event::{Event, What};
use ccci_model::failure::FailureId;
use ccci_model::time::Moment;
use ccci_model::verdict::Outcome;
use std::io::Write;

/// Shortest time between two frames, ms. More frames would be work that nobody sees.
const FRAME_MS: u64 = 100;
/// A terminal that knows these two sequences shows each frame at once; others ignore them.
const FRAME_BEGINS: &str = "\u{1b}[?2026h";
const FRAME_ENDS: &str = "\u{1b}[?2026l";
const CLEAR_REST_OF_LINE: &str = "\u{1b}[K";
const CLEAR_BELOW: &str = "\u{1b}[J";

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Whether colours may be used.
    pub colour: bool,
}

/// The reporter.
pub struct Live {
    out: Box<dyn Write + Send>,
    screen: Screen,
    progress: Progress,
    drawn: Vec<String>,
    drawn_at: Option<Moment>,
}

impl Live {
    /// Draws to `out`, which must be a terminal that can move its cursor.
    pub fn new(out: Box<dyn Write + Send>, screen: Screen) -> Live {
        Live { out, screen, progress: Progress::default(), drawn: vec![], drawn_at: None }
    }

    /// Sets how long the steps took in earlier runs.
    pub fn after(mut self, usual: Usual) -> Live {
        self.progress = Progress::after(usual);
        self
    }

    fn put(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }

    /// Draws the block; the lines in `stays` are written above it and remain.
    fn draw(&mut self, now: Moment, stays: &[String]) {
        let lines = self.lines(now);
        if lines == self.drawn && stays.is_empty() {
            return;
        }
        let mut frame = String::from(FRAME_BEGINS);
        if !self.drawn.is_empty() {
            frame.push_str(&format!("\u{1b}[{}A", self.drawn.len()));
        }
        for line in stays.iter().chain(&lines) {
            frame.push_str(&format!("\r{line}{CLEAR_REST_OF_LINE}\n"));
        }
        frame.push_str(CLEAR_BELOW);
        frame.push_str(FRAME_ENDS);
        self.put(&frame);
        self.drawn = lines;
        self.drawn_at = Some(now);
    }

    /// The block, cut to the screen: the first line shows the run, the last line the newest state.
    fn lines(&self, now: Moment) -> Vec<String> {
        let Some(plan) = &self.progress.plan else { return vec![] };
        let mut out = vec![];
        let failed = match self.progress.failures {
            0 => String::new(),
            n => format!("  failures {n}"),
        };
        let time = format!("  {} of {}{failed}", whole(now.0), span(plan.deadline_ms));
        out.push(self.row(Tone::Strong, &self.progress.subject(), &time));
        for t in &self.progress.tiers {
            let (tone, word) = match (t.status, t.over) {
                (None, _) => (Tone::Faint, "     "),
                (Some(s), true) => (Tone::of(s), s.name()),
                (Some(_), false) => (Tone::Strong, "now"),
            };
            let ms = if t.ms > 0 { span(t.ms) } else { String::new() };
            let tests =
                if t.tests > 0 { format!("tests {} of {}", t.passed, t.tests) } else { String::new() };
            let rest = format!("{:<8} {ms:>7}  {tests}", t.tier.name());
            out.push(self.row(tone, &format!("  {word:<6}"), &rest));
        }
        if let Some(r) = &self.progress.running {
            let by = r.hook.as_ref().map(|(h, _)| format!(", calling {}", one_line(h))).unwrap_or_default();
            let text = format!("{}{}{by}", r.line(now), r.than_usual(now));
            out.push(self.row(Tone::Strong, "  > ", &text));
            if let Some((on, since)) = &r.waiting {
                let text = format!("{} ({})", one_line(on), since_ms(*since, now));
                out.push(self.row(Tone::Faint, "    waiting for ", &text));
            }
        }
        // a block higher than the screen could not be redrawn: the cursor cannot move up beyond the first row
        let room = self.screen.height.saturating_sub(1).max(1);
        if out.len() > room {
            let newest = out.len() - (room - 1);
            out.splice(1..newest, []);
        }
        out
    }

    /// A line that never reaches the last column, where some terminals wrap.
    fn row(&self, tone: Tone, head: &str, rest: &str) -> String {
        let width = self.screen.width.saturating_sub(1);
        let head = cut(&text::line(head), width);
        let rest = cut(&text::line(rest), width.saturating_sub(columns(&head)));
        let styled = StyledText::new(Style { colour: self.screen.colour, width: self.screen.width });
        format!("{}{}", styled.tint(tone, &head), rest.trim_end())
    }

    fn failed(&self, what: &str, id: Option<FailureId>) -> Vec<String> {
        let Some(f) = self.progress.failure(id) else { return vec![] };
        let tone = if f.is_error() { Tone::Open } else { Tone::Bad };
        let head = if f.is_error() { "unver " } else { "FAIL  " };
        let text = format!("{}: {} (blame: {})", one_line(what), one_line(&f.observed()), f.blame);
        vec![self.row(tone, head, &text)]
    }

    /// The lines that an event leaves above the block.
    fn stays(&self, e: &Event, title: Option<&str>) -> Vec<String> {
        match &e.what {
            What::StepEnded { failure: Some(id), .. } if self.progress.is_told(*id) => vec![],
            What::StepEnded { failure, .. } => self.failed(title.unwrap_or("a step"), *failure),
            What::TestEnded { file, name, failure, .. } => self.failed(&format!("{file} {name}"), *failure),
            What::Said { by, text } => {
                vec![self.row(Tone::Faint, "says  ", &format!("{}: {}", one_line(by), one_line(text)))]
            }
            What::Stopped { by } => {
                vec![self.row(Tone::Open, "stop  ", &format!("by {by}; everything of this run is removed"))]
            }
            _ => vec![],
        }
    }

    fn erase(&mut self) {
        if self.drawn_at.take().is_some() {
            let up = match self.drawn.len() {
                0 => String::new(),
                n => format!("\u{1b}[{n}A"),
            };
            self.drawn.clear();
            self.put(&format!("{up}\r{CLEAR_BELOW}"));
        }
    }
}

impl Reporter for Live {
    fn event(&mut self, e: &Event) {
        let title = self.progress.running.as_ref().map(|r| r.title.clone());
        let stays = self.stays(e, title.as_deref());
        self.progress.take(e);
        let due = self.drawn_at.is_none_or(|d| e.at.0.saturating_sub(d.0) >= FRAME_MS);
        if due || !stays.is_empty() {
            self.draw(e.at, &stays);
        }
    }

    fn tick(&mut self, now: Moment) {
        if self.progress.over {
            return;
        }
        let slow = self.progress.slow(now).map(|text| self.row(Tone::Open, "slow  ", &text));
        self.draw(now, slow.as_slice());
    }

    fn say(&mut self, line: &str) {
        let now = self.drawn_at.unwrap_or(Moment(0));
        let mut rows = vec![];
        for line in clean(line).lines() {
            let indent = &line[..line.len() - line.trim_start().len()];
            let room = self.screen.width.saturating_sub(1 + indent.len());
            rows.extend(wrap(line.trim_start(), room).into_iter().map(|row| format!("{indent}{row}")));
        }
        self.draw(now, &rows);
    }

    fn state(&self, now: Moment) -> String {
        self.progress.state(now)
    }

    fn finish(&mut self, _outcome: &Outcome) {
        self.erase();
    }

    /// After a change of size, lines that were wider have been wrapped by the terminal. The cursor can no longer find
    /// their start, so they are left where they are.
    fn resize(&mut self, width: usize, height: usize) {
        if (width, height) != (self.screen.width, self.screen.height) {
            self.screen = Screen { width, height, ..self.screen };
            self.drawn.clear();
        }
    }
}

/// A run that ends without an outcome must not leave its lines on the terminal.
impl Drop for Live {
    fn drop(&mut self) {
        self.erase();
    }
}
