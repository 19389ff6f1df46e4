//! The HTML page: everything about a run in one file that needs no script, no font and no network. Pure.

use super::human;
use super::markup::escape;
use super::text::span;
use crate::plan::decided;
use ccci_model::failure::{Failure, causes};
use ccci_model::tier::{RUNGS, Status};
use ccci_model::time::utc_rfc3339;
use ccci_model::verdict::{Outcome, StepOutcome, TestOutcome, TierOutcome};
use ccci_runner::record::Record;
use std::fmt::Write;

const STYLE: &str = include_str!("style.css");

/// The page as bytes.
pub fn render(record: &Record) -> Vec<u8> {
    let o = &record.outcome;
    let mut out = String::new();
    let title = escape(&format!("{}: {}, level {}", human::subject(o), o.headline(), o.level));
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    head(&mut out, o);
    out.push_str("<h2>Tiers</h2>\n");
    for t in &o.tiers {
        tier(&mut out, o, t);
    }
    outside(&mut out, o);
    list(&mut out, "Not proved", o.not_proved.iter().map(|n| escape(n)));
    lint(&mut out, o);
    timings(&mut out, o);
    steps(&mut out, o);
    about(&mut out, o);
    out.push_str("</body>\n</html>\n");
    out.into_bytes()
}

fn head(out: &mut String, o: &Outcome) {
    let verdict = o.verdict.name();
    let _ = writeln!(
        out,
        "<h1>{} <span class=\"word {verdict}\">{}</span></h1>",
        escape(&human::subject(o)),
        o.headline()
    );
    let _ = writeln!(out, "<p class=\"sentence\">{}</p>", escape(&human::sentence(o)));
    let _ = writeln!(out, "<ol class=\"ladder\" aria-label=\"level {} of {}\">", o.level, RUNGS.len());
    for (n, (rung, name)) in RUNGS.iter().enumerate() {
        let status = o.rungs.get(rung).copied().unwrap_or(Status::Unver);
        let reached = if n < usize::from(o.level) { " reached" } else { "" };
        let _ = writeln!(out, "<li class=\"{status}{reached}\">{name} <b>{status}</b></li>");
    }
    out.push_str("</ol>\n");
    let _ = writeln!(out, "<p>Reached: {}. {}</p>", human::level(o), escape(&human::path(o)));
}

fn tier(out: &mut String, o: &Outcome, t: &TierOutcome) {
    let open = if t.status == Status::Pass || t.status == Status::Skip { "" } else { " open" };
    let time = if t.ms > 0 { format!(", {}", span(t.ms)) } else { String::new() };
    let _ = writeln!(
        out,
        "<details{open}><summary><span class=\"word {0}\">{0}</span> <b>{1}</b>{time}</summary>",
        t.status, t.tier
    );
    let _ = writeln!(out, "<p>{}</p>", escape(t.tier.row().doc));
    if let Some(reason) = &t.reason {
        let by = t.decided_by.map_or(String::new(), |by| format!(" (decided by {})", decided(by)));
        let _ = writeln!(out, "<p class=\"reason\">{}{}</p>", escape(reason), escape(&by));
    }
    if !t.tests.is_empty() {
        out.push_str("<table>\n<tr><th>test</th><th>status</th><th>time</th></tr>\n");
        t.tests.iter().for_each(|x| test(out, x));
        out.push_str("</table>\n");
    }
    for x in o.failures.iter().filter(|x| x.tier == Some(t.tier)) {
        failure(out, &x.during, &x.failure);
    }
    out.push_str("</details>\n");
}

fn test(out: &mut String, t: &TestOutcome) {
    let name = escape(&format!("{} {}", t.file, t.name));
    let _ = writeln!(
        out,
        "<tr><td>{name}</td><td class=\"word {0}\">{0}</td><td>{1}</td></tr>",
        t.status,
        span(t.ms)
    );
}

fn failure(out: &mut String, during: &str, f: &Failure) {
    let doc = causes::by_id(&f.cause).map_or("", |c| c.doc);
    let _ = writeln!(out, "<section class=\"failure\"><h3>{}</h3>\n<dl>", escape(during));
    let rows = [
        ("blame", format!("{} ({}: {doc})", f.blame, f.cause)),
        ("expected", f.expected()),
        ("observed", f.observed()),
        ("where", f.place.clone().unwrap_or_default()),
        ("to do", f.cure().unwrap_or_default().to_string()),
    ];
    for (name, text) in rows.iter().filter(|r| !r.1.is_empty()) {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", escape(text));
    }
    out.push_str("</dl>\n");
    for e in f.shown() {
        let _ = writeln!(out, "<h4>{}</h4>\n<pre>{}</pre>", escape(&e.what), escape(e.text.trim_end()));
    }
    out.push_str("</section>\n");
}

fn outside(out: &mut String, o: &Outcome) {
    for t in o.failures.iter().filter(|t| t.tier.is_none()) {
        failure(out, &t.during, &t.failure);
    }
    let left = o.leftovers.iter().map(|h| escape(&format!("{} {}: {}", h.kind, h.name, h.by)));
    list(out, "Still on the engine", left);
    let alone = o.left_alone.iter().map(|h| escape(&format!("{} {}: {}", h.kind, h.name, h.by)));
    list(out, "Where ccci touches nothing and the app may have left something", alone);
}

fn list(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|l| format!("<li>{l}</li>\n")).collect();
    if !lines.is_empty() {
        let _ = writeln!(out, "<h2>{title}</h2>\n<ul>\n{}</ul>", lines.concat());
    }
}

fn lint(out: &mut String, o: &Outcome) {
    if o.lint.is_empty() {
        return;
    }
    out.push_str("<h2>Lint</h2>\n<p>Lowers the level, never the verdict.</p>\n<table>\n");
    for r in &o.lint {
        let findings: Vec<String> = r.findings.iter().map(|f| escape(f)).collect();
        let class = match r.result.as_str() {
            "satisfied" => "pass",
            "unsatisfied" => "fail",
            _ => "unver",
        };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"word {class}\">{}</td><td>{}</td></tr>",
            escape(&r.id),
            escape(&r.severity),
            escape(&r.result),
            findings.join("<br>")
        );
    }
    out.push_str("</table>\n");
}

/// A bar for each phase and hook, as wide as its share of the whole run.
fn timings(out: &mut String, o: &Outcome) {
    let _ = writeln!(out, "<h2>Time</h2>\n<p>{} in all.</p>\n<table class=\"bars\">", span(o.timings.total));
    let total = o.timings.total.max(1);
    let phases = o.timings.phases.iter().map(|(name, ms)| (name.to_string(), *ms));
    let hooks = o.timings.hooks.iter().map(|(name, h)| (format!("hook {name}"), h.ms));
    for (name, ms) in phases.chain(hooks).filter(|(_, ms)| *ms > 0) {
        let share = (u128::from(ms) * 100 / u128::from(total)).min(100);
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td><div style=\"width:{share}%\"></div></td></tr>",
            escape(&name),
            span(ms)
        );
    }
    out.push_str("</table>\n");
}

fn steps(out: &mut String, o: &Outcome) {
    out.push_str("<h2>Steps</h2>\n<details><summary>Everything that was done, in order</summary>\n<table>\n");
    out.push_str(
        "<tr><th>at</th><th>step</th><th>status</th><th>time</th><th>found, or waited for</th></tr>\n",
    );
    for s in &o.steps {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"word {2}\">{2}</td><td>{3}</td><td>{4}</td></tr>",
            span(s.began.0),
            escape(&s.title),
            s.status,
            span(s.ms),
            found(s)
        );
    }
    out.push_str("</table>\n</details>\n");
}

fn found(s: &StepOutcome) -> String {
    let waits = s.waits.iter().map(|w| escape(&format!("waited {} for {}", span(w.ms), w.on)));
    s.note.iter().map(|n| escape(n)).chain(waits).collect::<Vec<_>>().join("<br>")
}

fn about(out: &mut String, o: &Outcome) {
    let mut rows = vec![
        ("run".to_string(), o.plan.run_id.to_string()),
        ("source".into(), o.plan.subject().source.clone()),
        ("domain".into(), o.plan.subject().domain.to_string()),
        ("began".into(), utc_rfc3339(o.began_ms)),
        ("exit code".into(), o.exit.code().to_string()),
        ("base".into(), o.plan.subject().base_reason.clone()),
    ];
    rows.extend(o.versions.clone());
    let digest = |d: &Option<String>| d.clone().unwrap_or_else(|| "only on this engine".into());
    rows.extend(o.images.iter().map(|i| (i.image.clone(), digest(&i.digest))));
    rows.extend(o.facts.clone());
    out.push_str("<h2>About</h2>\n<table>\n");
    for (name, value) in rows {
        let _ = writeln!(out, "<tr><td>{}</td><td>{}</td></tr>", escape(&name), escape(&value));
    }
    out.push_str("</table>\n");
}
