//! What it costs to list thousands of kept runs: by reading all of their events, by the first listing, which also
//! makes the index, and by a listing with the index.

use super::figures::{Figures, ratio, table};
use ccci_adapters::records::DirRecords;
use ccci_runner::record::index::list;
use ccci_runner::record::{EVENTS, MOST_BYTES, Record};
use std::fs;
use std::time::Instant;

/// How many runs are kept.
const RUNS: usize = 10_000;

/// Makes each measurement, `rounds` times.
pub(crate) fn run(rounds: usize) {
    println!("Records: listing {RUNS} kept runs");
    let dir = tempfile::tempdir().unwrap();
    let events = fs::read("tests/records/green.jsonl").unwrap();
    for n in 0..RUNS {
        let run = dir.path().join(format!("20260101-000000-{n:06x}"));
        fs::create_dir(&run).unwrap();
        fs::write(run.join(EVENTS), &events).unwrap();
    }
    let records = DirRecords::new(dir.path(), EVENTS, MOST_BYTES);
    let (mut all, mut first, mut again) = (Figures::default(), Figures::default(), Figures::default());
    for _ in 0..rounds {
        let began = Instant::now();
        let read = fs::read_dir(dir.path()).unwrap().flatten().filter(|e| Record::read(&e.path()).is_ok());
        assert_eq!(read.count(), RUNS);
        all.add(began.elapsed());
        let _ = fs::remove_file(dir.path().join("index.jsonl"));
        for figures in [&mut first, &mut again] {
            let began = Instant::now();
            assert_eq!(list(&records).unwrap().len(), RUNS);
            figures.add(began.elapsed());
        }
    }
    let row = |name: &str, f: &Figures| {
        vec![name.to_string(), f.shown(), format!("{:.3}", ratio(f.median(), all.median()))]
    };
    table(
        &["what", &format!("median of {rounds} (least to most)"), "against reading all"],
        &[row("read all events (rival)", &all), row("list, without an index", &first), row("list", &again)],
    );
}
