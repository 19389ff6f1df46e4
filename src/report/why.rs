//! `ccci why`: the chain from the first cause to the verdict, with its evidence, on one screen. Pure.

use super::human;
use super::seen;
use super::styled::{Style, StyledText, Tone};
use super::text::{one_line, span};
use ccci_model::event::{DecidedBy, Event, What};
use ccci_model::failure::causes;
use ccci_model::tier::{RUNGS, Status};
use ccci_model::verdict::{Occurrence, Outcome, Verdict};
use ccci_runner::record::Record;

/// Most lines shown for one piece of evidence.
const EVIDENCE_LINES: usize = 8;
/// How many failures are shown with what was expected and observed; the others are only counted.
const SHOWN: usize = 3;
/// Most files that are named.
const FILES: usize = 8;
/// How many of a script's last calls before its failure are shown.
const LAST_CALLS: usize = 4;

/// The text without colour, 100 columns wide.
pub fn render(record: &Record) -> String {
    draw(record, Style::PLAIN)
}

/// The same in the style of a terminal.
pub fn draw(record: &Record, style: Style) -> String {
    let o = &record.outcome;
    let mut s = StyledText::new(style);
    let word = human::word(o);
    let rest = format!("  {}, {}, run {}", human::subject(o), human::level(o), o.plan.run_id);
    s.row(human::tone(o.verdict), &word, &rest);
    for (n, t) in o.failures.iter().take(SHOWN).enumerate() {
        s.gap();
        if n == 1 {
            s.say(0, "after the first, perhaps because of it:");
        }
        occurrence(&mut s, record, n, t);
    }
    if o.failures.len() > SHOWN {
        s.gap();
        s.say(0, &format!("more failures: {}, all of them in summary.txt", o.failures.len() - SHOWN));
    }
    if o.failures.is_empty() {
        s.say(2, &human::sentence(o));
    }
    consequences(&mut s, o);
    next(&mut s, o);
    s.text()
}

fn occurrence(s: &mut StyledText, record: &Record, n: usize, t: &Occurrence) {
    let tier = t.tier.map_or(String::new(), |t| format!("{t}: "));
    let at = t.at.map_or(String::new(), |at| format!(", {} after the start", span(at.0)));
    s.row(Tone::Bad, &format!("{}  ", n + 1), &format!("{tier}{}{at}", t.during));
    // the first failure has to be fixed; the later ones may be its consequences and are shown in short
    if n == 0 {
        s.failure(3, &t.failure, EVIDENCE_LINES);
        calls(s, &record.events, t);
        pages(s, record, t);
    } else {
        s.beside(3, "blame     ", &format!("{} ({})", t.failure.blame, t.failure.cause));
        s.beside(3, "expected  ", &t.failure.expected());
        s.beside(3, "observed  ", &t.failure.observed());
        if let Some(place) = &t.failure.place {
            s.beside(3, "where     ", place);
        }
    }
}

/// The last calls of the script that failed.
fn calls(s: &mut StyledText, events: &[Event], t: &Occurrence) {
    let Some(by) = t.by.as_deref() else { return };
    let call = |e: &Event| match &e.what {
        What::Called { by: b, function, arguments, result, ok, ms } if b == by => {
            let arrow = if *ok { "→" } else { "failed:" };
            let arguments = arguments.iter().map(|a| one_line(a)).collect::<Vec<_>>().join(", ");
            Some(format!("{function}({arguments}) {arrow} {} ({})", one_line(result), span(*ms)))
        }
        _ => None,
    };
    let all: Vec<String> = events.iter().filter_map(call).collect();
    if !all.is_empty() {
        s.say(3, "what it called last:");
        s.quote(5, &all[all.len().saturating_sub(LAST_CALLS)..].join("\n"), LAST_CALLS);
    }
}

/// The files of the record in which a person sees what the browser saw.
fn pages(s: &mut StyledText, record: &Record, t: &Occurrence) {
    let Some(by) = t.by.as_deref() else { return };
    let files: Vec<String> =
        seen::of(record, by).map(|shown| format!("{}: {}", shown.file, seen::words(shown.shows))).collect();
    if !files.is_empty() {
        s.say(3, "what the browser showed, in the record:");
        s.quote(5, &files.join("\n"), FILES);
    }
}

fn consequences(s: &mut StyledText, o: &Outcome) {
    let blocked =
        RUNGS.iter().find(|(r, _)| matches!(o.rungs.get(r), Some(Status::Fail | Status::Unver) | None));
    let open: Vec<String> = o
        .tiers
        .iter()
        .filter(|t| t.status == Status::Unver && t.decided_by != Some(DecidedBy::Caller))
        .map(|t| format!("{}: {}", t.tier, t.reason.as_deref().unwrap_or("see the failures above")))
        .collect();
    if blocked.is_none() && open.is_empty() {
        return;
    }
    s.gap();
    s.row(Tone::Strong, "so", "");
    if let Some((rung, name)) = blocked {
        let status = o.rungs.get(rung).map_or("unver", |s| s.name());
        s.beside(2, "- ", &format!("rung {name} is {status}: the level stops at {}", o.level));
    }
    for line in open {
        s.beside(2, "- ", &format!("not verified: {line}"));
    }
}

fn next(s: &mut StyledText, o: &Outcome) {
    s.gap();
    s.row(Tone::Strong, "next", "");
    if let Some(t) = o.failures.first() {
        let who = match t.failure.blame {
            // the machine is as it should be
            _ if t.failure.cause == causes::INTERRUPTED.id => {
                "nothing has to change: the run was stopped, so run it again"
            }
            ccci_model::failure::Blame::Recipe => "the recipe has to change",
            ccci_model::failure::Blame::Image => {
                "upstream has to publish another image, or the recipe has to name another"
            }
            ccci_model::failure::Blame::Infra => "fix this machine or what it reaches, then run again",
            ccci_model::failure::Blame::Ccci => "this is a bug in ccci: please report it with the record",
        };
        s.beside(2, "- ", who);
        s.beside(2, "- ", &format!("ccci explain {}", t.failure.cause));
    }
    if o.verdict == Verdict::Green && !o.not_proved.is_empty() {
        s.beside(2, "- ", &format!("things this run does not prove: {}", o.not_proved.len()));
    }
    s.beside(2, "- ", &format!("ccci report {} shows everything", o.plan.run_id));
}
