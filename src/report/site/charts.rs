//! Charts as SVG without script. Everything that a chart shows stands as text next to it or in its titles. Pure.

use super::Run;
use super::layout::run_link;
use super::usual::Usual;
use crate::text::span;
use ccci_model::tier::TIERS;
use ccci_model::time::utc_rfc3339;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Width of a run in a chart, and the heights of a level and of the whole duration chart, in px.
const STEP: usize = 20;
const LEVEL: usize = 18;
const TALL: u64 = 140;
/// Width of the space for the scale on the left.
const SCALE: usize = 34;

/// The level of each run, the oldest on the left.
pub(super) fn levels(runs: &[&Run]) -> Markup {
    let (wide, high) = (SCALE + runs.len() * STEP + 4, 5 * LEVEL + 16);
    let y = |level: u8| 8 + (5 - usize::from(level.min(5))) * LEVEL;
    let x = |n: usize| SCALE + n * STEP + STEP / 2;
    let points: Vec<String> =
        runs.iter().enumerate().map(|(n, run)| format!("{},{}", x(n), y(run.summary.level))).collect();
    let list: Vec<String> = runs.iter().map(|run| run.summary.level.to_string()).collect();
    let label = format!("Level over time, the newest last: {}", list.join(", "));
    html! {
        svg.chart role="img" aria-label=(label) width=(wide) height=(high) viewBox={ "0 0 " (wide) " " (high) } {
            @for level in 0..=5u8 {
                line.rule x1=(SCALE) y1=(y(level)) x2=(wide - 4) y2=(y(level)) {}
                text x=(SCALE - 8) y=(y(level) + 4) text-anchor="end" { (level) }
            }
            polyline.line points=(points.join(" ")) {}
            @for (n, run) in runs.iter().enumerate() {
                circle class={ "dot " (run.summary.verdict.name()) } cx=(x(n)) cy=(y(run.summary.level)) r="4" {
                    title { (tip(run)) ", level " (run.summary.level) }
                }
            }
        }
    }
}

fn tip(run: &Run) -> String {
    let full = utc_rfc3339(run.summary.began_ms);
    format!("{} {}", full.get(..10).unwrap_or(&full), run.summary.verdict.name())
}

/// How long each run took, by tier; what belongs to no tier is on top.
pub(super) fn durations(runs: &[&Run]) -> Markup {
    let longest = runs.iter().map(|run| run.summary.total_ms).max().unwrap_or(0).max(1);
    let (wide, high) = (SCALE + runs.len() * STEP + 4, TALL + 16);
    let px = |ms: u64| u64::try_from(u128::from(ms) * u128::from(TALL) / u128::from(longest)).unwrap_or(TALL);
    let list: Vec<String> = runs.iter().map(|run| span(run.summary.total_ms)).collect();
    let label = format!("Duration of each run, the newest last: {}", list.join(", "));
    html! {
        svg.chart role="img" aria-label=(label) width=(wide) height=(high) viewBox={ "0 0 " (wide) " " (high) } {
            @for part in [0, 1, 2] {
                line.rule x1=(SCALE) y1=(8 + part * TALL / 2) x2=(wide - 4) y2=(8 + part * TALL / 2) {}
                text x=(SCALE - 4) y=(12 + part * TALL / 2) text-anchor="end" { (short(longest * (2 - part) / 2)) }
            }
            @for (n, run) in runs.iter().enumerate() {
                @for (class, name, ms, below) in stack(run) {
                    @let top = px(below.saturating_add(ms)).min(TALL);
                    rect class={ "t-" (class) } x=(SCALE + n * STEP + 3) y=(8 + TALL - top)
                        width=(STEP - 6) height=(top - px(below).min(top)) { title { (tip(run)) ": " (name) " " (span(ms)) } }
                }
            }
        }
    }
}

/// What the colours of the durations mean.
pub(super) fn legend() -> Markup {
    html! {
        ul.legend {
            @for row in TIERS { li { span class={ "key t-" (row.name) } {} (row.name) } }
            li { span.key.t-rest {} "before and after the tiers" }
        }
    }
}

/// Class, name and duration of each part of a run, and the time below it.
fn stack(run: &Run) -> Vec<(&'static str, &'static str, u64, u64)> {
    let mut below: u64 = 0;
    let mut out = vec![];
    for (tier, _, ms) in &run.summary.facts.tiers {
        out.push((tier.name(), tier.name(), *ms, below));
        below = below.saturating_add(*ms);
    }
    out.push(("rest", "before and after the tiers", run.summary.total_ms.saturating_sub(below), below));
    out.retain(|part| part.2 > 0);
    out
}

fn short(ms: u64) -> String {
    match ms {
        0 => "0".into(),
        1..=59_999 => format!("{}s", ms / 1_000),
        60_000..=3_599_999 => format!("{}m", ms / 60_000),
        _ => format!("{}h", ms / 3_600_000),
    }
}

/// A table with a bar for each row, as wide as its share, and with what is usual, if something is.
pub(super) fn bars(rows: &[(&str, u64)], total: u64, usual: &BTreeMap<&str, Usual>) -> Markup {
    let known: u64 = rows.iter().map(|(_, ms)| *ms).sum();
    let rest = [("everything else", total.saturating_sub(known))];
    let rows = rows.iter().chain(rest.iter().filter(|(_, ms)| *ms > 0));
    let share = |ms: u64| (u128::from(ms) * 100 / u128::from(total.max(1))).min(100);
    html! {
        div.scroll role="group" aria-label="Time by phase" tabindex="0" {
            table.bars {
                thead { tr {
                    th scope="col" { "Phase" } th scope="col" { "Time" } th scope="col" { "Share" }
                    @if !usual.is_empty() { th scope="col" { "Usually" } }
                } }
                tbody {
                    @for (name, ms) in rows {
                        tr {
                            th scope="row" { (name) }
                            td.n { (span(*ms)) }
                            td {
                                svg.bar width="100" height="10" aria-hidden="true" { rect width=(share(*ms)) height="10" {} }
                                " " (share(*ms)) "%"
                            }
                            @if !usual.is_empty() { td { @if let Some(usual) = usual.get(name) { (range(usual, *ms)) } } }
                        }
                    }
                }
            }
        }
    }
}

/// What is usual, and how a time stands to it.
pub(super) fn range(usual: &Usual, ms: u64) -> Markup {
    html! {
        (span(usual.low)) " to " (span(usual.high))
        @if let Some(words) = usual.judge(ms) { " " span.mark { (words) } }
    }
}

/// Links to the runs of a chart, for those who cannot point at it.
pub(super) fn links(runs: &[&Run]) -> Markup {
    html! {
        @for (n, run) in runs.iter().enumerate() {
            th.run scope="col" { (run_link("../", run, &html! { span.v { (tip(run).get(..10).unwrap_or_default()) } span.vh { " run " (n + 1) } })) }
        }
    }
}
