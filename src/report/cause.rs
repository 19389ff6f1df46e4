//! The first cause of a run, what follows from it, and the line of a log that tells most. Pure.

use ccci_model::event::DecidedBy;
use ccci_model::failure::Evidence;
use ccci_model::tier::Status;
use ccci_model::verdict::{Occurrence, Outcome, TierOutcome, Verdict};

/// The failure that a reader has to know first: of a red run the first that made it red, else the first of all.
pub(crate) fn first(o: &Outcome) -> Option<&Occurrence> {
    let decides = |t: &&Occurrence| o.verdict != Verdict::Red || !t.failure.is_error();
    o.failures.iter().find(decides).or(o.failures.first())
}

/// Whether a tier was not checked only because of what failed before it.
pub(crate) fn is_consequence(o: &Outcome, t: &TierOutcome) -> bool {
    t.status == Status::Unver && t.decided_by.is_none() && o.failures.iter().all(|x| x.tier != Some(t.tier))
}

/// Whether a tier was left out or not checked by the decision of somebody, and not by a failure.
pub(crate) fn is_left_out(t: &TierOutcome) -> bool {
    t.decided_by.is_some_and(|by| by != DecidedBy::Earlier)
}

/// Words that a line of a log has which tells why a program ended.
const DECISIVE: &[&str] = &[
    "fatal",
    "panic",
    "error",
    "exception",
    "cannot",
    "could not",
    "failed",
    "denied",
    "not found",
    "no such",
];

/// A line of a log among the evidence of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogLine<'a> {
    /// The place of its evidence.
    pub evidence: usize,
    /// The number of the line in the text, from 0.
    pub line: usize,
    /// The line.
    pub text: &'a str,
}

/// The line of logs that most likely tells the cause: the last one with a word that programs end with, or else the last one.
pub(crate) fn decisive(all: &[Evidence]) -> Option<LogLine<'_>> {
    let logs = all.iter().enumerate().filter(|(_, e)| e.log);
    let lines: Vec<LogLine<'_>> = logs
        .flat_map(|(evidence, e)| {
            e.text.lines().enumerate().map(move |(line, text)| LogLine { evidence, line, text: text.trim() })
        })
        .filter(|l| !l.text.is_empty())
        .collect();
    let tells = |l: &&LogLine<'_>| {
        let text = l.text.to_lowercase();
        DECISIVE.iter().any(|word| text.contains(word))
    };
    lines.iter().rev().find(tells).or(lines.last()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(all: &[(&str, bool)]) -> Vec<Evidence> {
        all.iter().map(|(text, log)| Evidence { what: "x".into(), text: (*text).into(), log: *log }).collect()
    }

    #[test]
    fn the_last_line_of_a_log_that_tells_of_an_end_is_the_decisive_one() {
        let all = evidence(&[("error: not a log", false), ("a\n  FATAL: no database\nbye\n", true)]);
        let told = decisive(&all).unwrap();
        assert_eq!((told.evidence, told.line, told.text), (1, 1, "FATAL: no database"));
        let all = evidence(&[("starting\n\nready\n\n", true)]);
        assert_eq!(decisive(&all).map(|l| (l.line, l.text)), Some((2, "ready")));
        assert_eq!(decisive(&evidence(&[("\n \n", true), ("error", false)])), None);
    }
}
