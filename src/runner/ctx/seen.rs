//! Keeps what the browser shows in the record: pictures, and the evidence of a page test that failed. A page that shows
//! a secret is never kept as a picture; texts pass the redactor.

use super::page::of_browser;
use super::state::HookCtx;
use ccci_model::event::{Shown, Shows, What};
use ccci_swarm::ports::browser::{BrowserError, PageCall, PageReply};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::wait::{self, Look, WaitError};
use std::io::Write;
use std::time::Duration;

/// How long a page may take to look the same twice.
const SETTLE: Duration = Duration::from_secs(5);
/// Bytes of a page's source that are kept.
const SOURCE: usize = 1 << 20;
/// Characters of a name in the name of a file.
const NAME: usize = 60;

/// Keeps a picture of the page once it looks the same twice, or after some seconds. The error says why there is none.
pub(crate) fn keep_settled(c: &HookCtx, shows: Shows, name: &str, limit: &Limit) -> Result<(), String> {
    let short = limit.within(&*c.world.clock, SETTLE);
    let mut last: Option<(String, Vec<u8>)> = None;
    let waited = wait::until(&*c.world.clock, &short, &mut |_| (), || {
        let now = (text(c, &PageCall::Settled, limit)?, picture(c, limit)?);
        let same = now.0.starts_with("complete") && last.as_ref() == Some(&now);
        last = Some(now);
        Ok(if same { Look::Done(()) } else { Look::Waiting("the page to settle".into()) })
    });
    if let Err(WaitError::Look(e)) = waited {
        return Err(why(&e));
    }
    let (_, bytes) = last.ok_or("the page was not looked at")?;
    if shows_a_secret(c, limit).map_err(|e| why(&e))? {
        return Err("the page shows a secret".into());
    }
    store(c, shows, &file_name(c, name, "png"), &bytes)
}

/// Keeps what a failing test saw. Returns how many requests of the page the browser gave up because networks of this
/// machine changed.
pub(crate) fn keep_evidence(c: &HookCtx, limit: &Limit) -> usize {
    // the question for secrets comes first: an answer that does not come ends the browser
    let secret = shows_a_secret(c, limit).unwrap_or_else(|e| {
        c.say(&format!("what the page shows is not known: {}", why(&e)));
        true
    });
    let seen = c.world.browser.seen(limit);
    let lines = |lines: &[String]| c.redactor.hide(&lines.join("\n")).into_bytes();
    let mut files = vec![];
    match (seen.picture, secret) {
        (Some(picture), false) => files.push((Shows::Failing, "png", picture)),
        (Some(_), true) => c.say("the picture of the failure is not kept: the page shows a secret"),
        (None, _) => {}
    }
    if let Some(source) = seen.source {
        let cut = &source[..source.floor_char_boundary(SOURCE)];
        files.push((Shows::Source, "html.txt", c.redactor.hide(cut).into_bytes()));
    }
    files.push((Shows::Console, "console.txt", lines(&seen.console)));
    files.push((Shows::Requests, "requests.txt", lines(&seen.requests)));
    files.push((Shows::Calls, "calls.txt", lines(&c.used.last_calls())));
    for (shows, ending, bytes) in files.into_iter().filter(|(_, _, bytes)| !bytes.is_empty()) {
        if let Err(why) = store(c, shows, &file_name(c, "failure", ending), &bytes) {
            c.say(&why);
        }
    }
    seen.given_up
}

/// Whether the text of the page or a value of its fields holds a secret of the run.
fn shows_a_secret(c: &HookCtx, limit: &Limit) -> Result<bool, BrowserError> {
    let all = text(c, &PageCall::Everything, limit)?;
    Ok(!c.redactor.find(all.as_bytes()).is_empty())
}

fn text(c: &HookCtx, call: &PageCall, limit: &Limit) -> Result<String, BrowserError> {
    match c.world.browser.call(call, limit)? {
        PageReply::Text(text) => Ok(text),
        _ => Ok(String::new()),
    }
}

fn picture(c: &HookCtx, limit: &Limit) -> Result<Vec<u8>, BrowserError> {
    match c.world.browser.call(&PageCall::Picture, limit)? {
        PageReply::Picture(bytes) => Ok(bytes),
        _ => Err(BrowserError::Gone("the browser gave no picture".into())),
    }
}

fn why(e: &BrowserError) -> String {
    of_browser(e).message
}

/// A name for a file of this script, such as `seen/custom-test_login-test_login-front-page.png`.
fn file_name(c: &HookCtx, name: &str, ending: &str) -> String {
    let by = c.by.replace(".rhai", "");
    let plain = |text: &str| {
        let keep = |ch: char| if ch.is_ascii_alphanumeric() || "_.".contains(ch) { ch } else { '-' };
        text.chars().map(keep).take(NAME).collect::<String>()
    };
    let name = plain(&c.redactor.hide(name));
    format!("seen/{}-{}.{ending}", plain(&by), name.trim_matches(['-', '.']))
}

fn store(c: &HookCtx, shows: Shows, file: &str, bytes: &[u8]) -> Result<(), String> {
    let written = c.world.store.create(file).and_then(|mut out| {
        out.write_all(bytes)?;
        out.flush()
    });
    written.map_err(|e| format!("`{file}` is not kept: {e}"))?;
    let (by, file) = (c.by.clone(), file.to_string());
    (c.tell)(What::Shown(Shown { app: c.app, by, shows, file, bytes: bytes.len() as u64 }));
    Ok(())
}
