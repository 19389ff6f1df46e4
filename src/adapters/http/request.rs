//! Requests by name: reqwest with the run's CA, a resolver that knows only the run's names, sessions, redirects.

use super::cookies::Cookies;
use super::redirect;
use crate::ingress::{ASKS, BECAUSE, FROM, Ingress, TASK};
use crate::tls;
use ccci_swarm::ports::web::{AnsweredBy, FromTask, HttpAnswer, HttpRequest, WebError};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response, Url};
use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longest body that is kept, bytes.
const LONGEST_BODY: usize = ccci_script::limits::ANSWER.most;
/// Most redirects that are followed.
const MOST_REDIRECTS: usize = 10;

/// Two clients, because a resolver does not learn the scheme and the ingress listens on two ports; and the sessions.
pub(crate) struct Browser {
    ingress: Arc<Ingress>,
    plain: Client,
    secure: Client,
    sessions: Mutex<HashMap<String, Arc<Cookies>>>,
}

/// Resolves the run's names to the ingress, and no others.
struct OwnNames {
    ingress: Arc<Ingress>,
    to: SocketAddr,
}

impl Resolve for OwnNames {
    fn resolve(&self, name: Name) -> Resolving {
        let known = self.ingress.lookup().known(name.as_str()).is_some();
        let to = self.to;
        Box::pin(async move {
            if known {
                Ok(Box::new(std::iter::once(to)) as Addrs)
            } else {
                Err(io::Error::new(io::ErrorKind::NotFound, "no name of this run").into())
            }
        })
    }
}

/// One request on its way through redirects.
struct Hop {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Browser {
    pub(super) fn new(ingress: Arc<Ingress>) -> io::Result<Browser> {
        let client = |to: SocketAddr| {
            Client::builder()
                .tls_backend_preconfigured(tls::client_trusting(&[ingress.ca()]))
                .dns_resolver(Arc::new(OwnNames { ingress: ingress.clone(), to }))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .http1_only()
                .user_agent(concat!("ccci/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(io::Error::other)
        };
        let (plain, secure) = (client(ingress.http())?, client(ingress.https())?);
        Ok(Browser { ingress, plain, secure, sessions: Mutex::default() })
    }

    pub(super) fn end_sessions(&self, prefix: &str) {
        self.sessions().retain(|name, _| !name.starts_with(prefix));
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Arc<Cookies>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and follows redirects inside the run's names. A redirect to another name is returned as the
    /// answer.
    pub(super) async fn fetch(&self, request: &HttpRequest) -> Result<HttpAnswer, WebError> {
        let mut hop = Hop::first(request)?;
        self.allowed(&hop.url).await?;
        let jar = (!request.session.is_empty())
            .then(|| self.sessions().entry(request.session.clone()).or_default().clone());
        for _ in 0..=MOST_REDIRECTS {
            let response = self.once(&hop, jar.as_deref()).await?;
            let next = redirect::target(response.status(), response.headers(), &hop.url);
            match next.filter(|_| request.follow) {
                Some(to) if self.allowed(&to).await.is_ok() => hop.turn(response.status(), to),
                _ => return read(response, hop.url, request.body_within).await,
            }
        }
        let text = format!("it redirects more than {MOST_REDIRECTS} times, last to {}", hop.url);
        Err(WebError::NoAnswer { url: request.url.clone(), text })
    }

    /// Whether a URL leads to the run's own ingress.
    async fn allowed(&self, url: &Url) -> Result<(), WebError> {
        if !["http", "https"].contains(&url.scheme()) {
            return Err(WebError::Malformed(format!("`{url}` is neither http nor https")));
        }
        let host =
            url.domain().ok_or_else(|| WebError::Foreign(url.host_str().unwrap_or_default().to_string()))?;
        if self.ingress.lookup().stack_of(host).await.is_none() {
            return Err(WebError::Foreign(host.to_string()));
        }
        match url.port() {
            None => Ok(()),
            Some(port) => Err(WebError::Foreign(format!("{host}:{port}"))),
        }
    }

    async fn once(&self, hop: &Hop, jar: Option<&Cookies>) -> Result<Response, WebError> {
        let client = if hop.url.scheme() == "https" { &self.secure } else { &self.plain };
        let mut headers = hop.headers.clone();
        if let Some(cookies) = jar.and_then(|j| j.of(&hop.url))
            && !headers.contains_key(COOKIE)
        {
            headers.insert(COOKIE, cookies);
        }
        let token =
            HeaderValue::from_str(self.ingress.token()).map_err(|e| WebError::Malformed(e.to_string()))?;
        headers.insert(ASKS, token);
        let request = client.request(hop.method.clone(), hop.url.clone()).headers(headers);
        let response = request.body(hop.body.clone()).send().await.map_err(|e| failed(&hop.url, &e))?;
        if let Some(jar) = jar {
            jar.keep(response.headers(), &hop.url)?;
        }
        Ok(response)
    }
}

impl Hop {
    fn first(request: &HttpRequest) -> Result<Hop, WebError> {
        let malformed = |text: String| WebError::Malformed(text);
        let url =
            Url::parse(&request.url).map_err(|e| malformed(format!("`{}` is no URL: {e}", request.url)))?;
        let method = request.method.parse();
        let method = method.map_err(|_| malformed(format!("`{}` is no HTTP method", request.method)))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let key: HeaderName =
                name.parse().map_err(|_| malformed(format!("`{name}` is no header name")))?;
            // the value may be a secret, so it is not shown
            let value = HeaderValue::from_str(value).map_err(|_| {
                malformed(format!("the value of header `{name}` has characters that no header can hold"))
            })?;
            headers.append(key, value);
        }
        headers.remove(ASKS);
        headers.remove(TASK);
        headers.extend(request.task.map(|n| (TASK, HeaderValue::from(n))));
        Ok(Hop { method, url, headers, body: request.body.clone() })
    }

    /// Changes the request as a redirect says. Credentials are not sent to another host.
    fn turn(&mut self, status: reqwest::StatusCode, to: Url) {
        let method = redirect::method(status, &self.method);
        if method != self.method {
            self.body.clear();
            redirect::without_body(&mut self.headers);
        }
        if to.host_str() != self.url.host_str() {
            self.headers.remove(AUTHORIZATION);
            self.headers.remove(COOKIE);
        }
        self.method = method;
        self.url = to;
    }
}

async fn read(mut response: Response, url: Url, within: Option<Duration>) -> Result<HttpAnswer, WebError> {
    let because = response.headers_mut().remove(BECAUSE);
    let by = match because.map(|b| String::from_utf8_lossy(b.as_bytes()).into_owned()) {
        None => AnsweredBy::App,
        Some(why) => match WebError::of_reason(&why) {
            Some(e) => return Err(e),
            None => AnsweredBy::of_reason(why),
        },
    };
    let text = |v: &HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    let from = response.headers_mut().remove(FROM).and_then(|v| from_task(&text(&v)));
    let headers = response.headers().iter().map(|(n, v)| (n.as_str().to_string(), text(v))).collect();
    let status = response.status().as_u16();
    let mut body = vec![];
    let reading = read_body(&mut response, &url, &mut body);
    match within {
        // a body that streams for as long as the client listens
        Some(within) => tokio::time::timeout(within, reading).await.unwrap_or(Ok(()))?,
        None => reading.await?,
    }
    Ok(HttpAnswer { status, headers, body, url: url.into(), by, from })
}

/// Reads a body to its end, or as much of it as is kept.
async fn read_body(response: &mut Response, url: &Url, body: &mut Vec<u8>) -> Result<(), WebError> {
    while let Some(chunk) = response.chunk().await.map_err(|e| failed(url, &e))? {
        let room = LONGEST_BODY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == LONGEST_BODY {
            break;
        }
    }
    Ok(())
}

/// The task that the ingress names.
fn from_task(said: &str) -> Option<FromTask> {
    let (of, task) = said.split_once(' ')?;
    Some(FromTask { task: task.to_string(), of: of.parse().ok()? })
}

/// The error with its innermost cause, which says most: "connection refused", "certificate expired".
fn failed(url: &Url, e: &reqwest::Error) -> WebError {
    let mut cause: &dyn Error = e;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    WebError::NoAnswer { url: url.to_string(), text: cause.to_string() }
}
