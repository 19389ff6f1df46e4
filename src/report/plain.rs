//! The plain reporter: one line for each event that matters, in groups of the forge. For logs that are read later.

use super::forge::Forge;
use super::progress::Progress;
use super::reporter::Reporter;
use super::styled::{Style, StyledText};
use super::text::{one_line, span};
use super::usual::Usual;
use ccci_model::event::{Event, GENERIC, What};
use ccci_model::failure::Failure;
use ccci_model::tier::{Status, Tier};
use ccci_model::time::Moment;
use ccci_model::verdict::Outcome;
use std::io::Write;

/// Longest time without a line, ms. A forge ends a job that is silent for long; people get worried earlier.
const SILENCE_MS: u64 = 30_000;
/// Shortest time between two lines about waits, ms: what a starting app waits for changes often.
const BETWEEN_WAITS_MS: u64 = 10_000;
/// Most lines shown for one piece of evidence; the summary and the record have more.
const EVIDENCE_LINES: usize = 20;

/// The reporter.
pub struct Plain {
    out: Box<dyn Write + Send>,
    forge: Forge,
    width: usize,
    progress: Progress,
    group: Option<String>,
    last_line: Moment,
    prefix: String,
    /// Why the last steps were not done, and how many of them have not been reported yet.
    not_done: Option<(String, usize)>,
}

impl Plain {
    /// Writes to `out`, without colour.
    pub fn new(out: Box<dyn Write + Send>, forge: Forge, width: usize) -> Plain {
        let (last_line, prefix) = (Moment(0), String::new());
        let progress = Progress::default();
        Plain { out, forge, width, progress, group: None, last_line, prefix, not_done: None }
    }

    /// The same for one of several concurrent runs: every line begins with the run's name. Groups of a forge cannot
    /// overlap, so there are headings instead.
    pub fn beside(self, name: &str) -> Plain {
        Plain { prefix: format!("{name} | "), ..self }
    }

    /// Sets how long the steps took in earlier runs.
    pub fn after(self, usual: Usual) -> Plain {
        Plain { progress: Progress::after(usual), ..self }
    }

    /// Writes text. Errors are ignored: a closed pipe is no failure of the run.
    fn put(&mut self, text: &str) {
        let _ = match self.prefix.is_empty() {
            true => self.out.write_all(text.as_bytes()),
            false => {
                let lines: String = text.lines().map(|l| format!("{}{l}\n", self.prefix)).collect();
                self.out.write_all(lines.as_bytes())
            }
        };
        let _ = self.out.flush();
    }

    fn markers(&self) -> Forge {
        if self.prefix.is_empty() { self.forge } else { Forge::Plain }
    }

    /// Writes one line; line breaks in foreign text are replaced, so that they do not begin another.
    fn line(&mut self, at: Moment, word: &str, text: &str) {
        self.last_line = at;
        self.put(&format!("{:>7}  {word:<5} {}\n", span(at.0), one_line(text)));
    }

    fn enter(&mut self, tier: Option<Tier>, at: Moment) {
        let began = self.progress.tiers.iter().any(|t| t.status.is_some());
        let name = match tier {
            Some(t) => t.name(),
            None if began => "after",
            None => "before",
        };
        if self.group.as_deref() != Some(name) {
            self.leave(at);
            let seconds = self.seconds(at);
            self.put(&self.markers().open(name, seconds));
            self.group = Some(name.to_string());
        }
    }

    /// Of several steps that were not done for the same reason, only the first is shown, followed by a count of the
    /// others.
    fn not_done(&mut self, at: Moment, title: &str, why: &str) {
        match &mut self.not_done {
            Some((reason, more)) if reason == why => *more += 1,
            _ => {
                self.tell_rest(at);
                self.ended(at, Status::Unver, title, 0, Some(why));
                self.not_done = Some((why.to_string(), 0));
            }
        }
    }

    fn tell_rest(&mut self, at: Moment) {
        if let Some((_, more)) = self.not_done.take().filter(|n| n.1 > 0) {
            self.line(at, "unver", &format!("more steps for the same reason: {more}"));
        }
    }

    fn leave(&mut self, at: Moment) {
        self.tell_rest(at);
        if let Some(name) = self.group.take() {
            let seconds = self.seconds(at);
            self.put(&self.markers().close(&name, seconds));
        }
    }

    fn seconds(&self, at: Moment) -> u64 {
        self.progress.wall_ms.saturating_add(at.0) / 1_000
    }

    fn failure(&mut self, what: &str, f: &Failure) {
        let level = if f.is_error() { "warning" } else { "error" };
        let text = format!("{} (blame: {}, {})", f.observed(), f.blame, f.cause);
        let annotation = self.forge.annotate(level, what, &text);
        let mut styled = StyledText::new(Style { colour: false, width: self.width });
        styled.failure(15, f, EVIDENCE_LINES);
        self.put(&styled.text());
        // a forge reads annotations only at the beginning of a line
        let _ = self.out.write_all(annotation.as_bytes());
    }

    fn ended(&mut self, at: Moment, status: Status, what: &str, ms: u64, note: Option<&str>) {
        let note = note.filter(|n| !n.is_empty()).map(|n| format!(": {n}")).unwrap_or_default();
        let took = if ms > 0 { format!(", {}", span(ms)) } else { String::new() };
        self.line(at, status.name(), &format!("{what}{took}{note}"));
    }

    fn waiting(&mut self, at: Moment, on: &str) {
        if at.0.saturating_sub(self.last_line.0) >= BETWEEN_WAITS_MS {
            self.line(at, "...", &format!("waiting for {on}"));
        }
    }
}

impl Reporter for Plain {
    fn event(&mut self, e: &Event) {
        let title = self.progress.running.as_ref().map(|r| r.title.clone());
        let by_tests = self.progress.running.as_ref().is_some_and(|r| r.tests > 0);
        let told = matches!(&e.what, What::StepEnded { failure: Some(id), .. } if self.progress.is_told(*id));
        if let What::StepStarted { tier, .. } = &e.what {
            self.enter(*tier, e.at);
        }
        self.progress.take(e);
        match &e.what {
            What::RunStarted { plan, .. } => {
                let base =
                    plan.subject().base.as_ref().map(|b| format!(" from {}", b.found_as)).unwrap_or_default();
                let text = format!(
                    "{}{base} on {} (run {})",
                    self.progress.subject(),
                    plan.subject().domain,
                    plan.run_id
                );
                self.line(e.at, "run", &text);
            }
            // its tests have been reported one by one
            What::StepEnded { status: Status::Pass, .. } if by_tests => {}
            What::StepEnded { status: Status::Unver, failure: None, note: Some(why), .. } => {
                self.not_done(e.at, &title.unwrap_or_else(|| "a step".into()), why);
            }
            What::StepEnded { status, ms, failure, note, .. } => {
                self.tell_rest(e.at);
                let title = title.unwrap_or_else(|| "a step".into());
                self.ended(e.at, *status, &title, *ms, note.as_deref());
                if let Some(f) = self.progress.failure(*failure).filter(|_| !told).cloned() {
                    self.failure(&title, &f);
                }
            }
            // the step reports why its tests were not run
            What::TestEnded { status: Status::Unver, failure: None, .. } => {}
            What::TestEnded { file, name, status, ms, failure, .. } => {
                self.tell_rest(e.at);
                let test = if file == GENERIC { name.clone() } else { format!("{file} {name}") };
                self.ended(e.at, *status, &test, *ms, None);
                if let Some(f) = self.progress.failure(*failure).cloned() {
                    self.failure(&test, &f);
                }
            }
            What::Waiting { on, .. } => self.waiting(e.at, on),
            What::Said { by, text } => self.line(e.at, "says", &format!("{by}: {text}")),
            What::Skipped(s) => self.line(e.at, "skip", &format!("{}: {}", s.what, s.reason)),
            What::Stopped { by } => {
                self.line(e.at, "stop", &format!("by {by}; everything of this run is removed"))
            }
            What::SecretFound { file, secret } => {
                self.line(e.at, "fail", &format!("secret `{secret}` is in `{file}`"));
            }
            What::RecordFailed { failure } => self.failure("the record", failure),
            What::Removed { leftovers, .. } => {
                for h in leftovers {
                    self.line(e.at, "left", &format!("{} {}: {}", h.kind, h.name, h.by));
                }
            }
            What::RunEnded { .. } => self.leave(e.at),
            _ => {}
        }
    }

    fn tick(&mut self, now: Moment) {
        if let Some(text) = self.progress.slow(now) {
            return self.line(now, "slow", &text);
        }
        if now.0.saturating_sub(self.last_line.0) < SILENCE_MS {
            return;
        }
        if let Some(r) = &self.progress.running {
            let on = r.waiting.as_ref().map(|(on, _)| format!(", waiting for {on}")).unwrap_or_default();
            let text = format!("{}{on}", r.line(now));
            self.line(now, "...", &text);
        }
    }

    fn say(&mut self, line: &str) {
        let text = format!("         {}\n", one_line(line));
        self.put(&text);
    }

    fn state(&self, now: Moment) -> String {
        self.progress.state(now)
    }

    fn finish(&mut self, outcome: &Outcome) {
        self.leave(Moment(outcome.timings.total));
    }
}
