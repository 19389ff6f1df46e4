//! Standard output and standard error. The only file that prints; everything passes the redactor first.

use ccci_model::diag::{Diagnostic, Severity, render};
use ccci_model::redact::Redactor;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// What the output can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Standard error is a terminal that can move its cursor.
    pub live: bool,
    /// Colours may be used on standard error.
    pub colour: bool,
    /// Columns.
    pub width: usize,
}

/// The size of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Receives text instead of standard error; returns false if it cannot.
pub type Above = dyn Fn(&str) -> bool + Send;

/// Standard output and standard error.
#[derive(Clone)]
pub struct Out {
    /// What the output can show.
    pub look: Look,
    /// Hides secrets.
    pub redactor: Redactor,
    above: Arc<Mutex<Option<Box<Above>>>>,
    unsaid: Arc<Mutex<Option<io::Error>>>,
}

impl Out {
    /// Finds out what the terminal can show.
    pub fn new() -> Out {
        use super::env;
        let terminal = io::stderr().is_terminal();
        let dumb = env::read(env::TERM).is_none_or(|t| t == "dumb");
        let live = terminal && !dumb && env::read(env::CI).is_none();
        let colour = terminal && !dumb && env::read(env::NO_COLOR).is_none();
        let columns = env::read(env::COLUMNS).and_then(|c| c.parse().ok());
        let width = columns.or_else(|| terminal_size().map(|t| t.width)).unwrap_or(100);
        Out {
            look: Look { live, colour, width },
            redactor: Redactor::default(),
            above: Arc::default(),
            unsaid: Arc::default(),
        }
    }

    /// Writes data to standard output. A closed pipe is ignored; other errors are kept for `unsaid`.
    pub fn data(&self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// The same for data that may be no text.
    pub fn bytes(&self, data: &[u8]) {
        let mut stdout = io::stdout().lock();
        self.sent(stdout.write_all(&self.redactor.hide_bytes(data)).and_then(|()| stdout.flush()));
    }

    /// Keeps an error of standard output for `unsaid`.
    pub fn sent(&self, said: io::Result<()>) {
        if let Err(e) = said.or_else(|e| if e.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(e) })
        {
            self.unsaid.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(e);
        }
    }

    /// Why data could not be written to standard output, for example because the disk is full: the output is
    /// incomplete.
    pub fn unsaid(&self) -> Option<io::Error> {
        self.unsaid.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Writes text for people to standard error, or to the reporter that draws there.
    pub fn say(&self, text: &str) {
        let text = self.redactor.hide(text);
        let above = self.above.lock().unwrap_or_else(PoisonError::into_inner);
        if above.as_ref().is_none_or(|tell| !tell(&text)) {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// Sends the text for standard error to `to` from now on, because a reporter draws there; `None` ends this.
    pub fn lend(&self, to: Option<Box<Above>>) {
        *self.above.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }

    /// A writer to standard error for a reporter; it hides secrets in each write by itself.
    pub fn writer(&self) -> Box<dyn Write + Send> {
        Box::new(Hiding(self.redactor.clone()))
    }

    /// The current size of the terminal.
    pub fn terminal(&self) -> Terminal {
        terminal_size().unwrap_or(Terminal { width: 80, height: 24 })
    }

    /// Prints diagnostics and how many there are.
    pub fn diagnostics(&self, all: &[Diagnostic]) {
        if !all.is_empty() {
            self.say(&self.drawn(all));
        }
    }

    /// Diagnostics as text for people, followed by how many there are.
    pub fn drawn(&self, all: &[Diagnostic]) -> String {
        let errors = all.iter().filter(|d| d.severity == Severity::Error).count();
        format!("{}errors: {errors}, warnings: {}", self.blocks(all), all.len() - errors)
    }

    /// Diagnostics as text for people, each with the lines that it points at.
    pub fn blocks(&self, all: &[Diagnostic]) -> String {
        let style = render::Style { colour: self.look.colour, width: self.look.width.min(120) };
        all.iter().map(|d| format!("{}\n\n", render::render(d, style).trim_end())).collect()
    }
}

impl Default for Out {
    fn default() -> Out {
        Out::new()
    }
}

/// Standard error without secrets.
struct Hiding(Redactor);

impl Write for Hiding {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(&self.0.hide_bytes(bytes))?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn terminal_size() -> Option<Terminal> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    let (width, height) = (usize::from(size.ws_col), usize::from(size.ws_row));
    (width > 0 && height > 0).then_some(Terminal { width, height })
}
