//! The summary for people; a stranger must understand it in ten seconds. Pure.

use super::cause::{self, is_consequence};
use super::styled::{Style, StyledText, Tone};
use super::text::span;
use crate::plan::decided;
use ccci_model::failure::Blame;
use ccci_model::name::{RecipeName, Revision, Version};
use ccci_model::tier::{RUNGS, Status};
use ccci_model::verdict::{Occurrence, Outcome, TestOutcome, TierOutcome, Verdict};
use ccci_runner::record::Record;

/// Most lines shown for one piece of evidence; results.json has all of them.
const EVIDENCE_LINES: usize = 7;

/// The summary without colour, 100 columns wide.
pub fn render(record: &Record) -> String {
    draw(record, Style::PLAIN)
}

/// The same in the style of a terminal.
pub fn draw(record: &Record, style: Style) -> String {
    draw_as(record, style, record.outcome.plan.run_id.as_str())
}

/// The same with the name that finds the run: its id, or its directory if the record is kept elsewhere.
pub fn draw_as(record: &Record, style: Style, name: &str) -> String {
    let o = &record.outcome;
    let mut s = StyledText::new(style);
    head(&mut s, o);
    for tiers in o.tiers.chunk_by(|a, b| is_consequence(o, a) && is_consequence(o, b) && a.reason == b.reason)
    {
        match tiers {
            [one] => tier(&mut s, o, one),
            several => consequences(&mut s, several),
        }
    }
    outside(&mut s, o);
    lint(&mut s, o);
    if !o.not_proved.is_empty() {
        s.gap();
        s.row(Tone::Strong, "NOT proved", "");
        for line in folded(&not_proved(o)) {
            s.beside(2, "- ", &line);
        }
    }
    tail(&mut s, o, name);
    first_cause(&mut s, o);
    s.text()
}

/// The tone of a verdict.
pub(crate) fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Green => Tone::Good,
        Verdict::Red => Tone::Bad,
        Verdict::Error | Verdict::Interrupted => Tone::Open,
    }
}

/// `GREEN`, or `GREEN (partial: install, custom)`.
pub(crate) fn word(o: &Outcome) -> String {
    let headline = o.headline();
    let name = o.verdict.name();
    headline.replacen(name, &name.to_uppercase(), 1)
}

fn head(s: &mut StyledText, o: &Outcome) {
    s.row(tone(o.verdict), &word(o), &format!("  {}, {}", subject(o), level(o)));
    s.say(2, &sentence(o));
    let rungs: Vec<String> =
        RUNGS.iter().map(|(r, name)| format!("{name} {}", o.rungs.get(r).map_or("", |s| s.name()))).collect();
    s.beside(2, "rungs   ", &rungs.join(", "));
    s.beside(2, "source  ", &format!("{}, {}", o.plan.subject().source, path(o)));
}

/// `level 5 of 5`, and which of the rungs below it were skipped.
pub fn level(o: &Outcome) -> String {
    let below = RUNGS.iter().take(usize::from(o.level));
    let skipped: Vec<&str> =
        below.filter(|(r, _)| o.rungs.get(r) == Some(&Status::Skip)).map(|(_, name)| *name).collect();
    let skipped = (!skipped.is_empty()).then(|| format!("skipped: {}", skipped.join(", ")));
    let partial = o.plan.partial().map(|_| "partial run".to_string());
    let about: Vec<String> = partial.into_iter().chain(skipped).collect();
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join("; ")) };
    format!("level {} of {}{about}", o.level, RUNGS.len())
}

/// `custom-html 1.1.0+1.26.0`.
pub fn subject(o: &Outcome) -> String {
    let app = o.plan.subject();
    subject_at(&app.recipe, app.head.version.as_ref(), &app.head.commit)
}

/// A recipe at a version, or else at a commit.
pub fn subject_at(recipe: &RecipeName, version: Option<&Version>, commit: &Revision) -> String {
    version.map_or_else(|| format!("{recipe} {}", commit.short()), |v| format!("{recipe} {v}"))
}

/// From which base to which head.
pub fn path(o: &Outcome) -> String {
    let side = |d: &ccci_model::plan::Deployment| {
        let dirty = if d.dirty { ", with uncommitted changes" } else { "" };
        format!("{} ({}{dirty})", d.commit.short(), d.found_as)
    };
    match &o.plan.subject().base {
        Some(base) => format!("{} upgraded to {}", side(base), side(&o.plan.subject().head)),
        None => side(&o.plan.subject().head),
    }
}

/// The verdict in one sentence, with the first failure that decided it.
pub fn sentence(o: &Outcome) -> String {
    let first = |pick: fn(&Occurrence) -> bool| o.failures.iter().find(|t| pick(t)).or(o.failures.first());
    match o.verdict {
        Verdict::Green => "Everything that was planned is good.".into(),
        Verdict::Red => {
            // a leaked secret decides the verdict only if no failure of the recipe does; then it is what the reader
            // must know
            match o.failures.iter().find(|t| !t.failure.is_error()).or(o.failures.iter().find(|t| grave(t))) {
                Some(t) => format!("{}: {}.", wrong(t), told(t)),
                None => "Not good, see below.".into(),
            }
        }
        Verdict::Error if o.failures.is_empty() => {
            "No verdict on the recipe: not everything that was planned was checked.".into()
        }
        Verdict::Error => {
            let decides = first(|t| t.failure.is_error()).map_or(String::new(), told);
            let also = o.failures.iter().filter(|t| !t.failure.is_error()).count();
            let also =
                if also > 0 { format!(" Failures of the recipe as well: {also}.") } else { String::new() };
            format!("No verdict on the recipe: {decides}.{also}")
        }
        Verdict::Interrupted => {
            let by = o.stopped_by.as_deref().unwrap_or("a signal");
            format!("Stopped by {by}; everything the run had made was removed.")
        }
    }
}

fn told(t: &Occurrence) -> String {
    let tier = t.tier.map_or(String::new(), |t| format!("{t}: "));
    format!("{tier}{}: {} (blame: {})", t.during, t.failure.observed(), t.failure.blame)
}

/// Whether it makes the run red, whoever is to blame.
fn grave(t: &Occurrence) -> bool {
    ["leftover", "secret-leaked"].contains(&t.failure.cause.as_str())
}

/// What kind of failure made the run red.
fn wrong(t: &Occurrence) -> &'static str {
    match (t.failure.cause.as_str(), t.failure.blame) {
        ("leftover", _) => "Something was left behind",
        ("secret-leaked", _) => "A secret value is in the record",
        (_, Blame::Image) => "An image failed",
        _ => "The recipe failed",
    }
}

fn tier(s: &mut StyledText, o: &Outcome, t: &TierOutcome) {
    s.gap();
    let word = if t.status == Status::Fail { "FAIL" } else { t.status.name() };
    let mut facts = vec![];
    if t.ms > 0 {
        facts.push(span(t.ms));
    }
    if !t.tests.is_empty() {
        let good = t.tests.iter().filter(|x| x.status == Status::Pass).count();
        facts.push(format!("tests passed {good} of {}", t.tests.len()));
    }
    s.row(Tone::of(t.status), &format!("{word:<6}"), &format!("{:<8}  {}", t.tier.name(), facts.join(", ")));
    match (t.status, &t.reason) {
        (Status::Pass, _) => s.say(6, o.shows(t.tier)),
        (Status::Skip | Status::Unver, Some(reason)) => {
            let by = t.decided_by.map_or(String::new(), |by| format!(" (decided by {})", decided(by)));
            s.say(6, &format!("{reason}{by}"));
        }
        _ => {}
    }
    let of_tier = || o.failures.iter().filter(|x| x.tier == Some(t.tier));
    for occurrence in of_tier().filter(|x| o.repeats(x).is_none()) {
        s.say(6, &occurrence.during);
        s.failure(8, &occurrence.failure, EVIDENCE_LINES);
    }
    likewise(s, o, of_tier());
    let untold = |x: &&TestOutcome| x.status != Status::Pass && x.failure.is_none();
    let named = |x: &TestOutcome| match &x.reason {
        Some(why) => format!("{} ({why})", x.name),
        None => x.name.clone(),
    };
    let not_run: Vec<String> = t.tests.iter().filter(untold).map(named).collect();
    if !not_run.is_empty() {
        s.beside(6, "not run   ", &not_run.join(", "));
    }
}

/// Several tiers that were not checked for the same reason.
fn consequences(s: &mut StyledText, tiers: &[TierOutcome]) {
    s.gap();
    let names: Vec<&str> = tiers.iter().map(|t| t.tier.name()).collect();
    s.row(Tone::of(Status::Unver), "unver ", &names.join(", "));
    s.say(6, tiers[0].reason.as_deref().unwrap_or("it was not run"));
    let tests: usize = tiers.iter().map(|t| t.tests.len()).sum();
    if tests > 0 {
        s.beside(6, "not run   ", &format!("tests: {tests}"));
    }
}

/// What is not proved. In a run that is not green the rules of lint that were not looked at are one line: they are not what
/// a reader looks for then.
fn not_proved(o: &Outcome) -> Vec<String> {
    const RULE: &str = "lint rule ";
    let (rules, mut out): (Vec<String>, Vec<String>) =
        o.not_proved.iter().cloned().partition(|line| line.starts_with(RULE));
    if o.verdict == Verdict::Green || rules.len() < 2 {
        return o.not_proved.clone();
    }
    let name = |line: &String| line[RULE.len()..].split(':').next().unwrap_or_default().to_string();
    let names: Vec<String> = rules.iter().map(name).collect();
    out.push(format!("lint rules {}: they were not looked at", names.join(", ")));
    out
}

/// Lines with the same reason, joined.
fn folded(lines: &[String]) -> Vec<String> {
    fn parts(line: &str) -> (&str, &str) {
        line.split_once(": ").unwrap_or((line, ""))
    }
    let alike = |a: &String, b: &String| !parts(a).1.is_empty() && parts(a).1 == parts(b).1;
    let join = |of: &[String]| match of {
        [one] => one.clone(),
        several => {
            let what: Vec<&str> = several.iter().map(|line| parts(line).0).collect();
            format!("{}: {}", what.join("; "), parts(&several[0]).1)
        }
    };
    lines.chunk_by(alike).map(join).collect()
}

/// Characters of the decisive line of a log: some programs write a whole page as one line.
const DECISIVE_CHARS: usize = 300;

/// The first cause alone, at the end, where a reader of a log looks first.
fn first_cause(s: &mut StyledText, o: &Outcome) {
    let Some(t) = cause::first(o) else { return };
    s.gap();
    s.row(Tone::Strong, "first cause", "");
    s.say(2, &told(t));
    if let Some(place) = &t.failure.place {
        s.beside(2, "where     ", place);
    }
    if let Some(told) = cause::decisive(&t.failure.evidence) {
        let what = &t.failure.evidence[told.evidence].what;
        let text: String = told.text.chars().take(DECISIVE_CHARS).collect();
        let cut = if text.len() < told.text.len() { " …" } else { "" };
        s.beside(2, "log       ", &format!("{what}: {text}{cut}"));
    }
    if let Some(cure) = t.failure.cure() {
        s.beside(2, "to do     ", cure);
    }
}

/// Failures that repeat an earlier one, by name.
fn likewise<'a>(s: &mut StyledText, o: &Outcome, all: impl Iterator<Item = &'a Occurrence>) {
    let repeated = all.filter_map(|t| {
        let first = o.repeats(t)?;
        Some(format!("{} ({}, as in: {})", t.during, t.failure.cause, first.during))
    });
    let repeated: Vec<String> = repeated.collect();
    if !repeated.is_empty() {
        s.beside(6, "likewise  ", &repeated.join("; "));
    }
}

fn outside(s: &mut StyledText, o: &Outcome) {
    for t in o.failures.iter().filter(|t| t.tier.is_none()) {
        s.gap();
        let (tone, word) =
            if t.failure.is_error() && !grave(t) { (Tone::Open, "unver ") } else { (Tone::Bad, "FAIL  ") };
        s.row(tone, word, &t.during);
        match o.repeats(t) {
            Some(_) => likewise(s, o, std::iter::once(t)),
            None => s.failure(8, &t.failure, EVIDENCE_LINES),
        }
    }
    if !o.leftovers.is_empty() {
        s.gap();
        s.row(Tone::Bad, "LEFT  ", "still on the engine");
        for h in &o.leftovers {
            s.beside(6, "- ", &format!("{} {}: {}", h.kind, h.name, h.by));
        }
    }
    if !o.left_alone.is_empty() {
        s.gap();
        s.row(Tone::Open, "left  ", "the app may have left something in places that ccci never touches");
        for h in &o.left_alone {
            s.beside(6, "- ", &format!("{} {}: {}", h.kind, h.name, h.by));
        }
    }
}

fn lint(s: &mut StyledText, o: &Outcome) {
    let bad: Vec<_> = o.lint.iter().filter(|r| r.result == "unsatisfied").collect();
    if bad.is_empty() {
        return;
    }
    s.gap();
    if o.verdict != Verdict::Green {
        let ids: Vec<&str> = bad.iter().map(|r| r.id.as_str()).collect();
        s.beside(0, "lint      ", &format!("unsatisfied: {}", ids.join(", ")));
        return;
    }
    let lowers = bad.iter().any(|r| r.severity == "error");
    let what =
        if lowers { "an error lowers the level, never the verdict" } else { "warnings, which lower nothing" };
    s.row(Tone::Strong, "lint", &format!(" ({what})"));
    for rule in bad {
        s.beside(2, &format!("{} {:<8} ", rule.id, rule.severity), &rule.findings.join("\n"));
    }
}

fn tail(s: &mut StyledText, o: &Outcome, name: &str) {
    s.gap();
    let phases: Vec<String> = o
        .timings
        .phases
        .iter()
        .filter(|p| p.1 > 0)
        .map(|(name, ms)| format!("{name} {}", span(*ms)))
        .collect();
    s.beside(0, "time      ", &format!("{} in all: {}", span(o.timings.total), phases.join(", ")));
    if !o.timings.hooks.is_empty() {
        let hook = |(name, t): (&String, &ccci_model::verdict::HookTime)| {
            let calls = if t.calls > 1 { format!(" in {} calls", t.calls) } else { String::new() };
            format!("{name} {}{calls}", span(t.ms))
        };
        let slow = o.timings.hooks.iter().filter(|(_, t)| t.ms > 0);
        let hooks: Vec<String> = slow.map(hook).collect();
        let hooks = if hooks.is_empty() { "all of them took less than 1ms".into() } else { hooks.join(", ") };
        s.beside(0, "hooks     ", &hooks);
    }
    let versions: Vec<String> = o.versions.iter().map(|(k, v)| format!("{k} {v}")).collect();
    s.beside(0, "versions  ", &versions.join(", "));
    s.beside(0, "run       ", &format!("{}, exit {}", o.plan.run_id, o.exit.code()));
    if o.is_kept_running() {
        let stays = format!(
            "stack {} keeps running until `ccci clean` or a restart of the machine",
            o.plan.subject().stack
        );
        s.beside(0, "kept      ", &stays);
    }
    if o.verdict != Verdict::Green {
        s.beside(0, "next      ", &format!("ccci why {name}"));
    }
}
