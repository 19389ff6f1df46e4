//! The browser as a port: one page of a run, which does what a person does and reaches the run's own names only. Each
//! call is one attempt; whoever calls waits for what is not there yet.

use super::clock::Limit;
use ccci_model::failure::{Failure, causes};
use std::fmt;

/// Width and height of a page, in pixels.
pub const VIEWPORT: (u32, u32) = (1280, 800);

/// How an element is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Find {
    /// A CSS selector.
    Css(String),
    /// The text that it shows, with spaces folded; the innermost element counts.
    Text(String),
    /// The text of its label, its `aria-label` or its placeholder.
    Label(String),
    /// Its role, and its name: what a screen reader would say. An empty name fits every element of the role.
    Role(String, String),
}

impl fmt::Display for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Find::Css(css) => write!(f, "`{css}`"),
            Find::Text(text) => write!(f, "the text `{text}`"),
            Find::Label(label) => write!(f, "the field `{label}`"),
            Find::Role(role, name) if name.is_empty() => write!(f, "a {role}"),
            Find::Role(role, name) => write!(f, "the {role} `{name}`"),
        }
    }
}

/// An element of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// How it is found.
    pub find: Find,
    /// CSS selector of the frame that it is in; `None` for the page itself.
    pub frame: Option<String>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.frame {
            None => self.find.fmt(f),
            Some(frame) => write!(f, "{} in the frame `{frame}`", self.find),
        }
    }
}

/// What is asked of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageCall {
    /// Open an absolute URL.
    Open(String),
    /// Click an element.
    Click(Target),
    /// Replace the text of a field.
    Fill(Target, String),
    /// Press a key in an element, or in what has the focus: a character, or a name such as `Enter`.
    Press(Option<Target>, String),
    /// Choose the option of a list that shows this text or has this value.
    Select(Target, String),
    /// Give a file field a file: its name and content.
    Upload(Target, String, Vec<u8>),
    /// The text that an element shows.
    Text(Target),
    /// The value of a field.
    Value(Target),
    /// An attribute of an element; empty if it has none of this name.
    Attribute(Target, String),
    /// Whether an element is there and can be seen. Answers at once.
    IsVisible(Target),
    /// An element that can be seen.
    Visible(Target),
    /// Its address.
    Url,
    /// Its title.
    Title,
    /// What can be seen of it, as PNG.
    Picture,
    /// All its text and the values of its fields, those of frames included.
    Everything,
    /// A short text that changes as long as the page is still loading or changing.
    Settled,
}

/// What is asked, in a few words; texts that are filled in are left out.
impl fmt::Display for PageCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PageCall::Open(url) => write!(f, "open {url}"),
            PageCall::Click(target) => write!(f, "click {target}"),
            PageCall::Fill(target, _) => write!(f, "fill {target}"),
            PageCall::Press(_, key) => write!(f, "press {key}"),
            PageCall::Select(target, option) => write!(f, "select `{option}` in {target}"),
            PageCall::Upload(target, name, _) => write!(f, "upload `{name}` to {target}"),
            PageCall::Text(target) => write!(f, "read the text of {target}"),
            PageCall::Value(target) => write!(f, "read the value of {target}"),
            PageCall::Attribute(target, name) => write!(f, "read `{name}` of {target}"),
            PageCall::IsVisible(target) | PageCall::Visible(target) => write!(f, "look for {target}"),
            PageCall::Url => f.write_str("ask for the address"),
            PageCall::Title => f.write_str("ask for the title"),
            PageCall::Picture => f.write_str("take a picture"),
            PageCall::Everything => f.write_str("read all text"),
            PageCall::Settled => f.write_str("ask whether the page is settled"),
        }
    }
}

/// What the page answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageReply {
    /// It is done.
    Done,
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A picture, PNG.
    Picture(Vec<u8>),
}

/// Why a call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrowserError {
    /// Not yet, but it may become possible: the element is missing, hidden or covered.
    #[error("{0}")]
    NotYet(String),
    /// The page cannot do this.
    #[error("{0}")]
    Refused(String),
    /// The URL is no name of the run.
    #[error("`{0}` is no name of this run; pages reach the run's own apps only")]
    Foreign(String),
    /// There is no browser on this machine, or it does not start.
    #[error("{0}")]
    Missing(String),
    /// The browser ended or no longer answers.
    #[error("{0}")]
    Gone(String),
    /// The deadline passed first.
    #[error("the browser did not {0} before the deadline")]
    Deadline(String),
    /// The run was stopped.
    #[error("the run was stopped")]
    Stopped,
}

impl BrowserError {
    /// The failure for errors that say nothing about the app; `None` if the page itself is to blame.
    pub fn of_infra(&self, expected: &str) -> Option<Failure> {
        let cause = match self {
            BrowserError::Missing(_) => causes::NO_BROWSER,
            BrowserError::Gone(_) => causes::BROWSER_GONE,
            _ => return None,
        };
        Some(Failure::new(cause, expected, self.to_string()))
    }
}

/// What a page shows when a test fails.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What could be seen, PNG.
    pub picture: Option<Vec<u8>>,
    /// Its source, as the browser has it.
    pub source: Option<String>,
    /// What it wrote to the console, one line each.
    pub console: Vec<String>,
    /// Requests that failed or were refused, one line each.
    pub requests: Vec<String>,
    /// How many requests the browser gave up because networks of this machine changed. The page may lack anything then.
    pub given_up: usize,
}

/// A browser that is started when it is first needed. It has one page at a time.
pub trait Browser: Send + Sync {
    /// Begins a page that knows nothing of earlier ones: no cookies, no storage, no history.
    fn begin(&self, limit: &Limit) -> Result<(), BrowserError>;
    /// Makes one attempt.
    fn call(&self, call: &PageCall, limit: &Limit) -> Result<PageReply, BrowserError>;
    /// What the page shows now, as far as the browser can still say.
    fn seen(&self, limit: &Limit) -> Seen;
    /// Ends the browser and removes all that it wrote. It may be started again.
    fn end(&self);
}
