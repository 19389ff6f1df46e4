//! Failures: the app did not do what it should, or it could not be seen. Causes are rows of `causes.rs`.

pub mod causes;

pub use causes::{CAUSES, Cause};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;

/// Whether the machine is at its end: nothing is wrong with the file that was asked for.
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
    World,
    /// Ccci itself.
    Ccci,
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Blame::Recipe => "recipe",
            Blame::Image => "image",
            Blame::World => "world",
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
}

/// One failure with everything a reader needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Id of the row in `CAUSES`.
    pub cause: String,
    /// Who has to act: the row's own blame unless the evidence says better.
    pub blame: Blame,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub observed: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// `path:line:column` of the script or settings involved.
    pub place: Option<String>,
}

/// What the evidence is called that says what to do.
const TO_DO: &str = "to do";

impl Failure {
    /// A failure of a row, with the row's blame.
    pub fn new(cause: &'static Cause, expected: impl Into<String>, observed: impl Into<String>) -> Failure {
        Failure {
            cause: cause.id.to_string(),
            blame: cause.blame,
            expected: expected.into(),
            observed: observed.into(),
            evidence: vec![],
            place: None,
        }
    }

    /// Adds evidence; an empty text adds nothing.
    pub fn evidence(mut self, what: impl Into<String>, text: impl Into<String>) -> Failure {
        let text = text.into();
        if !text.trim().is_empty() {
            self.evidence.push(Evidence { what: what.into(), text });
        }
        self
    }

    /// Blames somebody else than the row does.
    pub fn blame(mut self, blame: Blame) -> Failure {
        self.blame = blame;
        self
    }

    /// Says what to do about this one, which knows better than the row of its cause.
    pub fn to_do(self, text: impl Into<String>) -> Failure {
        self.evidence(TO_DO, text)
    }

    /// What to do about it: what it says itself, or else what the row of its cause says.
    pub fn cure(&self) -> Option<&str> {
        let own = self.evidence.iter().find(|e| e.what == TO_DO).map(|e| e.text.as_str());
        own.or_else(|| causes::by_id(&self.cause).map(|c| c.cure))
    }

    /// The evidence beside what to do.
    pub fn shown(&self) -> impl Iterator<Item = &Evidence> {
        self.evidence.iter().filter(|e| e.what != TO_DO)
    }

    /// Says where in a text.
    pub fn place(mut self, place: impl Into<String>) -> Failure {
        self.place = Some(place.into());
        self
    }

    /// Whether this stands for something we could not do or look at: verdict `error`, exit 3.
    pub fn is_error(&self) -> bool {
        matches!(self.blame, Blame::World | Blame::Ccci)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, observed {}", self.expected, self.observed)
    }
}
