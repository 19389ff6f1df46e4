//! The program's two mouths. The only file that prints; everything passes the redactor first.

use crate::diag::{Diagnostic, Severity, render};
use crate::redact::Redactor;
use std::io::{self, IsTerminal, Write};

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

/// Standard output and standard error.
#[derive(Clone)]
pub struct Out {
    /// How it looks.
    pub look: Look,
    /// Hides secrets.
    pub redactor: Redactor,
}

impl Out {
    /// Reads what the terminal can do.
    pub fn new() -> Out {
        use super::env;
        let terminal = io::stderr().is_terminal();
        let dumb = env::read(env::TERM).is_some_and(|t| t == "dumb");
        let live = terminal && !dumb && env::read(env::CI).is_none();
        let colour = terminal && !dumb && env::read(env::NO_COLOR).is_none();
        let width =
            env::read(env::COLUMNS).and_then(|c| c.parse().ok()).or_else(terminal_width).unwrap_or(100);
        Out { look: Look { live, colour, width }, redactor: Redactor::default() }
    }

    /// Data, to standard output. A closed pipe is no failure.
    pub fn data(&self, text: &str) {
        let _ = io::stdout().write_all(self.redactor.hide(text).as_bytes());
    }

    /// Words for people, to standard error.
    pub fn say(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", self.redactor.hide(text));
    }

    /// Diagnostics, sorted, then how many.
    pub fn diagnostics(&self, all: Vec<Diagnostic>) {
        let errors = all.iter().filter(|d| d.severity == Severity::Error).count();
        let style = render::Style { colour: self.look.colour, width: self.look.width.min(120) };
        for d in &all {
            self.say(render::render(d, style).trim_end());
            self.say("");
        }
        if !all.is_empty() {
            self.say(&format!("errors: {errors}, warnings: {}", all.len() - errors));
        }
    }
}

impl Default for Out {
    fn default() -> Out {
        Out::new()
    }
}

fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}
