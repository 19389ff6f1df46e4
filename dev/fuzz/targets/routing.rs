//! `traefik.*` labels: every line of an input is `label=value`; a line `> host /path` is a request.

use ccci_model::name::ServiceName;
use ccci_swarm::observed::{Mode, Observed, ObservedService, Restart};
use ccci_swarm::routing::rule::{Ask, Rule};
use ccci_swarm::routing::{Entry, Table};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

pub(super) const WORDS: &[&str] = &[
    "traefik.enable=true\n",
    "traefik.http.routers.a.rule=",
    "Host(`a.test`)",
    "PathPrefix(`/x`)",
    " && ",
    " || ",
    "!",
    "(",
    ")",
    "HostRegexp(`.*`)",
    "Headers(`a`, `b`)",
    "Query(`a=b`)",
    "ClientIP(`10.0.0.0/8`)",
    "traefik.http.services.a.loadbalancer.server.port=80\n",
    "traefik.http.routers.a.middlewares=m\n",
    "traefik.http.middlewares.m.redirectscheme.scheme=https\n",
    "traefik.http.middlewares.m.stripprefix.prefixes=/x\n",
    "traefik.http.routers.a.tls=true\n",
    "> a.test /x\n",
    "traefik.http.middlewares.m.headers.customrequestheaders.X-A=b\n",
    "traefik.http.middlewares.m.chain.middlewares=m\n",
    "traefik.http.routers.a.priority=9\n",
    "traefik.http.routers.a.entrypoints=web\n",
    "{a:[0-9]+}",
    "%2f",
];

pub(super) fn run(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let mut labels = BTreeMap::new();
    let mut asked = vec![("a.test", "/")];
    for line in input.lines() {
        match (line.strip_prefix("> "), line.split_once('=')) {
            (Some(ask), _) => asked.push(ask.split_once(' ').unwrap_or((ask, "/"))),
            (None, Some((key, value))) => _ = labels.insert(key.to_string(), value.to_string()),
            (None, None) => {}
        }
    }
    let asks: Vec<Ask<'_>> = asked.iter().take(4).map(|(host, path)| ask(host, path)).collect();
    for rule in labels.values() {
        opposites_differ(rule, &asks);
    }
    let seen = Observed { services: vec![service(labels)], tasks: vec![] };
    let (table, again) = (Table::of(&seen), Table::of(&seen));
    assert_eq!(table.notes(), again.notes());
    assert_eq!(table.hosts(), again.hosts());
    for ask in &asks {
        for entry in [Entry::Web, Entry::WebSecure] {
            let name = |t: &Table| t.route(entry, ask).map(|r| (r.name.clone(), r.priority));
            assert_eq!(name(&table), name(&again));
            if let Err(why) = name(&table) {
                assert!(!why.why.is_empty());
            }
        }
        let _ = table.names_host(ask.host);
    }
}

fn opposites_differ(text: &str, asks: &[Ask<'_>]) {
    let Ok(rule) = Rule::parse(text, false) else { return };
    // the opposite is one level deeper, which may be too deep
    let Ok(opposite) = Rule::parse(&format!("!({text})"), false) else { return };
    for ask in asks {
        assert!(rule.matches(ask) != opposite.matches(ask), "{text} and its opposite agree");
    }
    let _ = (rule.hosts(), rule.names_host("a.test"));
}

fn ask<'a>(host: &'a str, path: &'a str) -> Ask<'a> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Ask { host, path, query, method: "GET", headers: &[], client }
}

fn service(labels: BTreeMap<String, String>) -> ObservedService {
    ObservedService {
        id: "id".into(),
        name: ServiceName::parse("app").expect("a name"),
        mode: Mode::Replicated(1),
        image: "image".into(),
        labels,
        env: vec![],
        restart: Restart::Any,
        max_attempts: 0,
        start_first: false,
        update: None,
        volumes: vec![],
        networks: vec![],
        ports: vec![],
        template: String::new(),
        template_but_image: String::new(),
        has_healthcheck: false,
    }
}
