//! What the overview says first: which recipes turned red or green with their last run, which are still red, and about
//! which there is no answer. Recipes with the same cause are one row. Pure.

use super::history::Turn;
use super::layout::{day, run_link, said};
use super::overview::Row;
use super::{Recipe, Run};
use ccci_model::verdict::Verdict;
use ccci_runner::record::facts::Decisive;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// So many recipes with the same cause are one row, which unfolds.
const FOLDED: usize = 3;

/// How a recipe is, compared with its run before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its last run turned it red.
    NewlyRed,
    /// It was red before its last run, or was never green.
    StillRed,
    /// Its last run turned it green.
    NewlyGreen,
}

impl Standing {
    /// Its name in an address and in words.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Standing::NewlyRed => ("new-red", "newly red"),
            Standing::StillRed => ("still-red", "still red"),
            Standing::NewlyGreen => ("new-green", "newly green"),
        }
    }
}

impl Recipe {
    /// How it is, compared with its run before; none if it is green as it was, or nothing is known. What was not tried
    /// for long is not new.
    pub(super) fn standing(&self, newest_ms: u64) -> Option<Standing> {
        let turn = self.turn()?;
        let new = turn.before.is_some() && turn.is_new() && !self.is_stale(newest_ms);
        match (turn.first.summary.verdict, new) {
            (Verdict::Red, true) => Some(Standing::NewlyRed),
            (Verdict::Red, false) => Some(Standing::StillRed),
            (_, true) => Some(Standing::NewlyGreen),
            (_, false) => None,
        }
    }
}

/// The sections.
pub(super) fn sections(rows: &[Row<'_>]) -> Markup {
    let of = |standing: Standing| rows.iter().filter(move |row| row.standing == Some(standing));
    let turned =
        |standing| of(standing).filter_map(|row| Some(Told::turned(row, row.recipe.turn()?))).collect();
    let open = rows.iter().filter(|row| row.states.contains(&"error")).map(|row| {
        let run = row.recipe.newest();
        Told { row, run, turn: None }
    });
    html! {
        (section("new-red", "Newly red", &turned(Standing::NewlyRed)))
        (section("still-red", "Still red", &turned(Standing::StillRed)))
        (section("new-green", "Newly green", &turned(Standing::NewlyGreen)))
        (section("open", "No answer", &open.collect()))
    }
}

/// A recipe in one of the sections.
struct Told<'a> {
    row: &'a Row<'a>,
    /// The run whose cause is told.
    run: &'a Run,
    turn: Option<Turn<'a>>,
}

impl<'a> Told<'a> {
    fn turned(row: &'a Row<'a>, turn: Turn<'a>) -> Told<'a> {
        Told { row, run: turn.last, turn: Some(turn) }
    }

    fn why(&self) -> Option<&'a Decisive> {
        self.run.summary.facts.decisive.as_ref()
    }

    /// What makes it one of several with the same cause.
    fn cause(&self) -> Option<String> {
        self.why().map(|why| format!("{}, blame {}", said(&why.cause), why.blame))
    }
}

fn section(id: &str, title: &str, all: &Vec<Told<'_>>) -> Markup {
    html! {
        @if !all.is_empty() {
            section aria-labelledby=(id) {
                h2 id=(id) { (title) ": " (all.len()) }
                ul.red-now {
                    @for (cause, of) in by_cause(all) {
                        @match cause {
                            Some(cause) if of.len() >= FOLDED => li {
                                details { summary { b { (of.len()) " recipes" } ": " (cause) } ul { @for one in of { li { (line(one)) } } } }
                            },
                            _ => @for one in of { li { (line(one)) } },
                        }
                    }
                }
            }
        }
    }
}

/// Those with the same cause together: first what concerns most, then in their order.
fn by_cause<'a, 'b>(all: &'b [Told<'a>]) -> Vec<(Option<String>, Vec<&'b Told<'a>>)> {
    let mut groups: BTreeMap<Option<String>, (usize, Vec<&Told<'_>>)> = BTreeMap::new();
    for (n, one) in all.iter().enumerate() {
        groups.entry(one.cause()).or_insert((n, vec![])).1.push(one);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    let folded = |of: &Vec<&Told<'_>>| if of.len() >= FOLDED { of.len() } else { 0 };
    groups.sort_by_key(|(_, (n, of))| (std::cmp::Reverse(folded(of)), *n));
    groups.into_iter().map(|(cause, (_, of))| (cause, of)).collect()
}

fn line(told: &Told<'_>) -> Markup {
    let name = &told.row.recipe.name;
    let red = told.turn.is_none_or(|turn| turn.first.summary.verdict == Verdict::Red);
    html! {
        a href={ "recipe/" (name) ".html" } { b { (name) } }
        @match told.turn {
            Some(turn) => { " since " (run_link("", turn.first, &day(turn.first.summary.began_ms))) (before(&turn)) },
            None => { ", run of " (run_link("", told.run, &day(told.run.summary.began_ms))) },
        }
        @if let Some(why) = told.why().filter(|_| red) {
            span.why {
                (said(&why.cause)) ", blame " (why.blame.to_string())
                @if !why.observed.is_empty() { ": " (said(&why.observed)) }
            }
        }
    }
}

fn before(turn: &Turn<'_>) -> Markup {
    let (was, never) = match turn.first.summary.verdict {
        Verdict::Red => (", last green ", ", never green"),
        _ => (", last red ", ""),
    };
    html! {
        @match turn.before {
            Some(run) => { (was) (run_link("", run, &day(run.summary.began_ms))) },
            None => (never),
        }
    }
}
