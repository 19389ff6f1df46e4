//! What a proxy does to headers: it drops hop-by-hop ones and sets `X-Forwarded-*` as Traefik does. Pure.

use ccci_swarm::routing::middleware::Edit;
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, TE, UPGRADE};
use std::net::IpAddr;

/// Headers that belong to one connection.
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that only the proxy may set; values from a client are removed.
const FORWARDED: &[&str] = &[
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-method",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-forwarded-tls-client-cert",
    "x-forwarded-tls-client-cert-info",
    "x-forwarded-uri",
    "x-real-ip",
];

/// The protocol to which a request asks to change, if both headers say so.
pub(crate) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let asked = tokens(headers).any(|t| t.eq_ignore_ascii_case("upgrade"));
    headers.get(UPGRADE).filter(|_| asked).cloned()
}

fn tokens(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let all = headers.get_all(CONNECTION).into_iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|v| v.split(',')).map(str::trim).filter(|t| !t.is_empty())
}

/// Removes the headers of the connection, except for an upgrade that both sides ask for.
pub(crate) fn drop_hops(headers: &mut HeaderMap, upgrade: Option<&HeaderValue>) {
    let named: Vec<HeaderName> = tokens(headers).filter_map(|t| t.parse().ok()).collect();
    let trailers = headers.get_all(TE).iter().any(|v| v.as_bytes().eq_ignore_ascii_case(b"trailers"));
    for name in named.iter().filter(|n| !FORWARDED.contains(&n.as_str())) {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(*name);
    }
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if let Some(protocol) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, protocol.clone());
    }
}

/// Tells the app which client asked, for which host and by which protocol.
pub(crate) fn forwarded(
    headers: &mut HeaderMap,
    client: IpAddr,
    secure: bool,
    upgrade: Option<&HeaderValue>,
) {
    for name in FORWARDED {
        headers.remove(*name);
    }
    let websocket = upgrade.is_some_and(|u| u.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let proto = match (websocket, secure) {
        (false, false) => "http",
        (false, true) => "https",
        (true, false) => "ws",
        (true, true) => "wss",
    };
    let host = headers.get(HOST).cloned();
    let port = host.as_ref().and_then(|h| h.to_str().ok()).and_then(port_of);
    let usual = if secure { "443" } else { "80" };
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set("x-forwarded-for", &client.to_string());
    set("x-real-ip", &client.to_string());
    set("x-forwarded-proto", proto);
    set("x-forwarded-port", port.as_deref().unwrap_or(usual));
    set("x-forwarded-server", "ccci");
    if let Some(host) = host {
        headers.insert("x-forwarded-host", host);
    }
}

/// Splits a host from its port, if it has one.
pub(super) fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') && port.bytes().all(|b| b.is_ascii_digit()) => {
            (name, Some(port).filter(|p| !p.is_empty()))
        }
        _ => (host, None),
    }
}

fn port_of(host: &str) -> Option<String> {
    split_port(host).1.map(str::to_string)
}

/// Headers as text, for rules; bytes that are not UTF-8 become characters that match nothing.
pub(crate) fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |v: &HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    headers.iter().map(|(n, v)| (n.as_str().to_string(), text(v))).collect()
}

/// Applies the changes of middlewares. An invalid header is left out, as Go does.
pub(crate) fn edit(headers: &mut HeaderMap, edits: &[Edit]) {
    for change in edits {
        let (name, value) = match change {
            Edit::Set(name, value) | Edit::Add(name, value) => (name, value),
        };
        let Ok(name) = name.parse::<HeaderName>() else { continue };
        match (change, HeaderValue::from_str(value)) {
            (Edit::Set(..), _) if value.is_empty() => {
                headers.remove(&name);
            }
            (Edit::Set(..), Ok(value)) => {
                headers.insert(name, value);
            }
            (Edit::Add(..), Ok(value)) => {
                headers.append(name, value);
            }
            (_, Err(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair =
            |(n, v): &(&str, &str)| (n.parse::<HeaderName>().unwrap(), v.parse::<HeaderValue>().unwrap());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn what_belongs_to_the_connection_is_dropped() {
        let mut h = map(&[
            ("connection", "close, X-Private, X-Forwarded-For"),
            ("x-private", "1"),
            ("x-forwarded-for", "1"),
            ("keep-alive", "5"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("accept", "*/*"),
        ]);
        assert_eq!(upgrade(&h), None);
        drop_hops(&mut h, None);
        let mut left: Vec<&str> = h.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "te", "x-forwarded-for"]);
    }

    #[test]
    fn an_upgrade_that_both_headers_ask_for_is_kept() {
        let mut h = map(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]);
        let up = upgrade(&h);
        drop_hops(&mut h, up.as_ref());
        assert_eq!(h, map(&[("connection", "Upgrade"), ("upgrade", "websocket")]));
    }

    #[test]
    fn the_app_learns_who_asked_and_clients_are_not_believed() {
        let mut h =
            map(&[("host", "a.test"), ("x-forwarded-for", "6.6.6.6"), ("x-forwarded-proto", "gopher")]);
        forwarded(&mut h, IpAddr::V4(Ipv4Addr::LOCALHOST), true, None);
        let desired = map(&[
            ("host", "a.test"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-real-ip", "127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-port", "443"),
            ("x-forwarded-server", "ccci"),
            ("x-forwarded-host", "a.test"),
        ]);
        assert_eq!(h, desired);
        let mut h = map(&[("host", "a.test:8443")]);
        forwarded(
            &mut h,
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            false,
            Some(&HeaderValue::from_static("websocket")),
        );
        assert_eq!(
            (&h["x-forwarded-port"], &h["x-forwarded-proto"]),
            (&"8443".parse().unwrap(), &"ws".parse().unwrap())
        );
    }

    #[test]
    fn a_port_is_split_from_its_host() {
        assert_eq!(split_port("a.test:80"), ("a.test", Some("80")));
        assert_eq!(split_port("a.test"), ("a.test", None));
        assert_eq!(split_port("[::1]:80"), ("[::1]", Some("80")));
        assert_eq!(split_port("[::1]"), ("[::1]", None));
    }
}
