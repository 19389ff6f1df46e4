//! HTTP requests to the app, by domain name, through the ingress. Sessions keep cookies.

use super::state::{Ctx, Native, looked_at, port_failure, raised};
use super::{CtxFn, request};
use ccci_script::functions::Functions;
use ccci_script::limits::{SESSIONS, TEXT};
use ccci_script::point::Reach;
use ccci_script::raised::Raised;
use ccci_script::signature::{CallSig, Owner, Param, Ty};
use ccci_script::{exceeded, head};
use ccci_swarm::ports::web::{HttpAnswer, WebError};
use rhai::{Dynamic, ImmutableString, Map};
use std::sync::Arc;

/// An HTTP answer, as scripts see it.
#[derive(Clone)]
struct Response(Arc<HttpAnswer>);

/// HTTP requests that share cookies; the text is the session's name.
#[derive(Clone)]
struct Session(Ctx, String);

const PATH: Param = Param::of("path", Ty::TEXT);
const METHOD: Param = Param::of("method", Ty::TEXT);
const BODY: Param = Param::of("body", Ty::ANY);
const OPTIONS: Param = Param::options(request::OPTIONS);
const WITH_BODY: Param = Param::options(request::WITH_BODY);
const NAME: Param = Param::of("name", Ty::TEXT);

const fn row(
    owner: Owner,
    name: &'static str,
    params: &'static [Param],
    ret: Ty,
    doc: &'static str,
    example: &'static str,
    register: fn(&mut Functions),
) -> CtxFn {
    let is_property = false;
    CtxFn {
        sig: CallSig { owner, name, params, ret, doc, example, reach: Reach::App, is_property },
        register,
    }
}

const fn property(
    name: &'static str,
    ret: Ty,
    doc: &'static str,
    example: &'static str,
    register: fn(&mut Functions),
) -> CtxFn {
    let sig = CallSig {
        owner: Owner::Response,
        name,
        params: &[],
        ret,
        doc,
        example,
        reach: Reach::App,
        is_property: true,
    };
    CtxFn { sig, register }
}

pub(super) const ROWS: &[CtxFn] = &[
    row(
        Owner::Ctx,
        "get",
        &[PATH],
        Ty::RESPONSE,
        "Requests a path of the app, or a URL of one of its host names. Redirects are followed within the app's host names. Any status is an answer; no answer at all raises.",
        "assert(ctx.get(\"/\").status == 200);",
        |e| {
            e.register_fn("get", |c: &mut Ctx, path: &str| {
                ask(c, "", "GET", path, Dynamic::UNIT, Map::new())
            });
        },
    ),
    row(
        Owner::Ctx,
        "get",
        &[PATH, OPTIONS],
        Ty::RESPONSE,
        "The same with options: `headers` (a map), `follow` (default true), `timeout` (a span, at most 2 minutes).",
        "assert(ctx.get(\"/\", #{ follow: false }).status == 200);",
        |e| {
            e.register_fn("get", |c: &mut Ctx, path: &str, o: Map| ask(c, "", "GET", path, Dynamic::UNIT, o));
        },
    ),
    row(
        Owner::Ctx,
        "post",
        &[PATH, BODY],
        Ty::RESPONSE,
        "Sends a body: text as it is, a map as a form.",
        "assert(ctx.post(\"/form\", #{ name: \"ada\" }).status == 200);",
        |e| {
            e.register_fn("post", |c: &mut Ctx, path: &str, body: Dynamic| {
                ask(c, "", "POST", path, body, Map::new())
            });
        },
    ),
    row(
        Owner::Ctx,
        "post",
        &[PATH, BODY, OPTIONS],
        Ty::RESPONSE,
        "The same with options; `json: true` sends the body as JSON.",
        "assert(ctx.post(\"/form\", #{ name: \"ada\" }, #{ json: true }).status == 200);",
        |e| {
            e.register_fn("post", |c: &mut Ctx, path: &str, body: Dynamic, o: Map| {
                ask(c, "", "POST", path, body, o)
            });
        },
    ),
    row(
        Owner::Ctx,
        "request",
        &[METHOD, PATH, WITH_BODY],
        Ty::RESPONSE,
        "Any method; the body is the option `body`.",
        "assert(ctx.request(\"HEAD\", \"/\", #{}).status == 200);",
        |e| {
            e.register_fn("request", |c: &mut Ctx, m: &str, path: &str, o: Map| any(c, "", m, path, o));
        },
    ),
    row(
        Owner::Ctx,
        "session",
        &[NAME],
        Ty::SESSION,
        "HTTP that keeps cookies under a name; the same name is the same session for the whole run.",
        "let s = ctx.session(\"admin\");\nassert(s.get(\"/\").status == 200);",
        |e| {
            e.register_fn("session", |c: &mut Ctx, name: &str| session(c, name));
        },
    ),
    row(
        Owner::Session,
        "get",
        &[PATH],
        Ty::RESPONSE,
        "As `ctx.get`, with the session's cookies.",
        "assert(ctx.session(\"a\").get(\"/\").ok);",
        |e| {
            e.register_fn("get", |s: &mut Session, path: &str| {
                ask(&s.0, &s.1, "GET", path, Dynamic::UNIT, Map::new())
            });
        },
    ),
    row(
        Owner::Session,
        "get",
        &[PATH, OPTIONS],
        Ty::RESPONSE,
        "As `ctx.get` with options, with the session's cookies.",
        "assert(ctx.session(\"a\").get(\"/\", #{}).ok);",
        |e| {
            e.register_fn("get", |s: &mut Session, path: &str, o: Map| {
                ask(&s.0, &s.1, "GET", path, Dynamic::UNIT, o)
            });
        },
    ),
    row(
        Owner::Session,
        "post",
        &[PATH, BODY],
        Ty::RESPONSE,
        "As `ctx.post`, with the session's cookies.",
        "assert(ctx.session(\"a\").post(\"/form\", \"x=1\").ok);",
        |e| {
            e.register_fn("post", |s: &mut Session, path: &str, body: Dynamic| {
                ask(&s.0, &s.1, "POST", path, body, Map::new())
            });
        },
    ),
    row(
        Owner::Session,
        "post",
        &[PATH, BODY, OPTIONS],
        Ty::RESPONSE,
        "As `ctx.post` with options, with the session's cookies.",
        "assert(ctx.session(\"a\").post(\"/form\", #{}, #{ json: true }).ok);",
        |e| {
            e.register_fn("post", |s: &mut Session, path: &str, body: Dynamic, o: Map| {
                ask(&s.0, &s.1, "POST", path, body, o)
            });
        },
    ),
    row(
        Owner::Session,
        "request",
        &[METHOD, PATH, WITH_BODY],
        Ty::RESPONSE,
        "As `ctx.request`, with the session's cookies.",
        "assert(ctx.session(\"a\").request(\"GET\", \"/\", #{}).ok);",
        |e| {
            e.register_fn("request", |s: &mut Session, m: &str, path: &str, o: Map| {
                any(&s.0, &s.1, m, path, o)
            });
        },
    ),
    property("status", Ty::INT, "The status code.", "assert(ctx.get(\"/\").status == 200);", |e| {
        e.register_get("status", |r: &mut Response| i64::from(r.0.status));
    }),
    property("ok", Ty::BOOL, "Whether the status is 200 to 399.", "assert(ctx.get(\"/\").ok);", |e| {
        e.register_get("ok", |r: &mut Response| (200..400).contains(&r.0.status));
    }),
    property(
        "body",
        Ty::TEXT,
        "The body as text, at most 1 MiB of it.",
        "assert(ctx.get(\"/\").body.contains(\"hello\"));",
        |e| {
            e.register_get("body", |r: &mut Response| text(&r.0));
        },
    ),
    property(
        "url",
        Ty::TEXT,
        "The URL after redirects.",
        "assert(ctx.get(\"/\").url.ends_with(\"/\"));",
        |e| {
            e.register_get("url", |r: &mut Response| ImmutableString::from(r.0.url.as_str()));
        },
    ),
    row(
        Owner::Response,
        "json",
        &[],
        Ty::ANY,
        "The body parsed as JSON; raises if it is not valid JSON.",
        "assert(ctx.get(\"/api\").json().ok == true);",
        |e| {
            e.register_fn("json", |r: &mut Response| -> Native<Dynamic> { Ok(json(&r.0)?) });
        },
    ),
    row(
        Owner::Response,
        "header",
        &[NAME],
        Ty::TEXT,
        "A header's value; empty if it is not there.",
        "assert(ctx.get(\"/\").header(\"content-type\") == \"text/html\");",
        |e| {
            e.register_fn("header", |r: &mut Response, name: &str| {
                ImmutableString::from(r.0.header(name).unwrap_or(""))
            });
        },
    ),
];

/// Bytes of a body that become text or JSON: the same limit that the sandbox has for texts.
const TEXT_BYTES: usize = TEXT.most;

pub(super) fn register_types(e: &mut Functions) {
    e.register_type_with_name::<Response>("Response").register_type_with_name::<Session>("Session");
}

fn text(answer: &HttpAnswer) -> ImmutableString {
    let cut = &answer.body[..answer.body.len().min(TEXT_BYTES)];
    let mut text = String::from_utf8_lossy(cut).into_owned();
    text.truncate((0..=TEXT_BYTES.min(text.len())).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0));
    text.into()
}

fn session(c: &Ctx, name: &str) -> Native<Session> {
    c.0.count()?;
    if c.0.marks.open_session(name) {
        Ok(Session(c.clone(), name.to_string()))
    } else {
        Err(exceeded(SESSIONS))
    }
}

fn json(answer: &HttpAnswer) -> Result<Dynamic, Raised> {
    if answer.body.len() > TEXT_BYTES {
        let bytes = answer.body.len();
        return Err(raised(format!(
            "the answer of {} has {bytes} bytes; at most {TEXT_BYTES} are read as JSON",
            answer.url
        )));
    }
    let value: serde_json::Value = serde_json::from_slice(&answer.body).map_err(|e| {
        let begins = head(&String::from_utf8_lossy(&answer.body), 100);
        raised(format!("the answer of {} is not JSON ({e}); it begins with `{begins}`", answer.url))
    })?;
    rhai::serde::to_dynamic(value).map_err(|e| raised(e.to_string()))
}

fn any(c: &Ctx, session: &str, method: &str, path: &str, mut options: Map) -> Native<Response> {
    let body = options.remove("body").unwrap_or(Dynamic::UNIT);
    ask(c, session, method, path, body, options)
}

fn ask(c: &Ctx, session: &str, method: &str, path: &str, body: Dynamic, options: Map) -> Native<Response> {
    let function =
        if session.is_empty() { method.to_lowercase() } else { format!("session {session} {method}") };
    let told = |r: &Response| format!("{} {}", r.0.status, looked_at(&text(&r.0)));
    c.0.call(&function, vec![path.to_string()], told, |limit| {
        c.0.needs(&function, Reach::App)?;
        let (request, limit) = request::build(c, session, method, path, body, options, limit)?;
        c.0.world.web.send(&request, &limit).map(|a| Response(Arc::new(a))).map_err(no_answer)
    })
}

/// The error that a script gets when there is no answer. If the ingress could not look, infra is to blame.
pub(super) fn no_answer(e: WebError) -> Raised {
    match e.of_infra("to ask the app") {
        Some(failure) => port_failure(failure, "ask the app"),
        None => raised(e.to_string()),
    }
}
