//! Medians and their spread, and the tables that show them.

use std::time::Duration;

/// Several measurements of one duration.
#[derive(Default)]
pub(crate) struct Figures(Vec<Duration>);

impl Figures {
    /// Adds one.
    pub(crate) fn add(&mut self, one: Duration) {
        self.0.push(one);
        self.0.sort();
    }

    /// The median.
    pub(crate) fn median(&self) -> Duration {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }

    /// The longest.
    pub(crate) fn max(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    /// `median (least to most)`.
    pub(crate) fn shown(&self) -> String {
        let least = self.0.first().copied().unwrap_or_default();
        format!("{} ({} to {})", span(self.median()), span(least), span(self.max()))
    }
}

/// How many processes of the machine want a processor, over the last minute: figures of a busy machine are worse.
pub(crate) fn load() -> String {
    let all = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    all.split(' ').next().unwrap_or_default().to_string()
}

/// A duration in a suitable unit.
pub(crate) fn span(d: Duration) -> String {
    let us = d.as_micros();
    match us {
        0..=999 => format!("{us} µs"),
        1_000..=999_999 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

/// Ratio of two durations.
pub(crate) fn ratio(what: Duration, of: Duration) -> f64 {
    what.as_secs_f64() / of.as_secs_f64().max(1e-9)
}

/// Prints a table with columns as wide as needed.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) {
    let wide = |i: usize| {
        rows.iter().map(|r| r[i].chars().count()).chain([head[i].chars().count()]).max().unwrap_or(0)
    };
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().enumerate().map(|(i, c)| format!("{c:<w$}", w = wide(i)));
        println!("  {}", padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    line(head.to_vec());
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
}
