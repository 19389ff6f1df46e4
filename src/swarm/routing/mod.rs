//! Turns the `traefik.*` labels of one stack into routers, and finds the router of a request or the reason why
//! there is none.
//! It decides what Traefik v3 would do without asking the network. Pure; `adapters::ingress` does the rest.

mod draft;
pub mod headers;
mod htpasswd;
pub mod labels;
pub mod middleware;
pub mod rule;

use crate::observed::Observed;
use ccci_model::name::ServiceName;
use draft::Draft;
use middleware::Action;
use rule::{Ask, Rule};
use std::collections::BTreeSet;

/// The network that an operator's Traefik shares with the apps that it serves.
pub(crate) const PROXY_NETWORK: &str = "proxy";

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
            Entry::WebSecure => &["web-secure", "websecure"],
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
    /// To `noop@internal`: 418, for routers that only redirect.
    Noop,
}

/// One router that can answer.
#[derive(Debug, Clone)]
pub struct Router {
    /// Its name in the labels.
    pub name: String,
    /// Its rule.
    pub rule: Rule,
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

    /// The router that answers a request, or why there is none; the ingress itself then answers 404.
    pub fn route(&self, entry: Entry, ask: &Ask<'_>) -> Result<&Router, String> {
        let secure = entry == Entry::WebSecure;
        let fits = |r: &&Router| r.rule.matches(ask);
        if let Some(router) = self.routers.iter().filter(|r| r.listens(entry, secure)).find(fits) {
            return Ok(router);
        }
        let lost = self.lost.iter().filter(|l| l.rule.as_ref().is_none_or(|r| r.matches(ask)));
        let mut why: Vec<String> = lost.map(|l| l.why.clone()).collect();
        why.extend(self.routers.iter().filter(fits).map(|r| r.silent_on(entry)));
        if why.is_empty() {
            why.push(self.no_rule(ask));
        }
        Err(why.join("; "))
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
        self.routers.iter().map(|r| &r.rule).chain(self.lost.iter().filter_map(|l| l.rule.as_ref()))
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
mod tests;
