//! What the browser's logs say: lines of the console, and requests that failed or were refused.

use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// Most lines of each kind that are kept; the newest stay.
const MOST: usize = 200;
/// The error of all open requests when an address of any network of this machine comes or goes.
const CHANGED: &str = "ERR_NETWORK_CHANGED";
/// Characters of a line.
const LINE: usize = 500;

/// The lines of a page, the newest last.
#[derive(Debug, Default)]
pub(super) struct Logs {
    console: VecDeque<String>,
    requests: VecDeque<String>,
    /// Requests under way: method and URL by their id.
    open: BTreeMap<String, String>,
    given_up: usize,
}

impl Logs {
    /// Adds the entries of the driver's log `browser`.
    pub(super) fn add_console(&mut self, entries: &Value) {
        for entry in entries.as_array().into_iter().flatten() {
            let level = entry["level"].as_str().unwrap_or("INFO").to_lowercase();
            let text = entry["message"].as_str().unwrap_or_default();
            push(&mut self.console, &format!("{level}: {text}"));
        }
    }

    /// Adds a line to those of the console.
    pub(super) fn note(&mut self, line: &str) {
        push(&mut self.console, line);
    }

    /// Adds the entries of the driver's log `performance`: events of the browser's network, as JSON inside JSON.
    pub(super) fn add_network(&mut self, entries: &Value) {
        for entry in entries.as_array().into_iter().flatten() {
            let parsed = entry["message"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
            if let Some(event) = parsed {
                self.add_event(&event["message"]);
            }
        }
    }

    fn add_event(&mut self, event: &Value) {
        let params = &event["params"];
        let Some(id) = params["requestId"].as_str() else { return };
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                let request = &params["request"];
                let line =
                    [&request["method"], &request["url"]].map(|v| v.as_str().unwrap_or_default()).join(" ");
                self.sent(id, line);
            }
            "Network.webSocketCreated" => {
                self.sent(id, format!("WebSocket {}", params["url"].as_str().unwrap_or_default()));
            }
            "Network.webSocketFrameError" => {
                self.failed(id, params["errorMessage"].as_str().unwrap_or("failed"));
            }
            "Network.responseReceived" => {
                let status = params["response"]["status"].as_u64().unwrap_or_default();
                if status >= 400 {
                    self.failed(id, &format!("answered {status}"));
                }
            }
            "Network.loadingFailed" => {
                let blocked = params["blockedReason"].as_str().map(|why| format!("was blocked: {why}"));
                let error = || params["errorText"].as_str().unwrap_or("failed").to_string();
                self.failed(id, &blocked.unwrap_or_else(error));
            }
            "Network.loadingFinished" => {
                self.open.remove(id);
            }
            _ => {}
        }
    }

    fn sent(&mut self, id: &str, what: String) {
        self.open.insert(id.to_string(), what);
        while self.open.len() > MOST {
            self.open.pop_first();
        }
    }

    /// What was never sent by the page is the browser's own, such as its search for updates.
    fn failed(&mut self, id: &str, how: &str) {
        if let Some(what) = self.open.remove(id) {
            self.given_up += usize::from(how.contains(CHANGED));
            push(&mut self.requests, &format!("{what}: {how}"));
        }
    }

    /// How many requests of the page were given up because networks of this machine changed.
    pub(super) fn given_up(&self) -> usize {
        self.given_up
    }

    /// The lines of the console, and the failed requests; then forgets both.
    pub(super) fn take(&mut self) -> (Vec<String>, Vec<String>) {
        let taken = std::mem::take(self);
        (taken.console.into(), taken.requests.into())
    }
}

fn push(lines: &mut VecDeque<String>, line: &str) {
    let cut: String = line.chars().take(LINE).collect();
    lines.push_back(cut);
    if lines.len() > MOST {
        lines.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn network(events: &[Value]) -> Value {
        let entry = |e: &Value| json!({ "message": json!({ "message": e }).to_string() });
        events.iter().map(entry).collect()
    }

    #[test]
    fn requests_that_were_answered_well_are_not_told_and_others_are_with_their_reason() {
        let sent = |id: &str, url: &str| {
            json!({ "method": "Network.requestWillBeSent",
                    "params": { "requestId": id, "request": { "method": "GET", "url": url } } })
        };
        let mut logs = Logs::default();
        logs.add_network(&network(&[
            sent("1", "https://a.test/"),
            sent("2", "https://a.test/gone.js"),
            sent("3", "https://elsewhere.test/"),
            json!({ "method": "Network.responseReceived", "params": { "requestId": "1", "response": { "status": 200 } } }),
            json!({ "method": "Network.loadingFinished", "params": { "requestId": "1" } }),
            json!({ "method": "Network.responseReceived", "params": { "requestId": "2", "response": { "status": 404 } } }),
            json!({ "method": "Network.loadingFailed", "params": { "requestId": "3", "errorText": "net::ERR_TUNNEL_CONNECTION_FAILED" } }),
            json!({ "method": "Network.webSocketCreated", "params": { "requestId": "4", "url": "wss://a.test/feed" } }),
            json!({ "method": "Network.webSocketFrameError", "params": { "requestId": "4", "errorMessage": "Error during handshake" } }),
            sent("5", "https://a.test/app.js"),
            json!({ "method": "Network.loadingFailed", "params": { "requestId": "5", "errorText": "net::ERR_NETWORK_CHANGED" } }),
            json!({ "method": "Network.loadingFailed", "params": { "requestId": "of the browser", "errorText": "net::ERR_FAILED" } }),
        ]));
        assert_eq!(logs.given_up(), 1);
        let (_, requests) = logs.take();
        assert_eq!(
            requests,
            [
                "GET https://a.test/gone.js: answered 404",
                "GET https://elsewhere.test/: net::ERR_TUNNEL_CONNECTION_FAILED",
                "WebSocket wss://a.test/feed: Error during handshake",
                "GET https://a.test/app.js: net::ERR_NETWORK_CHANGED"
            ]
        );
    }

    #[test]
    fn the_newest_lines_stay_and_long_ones_are_cut() {
        let mut logs = Logs::default();
        (0..MOST + 5).for_each(|n| logs.note(&format!("line {n}")));
        logs.add_console(&json!([{ "level": "SEVERE", "message": "x".repeat(LINE * 2) }]));
        let (console, _) = logs.take();
        assert_eq!((console.len(), console[0].as_str()), (MOST, "line 6"));
        assert!(console[MOST - 1].starts_with("severe: xx") && console[MOST - 1].len() == LINE);
    }
}
