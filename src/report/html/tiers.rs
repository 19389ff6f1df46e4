//! Tiers, tests and rules: what did not pass, what is not proved, and what passed, folded with a count. Pure.

use super::part::{count, folded, status, status_cell, t, table, table_of};
use crate::cause;
use crate::plan::decided;
use crate::text::span;
use ccci_model::event::LintedRule;
use ccci_model::tier::Status;
use ccci_model::verdict::{Outcome, TestOutcome, TierOutcome};
use ccci_runner::record::Record;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Tiers that failed, or that were not checked although they were planned.
pub(super) fn open(record: &Record) -> Option<Markup> {
    let o = &record.outcome;
    let all: Vec<&TierOutcome> = o.tiers.iter().filter(|x| is_open(x)).collect();
    (!all.is_empty()).then(|| html! { @for x in all { (tier(o, x, !cause::is_consequence(o, x))) } })
}

fn is_open(x: &TierOutcome) -> bool {
    x.status == Status::Fail || (x.status == Status::Unver && !cause::is_left_out(x))
}

/// Tiers that passed, folded.
pub(super) fn passed(record: &Record) -> Option<Markup> {
    let o = &record.outcome;
    let all: Vec<&TierOutcome> = o.tiers.iter().filter(|x| x.status == Status::Pass).collect();
    (!all.is_empty()).then(|| html! { @for x in all { (tier(o, x, false)) } })
}

/// A tier: tests that did not pass, and how many did.
fn tier(o: &Outcome, x: &TierOutcome, open: bool) -> Markup {
    let name = x.tier.name();
    let (good, bad): (Vec<_>, Vec<_>) =
        x.tests.iter().enumerate().partition(|(_, test)| test.status == Status::Pass);
    let facts = [
        (x.ms > 0).then(|| span(x.ms)),
        (!x.tests.is_empty()).then(|| format!("{} of {} passed", good.len(), count(x.tests.len(), "test"))),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    html! {
        details.tier open[open] id={ "tier-" (name) } {
            summary { (status(x.status)) " " strong { (name) } " " span.faint { (facts.join(", ")) } }
            p { (o.shows(x.tier)) }
            @if let Some(reason) = &x.reason { p { (t(reason)) } }
            @if !bad.is_empty() { (tests(o, name, false, &bad)) }
            @if !good.is_empty() {
                @let rows = tests(o, name, true, &good);
                // a tier that passed is folded itself
                @if bad.is_empty() && x.status == Status::Pass { (rows) } @else {
                    (folded(&format!("{} passed", count(good.len(), "test")), &rows))
                }
            }
        }
    }
}

fn tests(o: &Outcome, tier: &str, passed: bool, all: &[(usize, &TestOutcome)]) -> Markup {
    let rows = html! {
        @for (n, x) in all {
            tr id={ "test-" (tier) "-" (n + 1) } {
                th scope="row" { (t(&x.name)) br; span.faint { (t(&x.file)) } }
                @if !passed { (status_cell(x.status)) }
                td { (span(x.ms)) }
                @if !passed { td { (why(o, x)) } }
            }
        }
    };
    match passed {
        true => table_of(Some("passes"), &format!("Tests of {tier} that passed"), &["test", "time"], &rows),
        false => {
            let columns = ["test", "status", "time", "why"];
            table_of(Some("tests"), &format!("Tests of {tier} that did not pass"), &columns, &rows)
        }
    }
}

fn why(o: &Outcome, x: &TestOutcome) -> Markup {
    match (x.failure.and_then(|id| o.failure(id)), &x.reason) {
        (Some(f), _) => html! { a href={ "#failure-" (f.id) } { (t(&f.observed())) } },
        (None, Some(reason)) => html! { (t(reason)) },
        (None, None) => html! { "it was not run" },
    }
}

/// What the run does not prove, and what was skipped by whose decision.
pub(super) fn not_proved(record: &Record) -> Option<Markup> {
    let o = &record.outcome;
    if o.not_proved.is_empty() && o.skips.is_empty() {
        return None;
    }
    let skips = html! {
        @for skip in &o.skips {
            tr { th scope="row" { (t(&skip.what)) } td.text { (t(&skip.reason)) } td { (decided(skip.decided_by)) } }
        }
    };
    Some(html! {
        @if !o.not_proved.is_empty() { ul { @for line in &o.not_proved { li { (t(line)) } } } }
        @if !o.skips.is_empty() { (table("Left out", &["what", "why", "decided by"], &skips)) }
    })
}

/// The rules of lint: those that are not satisfied, and how many are, or were not looked at.
pub(super) fn lint(record: &Record) -> Option<Markup> {
    let all = &record.outcome.lint;
    let of = |result: &str| all.iter().filter(|r| r.result == result).collect::<Vec<_>>();
    let (bad, rest) = (of("unsatisfied"), ["accepted", "not looked at", "satisfied"]);
    (!all.is_empty()).then(|| {
        html! {
            p { "An error lowers the level, never the verdict; a warning lowers nothing." }
            @if !bad.is_empty() { (rules("Rules that are not satisfied", &bad)) }
            @for result in rest {
                @let some = of(result);
                @if !some.is_empty() {
                    (folded(&format!("{result}: {}", count(some.len(), "rule")), &of_result(result, &some)))
                }
            }
        }
    })
}

/// Rules without anything to say are a list of names.
fn of_result(result: &str, all: &[&LintedRule]) -> Markup {
    if all.iter().any(|rule| !rule.findings.is_empty()) {
        return rules(&format!("Rules: {result}"), all);
    }
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for rule in all {
        names.entry(&rule.severity).or_default().push(&rule.id);
    }
    let names: Vec<String> = names.iter().map(|(kind, ids)| format!("{kind}: {}", ids.join(", "))).collect();
    html! { p { (t(&names.join("; "))) } }
}

fn rules(label: &str, all: &[&LintedRule]) -> Markup {
    let rows = html! {
        @for rule in all {
            tr {
                th scope="row" { (t(&rule.id)) }
                td { (t(&rule.severity)) }
                td.text { @for (n, line) in rule.findings.iter().enumerate() { @if n > 0 { br; } (t(line)) } }
            }
        }
    };
    table_of(Some("rules"), label, &["rule", "severity", "findings"], &rows)
}
