//! Compares the answers of a real Traefik v3 with those of this routing. `dev/oracle/traefik.sh` writes the files.

use super::middleware::{self, Head};
use super::tests::add;
use super::*;
use crate::observed::{Observed, TaskState};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

const FILES: &[(&str, &str)] = &[
    ("rules.txt", include_str!("goldens/rules.txt")),
    ("matchers.txt", include_str!("goldens/matchers.txt")),
    ("labels.txt", include_str!("goldens/labels.txt")),
    ("routers.txt", include_str!("goldens/routers.txt")),
    ("services.txt", include_str!("goldens/services.txt")),
    ("middlewares.txt", include_str!("goldens/middlewares.txt")),
];

/// One service of a case.
struct Service {
    name: String,
    labels: BTreeMap<String, String>,
    networks: Vec<String>,
    task: Option<TaskState>,
}

/// One case: its first line, its services, and the questions with their answers.
struct Case {
    title: String,
    services: Vec<Service>,
    asks: Vec<(String, String)>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = vec![];
    for line in text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
        let rest = line.trim_start_matches(' ');
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        match (word, cases.last_mut()) {
            ("rule" | "escaped" | "case", _) => {
                cases.push(Case { title: line.into(), services: vec![first(word, after)], asks: vec![] })
            }
            (_, Some(case)) => match rest.rsplit_once(" => ") {
                Some((ask, answer)) => case.asks.push((ask.into(), answer.into())),
                None if word == "and" => case.services.push(service(after)),
                None => change(case.services.last_mut().unwrap(), rest),
            },
            (_, None) => panic!("`{line}` belongs to no case"),
        }
    }
    cases
}

fn service(name: &str) -> Service {
    Service {
        name: name.into(),
        labels: BTreeMap::new(),
        networks: vec![PROXY_NETWORK.into()],
        task: Some(TaskState::Running),
    }
}

/// The service that every case has, with labels in good order.
fn first(word: &str, text: &str) -> Service {
    let rule = match word {
        "rule" => text.to_string(),
        "escaped" => text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r"),
        _ => "Host(`a.test`)".to_string(),
    };
    let mut app = service("app");
    let mut label = |key: &str, value: &str| app.labels.insert(key.into(), value.into());
    label("traefik.enable", "true");
    label("traefik.http.routers.app.rule", &rule);
    label("traefik.http.routers.app.entrypoints", "web");
    label("traefik.http.services.app.loadbalancer.server.port", "28080");
    app
}

fn change(service: &mut Service, line: &str) {
    let (word, after) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "without" => drop(service.labels.remove(after)),
        "networks" => service.networks = after.split(',').map(str::to_string).collect(),
        "task" => {
            service.task = match after {
                "none" => None,
                "starting" => Some(TaskState::Starting),
                "preparing" => Some(TaskState::Pending),
                _ => Some(TaskState::Failed),
            }
        }
        _ => {
            let (key, value) = line.split_once('=').unwrap();
            service.labels.insert(key.into(), value.into());
        }
    }
}

fn observed(case: &Case) -> Observed {
    let mut seen = Observed::default();
    for service in &case.services {
        let tasks: Vec<(TaskState, bool)> = service.task.iter().map(|t| (*t, true)).collect();
        add(&mut seen, &service.name, service.labels.clone().into_iter().collect(), &tasks);
        seen.services.last_mut().unwrap().networks = service.networks.clone();
    }
    seen
}

/// The answer of this routing, in the format of the files.
fn answer(table: &Table, ask: &str) -> String {
    let mut parts = ask.split(" | ");
    let (method, url) = parts.next().unwrap().split_once(' ').unwrap();
    let headers: Vec<(String, String)> = parts
        .map(|h| h.split_once(':').map(|(n, v)| (n.to_string(), v.trim().to_string())).unwrap())
        .collect();
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, target) = rest.split_at(rest.find('/').unwrap());
    let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
    let Ok(path) = tidy(path) else { return "400".into() };
    let query = query.map(|q| q.replace(';', "&"));
    let host =
        authority.rsplit_once(':').filter(|(_, p)| p.parse::<u16>().is_ok()).map_or(authority, |(h, _)| h);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let entry = if scheme == "https" { Entry::WebSecure } else { Entry::Web };
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let asked = Ask {
        host,
        path: &path,
        query: query.as_deref().unwrap_or_default(),
        method,
        headers: &headers,
        client,
    };
    let router = match table.route(entry, &asked) {
        Ok(router) => router,
        Err(none) => return none.status.to_string(),
    };
    let head = Head {
        method,
        secure: scheme == "https",
        host: authority,
        path: path.clone(),
        query,
        headers: &headers,
        client,
    };
    let passed = middleware::apply(router.middlewares.iter().map(|(n, a)| (n.as_str(), a)), head);
    if let Some(reply) = passed.reply {
        let values = reply.headers.iter().map(|(_, v)| format!(" {v}"));
        return format!("{}{}", reply.status, values.collect::<String>());
    }
    let to = match &router.backend {
        Backend::Own(status, _) => return status.to_string(),
        Backend::Tasks(targets) => &targets[0],
        Backend::NotEmulated(_) => return "501".into(),
    };
    if to.scheme == Scheme::Https(false) {
        return "500".into();
    }
    let network = if to.cut_off.is_some() { ".internal" } else { "" };
    if ![28080, 28081].contains(&to.port) {
        return "502".into();
    }
    let port = if to.port == 28080 { String::new() } else { format!(":{}", to.port) };
    let query = passed.query.map_or(String::new(), |q| format!("?{q}"));
    format!("200 {}{network}{port} {}{query}", to.service, passed.path)
}

/// Cases that are not emulated: the answer of this routing, and how a run reports it. 501 is reported as not emulated.
const NOT_EMULATED_HERE: &[(&str, &str, &str)] = &[
    ("rule HostRegexp(`^a}\\.test`)", "200 app /", "no client sends such a host"),
    ("rule PathRegexp(`a\\B`)", "501", "its `\\B` cannot be translated"),
    ("rule Header(`Connection`, `close`)", "501", "Traefik itself changes this header"),
    (
        "case the spelling websecure",
        "200 app /",
        "reported as not proved: the operator names the entry points",
    ),
    ("case tls options that are not there", "501", "an operator may have them"),
    ("case a url", "501", "requests go only to tasks"),
    ("case scheme h2c", "501", "the protocol is not supported"),
    ("case a transport that is not there", "200 app /", "reported as not proved: the operator may have it"),
    ("case lbswarm and dnsrr", "200 app /", "reported as not proved: there are no virtual IPs"),
    ("case replacepath", "501", "a middleware that is not emulated"),
    ("case replacepathregex", "501", "a middleware that is not emulated"),
    ("case digestauth", "501", "a middleware that is not emulated"),
    ("case ipallowlist that lets in", "501", "the address of a real client is not known"),
    ("case ipallowlist that does not", "501", "the address of a real client is not known"),
    ("case ipwhitelist, as v2 calls it", "501", "the address of a real client is not known"),
    ("case forwardauth to nobody", "501", "a middleware that is not emulated"),
    (
        "case circuitbreaker and an expression that is none",
        "200 app /",
        "reported as not proved: the circuit never opens",
    ),
];

/// The answer to compare with. Some labels make Traefik stop applying new labels; this routing leaves out the router.
fn comparable(golden: &str) -> &str {
    if golden == "stuck" { "404" } else { golden }
}

#[test]
fn every_answer_is_that_of_a_real_traefik() {
    let mut differ = vec![];
    let (mut rows, mut excused) = (0, BTreeSet::new());
    for (file, text) in FILES {
        for case in cases(text) {
            let table = Table::of(&observed(&case));
            let excuse = NOT_EMULATED_HERE.iter().find(|(title, ..)| *title == case.title);
            for (ask, golden) in &case.asks {
                rows += 1;
                let ours = answer(&table, ask);
                let expected = excuse.map_or(comparable(golden), |(_, instead, _)| instead);
                excused.extend(excuse.filter(|_| comparable(golden) != ours).map(|(title, ..)| *title));
                if ours != expected {
                    differ.push(format!("{file}: {}: {ask}: Traefik {golden}, here {ours}", case.title));
                }
            }
        }
    }
    assert!(differ.is_empty(), "{} of {rows} differ:\n{}", differ.len(), differ.join("\n"));
    assert!(rows > 700, "{rows} rows");
    let stale = NOT_EMULATED_HERE.iter().filter(|(title, ..)| !excused.contains(title));
    assert_eq!(stale.collect::<Vec<_>>(), Vec::<&(&str, &str, &str)>::new(), "these are emulated by now");
}
