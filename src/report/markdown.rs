//! Markdown for comments and job summaries of forges: the verdict first, details folded. Pure.

use super::human;
use super::markup::{fenced, inline, inline_html};
use super::plan::decided;
use super::styled::{Style, StyledText};
use super::text::span;
use ccci_model::tier::{RUNGS, Status};
use ccci_model::verdict::{Occurrence, Outcome, TierOutcome};
use ccci_runner::record::Record;
use std::fmt::Write;

/// Most lines shown for one piece of evidence; a comment may have at most 64 kB.
const EVIDENCE_LINES: usize = 30;

/// Where to look further. These are names and no links: in a comment or a job summary, where most people read this, a link
/// to a file of the record would lead nowhere.
const BESIDE: &str =
    "Its record also has `report.html`, a page with everything, and `card.png`, a picture of the result.";

/// The Markdown as bytes.
pub fn render(record: &Record) -> Vec<u8> {
    let o = &record.outcome;
    let mut out = String::new();
    let _ = writeln!(out, "## {}: {}, {}\n", inline(&human::subject(o)), o.headline(), human::level(o));
    let _ = writeln!(out, "{}\n", inline(&human::sentence(o)));
    out.push_str("| tier | status | time | tests passed | |\n|---|---|---|---|---|\n");
    for t in &o.tiers {
        let _ = writeln!(out, "{}", row(o, t));
    }
    let rungs: Vec<String> = RUNGS
        .iter()
        .map(|(r, name)| format!("`{name}` {}", o.rungs.get(r).map_or("", |s| s.name())))
        .collect();
    let _ = writeln!(out, "\nRungs: {}. {}.", rungs.join(", "), inline(&human::path(o)));
    for t in &o.failures {
        occurrence(&mut out, t);
    }
    list(&mut out, "Not proved", o.not_proved.iter().cloned());
    list(
        &mut out,
        "Still on the engine",
        o.leftovers.iter().map(|h| format!("{} {}: {}", h.kind, h.name, h.by)),
    );
    list(
        &mut out,
        "Where ccci touches nothing and the app may have left something",
        o.left_alone.iter().map(|h| format!("{} {}: {}", h.kind, h.name, h.by)),
    );
    list(&mut out, "Lint", lint(o));
    let _ = writeln!(out, "\nRun {} took {}. {BESIDE}", o.plan.run_id, span(o.timings.total));
    out.into_bytes()
}

fn row(o: &Outcome, t: &TierOutcome) -> String {
    let tests = match t.tests.len() {
        0 => String::new(),
        n => format!("{} of {n}", t.tests.iter().filter(|x| x.status == Status::Pass).count()),
    };
    let why = match (t.failure.and_then(|id| o.failure(id)), &t.reason) {
        (Some(f), _) => format!("{} (blame: {})", f.observed(), f.blame),
        (None, Some(reason)) => match t.decided_by {
            Some(by) => format!("{reason} (decided by {})", decided(by)),
            None => reason.clone(),
        },
        (None, None) => o.shows(t.tier).to_string(),
    };
    let status = if t.status == Status::Fail { "**FAIL**" } else { t.status.name() };
    let ms = if t.ms > 0 { span(t.ms) } else { String::new() };
    format!("| {} | {status} | {ms} | {tests} | {} |", t.tier, inline(&why))
}

fn occurrence(out: &mut String, t: &Occurrence) {
    let tier = t.tier.map_or(String::new(), |t| format!("{t}: "));
    let mut styled = StyledText::new(Style::PLAIN);
    styled.failure(0, &t.failure, EVIDENCE_LINES);
    let head = inline_html(&format!("{tier}{}", t.during));
    let body = fenced(&styled.text());
    let _ = writeln!(out, "\n<details><summary>{head}</summary>\n\n{body}\n\n</details>");
}

fn lint(o: &Outcome) -> impl Iterator<Item = String> {
    o.lint
        .iter()
        .filter(|r| r.result == "unsatisfied")
        .map(|r| format!("{} ({}): {}", r.id, r.severity, r.findings.join("; ")))
}

fn list(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|l| format!("- {}\n", inline(&l))).collect();
    if !lines.is_empty() {
        let _ = write!(out, "\n### {title}\n\n{}", lines.concat());
    }
}
