//! What stands for the browser when the caller asked for none.

use ccci_swarm::ports::browser::{Browser, BrowserError, PageCall, PageReply, Seen};
use ccci_swarm::ports::clock::Limit;

/// No browser.
pub struct NotAskedFor;

fn none<T>() -> Result<T, BrowserError> {
    Err(BrowserError::Missing("the caller asked for no browser (`--no-browser`)".into()))
}

impl Browser for NotAskedFor {
    fn begin(&self, _: &Limit) -> Result<(), BrowserError> {
        none()
    }

    fn call(&self, _: &PageCall, _: &Limit) -> Result<PageReply, BrowserError> {
        none()
    }

    fn seen(&self, _: &Limit) -> Seen {
        Seen::default()
    }

    fn end(&self) {}
}
