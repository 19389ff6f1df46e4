//! What can be typed after `ccci records`. Parsing only.

use ccci_model::time::parse_span;
use ccci_model::verdict::{VERDICTS, Verdict};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use std::time::Duration;

/// Arguments of `records`.
#[derive(Debug, Args)]
pub struct RecordsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: RecordsCommand,
}

/// What `records` does.
#[derive(Debug, Subcommand)]
pub enum RecordsCommand {
    /// List the runs that are kept, the newest first
    List(ListArgs),
    /// Show the summary of a run, and its files with their sizes
    Show {
        /// A run id, or the directory of a record; default: the newest run
        run: Option<String>,
    },
    /// Remove runs by age, number or size; say what was removed
    Prune(PruneArgs),
}

/// Arguments of `records list`.
#[derive(Debug, Default, Args)]
pub struct ListArgs {
    /// Only runs of this recipe
    #[arg(long, value_name = "NAME")]
    pub recipe: Option<String>,
    /// Only runs with this verdict: green, red, error or interrupted
    #[arg(long, value_name = "VERDICT", value_parser = verdict)]
    pub verdict: Option<Verdict>,
    /// Only runs that began since this day (`2026-01-31`, UTC), or within this time (`7d`, `12h`)
    #[arg(long, value_name = "DAY|SPAN", value_parser = since)]
    pub since: Option<Since>,
    /// How to list them
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// Since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// A day, as `2026-01-31`.
    Day(String),
    /// A time before now.
    Ago(Duration),
}

/// Formats of `records list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ListFormat {
    /// Columns for people
    #[default]
    Human,
    /// A line for each run, with tabs: id, verdict, level, recipe, version or commit
    Short,
    /// A JSON array, an object for each run
    Json,
}

/// Arguments of `records prune`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("limit").required(true).multiple(true).args(["older", "keep", "max_size"])))]
pub struct PruneArgs {
    /// Remove runs that began more than this many days ago
    #[arg(long, value_name = "DAYS")]
    pub older: Option<u32>,
    /// Of each recipe, keep only this many of the newest runs
    #[arg(long, value_name = "N")]
    pub keep: Option<usize>,
    /// Remove archives of backups, then the oldest runs, until all records have at most this size (`500M`, `2G`)
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub max_size: Option<u64>,
    /// Remove the last green run of a recipe too
    #[arg(long)]
    pub all: bool,
    /// Only print what would be removed
    #[arg(long)]
    pub dry_run: bool,
}

fn verdict(text: &str) -> Result<Verdict, String> {
    let known: Vec<&str> = VERDICTS.iter().map(|v| v.1).collect();
    let found = VERDICTS.iter().find(|v| v.1 == text).map(|v| v.0);
    found.ok_or_else(|| format!("no verdict is called `{text}`; there are {}", known.join(", ")))
}

fn since(text: &str) -> Result<Since, String> {
    let digits = |part: Option<&str>, n: usize| {
        part.is_some_and(|p| p.len() == n && p.chars().all(|c| c.is_ascii_digit()))
    };
    let mut parts = text.splitn(3, '-');
    if digits(parts.next(), 4) && digits(parts.next(), 2) && digits(parts.next(), 2) {
        return Ok(Since::Day(text.to_string()));
    }
    let days = text.strip_suffix('d').and_then(|n| n.parse::<u32>().ok());
    let span = days.map(|n| Duration::from_secs(u64::from(n) * 86_400)).or_else(|| parse_span(text));
    span.map(Since::Ago)
        .ok_or_else(|| format!("`{text}` is neither a day nor a duration; write `2026-01-31`, `7d` or `12h`"))
}

fn bytes(text: &str) -> Result<u64, String> {
    let units = [("K", 10), ("M", 20), ("G", 30), ("T", 40), ("", 0)];
    let read = units.iter().find_map(|(unit, shift)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(1 << shift)
    });
    read.ok_or_else(|| {
        format!("`{text}` is no size; write a number of bytes, or one with K, M, G or T, like `500M`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_days_are_read_and_others_are_refused() {
        assert_eq!(["0", "500", "2K", "3G"].map(|t| bytes(t).unwrap()), [0, 500, 2_048, 3 << 30]);
        for bad in ["", "G", "-1", "1.5G", "5GB", "99999999T"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
        assert_eq!(since("2026-01-31"), Ok(Since::Day("2026-01-31".into())));
        assert_eq!(since("2d"), Ok(Since::Ago(Duration::from_secs(172_800))));
        assert_eq!(since("90m"), Ok(Since::Ago(Duration::from_secs(5_400))));
        for bad in ["", "7", "yesterday", "2026-1-31", "2026-01-3x"] {
            assert!(since(bad).is_err(), "{bad}");
        }
    }
}
