//! Shows a plan as text: what a run would do, from which commits, with which images and deadlines. Pure.

use ccci_model::diag::harmless::line;
use ccci_model::event::DecidedBy;
use ccci_model::plan::{Deployment, Plan};
use ccci_model::time::Span;
use std::fmt::Write;
use std::time::Duration;

/// The whole plan as text. It can be read without colour and is stable, so that it can be kept as a snapshot. Each
/// foreign text is escaped and stays on its own line, so that it can neither control a terminal nor look like another
/// line of the plan.
pub fn show(plan: &Plan) -> String {
    let mut out = String::new();
    let deadline = Span(Duration::from_millis(plan.deadline_ms));
    let _ = writeln!(out, "{} from {}", plan.subject().recipe, line(&plan.subject().source));
    let _ = writeln!(out, "  domain    {}", plan.subject().domain);
    let _ = writeln!(out, "  deadline  {deadline} for the whole run");
    deployment(&mut out, "head", &plan.subject().head);
    match &plan.subject().base {
        Some(base) => {
            deployment(&mut out, "base", base);
            let _ = writeln!(out, "            chosen as: {}", line(&plan.subject().base_reason));
        }
        None => {
            let _ = writeln!(out, "  base      none: {}", line(&plan.subject().base_reason));
        }
    }
    section(
        &mut out,
        "settings",
        plan.subject().settings.iter().map(|s| format!("{} = {}  ({})", s.key, s.value, s.from)),
    );
    section(
        &mut out,
        "scripts",
        plan.subject().scripts.iter().map(|(file, whose)| format!("{file}  ({whose})")),
    );
    section(&mut out, "laid over the recipe's files", plan.subject().overlays.iter().cloned());
    section(
        &mut out,
        "mounted and left alone",
        plan.subject().left_alone.iter().map(|o| {
            let read_only = if o.read_only { ", read only" } else { "" };
            format!("{} {}  ({}{read_only})", o.service, o.target, o.named())
        }),
    );
    steps(&mut out, plan);
    section(
        &mut out,
        "left out",
        plan.subject()
            .skips
            .iter()
            .map(|s| format!("{}: {} (decided by {})", s.what, s.reason, decided(s.decided_by))),
    );
    section(&mut out, "not proved even when green", plan.subject().not_proved.iter().cloned());
    section(&mut out, "warnings", plan.subject().warnings.iter().cloned());
    out
}

/// Who decided, as words that follow "decided by".
pub(crate) fn decided(by: DecidedBy) -> &'static str {
    match by {
        DecidedBy::Structure => "the recipe's shape",
        DecidedBy::Recipe => "the recipe's settings",
        DecidedBy::Caller => "the caller",
        DecidedBy::Earlier => "an earlier failure",
    }
}

fn deployment(out: &mut String, side: &str, d: &Deployment) {
    let version = d.version.as_ref().map_or("no version".to_string(), |v| v.to_string());
    let dirty = if d.dirty { ", with uncommitted changes" } else { "" };
    let _ = writeln!(out, "  {side:<9} {version}  {} ({}{dirty})", d.commit.short(), line(&d.found_as));
    let _ = writeln!(out, "            files: {}", line(&d.compose_files.join(", ")));
    let _ = writeln!(out, "            images: {}", line(&d.images.join(", ")));
    if d.repaired {
        let _ = writeln!(out, "            repaired by previous/compose.previous.yml");
    }
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for text in lines {
        let _ = writeln!(out, "  {}", line(&text));
    }
}

fn steps(out: &mut String, plan: &Plan) {
    let mut shown = None;
    for (n, step) in plan.steps.iter().enumerate() {
        let group = step.tier.map_or("", |t| t.name());
        if shown != Some(group) {
            let heading = match (group, n) {
                ("", 0) => "before",
                ("", _) => "after",
                (tier, _) => tier,
            };
            let _ = writeln!(out, "\n{heading}");
            shown = Some(group);
        }
        let limit = Span(Duration::from_millis(step.limit_ms)).to_string();
        let _ = writeln!(out, "  {:>2}  {:<58} {limit:>6}", n + 1, line(&plan.title(step)));
    }
}
