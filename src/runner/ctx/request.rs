//! Builds a request from what a script passes: its options and body. Refuses what no request may contain.

use super::state::{Ctx, HookCtx, raised};
use ccci_model::time::parse_span;
use ccci_script::limits::HEADERS;
use ccci_script::raised::Raised;
use ccci_script::signature::Ty;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::web::HttpRequest;
use rhai::{Dynamic, Map};

/// Options of a request, as the checker knows them.
pub(super) const OPTIONS: &[(&str, Ty)] =
    &[("headers", Ty::MAP), ("follow", Ty::BOOL), ("json", Ty::BOOL), ("timeout", Ty::TEXT)];
/// The same of a request whose body is an option.
pub(super) const WITH_BODY: &[(&str, Ty)] = &[
    ("headers", Ty::MAP),
    ("follow", Ty::BOOL),
    ("json", Ty::BOOL),
    ("timeout", Ty::TEXT),
    ("body", Ty::ANY),
];

/// The request, and the limit of this call.
pub(super) fn build(
    c: &Ctx,
    session: &str,
    method: &str,
    path: &str,
    body: Dynamic,
    options: Map,
    limit: &Limit,
) -> Result<(HttpRequest, Limit), Raised> {
    let url = url(&c.0, path)?;
    let mut request = HttpRequest {
        method: method.to_uppercase(),
        url,
        follow: true,
        session: session.to_string(),
        ..HttpRequest::default()
    };
    let (mut limit, mut as_json) = (limit.clone(), false);
    for (name, value) in options {
        match name.as_str() {
            "headers" => {
                let headers = value.as_map_ref().map_err(|_| raised("option `headers` must be a map"))?;
                request.headers.extend(headers.iter().map(|(k, v)| (k.to_string(), v.to_string())));
            }
            "follow" => {
                request.follow = value.as_bool().map_err(|_| raised("option `follow` must be a bool"))?
            }
            "json" => as_json = value.as_bool().map_err(|_| raised("option `json` must be a bool"))?,
            "timeout" => {
                let span = parse_span(&value.to_string()).ok_or_else(|| {
                    raised(format!("option `timeout`: `{value}` is not a span like \"10s\""))
                })?;
                limit = limit.within(&*c.0.world.clock, span);
            }
            other => {
                let known: Vec<&str> = WITH_BODY.iter().map(|(known, _)| *known).collect();
                return Err(raised(format!("no option `{other}`; options are {}", known.join(", "))));
            }
        }
    }
    let (content_type, bytes) = encode(&body, as_json)?;
    if let Some(t) =
        content_type.filter(|_| !request.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("content-type")))
    {
        request.headers.push(("content-type".into(), t.into()));
    }
    request.body = bytes;
    well_formed(&request)?;
    Ok((request, limit))
}

/// The URL for a path of the app, or for an absolute URL.
pub(super) fn url(c: &HookCtx, path: &str) -> Result<String, Raised> {
    match path {
        p if p.starts_with('/') => Ok(format!("https://{}{p}", c.facts.domain)),
        p if p.starts_with("http://") || p.starts_with("https://") => Ok(p.to_string()),
        p => Err(raised(format!("`{p}` is neither a path that starts with `/` nor a URL"))),
    }
}

/// Refuses what could turn one request into two, or send it to another host. Values may be secret, so messages do not
/// show them.
fn well_formed(request: &HttpRequest) -> Result<(), Raised> {
    let token = |t: &str| {
        !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    if !token(&request.method) {
        return Err(raised(format!("`{}` is no HTTP method", request.method.escape_debug())));
    }
    if request.url.chars().any(char::is_control) {
        return Err(raised("the path has a control character; write it as `%0A`"));
    }
    let after = request.url.split_once("://").map_or("", |(_, rest)| rest);
    if after.split(['/', '?', '#', '\\']).next().is_some_and(|authority| authority.contains('@')) {
        return Err(raised("the URL holds credentials; send them in the header `authorization`"));
    }
    if request.headers.len() > HEADERS.most {
        return Err(raised(format!(
            "{} headers; at most {} are allowed",
            request.headers.len(),
            HEADERS.most
        )));
    }
    match request
        .headers
        .iter()
        .find(|(name, value)| !token(name) || value.chars().any(|c| c.is_control() && c != '\t'))
    {
        Some((name, _)) => {
            let name = name.escape_debug();
            Err(raised(format!("the header `{name}` has characters that no header can hold")))
        }
        None => Ok(()),
    }
}

fn encode(body: &Dynamic, as_json: bool) -> Result<(Option<&'static str>, Vec<u8>), Raised> {
    if as_json {
        let value: serde_json::Value = rhai::serde::from_dynamic(body)
            .map_err(|e| raised(format!("the body cannot be sent as JSON: {e}")))?;
        return Ok((Some("application/json"), value.to_string().into_bytes()));
    }
    if let Ok(map) = body.as_map_ref() {
        let pairs: Vec<String> =
            map.iter().map(|(k, v)| format!("{}={}", percent(k), percent(&v.to_string()))).collect();
        return Ok((Some("application/x-www-form-urlencoded"), pairs.join("&").into_bytes()));
    }
    match body {
        b if b.is_unit() => Ok((None, vec![])),
        b => Ok((None, b.to_string().into_bytes())),
    }
}

fn percent(text: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if keep(b) { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}
