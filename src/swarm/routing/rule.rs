//! Rules of routers: makes matchers of what `ccci_recipe::rule` reads, and matches requests. Pure.

use super::pattern::regex;
pub use ccci_recipe::rule::Flaw;
use ccci_recipe::rule::{Call, MATCHERS, OLD_MATCHERS, Rule as Written};
use regex::Regex;
use std::net::IpAddr;

/// The request that a rule is matched against.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Host without port.
    pub host: &'a str,
    /// Path after `tidy`, still percent-encoded.
    pub path: &'a str,
    /// Query without `?`, empty for none.
    pub query: &'a str,
    /// Method.
    pub method: &'a str,
    /// Headers in order.
    pub headers: &'a [(String, String)],
    /// Address of the client.
    pub client: IpAddr,
}

impl<'a> Ask<'a> {
    /// A GET without headers from this machine.
    pub(super) fn get(host: &'a str, path: &'a str, query: &'a str) -> Ask<'a> {
        Ask { host, path, query, method: "GET", headers: &[], client: LOCAL }
    }
}

/// A rule that requests can be matched against.
#[derive(Debug, Clone)]
pub enum Rule {
    /// One matcher.
    Is(Matcher),
    /// The negation of a rule.
    Not(Box<Rule>),
    /// All of them. A flat list, because a long chain of nested pairs would exhaust the stack.
    All(Vec<Rule>),
    /// Any of them.
    Any(Vec<Rule>),
}

/// One matcher with its value.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// The host is this one, lower case.
    Host(String),
    /// The host matches.
    HostRegexp(Regex),
    /// The path is this one.
    Path(String),
    /// The path starts with this.
    PathPrefix(String),
    /// The path matches.
    PathRegexp(Regex),
    /// The method is this one, upper case.
    Method(String),
    /// A header has this value.
    Header(String, String),
    /// A header's value matches.
    HeaderRegexp(String, Regex),
    /// The query has this pair.
    Query(String, String),
    /// The query has the key and its value matches.
    QueryRegexp(String, Regex),
    /// The client's address lies in this network: address and length of the prefix.
    ClientIp(IpAddr, u8),
}

fn refuse<T>(why: String) -> Result<T, Flaw> {
    Err(Flaw::Refused(why))
}

impl Rule {
    /// Reads a rule; `v2` if the router asks for the old syntax.
    pub fn parse(text: &str, v2: bool) -> Result<Rule, Flaw> {
        let written = Written::parse(text)?;
        if v2 {
            let old = |call: &&Call| call.matcher(OLD_MATCHERS.iter().copied()).is_none();
            if let Some(call) = written.calls().into_iter().find(old) {
                return refuse(format!("the syntax v2 has no matcher `{}`", call.name));
            }
            let new = written.in_v3().unwrap_or_else(|| text.to_string());
            return Rule::of(&exact(Written::parse(&new)?)?);
        }
        Rule::of(&written).map_err(|flaw| match (flaw, written.in_v3()) {
            (Flaw::Refused(why), Some(new)) => Flaw::Refused(format!("{why}; write {new}")),
            (flaw, _) => flaw,
        })
    }

    fn of(written: &Written) -> Result<Rule, Flaw> {
        let all = |rules: &[Written]| rules.iter().map(Rule::of).collect::<Result<_, _>>();
        Ok(match written {
            Written::Is(call) => Rule::Is(matcher(call)?),
            Written::Not(inner) => Rule::Not(Box::new(Rule::of(inner)?)),
            Written::All(rules) => Rule::All(all(rules)?),
            Written::Any(rules) => Rule::Any(all(rules)?),
        })
    }

    /// Whether the rule matches a request.
    pub fn matches(&self, ask: &Ask<'_>) -> bool {
        match self {
            Rule::Is(m) => m.matches(ask),
            Rule::Not(r) => !r.matches(ask),
            Rule::All(rules) => rules.iter().all(|r| r.matches(ask)),
            Rule::Any(rules) => rules.iter().any(|r| r.matches(ask)),
        }
    }

    /// Whether a host is named, literally or by a pattern, and not negated.
    pub fn names_host(&self, host: &str) -> bool {
        match self {
            Rule::Is(m @ (Matcher::Host(_) | Matcher::HostRegexp(_))) => m.matches(&Ask::get(host, "/", "")),
            Rule::Is(_) | Rule::Not(_) => false,
            Rule::All(rules) | Rule::Any(rules) => rules.iter().any(|r| r.names_host(host)),
        }
    }

    /// A host and a path that the rule matches, if its literal hosts and paths alone decide.
    pub fn address(&self) -> Option<(String, String)> {
        let mut paths = vec!["/"];
        self.paths(&mut paths);
        let addresses = self.hosts().into_iter().flat_map(|h| paths.iter().rev().map(move |p| (h, *p)));
        let matching = addresses.into_iter().find(|(host, path)| self.matches(&Ask::get(host, path, "")));
        matching.map(|(host, path)| (host.to_string(), path.to_string()))
    }

    fn paths<'r>(&'r self, out: &mut Vec<&'r str>) {
        match self {
            Rule::Is(Matcher::Path(path) | Matcher::PathPrefix(path)) => out.push(path),
            Rule::Is(_) | Rule::Not(_) => {}
            Rule::All(rules) | Rule::Any(rules) => rules.iter().for_each(|r| r.paths(out)),
        }
    }

    /// Every host that is named literally and not negated.
    pub fn hosts(&self) -> Vec<&str> {
        match self {
            Rule::Is(Matcher::Host(name)) => vec![name],
            Rule::Is(_) | Rule::Not(_) => vec![],
            Rule::All(rules) | Rule::Any(rules) => rules.iter().flat_map(Rule::hosts).collect(),
        }
    }
}

/// In v2 a value without `{…}` is no regular expression: it is compared with the whole host.
fn exact(written: Written) -> Result<Written, Flaw> {
    let all = |rules: Vec<Written>| rules.into_iter().map(exact).collect::<Result<Vec<_>, _>>();
    Ok(match written {
        Written::Is(call) => match call.values.first() {
            Some(value) if call.name.eq_ignore_ascii_case("HostRegexp") && !value.starts_with('^') => {
                Written::Is(Call { name: "Host".into(), values: call.values })
            }
            Some(value)
                if value.contains('{') && call.name.starts_with("Path") && call.name != "PathRegexp" =>
            {
                return Err(Flaw::Unknown(format!("the value `{value}` in the syntax v2")));
            }
            _ => Written::Is(call),
        },
        Written::Not(inner) => Written::Not(Box::new(exact(*inner)?)),
        Written::All(rules) => Written::All(all(rules)?),
        Written::Any(rules) => Written::Any(all(rules)?),
    })
}

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

impl Matcher {
    fn matches(&self, ask: &Ask<'_>) -> bool {
        match self {
            Matcher::Host(name) => same_host(name, &ask.host.to_ascii_lowercase()),
            // Traefik also tries the target of a CNAME, which is empty unless the operator enables it
            Matcher::HostRegexp(r) => r.is_match(&ask.host.to_ascii_lowercase()) || r.is_match(""),
            Matcher::Path(path) => *path == decoded(ask.path),
            Matcher::PathPrefix(prefix) => decoded(ask.path).starts_with(prefix.as_str()),
            Matcher::PathRegexp(r) => r.is_match(&decoded(ask.path)),
            Matcher::Method(method) => method == ask.method,
            Matcher::Header(name, value) => values_of(ask, name).any(|v| v == value),
            Matcher::HeaderRegexp(name, r) => values_of(ask, name).any(|v| r.is_match(v)),
            Matcher::Query(key, value) => pairs_of(ask).any(|(k, v)| k == *key && v == *value),
            Matcher::QueryRegexp(key, r) => pairs_of(ask).any(|(k, v)| k == *key && r.is_match(&v)),
            Matcher::ClientIp(net, length) => contains(*net, *length, ask.client.to_canonical()),
        }
    }
}

/// Whether two hosts are equal, except for a dot at the end of one of them.
fn same_host(name: &str, asked: &str) -> bool {
    !asked.is_empty()
        && (name == asked || name.strip_suffix('.') == Some(asked) || asked.strip_suffix('.') == Some(name))
}

/// The values of a header. For Traefik the host is not a header.
fn values_of<'a>(ask: &Ask<'a>, name: &'a str) -> impl Iterator<Item = &'a str> {
    let host = name.eq_ignore_ascii_case("host");
    let headers = if host { &[] } else { ask.headers };
    headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

/// The pairs of the query, without those that have invalid escapes.
fn pairs_of(ask: &Ask<'_>) -> impl Iterator<Item = (String, String)> {
    let pairs = ask.query.split(['&', ';']).filter(|p| !p.is_empty() && escapes_are_right(p));
    pairs.map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |t: &str| unescape(&t.replace('+', " "), |_| true);
        (plain(key), plain(value))
    })
}

/// Whether two hexadecimal digits follow every `%`.
pub(super) fn escapes_are_right(text: &str) -> bool {
    let right = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    text.split('%').skip(1).all(right)
}

/// The path by which Traefik routes: decoded except for reserved characters, which would change their meaning.
fn decoded(path: &str) -> String {
    unescape(path, |byte| !b":/?#[]@!$&'()*+,;=%".contains(&byte))
}

fn unescape(text: &str, expected: impl Fn(u8) -> bool) -> String {
    let mut out = vec![];
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) if first == b'%' && expected(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            _ => {
                out.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn contains(net: IpAddr, length: u8, address: IpAddr) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(a) => (u128::from(a.to_bits()) << 96, 4),
        IpAddr::V6(a) => (a.to_bits(), 6),
    };
    let ((a, kind), (b, other)) = (bits(net), bits(address));
    let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
    kind == other && a & mask == b & mask
}

/// A network such as `10.0.0.0/8`, or one address.
fn network(text: &str) -> Result<(IpAddr, u8), Flaw> {
    let bad = || Flaw::Refused(format!("`{text}` is neither an address nor a network"));
    if let Ok(address) = text.parse::<IpAddr>() {
        let address = address.to_canonical();
        return Ok((address, if address.is_ipv4() { 32 } else { 128 }));
    }
    let (address, length) = text.split_once('/').ok_or_else(bad)?;
    let address: IpAddr = address.parse().map_err(|_| bad())?;
    let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
    let length: u8 = length.parse().ok().filter(|_| digits).ok_or_else(bad)?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    if length > longest { Err(bad()) } else { Ok((address, length)) }
}

/// Makes a matcher as Traefik v3 does.
fn matcher(call: &Call) -> Result<Matcher, Flaw> {
    let name = call.matcher(MATCHERS.iter().map(|m| m.0)).ok_or_else(|| no_matcher(&call.name))?;
    let values: Vec<&str> = call.values.iter().map(String::as_str).collect();
    if values.is_empty() {
        return refuse(format!("`{name}()` has no value"));
    }
    if values.contains(&"") {
        return refuse(format!("`{name}()` has an empty value"));
    }
    let counts = MATCHERS.iter().find(|(n, _)| *n == name).map_or(1..=1, |(_, counts)| counts.clone());
    if !counts.contains(&values.len()) {
        let most = if *counts.start() == 1 { "one value" } else { "two values" };
        return refuse(format!("Traefik v3 takes {most} in `{name}()`, and here are {}", values.len()));
    }
    Ok(match (name, &values[..]) {
        ("Host", [host]) => Matcher::Host(ascii(host)?.to_lowercase()),
        ("HostRegexp", [pattern]) => Matcher::HostRegexp(regex(ascii(pattern)?)?),
        ("Path", [path]) => Matcher::Path(rooted(path)?),
        ("PathPrefix", [path]) => Matcher::PathPrefix(rooted(path)?),
        ("PathRegexp", [pattern]) => Matcher::PathRegexp(regex(pattern)?),
        ("Method", [method]) => Matcher::Method(method.to_uppercase()),
        ("Header", [name, value]) => Matcher::Header(header(name)?, value.to_string()),
        ("HeaderRegexp", [name, pattern]) => Matcher::HeaderRegexp(header(name)?, regex(pattern)?),
        ("Query", [key, value]) => Matcher::Query(key.to_string(), value.to_string()),
        ("Query" | "QueryRegexp", [key]) => Matcher::Query(key.to_string(), String::new()),
        ("QueryRegexp", [key, pattern]) => Matcher::QueryRegexp(key.to_string(), regex(pattern)?),
        (_, [text, ..]) => {
            let (net, length) = network(text)?;
            Matcher::ClientIp(net, length)
        }
        (_, []) => return refuse(format!("`{name}()` has no value")),
    })
}

fn no_matcher(name: &str) -> Flaw {
    let nearly = MATCHERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let hint = nearly.map_or(String::new(), |(known, _)| format!("; it is written `{known}`"));
    Flaw::Refused(format!("Traefik v3 has no matcher `{name}`{hint}"))
}

fn ascii(text: &str) -> Result<&str, Flaw> {
    if text.is_ascii() { Ok(text) } else { refuse(format!("`{text}` has characters that are not ASCII")) }
}

fn rooted(path: &str) -> Result<String, Flaw> {
    match path.starts_with('/') {
        true => Ok(path.to_string()),
        false => refuse(format!("the path `{path}` does not start with `/`")),
    }
}

/// The name of a header, unless Traefik itself sets or removes that header before it tries rules.
fn header(name: &str) -> Result<String, Flaw> {
    let lower = name.to_ascii_lowercase();
    match lower.starts_with("x-forwarded-") || ["connection", "x-real-ip"].contains(&lower.as_str()) {
        true => Err(Flaw::Unknown(format!("the header `{name}`, which Traefik itself changes"))),
        false => Ok(name.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &str, url: &str, expected: bool) {
        check_with(rule, "GET", url, &[], expected);
    }

    fn check_with(rule: &str, method: &str, url: &str, headers: &[(&str, &str)], expected: bool) {
        let (host, rest) = url.split_once('/').unwrap();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let headers: Vec<(String, String)> =
            headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let path = format!("/{path}");
        let ask = Ask { host, path: &path, query, method, headers: &headers, client: LOCAL };
        let parsed = Rule::parse(rule, false).unwrap();
        assert_eq!(parsed.matches(&ask), expected, "{rule} on {method} {url}");
    }

    #[test]
    fn and_binds_tighter_than_or_and_not_tightest() {
        let rule = "Host(`a`) || Host(`b`) && PathPrefix(`/x`)";
        check(rule, "a/y", true);
        check(rule, "b/y", false);
        check("(Host(`a`) || Host(`b`)) && PathPrefix(`/x`)", "a/y", false);
        check("Host(`a`) && !(PathPrefix(`/x`) || PathPrefix(`/y`))", "a/y", false);
    }

    #[test]
    fn a_chain_of_any_length_is_parsed_and_matched() {
        for (joint, expected) in [("||", true), ("&&", false)] {
            // as nested rules, so many would not fit into the stack of a thread
            let chain = vec!["Path(`/x`)"; 20_000].join(joint) + joint + "Path(`/y`)";
            check(&chain, "a/y", expected);
            assert!(Rule::parse(&chain, false).unwrap().hosts().is_empty());
        }
    }

    fn refused(rule: &str, part: &str) {
        match Rule::parse(rule, false) {
            Err(Flaw::Refused(why)) => assert!(why.contains(part), "{rule}: {why}"),
            other => panic!("{rule}: {other:?}"),
        }
    }

    #[test]
    fn what_traefik_refuses_is_said_in_its_terms() {
        refused("Hots(`a`)", "no matcher `Hots`");
        refused("pathPrefix(`/a`)", "it is written `PathPrefix`");
        refused("Path(`x`)", "does not start with `/`");
        refused("HostRegexp(`(`)", "no regular expression");
        refused("Header(`a`)", "takes two values in `Header()`, and here are 1");
        refused("Host()", "`Host()` has no value");
        refused("ClientIP(`10.0.0.0/33`)", "neither an address nor a network");
    }

    #[test]
    fn what_only_v2_reads_is_refused_with_its_v3_form() {
        refused(
            "Host(`a`, `b`)",
            "Traefik v3 takes one value in `Host()`, and here are 2; write Host(`a`) || Host(`b`)",
        );
        refused("HostHeader(`a`)", "no matcher `HostHeader`; write Host(`a`)");
        assert!(Rule::parse("Host(`a`, `b`)", true).is_ok());
    }

    #[test]
    fn what_is_not_read_here_is_not_guessed() {
        for rule in ["Header(`X-Forwarded-Proto`, `https`)", r"PathRegexp(`\p{Runic}`)"] {
            assert!(matches!(Rule::parse(rule, false), Err(Flaw::Unknown(_))), "{rule}");
        }
    }

    #[test]
    fn the_hosts_of_a_rule_are_those_it_names_and_does_not_exclude() {
        let rule = "(Host(`a`) || Host(`b`)) && !Host(`d`)";
        let rule = Rule::parse(rule, false).unwrap();
        assert_eq!(rule.hosts(), ["a", "b"]);
        assert!(rule.names_host("b") && !rule.names_host("d") && !rule.names_host("e"));
    }
}
