//! From the `traefik.*` labels of one stack to routers, and from a request to a router or to the reason why there is
//! none: what Traefik v3 would do, decided without asking anybody. Pure; `hands/ingress` does the rest.

pub mod headers;
mod htpasswd;
pub mod labels;
pub mod middleware;
pub mod rule;

use super::seen::{Seen, ServiceSeen, TaskState};
use crate::name::ServiceName;
use labels::{Labels, RouterLabels, ServiceLabels};
use middleware::{Action, Middleware};
use rule::{Ask, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// The network that an operator's Traefik shares with the apps it serves.
pub const PROXY_NETWORK: &str = "proxy";

/// Where a request comes in.
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

/// How a task is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// TLS; the flag says that any certificate will do.
    Https(bool),
}

/// One service that takes a router's requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The service; its tasks are asked in turn.
    pub service: ServiceName,
    /// The port inside its tasks.
    pub port: u16,
    /// How.
    pub scheme: Scheme,
    /// Whether the app sees the host that was asked for.
    pub pass_host: bool,
    /// Why Traefik would not get through to it, if so.
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
    /// Higher ones are asked first.
    pub priority: i64,
    /// Entry points it listens on.
    pub entries: Vec<Entry>,
    /// It answers TLS only; without, plain HTTP only.
    pub tls: bool,
    /// What requests go through, in order, chains unrolled.
    pub middlewares: Vec<(String, Action)>,
    /// Where they go.
    pub backend: Backend,
}

/// A router or service that Traefik leaves out, and why.
#[derive(Debug, Clone)]
struct Lost {
    rule: Option<Rule>,
    why: String,
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
    /// Makes the table of a stack as it is seen.
    pub fn of(seen: &Seen) -> Table {
        let mut draft = Draft::default();
        for service in &seen.services {
            draft.take(seen, service);
        }
        let mut table = draft.settle();
        table.empty = seen.services.is_empty();
        table
    }

    /// The router that answers a request, or why there is none: a 404 from the ingress itself.
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

    /// Every host that the routers name outright, those that are left out too.
    pub fn hosts(&self) -> BTreeSet<String> {
        self.rules().flat_map(Rule::hosts).map(|h| h.trim_end_matches('.').to_lowercase()).collect()
    }

    /// Whether the routers name a host outright or by a pattern.
    pub fn names_host(&self, host: &str) -> bool {
        self.rules().any(|r| r.names_host(host))
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.routers.iter().map(|r| &r.rule).chain(self.lost.iter().filter_map(|l| l.rule.as_ref()))
    }

    /// What is worth telling an author: labels without effect, routers left out.
    pub fn notes(&self) -> Vec<String> {
        self.notes.iter().cloned().chain(self.lost.iter().map(|l| l.why.clone())).collect()
    }

    /// The routers, first asked first.
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

/// The labels of all services before they are put together.
#[derive(Default)]
struct Draft {
    routers: BTreeMap<String, Vec<RouterLabels>>,
    balancers: BTreeMap<String, Vec<(ServiceLabels, Target)>>,
    middlewares: BTreeMap<String, Vec<Middleware>>,
    lost: Vec<Lost>,
    notes: Vec<String>,
}

impl Draft {
    fn take(&mut self, seen: &Seen, service: &ServiceSeen) {
        let name = service.name.as_str();
        let labels = match Labels::read(&service.labels) {
            Ok(labels) if labels.enabled => labels,
            Ok(_) => return,
            Err(why) => {
                let why = format!("service `{name}` is left out: {why}");
                return self.lost.push(Lost { rule: None, why });
            }
        };
        self.notes.extend(labels.notes.iter().map(|n| format!("service `{name}`: {n}")));
        let nothing =
            labels.routers.is_empty() && labels.services.is_empty() && labels.middlewares.is_empty();
        if nothing && labels.tcp_or_udp {
            return;
        }
        match self.add(seen, service, &labels) {
            Ok(()) => {}
            // a service without a rule of its own has no router whose absence could be told
            Err(why) if labels.routers.is_empty() => self.lost.push(Lost { rule: None, why }),
            Err(why) => {
                for router in labels.routers.values() {
                    let rule = Rule::parse(&router.rule, router.v2, &mut vec![]).ok();
                    self.lost.push(Lost { rule, why: why.clone() });
                }
            }
        }
    }

    fn add(&mut self, seen: &Seen, service: &ServiceSeen, labels: &Labels) -> Result<(), String> {
        let name = &service.name;
        serving(seen, service).map_err(|why| format!("service `{name}` {why}"))?;
        let cut_off = cut_off(service, labels);
        let unnamed = BTreeMap::from([(name.as_str().to_string(), ServiceLabels::default())]);
        let balancers = if labels.services.is_empty() { &unnamed } else { &labels.services };
        let mut targets = vec![];
        for (balancer, options) in balancers {
            let target = target(name, balancer, options, cut_off.clone())?;
            targets.push((balancer.clone(), (options.clone(), target)));
        }
        for (router, options) in &labels.routers {
            let mut options = options.clone();
            if options.service.is_empty() && balancers.len() > 1 {
                let why = format!("router `{router}` does not say which of several services it means");
                let rule = Rule::parse(&options.rule, options.v2, &mut vec![]).ok();
                self.lost.push(Lost { rule, why });
                continue;
            }
            if options.service.is_empty() {
                options.service = balancers.keys().next().cloned().unwrap_or_default();
            }
            self.routers.entry(router.clone()).or_default().push(options);
        }
        for (balancer, target) in targets {
            self.balancers.entry(balancer).or_default().push(target);
        }
        for (middleware, options) in &labels.middlewares {
            self.middlewares.entry(middleware.clone()).or_default().push(options.clone());
        }
        Ok(())
    }

    /// Puts everything together. What two services define differently, neither has.
    fn settle(mut self) -> Table {
        let mut table = Table::default();
        for (name, all) in std::mem::take(&mut self.routers) {
            let options = &all[0];
            let parsed = Rule::parse(&options.rule, options.v2, &mut self.notes);
            let made = if all.iter().any(|o| o != options) {
                Err("it is defined by several services, each in another way".to_string())
            } else {
                parsed
                    .clone()
                    .map_err(|e| format!("its rule cannot be read: {e}"))
                    .and_then(|rule| self.router(&name, options, rule))
            };
            match made {
                Ok(router) => table.routers.push(router),
                Err(why) => {
                    let why = format!("router `{name}` is left out: {why}");
                    self.lost.push(Lost { rule: parsed.ok(), why });
                }
            }
        }
        // by priority; Traefik leaves the order of equals to chance, here it is by name
        table.routers.sort_by_key(|r| std::cmp::Reverse(r.priority));
        table.lost = self.lost;
        table.notes = self.notes;
        table.notes.sort();
        table.notes.dedup();
        table
    }

    fn router(&mut self, name: &str, options: &RouterLabels, rule: Rule) -> Result<Router, String> {
        let mut middlewares = vec![];
        for wanted in &options.middlewares {
            self.chain(wanted, &mut vec![], &mut middlewares)?;
        }
        Ok(Router {
            name: name.to_string(),
            priority: if options.priority == 0 { options.rule.len() as i64 } else { options.priority },
            entries: self.entries(name, options)?,
            tls: options.tls,
            backend: self.backend(&options.service)?,
            middlewares,
            text: options.rule.clone(),
            rule,
        })
    }

    fn entries(&mut self, name: &str, options: &RouterLabels) -> Result<Vec<Entry>, String> {
        let all = [Entry::Web, Entry::WebSecure];
        if options.entries.is_empty() {
            return Ok(all.to_vec());
        }
        let known = |n: &String| all.into_iter().find(|e| e.names().contains(&n.as_str()));
        for odd in options.entries.iter().filter(|n| known(n).is_none()) {
            self.notes.push(format!("router `{name}`: the ingress has no entry point `{odd}`"));
        }
        let entries: Vec<Entry> = options.entries.iter().filter_map(known).collect();
        if entries.is_empty() {
            Err("it has no entry point that the ingress has".into())
        } else {
            Ok(entries)
        }
    }

    fn backend(&self, wanted: &str) -> Result<Backend, String> {
        if wanted == "noop@internal" {
            return Ok(Backend::Noop);
        }
        let name = own(wanted, "service")?;
        let all = self.balancers.get(name).ok_or_else(|| format!("there is no service `{name}`"))?;
        let alike =
            |a: &ServiceLabels, b: &ServiceLabels| a.pass_host == b.pass_host && a.transport == b.transport;
        if all.iter().any(|(options, _)| !alike(options, &all[0].0)) {
            return Err(format!("the service `{name}` is defined in several ways"));
        }
        Ok(Backend::Tasks(all.iter().map(|(_, target)| target.clone()).collect()))
    }

    fn chain(
        &self,
        wanted: &str,
        above: &mut Vec<String>,
        out: &mut Vec<(String, Action)>,
    ) -> Result<(), String> {
        let name = own(wanted, "middleware")?;
        let all = self.middlewares.get(name).ok_or_else(|| format!("there is no middleware `{name}`"))?;
        if all.iter().any(|m| m.source != all[0].source) {
            return Err(format!("the middleware `{name}` is defined in several ways"));
        }
        if above.iter().any(|a| a == name) {
            return Err(format!("the middleware `{name}` holds itself"));
        }
        match &all[0].action {
            Action::Broken(why) => Err(why.clone()),
            Action::Chain(inner) => {
                above.push(name.to_string());
                let done = inner.iter().try_for_each(|i| self.chain(i, above, out));
                above.pop();
                done
            }
            action => {
                out.push((name.to_string(), action.clone()));
                Ok(())
            }
        }
    }
}

/// A name without `@swarm`; other providers are files and plugins of an operator that nobody has here.
fn own<'a>(name: &'a str, kind: &str) -> Result<&'a str, String> {
    match name.split_once('@') {
        None => Ok(name),
        Some((name, "swarm")) => Ok(name),
        Some((name, "docker")) => Err(format!(
            "the {kind} `{name}@docker` is not there: in a swarm Traefik v3 calls it `{name}@swarm`"
        )),
        Some((_, provider)) => Err(format!("the {kind} `{name}` would come from Traefik's own `{provider}`")),
    }
}

/// Whether Traefik sees a task: wanted running, and running (healthy, if it has a check).
fn serving(seen: &Seen, service: &ServiceSeen) -> Result<(), String> {
    let tasks = seen.tasks_of(service);
    let wanted: Vec<TaskState> = tasks.iter().filter(|t| t.wanted_running).map(|t| t.state).collect();
    if wanted.contains(&TaskState::Running) {
        return Ok(());
    }
    Err(match (service.mode.wanted(), wanted.iter().max_by_key(|s| **s == TaskState::Starting)) {
        (0, _) => "wants no task (0 replicas)".into(),
        (_, Some(TaskState::Starting)) => "has no running task: one is starting".into(),
        (_, Some(TaskState::Pending)) => "has no running task: one waits for a node".into(),
        _ => "has no running task".into(),
    })
}

/// Traefik stands on the network `proxy` only. A task that is not on it is dialled in vain.
fn cut_off(service: &ServiceSeen, labels: &Labels) -> Option<String> {
    let on = |n: &str| service.networks.iter().any(|have| have == n);
    let asked = labels.network.as_deref().filter(|n| on(n));
    let dialled = asked.or(if on(PROXY_NETWORK) { Some(PROXY_NETWORK) } else { None });
    match dialled {
        Some(PROXY_NETWORK) => None,
        Some(other) => Some(format!(
            "service `{}` is to be asked on the network `{other}`, where an operator's Traefik is not",
            service.name
        )),
        None => Some(format!(
            "service `{}` is not on the network `{PROXY_NETWORK}`, where an operator's Traefik stands",
            service.name
        )),
    }
}

fn target(
    service: &ServiceName,
    balancer: &str,
    options: &ServiceLabels,
    cut_off: Option<String>,
) -> Result<Target, String> {
    let key = format!("traefik.http.services.{balancer}.loadbalancer.server");
    if options.port.is_empty() {
        return Err(format!("service `{service}` has no label `{key}.port`, and Traefik does not guess"));
    }
    let port =
        options.port.parse().map_err(|_| format!("label `{key}.port`: `{}` is no port", options.port))?;
    let scheme = match options.scheme.as_str() {
        "" | "http" => Scheme::Http,
        "https" => Scheme::Https(!options.transport.is_empty()),
        other => return Err(format!("label `{key}.scheme`: the ingress does not speak `{other}`")),
    };
    Ok(Target { service: service.clone(), port, scheme, pass_host: options.pass_host, cut_off })
}

#[cfg(test)]
mod tests;
