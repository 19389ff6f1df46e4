//! The app's answers as a port: by name, through the ingress, and only from the run's own names.

use super::clock::Limit;
use super::cluster::ClusterError;
use crate::routing::middleware::{BY_MIDDLEWARE, NOT_EMULATED};
use ccci_model::failure::{Failure, causes};
use ccci_model::name::{ServiceName, StackName};
use std::time::Duration;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// Absolute URL; its host must be a name of the run.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Whether to follow redirects inside the run's names (10 at most).
    pub follow: bool,
    /// Name of a session whose cookies are sent and stored; empty for none.
    pub session: String,
    /// Which of the router's running tasks is asked, from 0; if there are fewer, it begins again. `None` takes the next
    /// in turn, as a proxy does.
    pub task: Option<usize>,
    /// For how long the body is read; what has come by then is kept. `None` reads it to its end.
    pub body_within: Option<Duration>,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnsweredBy {
    /// A task of the app.
    App,
    /// A middleware in the app's own labels, such as one that asks for a password, and the reason.
    Middleware(String),
    /// The ingress itself, and the reason.
    Ingress(String),
}

impl AnsweredBy {
    /// Who gave an answer that no task gave, read from the ingress's reason.
    pub fn of_reason(why: String) -> AnsweredBy {
        if why.starts_with(BY_MIDDLEWARE) { AnsweredBy::Middleware(why) } else { AnsweredBy::Ingress(why) }
    }
}

/// The task that gave an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromTask {
    /// Its name: `app.2`.
    pub task: String,
    /// Number of running tasks that the router has.
    pub of: usize,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, cut at 8 MiB.
    pub body: Vec<u8>,
    /// URL after redirects.
    pub url: String,
    /// Who answered.
    pub by: AnsweredBy,
    /// The task that answered, unless it was the ingress or a middleware.
    pub from: Option<FromTask>,
}

impl HttpAnswer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// What a TLS handshake showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// Protocol version, like `TLSv1_3`.
    pub protocol: String,
    /// Common name of the peer certificate's subject, empty if it has none.
    pub subject: String,
    /// The peer certificate, DER.
    pub certificate: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    /// The name does not belong to the run.
    #[error("`{0}` is no name of this run; scripts reach the run's own app only")]
    Foreign(String),
    /// The URL or a header is malformed.
    #[error("{0}")]
    Malformed(String),
    /// Nobody answered.
    #[error("no answer from `{url}`: {text}")]
    NoAnswer {
        /// The URL.
        url: String,
        /// Why.
        text: String,
    },
    /// The deadline passed first.
    #[error("no answer from `{0}` before the deadline")]
    Deadline(String),
    /// The ingress could not find out what is deployed; this says nothing about the app.
    #[error("{BLIND}{0}")]
    Blind(String),
    /// The app runs where the ingress cannot reach it; this says nothing about the app either.
    #[error("{ELSEWHERE}{0}")]
    Elsewhere(String),
    /// The answer depends on a part of Traefik that the ingress does not emulate, so it is not known.
    #[error("{NOT_EMULATED}{0}")]
    NotEmulated(String),
    /// The caller no longer wanted the answer.
    #[error("the answer of `{0}` is no longer awaited")]
    GivenUp(String),
    /// The run was stopped.
    #[error("the run was stopped")]
    Stopped,
}

impl WebError {
    /// The error that an answer of the ingress itself means, read from the beginning of its reason.
    pub fn of_reason(why: &str) -> Option<WebError> {
        type Kind = fn(String) -> WebError;
        const KINDS: [(&str, Kind); 3] = [
            (BLIND, WebError::Blind),
            (ELSEWHERE, WebError::Elsewhere),
            (NOT_EMULATED, WebError::NotEmulated),
        ];
        KINDS.into_iter().find_map(|(begin, kind)| Some(kind(why.strip_prefix(begin)?.into())))
    }

    /// The error for an app that sets more bytes of cookies than a session may hold.
    pub fn too_many_cookies(url: &str, most: usize) -> WebError {
        let text = format!("it sets more than {most} bytes of cookies in one session");
        WebError::NoAnswer { url: url.to_string(), text }
    }

    /// The failure for errors that say nothing about the app, whoever asked; `None` if the failure depends on what
    /// was asked.
    pub fn of_infra(&self, expected: &str) -> Option<Failure> {
        let cause = match self {
            WebError::Blind(_) => causes::ENGINE_GONE,
            WebError::Elsewhere(_) => causes::TASK_ELSEWHERE,
            WebError::NotEmulated(_) => causes::NOT_EMULATED,
            _ => return None,
        };
        Some(Failure::new(cause, expected, self.to_string()))
    }

    /// The error for an engine's error that keeps the ingress from finding the app, if it is one.
    pub fn of_cluster(e: &ClusterError) -> Option<WebError> {
        match e {
            ClusterError::Unreachable(_) => Some(WebError::Blind(format!("failed to {e}"))),
            ClusterError::Elsewhere { .. } => Some(WebError::Elsewhere(format!("failed to {e}"))),
            _ => None,
        }
    }
}

/// Beginning of the ingress's reason if it could not look.
const BLIND: &str = "the ingress could not look: ";
/// Beginning of its reason if the app is on another node.
const ELSEWHERE: &str = "the ingress cannot go to another node: ";

/// The app's answers.
pub trait Web: Send + Sync {
    /// Makes the ingress answer for a stack's names: `domain` and those in its routers' rules.
    fn serve(&self, domain: &str, stack: &StackName);
    /// Stops answering for a domain.
    fn forget(&self, domain: &str);
    /// Sends one request. While its answer is awaited, `go_on` is called about twice a second; if it returns false, the
    /// request is given up as `GivenUp`.
    fn send_while(
        &self,
        request: &HttpRequest,
        limit: &Limit,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<HttpAnswer, WebError>;
    /// Sends one request.
    fn send(&self, request: &HttpRequest, limit: &Limit) -> Result<HttpAnswer, WebError> {
        self.send_while(request, limit, &mut || true)
    }
    /// Whether a TCP connection to a service's port opens: at the task's own address, or else at the host-mode port.
    fn tcp(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<bool, WebError>;
    /// Does a TLS handshake with a service's port; any certificate is accepted and returned.
    fn tls(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<TlsFacts, WebError>;
    /// Forgets the cookies of all sessions whose name starts with `prefix`.
    fn end_sessions(&self, prefix: &str);
}
