//! A browser in memory: pages are lists of elements, at paths that the app must answer. It is stricter than the real
//! one: nothing works before a page was begun and opened, a selector fits only an element that names it, and a page
//! that nobody described is refused.

use super::clock::MemoryClock;
use super::url::path_of;
use super::web::MemoryWeb;
use ccci_swarm::ports::browser::{Browser, BrowserError, Find, PageCall, PageReply, Seen, Target};
use ccci_swarm::ports::clock::{Clock, Limit};
use ccci_swarm::ports::web::{HttpRequest, Web, WebError};
use ccci_swarm::wait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// An element of a page in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryElement {
    /// The selector that finds it.
    pub css: String,
    /// The text that it shows.
    pub text: String,
    /// Its label.
    pub label: String,
    /// Its role, and the name of the role.
    pub role: (String, String),
    /// The value of a field.
    pub value: String,
    /// Texts of the options of a list.
    pub options: Vec<String>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// The frame that it is in.
    pub frame: Option<String>,
    /// Whether it is there and cannot be seen.
    pub hidden: bool,
    /// What lies over it.
    pub covered_by: Option<String>,
    /// For how long after the page was opened it is missing.
    pub after: Duration,
    /// The path to which a click leads.
    pub leads_to: Option<String>,
}

/// A page in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryPage {
    /// Its title.
    pub title: String,
    /// Its elements, those found first in front.
    pub elements: Vec<MemoryElement>,
    /// Lines that it writes to the console when it is opened.
    pub console: Vec<String>,
}

/// What goes wrong with the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowserFault {
    /// There is none.
    Missing,
    /// It ends at every call.
    Dies,
    /// It never answers a call.
    Hangs,
}

/// A browser in front of the web in memory.
pub struct MemoryBrowser {
    clock: Arc<MemoryClock>,
    web: Arc<MemoryWeb>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pages: BTreeMap<String, MemoryPage>,
    fault: Option<BrowserFault>,
    /// Whether a page was begun, and the URL that is open.
    running: bool,
    open: Option<String>,
    opened_at: u64,
    here: MemoryPage,
    console: Vec<String>,
    begun: usize,
    calls: Vec<PageCall>,
}

impl MemoryBrowser {
    /// A browser without any page.
    pub fn new(web: Arc<MemoryWeb>) -> MemoryBrowser {
        MemoryBrowser { clock: web.clock(), web, state: Mutex::default() }
    }

    /// Describes the page at a path.
    pub fn page(&self, path: &str, page: MemoryPage) {
        self.state().pages.insert(path.to_string(), page);
    }

    /// Sets what goes wrong from now on.
    pub fn fault(&self, fault: BrowserFault) {
        self.state().fault = Some(fault);
    }

    /// Whether it is still running.
    pub fn is_running(&self) -> bool {
        self.state().running
    }

    /// How often a page was begun.
    pub fn begun(&self) -> usize {
        self.state().begun
    }

    /// Every call, in order.
    pub fn calls(&self) -> Vec<PageCall> {
        self.state().calls.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn in_order(&self, limit: &Limit) -> Result<(), BrowserError> {
        if limit.stop.reason().is_some() {
            return Err(BrowserError::Stopped);
        }
        let fault = self.state().fault;
        match fault {
            Some(BrowserFault::Missing) => {
                Err(BrowserError::Missing("no browser: it is not installed".into()))
            }
            Some(BrowserFault::Dies) => {
                self.state().running = false;
                Err(BrowserError::Gone("the browser ended".into()))
            }
            Some(BrowserFault::Hangs) => {
                let left = limit.deadline.since(self.clock.now());
                let rested = wait::rest(&*self.clock, limit, left);
                self.state().running = false;
                Err(rested.map_or(BrowserError::Stopped, |()| BrowserError::Deadline("answer".into())))
            }
            None if self.clock.now() >= limit.deadline => Err(BrowserError::Deadline("answer".into())),
            None => Ok(()),
        }
    }

    fn open(&self, url: &str, limit: &Limit) -> Result<PageReply, BrowserError> {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(BrowserError::Foreign(url.to_string()));
        }
        let request =
            HttpRequest { method: "GET".into(), url: url.into(), follow: true, ..HttpRequest::default() };
        let answer = self.web.send(&request, limit).map_err(|e| match e {
            WebError::Foreign(name) => BrowserError::Foreign(name),
            WebError::Stopped => BrowserError::Stopped,
            other => BrowserError::Refused(other.to_string()),
        })?;
        if answer.status >= 400 {
            return Err(BrowserError::Refused(format!("{url} answered {}", answer.status)));
        }
        let mut state = self.state();
        let page = state.pages.get(path_of(&answer.url)).cloned();
        state.here =
            page.ok_or_else(|| BrowserError::Refused(format!("nobody described the page {}", answer.url)))?;
        let console = state.here.console.clone();
        state.console.extend(console);
        state.open = Some(answer.url);
        state.opened_at = self.clock.now().0;
        Ok(PageReply::Done)
    }

    fn with(&self, target: &Target, call: &PageCall, limit: &Limit) -> Result<PageReply, BrowserError> {
        let now = self.clock.now().0;
        let mut state = self.state();
        let passed = Duration::from_millis(now.saturating_sub(state.opened_at));
        let fits = |e: &MemoryElement| e.after <= passed && e.frame == target.frame && is(e, &target.find);
        let at = state.here.elements.iter().position(|e| fits(e) && !e.hidden);
        let at = at.or_else(|| state.here.elements.iter().position(fits));
        if let PageCall::IsVisible(_) = call {
            return Ok(PageReply::Flag(at.is_some_and(|n| !state.here.elements[n].hidden)));
        }
        let Some(at) = at else { return not_yet(format!("{} is not on the page", target.find)) };
        let element = &mut state.here.elements[at];
        let may_hide = matches!(call, PageCall::Upload(..) | PageCall::Value(_) | PageCall::Attribute(..));
        if element.hidden && !may_hide {
            return not_yet(format!("{} is there and cannot be seen", target.find));
        }
        match call {
            PageCall::Click(_) => match (&element.covered_by, element.leads_to.clone()) {
                (Some(by), _) => not_yet(format!("it is covered: {by}")),
                (None, None) => Ok(PageReply::Done),
                (None, Some(path)) => {
                    let base = state.open.clone().unwrap_or_default();
                    drop(state);
                    self.open(&super::url::join(&base, &path), limit)
                }
            },
            PageCall::Fill(_, text) => {
                element.value.clone_from(text);
                Ok(PageReply::Done)
            }
            PageCall::Select(_, option) if element.options.contains(option) => {
                element.value.clone_from(option);
                Ok(PageReply::Done)
            }
            PageCall::Select(_, option) => not_yet(format!("it has no option `{option}`")),
            PageCall::Upload(_, name, _) => {
                element.value.clone_from(name);
                Ok(PageReply::Done)
            }
            PageCall::Text(_) => Ok(PageReply::Text(element.text.clone())),
            PageCall::Value(_) => Ok(PageReply::Text(element.value.clone())),
            PageCall::Attribute(_, name) => {
                Ok(PageReply::Text(element.attributes.get(name).cloned().unwrap_or_default()))
            }
            _ => Ok(PageReply::Done),
        }
    }
}

fn not_yet(why: String) -> Result<PageReply, BrowserError> {
    Err(BrowserError::NotYet(why))
}

fn is(element: &MemoryElement, find: &Find) -> bool {
    match find {
        Find::Css(css) => *css == element.css,
        Find::Text(text) => element.text.to_lowercase().contains(&text.to_lowercase()),
        Find::Label(label) => *label == element.label,
        Find::Role(role, name) => *role == element.role.0 && (name.is_empty() || *name == element.role.1),
    }
}

impl Browser for MemoryBrowser {
    fn begin(&self, limit: &Limit) -> Result<(), BrowserError> {
        self.in_order(limit)?;
        let mut state = self.state();
        state.begun += 1;
        (state.running, state.open, state.here) = (true, None, MemoryPage::default());
        state.console.clear();
        Ok(())
    }

    fn call(&self, call: &PageCall, limit: &Limit) -> Result<PageReply, BrowserError> {
        self.state().calls.push(call.clone());
        self.in_order(limit)?;
        if !self.is_running() {
            return Err(BrowserError::Gone("the browser has ended".into()));
        }
        let (open, here) = {
            let state = self.state();
            (state.open.clone(), state.here.clone())
        };
        match call {
            PageCall::Open(url) => self.open(url, limit),
            PageCall::Url => Ok(PageReply::Text(open.unwrap_or_else(|| "about:blank".into()))),
            PageCall::Title => Ok(PageReply::Text(here.title)),
            PageCall::Picture => Ok(PageReply::Picture(picture(&here))),
            PageCall::Everything => {
                let texts = here.elements.iter().flat_map(|e| [e.text.clone(), e.value.clone()]);
                Ok(PageReply::Text(texts.chain([here.title.clone()]).collect::<Vec<_>>().join("\n")))
            }
            PageCall::Settled => Ok(PageReply::Text("complete".into())),
            PageCall::Press(None, _) => Ok(PageReply::Done),
            PageCall::Click(t)
            | PageCall::Fill(t, _)
            | PageCall::Press(Some(t), _)
            | PageCall::Select(t, _)
            | PageCall::Upload(t, ..)
            | PageCall::Text(t)
            | PageCall::Value(t)
            | PageCall::Attribute(t, _)
            | PageCall::IsVisible(t)
            | PageCall::Visible(t) => self.with(t, call, limit),
        }
    }

    fn seen(&self, _: &Limit) -> Seen {
        let mut state = self.state();
        if !state.running {
            return Seen::default();
        }
        let console = std::mem::take(&mut state.console);
        let source = format!("<title>{}</title>", state.here.title);
        let given_up = console.iter().filter(|line| line.contains("ERR_NETWORK_CHANGED")).count();
        Seen {
            picture: Some(picture(&state.here)),
            source: Some(source),
            console,
            requests: vec![],
            given_up,
        }
    }

    fn end(&self) {
        let mut state = self.state();
        (state.running, state.open) = (false, None);
    }
}

/// What stands for a picture of a page: the same page gives the same bytes.
fn picture(page: &MemoryPage) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), page.title.as_bytes()].concat()
}
