//! What the summary of a record says beyond one line, so that runs can be compared, counted and shown together without
//! their events. Texts are cut: the record has all of them. Pure.

use super::Record;
use ccci_model::event::{Shown, Shows, What};
use ccci_model::failure::Blame;
use ccci_model::tier::{Rung, Status, Tier};
use ccci_model::verdict::{Occurrence, Outcome, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// Longest text that is kept, in characters.
const LONGEST: usize = 240;
/// Most entries of one list.
const MOST: usize = 400;

/// The failure that decided a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisive {
    /// Its tier; none for what comes before and after all tiers.
    pub tier: Option<Tier>,
    /// What was being done.
    pub during: String,
    /// Id of its row in `CAUSES`.
    pub cause: String,
    /// Who has to act.
    pub blame: Blame,
    /// What was observed.
    pub observed: String,
}

/// Facts of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The failure that decided the verdict.
    pub decisive: Option<Decisive>,
    /// All tiers in their order: what became of each, and how long it took, ms.
    pub tiers: Vec<(Tier, Status, u64)>,
    /// What became of the lint rung.
    pub lint: Status,
    /// The tests, each by its tier, file and name, and what became of it.
    pub tests: Vec<(String, Status)>,
    /// How long each phase took, ms; those that took no time are left out.
    pub phases: Vec<(String, u64)>,
    /// What was installed first, if that was not the head.
    pub base: Option<String>,
    /// How the head was found, if it is a proposed change: no published version, or with uncommitted changes.
    #[serde(default)]
    pub proposed: Option<String>,
    /// Whether uncommitted changes were part of the head.
    pub dirty: bool,
    /// Versions of ccci, of the engine, of its API and of the rules.
    pub versions: BTreeMap<String, String>,
    /// The digest of each image.
    pub images: BTreeMap<String, String>,
    /// Settings that differ from the default.
    pub settings: BTreeMap<String, String>,
    /// What was not proved.
    pub not_proved: Vec<String>,
    /// The file with the picture of the app as it greets people.
    #[serde(default)]
    pub picture: Option<String>,
    /// The logs of services, and what a browser showed: files of the record that a site may show beside the page of the run.
    #[serde(default)]
    pub files: Vec<String>,
    /// Whether the last scan found a secret in the record.
    pub secret_found: bool,
}

impl Facts {
    /// The facts of a record.
    pub fn of(record: &Record) -> Facts {
        let o = &record.outcome;
        let app = o.plan.subject();
        let base = app.base.as_ref().map(|d| {
            let version = d.version.as_ref().map_or("no version".to_string(), ToString::to_string);
            format!("{version} ({})", d.commit.short())
        });
        let tests = o.tiers.iter().flat_map(|t| {
            t.tests.iter().map(move |x| (cut(&format!("{} {} {}", t.tier, x.file, x.name)), x.status))
        });
        let phases = o.timings.phases.iter().filter(|(_, ms)| *ms > 0);
        let digest = |d: &Option<String>| d.as_deref().map_or("only on this engine".to_string(), cut);
        Facts {
            decisive: decisive(o).map(Decisive::of),
            tiers: o.tiers.iter().map(|t| (t.tier, t.status, t.ms)).collect(),
            lint: o.rungs.get(&Rung::Lint).copied().unwrap_or(Status::Unver),
            tests: tests.take(MOST).collect(),
            phases: phases.map(|(name, ms)| ((*name).to_string(), *ms)).collect(),
            base,
            proposed: app.head.is_proposed().then(|| cut(&app.head.found_as)),
            dirty: app.head.dirty,
            versions: o.versions.iter().map(|(k, v)| (k.clone(), cut(v))).collect(),
            images: o.images.iter().take(MOST).map(|i| (cut(&i.image), digest(&i.digest))).collect(),
            settings: app.settings.iter().take(MOST).map(|s| (cut(&s.key), cut(&s.value))).collect(),
            not_proved: o.not_proved.iter().take(MOST).map(|n| cut(n)).collect(),
            picture: picture(o),
            files: files(record),
            secret_found: record.events.iter().any(|e| matches!(e.what, What::SecretFound { .. })),
        }
    }
}

impl Facts {
    /// Removes every text that is from outside, for a record whose texts must not be shown.
    pub fn conceal(&mut self) {
        if let Some(decisive) = &mut self.decisive {
            decisive.during.clear();
            decisive.observed.clear();
        }
        self.tests.clear();
        self.base = None;
        self.proposed = self.proposed.take().map(|_| "a change".into());
        self.versions.clear();
        self.images.clear();
        self.settings.clear();
        self.not_proved.clear();
        self.picture = None;
        self.files.clear();
    }
}

impl Decisive {
    fn of(t: &Occurrence) -> Decisive {
        Decisive {
            tier: t.tier,
            during: cut(&t.during),
            cause: t.failure.cause.clone(),
            blame: t.failure.blame,
            observed: cut(&t.failure.observed()),
        }
    }
}

/// The first failure of the kind that the verdict stands for, or else the first.
fn decisive(o: &Outcome) -> Option<&Occurrence> {
    let kind = |t: &&Occurrence| t.failure.is_error() == (o.verdict == Verdict::Error);
    o.failures.iter().find(kind).or(o.failures.first())
}

/// The path of a picture inside of the record. A record may come from anywhere, so a path that leads out of it is none.
fn picture(o: &Outcome) -> Option<String> {
    let landing = |s: &&Shown| s.app == o.plan.subject_at() && s.shows == Shows::Landing;
    let file = &o.shown.iter().find(landing)?.file;
    is_inside(file).then(|| file.clone())
}

fn is_inside(file: &str) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    !file.is_empty() && file.len() <= LONGEST && Path::new(file).components().all(plain)
}

/// Files that people ask for: logs first.
fn files(record: &Record) -> Vec<String> {
    let log = |what: &What| match what {
        What::Kept { file, .. } if is_log(file) => Some(file.clone()),
        _ => None,
    };
    let logs = record.events.iter().filter_map(|e| log(&e.what));
    let shown = record.outcome.shown.iter().map(|s| s.file.clone());
    let mut out: Vec<String> = vec![];
    for file in logs.chain(shown).filter(|file| is_inside(file)) {
        if out.len() < MOST && !out.contains(&file) {
            out.push(file);
        }
    }
    out
}

/// Whether a file of a record is the log of a service.
pub fn is_log(file: &str) -> bool {
    // files of other apps than the subject lie in a directory of their recipe
    file.strip_suffix(".log").is_some_and(|name| name.starts_with("logs/") || name.contains("/logs/"))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_string(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(name: &str) -> Record {
        let file = format!("{}/../../tests/records/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
        Record::parse(name, &std::fs::read_to_string(file).unwrap()).unwrap()
    }

    #[test]
    fn the_decisive_failure_is_of_the_kind_that_the_verdict_stands_for() {
        for name in ["red_install", "red_custom", "error", "deadline"] {
            let record = kept(name);
            let decisive = Facts::of(&record).decisive.unwrap();
            let is_error = matches!(decisive.blame, Blame::Infra | Blame::Ccci);
            assert_eq!(is_error, record.outcome.verdict == Verdict::Error, "{name}: {decisive:?}");
        }
        assert_eq!(Facts::of(&kept("green")).decisive, None);
    }

    #[test]
    fn a_secret_in_the_record_is_a_fact_and_long_texts_are_cut() {
        assert!(Facts::of(&kept("secret")).secret_found && !Facts::of(&kept("green")).secret_found);
        assert_eq!(cut(&"é".repeat(LONGEST + 1)), format!("{}…", "é".repeat(LONGEST)));
        assert_eq!(cut("short"), "short");
    }

    #[test]
    fn facts_are_read_back_as_they_were_written() {
        let facts = Facts::of(&kept("red_upgrade"));
        let text = serde_json::to_string(&facts).unwrap();
        assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), facts);
    }
}
