//! A page of the browser, as scripts use it: what a person does. Each call waits for its element.

use super::request::url;
use super::state::{Ctx, HookCtx, Native, port_failure, raised};
use super::target::at;
use super::{CtxFn, seen};
use ccci_model::event::Shows;
use ccci_model::time::parse_span;
use ccci_script::exceeded;
use ccci_script::functions::Functions;
use ccci_script::limits::{PAGE_WAIT, PICTURES};
use ccci_script::point::Reach;
use ccci_script::raised::Raised;
use ccci_script::signature::{CallSig, Owner, Param, Ty};
use ccci_swarm::ports::browser::{BrowserError, PageCall, PageReply};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::wait::{self, Look, WaitError};
use rhai::{Dynamic, ImmutableString};
use std::time::Duration;

/// The page, as scripts see it.
#[derive(Clone)]
pub struct Page(pub Ctx);

/// Time for asking where a page is when a call has failed. It is long, because a question that is cut off ends the browser.
const WHERE: Duration = Duration::from_secs(10);

const WAIT: Duration = Duration::from_secs(PAGE_WAIT.most as u64);

const TARGET: Param = Param { name: "target", ty: Ty::TEXT.or(Ty::MAP), keys: super::target::KEYS };
const TEXT: Param = Param::of("text", Ty::TEXT);
const PATH: Param = Param::of("path", Ty::TEXT);
const KEY: Param = Param::of("key", Ty::TEXT);
const OPTION: Param = Param::of("option", Ty::TEXT);
const NAME: Param = Param::of("name", Ty::TEXT);
const CONTENT: Param = Param::of("content", Ty::TEXT);
const SPAN: Param = Param::of("span", Ty::TEXT);

const fn row(
    name: &'static str,
    params: &'static [Param],
    ret: Ty,
    doc: &'static str,
    example: &'static str,
    register: fn(&mut Functions),
) -> CtxFn {
    let sig = CallSig {
        owner: Owner::Page,
        name,
        params,
        ret,
        doc,
        example,
        reach: Reach::Page,
        is_property: false,
    };
    CtxFn { sig, register }
}

pub(super) const ROWS: &[CtxFn] = &[
    row(
        "open",
        &[PATH],
        Ty::UNIT,
        "Opens a path of the app, or an absolute URL of the run. Raises if the answer is an error: a status of 400 or more, or no page at all.",
        "page.open(\"/\");",
        |e| {
            e.register_fn("open", |p: &mut Page, path: &str| -> Native<()> {
                let url = url(&p.0.0, path)?;
                p.done("open", &[path], WAIT, &PageCall::Open(url))
            });
        },
    ),
    row(
        "click",
        &[TARGET],
        Ty::UNIT,
        "Clicks an element once it can be seen and nothing covers it. `target` is a CSS selector, or a map with one of `css`, `text`, `label`, `role` (with `name`), and `frame` for an element in a frame.",
        "page.open(\"/\");\npage.click(#{ role: \"link\", name: \"About\" });",
        |e| {
            e.register_fn("click", |p: &mut Page, target: Dynamic| -> Native<()> {
                let to = at(&target)?;
                p.done("click", &[&to.to_string()], WAIT, &PageCall::Click(to))
            });
        },
    ),
    row(
        "fill",
        &[TARGET, TEXT],
        Ty::UNIT,
        "Replaces the text of a field.",
        "page.open(\"/login\");\npage.fill(#{ label: \"User\" }, \"anna\");",
        |e| {
            e.register_fn("fill", |p: &mut Page, target: Dynamic, text: &str| -> Native<()> {
                let to = at(&target)?;
                p.done("fill", &[&to.to_string(), text], WAIT, &PageCall::Fill(to, text.to_string()))
            });
        },
    ),
    row(
        "press",
        &[KEY],
        Ty::UNIT,
        "Presses a key in what has the focus: a character, or `Enter`, `Tab`, `Escape`, `Backspace`, `Delete`, `Space`, `ArrowUp`, `ArrowDown`, `ArrowLeft`, `ArrowRight`, `Home`, `End`, `PageUp`, `PageDown`.",
        "page.open(\"/\");\npage.press(\"Tab\");",
        |e| {
            e.register_fn("press", |p: &mut Page, key: &str| -> Native<()> {
                p.done("press", &[key], WAIT, &PageCall::Press(None, key.to_string()))
            });
        },
    ),
    row(
        "press",
        &[TARGET, KEY],
        Ty::UNIT,
        "Presses a key in an element.",
        "page.open(\"/\");\npage.press(\"input[name=q]\", \"Enter\");",
        |e| {
            e.register_fn("press", |p: &mut Page, target: Dynamic, key: &str| -> Native<()> {
                let to = at(&target)?;
                p.done("press", &[&to.to_string(), key], WAIT, &PageCall::Press(Some(to), key.to_string()))
            });
        },
    ),
    row(
        "select",
        &[TARGET, OPTION],
        Ty::UNIT,
        "Chooses the option of a list that shows this text or has this value.",
        "page.open(\"/settings\");\npage.select(\"select[name=lang]\", \"English\");",
        |e| {
            e.register_fn("select", |p: &mut Page, target: Dynamic, option: &str| -> Native<()> {
                let to = at(&target)?;
                p.done("select", &[&to.to_string(), option], WAIT, &PageCall::Select(to, option.to_string()))
            });
        },
    ),
    row(
        "upload",
        &[TARGET, NAME, CONTENT],
        Ty::UNIT,
        "Gives a file field a file with this name and content.",
        "page.open(\"/files\");\npage.upload(\"input[type=file]\", \"note.txt\", \"hello\");",
        |e| {
            e.register_fn(
                "upload",
                |p: &mut Page, target: Dynamic, name: &str, content: &str| -> Native<()> {
                    let to = at(&target)?;
                    let call = PageCall::Upload(to.clone(), name.to_string(), content.as_bytes().to_vec());
                    p.done("upload", &[&to.to_string(), name], WAIT, &call)
                },
            );
        },
    ),
    row(
        "text",
        &[TARGET],
        Ty::TEXT,
        "The text that an element shows.",
        "page.open(\"/\");\nassert(page.text(\"h1\") == \"Welcome\");",
        |e| {
            e.register_fn("text", |p: &mut Page, target: Dynamic| -> Native<ImmutableString> {
                let to = at(&target)?;
                p.text("text", &[&to.to_string()], &PageCall::Text(to))
            });
        },
    ),
    row(
        "value",
        &[TARGET],
        Ty::TEXT,
        "The value of a field.",
        "page.open(\"/profile\");\nassert(page.value(\"#mail\").contains(\"@\"));",
        |e| {
            e.register_fn("value", |p: &mut Page, target: Dynamic| -> Native<ImmutableString> {
                let to = at(&target)?;
                p.text("value", &[&to.to_string()], &PageCall::Value(to))
            });
        },
    ),
    row(
        "attribute",
        &[TARGET, NAME],
        Ty::TEXT,
        "An attribute of an element; empty if it has none of this name.",
        "page.open(\"/\");\nassert(page.attribute(\"html\", \"lang\") == \"en\");",
        |e| {
            e.register_fn(
                "attribute",
                |p: &mut Page, target: Dynamic, name: &str| -> Native<ImmutableString> {
                    let to = at(&target)?;
                    p.text("attribute", &[&to.to_string(), name], &PageCall::Attribute(to, name.to_string()))
                },
            );
        },
    ),
    row(
        "is_visible",
        &[TARGET],
        Ty::BOOL,
        "Whether an element is there and can be seen, now. Use `wait_for` for what takes time.",
        "page.open(\"/\");\nassert(!page.is_visible(\".error\"));",
        |e| {
            e.register_fn("is_visible", |p: &mut Page, target: Dynamic| -> Native<bool> {
                let to = at(&target)?;
                let call = PageCall::IsVisible(to.clone());
                let reply = p.ask("is_visible", &[&to.to_string()], WAIT, &call)?;
                Ok(reply == PageReply::Flag(true))
            });
        },
    ),
    row(
        "wait_for",
        &[TARGET],
        Ty::UNIT,
        "Waits until an element can be seen.",
        "page.open(\"/\");\npage.wait_for(#{ text: \"Welcome\" });",
        |e| {
            e.register_fn("wait_for", |p: &mut Page, target: Dynamic| -> Native<()> {
                let to = at(&target)?;
                p.done("wait_for", &[&to.to_string()], WAIT, &PageCall::Visible(to))
            });
        },
    ),
    row(
        "wait_for",
        &[TARGET, SPAN],
        Ty::UNIT,
        "Waits for at most this span until an element can be seen.",
        "page.open(\"/\");\npage.wait_for(#{ text: \"Ready\" }, \"90s\");",
        |e| {
            e.register_fn("wait_for", |p: &mut Page, target: Dynamic, span: &str| -> Native<()> {
                let to = at(&target)?;
                let within =
                    parse_span(span).ok_or_else(|| raised(format!("`{span}` is not a span like \"10s\"")))?;
                p.done("wait_for", &[&to.to_string(), span], within, &PageCall::Visible(to))
            });
        },
    ),
    row(
        "url",
        &[],
        Ty::TEXT,
        "The page's address.",
        "page.open(\"/admin\");\nassert(page.url().ends_with(\"/login\"));",
        |e| {
            e.register_fn("url", |p: &mut Page| p.text("url", &[], &PageCall::Url));
        },
    ),
    row(
        "title",
        &[],
        Ty::TEXT,
        "The page's title.",
        "page.open(\"/\");\nassert(page.title().contains(\"Welcome\"));",
        |e| {
            e.register_fn("title", |p: &mut Page| p.text("title", &[], &PageCall::Title));
        },
    ),
    row(
        "screenshot",
        &[NAME],
        Ty::UNIT,
        "Keeps a picture of the page in the record. A page that shows a secret is not kept, and the record says so.",
        "page.open(\"/\");\nassert(page.title() != \"\");\npage.screenshot(\"front page\");",
        |e| {
            e.register_fn("screenshot", |p: &mut Page, name: &str| -> Native<()> {
                let c = &p.0.0;
                let Some(number) = c.marks.one_more_picture() else { return Err(exceeded(PICTURES)) };
                c.call(
                    "page.screenshot",
                    vec![name.to_string()],
                    |()| "done".into(),
                    |limit| {
                        let kept = seen::keep_settled(c, Shows::Named, &format!("{number}-{name}"), limit);
                        if let Err(why) = kept {
                            c.say(&format!("the picture `{name}` is not kept: {why}"));
                        }
                        Ok(())
                    },
                )
            });
        },
    ),
];

pub(super) fn register_types(e: &mut Functions) {
    e.register_type_with_name::<Page>("Page");
}

impl Page {
    /// Makes a call that gives nothing back.
    fn done(&self, function: &str, arguments: &[&str], within: Duration, call: &PageCall) -> Native<()> {
        self.ask(function, arguments, within, call).map(|_| ())
    }

    /// Makes a call that gives a text.
    fn text(&self, function: &str, arguments: &[&str], call: &PageCall) -> Native<ImmutableString> {
        match self.ask(function, arguments, WAIT, call)? {
            PageReply::Text(text) => Ok(text.into()),
            _ => Ok(ImmutableString::new()),
        }
    }

    /// Makes a call, again and again until what it needs is there.
    fn ask(
        &self,
        function: &str,
        arguments: &[&str],
        within: Duration,
        call: &PageCall,
    ) -> Native<PageReply> {
        let c = &self.0.0;
        let arguments = arguments.iter().map(|a| (*a).to_string()).collect();
        let function = format!("page.{function}");
        c.call(&function, arguments, told, |limit| {
            c.needs(&function, Reach::Page)?;
            c.used.check();
            attempt(c, call, limit, within)
        })
    }
}

fn told(reply: &PageReply) -> String {
    match reply {
        PageReply::Done => "done".into(),
        PageReply::Text(text) => text.clone(),
        PageReply::Flag(flag) => flag.to_string(),
        PageReply::Picture(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// Tries until the call succeeds, cannot succeed or the time is over. `within` says how long it is tried; one attempt may
/// take longer, because an attempt that is cut off leaves the browser in an unknown state.
fn attempt(c: &HookCtx, call: &PageCall, limit: &Limit, within: Duration) -> Result<PageReply, Raised> {
    let tried = limit.within(&*c.world.clock, within);
    let waited =
        wait::until(&*c.world.clock, &tried, &mut |_| (), || match c.world.browser.call(call, limit) {
            Ok(reply) => Ok(Look::Done(reply)),
            Err(BrowserError::NotYet(why)) => Ok(Look::Waiting(why)),
            Err(other) => Err(other),
        });
    waited.map_err(|e| match e {
        WaitError::TimedOut { why, after } => {
            let span = ccci_model::time::Span(after);
            raised(format!("after {span}: {why}{}", where_it_is(c, limit)))
        }
        WaitError::Look(e) => of_browser(&e),
        WaitError::Stopped(_) | WaitError::Hopeless(_) => raised("the run was stopped"),
    })
}

/// The address of the page, for messages. It gets a moment of its own, because the call's time is over.
fn where_it_is(c: &HookCtx, limit: &Limit) -> String {
    let moment = Limit { deadline: c.world.clock.now().after(WHERE), stop: limit.stop.clone() };
    match c.world.browser.call(&PageCall::Url, &moment) {
        Ok(PageReply::Text(url)) => format!("; the page is {url}"),
        _ => String::new(),
    }
}

/// The error that a script gets. If the browser itself failed, infra is to blame.
pub(crate) fn of_browser(e: &BrowserError) -> Raised {
    match e.of_infra("to use the browser") {
        Some(failure) => port_failure(failure, "use the browser"),
        None => raised(e.to_string()),
    }
}
