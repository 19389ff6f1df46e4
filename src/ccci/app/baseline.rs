//! A baseline: findings that a project has now and means to mend later. It is a text file with one line for each, which
//! people can read and review. Pure.

use ccci_model::diag::{Diagnostic, render};
use ccci_report::findings::fingerprints;
use std::collections::BTreeSet;

/// First line of every baseline.
const HEAD: &str = "# findings that `ccci check --baseline` does not tell; renew with --write-baseline";

/// Result of comparing findings with a baseline.
pub struct Compared {
    /// Findings that the baseline does not have.
    pub new: Vec<Diagnostic>,
    /// How many findings it has.
    pub known: usize,
    /// How many of its findings no longer occur.
    pub gone: usize,
}

/// The baseline of these findings, as text.
pub fn write(all: &[Diagnostic]) -> String {
    let mut lines: Vec<String> = fingerprints(all)
        .iter()
        .zip(all)
        .map(|(print, d)| format!("{print}  {}\n", render::one_line(d)))
        .collect();
    lines.sort();
    format!("{HEAD}\n{}", lines.concat())
}

/// Compares findings with a baseline. The error is the number of a line that is none of a baseline.
pub fn compare(all: Vec<Diagnostic>, baseline: &str) -> Result<Compared, usize> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for (n, line) in baseline.lines().enumerate() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let print = line.split(' ').next().unwrap_or_default();
        if print.len() != 64 || !print.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(n + 1);
        }
        known.insert(print);
    }
    let prints = fingerprints(&all);
    let found: BTreeSet<&str> = prints.iter().map(String::as_str).collect();
    let gone = known.difference(&found).count();
    let is_new = |print: &String| !known.contains(print.as_str());
    let new: Vec<Diagnostic> =
        prints.iter().zip(&all).filter(|(print, _)| is_new(print)).map(|(_, d)| d.clone()).collect();
    Ok(Compared { known: all.len() - new.len(), new, gone })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::diag::codes;

    fn finding(message: &str) -> Diagnostic {
        Diagnostic::new(codes::UNUSED_VARIABLE, message)
    }

    #[test]
    fn what_the_baseline_has_is_not_new_and_what_is_gone_is_counted() {
        let baseline = write(&[finding("a"), finding("b")]);
        let compared = compare(vec![finding("b"), finding("c")], &baseline).ok().unwrap();
        assert_eq!(compared.new, [finding("c")]);
        assert_eq!((compared.known, compared.gone), (1, 1));
        assert_eq!(compare(vec![], "# x\nnonsense\n").err(), Some(2));
    }
}
