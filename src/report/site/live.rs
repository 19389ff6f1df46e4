//! The page of a run that is in progress, and what its stream says of each event. The page alone shows the state at the
//! moment it was made; a script keeps it up to date. Pure.

use super::Run;
use super::layout::{Head, page, said, when};
use crate::human;
use crate::text::span;
use ccci_model::event::{Event, What};
use ccci_model::tier::Status;
use ccci_model::verdict::Outcome;
use ccci_runner::record::Record;
use maud::{Markup, html};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The page as bytes; `record` is what is written so far.
pub(super) fn render(run: &Run, record: Option<&Record>) -> Vec<u8> {
    match record {
        Some(record) => steps(record),
        None => {
            let main =
                html! { h1 { (run.summary.recipe) } p { "What is written of this run cannot be read." } };
            page(&Head { title: run.summary.recipe.as_str(), root: "../", scripts: &[], styles: &[] }, &main)
        }
    }
}

fn steps(record: &Record) -> Vec<u8> {
    let o = &record.outcome;
    let run = o.plan.run_id.as_str();
    let subject = said(&human::subject(o));
    let mut states: BTreeMap<usize, (&str, u64)> = BTreeMap::new();
    for s in &o.steps {
        let state = if s.ended { s.status.name() } else { "now" };
        states.insert(s.step, (state, s.ms));
    }
    let over = o.steps.iter().filter(|s| s.ended).count();
    let main = html! {
        h1 { (subject) " " b.w.now { "in progress" } }
        p.lead { "Run " (run) ", began " (when(o.began_ms)) ". It has no verdict yet." }
        noscript { p { "Load the page again to see how it goes on." } }
        p { b #at { (at(o, over)) } br; progress #done aria-labelledby="at" max=(o.plan.steps.len()) value=(over) {} }
        p #said role="status" { (record.events.iter().rev().find_map(words).unwrap_or_default()) }
        section aria-labelledby="failures" {
            h2 #failures { "Failures so far" }
            ul #failed { @for e in &record.events { @if let Some(text) = failed(e) { li { (text) } } } }
            p { "None." }
        }
        section aria-labelledby="steps" {
            h2 #steps { "Steps" }
            ol.steps data-live=(run) data-from=(record.events.len()) {
                @for (n, step) in o.plan.steps.iter().enumerate() {
                    (row(n, &o.plan.title(step), states.get(&n).copied()))
                }
            }
        }
    };
    let title = format!("{subject}: in progress");
    page(&Head { title: &title, root: "../", scripts: &["live.js"], styles: &[] }, &main)
}

/// Which step it is at, in words. The script writes the same.
fn at(o: &Outcome, over: usize) -> String {
    let (now, all) = (o.steps.iter().rev().find(|s| !s.ended), o.plan.steps.len());
    match now.and_then(|s| Some((s.step, o.plan.steps.get(s.step)?))) {
        Some((n, step)) => format!("Step {} of {all}: {}", n + 1, said(&o.plan.title(step))),
        None => format!("{over} of {all} steps are over"),
    }
}

fn row(n: usize, title: &str, state: Option<(&str, u64)>) -> Markup {
    let (name, ms) = state.unwrap_or(("", 0));
    html! {
        li id={ "step-" (n) } class=(name) {
            span.title { (said(title)) } " " b.state { (name) } " "
            span.ms { @if ms > 0 { (span(ms)) } }
        }
    }
}

fn failed(e: &Event) -> Option<String> {
    match &e.what {
        What::Failed(f) => Some(said(&format!("{} (blame {}): {}", f.cause, f.blame, f.observed()))),
        _ => None,
    }
}

/// What an event says of the moment, which is nothing when a step begins or ends.
fn words(e: &Event) -> Option<String> {
    match &e.what {
        What::StepStarted { .. } | What::StepEnded { .. } => Some(String::new()),
        _ => message(e)?["said"].as_str().map(str::to_string),
    }
}

/// What the stream says of an event; `None` if the page does not show it.
pub fn message(e: &Event) -> Option<Value> {
    Some(match &e.what {
        What::StepStarted { step, .. } => json!({"step": step, "state": "now", "ms": "", "said": ""}),
        What::StepEnded { step, status, ms, .. } => {
            let time = if *status == Status::Pass || *ms > 0 { span(*ms) } else { String::new() };
            json!({"step": step, "state": status.name(), "ms": time})
        }
        What::Waiting { on, .. } => json!({"said": format!("waiting for {}", said(on))}),
        What::HookStarted { hook } => json!({"said": format!("running {}", said(hook))}),
        What::TestEnded { file, name, status, .. } => {
            json!({"said": format!("{} {}: {status}", said(file), said(name))})
        }
        What::Failed(_) => json!({"failed": failed(e)}),
        What::Stopped { by } => json!({"said": format!("stopped by {}", said(by))}),
        What::RunEnded { .. } => json!({"ended": true}),
        _ => return None,
    })
}
