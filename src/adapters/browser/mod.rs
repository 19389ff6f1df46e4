//! The browser on this machine: headless Chromium, steered through WebDriver. It reaches the run's names through the
//! run's ingress and nothing else. It is started when it is first needed; each page has a browser process and a profile
//! of its own, and only one is there at a time.

mod absent;
mod command;
mod driver;
mod error;
mod guard;
mod leftover;
mod log;
mod network;
mod relay;
mod session;
mod switches;

pub use absent::NotAskedFor;
pub use driver::CURE;
pub use leftover::collect;
pub use network::try_own;

use crate::bound::{Ended, bound};
use crate::ingress::Ingress;
use base64::Engine;
use ccci_swarm::ports::browser::{Browser, BrowserError, PageCall, PageReply, Seen};
use ccci_swarm::ports::clock::{Clock, Limit};
use driver::Driver;
use ring::digest::{SHA256, digest};
use session::Session;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use switches::{Told, capabilities};
use tokio::runtime::Handle;

/// Time for one attempt. The driver itself gives up on a page that does not load after 30 s.
const ATTEMPT: Duration = Duration::from_secs(40);
/// Time for asking what a page shows when a test has failed.
const LAST_LOOK: Duration = Duration::from_secs(25);

/// Acts as a part of the browser if the program was started as one; for an ordinary call it returns `None` at once.
pub fn door(mut args: std::env::ArgsOs) -> Option<ExitCode> {
    let own = PathBuf::from(args.next()?);
    if own.file_name().is_some_and(|name| name == network::NAME) {
        return Some(network::enter(&own, args.collect()));
    }
    match args.next()?.to_str()? {
        guard::WORD => guard::stand(args),
        network::TRY => Some(network::tried()),
        _ => None,
    }
}

/// The browser of a run. Its calls block and must not come from async code.
pub struct Chromium {
    handle: Handle,
    ingress: Arc<Ingress>,
    clock: Arc<dyn Clock>,
    /// The executable of ccci itself, which guards the browser.
    program: PathBuf,
    temporary: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    driver: Option<Driver>,
    session: Option<Session>,
    /// Number of pages that were begun.
    pages: u32,
    /// Why the last browser was ended before its page was over.
    why: String,
}

impl Chromium {
    /// A browser that is not started yet. `temporary` is where the directory for its profiles is made.
    pub fn new(
        handle: Handle,
        ingress: Arc<Ingress>,
        clock: Arc<dyn Clock>,
        program: PathBuf,
        temporary: PathBuf,
    ) -> Chromium {
        Chromium { handle, ingress, clock, program, temporary, state: Mutex::default() }
    }

    /// Works until the work is done, the deadline passes or the run is stopped.
    fn bound<T>(
        &self,
        what: &str,
        limit: &Limit,
        work: impl Future<Output = Result<T, BrowserError>>,
    ) -> Result<T, BrowserError> {
        bound(&self.handle, &*self.clock, limit, work, |ended| match ended {
            Ended::Stopped => BrowserError::Stopped,
            Ended::Late => BrowserError::Deadline(what.to_string()),
        })
    }

    /// Works with the page; one caller at a time. After an answer that did not come, the browser may be in any state,
    /// so it is ended.
    fn with<T>(
        &self,
        what: &str,
        limit: &Limit,
        work: impl AsyncFnOnce(&mut State) -> Result<T, BrowserError>,
    ) -> Result<T, BrowserError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.bound(what, limit, work(&mut state));
        match done {
            Err(e @ (BrowserError::Deadline(_) | BrowserError::Gone(_) | BrowserError::Stopped)) => {
                let said = self.finish(&mut state);
                let e = match (e, said) {
                    (BrowserError::Gone(why), Some(said)) => BrowserError::Gone(format!("{why}; {said}")),
                    (e, _) => e,
                };
                // what asks later is told the first reason
                if state.why.is_empty() {
                    state.why = e.to_string();
                }
                Err(e)
            }
            done => done,
        }
    }

    async fn begin_page(&self, state: &mut State) -> Result<(), BrowserError> {
        if let Some(before) = state.session.take() {
            before.close().await;
        }
        if state.driver.as_mut().is_some_and(Driver::has_ended) {
            state.driver = None;
        }
        if state.driver.is_none() {
            let proxy = self.ingress.proxy().port();
            state.driver = Some(Driver::start(&self.program, &self.temporary, proxy).await?);
        }
        let driver = state.driver.as_ref().expect("it was just started");
        state.pages += 1;
        state.why.clear();
        let profile = driver.dir().join(format!("profile-{}", state.pages));
        let told = Told {
            binary: driver.browser().map(|path| path.display().to_string()),
            proxy: self.ingress.proxy().port(),
            trusted: &base64::prelude::BASE64_STANDARD.encode(digest(&SHA256, &self.ingress.ca_key())),
            profile: &profile.display().to_string(),
            is_root: rustix::process::geteuid().is_root(),
        };
        self.ingress.refused();
        let files = driver.dir().join("files");
        state.session = Some(Session::start(&driver.url, capabilities(&told), &files).await?);
        Ok(())
    }

    /// Refuses addresses that no page of a run has. What pages themselves ask for is refused by the ingress.
    async fn is_ours(&self, url: &str) -> Result<(), BrowserError> {
        let parsed =
            url::Url::parse(url).map_err(|e| BrowserError::Refused(format!("`{url}` is no URL: {e}")))?;
        let host = parsed.host_str().filter(|_| matches!(parsed.scheme(), "http" | "https"));
        let ours = match host {
            Some(host) => self.ingress.lookup().stack_of(host).await.is_some(),
            None => false,
        };
        if ours { Ok(()) } else { Err(BrowserError::Foreign(host.unwrap_or(url).to_string())) }
    }

    /// Ends everything, whatever state it is in. Returns the guard's message, if it had one.
    fn finish(&self, state: &mut State) -> Option<String> {
        // ending the session first would ask a driver that may hang; its guard ends both
        drop(state.session.take());
        let driver = state.driver.take()?;
        self.handle.block_on(driver.end())
    }
}

/// The refused names that failed requests of the page have. The browser asks for names of its own as well, for updates,
/// accounts and its search engine; they say nothing of the app.
fn asked_by_the_page(refused: Vec<String>, requests: &[String]) -> Vec<String> {
    let hosts = requests.iter().filter_map(|line| {
        let url = line.split_whitespace().nth(1)?;
        url::Url::parse(url.trim_end_matches(':')).ok()?.host_str().map(str::to_string)
    });
    let hosts: Vec<String> = hosts.collect();
    let host = |name: &str| name.rsplit_once(':').map_or(name, |(host, _)| host).to_string();
    refused.into_iter().filter(|name| hosts.contains(&host(name))).collect()
}

fn page(state: &mut State) -> Result<&mut Session, BrowserError> {
    let why = state.why.clone();
    state.session.as_mut().ok_or(match why.is_empty() {
        true => BrowserError::Gone("no page was begun".into()),
        false => BrowserError::Gone(why),
    })
}

impl Browser for Chromium {
    fn begin(&self, limit: &Limit) -> Result<(), BrowserError> {
        let limit = limit.within(&*self.clock, ATTEMPT);
        self.with("start a browser", &limit, async |state| self.begin_page(state).await)
    }

    fn call(&self, call: &PageCall, limit: &Limit) -> Result<PageReply, BrowserError> {
        let limit = limit.within(&*self.clock, ATTEMPT);
        self.with(&call.to_string(), &limit, async |state| {
            if let PageCall::Open(url) = call {
                self.is_ours(url).await?;
            }
            page(state)?.attempt(call).await
        })
    }

    fn seen(&self, limit: &Limit) -> Seen {
        let limit = limit.within(&*self.clock, LAST_LOOK);
        let seen = self.with("show the page", &limit, async |state| Ok(page(state)?.seen().await));
        let mut seen = seen.unwrap_or_else(|e| Seen {
            console: vec![format!("the page can no longer be looked at: {e}")],
            ..Seen::default()
        });
        let refused = asked_by_the_page(self.ingress.refused(), &seen.requests);
        seen.requests.extend(refused.into_iter().map(|name| format!("{name}: no name of this run")));
        seen
    }

    fn end(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.finish(&mut state);
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // the guard ends the browser when its pipe is closed, so nothing has to wait here
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.session.take();
        state.driver.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_name_is_told_only_if_a_request_of_the_page_has_it() {
        let all = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
        let refused = all(&["elsewhere.test:443", "updates.test:443", "[2001:db8::1]:80", "a.test:80"]);
        let requests = all(&[
            "GET https://elsewhere.test/x.js: net::ERR_TUNNEL_CONNECTION_FAILED",
            "GET http://[2001:db8::1]/: net::ERR_FAILED",
            "POST /no url: answered 404",
        ]);
        assert_eq!(asked_by_the_page(refused, &requests), all(&["elsewhere.test:443", "[2001:db8::1]:80"]));
        assert_eq!(asked_by_the_page(all(&["updates.test:443"]), &[]), [""; 0]);
    }
}
