//! Failures: the first cause with its evidence, the others, and what follows from them. Pure.

use super::part::{count, folded, t};
use super::{View, logs, pictures};
use crate::cause;
use crate::text::span;
use ccci_model::failure::{Evidence, FailureId, causes};
use ccci_model::plan::Held;
use ccci_model::verdict::{Occurrence, Outcome};
use ccci_runner::record::Record;
use maud::{Markup, html};

/// So many other failures are shown whole; more of them are folded.
const OPEN: usize = 3;

/// The first cause, with the decisive line of the log marked.
pub(super) fn first(view: &View<'_>) -> Option<Markup> {
    let record = view.record;
    let first = cause::first(&record.outcome)?;
    Some(html! {
        div class={ "cause " (record.outcome.verdict.name()) } {
            (failure(view, first))
            @if let Some((place, seen)) = pictures::of_the_cause(view) {
                h4 id=(place) { "What the browser showed" }
                (seen)
            }
            @if logs::are_there(view) { p { a href="#logs" { "The whole logs of the services" } } }
        }
    })
}

/// Failures after the first one, and what was not checked because of them.
pub(super) fn others(view: &View<'_>) -> Option<Markup> {
    let o = &view.record.outcome;
    let first = cause::first(o)?.failure.id;
    let rest = || o.failures.iter().filter(|x| x.failure.id != first);
    let own: Vec<&Occurrence> = rest().filter(|x| o.repeats(x).is_none()).collect();
    let follows = consequences(o, rest());
    if own.is_empty() && follows.is_empty() {
        return None;
    }
    Some(html! {
        @for x in &own {
            details.failure open[own.len() <= OPEN && !x.failure.is_error()] {
                summary { (t(&title(x))) ": " (t(&x.failure.observed())) }
                // inside, so that a link to it opens what is folded
                div id={ "failure-" (x.failure.id) } {
                    (facts(view, x))
                    @for (what, text) in evidence(x) { h3 { (t(&what)) } (text) }
                }
            }
        }
        @if !follows.is_empty() {
            (folded(&format!("Consequences: {}", follows.len()), &html! {
                ul {
                    @for (id, line) in &follows { li id=[id.map(|id| format!("failure-{id}"))] { (t(line)) } }
                }
            }))
        }
    })
}

/// What repeats an earlier failure, and tiers that were not checked because of one: a line each, with the id of the
/// failure.
fn consequences<'a>(
    o: &'a Outcome,
    rest: impl Iterator<Item = &'a Occurrence>,
) -> Vec<(Option<FailureId>, String)> {
    let again = rest.filter_map(|x| {
        let earlier = o.repeats(x)?;
        let line = format!("{} failed like: {} ({})", title(x), title(earlier), x.failure.cause);
        Some((Some(x.failure.id), line))
    });
    let tiers = o.tiers.iter().filter(|tier| cause::is_consequence(o, tier));
    let tiers = tiers.map(|tier| {
        let tests = match tier.tests.len() {
            0 => String::new(),
            n => format!(", with {}", count(n, "test")),
        };
        let why = tier.reason.as_deref().unwrap_or("it was not run");
        (None, format!("{} was not checked{tests}: {why}", tier.tier))
    });
    again.chain(tiers).collect()
}

fn title(x: &Occurrence) -> String {
    x.tier.map_or_else(|| x.during.clone(), |tier| format!("{tier}: {}", x.during))
}

/// A failure with its heading.
fn failure(view: &View<'_>, x: &Occurrence) -> Markup {
    html! {
        h3 id={ "failure-" (x.failure.id) } { (t(&title(x))) }
        (facts(view, x))
        @for (what, text) in evidence(x) { h4 { (t(&what)) } (text) }
    }
}

/// What a failure is made of.
fn facts(view: &View<'_>, x: &Occurrence) -> Markup {
    let f = &x.failure;
    let doc = causes::by_id(&f.cause).map_or("", |c| c.doc);
    let rows = [
        ("observed", f.observed()),
        ("expected", f.expected()),
        ("blame", format!("{} ({}: {doc})", f.blame, f.cause)),
        ("where", f.place.clone().unwrap_or_default()),
        ("when", x.at.map_or(String::new(), |at| format!("{} after the start", span(at.0)))),
        ("to do", f.cure().unwrap_or_default().to_string()),
    ];
    let shown = f.shown();
    let told = cause::decisive(&shown);
    html! {
        dl {
            @if f.has_log() {
                dt { "log" }
                dd { a href={ "#line-" (f.id) } { (t(told.map_or("", |d| d.text))) } }
            }
            @for (name, text) in rows.iter().filter(|r| !r.1.is_empty()) { dt { (name) } dd { (t(text)) } }
            @if let Some(place) = x.by.as_deref().and_then(|by| pictures::place(view, by)) {
                dt { "seen" }
                dd { a href={ "#" (place) } { "what the browser showed" } }
            }
        }
    }
}

/// The evidence of a failure, each piece with its name: what the app wrote, then what ccci observed.
fn evidence(x: &Occurrence) -> Vec<(String, Markup)> {
    let shown = x.failure.shown();
    let told = cause::decisive(&shown);
    let text = |(n, e): (usize, &Evidence)| {
        let text = match told.filter(|d| d.evidence == n) {
            Some(d) => marked(&e.text, d.line, x.failure.id),
            None => html! { pre tabindex="0" { (t(e.text.trim_end())) } },
        };
        (e.what.clone(), text)
    };
    let (logs, others): (Vec<_>, Vec<_>) = shown.iter().enumerate().partition(|(_, e)| e.log);
    logs.into_iter().chain(others).map(text).collect()
}

/// A log with the line that tells most.
fn marked(text: &str, line: usize, id: FailureId) -> Markup {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let (before, rest) = lines.split_at(line.min(lines.len()));
    let (told, after) = rest.split_first().map_or(("", &[][..]), |(told, after)| (*told, after));
    let part = |lines: &[&str]| lines.iter().map(|l| format!("{l}\n")).collect::<String>();
    html! {
        pre tabindex="0" { (t(&part(before))) mark id={ "line-" (id) } { (t(told)) } "\n" (t(&part(after))) }
    }
}

/// What is still on the engine, and places where the app may have left something.
pub(super) fn left(record: &Record) -> Option<Markup> {
    let o = &record.outcome;
    let list = |title: &str, all: &[Held]| {
        html! {
            @if !all.is_empty() {
                h3 { (title) }
                ul { @for h in all { li { (t(&format!("{} {}: {}", h.kind, h.name, h.by))) } } }
            }
        }
    };
    (!o.leftovers.is_empty() || !o.left_alone.is_empty()).then(|| {
        html! {
            (list("Still on the engine", &o.leftovers))
            (list("Where ccci touches nothing and the app may have left something", &o.left_alone))
        }
    })
}
