//! Commands of Chromium's driver that are no part of WebDriver: its logs, and the browser's own protocol.

use fantoccini::wd::WebDriverCompatibleCommand;
use hyper::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A command of the driver with a body.
#[derive(Debug)]
pub(super) struct OfDriver {
    /// Its path below the session.
    path: &'static str,
    body: Value,
}

impl OfDriver {
    /// Reads a log, and empties it: `browser` or `performance`.
    pub(super) fn log(kind: &str) -> OfDriver {
        OfDriver { path: "se/log", body: json!({ "type": kind }) }
    }

    /// A command of the browser's own protocol.
    pub(super) fn browser(command: &str, params: Value) -> OfDriver {
        OfDriver { path: "goog/cdp/execute", body: json!({ "cmd": command, "params": params }) }
    }
}

impl WebDriverCompatibleCommand for OfDriver {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
