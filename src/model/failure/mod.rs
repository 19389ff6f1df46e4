//! Failures: the app did not do what it should, or ccci could not find out. Causes are rows of `causes.rs`.

pub mod causes;
pub mod detail;
mod words;

pub use causes::{CAUSES, Cause};
use detail::Detail;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;

/// Whether the machine refused (memory, threads, open files, a disk error); such an error says nothing about the file.
pub fn is_of_machine(e: &io::Error) -> bool {
    let errno = Errno::from_io_error(e);
    matches!(errno, Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::IO))
}

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The recipe, or what its author wrote for ccci.
    Recipe,
    /// What upstream published.
    Image,
    /// This machine or its surroundings.
    Infra,
    /// Ccci itself.
    Ccci,
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Blame::Recipe => "recipe",
            Blame::Image => "image",
            Blame::Infra => "infra",
            Blame::Ccci => "ccci",
        })
    }
}

/// Something that shows what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is: `log of app`, `task history`, `answer`, `hooks.rhai:12:4`.
    pub what: String,
    /// Its text, a few lines at most.
    pub text: String,
    /// Whether the text is from the log of a service.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub log: bool,
}

/// The number by which steps, tests and tiers of a record refer to one of its failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FailureId(u32);

impl FailureId {
    /// The n-th failure of a record, from 1.
    pub const fn nth(n: u32) -> FailureId {
        FailureId(n)
    }

    /// Whether the failure is in no record yet.
    pub fn is_none(&self) -> bool {
        self.0 == 0
    }

    /// The one after it.
    pub fn after(self) -> FailureId {
        FailureId(self.0.saturating_add(1))
    }
}

impl fmt::Display for FailureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One failure with everything a reader needs. Its words are made by `words.rs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its number in the record; 0 until it is recorded.
    #[serde(default, skip_serializing_if = "FailureId::is_none")]
    pub id: FailureId,
    /// Id of the row in `CAUSES`.
    pub cause: String,
    /// Who has to act: the row's own blame unless the evidence says better.
    pub blame: Blame,
    /// Its facts.
    pub detail: Detail,
    /// What shows it, in addition to its facts.
    pub evidence: Vec<Evidence>,
    /// `path:line:column` of the script or settings involved.
    pub place: Option<String>,
    /// The earlier failure that this one repeats: it has the same cause, and nothing has changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<FailureId>,
    /// What to do, if it is more specific than the text of the cause's row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_do: Option<String>,
}

impl Failure {
    /// A failure with the cause and blame of a row, described in two texts.
    pub fn new(cause: &'static Cause, expected: impl Into<String>, observed: impl Into<String>) -> Failure {
        Failure::of(cause, Detail::Told { expected: expected.into(), observed: observed.into() })
    }

    /// A failure with the cause and blame of a row, and with these facts.
    pub fn of(cause: &'static Cause, detail: Detail) -> Failure {
        Failure {
            id: FailureId::default(),
            cause: cause.id.to_string(),
            blame: cause.blame,
            detail,
            evidence: vec![],
            place: None,
            again: None,
            to_do: None,
        }
    }

    /// Adds evidence; an empty text adds nothing.
    pub fn evidence(self, what: impl Into<String>, text: impl Into<String>) -> Failure {
        self.with(what.into(), text.into(), false)
    }

    /// Adds what a service wrote; an empty text adds nothing.
    pub fn log(self, service: &str, text: impl Into<String>) -> Failure {
        self.with(format!("log of {service}"), text.into(), true)
    }

    fn with(mut self, what: String, text: String, log: bool) -> Failure {
        if !text.trim().is_empty() {
            self.evidence.push(Evidence { what, text, log });
        }
        self
    }

    /// Whether the log of a service is among its evidence.
    pub fn has_log(&self) -> bool {
        self.evidence.iter().any(|e| e.log)
    }

    /// Sets another blame than that of the cause's row.
    pub fn blame(mut self, blame: Blame) -> Failure {
        self.blame = blame;
        self
    }

    /// Sets what to do about this failure, instead of the text of the cause's row.
    pub fn to_do(mut self, text: impl Into<String>) -> Failure {
        self.to_do = Some(text.into());
        self
    }

    /// What to do about it: its own `to_do`, or else the text of the cause's row.
    pub fn cure(&self) -> Option<&str> {
        self.to_do.as_deref().or_else(|| causes::by_id(&self.cause).map(|c| c.cure))
    }

    /// Sets the place in the script or settings involved.
    pub fn place(mut self, place: impl Into<String>) -> Failure {
        self.place = Some(place.into());
        self
    }

    /// Whether this stands for something we could not do or look at: verdict `error`, exit 3.
    pub fn is_error(&self) -> bool {
        matches!(self.blame, Blame::Infra | Blame::Ccci)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, observed {}", self.expected(), self.observed())
    }
}
