//! `ccci report diff`: what changed from one run to another. Pure.

use super::differences::{self, Change, Values};
use super::human;
use super::styled::{Style, StyledText, Tone};
use super::text::span;
use ccci_model::verdict::Outcome;
use ccci_runner::record::Record;

/// One part of the comparison: the values that a run has, by name.
struct Section {
    title: &'static str,
    of: fn(&Outcome) -> Values,
}

const SECTIONS: &[Section] = &[
    Section { title: "verdict", of: verdict },
    Section { title: "revisions", of: revisions },
    Section { title: "rungs", of: |o| o.rungs.iter().map(|(r, s)| (r.to_string(), s.to_string())).collect() },
    Section {
        title: "tiers",
        of: |o| o.tiers.iter().map(|t| (t.tier.to_string(), t.status.to_string())).collect(),
    },
    Section { title: "tests", of: tests },
    Section { title: "failures", of: failures },
    Section { title: "lint", of: |o| o.lint.iter().map(|r| (r.id.clone(), r.result.clone())).collect() },
    Section { title: "versions", of: |o| o.versions.clone() },
    Section { title: "images", of: images },
    Section { title: "not proved", of: |o| o.not_proved.iter().map(|n| (n.clone(), "yes".into())).collect() },
];

/// What changed, as plain text without colour, 100 columns wide.
pub fn render(old: &Record, new: &Record) -> String {
    draw(old, new, Style::PLAIN)
}

/// The same in the style of a terminal.
pub fn draw(old: &Record, new: &Record, style: Style) -> String {
    let (a, b) = (&old.outcome, &new.outcome);
    let mut s = StyledText::new(style);
    for (word, o) in [("from  ", a), ("to    ", b)] {
        let rest = format!("{} {}, level {}", human::subject(o), o.headline(), o.level);
        s.row(Tone::Strong, word, &format!("{} ({rest})", o.plan.run_id));
    }
    let mut changed = false;
    for section in SECTIONS {
        let lines = changes(&(section.of)(a), &(section.of)(b));
        changed |= !lines.is_empty();
        put(&mut s, section.title, lines);
    }
    let slower = times(a, b);
    changed |= !slower.is_empty();
    put(&mut s, "times", slower);
    if !changed {
        s.gap();
        s.say(0, "no notable changes");
    }
    s.text()
}

fn put(s: &mut StyledText, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    s.gap();
    s.row(Tone::Strong, title, "");
    for line in lines {
        s.beside(2, "- ", &line);
    }
}

fn changes(a: &Values, b: &Values) -> Vec<String> {
    let line = |Change { name, before, after }: Change<String>| match (before, after) {
        (Some(x), Some(y)) => format!("{name}: {x} → {y}"),
        (Some(x), None) => format!("{name}: {x} → gone"),
        (None, after) => format!("{name}: new, {}", after.unwrap_or_default()),
    };
    differences::values(a, b).into_iter().map(line).collect()
}

fn times(a: &Outcome, b: &Outcome) -> Vec<String> {
    let all = |o: &Outcome| -> Vec<(String, u64)> {
        let phases = o.timings.phases.iter().map(|p| (p.0.to_string(), p.1));
        let tiers = o.timings.tiers.iter().map(|(t, ms)| (format!("tier {t}"), *ms));
        phases.chain(tiers).chain([("total".to_string(), o.timings.total)]).collect()
    };
    let shown = |ms: Option<u64>| span(ms.unwrap_or_default());
    let line = |c: Change<u64>| format!("{}: {} → {}", c.name, shown(c.before), shown(c.after));
    differences::times(&all(a), &all(b)).into_iter().map(line).collect()
}

fn verdict(o: &Outcome) -> Values {
    [("verdict", o.headline()), ("level", o.level.to_string()), ("exit", o.exit.code().to_string())]
        .map(|(k, v)| (k.to_string(), v))
        .into()
}

fn revisions(o: &Outcome) -> Values {
    let of = |d: &ccci_model::plan::Deployment| {
        let version = d.version.as_ref().map_or("no version".to_string(), ToString::to_string);
        format!("{version} ({})", d.commit.short())
    };
    let base = o.plan.subject().base.as_ref().map_or("none".to_string(), of);
    [("recipe", o.plan.subject().recipe.to_string()), ("head", of(&o.plan.subject().head)), ("base", base)]
        .map(|(k, v)| (k.to_string(), v))
        .into()
}

fn tests(o: &Outcome) -> Values {
    let rows = o.tiers.iter().flat_map(|t| {
        t.tests.iter().map(move |x| (format!("{} {} {}", t.tier, x.file, x.name), x.status.to_string()))
    });
    rows.collect()
}

fn failures(o: &Outcome) -> Values {
    let name = |t: &ccci_model::verdict::Occurrence| match t.tier {
        Some(tier) => format!("{tier}: {}", t.during),
        None => t.during.clone(),
    };
    o.failures.iter().map(|t| (name(t), format!("{} ({})", t.failure.cause, t.failure.observed()))).collect()
}

fn images(o: &Outcome) -> Values {
    let digest = |d: &Option<String>| d.clone().unwrap_or_else(|| "only on this engine".into());
    o.images.iter().map(|i| (i.image.clone(), digest(&i.digest))).collect()
}
