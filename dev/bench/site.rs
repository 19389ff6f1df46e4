//! What the site of ten thousand runs costs: writing it, writing it again after one more run, its size, and how soon a browser
//! shows the overview.

use super::figures::{Figures, load, span, table};
use super::paint;
use super::process::watch;
use ccci_runner::record::EVENTS;
use ccci_testkit::kept;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// How many runs of how many recipes are kept.
const RUNS: usize = 10_000;
const RECIPES: usize = 300;

/// Makes each measurement: the first build once, renewing `rounds` times.
pub(crate) fn run(rounds: usize) {
    println!("Site: {RUNS} runs of {RECIPES} recipes; load {}", load());
    let dir = tempfile::tempdir().unwrap();
    let (home, out) = (dir.path().join("home"), dir.path().join("site"));
    let kept = (0..RUNS).map(|n| keep(&home, n)).sum::<usize>();
    let mut rows = vec![];
    let mut call = |what: &str, times: usize| {
        let (mut wall, mut cpu, mut peak_kb, mut before) = (Figures::default(), Figures::default(), 0, RUNS);
        for _ in 0..times {
            if what.starts_with("one more") {
                before += 1;
                keep(&home, RUNS + before);
            }
            let mut program = Command::new(env!("CARGO_BIN_EXE_ccci"));
            program.arg("site").arg(&out).env("CCCI_HOME", &home).stdout(Stdio::null());
            let used = watch(&mut program);
            assert!(used.status.success());
            wall.add(used.wall);
            cpu.add(used.cpu);
            peak_kb = used.peak_kb.max(peak_kb);
        }
        let peak = format!("{} MB", peak_kb / 1_000);
        rows.push(vec![what.to_string(), wall.shown(), span(cpu.median()), peak, load()]);
    };
    call("first, with the index of the records", 1);
    call("nothing changed", rounds);
    call("one more run", rounds);
    table(&["what", "wall time", "processor time", "peak memory", "load"], &rows);
    let overview = fs::metadata(out.join("index.html")).unwrap().len();
    let (bytes, files) = size(&out);
    println!(
        "  records {} MB, site {} MB in {files} files (at most 200 MB)",
        kept / 1_000_000,
        bytes / 1_000_000
    );
    match paint::first(&out.join("index.html"), rounds) {
        Some(paint) => println!(
            "  overview {} kB, first contentful paint {} (at most 1 s), load {}",
            overview / 1_000,
            paint.shown(),
            load()
        ),
        None => println!(
            "  overview {} kB; without Chromium's driver its paint was not measured",
            overview / 1_000
        ),
    }
    if let Some(to) = std::env::var_os("CCCI_BENCH_KEEP") {
        let copied = Command::new("cp").arg("-r").arg(dir.path()).arg(to).status();
        assert!(copied.unwrap().success());
    }
}

/// Keeps the n-th run; returns the size of its events.
fn keep(home: &Path, n: usize) -> usize {
    let (id, events) = kept::run(n, RECIPES);
    let record = home.join("runs").join(id);
    let lines: String = events.iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
    fs::create_dir_all(&record).unwrap();
    fs::write(record.join(EVENTS), &lines).unwrap();
    lines.len()
}

/// Bytes and number of the files below a directory.
fn size(dir: &Path) -> (u64, usize) {
    let entries = fs::read_dir(dir).unwrap().flatten();
    let of = |e: fs::DirEntry| match e.metadata().unwrap() {
        facts if facts.is_dir() => size(&e.path()),
        facts => (facts.len(), 1),
    };
    entries.map(of).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
}
