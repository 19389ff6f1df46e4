//! Makes one table of the labels of all services: what Traefik's providers merge, link and leave out. Pure.

use super::labels::{Labels, RouterLabels, ServiceLabels};
use super::middleware::{Action, Middleware};
use super::rule::{Flaw, Rule};
use super::{Backend, Entry, Lost, PROXY_NETWORK, Router, Scheme, Table, Target};
use crate::observed::{Observed, ObservedService, TaskState};
use ccci_model::name::ServiceName;
use ccci_recipe::compose::own_network;
use ccci_recipe::labels::STACK;
use std::collections::BTreeMap;

/// The highest priority that a router may have.
const HIGHEST: i64 = i64::MAX - 1000;

/// The labels of all services before they are combined.
#[derive(Default)]
pub(super) struct Draft {
    routers: BTreeMap<String, Vec<RouterLabels>>,
    balancers: BTreeMap<String, Vec<(ServiceLabels, Server)>>,
    middlewares: BTreeMap<String, Vec<Middleware>>,
    lost: Vec<Lost>,
    notes: Vec<String>,
}

impl Draft {
    /// Adds one service.
    pub(super) fn take(&mut self, seen: &Observed, service: &ObservedService) {
        let name = service.name.as_str();
        let labels = match Labels::read(&service.labels) {
            Ok(labels) if labels.enabled => labels,
            Ok(_) => return,
            Err(why) => {
                let why = format!("service `{name}` is left out: {why}");
                return self.lost.push(Lost { rule: None, why, passing: false });
            }
        };
        self.notes.extend(labels.notes.iter().map(|n| format!("service `{name}`: {n}")));
        let nothing =
            labels.routers.is_empty() && labels.services.is_empty() && labels.middlewares.is_empty();
        if nothing && labels.tcp_or_udp {
            return;
        }
        let has_router = !labels.routers.is_empty();
        let labels = with_usual_router(service, labels);
        let served = serving(seen, service).map_err(|why| format!("service `{name}` {why}"));
        let passing = served.is_err() && service.mode.desired() > 0;
        match served.and_then(|()| self.add(service, &labels)) {
            Ok(()) => {}
            // a service without a rule has no router whose loss could be reported
            Err(why) if !has_router => self.lost.push(Lost { rule: None, why, passing }),
            Err(why) => {
                for router in labels.routers.values() {
                    let rule = Rule::parse(&router.rule, router.v2).ok();
                    self.lost.push(Lost { rule, why: why.clone(), passing });
                }
            }
        }
    }

    fn add(&mut self, service: &ObservedService, labels: &Labels) -> Result<(), String> {
        let name = &service.name;
        let cut_off = cut_off(service, labels);
        let unnamed = BTreeMap::from([(normal(name.as_str()), ServiceLabels::default())]);
        let balancers = if labels.services.is_empty() { &unnamed } else { &labels.services };
        let mut targets = vec![];
        for (balancer, options) in balancers {
            let server = server(name, balancer, options, cut_off.clone())?;
            targets.push((balancer.clone(), (options.clone(), server)));
        }
        for (router, options) in &labels.routers {
            let mut options = options.clone();
            if options.service.is_empty() && balancers.len() > 1 {
                let why = format!("router `{router}` does not say which of several services it means");
                let rule = Rule::parse(&options.rule, options.v2).ok();
                self.lost.push(Lost { rule, why, passing: false });
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

    /// Combines everything. What two services define differently is left out.
    pub(super) fn settle(mut self) -> Table {
        let mut table = Table::default();
        for (name, all) in std::mem::take(&mut self.routers) {
            let options = &all[0];
            let parsed = read(&options.rule, options.v2);
            let made = if all.iter().any(|o| o != options) {
                Err("it is defined by several services, each in another way".to_string())
            } else {
                parsed
                    .clone()
                    .map_err(|e| format!("its rule {} cannot be read: {e}", options.rule))
                    .and_then(|rule| self.router(&name, options, rule))
            };
            match made {
                Ok(router) => table.routers.push(router),
                Err(why) => {
                    let why = format!("router `{name}` is left out: {why}");
                    self.lost.push(Lost { rule: parsed.ok().and_then(Result::ok), why, passing: false });
                }
            }
        }
        // by priority; Traefik orders equal priorities by chance, this sort by name
        table.routers.sort_by_key(|r| std::cmp::Reverse(r.priority));
        table.lost = self.lost;
        table.notes = self.notes;
        table.notes.sort();
        table.notes.dedup();
        table
    }

    fn router(
        &mut self,
        name: &str,
        options: &RouterLabels,
        rule: Result<Rule, String>,
    ) -> Result<Router, String> {
        if options.priority > HIGHEST {
            return Err(format!(
                "its priority {} is beyond {HIGHEST}, the highest there is",
                options.priority
            ));
        }
        let mut middlewares = vec![];
        for expected in &options.middlewares {
            self.chain(expected, &mut vec![], &mut middlewares)?;
        }
        Ok(Router {
            name: name.to_string(),
            priority: if options.priority == 0 { options.rule.len() as i64 } else { options.priority },
            entries: self.entries(name, options)?,
            tls: options.tls,
            backend: self.backend(options)?,
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

    fn backend(&self, options: &RouterLabels) -> Result<Backend, String> {
        if !["", "default"].contains(&options.tls_options.as_str()) {
            let of = "are the operator's own";
            return Ok(Backend::NotEmulated(format!("its TLS options `{}` {of}", options.tls_options)));
        }
        if options.service == "noop@internal" {
            return Ok(Backend::Own(418, "the router's service is `noop@internal`".into()));
        }
        let name = own(&options.service, "service")?;
        let all = self.balancers.get(name).ok_or_else(|| format!("there is no service `{name}`"))?;
        if all.iter().any(|(options, _)| options.shared != all[0].0.shared) {
            return Err(format!("the service `{name}` is defined in several ways"));
        }
        let mut targets = vec![];
        for (_, server) in all {
            match server {
                Server::Task(target) => targets.push(target.clone()),
                Server::Other(backend) => return Ok(backend.clone()),
                Server::None(why) => return Err(why.clone()),
            }
        }
        Ok(Backend::Tasks(targets))
    }

    fn chain(
        &self,
        expected: &str,
        above: &mut Vec<String>,
        out: &mut Vec<(String, Action)>,
    ) -> Result<(), String> {
        let name = own(expected, "middleware")?;
        let all = self.middlewares.get(name).ok_or_else(|| format!("there is no middleware `{name}`"))?;
        if all.iter().any(|m| m.source != all[0].source) {
            return Err(format!("the middleware `{name}` is defined in several ways"));
        }
        if above.iter().any(|a| a == name) {
            return Err(format!("the middleware `{name}` contains itself"));
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
                if let Some(pages) = all[0].source.get("errors.service") {
                    let there = self.balancers.contains_key(own(pages, "service")?);
                    there.then_some(()).ok_or_else(|| format!("there is no service `{pages}`"))?;
                }
                out.push((name.to_string(), action.clone()));
                Ok(())
            }
        }
    }
}

/// A name without `@swarm`. Other providers are files and plugins of an operator, which do not exist here.
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

/// Fails unless Traefik sees a task: one that is desired to run, and runs (healthy, if it has a health check).
fn serving(seen: &Observed, service: &ObservedService) -> Result<(), String> {
    let tasks = seen.tasks_of(service);
    let desired: Vec<TaskState> = tasks.iter().filter(|t| t.desired_running).map(|t| t.state).collect();
    if desired.contains(&TaskState::Running) {
        return Ok(());
    }
    Err(match (service.mode.desired(), desired.iter().max_by_key(|s| **s == TaskState::Starting)) {
        (0, _) => "has no desired task (0 replicas)".into(),
        (_, Some(TaskState::Starting)) => "has no running task: one is starting".into(),
        (_, Some(TaskState::Pending)) => "has no running task: one waits for a node".into(),
        _ => "has no running task".into(),
    })
}

/// Why Traefik cannot reach a service. Traefik is only on the network `proxy`; tasks elsewhere cannot be reached.
fn cut_off(service: &ObservedService, labels: &Labels) -> Option<String> {
    let stack = service.labels.get(STACK).map_or("", String::as_str);
    let has = |n: &str| service.networks.iter().any(|have| have == n);
    // a network of the stack itself with that name is not the one that Traefik is on
    let on = |n: &str| has(n) || n != PROXY_NETWORK && has(&own_network(stack, n));
    let asked = labels.network.as_deref().filter(|n| on(n));
    let dialled = asked.or(if on(PROXY_NETWORK) { Some(PROXY_NETWORK) } else { None });
    match dialled {
        Some(PROXY_NETWORK) => None,
        Some(other) => Some(format!(
            "the labels send requests for service `{}` to the network `{other}`, but an operator's Traefik is not on it",
            service.name
        )),
        None => Some(format!(
            "service `{}` is not on the network `{PROXY_NETWORK}`, where an operator's Traefik is",
            service.name
        )),
    }
}

/// What one service adds to a load balancer.
enum Server {
    Task(Target),
    Other(Backend),
    /// Traefik refuses the load balancer and every router to it: why.
    None(String),
}

/// Makes the server of a load balancer. An error is why Traefik leaves out the whole service.
fn server(
    service: &ServiceName,
    balancer: &str,
    options: &ServiceLabels,
    cut_off: Option<String>,
) -> Result<Server, String> {
    let key = format!("traefik.http.services.{balancer}.loadbalancer.server");
    if !options.balances {
        return Err(format!("the service `{balancer}` has no label below `loadbalancer`"));
    }
    if !options.url.is_empty() {
        if !(options.port.is_empty() && options.scheme.is_empty()) {
            return Err(format!("the label `{key}.url` does not go with a port or a scheme"));
        }
        let what = format!("`{}` is asked instead of a task", options.url);
        return Ok(Server::Other(Backend::NotEmulated(what)));
    }
    if options.port.is_empty() {
        return Err(format!("service `{service}` has no label `{key}.port`, and Traefik does not guess"));
    }
    if !options.port.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Server::None(format!("label `{key}.port`: `{}` is no port", options.port)));
    }
    let Some(port) = options.port.parse::<u16>().ok().filter(|p| *p > 0) else {
        let why = format!("label `{key}.port`: nobody can listen on `{}`", options.port);
        return Ok(Server::Other(Backend::Own(502, why)));
    };
    if !options.transport.is_empty() && !options.transport.contains('@') {
        return Ok(Server::None(format!(
            "there is no transport `{}`: labels define none",
            options.transport
        )));
    }
    let scheme = match options.scheme.to_ascii_lowercase().as_str() {
        "" | "http" => Scheme::Http,
        "https" => Scheme::Https(!options.transport.is_empty()),
        "h2c" => return Ok(Server::Other(Backend::NotEmulated("its tasks are asked by `h2c`".into()))),
        odd if odd.contains(|c: char| !c.is_ascii_alphanumeric()) => {
            return Ok(Server::None(format!("label `{key}.scheme`: `{}` is no scheme", options.scheme)));
        }
        other => {
            let why = format!("label `{key}.scheme`: Traefik does not speak `{other}`");
            return Ok(Server::Other(Backend::Own(500, why)));
        }
    };
    let pass_host = options.pass_host;
    Ok(Server::Task(Target { service: service.clone(), port, scheme, pass_host, cut_off }))
}

/// Reads a rule. The outer error is why Traefik refuses it, the inner one what is not emulated.
fn read(rule: &str, v2: bool) -> Result<Result<Rule, String>, String> {
    match Rule::parse(rule, v2) {
        Ok(rule) => Ok(Ok(rule)),
        Err(Flaw::Unknown(what)) => Ok(Err(what)),
        Err(Flaw::Refused(why)) => Err(why),
    }
}

/// Adds the router that Traefik makes for a service without one, and the rule for a router without one: both are named
/// after the service.
fn with_usual_router(service: &ObservedService, mut labels: Labels) -> Labels {
    let name = normal(service.name.as_str());
    if labels.routers.is_empty() && labels.services.len() <= 1 {
        labels.routers.insert(name.clone(), RouterLabels::default());
    }
    for router in labels.routers.values_mut().filter(|r| r.rule.is_empty()) {
        router.rule = format!("Host(`{name}`)");
    }
    labels
}

/// A name as Traefik uses it for hosts and defaults: letters and digits, and `-` for the rest.
fn normal(name: &str) -> String {
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|p| !p.is_empty());
    parts.collect::<Vec<_>>().join("-")
}
