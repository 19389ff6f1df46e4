//! Compares the outcome of a canary with its row. Reports each difference in one line.

use super::row::{Canary, Occurrence};
use ccci_model::failure::Failure;
use ccci_model::tier::{Status, TIERS};
use ccci_model::verdict::{Outcome, TestOutcome};
use std::fmt::Debug;
use std::fs;
use std::path::Path;

/// The differences between a row and the outcome of a run.
pub(crate) fn differences(row: &Canary, o: &Outcome, dir: &Path) -> Vec<String> {
    let mut out = Differences(vec![]);
    out.must(row.refused.is_empty(), || "it was not refused".into());
    out.same("exit", row.exit, o.exit.code());
    out.same("verdict", row.verdict, o.verdict.name());
    for (tier, desired) in TIERS.iter().zip(row.tiers) {
        let is = o.tiers.iter().find(|t| t.tier == tier.tier).map(|t| t.status);
        out.same(&format!("tier {}", tier.name), Some(desired), is);
    }
    failures(row, o, &mut out);
    tests(row, o, &mut out);
    let notes: Vec<&str> =
        o.steps.iter().filter(|s| s.status == Status::Pass).filter_map(|s| s.note.as_deref()).collect();
    let warnings = o.plan.subject().warnings.iter().map(String::as_str);
    let notes: Vec<&str> = notes.into_iter().chain(warnings).collect();
    out.words("a note", row.notes, &notes.join("\n"));
    out.words("not_proved", row.not_proved, &o.not_proved.join("\n"));
    for (what, reason) in row.skips {
        let found = o.skips.iter().any(|s| s.what == *what && s.reason.contains(reason));
        out.must(found, || format!("no skip of {what} for `{reason}` in {:?}", o.skips));
    }
    for rule in row.lint {
        let found =
            o.lint.iter().any(|r| r.id == *rule && !r.findings.is_empty() && r.result != "not looked at");
        out.must(found, || format!("lint rule {rule} finds nothing"));
    }
    let left: Vec<&str> = o.leftovers.iter().map(|l| l.kind.as_str()).collect();
    out.same("leftovers", row.left.to_vec(), left);
    for (title, ms) in row.early {
        let took = o.steps.iter().find(|s| s.title == *title).map(|s| s.ms);
        out.must(took.is_some_and(|t| t <= *ms), || format!("`{title}` took {took:?} of {ms} ms"));
    }
    hidden(row, dir, &mut out);
    out.0
}

/// The differences between a row and a recipe that did not load.
pub(crate) fn refusal(row: &Canary, said: &[String]) -> Vec<String> {
    let mut out = Differences(vec![]);
    out.same("exit", row.exit, ccci_model::exit::Exit::Wrong.code());
    out.must(!row.refused.is_empty(), || format!("it does not load: {}", said.join("\n")));
    out.words("a diagnostic", row.refused, &said.join("\n"));
    out.0
}

struct Differences(Vec<String>);

impl Differences {
    fn must(&mut self, holds: bool, why: impl FnOnce() -> String) {
        if !holds {
            self.0.push(why());
        }
    }

    fn same<T: PartialEq + Debug>(&mut self, what: &str, desired: T, is: T) {
        self.must(desired == is, || format!("{what}: expected {desired:?}, is {is:?}"));
    }

    fn words(&mut self, what: &str, desired: &[&str], text: &str) {
        for words in desired {
            self.must(text.contains(words), || format!("{what} with `{words}` is not there: {text}"));
        }
    }
}

fn failures(row: &Canary, o: &Outcome, out: &mut Differences) {
    let tier = |t: &ccci_model::verdict::Occurrence| t.tier.map_or("-", |t| t.name());
    let desired: Vec<(&str, &str)> = row.failures.iter().map(|t| (t.tier, t.cause)).collect();
    let is: Vec<(&str, &str)> = o.failures.iter().map(|t| (tier(t), t.failure.cause.as_str())).collect();
    if desired != is {
        let told: Vec<String> =
            o.failures.iter().map(|t| format!("{}: {}", t.during, short(&t.failure))).collect();
        return out.0.push(format!("failures: expected {desired:?}, is {is:?}\n{}", told.join("\n")));
    }
    for (Occurrence { cause, blame, says, .. }, is) in row.failures.iter().zip(&o.failures) {
        out.same(&format!("blame of {cause}"), *blame, is.failure.blame);
        out.words(cause, says, &whole(&is.failure));
    }
}

/// The first lines of a failure, which tell what happened; logs may be long.
fn short(f: &Failure) -> String {
    let text = whole(f);
    let lines: Vec<&str> = text.lines().take(12).collect();
    lines.join("\n")
}

fn whole(f: &Failure) -> String {
    let evidence: String = f.shown().iter().map(|e| format!("\n[{}]\n{}", e.what, e.text)).collect();
    let place = f.place.as_deref().unwrap_or_default();
    let cure = f.cure().unwrap_or_default();
    format!("{} expected {}, observed {} {place}{evidence}\n{cure}", f.cause, f.expected(), f.observed())
}

fn tests(row: &Canary, o: &Outcome, out: &mut Differences) {
    let all: Vec<(String, &TestOutcome)> = o
        .tiers
        .iter()
        .flat_map(|tier| tier.tests.iter().map(move |t| (format!("{}: {} {}", tier.tier, t.file, t.name), t)))
        .collect();
    for (desired, status) in row.tests {
        let is_named =
            |name: &str| name == *desired || name.split_once(": ").is_some_and(|(_, n)| n == *desired);
        let named: Vec<Status> =
            all.iter().filter(|(name, _)| is_named(name)).map(|(_, t)| t.status).collect();
        out.must(!named.is_empty() && named.iter().all(|s| s == status), || {
            let ran: Vec<String> = all.iter().map(|(name, t)| format!("{name} {:?}", t.status)).collect();
            format!("test `{desired}`: wanted {status:?}, is {named:?} among\n{}", ran.join("\n"))
        });
    }
    // a tier that passes must have asserted something, and one with a test that did not pass may not be green
    for tier in o.tiers.iter().filter(|t| t.status == Status::Pass) {
        out.must(!tier.tests.is_empty(), || format!("{} passed and asserted nothing", tier.tier));
        let skipped = |t: &TestOutcome| {
            let name = format!("{} {}", t.file, t.name);
            t.status == Status::Skip
                && row.tests.iter().any(|(desired, s)| *desired == name && *s == t.status)
        };
        out.must(tier.tests.iter().all(|t| t.status == Status::Pass || skipped(t)), || {
            format!("{} is too green", tier.tier)
        });
    }
}

/// Checks that no file of the record contains a secret value, neither as it is nor in base64.
fn hidden(row: &Canary, dir: &Path, out: &mut Differences) {
    use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};
    for value in row.hidden {
        let forms = [value.to_string(), BASE64_STANDARD_NO_PAD.encode(value)];
        for (path, bytes) in files(dir) {
            let text = String::from_utf8_lossy(&bytes);
            let found = forms.iter().any(|f| text.contains(f));
            out.must(!found, || format!("{path} holds a secret value"));
        }
    }
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut out = vec![];
    for path in fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()) {
        if path.is_dir() {
            out.extend(files(&path));
        } else {
            out.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
        }
    }
    out
}
