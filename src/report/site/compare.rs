//! The comparison of two runs: their inputs, verdicts, tests and times, each `same` or a difference. Pages of runs hold
//! the comparisons that are asked for most; any two other runs are compared by `compare.html` in the browser, from a
//! small script file for each run, because a page that is read from a disk may load nothing else. Pure.

use super::Run;
use super::layout::{Head, page as whole, said, version};
use crate::differences::{self, Change as Difference, Values};
use crate::text::span;
use ccci_model::tier::Status;
use ccci_model::time::utc_rfc3339;
use ccci_runner::record::index::Summary;
use maud::{Markup, html};
use serde_json::json;
use std::collections::BTreeMap;

/// A part of the comparison.
struct Part {
    title: &'static str,
    /// Whether the part is an input of the run, so that `same` is worth saying.
    input: bool,
    of: fn(&Summary) -> Values,
}

const PARTS: &[Part] = &[
    Part { title: "verdict", input: false, of: verdict },
    Part { title: "recipe", input: true, of: recipe },
    Part { title: "base", input: true, of: |s| one("base", s.facts.base.as_deref().unwrap_or("none")) },
    Part { title: "images", input: true, of: |s| s.facts.images.clone() },
    Part { title: "settings", input: true, of: |s| s.facts.settings.clone() },
    Part { title: "ccci", input: true, of: |s| versions(s, &["ccci", "rules"]) },
    Part { title: "engine", input: true, of: |s| versions(s, &["engine", "api"]) },
    Part { title: "tiers", input: false, of: tiers },
    Part { title: "tests", input: false, of: tests },
    Part { title: "not proved", input: false, of: not_proved },
];

fn one(name: &str, value: &str) -> Values {
    Values::from([(name.to_string(), value.to_string())])
}

fn verdict(s: &Summary) -> Values {
    let mut out = one("verdict", s.verdict.name());
    out.insert("level".into(), s.level.to_string());
    if let Some(why) = &s.facts.decisive {
        let tier = why.tier.map_or(String::new(), |t| format!("{t}: "));
        out.insert("cause".into(), format!("{} (blame {})", why.cause, why.blame));
        out.insert("where".into(), format!("{tier}{}", why.during));
    }
    out
}

fn recipe(s: &Summary) -> Values {
    let mut out = one("commit", s.commit.as_str());
    out.insert("version".into(), s.version.as_ref().map_or("none".into(), ToString::to_string));
    if let Some(found) = &s.facts.proposed {
        out.insert("not published, found as".into(), found.clone());
    }
    if s.facts.dirty {
        out.insert("uncommitted changes".into(), "yes".into());
    }
    out
}

fn versions(s: &Summary, names: &[&str]) -> Values {
    let of = |name: &&str| Some(((*name).to_string(), s.facts.versions.get(*name)?.clone()));
    names.iter().filter_map(of).collect()
}

fn tiers(s: &Summary) -> Values {
    s.facts.tiers.iter().map(|(tier, status, _)| (tier.to_string(), status.to_string())).collect()
}

fn tests(s: &Summary) -> Values {
    s.facts.tests.iter().map(|(name, status)| (name.clone(), status.to_string())).collect()
}

fn not_proved(s: &Summary) -> Values {
    s.facts.not_proved.iter().map(|what| (what.clone(), "open".into())).collect()
}

fn times(s: &Summary) -> Vec<(String, u64)> {
    let tiers = s.facts.tiers.iter().map(|(tier, _, ms)| (format!("tier {tier}"), *ms));
    let phases = s.facts.phases.iter().cloned();
    phases.chain(tiers).chain([("total".to_string(), s.total_ms)]).collect()
}

/// A difference as it is shown.
type Change = Difference<String>;

fn slower(a: &Summary, b: &Summary) -> Vec<Change> {
    let shown =
        |c: Difference<u64>| Change { name: c.name, before: c.before.map(span), after: c.after.map(span) };
    differences::times(&times(a), &times(b)).into_iter().map(shown).collect()
}

/// The differences of two runs.
#[derive(Default)]
struct Differences {
    /// Inputs that are the same.
    same: Vec<&'static str>,
    /// What has to be known, by part.
    first: Vec<(&'static str, Vec<Change>)>,
    /// Consequences and times, by part.
    more: Vec<(&'static str, Vec<Change>)>,
}

impl Differences {
    fn of(a: &Summary, b: &Summary) -> Differences {
        let mut out = Differences::default();
        for part in PARTS {
            let found = differences::values(&(part.of)(a), &(part.of)(b));
            if found.is_empty() && part.input {
                out.same.push(part.title);
            }
            let is_consequence = |change: &Change| {
                part.title == "not proved" || change.after.as_deref() == Some(Status::Unver.name())
            };
            let (more, first) = found.into_iter().partition(is_consequence);
            out.first.push((part.title, first));
            out.more.push((part.title, more));
        }
        out.more.push(("times", slower(a, b)));
        out.first.retain(|(_, found)| !found.is_empty());
        out.more.retain(|(_, found)| !found.is_empty());
        out
    }
}

/// The differences of two runs; `label` is the name of the table. What follows from others, and times, are folded.
pub(super) fn table(old: &Run, new: &Run, label: &str) -> Markup {
    let found = Differences::of(&old.summary, &new.summary);
    let folded: usize = found.more.iter().map(|(_, of)| of.len()).sum();
    html! {
        @if found.first.is_empty() && folded == 0 { p { "No difference worth telling." } }
        @if !found.same.is_empty() { p { "The same: " (found.same.join(", ")) "." } }
        @if !found.first.is_empty() { (rows(&found.first, label)) }
        @if folded > 0 {
            details {
                summary { "Not checked, open promises and times: " (folded) @if folded == 1 { " difference" } @else { " differences" } }
                (rows(&found.more, &format!("{label}: more")))
            }
        }
    }
}

fn rows(parts: &[(&str, Vec<Change>)], label: &str) -> Markup {
    html! {
        div.scroll role="group" aria-label=(label) tabindex="0" {
            table.diff {
                thead { tr {
                    th scope="col" { "What" }
                    th scope="col" { "Before" }
                    th scope="col" { "After" }
                } }
                @for (title, found) in parts {
                    tbody {
                        tr { th.part colspan="3" scope="rowgroup" { (title) } }
                        @for c in found { (row(&c.name, c.before.as_deref(), c.after.as_deref())) }
                    }
                }
            }
        }
    }
}

fn row(name: &str, before: Option<&str>, after: Option<&str>) -> Markup {
    let shown = |value: Option<&str>| value.map_or("none".into(), said);
    html! {
        tr { th scope="row" { (said(name)) } td { (shown(before)) } td { (shown(after)) } }
    }
}

/// What the comparison in the browser reads of a run: a script, because a page that is read from a disk may load scripts
/// and no other data.
pub(super) fn data(s: &Summary) -> Vec<u8> {
    let run = Run { record: String::new(), stamp: String::new(), summary: s.clone(), files: vec![] };
    let parts: Vec<serde_json::Value> = match run.withheld() {
        Some(why) => vec![json!(["not published", {"why": why}, false])],
        None => PARTS.iter().map(|part| json!([part.title, cleaned((part.of)(s)), part.input])).collect(),
    };
    let times: BTreeMap<String, u64> =
        if run.withheld().is_some() { BTreeMap::new() } else { times(s).into_iter().collect() };
    let value = json!({
        "id": s.run_id,
        "title": format!("{} {}", s.recipe, version(&run)),
        "began": utc_rfc3339(s.began_ms),
        "parts": parts,
        "times": times,
    });
    format!("ccciRun({value});\n").into_bytes()
}

fn cleaned(values: Values) -> Values {
    values.into_iter().map(|(name, value)| (said(&name), said(&value))).collect()
}

/// The page that compares any two runs.
pub(super) fn page() -> Vec<u8> {
    let main = html! {
        h1 { "Compare two runs" }
        form.pair action="compare.html" method="get" {
            label for="a" { "Before " input #a name="a" size="24" required pattern="[A-Za-z0-9][A-Za-z0-9-]{0,99}" autocomplete="off"; }
            label for="b" { "After " input #b name="b" size="24" required pattern="[A-Za-z0-9][A-Za-z0-9-]{0,99}" autocomplete="off"; }
            button { "Compare" }
        }
        p.faint { "Ids of runs stand on the page of their recipe, where two can be chosen." }
        noscript { p { "This page needs a script, which is part of the site; the page of each run compares it with the one before and with the last green one without." } }
        div #result role="status" {}
    };
    whole(&Head { title: "Compare two runs", root: "", scripts: &["compare.js"], styles: &[] }, &main)
}
