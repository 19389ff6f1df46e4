//! Answers of the ingress itself, with Traefik's words, and the private header that tells `Web` who answered.

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

/// Carries the run's token in requests of `Web`. It never reaches an app.
pub(crate) const ASKS: HeaderName = HeaderName::from_static("x-ccci-asks");
/// Carries the reason of an answer of the ingress itself, only for requests with the token. Apps cannot forge it.
pub(crate) const BECAUSE: HeaderName = HeaderName::from_static("x-ccci-because");

/// Asks for one of the router's tasks by its number, only in requests with the token.
pub(crate) const TASK: HeaderName = HeaderName::from_static("x-ccci-task");
/// Names the task that answered, after the number of the router's tasks; only for requests with the token.
pub(crate) const FROM: HeaderName = HeaderName::from_static("x-ccci-from");

/// The body of every answer.
pub(super) type Body = BoxBody<Bytes, hyper::Error>;

/// An answer of the ingress itself, and its reason.
#[derive(Debug)]
pub(super) struct Own {
    /// Status code.
    pub status: StatusCode,
    /// Headers.
    pub headers: Box<HeaderMap>,
    /// Body.
    pub body: String,
    /// The reason, for people.
    pub why: String,
}

impl Own {
    /// An answer with Traefik's own words for this status.
    pub(crate) fn new(status: StatusCode, why: impl Into<String>) -> Own {
        let body = match status {
            StatusCode::NOT_FOUND => "404 page not found\n".to_string(),
            StatusCode::IM_A_TEAPOT => "I'm a teapot".to_string(),
            _ => status.canonical_reason().unwrap_or_default().to_string(),
        };
        let mut headers = Box::new(HeaderMap::new());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        Own { status, headers, body, why: why.into() }
    }

    /// Makes the response; only a client with the token gets the reason.
    pub(crate) fn response(self, told: bool) -> Response<Body> {
        let mut response = Response::new(text(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = *self.headers;
        if told {
            let line: String = self.why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let value = HeaderValue::from_bytes(line.as_bytes());
            response.headers_mut().insert(BECAUSE, value.unwrap_or(HeaderValue::from_static("?")));
        }
        response
    }
}

/// A whole body.
pub(super) fn text(body: String) -> Body {
    Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed()
}
