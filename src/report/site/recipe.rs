//! The page of a recipe: its verdict and since when, what changed when it turned red, its history in letters, its level
//! and durations over time, its flaky tests, and all of its runs. Pure.

use super::history::{Change, Flaky, Turn};
use super::layout::{Head, day, legend, letter, letter_of, page, run_link, said, verdict, version, when};
use super::{Recipe, Run, charts, compare};
use crate::text::span;
use ccci_model::tier::{TIERS, Tier};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// How many of the newest runs are listed.
const LISTED: usize = 100;

/// The page as bytes.
pub(super) fn render(recipe: &Recipe) -> Vec<u8> {
    let newest = recipe.newest();
    let run = &newest.summary;
    let title = format!("{}: {}, level {}", recipe.name, run.verdict.name(), run.level);
    let main = html! {
        h1 { (recipe.name) " " (verdict(newest)) }
        p.lead {
            "Level " (run.level) " of 5. The newest run began on "
            (run_link("../", newest, &when(run.began_ms))) " with " (version(newest)) (found(newest)) "."
            @if recipe.is_proposed() { " No published version of it was run, so that is what its proposed changes are." }
        }
        (bases(recipe))
        p { img src={ "../badge/" (recipe.name) ".svg" } alt={ "badge: " (run.verdict.name()) ", level " (run.level) } height="20"; }
        (proposals(recipe))
        (turned(recipe))
        (now(recipe))
        (causes(recipe))
        (history(recipe))
        (over_time(recipe))
        (flaky(recipe))
        (open(recipe))
        (all(recipe))
    };
    page(&Head { title: &title, root: "../", scripts: &[], styles: &[] }, &main)
}

/// The runs of the newest call, if it had several.
fn bases(recipe: &Recipe) -> Markup {
    let call = recipe.newest_call();
    html! {
        @if call.len() > 1 {
            p {
                "One call made " (call.len()) " runs of it, and the worst counts: "
                @for (n, run) in call.iter().enumerate() {
                    @if n > 0 { "; " }
                    (run_link("../", run, &html! { "from " (base(run)) })) " " (verdict(run))
                }
                "."
            }
        }
    }
}

/// How a proposed change was found.
fn found(run: &Run) -> Markup {
    html! { @if let Some(found) = &run.summary.facts.proposed { ", proposed (" (said(found)) ")" } }
}

/// The runs of proposed changes since the last one of a published version.
fn proposals(recipe: &Recipe) -> Markup {
    let all = recipe.proposals();
    html! {
        @if !all.is_empty() {
            section aria-labelledby="proposed" {
                h2 #proposed { "Proposed changes" }
                p { "Runs since then of what is not published. They change nothing of what this page says of the recipe." }
                ul {
                    @for run in all.iter().take(LISTED) {
                        li { (run_link("../", run, &when(run.summary.began_ms))) " " (verdict(run)) ", " (version(run)) (found(run)) (cause(run)) }
                    }
                    @if all.len() > LISTED { li { "and " (all.len() - LISTED) " older ones" } }
                }
            }
        }
    }
}

fn cause(run: &Run) -> Markup {
    html! { @if let Some(why) = &run.summary.facts.decisive { ": " (said(&why.cause)) ", blame " (why.blame.to_string()) } }
}

fn base(run: &Run) -> String {
    said(run.summary.facts.base.as_deref().unwrap_or("none"))
}

/// What changed between the last green and the first red run.
fn turned(recipe: &Recipe) -> Markup {
    let Some(Turn { first, before, .. }) = recipe.red() else { return html! {} };
    html! {
        section aria-labelledby="turned" {
            h2 #turned { "Red since " (day(first.summary.began_ms)) }
            @if let Some(why) = first.summary.facts.decisive.as_ref().filter(|_| first.withheld().is_none()) {
                p.broke { b { (said(&why.cause)) } ", blame " (why.blame.to_string()) ": " (said(&why.during)) ": " (said(&why.observed)) }
            }
            @match before {
                Some(green) => {
                    p {
                        "What changed from the " (run_link("../", green, &html! { "last green run" })) " to the "
                        (run_link("../", first, &html! { "first red one" })) ":"
                    }
                    (compare::table(green, first, "Differences of the two runs"))
                }
                None => p { "No run of it was green before." },
            }
        }
    }
}

/// What fails now, compared with the last result of each test.
fn now(recipe: &Recipe) -> Markup {
    let changes = recipe.changes();
    html! {
        @if !changes.is_empty() {
            section aria-labelledby="now" {
                h2 #now { "Tests and tiers now" }
                @for (kind, words) in Change::ALL {
                    @let of: Vec<&String> = changes.iter().filter(|(k, _)| k == kind).map(|(_, name)| name).collect();
                    @if !of.is_empty() {
                        h3 { (words) ": " (of.len()) }
                        ul { @for name in of { li { (said(name)) } } }
                    }
                }
            }
        }
    }
}

/// What ended the newest runs that are not green: a row for each cause, with its runs.
fn causes(recipe: &Recipe) -> Markup {
    let mut all: BTreeMap<String, Vec<&Run>> = BTreeMap::new();
    for run in recipe.window().into_iter().rev() {
        if let Some(why) = &run.summary.facts.decisive {
            all.entry(format!("{}, blame {}", said(&why.cause), why.blame)).or_default().push(run);
        }
    }
    let mut rows: Vec<(String, Vec<&Run>)> = all.into_iter().collect();
    rows.sort_by_key(|(_, runs)| std::cmp::Reverse(runs.len()));
    html! {
        @if rows.iter().map(|(_, runs)| runs.len()).sum::<usize>() > 1 {
            section aria-labelledby="causes" {
                h2 #causes { "What went wrong" }
                @for (cause, runs) in &rows {
                    details {
                        summary { b { (runs.len()) @if runs.len() == 1 { " run" } @else { " runs" } } ": " (cause) }
                        ul { @for run in runs { li { (run_link("../", run, &when(run.summary.began_ms))) " " (verdict(run)) ", " (version(run)) } } }
                    }
                }
            }
        }
    }
}

/// The newest runs as columns, verdict, level and tiers as rows.
fn history(recipe: &Recipe) -> Markup {
    let runs = &recipe.window();
    html! {
        section aria-labelledby="history" {
            h2 #history { @if runs.len() == 1 { "The only run" } @else { "The last " (runs.len()) " runs" } }
            div.scroll.newest role="group" aria-labelledby="history" tabindex="0" {
                table.grid {
                    thead { tr {
                        th scope="col" { "Run of" }
                        (charts::links(runs))
                    } }
                    tbody {
                        (in_calls(&recipe.window_in_calls()))
                        tr { th scope="row" { "verdict" } @for run in runs { (cell(letter(run.summary.verdict), run.summary.verdict.name())) } }
                        tr { th scope="row" { "level" } @for run in runs { td { (run.summary.level) } } }
                        @for row in TIERS {
                            tr { th scope="row" { (row.name) } @for run in runs { (tier(run, row.tier)) } }
                        }
                        tr { th scope="row" { "lint" } @for run in runs { @let s = run.summary.facts.lint; (cell(letter_of(s), s.name())) } }
                    }
                }
            }
            (legend())
        }
    }
}

/// Which of the runs one call made, if some call made several.
fn in_calls(calls: &[usize]) -> Markup {
    html! {
        @if calls.iter().any(|runs| *runs > 1) {
            tr.calls {
                th scope="row" { "one call" }
                @for runs in calls {
                    @if *runs > 1 { td colspan=(runs) { abbr title={ "one call made these " (runs) " runs" } { (runs) } } } @else { td {} }
                }
            }
        }
    }
}

fn cell(letter: &str, name: &str) -> Markup {
    html! { td class=(name) { abbr title=(name) { (letter) } } }
}

fn tier(run: &Run, tier: Tier) -> Markup {
    match run.summary.facts.tiers.iter().find(|(t, ..)| *t == tier) {
        Some((_, status, _)) => cell(letter_of(*status), status.name()),
        None => html! { td {} },
    }
}

fn over_time(recipe: &Recipe) -> Markup {
    let runs = &recipe.window();
    html! {
        section aria-labelledby="level" {
            h2 #level { "Level over time" }
            div.scroll.newest role="group" aria-labelledby="level" tabindex="0" { (charts::levels(runs)) }
        }
        section aria-labelledby="durations" {
            h2 #durations { "Where the time goes" }
            div.scroll.newest role="group" aria-labelledby="durations" tabindex="0" { (charts::durations(runs)) }
            (charts::legend())
            p { "The newest run, by phase:" }
            (charts::bars(&phases(recipe), recipe.newest().summary.total_ms, &recipe.usual()))
        }
    }
}

/// The phases of the newest run, the longest first.
fn phases(recipe: &Recipe) -> Vec<(&str, u64)> {
    let mut all: Vec<(&str, u64)> =
        recipe.newest().summary.facts.phases.iter().map(|(name, ms)| (name.as_str(), *ms)).collect();
    all.sort_by_key(|(name, ms)| (std::cmp::Reverse(*ms), *name));
    all
}

fn flaky(recipe: &Recipe) -> Markup {
    let (whole, tests) = (recipe.flaky(), recipe.flaky_tests());
    html! {
        section aria-labelledby="flaky" {
            h2 #flaky { "Is it flaky?" }
            @if whole.is_none() && tests.is_empty() {
                p { "No: neither its verdict nor a test changed often within its last " (recipe.window().len()) " runs." }
            }
            @if let Some(f) = whole { p { "Its verdict is: " (often(&f)) "." } }
            @if !tests.is_empty() {
                ul { @for (name, f) in &tests { li { (said(name)) ": " (often(f)) } } }
            }
        }
    }
}

fn often(f: &Flaky) -> String {
    let same = if f.same_inputs { ", with the same inputs at least once" } else { "" };
    let times = if f.flips == 1 { "once".into() } else { format!("{} times", f.flips) };
    format!("it changed {times} in {} runs{same}", f.of)
}

fn open(recipe: &Recipe) -> Markup {
    let never = recipe.never_proved();
    html! {
        section aria-labelledby="open" {
            h2 #open { "What is never proved" }
            @if never.is_empty() { p { "Nothing: each promise was kept by some of its last " (recipe.window().len()) " runs." } }
            @else { ul { @for what in &never { li { (said(what)) } } } }
        }
    }
}

fn all(recipe: &Recipe) -> Markup {
    let listed: Vec<(&Run, bool)> = recipe.all().rev().take(LISTED).collect();
    let more = recipe.runs.len() - listed.len();
    html! {
        section aria-labelledby="runs" {
            h2 #runs { "Runs" }
            form action="../compare.html" method="get" {
                div.scroll role="group" aria-labelledby="runs" tabindex="0" {
                    table.runs {
                        thead { tr {
                            th scope="col" { "Before" } th scope="col" { "After" }
                            th scope="col" { "Began" } th scope="col" { "Verdict" } th scope="col" { "Level" }
                            th scope="col" { "Version" } th scope="col" { "Time" } th scope="col" { "Cause" }
                        } }
                        tbody { @for (n, (run, among)) in listed.iter().enumerate() { (listed_run(n, run, *among)) } }
                    }
                }
                button { "Compare the two" }
            }
            @if more > 0 { p { (more) " older runs are not listed; each newer one links to the one before." } }
        }
    }
}

fn listed_run(n: usize, run: &Run, among: bool) -> Markup {
    let s = &run.summary;
    let id = &s.run_id;
    html! {
        tr {
            td { input type="radio" name="a" value=(id) checked[n == 1] aria-label={ "before: " (id) }; }
            td { input type="radio" name="b" value=(id) checked[n == 0] aria-label={ "after: " (id) }; }
            th scope="row" { (run_link("../", run, &when(s.began_ms))) }
            td { (verdict(run)) }
            td { (s.level) }
            td { (version(run)) @if among { span.why { "from " (base(run)) } } @if let Some(found) = &s.facts.proposed { span.why { "proposed: " (said(found)) } } }
            td.n { (span(s.total_ms)) }
            td { @if let Some(why) = &s.facts.decisive { (said(&why.cause)) } }
        }
    }
}

impl Recipe {
    /// Promises that were open in each run of the window that gave an answer, without the reasons.
    pub(super) fn never_proved(&self) -> Vec<String> {
        let promise =
            |what: &String| what.split_once(": ").map_or(what.as_str(), |(first, _)| first).to_string();
        let of = |run: &Run| run.summary.facts.not_proved.iter().map(promise).collect::<BTreeSet<String>>();
        let all = self.window().into_iter().filter(|run| run.withheld().is_none()).map(of);
        all.reduce(|a, b| a.intersection(&b).cloned().collect()).unwrap_or_default().into_iter().collect()
    }
}
