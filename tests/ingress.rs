//! The ingress and the web with real sockets on loopback, and a fake cluster whose answers the tests set.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

#[path = "ingress/app.rs"]
pub(crate) mod app;
#[path = "ingress/ground.rs"]
pub(crate) mod ground;

use app::App;
use ccci_model::name::ServiceName;
use ccci_script::limits::ANSWER;
use ccci_swarm::observed::TaskState;
use ccci_swarm::ports::Web;
use ccci_swarm::ports::clock::{Stop, StopReason};
use ccci_swarm::ports::cluster::ClusterError;
use ccci_swarm::ports::web::{AnsweredBy, HttpRequest, WebError};
use ground::{Ground, request};
use rustls::{ClientConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

const PORT: &str = "traefik.http.services.a.loadbalancer.server.port";
const ENTRY: &str = "traefik.http.routers.a.entrypoints";
const TLS: &str = "traefik.http.routers.a.tls.certresolver";

/// One row of the table of Traefik's answers: what is changed, the status, and words of the reason.
fn row(what: &str, change: impl FnOnce(&Ground), status: u16, why: &str) {
    let ground = Ground::with_app();
    change(&ground);
    let answer = ground.get("https://a.ccci.test/hello");
    assert_eq!(answer.status, status, "{what}: {:?}", answer.by);
    match &answer.by {
        AnsweredBy::App => assert_eq!(why, "", "{what}: the app answered"),
        AnsweredBy::Ingress(observed) | AnsweredBy::Middleware(observed) => {
            assert!(!why.is_empty() && observed.contains(why), "{what}: {observed}")
        }
    }
    if status == 404 {
        assert_eq!(answer.body, b"404 page not found\n", "{what}");
    }
    assert!(!answer.headers.iter().any(|(n, _)| n.starts_with("x-ccci")), "{what}: {:?}", answer.headers);
}

#[test]
fn the_table_of_traefiks_answers_holds() {
    row("a service with everything", |_| {}, 200, "");
    row("an empty resolver", |g| g.label(TLS, Some("")), 200, "");
    row("a resolver that nobody configured", |g| g.label(TLS, Some("production")), 200, "");
    row("no tls label on web-secure", |g| g.label(TLS, None), 404, "no `tls` label");
    row("no port label", |g| g.label(PORT, None), 404, "server.port");
    row("a task that is starting", |g| g.tasks(&[(TaskState::Starting, true)]), 404, "starting");
    row("no replicas", |g| g.tasks(&[]), 404, "0 replicas");
    row(
        "a task that is no longer wanted",
        |g| g.tasks(&[(TaskState::Running, false)]),
        404,
        "no running task",
    );
    row(
        "another name in the rule",
        |g| g.label("traefik.http.routers.a.rule", Some("Host(`b`)")),
        404,
        "no router",
    );
    row(
        "a rule of v2",
        |g| g.label("traefik.http.routers.a.rule", Some("Host(`a.ccci.test`, `b`)")),
        404,
        "write Host(`a.ccci.test`) || Host(`b`)",
    );
    row("not enabled", |g| g.label("traefik.enable", None), 404, "traefik.enable");
    row("the v2 spelling of the network", |g| g.label("traefik.docker.network", Some("proxy")), 200, "");
    row(
        "a middleware from nowhere",
        |g| g.label("traefik.http.routers.a.middlewares", Some("x")),
        404,
        "middleware `x`",
    );
    row("a service without the proxy network", |g| g.networks(&["internal"]), 504, "`proxy`");
    row("a task that refuses", |g| g.addresses(&[closed()]), 502, "refused");
    row("nothing deployed", |g| g.remove(), 404, "nothing is deployed");
    row(
        "https to tasks without a transport",
        |g| {
            g.label("traefik.http.services.a.loadbalancer.server.scheme", Some("https"));
        },
        500,
        "serverstransport",
    );
}

#[test]
fn an_ingress_that_could_not_look_says_so_and_is_no_answer_of_anybody() {
    let ground = Ground::with_app();
    ground.break_looking(ClusterError::Unreachable("gone".into()));
    let got = ground.send(&request("https://a.ccci.test/hello"));
    assert!(matches!(&got, Err(WebError::Blind(why)) if why.contains("gone")), "{got:?}");
}

#[test]
fn what_hangs_on_a_middleware_that_is_not_emulated_is_no_answer_of_anybody() {
    let with = |kind: &str| {
        let ground = Ground::with_app();
        ground.label("traefik.http.routers.a.middlewares", Some("m"));
        ground.label(&format!("traefik.http.middlewares.m.{kind}"), Some("1"));
        ground.send(&request("https://a.ccci.test/hello"))
    };
    let got = with("forwardauth.address");
    let said = "the middleware `m` (forwardauth)";
    assert!(matches!(&got, Err(WebError::NotEmulated(why)) if why.starts_with(said)), "{got:?}");
    assert_eq!(with("ratelimit.average").unwrap().body, b"hello from app");
    let answer = with("nosuchkind.x").unwrap();
    let knows = |why: &str| why.contains("Traefik v3 knows no `nosuchkind`");
    assert!(matches!(&answer.by, AnsweredBy::Ingress(why) if knows(why)), "{answer:?}");
    assert_eq!(answer.status, 404);
}

#[test]
fn an_app_on_another_node_is_no_answer_of_anybody_and_the_node_is_named() {
    let ground = Ground::with_app();
    ground.cluster.far.store(true, Ordering::SeqCst);
    let got = ground.send(&request("https://a.ccci.test/hello"));
    assert!(matches!(&got, Err(WebError::Elsewhere(why)) if why.contains("node worker2")), "{got:?}");
}

#[test]
fn a_second_service_without_a_task_does_not_hide_that_the_first_is_on_another_node() {
    let ground = Ground::with_app();
    ground.twin();
    ground.cluster.far.store(true, Ordering::SeqCst);
    let got = ground.send(&request("https://a.ccci.test/hello"));
    assert!(matches!(&got, Err(WebError::Elsewhere(why)) if why.contains("node worker2")), "{got:?}");
}

/// An address on which nothing listens.
fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn plain_http_goes_to_plain_routers_only() {
    let ground = Ground::with_app();
    assert_eq!(ground.get("http://a.ccci.test/hello").status, 404);
    ground.label(ENTRY, Some("web"));
    ground.label(TLS, None);
    ground.settle();
    assert_eq!(ground.get("http://a.ccci.test/hello").status, 200);
}

#[test]
fn what_was_seen_is_forgotten_within_a_second() {
    let ground = Ground::with_app();
    assert_eq!(ground.get("https://a.ccci.test/hello").status, 200);
    ground.tasks(&[(TaskState::Running, false)]);
    let begin = Instant::now();
    while ground.get("https://a.ccci.test/hello").status != 404 {
        assert!(begin.elapsed() < Duration::from_secs(1), "still served");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn many_requests_ask_the_cluster_few_times() {
    let ground = Ground::with_app();
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(ground.get("https://a.ccci.test/hello").body, b"hello from app");
                }
            });
        }
    });
    let most = 2 * (begin.elapsed().as_millis() as usize / 500 + 1);
    assert!(ground.cluster.asked() <= most, "{} looks for 320 requests", ground.cluster.asked());
}

#[test]
fn a_task_that_moved_is_found_at_once() {
    let ground = Ground::with_app();
    assert_eq!(ground.get("https://a.ccci.test/hello").status, 200);
    let other = App::start(&ground.runtime, "other");
    ground.app.stop();
    ground.addresses(&[other.address]);
    let answer = ground.get("https://a.ccci.test/hello");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hello from other"[..]));
}

#[test]
fn several_tasks_are_asked_in_turn() {
    let ground = Ground::with_app();
    let other = App::start(&ground.runtime, "other");
    ground.addresses(&[ground.app.address, other.address]);
    let bodies: Vec<Vec<u8>> = (0..4).map(|_| ground.get("https://a.ccci.test/hello").body).collect();
    assert_eq!(bodies.iter().filter(|b| b.ends_with(b"other")).count(), 2, "{bodies:?}");
}

#[test]
fn one_task_in_particular_is_asked_and_named_and_the_app_is_not_told() {
    let ground = Ground::with_app();
    let other = App::start(&ground.runtime, "other");
    ground.addresses(&[ground.app.address, other.address]);
    for (task, body, name) in
        [(0, "hello from app", "app.1"), (1, "hello from other", "app.2"), (2, "hello from app", "app.1")]
    {
        for _ in 0..2 {
            let asked = HttpRequest { task: Some(task), ..request("https://a.ccci.test/hello") };
            let answer = ground.send(&asked).unwrap();
            let from = answer.from.clone().unwrap();
            assert_eq!((answer.body.as_slice(), from.task.as_str(), from.of), (body.as_bytes(), name, 2));
            assert!(answer.headers.iter().all(|(n, _)| !n.starts_with("x-ccci")), "{answer:?}");
        }
    }
    let asked = HttpRequest { task: Some(1), ..request("https://a.ccci.test/echo") };
    let told = String::from_utf8(ground.send(&asked).unwrap().body).unwrap();
    assert!(!told.to_lowercase().contains("x-ccci"), "{told}");
    assert_eq!(
        ground.get("https://a.ccci.test/forged").from.map(|from| from.of),
        Some(2),
        "the app cannot say it"
    );
    other.stop();
    let asked = HttpRequest { task: Some(1), ..request("https://a.ccci.test/hello") };
    let refused = ground.send(&asked).unwrap();
    assert!(matches!(&refused.by, AnsweredBy::Ingress(why) if why.contains("(task `app.2`)")), "{refused:?}");
    assert_eq!(refused.from, None);
}

#[test]
fn lesson_08_a_name_is_never_answered_by_another_stacks_task() {
    let ground = Ground::with_app();
    // a second stack has the same rule and the same service name, and is served under another name
    let other = App::start(&ground.runtime, "other");
    ground.second_stack("b.ccci.test", other.address);
    for _ in 0..4 {
        assert_eq!(ground.get("https://a.ccci.test/hello").body, b"hello from app");
    }
    ground.remove();
    ground.settle();
    let answer = ground.get("https://a.ccci.test/hello");
    assert_eq!(answer.status, 404, "{:?}", String::from_utf8_lossy(&answer.body));
}

#[test]
fn the_app_learns_who_asked_and_is_not_told_what_is_private() {
    let ground = Ground::with_app();
    let mut ask = request("https://a.ccci.test/echo?x=1");
    ask.headers = vec![
        ("X-Forwarded-For".into(), "6.6.6.6".into()),
        ("X-Forwarded-Proto".into(), "http".into()),
        ("X-Mine".into(), "1".into()),
        ("Connection".into(), "X-Hop".into()),
        ("X-Hop".into(), "1".into()),
    ];
    let answer = ground.send(&ask).unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    for line in [
        "GET /echo?x=1",
        "host: a.ccci.test",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-host: a.ccci.test",
        "x-forwarded-port: 443",
        "x-forwarded-proto: https",
        "x-forwarded-server: ccci",
        "x-real-ip: 127.0.0.1",
        "x-mine: 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
    }
    for word in ["6.6.6.6", "x-hop", "x-ccci"] {
        assert!(!text.contains(word), "{word} is in\n{text}");
    }
}

#[test]
fn an_app_cannot_pretend_to_be_the_ingress() {
    let ground = Ground::with_app();
    let answer = ground.get("https://a.ccci.test/forged");
    assert_eq!(answer.by, AnsweredBy::App);
    assert_eq!(answer.header("x-ccci-because"), None);
}

#[test]
fn the_reason_is_told_to_nobody_who_does_not_know_the_token() {
    let ground = Ground::with_app();
    let mut stream = TcpStream::connect(ground.ingress.http()).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: nobody.test\r\nX-Ccci-Asks: guess\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 404 Not Found") && text.ends_with("404 page not found\n"), "{text}");
    assert!(!text.to_lowercase().contains("x-ccci"), "{text}");
}

#[test]
fn middlewares_of_the_labels_are_followed() {
    let ground = Ground::with_app();
    ground.label("traefik.http.routers.a.middlewares", Some("strip,more,up"));
    ground.label("traefik.http.middlewares.strip.stripprefix.prefixes", Some("/sub"));
    ground.label("traefik.http.middlewares.more.headers.customrequestheaders.X-Added", Some("yes"));
    ground.label("traefik.http.middlewares.more.headers.customresponseheaders.X-Served", Some("here"));
    ground.label("traefik.http.middlewares.up.redirectregex.regex", Some("^https://www\\.(.*)"));
    ground.label("traefik.http.middlewares.up.redirectregex.replacement", Some("https://$1"));
    ground.label("traefik.http.routers.a.rule", Some("Host(`a.ccci.test`) || Host(`www.a.ccci.test`)"));
    let answer = ground.get("https://a.ccci.test/sub/echo");
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.starts_with("GET /echo\n") && text.contains("x-added: yes"), "{text}");
    assert!(text.contains("x-forwarded-prefix: /sub"), "{text}");
    assert_eq!(answer.header("x-served"), Some("here"));
    let answer = ground.get("https://www.a.ccci.test/x");
    assert_eq!((answer.status, answer.header("location")), (302, Some("https://a.ccci.test/x")));
    assert!(matches!(&answer.by, AnsweredBy::Middleware(why) if why.contains("`up`")), "{:?}", answer.by);
}

#[test]
fn web_sockets_are_tunnelled_both_ways() {
    let ground = Ground::with_app();
    ground.label(ENTRY, Some("web"));
    ground.label(TLS, None);
    let mut stream = TcpStream::connect(ground.ingress.http()).unwrap();
    let head = "GET /ws HTTP/1.1\r\nHost: a.ccci.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let head = read_head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 101") && head.to_lowercase().contains("upgrade: websocket"), "{head}");
    for message in ["ping", "a much longer message than the first one"] {
        stream.write_all(message.as_bytes()).unwrap();
        let mut back = vec![0; message.len()];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(back, message.as_bytes());
    }
}

#[test]
fn web_sockets_are_tunnelled_over_tls_too_and_the_runs_authority_is_enough_to_trust() {
    let ground = Ground::with_app();
    let config = Arc::new(ccci_adapters::tls::client_trusting(&[ground.ingress.ca()]));
    let client = ClientConnection::new(config, "a.ccci.test".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(ground.ingress.https()).unwrap());
    let head = "GET /ws HTTP/1.1\r\nHost: a.ccci.test\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    assert!(read_head(&mut stream).starts_with("HTTP/1.1 101"));
    stream.write_all(b"ping").unwrap();
    let mut back = [0; 4];
    stream.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"ping");
}

#[test]
fn a_task_that_speaks_tls_is_asked_by_tls_when_a_transport_is_named() {
    let (ground, other) = (Ground::with_app(), Ground::with_app());
    ground.label("traefik.http.services.a.loadbalancer.server.scheme", Some("https"));
    ground.label("traefik.http.services.a.loadbalancer.serverstransport", Some("insecure@file"));
    ground.addresses(&[other.ingress.https()]);
    assert_eq!(ground.get("https://a.ccci.test/hello").body, b"hello from app");
}

fn read_head(stream: &mut impl Read) -> String {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn bound_answer_is_kept_of_a_large_body_that_streams_through() {
    let ground = Ground::with_app();
    let mut ask = request("https://a.ccci.test/length");
    ask.method = "POST".into();
    ask.body = vec![7; 20 * 1024 * 1024];
    assert_eq!(ground.send(&ask).unwrap().body, b"20971520");
    let answer = ground.get("https://a.ccci.test/big");
    assert_eq!(answer.body.len(), ANSWER.most);
}

#[test]
fn a_body_that_streams_without_end_is_read_for_as_long_as_was_asked() {
    let ground = Ground::with_app();
    let (within, began) = (Some(Duration::from_millis(200)), Instant::now());
    let answer = ground.send(&HttpRequest { body_within: within, ..request("https://a.ccci.test/events") });
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"data: 1\n\n"[..]));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let short = ground.web().send(&request("https://a.ccci.test/events"), &ground.limit(300));
    assert!(matches!(short, Err(WebError::Deadline(_))), "{short:?}");
}

#[test]
fn sessions_keep_cookies_apart_and_end() {
    let ground = Ground::with_app();
    let visit = |session: &str, path: &str| {
        let ask = HttpRequest { session: session.into(), ..request(&format!("https://a.ccci.test{path}")) };
        String::from_utf8(ground.send(&ask).unwrap().body).unwrap()
    };
    visit("test:one", "/login");
    assert!(visit("test:one", "/echo").contains("cookie: id=42"));
    assert!(!visit("test:two", "/echo").contains("cookie"));
    assert!(!visit("", "/echo").contains("cookie"));
    ground.web().end_sessions("test:");
    assert!(!visit("test:one", "/echo").contains("cookie"));
}

#[test]
fn redirects_are_followed_inside_the_runs_names_only() {
    let ground = Ground::with_app();
    let follow = |path: &str| {
        let ask = HttpRequest { follow: true, ..request(&format!("https://a.ccci.test{path}")) };
        ground.send(&ask)
    };
    let inside = follow("/to?/hello").unwrap();
    assert_eq!((inside.status, inside.url.as_str()), (200, "https://a.ccci.test/hello"));
    let outside = follow("/to?https://example.com/").unwrap();
    assert_eq!((outside.status, outside.header("location")), (302, Some("https://example.com/")));
    let circle = follow("/circle").unwrap_err();
    assert!(matches!(&circle, WebError::NoAnswer { text, .. } if text.contains("more than 10")), "{circle}");
    let ask = request("https://a.ccci.test/to?/hello");
    assert_eq!(ground.send(&ask).unwrap().status, 302);
}

#[test]
fn nothing_but_the_runs_names_can_be_reached() {
    let ground = Ground::with_app();
    let local = format!("http://{}/", ground.app.address);
    for url in
        ["https://example.com/", &local, "http://[::1]/", "http://localhost/", "https://a.ccci.test:8443/"]
    {
        let e = ground.send(&request(url)).unwrap_err();
        assert!(matches!(e, WebError::Foreign(_)), "{url}: {e}");
    }
    for url in ["file:///etc/passwd", "nonsense", "ftp://a.ccci.test/"] {
        let e = ground.send(&request(url)).unwrap_err();
        assert!(matches!(e, WebError::Malformed(_)), "{url}: {e}");
    }
    ground.web().forget("a.ccci.test");
    let e = ground.send(&request("https://a.ccci.test/hello")).unwrap_err();
    assert!(matches!(e, WebError::Foreign(_)), "{e}");
}

#[test]
fn names_that_routers_give_belong_to_the_run() {
    let ground = Ground::with_app();
    ground.label("traefik.http.routers.a.rule", Some("Host(`a.ccci.test`) || Host(`shop.example.com`)"));
    assert_eq!(ground.get("https://shop.example.com/hello").status, 200);
    ground.label("traefik.http.routers.a.rule", Some("Host(`a.ccci.test`) || HostRegexp(`^.+\\.b\\.test$`)"));
    ground.settle();
    assert_eq!(ground.get("https://x.b.test/hello").status, 200);
}

#[test]
fn malformed_requests_say_what_is_wrong_and_keep_values_to_themselves() {
    let ground = Ground::with_app();
    let mut ask = request("https://a.ccci.test/");
    ask.headers = vec![("X-Token".into(), "se\ncret".into())];
    let e = ground.send(&ask).unwrap_err().to_string();
    assert!(e.contains("x-token") || e.contains("X-Token"), "{e}");
    assert!(!e.contains("cret"), "{e}");
}

#[test]
fn a_deadline_and_a_stop_end_a_request() {
    let ground = Ground::with_app();
    let begin = Instant::now();
    let e = ground.web().send(&request("https://a.ccci.test/slow"), &ground.limit(200)).unwrap_err();
    assert!(matches!(e, WebError::Deadline(_)), "{e}");
    let mut limit = ground.limit(60_000);
    limit.stop = Stop::default();
    let stop = limit.stop.clone();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            stop.set(StopReason::Interrupted);
        });
        let e = ground.web().send(&request("https://a.ccci.test/slow"), &limit).unwrap_err();
        assert_eq!(e, WebError::Stopped);
    });
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[test]
fn a_port_is_open_when_a_task_listens_and_closed_when_none_runs() {
    let ground = Ground::with_app();
    let app = ServiceName::parse("app").unwrap();
    let open = |port| ground.web().tcp(&ground.stack, &app, port, &ground.limit(5_000)).unwrap();
    assert!(open(80), "the task's own address");
    ground.addresses(&[closed()]);
    assert!(!open(80), "nobody listens");
    ground.ports(&[(ground.app.address.port(), 64738, "tcp")]);
    assert!(!open(64738), "the engine's proxy opens the published port, and nobody listens behind it");
    ground.addresses(&[]);
    assert!(open(64738), "the published port of a task without an address");
    ground.tasks(&[(TaskState::Starting, true)]);
    assert!(!open(64738), "no task runs: the listener is somebody else");
}

#[test]
fn a_tls_handshake_shows_the_certificate_whoever_signed_it() {
    let ground = Ground::with_app();
    let app = ServiceName::parse("app").unwrap();
    // the ingress's own listener serves as a TLS server
    ground.addresses(&[ground.ingress.https()]);
    let facts = ground.web().tls(&ground.stack, &app, 443, &ground.limit(5_000)).unwrap();
    assert_eq!((facts.protocol.as_str(), facts.subject.as_str()), ("TLSv1_3", "a.ccci.test"));
    assert!(facts.certificate.len() > 100);
    ground.addresses(&[ground.app.address]);
    let e = ground.web().tls(&ground.stack, &app, 443, &ground.limit(5_000)).unwrap_err();
    assert!(matches!(&e, WebError::NoAnswer { url, .. } if url == "tls://app:443"), "{e}");
}

#[test]
fn the_ingress_is_gone_when_nobody_holds_it() {
    let ground = Ground::with_app();
    let address = ground.ingress.http();
    drop(ground);
    let begin = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(begin.elapsed() < Duration::from_secs(5), "still listening");
    }
}
