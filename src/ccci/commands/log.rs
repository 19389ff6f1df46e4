//! The log of ccci itself, for finding faults in ccci or in what it talks to: `-v` and `CCCI_LOG` show it on standard
//! error. It is no part of the record. Without either of them no log is installed.

use super::env;
use super::out::Out;
use ccci_model::diag::harmless;
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::redact::Redactor;
use std::io::{self, Write};
use tracing::Dispatch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::{MakeWriter, time};
use tracing_subscriber::util::SubscriberInitExt;

/// The level for each number of `-v`; more of them change nothing.
const LEVELS: &[&str] = &["info", "debug", "trace"];
/// The levels that a directive may name.
const NAMES: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];
/// Longest line, in bytes; longer ones are cut. At `debug`, libraries log whole answers of the engine.
const LONGEST: usize = 2_000;

/// Starts the log if `-v` was given at least once or `CCCI_LOG` is set. The error is a text for people.
pub fn start(verbose: u8, out: &Out) -> Result<(), String> {
    let Some(directives) = directives(verbose, env::read(env::CCCI_LOG)) else { return Ok(()) };
    let said = out.clone();
    log(&directives, out.redactor.clone(), move |line| said.say(line))?
        .try_init()
        .map_err(|e| format!("error: failed to write a log: {e}"))
}

/// The directives. `-v` sets the general level and overrides that of `CCCI_LOG`; directives for a module or a span
/// stay.
fn directives(verbose: u8, variable: Option<String>) -> Option<String> {
    let level = usize::from(verbose).checked_sub(1).map(|n| LEVELS[n.min(LEVELS.len() - 1)].to_string());
    let all: Vec<String> = variable.into_iter().chain(level).collect();
    (!all.is_empty()).then(|| all.join(","))
}

/// A log of everything that the directives let through, as lines without secrets and without anything that controls a
/// terminal or a forge. The error is a text for people if the directives are wrong.
pub fn log(
    directives: &str,
    redactor: Redactor,
    say: impl Fn(&str) + Send + Sync + 'static,
) -> Result<Dispatch, String> {
    let wrong = |why: String| {
        format!(
            "error: CCCI_LOG: `{}` is no filter: {why}\n  \
             to do: write levels ({}), for all or for a module, joined by commas: `info,ccci_swarm=debug,bollard=off`",
            harmless::one_line(directives),
            NAMES.join(", ")
        )
    };
    if let Some((word, hint)) = directives.split(',').find_map(slip) {
        return Err(wrong(format!("`{}` is no level; {hint}", harmless::one_line(word))));
    }
    let filter =
        EnvFilter::builder().parse(directives).map_err(|e| wrong(harmless::one_line(&e.to_string())))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::CLOSE)
        .with_timer(time::uptime())
        .with_ansi(false)
        .with_writer(Lines { redactor, say });
    Ok(subscriber.finish().into())
}

/// A misspelt level. The filter would take it for a module of which everything is logged.
fn slip(word: &str) -> Option<(&str, String)> {
    let word = word.trim();
    let is_level = word.parse::<LevelFilter>().is_ok();
    if is_level { None } else { Some((word, did_you_mean(word, NAMES.iter().copied())?.text)) }
}

/// Receives whole lines and passes them to `say`.
struct Lines<F> {
    redactor: Redactor,
    say: F,
}

impl<'a, F: Fn(&str) + 'a> MakeWriter<'a> for Lines<F> {
    type Writer = Line<'a, F>;
    fn make_writer(&'a self) -> Line<'a, F> {
        Line(self)
    }
}

/// One line of the log, which arrives in one write.
struct Line<'a, F>(&'a Lines<F>);

impl<F: Fn(&str)> Write for Line<'_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Lines { redactor, say } = self.0;
        // hide secrets first: making a secret with control characters harmless would change it, and it would not be
        // found
        let line = harmless::line(redactor.hide(&String::from_utf8_lossy(bytes)).trim_end());
        match line.floor_char_boundary(LONGEST) {
            end if end < line.len() => say(&format!("{}… ({} bytes)", &line[..end], line.len())),
            _ => say(&line),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::redact::DOTS;
    use ccci_model::secret::Secret;
    use std::sync::{Arc, Mutex};

    fn said(directives: &str, redactor: &Redactor, work: impl FnOnce()) -> Vec<String> {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = lines.clone();
        let log = log(directives, redactor.clone(), move |line| heard.lock().unwrap().push(line.into()));
        tracing::dispatcher::with_default(&log.unwrap(), work);
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    #[test]
    fn more_flags_say_more_and_the_variable_refines_them() {
        let variable = |text: &str| Some(text.to_string());
        assert_eq!(directives(0, None), None);
        assert_eq!(directives(2, None).unwrap(), "debug");
        assert_eq!(directives(9, None).unwrap(), "trace");
        assert_eq!(directives(0, variable("bollard=off")).unwrap(), "bollard=off");
        let both = directives(2, variable("warn,hyper=off")).unwrap();
        let lines = said(&both, &Redactor::default(), || {
            tracing::debug!("shown");
            tracing::trace!("not shown");
            tracing::error!(target: "hyper::client", "not shown");
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("DEBUG") && lines[0].ends_with("shown"), "{lines:?}");
    }

    #[test]
    fn a_filter_that_is_none_is_said_with_what_to_write() {
        let wrong = |text: &str| log(text, Redactor::default(), |_| ()).unwrap_err();
        assert!(wrong("ccci=loud").starts_with("error: CCCI_LOG: `ccci=loud` is no filter: "));
        assert!(wrong("ccci=loud").contains("to do: write levels (off, error, warn, info, debug, trace)"));
        assert!(wrong("debgu").contains("`debgu` is no level; did you mean `debug`?"), "{}", wrong("debgu"));
        assert!(wrong("[a").contains("is no filter"));
        for right in ["debug", "5", "off", "bollard", "ccci_swarm=debug,hyper=off", "[swarm{call=x}]=trace"] {
            assert!(log(right, Redactor::default(), |_| ()).is_ok(), "{right}");
        }
    }

    #[test]
    fn no_secret_and_nothing_that_steers_a_terminal_gets_into_a_line() {
        let redactor = Redactor::default();
        redactor.add("pw", &Secret::new("hunter2secret"));
        redactor.add("odd", &Secret::new("bell\u{7}rings"));
        let lines = said("info", &redactor, || {
            let _step = tracing::info_span!("step", title = "of hunter2secret").entered();
            tracing::info!(value = ?"aHVudGVyMnNlY3JldA==", "a\u{1b}[2J\r\n::error::b hun\u{1b}[1mter2secret bell\u{7}rings");
            tracing::info!("{}hunter2secret", "x".repeat(LONGEST));
        });
        assert_eq!(lines.len(), 3, "two events and the end of the span");
        for line in &lines {
            assert!(line.contains(&format!("step{{title=\"of {DOTS}\"}}")), "{line}");
            assert!(!line.contains("hunter2") && !line.contains("rings") && !line.contains("aHVu"), "{line}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
        assert!(lines[0].contains(" : :error::b"), "{}", lines[0]);
        assert!(lines[1].len() < LONGEST + 50 && lines[1].contains("… ("), "{}", lines[1]);
        assert!(lines[2].contains("close time.busy="), "{}", lines[2]);
    }
}
