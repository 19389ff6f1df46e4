//! Errors of the driver, sorted by what they mean for the call.

use ccci_swarm::ports::browser::BrowserError;
use fantoccini::error::{CmdError, ErrorStatus};
use serde_json::Value;

/// What an error means.
pub(super) fn of(e: &CmdError) -> BrowserError {
    let text = first_line(&e.to_string());
    if e.is_invalid_selector() || text.contains("is not a valid selector") {
        return BrowserError::Refused("it is no valid CSS selector".into());
    }
    if e.is_unexpected_alert_open() {
        return BrowserError::NotYet(format!("the page showed a dialog: {}", said(&text)));
    }
    if matches!(e, CmdError::Standard(w) if w.error == ErrorStatus::ElementClickIntercepted) {
        return BrowserError::NotYet(format!("it is covered: {}", covered(&text)));
    }
    if e.is_element_not_interactable() || e.is_invalid_element_state() {
        return BrowserError::NotYet("it cannot be used: it is hidden, disabled or read-only".into());
    }
    let passing = [
        e.is_stale_element_reference(),
        e.is_no_such_element(),
        e.is_no_such_frame(),
        e.is_no_such_window(),
        e.is_move_target_out_of_bounds(),
        e.is_detached_shadow_root(),
    ];
    if passing.contains(&true) {
        return BrowserError::NotYet("the page is changing".into());
    }
    if e.is_invalid_session_id() || text.contains("disconnected") || text.contains("tab crashed") {
        return BrowserError::Gone(format!("the browser ended: {text}"));
    }
    if e.is_timeout() || e.is_script_timeout() {
        return BrowserError::Refused("the page does not get ready".into());
    }
    match e {
        // the driver answers so while a page is being replaced or a dialog closes
        CmdError::NotW3C(Value::Null) => BrowserError::NotYet("the page is changing".into()),
        CmdError::Failed(_)
        | CmdError::FailedC(_)
        | CmdError::Lost(_)
        | CmdError::NotJson(_)
        | CmdError::NotW3C(_) => BrowserError::Gone(format!("the browser no longer answers: {text}")),
        _ if text.contains("net::ERR_NETWORK_CHANGED") => {
            BrowserError::NotYet("networks of this machine changed while the page loaded".into())
        }
        _ if text.contains("net::") => BrowserError::Refused(net_error(&text)),
        _ => BrowserError::Refused(text),
    }
}

/// The first line: what follows is about the driver.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_string()
}

/// The text of a dialog, from the driver's `… {Alert text : Hello}`.
fn said(text: &str) -> &str {
    text.split_once("Alert text : ").map_or(text, |(_, said)| said.trim_end_matches('}'))
}

/// What covers an element, from the driver's `… Other element would receive the click: <div …></div>`.
fn covered(text: &str) -> &str {
    text.split_once("receive the click: ").map_or(text, |(_, by)| by)
}

/// The error of the network in words, from the driver's `unknown error: net::ERR_…` or the browser's own page.
pub(super) fn net_error(text: &str) -> String {
    let at = text.find("ERR_").unwrap_or(text.len());
    let name = text[at..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
    let words = match name {
        "ERR_TOO_MANY_REDIRECTS" => "it redirects again and again",
        "ERR_TUNNEL_CONNECTION_FAILED" | "ERR_NAME_NOT_RESOLVED" => "its name is none of this run",
        "ERR_CERT_AUTHORITY_INVALID" => "its certificate is not of this run",
        "ERR_EMPTY_RESPONSE" | "ERR_CONNECTION_CLOSED" | "ERR_CONNECTION_RESET" => "nothing answers",
        "" => return "the browser shows no page".into(),
        _ => return format!("the browser says {name}"),
    };
    format!("{words} ({name})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_driver_are_read_where_they_say_more_than_their_kind() {
        let alert = "unexpected alert open: {Alert text : Are you sure?}";
        assert_eq!(said(alert), "Are you sure?");
        let click = "element click intercepted: Element <a> is not clickable at point (1, 2). Other element would receive the click: <div class=\"x\"></div>";
        assert_eq!(covered(click), "<div class=\"x\"></div>");
        let redirects = "unknown error: net::ERR_TOO_MANY_REDIRECTS";
        assert_eq!(net_error(redirects), "it redirects again and again (ERR_TOO_MANY_REDIRECTS)");
        assert_eq!(net_error("This page does not work\nERR_X\n"), "the browser says ERR_X");
        assert_eq!(net_error("anything else"), "the browser shows no page");
        assert_eq!(first_line("a\n  (Session info: chrome=1)"), "a");
    }
}
