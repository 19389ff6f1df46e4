//! A page that tries to reach what is not of the run: other names, numbers, services of this machine, files and the
//! browser's own pages. Listeners on this machine count who comes.

use super::ground::{BrowserGround, with_browser};
use ccci_swarm::ports::Browser;
use std::fs;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Counts connections to a port of every address of this machine.
fn counter() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    (port, count)
}

/// Every way out, as a script of the page. `HERE` is a listener on this machine.
const WAYS: &[(&str, &str)] = &[
    ("fetch a number", "await fetch('http://127.0.0.1:HERE/')"),
    ("fetch localhost", "await fetch('http://localhost:HERE/')"),
    ("fetch a name below localhost", "await fetch('http://x.localhost:HERE/')"),
    ("fetch IPv6 loopback", "await fetch('http://[::1]:HERE/')"),
    ("fetch a mapped number", "await fetch('http://[::ffff:127.0.0.1]:HERE/')"),
    ("fetch a number in decimal", "await fetch('http://2130706433:HERE/')"),
    ("fetch a number in hex", "await fetch('http://0x7f000001:HERE/')"),
    ("fetch a short number", "await fetch('http://127.1:HERE/')"),
    ("fetch zero", "await fetch('http://0.0.0.0:HERE/')"),
    ("fetch a link-local number", "await fetch('http://169.254.169.254:HERE/')"),
    ("fetch the bridge of docker", "await fetch('http://172.17.0.1:HERE/')"),
    ("fetch over TLS", "await fetch('https://127.0.0.1:HERE/', { mode: 'no-cors' })"),
    (
        "fetch the name of the run on another port",
        "await fetch('http://a.ccci.test:HERE/', { mode: 'no-cors' })",
    ),
    ("fetch a foreign name", "await fetch('https://example.org/', { mode: 'no-cors' })"),
    ("fetch a foreign name in clear", "await fetch('http://example.org:HERE/', { mode: 'no-cors' })"),
    ("fetch the name of the fence", "await fetch('http://ccci-fence.invalid:HERE/', { mode: 'no-cors' })"),
    (
        "a picture",
        "await new Promise((ok, no) => { const i = new Image(); i.onload = ok; i.onerror = no; i.src = 'http://127.0.0.1:HERE/x.png'; })",
    ),
    (
        "a script",
        "await new Promise((ok, no) => { const s = document.createElement('script'); s.onload = ok; s.onerror = no; s.src = 'http://127.0.0.1:HERE/x.js'; document.head.append(s); })",
    ),
    (
        "a WebSocket",
        "await new Promise((ok, no) => { const w = new WebSocket('ws://127.0.0.1:HERE/'); w.onopen = ok; w.onerror = no; })",
    ),
    (
        "an event stream",
        "await new Promise((ok, no) => { const e = new EventSource('http://127.0.0.1:HERE/'); e.onopen = ok; e.onerror = no; })",
    ),
    ("a beacon", "navigator.sendBeacon('http://127.0.0.1:HERE/', 'x'); throw 'sent'"),
    (
        "a frame",
        "await new Promise((ok) => { const f = document.createElement('iframe'); f.onload = ok; f.src = 'http://127.0.0.1:HERE/'; document.body.append(f); }); throw 'loaded'",
    ),
    (
        "a form",
        "const i = document.createElement('iframe'); i.name = 'x'; document.body.append(i); const f = document.createElement('form'); f.target = 'x'; f.method = 'post'; f.action = 'http://127.0.0.1:HERE/'; document.body.append(f); f.submit(); throw 'sent'",
    ),
    (
        "a preconnection",
        "const l = document.createElement('link'); l.rel = 'preconnect'; l.href = 'http://127.0.0.1:HERE/'; document.head.append(l); throw 'asked'",
    ),
    (
        "a prefetch",
        "const l = document.createElement('link'); l.rel = 'prefetch'; l.href = 'http://127.0.0.1:HERE/'; document.head.append(l); throw 'asked'",
    ),
    (
        "a look-up of a name",
        "const l = document.createElement('link'); l.rel = 'dns-prefetch'; l.href = '//example.org/'; document.head.append(l); throw 'asked'",
    ),
    (
        "a worker",
        "await new Promise((ok, no) => { const w = new Worker(URL.createObjectURL(new Blob([`fetch('http://127.0.0.1:HERE/').then(() => postMessage(1), () => postMessage(0))`]))); w.onmessage = (e) => e.data ? ok() : no(); })",
    ),
    (
        "a call",
        "const p = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:HERE' }, { urls: 'turn:127.0.0.1:HERE?transport=tcp', username: 'a', credential: 'b' }] }); p.createDataChannel('x'); await p.setLocalDescription(await p.createOffer()); await new Promise((ok) => setTimeout(ok, 1500)); throw 'asked'",
    ),
    (
        "a call by name",
        "const p = new RTCPeerConnection({ iceServers: [{ urls: 'stun:stun.example.org:3478' }] }); p.createDataChannel('x'); await p.setLocalDescription(await p.createOffer()); await new Promise((ok) => setTimeout(ok, 500)); throw 'asked'",
    ),
    ("a transport over UDP", "const t = new WebTransport('https://127.0.0.1:HERE/'); await t.ready"),
    (
        "rules of speculation",
        "const s = document.createElement('script'); s.type = 'speculationrules'; s.textContent = JSON.stringify({ prefetch: [{ urls: ['https://example.org/'], eagerness: 'immediate' }] }); document.head.append(s); throw 'asked'",
    ),
    ("a file", "await fetch('file:///etc/hostname')"),
    (
        "a file in a window",
        "const w = window.open('file:///etc/hostname'); await new Promise((ok) => setTimeout(ok, 300)); let at = ''; try { at = w.document.body.innerText; } catch (e) {} if (w) w.close(); if (!at) throw 'nothing'",
    ),
    ("pages of the browser itself", "await fetch('chrome://version')"),
    (
        "a page of the browser",
        "location.href = 'chrome://settings'; await new Promise((ok) => setTimeout(ok, 300)); throw location.href",
    ),
];

/// A listener on this machine, in the ways.
const LOOPBACK: &str = "127.0.0.1";
/// An address that belongs to no machine (RFC 5737).
const OUTSIDE: &str = "192.0.2.7";

/// A page that tries each way, with this in place of the listener on loopback.
fn page_of_ways(there: &str, port: u16) -> String {
    let mut page = String::from(
        "<title>Ways</title><ol id=ways></ol><script type=module>\nconst told = document.getElementById('ways');\nconst within = (way) => Promise.race([way(), new Promise((_, no) => setTimeout(no, 4000))]);\nconst tell = (text) => { const li = document.createElement('li'); li.textContent = text; told.append(li); };\n",
    );
    for (n, (name, way)) in WAYS.iter().enumerate() {
        let way = match there {
            LOOPBACK => way.to_string(),
            // a page over TLS may ask others over TLS only
            _ => {
                way.replace("http://127.", "https://127.").replace("ws://", "wss://").replace(LOOPBACK, there)
            }
        };
        let way = way.replace("HERE", &port.to_string());
        page.push_str(&format!(
            "try {{ await within(async () => {{ {way} }}); tell('{name}: OUT'); }} catch (e) {{ tell('{name}: held'); }}\n\
             told.dataset.done = {};\n",
            n + 1
        ));
    }
    page.push_str("</script>");
    page
}

/// Lets a page try every way, and checks that none worked.
fn all_ways_are_held(ground: &BrowserGround, page: String) {
    super::pages::set_ways(page);
    let done = ground.test_within(
        120,
        &format!(
            r##"page.open("/ways");
            try {{ eventually("90s", || page.attribute("#ways", "data-done") == "{}"); }} catch {{ fail(page.attribute("#ways", "data-done") + page.text("#ways") + page.url()); }}
            assert(!page.text("#ways").contains("OUT"));
            assert(page.text("#ways").split("\n").len() == {});"##,
            WAYS.len(),
            WAYS.len()
        ),
    );
    assert_eq!(done.failure, None);
}

#[test]
fn no_page_gets_out() {
    with_browser("no_page_gets_out", |ground| {
        assert_eq!(ground.test(r##"page.open("/site");"##).failure, None);
        let driver = listening(ground.directory.path());
        assert!(!driver.is_empty(), "the driver listens");
        let (port, count) = counter();
        all_ways_are_held(ground, page_of_ways(LOOPBACK, port));
        assert!(WAYS.len() >= 30);
        assert_eq!(count.load(Ordering::SeqCst), 0, "connections to this machine");
        for port in driver {
            all_ways_are_held(ground, page_of_ways(LOOPBACK, port));
        }
        let refused = ground.ground.ingress.refused();
        for name in ["example.org:443", "127.0.0.1", "localhost", "172.17.0.1"] {
            assert!(refused.iter().any(|r| r.starts_with(name)), "`{name}` is not among {refused:?}");
        }
    });
}

/// Ports on which the processes that work in a directory listen: that of the browser's driver.
fn listening(directory: &Path) -> Vec<u16> {
    let sockets = |process: &Path| -> Vec<String> {
        let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        let links = open.filter_map(|fd| fs::read_link(fd.path()).ok()?.into_os_string().into_string().ok());
        links
            .filter_map(|link| Some(link.strip_prefix("socket:[")?.trim_end_matches(']').to_string()))
            .collect()
    };
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let ours = processes.filter(|p| fs::read_link(p.join("cwd")).is_ok_and(|at| at.starts_with(directory)));
    let owned: Vec<String> = ours.flat_map(|process| sockets(&process)).collect();
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let port = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens =
            fields.get(3) == Some(&"0A") && owned.iter().any(|inode| fields.get(9) == Some(&inode.as_str()));
        listens.then(|| u16::from_str_radix(fields[1].rsplit(':').next()?, 16).ok()).flatten()
    };
    table.lines().filter_map(port).collect()
}

/// Marks a call of the test inside of a network namespace.
const INSIDE: &str = "CCCI_ALONE_ON_A_NETWORK";
/// Makes the network of a namespace: loopback, and a device that throws away what is sent to any other address.
const NETWORK: &str = "ip link set lo up && ip link add out type veth peer name there && \
    { echo 0 > /proc/sys/net/ipv6/conf/out/router_solicitations || true; } && \
    ip link set there up && ip link set out up arp off && \
    ip addr add 198.51.100.2/24 dev out && ip route add default dev out && \
    { ip -6 addr add 2001:db8::2/64 dev out nodad && ip -6 route add default dev out || true; } && \
    exec \"$0\" \"$@\"";

/// Packets sent to other addresses than those of this machine, and datagrams sent to any.
fn sent() -> (u64, u64) {
    let number = |text: Option<&str>| text.and_then(|n| n.parse::<u64>().ok()).unwrap();
    let devices = fs::read_to_string("/proc/net/dev").unwrap();
    let out = devices.lines().find_map(|line| line.trim().strip_prefix("out:")).unwrap();
    let counts = fs::read_to_string("/proc/net/snmp").unwrap();
    let mut udp = counts.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let names = udp.next().unwrap().split_whitespace();
    let at = names.into_iter().position(|name| name == "OutDatagrams").unwrap();
    let six = fs::read_to_string("/proc/net/snmp6").unwrap_or_default();
    let six = six
        .lines()
        .find_map(|line| line.strip_prefix("Udp6OutDatagrams"))
        .map_or(0, |n| number(Some(n.trim())));
    (number(out.split_whitespace().nth(9)), number(udp.next().unwrap().split_whitespace().nth(at)) + six)
}

/// Waits until the kernel has announced its own addresses.
fn quiet() -> (u64, u64) {
    let (mut before, mut same) = (sent(), 0);
    while same < 20 {
        std::thread::sleep(Duration::from_millis(100));
        let now = sent();
        same = if now == before { same + 1 } else { 0 };
        before = now;
    }
    before
}

/// The same ways to an address outside, where each packet is counted, those of look-ups of names included.
#[test]
fn no_packet_of_a_page_leaves() {
    if std::env::var_os(INSIDE).is_some() {
        return with_browser("no_packet_of_a_page_leaves", |ground| {
            let before = quiet();
            all_ways_are_held(ground, page_of_ways(OUTSIDE, 443));
            // what the browser asks for by itself comes a little later
            std::thread::sleep(Duration::from_secs(5));
            assert_eq!(sent(), before, "packets to other addresses, and datagrams");
            ground.browser.end();
            // the counters count: a connection, a look-up
            let out = format!("{OUTSIDE}:80").parse().unwrap();
            assert!(TcpStream::connect_timeout(&out, Duration::from_millis(200)).is_err());
            UdpSocket::bind("0.0.0.0:0").unwrap().send_to(b"?", (OUTSIDE, 53)).unwrap();
            let after = sent();
            assert!(after.0 >= before.0 + 2 && after.1 == before.1 + 1, "{before:?}, {after:?}");
            println!("sent before and after {} ways: {before:?}; then by this test: {after:?}", WAYS.len());
        });
    }
    if std::env::var_os("CCCI_SWARM").is_none() || !rustix::process::geteuid().is_root() {
        return println!(
            "no_packet_of_a_page_leaves: needs a browser and root; `CCCI_SWARM=1` as root runs it"
        );
    }
    let mut call = Command::new("unshare");
    call.args(["--net", "sh", "-c", NETWORK]).arg(std::env::current_exe().unwrap());
    call.args(["--exact", "browser::escapes::no_packet_of_a_page_leaves", "--nocapture"]);
    let done = call.env(INSIDE, "1").output().unwrap();
    let said =
        String::from_utf8_lossy(&done.stdout).into_owned() + String::from_utf8_lossy(&done.stderr).as_ref();
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
    print!("{said}");
}
