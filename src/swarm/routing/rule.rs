//! Rules of routers: the grammar of Traefik v3 (and v2, which recipes still use), parsed and matched. Pure.

use regex::Regex;
use std::net::IpAddr;

/// How deep parentheses and `!` may nest; a recipe needs three.
const DEEPEST: usize = 50;

/// The request that a rule is matched against.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Host without port.
    pub host: &'a str,
    /// Path as in the request, still percent-encoded.
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

/// A parsed rule.
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

/// One matcher with its values; several values mean any of them (v2).
#[derive(Debug, Clone)]
pub enum Matcher {
    /// The host is one of these, lower case.
    Host(Vec<String>),
    /// The host matches one of these.
    HostRegexp(Vec<Regex>),
    /// The path is one of these.
    Path(Vec<String>),
    /// The path starts with one of these.
    PathPrefix(Vec<String>),
    /// The path matches.
    PathRegexp(Regex),
    /// The method is one of these, upper case.
    Method(Vec<String>),
    /// A header has this value.
    Header(String, String),
    /// A header's value matches.
    HeaderRegexp(String, Regex),
    /// The query has this pair.
    Query(String, String),
    /// The query has the key and its value matches.
    QueryRegexp(String, Regex),
    /// The client's address lies in one of these networks: address and length of the prefix.
    ClientIp(Vec<(IpAddr, u8)>),
}

/// How one function of the grammar is called: its name, its number of values, and the matcher that it makes.
struct Row {
    name: &'static str,
    values: std::ops::RangeInclusive<usize>,
    make: fn(&[String]) -> Result<Matcher, String>,
}

const ANY: usize = 64;

/// Every function of the grammar. Where v2 accepts several values, they are accepted for v3 too, with a note.
const ROWS: &[Row] = &[
    Row { name: "Host", values: 1..=ANY, make: host },
    Row { name: "HostHeader", values: 1..=ANY, make: host },
    Row { name: "HostRegexp", values: 1..=ANY, make: host_regexp },
    Row { name: "Path", values: 1..=ANY, make: |v| rooted(v).map(Matcher::Path) },
    Row { name: "PathPrefix", values: 1..=ANY, make: |v| rooted(v).map(Matcher::PathPrefix) },
    Row { name: "PathRegexp", values: 1..=1, make: |v| regex(&v[0]).map(Matcher::PathRegexp) },
    Row {
        name: "Method",
        values: 1..=ANY,
        make: |v| Ok(Matcher::Method(v.iter().map(|m| m.to_uppercase()).collect())),
    },
    Row { name: "Header", values: 2..=2, make: header },
    Row { name: "Headers", values: 2..=2, make: header },
    Row { name: "HeaderRegexp", values: 2..=2, make: header_regexp },
    Row { name: "HeadersRegexp", values: 2..=2, make: header_regexp },
    Row { name: "Query", values: 1..=2, make: query },
    Row {
        name: "QueryRegexp",
        values: 2..=2,
        make: |v| Ok(Matcher::QueryRegexp(v[0].clone(), regex(&v[1])?)),
    },
    Row { name: "ClientIP", values: 1..=ANY, make: client_ip },
];

/// Functions that v3 calls with one value only.
const ONE_IN_V3: &[&str] = &["Host", "HostRegexp", "Path", "PathPrefix", "Method", "ClientIP"];
/// Functions that only v2 has.
const ONLY_V2: &[&str] = &["HostHeader", "Headers", "HeadersRegexp"];

impl Rule {
    /// Parses a rule. What only v2 understands is accepted too, with a note, unless the router says `ruleSyntax=v2`.
    pub fn parse(text: &str, v2: bool, notes: &mut Vec<String>) -> Result<Rule, String> {
        let mut parser = Parser { rest: text, notes: vec![] };
        let rule = parser.either(0)?;
        if !parser.rest.trim().is_empty() {
            return Err(format!("`{}` is left over", parser.rest.trim()));
        }
        if !v2 {
            notes.append(&mut parser.notes);
        }
        Ok(rule)
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
            Rule::Is(m @ (Matcher::Host(_) | Matcher::HostRegexp(_))) => {
                m.matches(&Ask { host, path: "/", query: "", method: "GET", headers: &[], client: LOCAL })
            }
            Rule::Is(_) | Rule::Not(_) => false,
            Rule::All(rules) | Rule::Any(rules) => rules.iter().any(|r| r.names_host(host)),
        }
    }

    /// Every host that is named literally and not negated.
    pub fn hosts(&self) -> Vec<&str> {
        match self {
            Rule::Is(Matcher::Host(names)) => names.iter().map(String::as_str).collect(),
            Rule::Is(_) | Rule::Not(_) => vec![],
            Rule::All(rules) | Rule::Any(rules) => rules.iter().flat_map(Rule::hosts).collect(),
        }
    }
}

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

impl Matcher {
    fn matches(&self, ask: &Ask<'_>) -> bool {
        match self {
            Matcher::Host(names) => names.iter().any(|n| bare(n).eq_ignore_ascii_case(bare(ask.host))),
            Matcher::HostRegexp(all) => {
                let host = ask.host.to_ascii_lowercase();
                all.iter().any(|r| r.is_match(&host))
            }
            Matcher::Path(all) => all.iter().any(|p| *p == decoded(ask.path)),
            Matcher::PathPrefix(all) => all.iter().any(|p| decoded(ask.path).starts_with(p.as_str())),
            Matcher::PathRegexp(r) => r.is_match(&decoded(ask.path)),
            Matcher::Method(all) => all.iter().any(|m| m == ask.method),
            Matcher::Header(name, value) => values_of(ask, name).any(|v| v == value),
            Matcher::HeaderRegexp(name, r) => values_of(ask, name).any(|v| r.is_match(v)),
            Matcher::Query(key, value) => pairs_of(ask).any(|(k, v)| k == *key && v == *value),
            Matcher::QueryRegexp(key, r) => pairs_of(ask).any(|(k, v)| k == *key && r.is_match(&v)),
            Matcher::ClientIp(nets) => allows(nets, ask.client),
        }
    }
}

fn values_of<'a>(ask: &Ask<'a>, name: &'a str) -> impl Iterator<Item = &'a str> {
    ask.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

fn pairs_of(ask: &Ask<'_>) -> impl Iterator<Item = (String, String)> {
    ask.query.split('&').filter(|p| !p.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |t: &str| unescape(&t.replace('+', " "), |_| true);
        (plain(key), plain(value))
    })
}

fn bare(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
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

/// Whether one of these networks contains an address.
fn allows(nets: &[(IpAddr, u8)], address: IpAddr) -> bool {
    nets.iter().any(|net| contains(net, address))
}

fn contains((net, length): &(IpAddr, u8), address: IpAddr) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(a) => (u128::from(a.to_bits()) << 96, 4),
        IpAddr::V6(a) => (a.to_bits(), 6),
    };
    let ((a, kind), (b, other)) = (bits(*net), bits(address));
    let mask = u128::MAX.checked_shl(128 - u32::from(*length)).unwrap_or(0);
    kind == other && a & mask == b & mask
}

/// A network such as `10.0.0.0/8`, or one address.
fn network(text: &str) -> Result<(IpAddr, u8), String> {
    let bad = || format!("`{text}` is neither an address nor a network");
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let address: IpAddr = address.trim().parse().map_err(|_| bad())?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Ok(longest), |l| l.trim().parse().map_err(|_| bad()))?;
    if length > longest { Err(bad()) } else { Ok((address, length)) }
}

fn host(values: &[String]) -> Result<Matcher, String> {
    match values.iter().find(|v| !v.is_ascii()) {
        Some(odd) => Err(format!("the host `{odd}` has characters that are not ASCII")),
        None => Ok(Matcher::Host(values.iter().map(|v| v.to_lowercase()).collect())),
    }
}

fn host_regexp(values: &[String]) -> Result<Matcher, String> {
    values.iter().map(|v| regex(&from_v2(v))).collect::<Result<_, _>>().map(Matcher::HostRegexp)
}

/// v2 writes `{name:pattern}` inside plain text; v3 writes a regular expression.
fn from_v2(text: &str) -> String {
    if !text.contains('{') || !text.contains(':') {
        return text.to_string();
    }
    let (mut out, mut rest) = (String::from("^"), text);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inside, behind)) = after.split_once('}') else { return text.to_string() };
        let Some((_, pattern)) = inside.split_once(':') else { return text.to_string() };
        out.push_str(&format!("{}(?:{pattern})", regex::escape(before)));
        rest = behind;
    }
    out + regex::escape(rest).as_str() + "$"
}

fn rooted(values: &[String]) -> Result<Vec<String>, String> {
    match values.iter().find(|v| !v.starts_with('/')) {
        Some(bad) => Err(format!("the path `{bad}` does not start with `/`")),
        None => Ok(values.to_vec()),
    }
}

fn header(values: &[String]) -> Result<Matcher, String> {
    Ok(Matcher::Header(values[0].clone(), values[1].clone()))
}

fn header_regexp(values: &[String]) -> Result<Matcher, String> {
    Ok(Matcher::HeaderRegexp(values[0].clone(), regex(&values[1])?))
}

fn query(values: &[String]) -> Result<Matcher, String> {
    let (key, value) = match values {
        [key, value] => (key.as_str(), value.as_str()),
        // v2 writes one text with `=` in it
        _ => values[0].split_once('=').unwrap_or((&values[0], "")),
    };
    Ok(Matcher::Query(key.to_string(), value.to_string()))
}

fn client_ip(values: &[String]) -> Result<Matcher, String> {
    values.iter().map(|v| network(v)).collect::<Result<_, _>>().map(Matcher::ClientIp)
}

/// Compiles a regular expression of a label; the error names the text.
pub fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|e| {
        let last = e.to_string().lines().last().unwrap_or_default().trim().to_string();
        format!("`{text}` is no regular expression: {last}")
    })
}

/// The only rule of a list; `None` if there are several.
fn alone(rules: &mut Vec<Rule>) -> Option<Rule> {
    if rules.len() == 1 { rules.pop() } else { None }
}

struct Parser<'a> {
    rest: &'a str,
    notes: Vec<String>,
}

impl Parser<'_> {
    fn take(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        let found = self.rest.strip_prefix(token);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn either(&mut self, depth: usize) -> Result<Rule, String> {
        let mut rules = vec![self.both(depth)?];
        while self.take("||") {
            rules.push(self.both(depth)?);
        }
        Ok(alone(&mut rules).unwrap_or(Rule::Any(rules)))
    }

    fn both(&mut self, depth: usize) -> Result<Rule, String> {
        let mut rules = vec![self.one(depth)?];
        while self.take("&&") {
            rules.push(self.one(depth)?);
        }
        Ok(alone(&mut rules).unwrap_or(Rule::All(rules)))
    }

    fn one(&mut self, depth: usize) -> Result<Rule, String> {
        if depth > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST} levels"));
        }
        if self.take("!") {
            return Ok(Rule::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.take("(") {
            let inside = self.either(depth + 1)?;
            return if self.take(")") { Ok(inside) } else { Err(self.expected("`)`")) };
        }
        self.call().map(Rule::Is)
    }

    fn call(&mut self) -> Result<Matcher, String> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err(self.expected("a matcher such as Host(`…`)"));
        }
        let row = ROWS.iter().find(|r| r.name.eq_ignore_ascii_case(name));
        let row = row.ok_or_else(|| format!("there is no matcher `{name}`"))?;
        self.rest = rest;
        let values = self.values()?;
        if !row.values.contains(&values.len()) {
            return Err(format!("{}(…) has {} values", row.name, values.len()));
        }
        if ONLY_V2.contains(&row.name) || (values.len() > 1 && ONE_IN_V3.contains(&row.name)) {
            let what = if values.len() > 1 { "with several values " } else { "" };
            self.notes.push(format!("{}(…) {what}is v2 syntax", row.name));
        }
        (row.make)(&values)
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        if !self.take("(") {
            return Err(self.expected("`(`"));
        }
        let mut values = vec![];
        loop {
            self.rest = self.rest.trim_start();
            let quote = self.rest.chars().next().filter(|c| "`\"'".contains(*c));
            let Some(quote) = quote else { return Err(self.expected("a value in backquotes")) };
            let (value, rest) =
                self.rest[1..].split_once(quote).ok_or_else(|| format!("a {quote} is not closed"))?;
            values.push(value.to_string());
            self.rest = rest;
            if self.take(")") {
                return Ok(values);
            }
            if !self.take(",") {
                return Err(self.expected("`,` or `)`"));
            }
        }
    }

    fn expected(&self, what: &str) -> String {
        let seen: String = self.rest.chars().take(20).collect();
        if seen.is_empty() {
            format!("{what} is missing at its end")
        } else {
            format!("{what} is missing before `{seen}`")
        }
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
        let parsed = Rule::parse(rule, false, &mut vec![]).unwrap();
        assert_eq!(parsed.matches(&ask), expected, "{rule} on {method} {url}");
    }

    #[test]
    fn hosts_match_in_any_case_and_with_a_last_dot() {
        check("Host(`a.test`)", "a.test/", true);
        check("Host(`A.Test`)", "a.tEst/x", true);
        check("Host(`a.test`)", "a.test./", true);
        check("Host(`a.test`)", "b.a.test/", false);
        check("Host(`a.test`, `b.test`)", "b.test/", true);
        check("Host(`a.test`,\"b.test\")", "b.test/", true);
        check("host(`a.test`) || HOST(`b.test`)", "b.test/", true);
        check("HostRegexp(`^.+\\.a\\.test$`)", "x.a.test/", true);
        check("HostRegexp(`{sub:[a-z]+}.a.test`)", "xy.a.test/", true);
        check("HostRegexp(`{sub:[a-z]+}.a.test`)", "x1.a.test/", false);
    }

    #[test]
    fn paths_match_whole_by_prefix_and_by_pattern() {
        check("Path(`/x`)", "a/x", true);
        check("Path(`/x`)", "a/x/", false);
        check("PathPrefix(`/x`)", "a/xyz", true);
        check("PathPrefix(`/x`, `/y`)", "a/y/z", true);
        check("PathRegexp(`^/v[0-9]+/`)", "a/v12/x", true);
        check("PathPrefix(`/a b`)", "a/a%20b", true);
        check("PathPrefix(`/a/b`)", "a/a%2Fb", false);
    }

    #[test]
    fn and_binds_tighter_than_or_and_not_tightest() {
        let rule = "Host(`a`) || Host(`b`) && PathPrefix(`/x`)";
        check(rule, "a/y", true);
        check(rule, "b/y", false);
        check("(Host(`a`) || Host(`b`)) && PathPrefix(`/x`)", "a/y", false);
        check("Host(`a`) && !PathPrefix(`/x`)", "a/y", true);
        check("Host(`a`) && !(PathPrefix(`/x`) || PathPrefix(`/y`))", "a/y", false);
    }

    #[test]
    fn a_chain_of_any_length_is_parsed_and_matched() {
        for (joint, expected) in [("||", true), ("&&", false)] {
            // as nested rules, so many would not fit into the stack of a thread
            let chain = vec!["Path(`/x`)"; 20_000].join(joint) + joint + "Path(`/y`)";
            check(&chain, "a/y", expected);
            assert!(Rule::parse(&chain, false, &mut vec![]).unwrap().hosts().is_empty());
        }
    }

    #[test]
    fn the_rest_of_a_request_can_be_asked_for_too() {
        check_with("Method(`POST`)", "POST", "a/", &[], true);
        check_with("Header(`X-A`, `1`)", "GET", "a/", &[("x-a", "1")], true);
        check_with("HeaderRegexp(`X-A`, `^1`)", "GET", "a/", &[("x-a", "12")], true);
        check_with("Headers(`X-A`, `1`)", "GET", "a/", &[("x-a", "2")], false);
        check("Query(`k`, `v w`)", "a/?x=1&k=v+w", true);
        check("Query(`k=v`)", "a/?k=v", true);
        check("QueryRegexp(`k`, `^v`)", "a/?k=w", false);
        check("ClientIP(`127.0.0.0/8`)", "a/", true);
        check("ClientIP(`10.0.0.0/8`, `::1`)", "a/", false);
    }

    #[test]
    fn what_is_no_rule_is_said() {
        let bad = |rule: &str, part: &str| {
            let e = Rule::parse(rule, false, &mut vec![]).unwrap_err();
            assert!(e.contains(part), "{rule}: {e}");
        };
        bad("", "a matcher such as");
        bad("Host(`a`", "`,` or `)`");
        bad("Host(a)", "in backquotes");
        bad("Host(`a`) Host(`b`)", "left over");
        bad("Hots(`a`)", "no matcher `Hots`");
        bad("Path(`x`)", "does not start with `/`");
        bad("HostRegexp(`(`)", "no regular expression");
        bad("Header(`a`)", "1 values");
        bad(&"(".repeat(10_000), "deeper");
        bad(&"!".repeat(10_000), "deeper");
    }

    #[test]
    fn v2_syntax_is_taken_and_said_unless_the_router_asks_for_it() {
        let mut notes = vec![];
        Rule::parse("Host(`a`, `b`)", false, &mut notes).unwrap();
        assert_eq!(notes, ["Host(…) with several values is v2 syntax"]);
        notes.clear();
        Rule::parse("Host(`a`, `b`)", true, &mut notes).unwrap();
        assert!(notes.is_empty());
    }

    #[test]
    fn the_hosts_of_a_rule_are_those_it_names_and_does_not_exclude() {
        let rule = "(Host(`a`) || Host(`b`, `c`)) && !Host(`d`)";
        let rule = Rule::parse(rule, false, &mut vec![]).unwrap();
        assert_eq!(rule.hosts(), ["a", "b", "c"]);
        assert!(rule.names_host("c") && !rule.names_host("d") && !rule.names_host("e"));
    }
}
