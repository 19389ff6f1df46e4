//! The overview: the newest run of each recipe, what is red and since when, what is flaky or was not tried for long,
//! what is never proved, and where the time goes. Pure.

use super::history::Turn;
use super::layout::{Head, day, page, run_link, said, shot, strip, verdict, version, when};
use super::now::{self, Standing};
use super::{Recipe, Run};
use crate::text::span;
use ccci_model::verdict::Verdict;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// How many verdicts a row shows.
const LETTERS: usize = 12;
/// How many recipes are named for one promise.
const NAMED: usize = 12;
/// How many promises are shown.
const PROMISES: usize = 60;

/// What a row is found by.
pub(super) struct Row<'a> {
    pub recipe: &'a Recipe,
    pub standing: Option<Standing>,
    red: Option<Turn<'a>>,
    pub states: Vec<&'static str>,
}

/// The states by which the table is filtered, each with its words.
const STATES: &[(&str, &str)] = &[
    ("red", "red"),
    ("new-red", "newly red"),
    ("still-red", "still red"),
    ("new-green", "newly green"),
    ("error", "no answer"),
    ("green", "green"),
    ("part", "red in part"),
    ("flaky", "flaky"),
    ("stale", "stale"),
    ("proposed", "proposed"),
];

/// The states that are counted also if no recipe is in them.
const ALWAYS: &[&str] = &["red", "green"];

/// The page as bytes.
pub(super) fn render(recipes: &[Recipe], going: &[Run]) -> Vec<u8> {
    let newest_ms = recipes.iter().map(|r| r.newest().summary.began_ms).max().unwrap_or(0);
    let mut rows: Vec<Row<'_>> = recipes.iter().map(|recipe| row(recipe, newest_ms)).collect();
    // what asks for work first: what is new, then the longest red one
    let rank = |row: &Row<'_>| match (&row.red, row.standing, row.recipe.newest().summary.verdict) {
        (Some(_), Some(Standing::NewlyRed), _) => (0, 0),
        (Some(turn), ..) => (1, turn.first.summary.began_ms),
        (None, _, Verdict::Green) => (3, 0),
        (None, ..) => (2, 0),
    };
    rows.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.recipe.name.cmp(&b.recipe.name)));
    let red = rows.iter().filter(|row| row.red.is_some()).count();
    let title = format!("{} recipes, {red} red", rows.len());
    let main = html! {
        h1 { "Recipes" }
        (summary(&rows, newest_ms))
        (in_progress(going))
        (now::sections(&rows))
        @if !rows.is_empty() {
            (table(&rows))
            (unproved(recipes))
            (time(recipes))
        }
    };
    page(&Head { title: &title, root: "", scripts: &[], styles: &[] }, &main)
}

fn row(recipe: &Recipe, newest_ms: u64) -> Row<'_> {
    let red = recipe.red();
    let newest = recipe.newest().summary.verdict;
    let mut states = vec![];
    if red.is_some() {
        states.push("red");
    }
    if matches!(newest, Verdict::Error | Verdict::Interrupted) {
        states.push("error");
    } else if newest == Verdict::Green && red.is_none() {
        states.push("green");
    } else if red.is_none() {
        states.push("part");
    }
    let standing = recipe.standing(newest_ms);
    states.extend(standing.map(|s| s.names().0));
    if recipe.flaky().is_some() {
        states.push("flaky");
    }
    if recipe.is_stale(newest_ms) {
        states.push("stale");
    }
    if recipe.is_proposed() || !recipe.proposals().is_empty() {
        states.push("proposed");
    }
    Row { recipe, standing, red, states }
}

fn summary(rows: &[Row<'_>], newest_ms: u64) -> Markup {
    let count = |state: &str| rows.iter().filter(|row| row.states.contains(&state)).count();
    html! {
        @if rows.is_empty() {
            p { "No run is kept yet; `ccci run` makes one." }
        } @else {
            ul.counts aria-label="How many recipes are" {
                @for (state, words) in STATES.iter().filter(|(state, _)| count(state) > 0 || ALWAYS.contains(state)) {
                    li { a href={ "?state=" (state) "#all" } { b class={ "w " (state) } { (count(state)) } " " (words) } }
                }
            }
            p.faint { "The newest run began on " (day(newest_ms)) "." }
            details.faint {
                summary { "What these words mean" }
                "Stale is what was not tried in the two weeks before the newest run. "
                "Red in part is what failed in a run of some tiers or tests, and is not red as a whole. "
                "Flaky is what gave different answers to the same inputs, or changed its answer three times in its last 30 runs. "
                "Newly red or green is what its last run changed. Proposed is what was run after that as a change that is not "
                "published, such as a branch: it changes nothing of what is said of the recipe, unless no published version was run."
            }
        }
    }
}

fn in_progress(going: &[Run]) -> Markup {
    html! {
        @if !going.is_empty() {
            section aria-labelledby="going" {
                h2 #going { "In progress" }
                ul.going {
                    @for run in going {
                        @let s = &run.summary;
                        li { (run_link("", run, &html! { (s.recipe) " " (version(run)) })) ", run " (s.run_id) " since " (when(s.began_ms)) }
                    }
                }
            }
        }
    }
}

fn table(rows: &[Row<'_>]) -> Markup {
    let pictures = rows.iter().any(|row| row.recipe.newest().picture().is_some());
    html! {
        section aria-labelledby="all" {
            h2 #all tabindex="-1" { "All recipes" }
            form.filter role="search" hidden {
                label for="q" { "Search " input #q name="q" type="search" autocomplete="off"; }
                label for="state" {
                    "Show "
                    select #state name="state" {
                        option value="" { "all" }
                        @for (state, words) in STATES { option value=(state) { (words) } }
                    }
                }
                output #count for="q state" {}
            }
            div.scroll role="group" aria-labelledby="all" tabindex="0" {
                table.sortable #recipes {
                    thead { tr {
                        th scope="col" { "Recipe" }
                        th scope="col" { "Verdict" }
                        th scope="col" { "Level" }
                        th.extra scope="col" { "Version" }
                        th scope="col" { "Newest run" }
                        th.extra scope="col" { "Blame" }
                        th.extra scope="col" { "Last runs" }
                        @if pictures { th.extra scope="col" { "Picture" } }
                    } }
                    tbody { @for row in rows { (table_row(row, pictures)) } }
                }
            }
        }
    }
}

fn table_row(row: &Row<'_>, pictures: bool) -> Markup {
    let newest = row.recipe.newest();
    let run = &newest.summary;
    let has = |state: &str| row.states.contains(&state);
    let new = has("new-red") || has("new-green");
    let marks = [
        ("new", new),
        ("flaky", has("flaky")),
        ("stale", has("stale")),
        ("proposed", row.recipe.is_proposed()),
    ];
    html! {
        tr data-states=(row.states.join(" ")) {
            th scope="row" { a href={ "recipe/" (row.recipe.name) ".html" } { (row.recipe.name) } }
            td { (verdict(newest)) @for (mark, _) in marks.iter().filter(|m| m.1) { " " span.mark { (mark) } } }
            td { (run.level) }
            td.extra { (version(newest)) }
            td { (run_link("", newest, &day(run.began_ms))) (proposal(row.recipe)) }
            td.extra { @if let Some(why) = &run.facts.decisive { (why.blame.to_string()) } }
            td.extra { (strip(row.recipe, LETTERS)) }
            @if pictures { td.extra { (shot("", newest)) } }
        }
    }
}

/// The newest run of a proposed change after the last one of a published version.
fn proposal(recipe: &Recipe) -> Markup {
    html! {
        @if let Some(run) = recipe.proposals().first() {
            span.why { "proposed: " (run_link("", run, &day(run.summary.began_ms))) " " (verdict(run)) }
        }
    }
}

/// Promises that no run of the window kept, by their words without the reason.
fn unproved(recipes: &[Recipe]) -> Markup {
    let mut never: BTreeMap<String, Vec<&Recipe>> = BTreeMap::new();
    for recipe in recipes {
        for promise in recipe.never_proved() {
            never.entry(promise).or_default().push(recipe);
        }
    }
    let mut rows: Vec<(String, Vec<&Recipe>)> = never.into_iter().collect();
    rows.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let more = rows.len().saturating_sub(PROMISES);
    html! {
        section aria-labelledby="unproved" {
            h2 #unproved tabindex="-1" { "What is never proved" }
            p.faint { "Promises that were open in each of the last 30 runs of a recipe." }
            @if rows.is_empty() { p { "Nothing: each promise was kept by some run." } }
            ul {
                @for (promise, of) in rows.iter().take(PROMISES) {
                    li {
                        (said(promise)) ": " (of.len()) @if of.len() == 1 { " recipe: " } @else { " recipes: " }
                        @for (n, recipe) in of.iter().take(NAMED).enumerate() {
                            @if n > 0 { ", " }
                            a href={ "recipe/" (recipe.name) ".html" } { (recipe.name) }
                        }
                        @if of.len() > NAMED { " and " (of.len() - NAMED) " more" }
                    }
                }
                @if more > 0 { li { "and " (more) " more promises" } }
            }
        }
    }
}

/// The time of the newest run of each recipe, by phase and by recipe.
fn time(recipes: &[Recipe]) -> Markup {
    let mut phases: BTreeMap<&str, u64> = BTreeMap::new();
    let mut total: u64 = 0;
    let mut slow: BTreeSet<(u64, usize)> = BTreeSet::new();
    for (n, recipe) in recipes.iter().enumerate() {
        let run = &recipe.newest().summary;
        total = total.saturating_add(run.total_ms);
        slow.insert((run.total_ms, n));
        for (name, ms) in &run.facts.phases {
            let all = phases.entry(name).or_default();
            *all = all.saturating_add(*ms);
        }
    }
    let mut phases: Vec<(&str, u64)> = phases.into_iter().collect();
    phases.sort_by_key(|(name, ms)| (std::cmp::Reverse(*ms), *name));
    html! {
        section aria-labelledby="time" {
            h2 #time tabindex="-1" { "Where the time goes" }
            p { "The newest runs of all recipes took " (span(total)) " together." }
            (super::charts::bars(&phases, total, &BTreeMap::new()))
            (slower(recipes))
            h3 { "The slowest" }
            ol {
                @for (ms, n) in slow.iter().rev().take(10) {
                    li { a href={ "recipe/" (recipes[*n].name) ".html" } { (recipes[*n].name) } " " (span(*ms)) }
                }
            }
        }
    }
}

/// Phases of the newest runs that took longer than usual, by how much they did.
fn slower(recipes: &[Recipe]) -> Markup {
    let of = |recipe: &'_ Recipe| {
        let all = recipe.slower();
        all.into_iter()
            .map(|(name, ms, usual)| (ms - usual.median, name.to_string(), ms, usual))
            .collect::<Vec<_>>()
    };
    let mut all: Vec<_> =
        recipes.iter().flat_map(|recipe| of(recipe).into_iter().map(move |slow| (recipe, slow))).collect();
    all.sort_by_key(|(recipe, (by, name, ..))| (std::cmp::Reverse(*by), recipe.name.clone(), name.clone()));
    html! {
        h3 { "Slower than usual" }
        p.faint {
            "Phases outside of the usual spread: three times the middle half of up to 30 runs, of which at least ten were green."
        }
        @if all.is_empty() { p { "Nothing." } }
        ul {
            @for (recipe, (_, name, ms, usual)) in all.iter().take(NAMED) {
                li {
                    a href={ "recipe/" (recipe.name) ".html" } { (recipe.name) } ": " (name) " took " (span(*ms))
                    ", usually " (span(usual.low)) " to " (span(usual.high))
                }
            }
            @if all.len() > NAMED { li { "and " (all.len() - NAMED) " more" } }
        }
    }
}
