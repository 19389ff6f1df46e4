//! What two hundred readers of `ccci serve` cost a run that goes on: the same run of `custom-html` with and without them,
//! alternately, each pair giving one ratio.

use super::figures::{Figures, load, span, table};
use super::process::watch;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Readers of the run in progress, each with a stream of its own.
const READERS: usize = 200;
/// Fewest pairs.
const PAIRS: usize = 5;

/// Measures the pairs.
pub(crate) fn run(rounds: usize) {
    let pairs = rounds.max(PAIRS);
    println!(
        "Readers: custom-html with {READERS} readers of `ccci serve`, and alone, {pairs} pairs; load {}",
        load()
    );
    let (mut alone, mut read, mut ratios, mut told) = (Figures::default(), Figures::default(), vec![], 0);
    for pair in 0..pairs {
        let mut one = [Duration::ZERO; 2];
        // who goes first alternates, so that what a run leaves warm favours neither
        for n in [pair % 2, 1 - pair % 2] {
            let home = tempfile::tempdir().unwrap();
            let served = (n == 1).then(|| Served::start(home.path()));
            one[n] = once(home.path());
            told += served.map_or(0, Served::end);
        }
        alone.add(one[0]);
        read.add(one[1]);
        ratios.push(one[1].as_secs_f64() / one[0].as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    table(
        &["what", &format!("median of {pairs} (least to most)")],
        &[vec!["alone".into(), alone.shown()], vec![format!("with {READERS} readers"), read.shown()]],
    );
    let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
    println!(
        "  ratio, median of the pairs {:.3} ({least:.3} to {most:.3}; at most 1.05)",
        ratios[ratios.len() / 2]
    );
    println!("  events that readers got {told}, {} of each run; load {}", told / pairs / READERS, load());
    println!("  medians differ by {}", span(read.median().abs_diff(alone.median())));
}

/// One run; returns its wall time.
fn once(home: &Path) -> Duration {
    let mut ccci = Command::new(env!("CARGO_BIN_EXE_ccci"));
    ccci.args(["run", "recipes/custom-html"]).env("CCCI_HOME", home).stdin(Stdio::null());
    let used = watch(ccci.stdout(Stdio::null()).stderr(Stdio::null()));
    assert!(used.status.success(), "ccci run ended with {}", used.status);
    used.wall
}

/// A server, and the thread that lets the readers follow the run as soon as there is one.
struct Served {
    child: Child,
    readers: thread::JoinHandle<usize>,
}

impl Served {
    fn start(home: &Path) -> Served {
        let mut call = Command::new(env!("CARGO_BIN_EXE_ccci"));
        call.args(["serve", "--listen", "127.0.0.1:0"]).env("CCCI_HOME", home).stdin(Stdio::null());
        let mut child = call.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_string();
        let runs = home.join("runs");
        let readers = thread::spawn(move || follow(&address, &runs));
        Served { child, readers }
    }

    /// Ends the server; returns how many events its readers got.
    fn end(mut self) -> usize {
        let told = self.readers.join().unwrap();
        let _ = self.child.kill();
        let _ = self.child.wait();
        told
    }
}

/// Lets all readers follow the only run below a directory to its end; returns how many events they got.
fn follow(address: &str, runs: &Path) -> usize {
    let began = Instant::now();
    let id = loop {
        let found = fs::read_dir(runs)
            .into_iter()
            .flatten()
            .flatten()
            .find(|e| e.path().join("events.jsonl").exists());
        if let Some(found) = found {
            break found.file_name().into_string().unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no run begins");
        thread::sleep(Duration::from_millis(20));
    };
    // the server looks for new runs every two seconds
    while !ask(address, &id).1.starts_with("HTTP/1.1 200") {
        assert!(began.elapsed() < Duration::from_secs(60), "the run cannot be followed");
        thread::sleep(Duration::from_millis(100));
    }
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let (stream, _) = ask(address, &id);
            thread::Builder::new().stack_size(128 << 10).spawn(move || events(stream)).unwrap()
        })
        .collect();
    readers.into_iter().map(|reader| reader.join().unwrap()).sum()
}

/// Asks for the stream of a run; returns it with the first line of the answer.
fn ask(address: &str, id: &str) -> (BufReader<TcpStream>, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /live/{id} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let (mut stream, mut line) = (BufReader::new(stream), String::new());
    stream.read_line(&mut line).unwrap();
    (stream, line)
}

/// Reads a stream to its end; returns how many events were in it.
fn events(mut stream: BufReader<TcpStream>) -> usize {
    let mut text = vec![];
    let _ = stream.read_to_end(&mut text);
    text.windows(5).filter(|w| w == b"data:").count()
}
