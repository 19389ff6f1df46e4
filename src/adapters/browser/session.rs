//! One session of the driver: a browser with a profile of its own, and what is asked of its page.

use super::command::OfDriver;
use super::error::{net_error, of};
use super::log::Logs;
use ccci_swarm::ports::browser::{BrowserError, Find, PageCall, PageReply, Seen, Target, VIEWPORT};
use fantoccini::elements::{Element, ElementRef};
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

const FIND: &str = include_str!("find.js");
const EVERYTHING: &str = include_str!("everything.js");
const SETTLED: &str = "return [document.readyState, performance.getEntriesByType('resource').length, \
                       (document.body?.innerText ?? '').length].join(' ')";
/// The status of the answer, and what the browser's own page says where there was none.
const ANSWERED: &str = "return { status: performance.getEntriesByType('navigation')[0]?.responseStatus ?? 0, \
                        error: location.protocol === 'chrome-error:' ? document.body.innerText : '' }";
/// The member of WebDriver's JSON that marks an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Most options of a list that a message names.
const OPTIONS: usize = 10;
/// Most frames whose text is read.
const FRAMES: u16 = 10;

type Tried<T> = Result<T, BrowserError>;

/// A browser that runs.
pub(super) struct Session {
    client: Client,
    logs: Logs,
    /// Where files for uploads are written.
    files: PathBuf,
    windows: usize,
}

/// Keys that have names.
const KEYS: &[(&str, Key)] = &[
    ("Enter", Key::Enter),
    ("Tab", Key::Tab),
    ("Escape", Key::Escape),
    ("Backspace", Key::Backspace),
    ("Delete", Key::Delete),
    ("Space", Key::Space),
    ("ArrowUp", Key::Up),
    ("ArrowDown", Key::Down),
    ("ArrowLeft", Key::Left),
    ("ArrowRight", Key::Right),
    ("Home", Key::Home),
    ("End", Key::End),
    ("PageUp", Key::PageUp),
    ("PageDown", Key::PageDown),
];

impl Session {
    /// Starts a browser.
    pub(super) async fn start(
        driver: &str,
        capabilities: Map<String, Value>,
        files: &Path,
    ) -> Tried<Session> {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(driver).await;
        let client = client.map_err(|e| {
            let line = e.to_string().lines().next().unwrap_or_default().to_string();
            BrowserError::Missing(format!("the browser does not start: {line}"))
        })?;
        let (width, height) = VIEWPORT;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let session = Session { client, logs: Logs::default(), files: files.to_path_buf(), windows: 1 };
        let command = OfDriver::browser("Emulation.setDeviceMetricsOverride", size);
        session.client.issue_cmd(command).await.map_err(|e| of(&e))?;
        Ok(session)
    }

    /// Ends the browser.
    pub(super) async fn close(self) {
        let _ = self.client.close().await;
    }

    /// Makes one attempt.
    pub(super) async fn attempt(&mut self, call: &PageCall) -> Tried<PageReply> {
        self.newest_window().await?;
        let done = self.perform(call).await;
        if let Err(BrowserError::NotYet(why)) = &done
            && why.starts_with("the page showed a dialog")
        {
            self.logs.note(why);
        }
        done
    }

    /// A person looks at the window that was opened last.
    async fn newest_window(&mut self) -> Tried<()> {
        let windows = self.client.windows().await.map_err(|e| of(&e))?;
        if windows.len() != self.windows
            && let Some(last) = windows.last()
        {
            self.client.switch_to_window(last.clone()).await.map_err(|e| of(&e))?;
            self.windows = windows.len();
        }
        Ok(())
    }

    async fn perform(&self, call: &PageCall) -> Tried<PageReply> {
        match call {
            PageCall::Open(url) => self.open(url).await,
            PageCall::Url => text(self.client.current_url().await.map(String::from)),
            PageCall::Title => text(self.client.title().await),
            PageCall::Picture => self.client.screenshot().await.map(PageReply::Picture).map_err(|e| of(&e)),
            PageCall::Everything => self.everything().await.map(PageReply::Text),
            PageCall::Settled => self.script(SETTLED, vec![]).await.map(|v| PageReply::Text(plain(&v))),
            PageCall::Press(None, key) => {
                let element = self.client.active_element().await.map_err(|e| of(&e))?;
                done(element.send_keys(&typed(key)).await)
            }
            PageCall::Click(t)
            | PageCall::Fill(t, _)
            | PageCall::Press(Some(t), _)
            | PageCall::Select(t, _)
            | PageCall::Upload(t, ..)
            | PageCall::Text(t)
            | PageCall::Value(t)
            | PageCall::Attribute(t, _)
            | PageCall::IsVisible(t)
            | PageCall::Visible(t) => self.in_frame(t, call).await,
        }
    }

    async fn open(&self, url: &str) -> Tried<PageReply> {
        self.client.goto(url).await.map_err(|e| of(&e))?;
        let answered = self.script(ANSWERED, vec![]).await?;
        if let Some(error) = answered["error"].as_str().filter(|e| !e.is_empty()) {
            return Err(BrowserError::Refused(net_error(error)));
        }
        match answered["status"].as_u64() {
            Some(status) if status >= 400 => Err(BrowserError::Refused(format!("{url} answered {status}"))),
            _ => Ok(PageReply::Done),
        }
    }

    /// Does something with an element, in its frame if it is in one.
    async fn in_frame(&self, target: &Target, call: &PageCall) -> Tried<PageReply> {
        let Some(frame) = &target.frame else { return self.with(target, call).await };
        let (found, _) = self.find(&Find::Css(frame.clone())).await?;
        let frame = found.into_iter().next().ok_or_else(|| missing(&format!("the frame `{frame}`")))?;
        frame.enter_frame().await.map_err(|e| of(&e))?;
        let done = self.with(target, call).await;
        let _ = self.client.enter_parent_frame().await;
        done
    }

    async fn with(&self, target: &Target, call: &PageCall) -> Tried<PageReply> {
        let (found, visible) = self.find(&target.find).await?;
        if let PageCall::IsVisible(_) = call {
            return Ok(PageReply::Flag(visible > 0));
        }
        // a file field is often hidden behind a button, and what is hidden can have a value
        let may_hide = matches!(call, PageCall::Upload(..) | PageCall::Value(_) | PageCall::Attribute(..));
        let element = match found.into_iter().next() {
            None => return Err(missing(&target.find.to_string())),
            Some(_) if visible == 0 && !may_hide => {
                return Err(BrowserError::NotYet(format!("{} is there and cannot be seen", target.find)));
            }
            Some(element) => element,
        };
        match call {
            PageCall::Click(_) => done(element.click().await),
            PageCall::Fill(_, value) => {
                element.clear().await.map_err(|e| of(&e))?;
                done(element.send_keys(value).await)
            }
            PageCall::Press(_, key) => done(element.send_keys(&typed(key)).await),
            PageCall::Select(_, option) => select(&element, option).await,
            PageCall::Upload(_, name, content) => {
                let path = self.file(name, content)?;
                done(element.send_keys(&path).await)
            }
            PageCall::Text(_) => text(element.text().await),
            PageCall::Value(_) => text(element.prop("value").await.map(Option::unwrap_or_default)),
            PageCall::Attribute(_, name) => text(element.attr(name).await.map(Option::unwrap_or_default)),
            _ => Ok(PageReply::Done),
        }
    }

    /// The elements, those that can be seen first, and how many can be seen.
    async fn find(&self, find: &Find) -> Tried<(Vec<Element>, u64)> {
        let (kind, value, name) = match find {
            Find::Css(css) => ("css", css, ""),
            Find::Text(shown) => ("text", shown, ""),
            Find::Label(label) => ("label", label, ""),
            Find::Role(role, name) => ("role", role, name.as_str()),
        };
        let found = self.script(FIND, vec![kind.into(), value.as_str().into(), name.into()]).await?;
        let ids = found["found"].as_array().into_iter().flatten().filter_map(|e| e[ELEMENT].as_str());
        let element =
            |id: &str| Element::from_element_id(self.client.clone(), ElementRef::from(id.to_string()));
        Ok((ids.map(element).collect(), found["visible"].as_u64().unwrap_or_default()))
    }

    async fn script(&self, script: &str, args: Vec<Value>) -> Tried<Value> {
        self.client.execute(script, args).await.map_err(|e| of(&e))
    }

    /// All text of the page and of its frames, also of those that scripts of the page itself cannot read.
    async fn everything(&self) -> Tried<String> {
        let mut all = plain(&self.script(EVERYTHING, vec![]).await?);
        for frame in 0..FRAMES {
            if self.client.enter_frame(frame).await.is_err() {
                break;
            }
            let inside = self.script(EVERYTHING, vec![]).await;
            let _ = self.client.enter_parent_frame().await;
            all = format!("{all}\n{}", inside.map(|v| plain(&v)).unwrap_or_default());
        }
        Ok(all)
    }

    /// Writes a file for an upload. Only the last part of the name counts.
    fn file(&self, name: &str, content: &[u8]) -> Tried<String> {
        let name = Path::new(name).file_name().unwrap_or("file".as_ref());
        let path = self.files.join(name);
        let written = std::fs::create_dir_all(&self.files).and_then(|()| std::fs::write(&path, content));
        written.map_err(|e| BrowserError::Gone(format!("failed to write a file for the browser: {e}")))?;
        Ok(path.display().to_string())
    }

    /// What the page shows now, as far as the browser can still say.
    pub(super) async fn seen(&mut self) -> Seen {
        // the picture first: each further question may change the page
        let picture = self.client.screenshot().await.ok();
        let source = self.client.source().await.ok();
        self.read_logs().await;
        let given_up = self.logs.given_up();
        let (console, requests) = self.logs.take();
        Seen { picture, source, console, requests, given_up }
    }

    async fn read_logs(&mut self) {
        match self.client.issue_cmd(OfDriver::log("browser")).await {
            Ok(entries) => self.logs.add_console(&entries),
            Err(e) => self.logs.note(&format!("its console cannot be read: {}", of(&e))),
        }
        match self.client.issue_cmd(OfDriver::log("performance")).await {
            Ok(entries) => self.logs.add_network(&entries),
            Err(e) => self.logs.note(&format!("its requests cannot be read: {}", of(&e))),
        }
    }
}

/// Chooses the option that shows this text, or has this value.
async fn select(list: &Element, wanted: &str) -> Tried<PageReply> {
    let mut there = vec![];
    for option in list.find_all(Locator::Css("option")).await.map_err(|e| of(&e))? {
        let shown = option.prop("text").await.map_err(|e| of(&e))?.unwrap_or_default();
        let value = option.prop("value").await.map_err(|e| of(&e))?.unwrap_or_default();
        if shown.trim() == wanted || value == wanted {
            return done(option.click().await);
        }
        there.push(format!("`{}`", shown.trim()));
    }
    let named = there.iter().take(OPTIONS).cloned().collect::<Vec<_>>().join(", ");
    Err(BrowserError::NotYet(format!("it has no option `{wanted}`; there are {} ({named})", there.len())))
}

fn typed(key: &str) -> String {
    match KEYS.iter().find(|(name, _)| *name == key) {
        Some((_, key)) => char::from(*key).to_string(),
        None => key.to_string(),
    }
}

fn missing(what: &str) -> BrowserError {
    BrowserError::NotYet(format!("{what} is not on the page"))
}

fn done(result: Result<(), CmdError>) -> Tried<PageReply> {
    result.map(|()| PageReply::Done).map_err(|e| of(&e))
}

fn text(result: Result<String, CmdError>) -> Tried<PageReply> {
    result.map(PageReply::Text).map_err(|e| of(&e))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}
