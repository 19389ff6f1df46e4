//! The results of a storm: one row for each fault, and what went wrong in which round.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

/// The result of one round.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// Nothing was left over.
    pub clean: bool,
    /// The exit code was the right one.
    pub exit: bool,
    /// How long the measured part took.
    pub took: Duration,
    /// What was wrong, for a reader who repeats the round.
    pub wrong: Vec<String>,
}

/// All rounds of one fault.
pub(crate) struct Row<'a> {
    /// The fault.
    pub kind: &'a str,
    /// What the times measure.
    pub timed: &'a str,
    /// The seed that repeats the rounds.
    pub seed: u64,
    /// The rounds.
    pub rounds: Vec<Round>,
}

const HEAD: &str =
    "kind                      rounds  nothing left  exit right  median s  max s  time of              seed";

impl Row<'_> {
    fn line(&self) -> String {
        let n = self.rounds.len();
        let count = |of: fn(&Round) -> bool| self.rounds.iter().filter(|r| of(r)).count();
        let mut times: Vec<f64> = self.rounds.iter().map(|r| r.took.as_secs_f64()).collect();
        times.sort_by(f64::total_cmp);
        let (median, max) = (times.get(n / 2).unwrap_or(&0.0), times.last().unwrap_or(&0.0));
        let (left, exit) =
            (format!("{} of {n}", count(|r| r.clean)), format!("{} of {n}", count(|r| r.exit)));
        let (kind, timed, seed) = (self.kind, self.timed, self.seed);
        format!("{kind:<25} {n:>6}  {left:>12}  {exit:>10}  {median:>8.1}  {max:>5.1}  {timed:<19}  {seed}")
    }

    /// Prints the row and adds it to the table that `CCCI_STORM_TABLE` names. Returns what was wrong.
    pub(crate) fn show(&self) -> String {
        let line = self.line();
        println!("{HEAD}\n{line}");
        if let Some(path) = std::env::var_os("CCCI_STORM_TABLE") {
            let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
            let new = file.metadata().unwrap().len() == 0;
            writeln!(file, "{}{line}", if new { format!("{HEAD}\n") } else { String::new() }).unwrap();
        }
        let mut wrong = String::new();
        for (n, round) in self.rounds.iter().enumerate() {
            for what in &round.wrong {
                let _ = write!(wrong, "\n{}, round {n}: {what}", self.kind);
            }
        }
        wrong
    }

    /// Shows the row, and fails if a round failed.
    pub(crate) fn tell(self) {
        let wrong = self.show();
        assert!(wrong.is_empty(), "CCCI_STORM_SEED={} plays it again:{wrong}", self.seed);
    }
}
