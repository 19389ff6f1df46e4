//! The table of answers of Traefik v3, one case a line: from labels and tasks to a router or a reason.

use super::*;
use crate::observed::{Mode, ObservedService, ObservedTask, Restart, TaskState};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

const GOOD: &[(&str, &str)] = &[
    ("traefik.enable", "true"),
    ("traefik.http.routers.a.rule", "Host(`a.test`)"),
    ("traefik.http.routers.a.entrypoints", "web-secure"),
    ("traefik.http.routers.a.tls.certresolver", "production"),
    ("traefik.http.services.a.loadbalancer.server.port", "80"),
];

/// The good labels, some of them changed, added, or (without a value) removed.
fn with(changes: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
    let mut labels: BTreeMap<String, String> =
        GOOD.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    for (key, value) in changes {
        match value {
            Some(value) => labels.insert(key.to_string(), value.to_string()),
            None => labels.remove(*key),
        };
    }
    labels.into_iter().collect()
}

pub(super) fn add(
    seen: &mut Observed,
    name: &str,
    labels: Vec<(String, String)>,
    tasks: &[(TaskState, bool)],
) {
    let service = ObservedService {
        id: name.into(),
        name: ServiceName::parse(name).unwrap(),
        mode: Mode::Replicated(tasks.len() as u64),
        image: "nginx".into(),
        labels: labels.into_iter().collect(),
        env: vec![],
        restart: Restart::Any,
        max_attempts: 0,
        start_first: false,
        update: None,
        volumes: vec![],
        networks: vec![PROXY_NETWORK.into()],
        ports: vec![],
        template: String::new(),
        template_but_image: String::new(),
        has_healthcheck: false,
    };
    for (i, (state, expected)) in tasks.iter().enumerate() {
        seen.tasks.push(ObservedTask {
            id: format!("{name}{i}"),
            service: name.into(),
            slot: 1,
            node: "n".into(),
            state: *state,
            desired_running: *expected,
            exit_code: None,
            error: String::new(),
            message: String::new(),
            created_ms: i as u64,
            changed_ms: 0,
            container: String::new(),
            oom_killed: None,
            unhealthy: None,
            check: String::new(),
            template: String::new(),
        });
    }
    seen.services.push(service);
}

const RUNNING: &[(TaskState, bool)] = &[(TaskState::Running, true)];

fn seen(changes: &[(&str, Option<&str>)]) -> Observed {
    let mut seen = Observed::default();
    add(&mut seen, "app", with(changes), RUNNING);
    seen
}

fn route(seen: &Observed, url: &str) -> Result<String, String> {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let entry = if scheme == "https" { Entry::WebSecure } else { Entry::Web };
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let ask = Ask { host, path, query: "", method: "GET", headers: &[], client };
    Table::of(seen).route(entry, &ask).map(|r| r.name.clone()).map_err(|none| none.why)
}

fn served(seen: &Observed, url: &str, by: &str) {
    assert_eq!(route(seen, url).as_deref(), Ok(by), "{url}");
}

fn targets(seen: &Observed) -> Vec<Target> {
    match &Table::of(seen).routers()[0].backend {
        Backend::Tasks(targets) => targets.clone(),
        other => panic!("no tasks: {other:?}"),
    }
}

fn lost(seen: &Observed, url: &str, why: &str) {
    let e = route(seen, url).unwrap_err();
    assert!(e.contains(why), "{url}: {e}");
}

const URL: &str = "https://a.test/";

#[test]
fn a_service_with_a_port_and_a_running_task_is_served_by_any_resolver() {
    served(&seen(&[]), URL, "a");
    served(&seen(&[("traefik.http.routers.a.tls.certresolver", Some(""))]), URL, "a");
    served(&seen(&[("traefik.docker.network", Some("proxy"))]), URL, "a");
    served(&seen(&[("traefik.swarm.lbswarm", Some("true"))]), URL, "a");
    served(&seen(&[("traefik.http.routers.a.entrypoints", Some("websecure"))]), URL, "a");
    served(&seen(&[("traefik.http.routers.a.entrypoints", None)]), URL, "a");
}

#[test]
fn what_is_not_there_is_404_with_its_reason() {
    lost(&seen(&[]), "https://b.test/", "no router's rule matches b.test/");
    lost(&Observed::default(), URL, "nothing is deployed");
    lost(&seen(&[("traefik.enable", None)]), URL, "traefik.enable");
    lost(&seen(&[("traefik.enable", Some("yes"))]), URL, "neither `true` nor `false`");
    lost(&seen(&[("traefik.http.services.a.loadbalancer.server.port", None)]), URL, "server.port");
    lost(&seen(&[("traefik.http.services.a.loadbalancer.server.port", Some("http"))]), URL, "no port");
    lost(&seen(&[("traefik.http.services.b.loadbalancer.passhostheader", Some("true"))]), URL, "server.port");
}

#[test]
fn plain_and_tls_routers_answer_their_own_entry_only() {
    lost(&seen(&[("traefik.http.routers.a.tls.certresolver", None)]), URL, "no `tls` label");
    lost(&seen(&[]), "http://a.test/", "does not listen on the entry point `web`");
    let both = [("traefik.http.routers.a.entrypoints", Some("web,web-secure"))];
    lost(&seen(&both), "http://a.test/", "HTTPS only");
    let odd = [("traefik.http.routers.a.entrypoints", Some("matrix"))];
    lost(&seen(&odd), URL, "no entry point");
}

#[test]
fn only_tasks_that_are_desired_running_and_run_are_asked() {
    let check = |tasks: &[(TaskState, bool)], why: &str| {
        let mut s = Observed::default();
        add(&mut s, "app", with(&[]), tasks);
        lost(&s, URL, why);
    };
    check(&[], "0 replicas");
    check(&[(TaskState::Starting, true)], "one is starting");
    check(&[(TaskState::Pending, true)], "waits for a node");
    // lesson 40: after a start-first update the old task still runs but no longer gets requests
    check(&[(TaskState::Running, false), (TaskState::Starting, true)], "one is starting");
    check(&[(TaskState::Failed, false)], "no running task");
}

#[test]
fn longer_rules_and_higher_priorities_come_first() {
    let two = [
        ("traefik.http.routers.b.rule", Some("Host(`a.test`) && PathPrefix(`/api`)")),
        ("traefik.http.routers.b.tls", Some("true")),
    ];
    served(&seen(&two), "https://a.test/api/x", "b");
    served(&seen(&two), URL, "a");
    let high = [two[0], two[1], ("traefik.http.routers.a.priority", Some("1000"))];
    served(&seen(&high), "https://a.test/api/x", "a");
}

#[test]
fn a_rule_that_traefik_refuses_is_said_with_its_cure() {
    let two = [("traefik.http.routers.a.rule", Some("Host(`a.test`, `b.test`)"))];
    lost(&seen(&two), URL, "its rule Host(`a.test`, `b.test`) cannot be read");
    lost(&seen(&two), URL, "write Host(`a.test`) || Host(`b.test`)");
}

#[test]
fn a_router_whose_rule_is_not_emulated_is_no_404() {
    let odd = seen(&[("traefik.http.routers.a.rule", Some("Header(`X-Forwarded-Proto`, `https`)"))]);
    let ask = Ask {
        host: "a.test",
        path: "/",
        query: "",
        method: "GET",
        headers: &[],
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let none = Table::of(&odd).route(Entry::WebSecure, &ask).unwrap_err();
    assert_eq!(none.status, 501);
    assert!(none.why.starts_with(NOT_EMULATED) && none.why.contains("X-Forwarded-Proto"), "{}", none.why);
}

#[test]
fn a_router_with_a_middleware_that_is_nowhere_is_left_out() {
    let uses = |name: &'static str| seen(&[("traefik.http.routers.a.middlewares", Some(name))]);
    lost(&uses("nope"), URL, "no middleware `nope`");
    lost(&uses("nope@file"), URL, "Traefik's own `file`");
    lost(&uses("nope@docker"), URL, "`nope@swarm`");
    let defined = [
        ("traefik.http.routers.a.middlewares", Some("up@swarm")),
        ("traefik.http.middlewares.up.redirectscheme.scheme", Some("https")),
    ];
    served(&seen(&defined), URL, "a");
}

#[test]
fn chains_are_unrolled_and_must_not_hold_themselves() {
    let chain = |inner: &'static str| {
        seen(&[
            ("traefik.http.routers.a.middlewares", Some("c")),
            ("traefik.http.middlewares.c.chain.middlewares", Some(inner)),
            ("traefik.http.middlewares.x.addprefix.prefix", Some("/x")),
        ])
    };
    let table = Table::of(&chain("x,x"));
    assert_eq!(table.routers()[0].middlewares.len(), 2);
    lost(&chain("c"), URL, "contains itself");
}

#[test]
fn a_router_finds_its_service_by_name_or_as_the_only_one() {
    let two = ("traefik.http.services.b.loadbalancer.server.port", Some("81"));
    lost(&seen(&[two]), URL, "which of several services");
    let named = seen(&[two, ("traefik.http.routers.a.service", Some("b"))]);
    served(&named, URL, "a");
    let to = targets(&named);
    assert_eq!((to[0].port, to[0].service.as_str()), (81, "app"));
    lost(&seen(&[("traefik.http.routers.a.service", Some("c"))]), URL, "no service `c`");
    served(&seen(&[("traefik.http.routers.a.service", Some("noop@internal"))]), URL, "a");
}

#[test]
fn what_two_services_define_differently_neither_has() {
    let mut s = seen(&[]);
    add(&mut s, "other", with(&[]), RUNNING);
    let to = targets(&s);
    assert_eq!(to.len(), 2, "two services that say the same share the requests");
    let mut s = seen(&[]);
    add(&mut s, "other", with(&[("traefik.http.routers.a.priority", Some("7"))]), RUNNING);
    lost(&s, URL, "defined by several services");
}

#[test]
fn a_service_outside_the_proxy_network_is_known_to_be_out_of_reach() {
    let mut s = seen(&[]);
    s.services[0].networks = vec!["x_internal".into()];
    let to = targets(&s);
    assert!(to[0].cut_off.as_ref().unwrap().contains("`proxy`"));
    let mut s = seen(&[("traefik.docker.network", Some("x_internal"))]);
    s.services[0].networks.push("x_internal".into());
    let to = targets(&s);
    assert!(to[0].cut_off.as_ref().unwrap().contains("x_internal"));
}

/// The run has its own network instead; an operator's Traefik would still follow the label.
#[test]
fn a_label_that_names_a_network_with_a_name_of_its_own_is_followed_there() {
    let long = "n".repeat(60);
    for name in ["back-office", long.as_str()] {
        let labels = [("com.docker.stack.namespace", Some("x")), ("traefik.docker.network", Some(name))];
        let mut s = seen(&labels);
        s.services[0].networks.push(ccci_recipe::compose::own_network("x", name));
        let to = targets(&s);
        assert!(to[0].cut_off.as_ref().is_some_and(|why| why.contains(name)), "{:?}", to[0]);
    }
    let mut s = seen(&[("com.docker.stack.namespace", Some("x")), ("traefik.docker.network", Some("back"))]);
    s.services[0].networks.push("x_back".into());
    assert_eq!(targets(&s)[0].cut_off, None, "no network is called by its key alone");
    let mut s = seen(&[("com.docker.stack.namespace", Some("x"))]);
    s.services[0].networks = vec![ccci_recipe::compose::own_network("x", "proxy")];
    assert!(targets(&s)[0].cut_off.is_some(), "Traefik is not on a network of the stack's own");
}

#[test]
fn what_has_no_effect_is_said() {
    let notes = Table::of(&seen(&[("traefik.frontend.rule", Some("Host:a.test"))])).notes();
    assert!(notes.iter().any(|n| n.contains("Traefik v1")), "{notes:#?}");
}

#[test]
fn the_hosts_of_a_stack_are_those_its_routers_name() {
    let s = seen(&[
        ("traefik.http.routers.a.rule", Some("Host(`A.test`) || Host(`www.a.test`)")),
        ("traefik.http.routers.b.rule", Some("HostRegexp(`^.+\\.b\\.test$`)")),
    ]);
    let table = Table::of(&s);
    assert_eq!(table.hosts().into_iter().collect::<Vec<_>>(), ["a.test", "www.a.test"]);
    assert!(table.names_host("x.b.test") && !table.names_host("c.test"));
}
