//! `ccci serve` with the real program: it shows what the site shows, follows runs in progress, answers nothing that is not in
//! its table, and ends at once.

use crate::bad_input::ground::{Ground, program};
use crate::site::{RECIPES, files, ground};
use ccci_adapters::locks::FileLocks;
use ccci_swarm::ports::locks::Locks;
use ccci_testkit::kept;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A server of the records of a project; it ends with the test.
pub(crate) struct Served {
    child: Child,
    _out: BufReader<ChildStdout>,
    /// `http://127.0.0.1:port`.
    pub address: String,
    home: PathBuf,
    locks: PathBuf,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A run that is in progress as far as others can see: its domain is locked, and its record has no end yet.
pub(crate) struct Going {
    events: PathBuf,
    /// The lines, and how many of them are written.
    lines: Mutex<(Vec<String>, usize)>,
    _lock: Box<dyn std::any::Any>,
    pub(crate) id: String,
}

impl Going {
    /// Writes the next lines, all but the last one at most.
    pub(crate) fn write(&self, how_many: usize) {
        let mut lines = self.lines.lock().unwrap();
        let (from, to) = (lines.1, (lines.1 + how_many).min(lines.0.len() - 1));
        let mut file = OpenOptions::new().append(true).create(true).open(&self.events).unwrap();
        file.write_all(lines.0[from..to].concat().as_bytes()).unwrap();
        lines.1 = to;
    }

    /// Writes what is left.
    pub(crate) fn finish(&self) {
        self.write(usize::MAX / 2);
        let lines = self.lines.lock().unwrap();
        let mut file = OpenOptions::new().append(true).open(&self.events).unwrap();
        file.write_all(lines.0[lines.1].as_bytes()).unwrap();
    }
}

impl Served {
    pub(crate) fn start(ground: &Ground) -> Served {
        let mut call = Command::new(program());
        ground.surround(call.args(["serve", "--listen", "127.0.0.1:0"]));
        let mut child = call.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().trim_end_matches('/').to_string();
        let (home, locks) = (ground.path("home/runs"), ground.path("locks"));
        Served { child, _out: out, address, home, locks }
    }

    /// Begins the n-th run and writes its first events.
    pub(crate) fn begin_run(&self, n: usize) -> Going {
        let (id, events) = kept::run(n, RECIPES);
        let ccci_model::event::What::RunStarted { plan, .. } = &events[0].what else { panic!() };
        let lock = FileLocks::new(self.locks.clone()).take(plan.subject().domain.as_str()).unwrap();
        let dir = self.home.join(&id);
        fs::create_dir_all(&dir).unwrap();
        let lines = events.iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
        let going = Going {
            events: dir.join("events.jsonl"),
            lines: Mutex::new((lines, 0)),
            _lock: Box::new(lock),
            id,
        };
        going.write(20);
        going
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends these words as they are and reads the whole answer.
    fn raw(&self, request: &str) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = vec![];
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    /// The status and the body.
    fn ask(&self, method: &str, path: &str, more: &str) -> (u16, Vec<u8>) {
        let answer = self
            .raw(&format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n"));
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer[end + 4..].to_vec())
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Vec<u8>) {
        self.ask("GET", path, "")
    }

    /// Opens the stream of a run.
    fn follow(&self, id: &str, more: &str) -> BufReader<TcpStream> {
        let mut stream = self.connect();
        let head = format!("GET /live/{id} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        BufReader::new(stream)
    }
}

/// Ids and data of the events of a stream, up to the end of the run.
fn told(stream: BufReader<TcpStream>) -> Vec<(usize, String)> {
    let (mut id, mut data, mut out) = (0, String::new(), vec![]);
    for line in stream.lines() {
        let line = line.unwrap();
        if let Some(text) = line.strip_prefix("data: ") {
            data = text.to_string();
        } else if let Some(text) = line.strip_prefix("id: ") {
            id = text.parse().unwrap();
        } else if line.is_empty() && !data.is_empty() {
            let ended = data.contains("\"ended\"");
            out.push((id, std::mem::take(&mut data)));
            if ended {
                return out;
            }
        }
    }
    panic!("the stream ended before the run: {out:?}")
}

#[test]
fn it_shows_the_bytes_of_the_site() {
    let ground = ground(0..RECIPES * 3);
    assert_eq!(ground.ccci(&["site", "public"]).code, Some(0));
    let served = Served::start(&ground);
    for (path, bytes) in files(&ground.path("public")) {
        let path = path.display().to_string();
        if path == "ccci-site.json" {
            assert_eq!(served.get(&format!("/{path}")).0, 404);
            continue;
        }
        assert!(served.get(&format!("/{path}")) == (200, bytes), "{path}");
    }
    assert_eq!(served.get("/"), served.get("/index.html"));
    let (status, body) = served.ask("HEAD", "/index.html", "");
    assert_eq!((status, body.len()), (200, 0));
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
        assert_eq!(served.ask(method, "/index.html", "").0, 405, "{method}");
    }
    let rebound = served.raw("GET / HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n");
    assert!(
        rebound.starts_with(b"HTTP/1.1 421"),
        "a name of the web that leads to this machine reads nothing"
    );
}

/// Addresses that a server of files would get wrong.
const HOSTILE: &[&str] = &[
    "/../etc/passwd",
    "/../../etc/passwd",
    "/run/../../../etc/passwd",
    "/run/../index.html",
    "/./index.html",
    "//index.html",
    "//etc/passwd",
    "/run//x.html",
    "/index.html/",
    "/index.html/..",
    "/run/",
    "/run",
    "/recipe/",
    "/%2e%2e/etc/passwd",
    "/%2e%2e%2fetc%2fpasswd",
    "/..%2f..%2fetc/passwd",
    "/%252e%252e/etc/passwd",
    "/run/..%5c..%5cetc",
    "/..\\..\\etc\\passwd",
    "/run/%00.html",
    "/index.html%00.png",
    "/index%2ehtml",
    "/%69ndex.html",
    "/INDEX.HTML",
    "/index.html;x=1",
    "/index.html%20",
    "/index.html.",
    "/~root/",
    "/.git/config",
    "/.env",
    "/ccci-site.json",
    "/events.jsonl",
    "/home/runs/index.jsonl",
    "/run/x/events.jsonl",
    "/run/events.jsonl",
    "/plan.json",
    "/proc/self/environ",
    "/file:///etc/passwd",
    "/http://example.com/",
    "/live/",
    "/live/../index.html",
    "/live/%2e%2e",
    "/live/nothing",
    "/live/*",
    "/*",
    "/?x=/etc/passwd&/../",
    "/run/..;/..;/etc",
    "/%c0%ae%c0%ae/etc/passwd",
    "/\u{202e}txt.html",
    "/<script>alert(1)</script>",
    "/run/%0d%0aSet-Cookie:x",
    "/favicon.ico",
    "/robots.txt",
    "/run/20200101-000000-000000.html",
];

#[test]
fn hostile_addresses_are_not_found_and_read_nothing() {
    let ground = ground(0..2);
    let served = Served::start(&ground);
    assert!(HOSTILE.len() >= 50);
    let nothing = ccci_report::site::missing("/");
    crate::foreign::markup::html(std::str::from_utf8(&nothing).unwrap());
    for path in HOSTILE {
        let (status, body) = served.get(path);
        // a query does not change what `/` is; what no address may hold, the parser refuses
        let expected: &[u16] = if path.starts_with("/?") { &[200] } else { &[404, 400] };
        assert!(expected.contains(&status), "{path}: {status}");
        let text = String::from_utf8_lossy(&body);
        // the same page for all, which holds nothing of the address
        assert!(status != 404 || body == nothing, "{path}: {text}");
        assert!(status != 400 || text.len() < 60, "{path}: {text}");
    }
    let odd = served
        .raw("GET http://127.0.0.1/../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(odd.starts_with(b"HTTP/1.1 404"), "{}", String::from_utf8_lossy(&odd));
    assert!(served.raw("\0\0\0\r\n\r\n").starts_with(b"HTTP/1.1 400"));
    assert_eq!(served.get("/index.html").0, 200, "it still serves");
}

#[test]
fn a_page_that_a_reader_has_is_not_sent_again_until_it_changes() {
    let served = Served::start(&ground(0..2));
    let answer = served.raw("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answer = String::from_utf8(answer).unwrap();
    let tag = answer.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an entity tag").to_string();
    let known = format!("If-None-Match: {tag}\r\n");
    assert_eq!(served.ask("GET", "/", &known), (304, vec![]));
    let (status, body) = served.ask("GET", "/compare.html", &known);
    assert!(status == 200 && !body.is_empty(), "another page");
    let run = served.begin_run(RECIPES);
    let (status, body) = served.ask("GET", &format!("/run/{}.html", run.id), &known);
    assert!([200, 404].contains(&status) && !body.is_empty(), "{status}");
}

#[test]
fn a_run_is_streamed_to_its_end_and_a_stream_goes_on_where_it_was() {
    let ground = ground(0..RECIPES);
    let served = Served::start(&ground);
    let run = served.begin_run(RECIPES);
    let overview = String::from_utf8(served.get("/").1).unwrap();
    assert!(overview.contains("In progress") && overview.contains(&run.id), "{overview}");
    let page = String::from_utf8(served.get(&format!("/run/{}.html", run.id)).1).unwrap();
    assert!(page.contains("in progress") && page.contains("data-from=\"20\""), "{page}");
    crate::foreign::markup::html(&page);
    let (first, later) = (served.follow(&run.id, ""), served.follow(&run.id, "Last-Event-ID: 30\r\n"));
    run.write(60);
    run.finish();
    let (all, rest) = (told(first), told(later));
    assert!(all.is_sorted_by(|a, b| a.0 < b.0), "positions grow");
    let from: Vec<(usize, String)> = all.iter().filter(|(at, _)| *at > 30).cloned().collect();
    assert_eq!(rest, from);
    assert!(all.len() > rest.len() && all[0].1.contains("\"step\":0"), "{:?}", all[0]);
}

#[test]
fn two_hundred_readers_cost_one_reader_of_the_file() {
    let ground = ground(0..2);
    let served = Served::start(&ground);
    let run = served.begin_run(RECIPES);
    assert_eq!(served.get("/").0, 200);
    let streams: Vec<BufReader<TcpStream>> = (0..200).map(|_| served.follow(&run.id, "")).collect();
    let mut streams: Vec<BufReader<TcpStream>> = streams
        .into_iter()
        .map(|mut stream| {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            assert!(line.contains("200"), "{line}");
            stream
        })
        .collect();
    let open = fs::read_dir(format!("/proc/{}/fd", served.child.id())).unwrap().flatten();
    let readers = open.filter(|e| fs::read_link(e.path()).is_ok_and(|to| to == run.events)).count();
    assert_eq!(readers, 1);
    run.finish();
    let first = told(streams.remove(0));
    assert!(streams.into_iter().all(|stream| told(stream) == first));
}

#[test]
fn a_run_that_was_killed_ends_its_streams() {
    let ground = ground(0..2);
    let served = Served::start(&ground);
    let run = served.begin_run(RECIPES);
    assert_eq!(served.get("/").0, 200);
    let stream = served.follow(&run.id, "");
    drop(run);
    assert!(told(stream).last().unwrap().1.contains("ended"));
}

#[test]
fn a_signal_ends_it_at_once_with_readers_connected() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let ground = ground(0..2);
        let mut served = Served::start(&ground);
        let run = served.begin_run(RECIPES);
        assert_eq!(served.get("/").0, 200);
        let _streams: Vec<BufReader<TcpStream>> = (0..5).map(|_| served.follow(&run.id, "")).collect();
        let began = Instant::now();
        kill_process(Pid::from_child(&served.child), signal).unwrap();
        assert_eq!(served.child.wait().unwrap().code(), Some(code));
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
}

#[test]
fn an_address_that_is_taken_is_said_with_what_to_do() {
    let ground = Ground::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let done = ground.ccci(&["serve", "--listen", &address]);
    assert_eq!(done.code, Some(3), "{}", done.err);
    assert!(done.err.contains(&format!("failed to listen on {address}")), "{}", done.err);
    assert!(done.err.contains("--listen ADDRESS:PORT"), "{}", done.err);
    assert_eq!(ground.ccci(&["serve", "--listen", "nonsense"]).code, Some(2));
}
