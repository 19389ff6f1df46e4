//! A page that tries to reach what is not of the run: other names, numbers, services of this machine, files and the
//! browser's own pages. Listeners on this machine count who comes.

use super::ground::with_browser;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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

#[test]
fn no_page_gets_out() {
    with_browser("no_page_gets_out", |ground| {
        let (port, count) = counter();
        let mut page = String::from(
            "<title>Ways</title><ol id=ways></ol><script type=module>\nconst told = document.getElementById('ways');\nconst tell = (text) => { const li = document.createElement('li'); li.textContent = text; told.append(li); };\n",
        );
        for (n, (name, way)) in WAYS.iter().enumerate() {
            let way = way.replace("HERE", &port.to_string());
            page.push_str(&format!(
                "try {{ {way}; tell('{name}: OUT'); }} catch (e) {{ tell('{name}: held'); }}\n\
                 told.dataset.done = {};\n",
                n + 1
            ));
        }
        page.push_str("</script>");
        super::pages::set_ways(page);
        let done = ground.test_within(
            120,
            &format!(
                r##"page.open("/ways");
                try {{ eventually("40s", || page.attribute("#ways", "data-done") == "{}"); }} catch {{ fail(page.attribute("#ways", "data-done") + page.text("#ways") + page.url()); }}
                assert(!page.text("#ways").contains("OUT"));
                assert(page.text("#ways").split("\n").len() == {});"##,
                WAYS.len(),
                WAYS.len()
            ),
        );
        assert_eq!(done.failure, None);
        assert!(WAYS.len() >= 30);
        assert_eq!(count.load(Ordering::SeqCst), 0, "connections to this machine");
        let browser = chromium(ground.directory.path());
        let sent = packets(browser.first().unwrap());
        assert_eq!(sent, [("page0".to_string(), 0), ("page1".to_string(), 0)], "look-ups and calls included");
        let refused = ground.ground.ingress.refused();
        for name in ["example.org:443", "127.0.0.1", "localhost", "172.17.0.1"] {
            assert!(refused.iter().any(|r| r.starts_with(name)), "`{name}` is not among {refused:?}");
        }
    });
}

/// A network with loopback and a cable that leads nowhere: no packet can leave it, and no change of the machine's networks
/// reaches it.
#[test]
fn the_browser_has_a_network_of_its_own_in_which_pages_are_online() {
    with_browser("the_browser_has_a_network_of_its_own_in_which_pages_are_online", |ground| {
        let done = ground.test(r##"page.open("/online"); assert(page.title() == "online");"##);
        assert_eq!(done.failure, None);
        let of_browser = chromium(ground.directory.path());
        assert!(of_browser.len() > 2, "{of_browser:?}");
        let network = |process: &Path| fs::read_link(process.join("ns/net")).unwrap();
        for process in &of_browser {
            assert_ne!(network(process), network(Path::new("/proc/self")), "{}", process.display());
            let cards: Vec<String> = packets(process).into_iter().map(|(card, _)| card).collect();
            assert_eq!(cards, ["page0", "page1"], "besides loopback");
            let late = fs::read_to_string(process.join("net/if_inet6")).unwrap_or_default();
            assert!(late.lines().all(|address| address.ends_with(" lo")), "{late}");
        }
    });
}

/// The processes of Chromium that work below a directory.
fn chromium(directory: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir("/proc").unwrap().flatten().map(|e| e.path());
    let is_one = |process: &PathBuf| {
        let link = |name: &str| fs::read_link(process.join(name)).unwrap_or_default();
        link("cwd").starts_with(directory) && link("exe").ends_with("chromium")
    };
    all.filter(is_one).collect()
}

/// The cards that a process sees besides loopback, sorted, and how many packets each has sent.
fn packets(process: &Path) -> Vec<(String, u64)> {
    let table = fs::read_to_string(process.join("net/dev")).unwrap();
    let cards = table.lines().filter_map(|line| line.split_once(':'));
    // bytes, packets and six more that were received come first, then the bytes that were sent
    let sent = |counts: &str| counts.split_whitespace().nth(9).unwrap().parse().unwrap();
    let all = cards.map(|(card, counts)| (card.trim().to_string(), sent(counts)));
    let mut all: Vec<_> = all.filter(|(card, _)| card != "lo").collect();
    all.sort();
    all
}
