//! Makes one table of the labels of all services: what Traefik's providers merge, link and leave out. Pure.

use super::labels::{Labels, RouterLabels, ServiceLabels};
use super::middleware::{Action, Middleware};
use super::rule::Rule;
use super::{Backend, Entry, Lost, PROXY_NETWORK, Router, Scheme, Table, Target};
use crate::observed::{Observed, ObservedService, TaskState};
use ccci_model::name::ServiceName;
use ccci_recipe::compose::own_network;
use ccci_recipe::labels::STACK;
use std::collections::BTreeMap;

/// The labels of all services before they are combined.
#[derive(Default)]
pub(super) struct Draft {
    routers: BTreeMap<String, Vec<RouterLabels>>,
    balancers: BTreeMap<String, Vec<(ServiceLabels, Target)>>,
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
        let served = serving(seen, service).map_err(|why| format!("service `{name}` {why}"));
        let passing = served.is_err() && service.mode.desired() > 0;
        match served.and_then(|()| self.add(service, &labels)) {
            Ok(()) => {}
            // a service without a rule has no router whose loss could be reported
            Err(why) if labels.routers.is_empty() => self.lost.push(Lost { rule: None, why, passing }),
            Err(why) => {
                for router in labels.routers.values() {
                    let rule = Rule::parse(&router.rule, router.v2, &mut vec![]).ok();
                    self.lost.push(Lost { rule, why: why.clone(), passing });
                }
            }
        }
    }

    fn add(&mut self, service: &ObservedService, labels: &Labels) -> Result<(), String> {
        let name = &service.name;
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
                    self.lost.push(Lost { rule: parsed.ok(), why, passing: false });
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

    fn router(&mut self, name: &str, options: &RouterLabels, rule: Rule) -> Result<Router, String> {
        let mut middlewares = vec![];
        for expected in &options.middlewares {
            self.chain(expected, &mut vec![], &mut middlewares)?;
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

    fn backend(&self, expected: &str) -> Result<Backend, String> {
        if expected == "noop@internal" {
            return Ok(Backend::Noop);
        }
        let name = own(expected, "service")?;
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
