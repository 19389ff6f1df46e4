//! MIDDLEWARES of Traefik v3: which kinds exist, which of them the ingress emulates, and what those do to a request.
//! Emulated are redirects, headers, prefixes, basic authentication and chains of these. For every other kind the
//! run says what is not proved; an answer that depends on such a kind is never guessed. Pure.

use super::headers::HeaderRules;
use super::htpasswd;
use super::labels::{Options, boolean, list};
use super::not_emulated::OTHERS;
pub use super::not_emulated::{NOT_EMULATED, NotEmulated, Without};
use super::options::is_on;
use super::pattern::regex;
use super::rule::Flaw;
use base64::prelude::{BASE64_STANDARD, Engine};
use regex::Regex;
use std::net::IpAddr;

/// A middleware as its labels define it.
#[derive(Debug, Clone)]
pub struct Middleware {
    /// Kind and options, to see whether two services define the same.
    pub source: Options,
    /// What it does.
    pub action: Action,
}

/// What a middleware does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Puts text before the path.
    AddPrefix(String),
    /// Removes the first of these that the path begins with; the flag forces a slash.
    StripPrefix(Vec<String>, bool),
    /// The same with patterns.
    StripPrefixRegex(Vec<Regex>),
    /// Redirects to another scheme, and to a port if that is not empty; the flag makes it permanent.
    RedirectScheme(String, String, bool),
    /// Redirects by a pattern on the whole URL; the flag makes it permanent.
    RedirectRegex(Regex, String, bool),
    /// Sets and removes headers.
    Headers(Box<HeaderRules>),
    /// Asks for a password.
    BasicAuth(Box<BasicAuth>),
    /// Applies other middlewares, by name.
    Chain(Vec<String>),
    /// Of a kind that is not emulated.
    NotEmulated(&'static NotEmulated),
    /// Of an emulated kind, with an option that is not supported here: which.
    NotRead(String),
    /// Traefik refuses to build it and every router that uses it.
    Broken(String),
}

/// Users and their password hashes.
#[derive(Debug, Clone)]
pub struct BasicAuth {
    users: Vec<(String, String)>,
    realm: String,
    header: String,
    remove: bool,
}

/// A request as middlewares see it.
#[derive(Debug, Clone)]
pub struct Head<'a> {
    /// Method.
    pub method: &'a str,
    /// Whether it came over TLS.
    pub secure: bool,
    /// Host as asked, with its port if there was one.
    pub host: &'a str,
    /// Path, percent-encoded.
    pub path: String,
    /// Query, if there is one.
    pub query: Option<String>,
    /// Headers.
    pub headers: &'a [(String, String)],
    /// Address of the client.
    pub client: IpAddr,
}

/// A change to headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Sets a header, replacing others of the name; an empty value removes it.
    Set(String, String),
    /// Adds one.
    Add(String, String),
}

/// Beginning of the reason if a middleware of the app gives the answer.
pub(crate) const BY_MIDDLEWARE: &str = "middleware ";

/// An answer that a middleware gives itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
    /// Which middleware answered and why, for people.
    pub why: String,
}

/// What a chain did to a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Passed {
    /// An answer in place of the app's.
    pub reply: Option<Reply>,
    /// Path for the app.
    pub path: String,
    /// Query for the app.
    pub query: Option<String>,
    /// Changes to the request's headers.
    pub request: Vec<Edit>,
    /// Changes to the answer's headers.
    pub response: Vec<Edit>,
}

type Read = fn(&Options) -> Result<Action, Flaw>;

/// The kinds that are emulated, in lower case. A kind that is neither here nor in `OTHERS` makes Traefik leave out
/// the service.
const MIDDLEWARES: &[(&str, Read)] = &[
    ("addprefix", |o| match text(o, "prefix") {
        none if none.is_empty() => Err("no `prefix`".into()),
        prefix => Ok(Action::AddPrefix(prefix)),
    }),
    ("stripprefix", |o| Ok(Action::StripPrefix(list(&text(o, "prefixes")), flag(o, "forceslash")?))),
    ("stripprefixregex", |o| {
        Ok(Action::StripPrefixRegex(
            list(&text(o, "regex")).iter().map(|r| regex(r)).collect::<Result<_, _>>()?,
        ))
    }),
    ("redirectscheme", |o| match text(o, "scheme") {
        none if none.is_empty() => Err("no `scheme`".into()),
        scheme => Ok(Action::RedirectScheme(scheme, text(o, "port"), flag(o, "permanent")?)),
    }),
    ("redirectregex", |o| {
        Ok(Action::RedirectRegex(regex(&text(o, "regex"))?, text(o, "replacement"), flag(o, "permanent")?))
    }),
    ("headers", |o| HeaderRules::read(o).map(|h| Action::Headers(Box::new(h)))),
    ("basicauth", |o| BasicAuth::read(o).map(|b| Action::BasicAuth(Box::new(b)))),
    ("chain", |o| Ok(Action::Chain(list(&text(o, "middlewares"))))),
    ("plugin", |_| Err("a plugin must be installed in the operator's Traefik".into())),
];

/// Reads a middleware. Fails for a kind that Traefik does not know; a value that it cannot read makes `Action::Broken`.
pub fn read(name: &str, options: &Options, notes: &mut Vec<String>) -> Result<Middleware, String> {
    let key = options.keys().next().map_or("", String::as_str);
    let kind = key.split('.').next().unwrap_or_default();
    let row = MIDDLEWARES.iter().find(|(k, _)| *k == kind).map(|(_, make)| *make);
    let other = OTHERS.iter().find(|o| o.kind == kind);
    if row.is_none() && other.is_none() {
        let label = format!("traefik.http.middlewares.{name}.{key}");
        return Err(format!("label `{label}`: Traefik v3 knows no middleware `{kind}`"));
    }
    let prefix = format!("{kind}.");
    if let Some(other) = options.keys().find(|k| !k.starts_with(&prefix) && *k != kind) {
        let action = Action::Broken(format!("middleware `{name}` is both `{kind}` and `{other}`"));
        return Ok(Middleware { source: options.clone(), action });
    }
    let inside =
        options.iter().filter_map(|(k, v)| Some((k.strip_prefix(&prefix)?.to_string(), v.clone()))).collect();
    let broken = |why: &str| Action::Broken(format!("middleware `{name}` ({kind}): {why}"));
    let action = match (row, other) {
        _ if options.get(kind).is_some_and(|v| !is_on(v)) => broken("it is turned off"),
        (Some(make), _) => make(&inside).unwrap_or_else(|flaw| match flaw {
            Flaw::Refused(why) => broken(&why),
            Flaw::Unknown(why) => Action::NotRead(why),
        }),
        (None, Some(other)) => Action::NotEmulated(other),
        (None, None) => broken("no such kind"),
    };
    if let Action::Headers(rules) = &action {
        notes.extend(rules.notes(name));
    }
    Ok(Middleware { source: options.clone(), action })
}

/// One option, or an empty text.
pub fn text(options: &Options, name: &str) -> String {
    options.get(name).cloned().unwrap_or_default()
}

/// One boolean option, or false.
pub fn flag(options: &Options, name: &str) -> Result<bool, String> {
    options.get(name).map_or(Ok(false), |v| boolean(name, v))
}

impl BasicAuth {
    fn read(options: &Options) -> Result<BasicAuth, Flaw> {
        if options.contains_key("usersfile") {
            return Err("`usersFile` is a file of the operator's Traefik".into());
        }
        let pair = |user: &String| {
            let (name, hash) = user.split_once(':').filter(|(_, h)| !h.contains(':'))?;
            Some((name.to_string(), hash.to_string()))
        };
        let users = list(&text(options, "users"));
        if users.is_empty() {
            return Err("it has no user, and because of that Traefik v3 stops applying new labels".into());
        }
        let users =
            users.iter().map(pair).collect::<Option<_>>().ok_or("a user is not written `name:hash`")?;
        let realm = options.get("realm").filter(|r| !r.is_empty()).map_or("traefik", String::as_str);
        Ok(BasicAuth {
            users,
            realm: realm.to_string(),
            header: text(options, "headerfield"),
            remove: flag(options, "removeheader")?,
        })
    }

    /// The user whose name and password the request has.
    fn user(&self, headers: &[(String, String)]) -> Option<&str> {
        let (_, given) = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("authorization"))?;
        let (scheme, code) = given.split_once(' ')?;
        let plain =
            BASE64_STANDARD.decode(code.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let plain = String::from_utf8(plain).ok()?;
        let (name, password) = plain.split_once(':')?;
        let (name, hash) = self.users.iter().find(|(n, _)| n == name)?;
        htpasswd::fits(hash, password).then_some(name)
    }
}

/// Sends a request through a chain, in order.
pub fn apply<'a>(chain: impl IntoIterator<Item = (&'a str, &'a Action)>, mut head: Head<'_>) -> Passed {
    let mut out = Passed::default();
    for (name, action) in chain {
        let before = out.response.len();
        out.reply = match action {
            Action::NotEmulated(NotEmulated { kind, without: Without::Unknown(does) }) => {
                let why = format!("{NOT_EMULATED}the middleware `{name}` ({kind}), which {does}");
                Some(Reply { status: 501, headers: vec![], body: "Not Implemented\n".into(), why })
            }
            Action::NotRead(what) => {
                let why = format!("{NOT_EMULATED}the middleware `{name}` with {what}");
                Some(Reply { status: 501, headers: vec![], body: "Not Implemented\n".into(), why })
            }
            action => action.step(&mut head, &mut out).map(|mut reply| {
                reply.why = format!("{BY_MIDDLEWARE}`{name}`: {}", reply.why);
                reply
            }),
        };
        // the outer middleware changes an answer last
        let inner = out.response.split_off(before);
        out.response.splice(0..0, inner);
        if out.reply.is_some() {
            break;
        }
    }
    out.path = head.path;
    out.query = head.query;
    out
}

impl Action {
    fn step(&self, head: &mut Head<'_>, out: &mut Passed) -> Option<Reply> {
        match self {
            Action::AddPrefix(prefix) => head.path = slashed(&format!("{prefix}{}", head.path)),
            Action::StripPrefix(prefixes, force) => {
                if let Some(prefix) = prefixes.iter().find(|p| head.path.starts_with(p.as_str())) {
                    strip(head, out, prefix.len(), *force);
                }
            }
            Action::StripPrefixRegex(all) => {
                let found = all.iter().find_map(|r| r.find(&head.path).filter(|m| m.start() == 0));
                if let Some(end) = found.map(|m| m.end()) {
                    strip(head, out, end, false);
                }
            }
            Action::RedirectScheme(scheme, port, permanent) => {
                return redirect_scheme(head, scheme, port, *permanent);
            }
            Action::RedirectRegex(pattern, with, permanent) => {
                let old = url(head, if head.secure { "https" } else { "http" }, head.host);
                let new = pattern.replace_all(&old, with.as_str()).into_owned();
                return (new != old).then(|| moved(head, escaped(&new), *permanent));
            }
            Action::Headers(rules) => return rules.step(head, out),
            Action::BasicAuth(auth) => return auth.step(head, out),
            _ => {}
        }
        None
    }
}

impl BasicAuth {
    fn step(&self, head: &Head<'_>, out: &mut Passed) -> Option<Reply> {
        let Some(user) = self.user(head.headers) else {
            return Some(Reply {
                status: 401,
                headers: vec![("www-authenticate".into(), format!("Basic realm=\"{}\"", self.realm))],
                body: "401 Unauthorized\n".into(),
                why: "the request has no valid user and password".into(),
            });
        };
        if !self.header.is_empty() {
            out.request.push(Edit::Set(self.header.clone(), user.to_string()));
        }
        if self.remove {
            out.request.push(Edit::Set("authorization".into(), String::new()));
        }
        None
    }
}

fn slashed(path: &str) -> String {
    if path.starts_with('/') { path.to_string() } else { format!("/{path}") }
}

fn strip(head: &mut Head<'_>, out: &mut Passed, length: usize, force: bool) {
    let (prefix, rest) = head.path.split_at(length);
    out.request.push(Edit::Add("x-forwarded-prefix".into(), prefix.trim().to_string()));
    head.path = match rest {
        rest if force => format!("/{}", rest.trim_start_matches('/')),
        rest => slashed(rest),
    };
}

fn url(head: &Head<'_>, scheme: &str, host: &str) -> String {
    let query = head.query.as_ref().map_or(String::new(), |q| format!("?{q}"));
    format!("{scheme}://{host}{}{query}", head.path)
}

/// Escapes the characters that may not be in the path of a URL.
fn escaped(url: &str) -> String {
    let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let bytes = path.bytes().map(|b| match b {
        b if b.is_ascii_graphic() && !b"{}<>\"^`|\\".contains(&b) => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    });
    bytes.collect::<String>() + query
}

fn redirect_scheme(head: &Head<'_>, scheme: &str, port: &str, permanent: bool) -> Option<Reply> {
    let name = head.host.rsplit_once(':').map_or(head.host, |(name, _)| name);
    let usual = matches!((scheme, port), (_, "") | ("http", "80") | ("https", "443"));
    let host = if usual { name.to_string() } else { format!("{name}:{port}") };
    let new = url(head, scheme, &host);
    let (old, port) = if head.secure { ("https", ":443") } else { ("http", ":80") };
    let old = url(head, old, head.host.strip_suffix(port).unwrap_or(head.host));
    (new != old).then(|| moved(head, new, permanent))
}

fn moved(head: &Head<'_>, to: String, permanent: bool) -> Reply {
    let (status, body) = match (permanent, head.method) {
        (true, "GET") => (301, "Moved Permanently"),
        (true, _) => (308, "Permanent Redirect"),
        (false, "GET") => (302, "Found"),
        (false, _) => (307, "Temporary Redirect"),
    };
    let why = format!("it redirects to {to}");
    Reply { status, headers: vec![("location".into(), to)], body: body.into(), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::labels::Labels;
    use std::collections::BTreeSet;
    use std::net::Ipv4Addr;

    fn passed(labels: &[(&str, &str)], url: &str, headers: &[(&str, &str)]) -> Passed {
        let labels = labels.iter().map(|(k, v)| (format!("traefik.http.middlewares.m.{k}"), v.to_string()));
        let enabled = ("traefik.enable".to_string(), "true".to_string());
        let read = Labels::read(&labels.chain([enabled]).collect()).unwrap();
        let (scheme, rest) = url.split_once("://").unwrap();
        let (host, rest) = rest.split_at(rest.find('/').unwrap());
        let (path, query) = rest.split_once('?').map_or((rest, None), |(p, q)| (p, Some(q.to_string())));
        let headers: Vec<(String, String)> =
            headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let secure = scheme == "https";
        let head = Head { method: "GET", secure, host, path: path.into(), query, headers: &headers, client };
        apply([("m", &read.middlewares["m"].action)], head)
    }

    fn path(labels: &[(&str, &str)], url: &str, expected: &str) {
        assert_eq!(passed(labels, url, &[]).path, expected, "{labels:?}");
    }

    #[test]
    fn paths_are_changed_on_their_way_to_the_app() {
        path(&[("addprefix.prefix", "/x")], "http://a/y", "/x/y");
        path(&[("stripprefix.prefixes", "/z, /x")], "http://a/x/y", "/y");
        path(&[("stripprefix.prefixes", "/x")], "http://a/xy", "/y");
        path(&[("stripprefix.prefixes", "/x")], "http://a/x", "/");
        path(&[("stripprefixregex.regex", "/v[0-9]+")], "http://a/v12/y", "/y");
        let prefix = passed(&[("stripprefix.prefixes", "/x")], "http://a/x/y", &[]).request;
        assert_eq!(prefix, [Edit::Add("x-forwarded-prefix".into(), "/x".into())]);
    }

    fn location(labels: &[(&str, &str)], url: &str, expected: Option<(u16, &str)>) {
        let reply = passed(labels, url, &[]).reply;
        let seen = reply.as_ref().map(|r| (r.status, r.headers[0].1.as_str()));
        assert_eq!(seen, expected, "{labels:?} on {url}");
    }

    #[test]
    fn redirects_move_the_client_once_and_not_in_circles() {
        let scheme = [("redirectscheme.scheme", "https"), ("redirectscheme.permanent", "true")];
        location(&scheme, "http://a.test/x?y=1", Some((301, "https://a.test/x?y=1")));
        location(&scheme, "https://a.test/x", None);
        let port = [("redirectscheme.scheme", "https"), ("redirectscheme.port", "8443")];
        location(&port, "http://a.test:80/x", Some((302, "https://a.test:8443/x")));
        let name =
            [("redirectregex.regex", "^https://www\\.(.*)"), ("redirectregex.replacement", "https://${1}")];
        location(&name, "https://www.a.test/x", Some((302, "https://a.test/x")));
        location(&name, "https://a.test/x", None);
    }

    #[test]
    fn a_password_is_asked_for_and_checked() {
        let auth = [
            ("basicauth.users", "joe:$apr1$abcdefgh$FBwExRW4dCc8aL.OvjpIE1"),
            ("basicauth.removeheader", "true"),
            ("basicauth.headerField", "X-User"),
        ];
        let reply = passed(&auth, "http://a/", &[]).reply.unwrap();
        assert_eq!((reply.status, reply.headers[0].1.as_str()), (401, "Basic realm=\"traefik\""));
        let give = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        assert!(passed(&auth, "http://a/", &[("Authorization", &give("joe:wrong"))]).reply.is_some());
        let right = passed(&auth, "http://a/", &[("Authorization", &give("joe:password"))]);
        assert_eq!(right.reply, None);
        assert_eq!(right.request[0], Edit::Set("X-User".into(), "joe".into()));
    }

    #[test]
    fn an_answer_that_hangs_on_what_is_not_emulated_is_not_guessed() {
        for (kind, option) in [
            ("forwardauth", "address"),
            ("digestauth", "users"),
            ("ipallowlist", "sourcerange"),
            ("ipwhitelist", "sourcerange"),
            ("replacepath", "path"),
            ("replacepathregex", "regex"),
        ] {
            let reply = passed(&[(&format!("{kind}.{option}"), "x")], "http://a/", &[]).reply.unwrap();
            assert_eq!(reply.status, 501, "{kind}");
            let begin = format!("the ingress does not emulate the middleware `m` ({kind}), which ");
            assert!(reply.why.starts_with(&begin), "{}", reply.why);
        }
    }

    #[test]
    fn what_only_sets_bounds_is_passed_and_said_not_to_be_proved() {
        for other in OTHERS {
            let said = other.not_proved("m");
            assert!(said.starts_with(&format!("what the middleware `m` ({}) does: ", other.kind)), "{said}");
            if let Without::Passes(_) = other.without {
                let (query, client) = (Some("y".to_string()), IpAddr::V4(Ipv4Addr::LOCALHOST));
                let (path, headers) = ("/x".to_string(), &[][..]);
                let head = Head { method: "GET", secure: false, host: "a", path, query, headers, client };
                let through = apply([("m", &Action::NotEmulated(other))], head);
                assert_eq!((through.reply, &*through.path, through.query), (None, "/x", Some("y".into())));
            }
        }
    }

    #[test]
    fn every_kind_that_traefik_reads_is_either_emulated_or_said_not_to_be() {
        let rows = include_str!("options.txt").lines().filter_map(|l| l.strip_prefix("http.middlewares.*."));
        let rows = rows.filter(|row| !row.ends_with(" ignored"));
        let read: BTreeSet<&str> = rows.filter_map(|row| row.split(['.', ' ']).next()).collect();
        let all = || MIDDLEWARES.iter().map(|(kind, _)| *kind).chain(OTHERS.iter().map(|o| o.kind));
        let newer = all().filter(|kind| !read.contains(kind)).collect::<Vec<_>>();
        assert_eq!(newer, ["encodedcharacters"]);
        assert!(read.iter().all(|kind| all().filter(|k| k == kind).count() == 1), "one, and not both");
    }
}
