//! Where the time went: phases as bars, and every step with what it waited for. Pure.

use super::part::{count, folded, status_cell, t, table_of};
use crate::text::span;
use ccci_model::verdict::{Outcome, StepOutcome, Wait};
use ccci_runner::record::Record;
use maud::{Markup, html};

/// Steps that took at least this share of the whole run, in percent, are named.
const NOTABLE: u128 = 10;

/// Most waits of a step that are shown: the longest.
const WAITS: usize = 4;

/// The phases and hooks, and the steps folded.
pub(super) fn section(record: &Record) -> Option<Markup> {
    let o = &record.outcome;
    let phases = o.timings.phases.iter().map(|(name, ms)| ((*name).to_string(), *ms));
    let hooks = o.timings.hooks.iter().map(|(name, h)| (format!("hook {name}"), h.ms));
    let all: Vec<(String, u64)> = phases.chain(hooks).filter(|(_, ms)| *ms > 0).collect();
    let rows = html! {
        @for (name, ms) in &all {
            tr {
                th scope="row" { (t(name)) }
                td { (span(*ms)) }
                td { (bar(o, 0, *ms)) }
            }
        }
    };
    let slow = slowest(o);
    (!o.steps.is_empty()).then(|| {
        html! {
            p {
                (span(o.timings.total)) " in all"
                @if !slow.is_empty() { "; most of it: " (t(&slow.join(", "))) }
                "."
            }
            @if !all.is_empty() { (table_of(Some("phases"), "Phases and hooks", &["phase", "time", "share of the run"], &rows)) }
            (folded(&format!("{}, in order", count(o.steps.len(), "step")), &steps(o)))
        }
    })
}

fn slowest(o: &Outcome) -> Vec<String> {
    let mut all: Vec<&StepOutcome> = o.steps.iter().filter(|s| share(o, s.ms) >= NOTABLE).collect();
    all.sort_by_key(|s| std::cmp::Reverse(s.ms));
    all.iter().take(3).map(|s| format!("{} ({})", s.title, span(s.ms))).collect()
}

/// Percent of the whole run.
fn share(o: &Outcome, ms: u64) -> u128 {
    (u128::from(ms) * 100 / u128::from(o.timings.total.max(1))).min(100)
}

/// A bar from `began` on, as long as `ms`, where the whole width is the whole run. What is too short to be seen has none.
fn bar(o: &Outcome, began: u64, ms: u64) -> Markup {
    let left = share(o, began).min(99);
    let width = share(o, ms).min(100 - left);
    // no style of its own: the pages of a site forbid that
    html! {
        @if width > 0 {
            svg aria-hidden="true" { rect x={ (left) "%" } width={ (width) "%" } {} }
        }
    }
}

fn steps(o: &Outcome) -> Markup {
    let rows = html! {
        @for s in &o.steps {
            tr {
                td { (span(s.began.0)) }
                th scope="row" { (t(&s.title)) }
                (status_cell(s.status))
                td { (span(s.ms)) }
                td { @for (n, line) in found(s).iter().enumerate() { @if n > 0 { br; } (t(line)) } }
                td { (bar(o, s.began.0, s.ms)) }
            }
        }
    };
    table_of(
        Some("steps"),
        "Everything that was done",
        &["at", "step", "status", "time", "found, or waited for", "when"],
        &rows,
    )
}

/// What a step found, and its longest waits in their order.
fn found(s: &StepOutcome) -> Vec<String> {
    let mut longest: Vec<(usize, &Wait)> = s.waits.iter().enumerate().filter(|(_, w)| w.ms > 0).collect();
    longest.sort_by_key(|(_, w)| std::cmp::Reverse(w.ms));
    longest.truncate(WAITS);
    longest.sort_by_key(|(n, _)| *n);
    let waits = longest.iter().map(|(_, w)| format!("waited {} for {}", span(w.ms), w.on));
    let more = s.waits.len() - longest.len();
    let more = (more > 0).then(|| format!("shorter waits: {more}"));
    s.note.iter().cloned().chain(waits).chain(more).collect()
}
