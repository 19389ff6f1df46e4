//! Turns the `traefik.*` labels of one stack into routers, and finds the router of a request or the reason why
//! there is none.
//! It decides what Traefik v3 would do without asking the network. Pure; `adapters::ingress` does the rest.

mod draft;
pub mod headers;
mod htpasswd;
pub mod labels;
pub mod middleware;
mod not_emulated;
mod options;
mod pattern;
mod request;
pub mod rule;

use crate::observed::Observed;
use ccci_model::name::ServiceName;
use draft::Draft;
use middleware::Action;
use middleware::NOT_EMULATED;
pub use request::{Untidy, tidy};
use rule::{Ask, Rule};
use std::collections::BTreeSet;

/// The network that an operator's Traefik shares with the apps that it serves.
pub const PROXY_NETWORK: &str = "proxy";

/// The entry point of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Plain HTTP.
    Web,
    /// HTTPS.
    WebSecure,
}

impl Entry {
    /// The names of entry points in labels. `websecure` is how Traefik's own examples spell it.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Entry::Web => &["web"],
            Entry::WebSecure => &["web-secure", labels::OTHER_SPELLING],
        }
    }
}

/// The protocol for requests to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// TLS; the flag says that any certificate is accepted.
    Https(bool),
}

/// One service that takes a router's requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The service; its tasks are asked in turn.
    pub service: ServiceName,
    /// The port inside its tasks.
    pub port: u16,
    /// The protocol.
    pub scheme: Scheme,
    /// Whether the app receives the host that was asked for.
    pub pass_host: bool,
    /// Why Traefik could not reach it, if so.
    pub cut_off: Option<String>,
}

/// Where a router sends requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// To tasks; never empty.
    Tasks(Vec<Target>),
    /// To no task: Traefik itself answers, with this status and for this reason.
    Own(u16, String),
    /// To something that is not emulated: what.
    NotEmulated(String),
}

/// One router that can answer.
#[derive(Debug, Clone)]
pub struct Router {
    /// Its name in the labels.
    pub name: String,
    /// Its rule, or what in the rule is not emulated.
    pub rule: Result<Rule, String>,
    /// The rule as written.
    pub text: String,
    /// Routers with a higher priority are tried first.
    pub priority: i64,
    /// Entry points it listens on.
    pub entries: Vec<Entry>,
    /// Whether it answers only TLS; if not, it answers only plain HTTP.
    pub tls: bool,
    /// The middlewares that requests pass, in order; chains are replaced by their members.
    pub middlewares: Vec<(String, Action)>,
    /// Where requests go.
    pub backend: Backend,
}

/// A router or service that Traefik leaves out, and why.
#[derive(Debug, Clone)]
struct Lost {
    rule: Option<Rule>,
    why: String,
    /// Only a running task is missing, and one is desired.
    passing: bool,
}

/// Why no router answers a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoRoute {
    /// What the ingress answers: 404, or 501 if the answer depends on something that is not emulated.
    pub status: u16,
    /// Why.
    pub why: String,
}

/// The routers of a stack at one moment.
#[derive(Debug, Clone, Default)]
pub struct Table {
    routers: Vec<Router>,
    lost: Vec<Lost>,
    notes: Vec<String>,
    empty: bool,
}

impl Table {
    /// Makes the table of a stack from what is observed.
    pub fn of(seen: &Observed) -> Table {
        let mut draft = Draft::default();
        for service in &seen.services {
            draft.take(seen, service);
        }
        let mut table = draft.settle();
        table.empty = seen.services.is_empty();
        table
    }

    /// The router that answers a request, or why there is none.
    pub fn route(&self, entry: Entry, ask: &Ask<'_>) -> Result<&Router, NoRoute> {
        let secure = entry == Entry::WebSecure;
        let mut listening = self.routers.iter().filter(|r| r.listens(entry, secure));
        let Some(router) = listening.find(|r| r.may_mean(ask)) else { return Err(self.nobody(entry, ask)) };
        let what = match (&router.rule, &router.backend) {
            (Err(what), _) | (_, Backend::NotEmulated(what)) => what,
            _ => return Ok(router),
        };
        Err(NoRoute { status: 501, why: format!("{NOT_EMULATED}the router `{}`: {what}", router.name) })
    }

    /// The router that answers a plain GET of an address, if one does.
    pub fn of_address(&self, entry: Entry, host: &str, path: &str) -> Option<&Router> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        self.route(entry, &Ask::get(host, path, query)).ok()
    }

    fn nobody(&self, entry: Entry, ask: &Ask<'_>) -> NoRoute {
        let lost = self.lost.iter().filter(|l| l.rule.as_ref().is_none_or(|r| r.matches(ask)));
        let mut why: Vec<String> = lost.map(|l| l.why.clone()).collect();
        let silent = self.routers.iter().filter(|r| r.may_mean(ask));
        why.extend(silent.map(|r| r.silent_on(entry)));
        if why.is_empty() {
            why.push(self.no_rule(ask));
        }
        NoRoute { status: 404, why: why.join("; ") }
    }

    fn no_rule(&self, ask: &Ask<'_>) -> String {
        if self.empty {
            return "nothing is deployed under this name".into();
        }
        if self.routers.is_empty() {
            return "no service has `traefik.enable=true`".into();
        }
        let rules: Vec<String> =
            self.routers.iter().map(|r| format!("`{}` has {}", r.name, r.text)).collect();
        format!("no router's rule matches {}{} (router {})", ask.host, ask.path, rules.join(", "))
    }

    /// Every host that the routers name literally, also routers that are left out.
    pub fn hosts(&self) -> BTreeSet<String> {
        self.rules().flat_map(Rule::hosts).map(|h| h.trim_end_matches('.').to_lowercase()).collect()
    }

    /// Whether the routers name a host, literally or by a pattern.
    pub fn names_host(&self, host: &str) -> bool {
        self.rules().any(|r| r.names_host(host))
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.routers
            .iter()
            .filter_map(|r| r.rule.as_ref().ok())
            .chain(self.lost.iter().filter_map(|l| l.rule.as_ref()))
    }

    /// Notes for the author of the recipe: labels without effect, routers that are left out.
    pub fn notes(&self) -> Vec<String> {
        self.notes.iter().cloned().chain(self.lost.iter().map(|l| l.why.clone())).collect()
    }

    /// Whether a service is left out only because it has no running task; its routes will come with the next task.
    pub fn awaits_a_task(&self) -> bool {
        self.lost.iter().any(|l| l.passing)
    }

    /// The routers, in the order in which they are tried.
    pub fn routers(&self) -> &[Router] {
        &self.routers
    }
}

impl Router {
    /// Whether the rule matches a request, or may match it.
    fn may_mean(&self, ask: &Ask<'_>) -> bool {
        self.rule.as_ref().map_or(true, |rule| rule.matches(ask))
    }

    fn listens(&self, entry: Entry, secure: bool) -> bool {
        self.entries.contains(&entry) && self.tls == secure
    }

    fn silent_on(&self, entry: Entry) -> String {
        let (name, way) = (&self.name, entry.names()[0]);
        if !self.entries.contains(&entry) {
            return format!("router `{name}` does not listen on the entry point `{way}`");
        }
        match self.tls {
            true => format!("router `{name}` has a `tls` label, so it answers HTTPS only"),
            false => format!("router `{name}` has no `tls` label, so it answers plain HTTP only"),
        }
    }
}

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod tests;
