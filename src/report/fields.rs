//! Every key of results.json with its meaning, its JSON Schema and how its value is computed. Pure.
// flat table: may be long

use super::results::SCHEMA;
use ccci_model::event::{Event, Shown, Skip, What};
use ccci_model::failure::{Evidence, Failure, FailureId};
use ccci_model::plan::{Deployment, Held};
use ccci_model::tier::{RUNGS, Status, TIERS, Tier};
use ccci_model::time::utc_rfc3339;
use ccci_model::verdict::{Occurrence, Outcome, StepOutcome, TestOutcome, TierOutcome, Timings, VERDICTS};
use ccci_runner::record::Record;
use serde_json::{Map, Value, json};

/// One key of a JSON object that describes a `T`.
pub struct Field<T> {
    /// The key.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Its JSON Schema, without the description.
    pub shape: fn() -> Value,
    /// Its value.
    pub get: fn(&T) -> Value,
}

/// The JSON object that these fields give for a `T`.
pub fn object<T>(fields: &[Field<T>], of: &T) -> Value {
    Value::Object(fields.iter().map(|f| (f.name.to_string(), (f.get)(of))).collect())
}

/// The JSON Schema of that object.
pub fn shape<T>(fields: &[Field<T>]) -> Value {
    let mut properties = Map::new();
    for f in fields {
        let mut shape = (f.shape)();
        shape["description"] = json!(f.doc);
        properties.insert(f.name.to_string(), shape);
    }
    let required: Vec<&str> = fields.iter().map(|f| f.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

pub(crate) fn text() -> Value {
    json!({"type": "string"})
}
pub(crate) fn number() -> Value {
    json!({"type": "integer", "minimum": 0})
}
pub(crate) fn yes() -> Value {
    json!({"type": "boolean"})
}
fn list(of: Value) -> Value {
    json!({"type": "array", "items": of})
}
fn map(of: Value) -> Value {
    json!({"type": "object", "additionalProperties": of})
}
pub(crate) fn or_null(of: Value) -> Value {
    json!({"anyOf": [of, {"type": "null"}]})
}
pub(crate) fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    json!({"type": "string", "enum": names.collect::<Vec<_>>()})
}
fn status() -> Value {
    let all = [Status::Pass, Status::Fail, Status::Skip, Status::Unver];
    one_of(all.iter().map(|s| s.name()))
}
fn blame() -> Value {
    one_of(["recipe", "image", "infra", "ccci"].into_iter())
}
fn tier() -> Value {
    one_of(TIERS.iter().map(|t| t.name))
}
fn objects<T>(fields: &[Field<T>], all: &[T]) -> Value {
    Value::Array(all.iter().map(|t| object(fields, t)).collect())
}
fn of_failure(f: Option<&Failure>, pick: fn(&Failure) -> Value) -> Value {
    f.map_or(Value::Null, pick)
}
fn evidence(f: Option<&Failure>) -> Value {
    objects(EVIDENCE, &f.map_or(vec![], Failure::shown))
}

/// The top level of results.json.
pub(crate) const RESULT: &[Field<Record>] = &[
    Field {
        name: "schema",
        doc: "Version of this schema; grows when a key changes its meaning or is removed.",
        shape: || json!({"const": SCHEMA}),
        get: |_| json!(SCHEMA),
    },
    Field {
        name: "run_id",
        doc: "The run; ids sort by their start.",
        shape: text,
        get: |r| json!(r.outcome.plan.run_id),
    },
    Field {
        name: "call",
        doc: "The call of `ccci run` that made the run, and perhaps others; records of earlier versions do not name it.",
        shape: || or_null(text()),
        get: |r| json!(r.outcome.plan.call),
    },
    Field {
        name: "recipe",
        doc: "The recipe's name.",
        shape: text,
        get: |r| json!(r.outcome.plan.subject().recipe),
    },
    Field {
        name: "source",
        doc: "Path or URL of the recipe repository, as written.",
        shape: text,
        get: |r| json!(r.outcome.plan.subject().source),
    },
    Field {
        name: "domain",
        doc: "The run's domain.",
        shape: text,
        get: |r| json!(r.outcome.plan.subject().domain),
    },
    Field {
        name: "head",
        doc: "The revision under test.",
        shape: || shape(DEPLOYMENT),
        get: |r| object(DEPLOYMENT, &r.outcome.plan.subject().head),
    },
    Field {
        name: "base",
        doc: "The revision it was upgraded from.",
        shape: || or_null(shape(DEPLOYMENT)),
        get: |r| r.outcome.plan.subject().base.as_ref().map_or(Value::Null, |b| object(DEPLOYMENT, b)),
    },
    Field {
        name: "base_reason",
        doc: "How the base was chosen, or why there is none.",
        shape: text,
        get: |r| json!(r.outcome.plan.subject().base_reason),
    },
    Field {
        name: "started",
        doc: "When the run began, RFC 3339 in UTC.",
        shape: text,
        get: |r| json!(utc_rfc3339(r.outcome.began_ms)),
    },
    Field {
        name: "ended",
        doc: "When the run ended; null when the record ends before it did.",
        shape: || or_null(text()),
        get: |r| json!(r.outcome.ended_ms.map(utc_rfc3339)),
    },
    Field {
        name: "verdict",
        doc: "The verdict in one word.",
        shape: || one_of(VERDICTS.iter().map(|v| v.1)),
        get: |r| json!(r.outcome.verdict.name()),
    },
    Field {
        name: "partial",
        doc: "The tiers of the run, if its caller asked for less than the whole lifecycle; else null.",
        shape: || or_null(list(text())),
        get: |r| {
            let names = |tiers: &[Tier]| tiers.iter().map(|t| t.name()).collect::<Vec<_>>();
            json!(r.outcome.plan.partial().map(|partial| names(&partial.tiers)))
        },
    },
    Field {
        name: "exit",
        doc: "The exit code of the run.",
        shape: number,
        get: |r| json!(r.outcome.exit.code()),
    },
    Field {
        name: "level",
        doc: "The highest passed rung below which all are pass or skip; 0 if none.",
        shape: || json!({"type": "integer", "minimum": 0, "maximum": RUNGS.len()}),
        get: |r| json!(r.outcome.level),
    },
    Field {
        name: "rungs",
        doc: "The status of each rung.",
        shape: || {
            let all: Map<String, Value> = RUNGS.iter().map(|r| (r.1.to_string(), status())).collect();
            let names: Vec<&str> = RUNGS.iter().map(|r| r.1).collect();
            json!({"type": "object", "properties": all, "required": names, "additionalProperties": false})
        },
        get: |r| {
            let status = |rung| r.outcome.rungs.get(rung).copied().unwrap_or(Status::Unver).name();
            Value::Object(RUNGS.iter().map(|(rung, name)| (name.to_string(), json!(status(rung)))).collect())
        },
    },
    Field {
        name: "tiers",
        doc: "The result of each tier, in the order of a run.",
        shape: || list(shape(TIER)),
        get: |r| objects(TIER, &tiers(&r.outcome)),
    },
    Field {
        name: "failures",
        doc: "All failures and errors, the earliest first.",
        shape: || list(shape(OCCURRENCE)),
        get: |r| objects(OCCURRENCE, &r.outcome.failures),
    },
    Field {
        name: "skips",
        doc: "What was skipped, why, and who decided.",
        shape: || list(shape(SKIP)),
        get: |r| objects(SKIP, &r.outcome.skips),
    },
    Field {
        name: "not_proved",
        doc: "What this run does not prove, green or not.",
        shape: || list(text()),
        get: |r| json!(r.outcome.not_proved),
    },
    Field {
        name: "timings",
        doc: "How long things took, ms.",
        shape: || shape(TIMINGS),
        get: |r| object(TIMINGS, &r.outcome.timings),
    },
    Field {
        name: "steps",
        doc: "The steps that began, with what each waited for.",
        shape: || list(shape(STEP)),
        get: |r| objects(STEP, &r.outcome.steps),
    },
    Field {
        name: "leftovers",
        doc: "What is still on the engine and what holds it, and places that ccci never touches where the app may have left something.",
        shape: || list(shape(HELD)),
        get: |r| objects(HELD, &[r.outcome.leftovers.as_slice(), &r.outcome.left_alone].concat()),
    },
    Field {
        name: "lint",
        doc: "The rules of the lint rung; empty if lint did not run.",
        shape: || list(shape(LINT)),
        get: |r| objects(LINT, &r.outcome.lint),
    },
    Field {
        name: "versions",
        doc: "The versions of ccci, its rules, the engine and the images.",
        shape: || shape(VERSIONS),
        get: |r| object(VERSIONS, &r.outcome),
    },
    Field {
        name: "facts",
        doc: "Facts that the run recorded by name: snapshots, checksums, commits.",
        shape: || map(text()),
        get: |r| json!(r.outcome.facts),
    },
    Field {
        name: "stopped_by",
        doc: "What ended the run early: a signal, or `deadline`.",
        shape: || or_null(text()),
        get: |r| json!(r.outcome.stopped_by),
    },
    Field {
        name: "kept_running",
        doc: "Whether the app was left running.",
        shape: yes,
        get: |r| json!(r.outcome.is_kept_running()),
    },
    Field {
        name: "warnings",
        doc: "Warnings found while loading.",
        shape: || list(text()),
        get: |r| json!(r.outcome.plan.subject().warnings),
    },
    Field {
        name: "shown",
        doc: "What the browser showed: pictures, and what was kept of pages in which a test failed.",
        shape: || list(shape(SHOWN)),
        get: |r| objects(SHOWN, &r.outcome.shown),
    },
    Field {
        name: "files",
        doc: "Files of the record besides events, plan and reports.",
        shape: || list(shape(FILE)),
        get: |r| objects(FILE, &files(&r.events)),
    },
];

/// A file with what the browser showed.
pub(crate) const SHOWN: &[Field<Shown>] = &[
    Field { name: "file", doc: "Relative to the record.", shape: text, get: |s| json!(s.file) },
    Field { name: "bytes", doc: "Its size.", shape: number, get: |s| json!(s.bytes) },
    Field {
        name: "shows",
        doc: "A picture (`landing`, `named`, `failing`), or a text of a failing page (`source`, `console`, `requests`, `calls`).",
        shape: text,
        get: |s| json!(s.shows),
    },
    Field { name: "by", doc: "The test, or the hook `screenshot`.", shape: text, get: |s| json!(s.by) },
    Field { name: "app", doc: "The place of its app in the plan.", shape: number, get: |s| json!(s.app) },
];

/// A file in the record.
#[derive(Debug)]
pub struct KeptFile {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    sha256: Option<String>,
    pub(crate) there: bool,
}

/// The files that a run wrote into its record besides events, plan and reports.
pub(crate) fn files(events: &[Event]) -> Vec<KeptFile> {
    let dropped = |file: &String| {
        events.iter().any(|e| matches!(&e.what, What::ArchivesDropped { files } if files.contains(file)))
    };
    let one = |e: &Event| match &e.what {
        What::Kept { file, sha256, bytes } => Some(KeptFile {
            name: file.clone(),
            bytes: *bytes,
            sha256: sha256.clone(),
            there: !dropped(file),
        }),
        _ => None,
    };
    events.iter().filter_map(one).collect()
}

/// A revision that was deployed.
pub(crate) const DEPLOYMENT: &[Field<Deployment>] = &[
    Field { name: "commit", doc: "The git commit.", shape: text, get: |d| json!(d.commit) },
    Field {
        name: "version",
        doc: "The tag, or the version label of its compose file.",
        shape: || or_null(text()),
        get: |d| json!(d.version),
    },
    Field {
        name: "dirty",
        doc: "Whether it includes uncommitted changes.",
        shape: yes,
        get: |d| json!(d.dirty),
    },
    Field {
        name: "published",
        doc: "Whether it is a published version: a commit with a version's tag, without changes.",
        shape: || or_null(yes()),
        get: |d| json!(d.published),
    },
    Field { name: "found_as", doc: "How it was found.", shape: text, get: |d| json!(d.found_as) },
    Field {
        name: "repaired",
        doc: "Whether the previous/ repair was applied.",
        shape: yes,
        get: |d| json!(d.repaired),
    },
];

/// A tier or a test, together with the failure that it refers to.
#[derive(Debug)]
pub(crate) struct Referring<T> {
    of: T,
    failure: Option<Failure>,
    tests: Vec<Referring<TestOutcome>>,
}

fn tiers(o: &Outcome) -> Vec<Referring<TierOutcome>> {
    let failure = |id: Option<FailureId>| id.and_then(|id| o.failure(id)).cloned();
    let test = |t: &TestOutcome| Referring { of: t.clone(), failure: failure(t.failure), tests: vec![] };
    let tier = |t: &TierOutcome| {
        let tests = t.tests.iter().map(test).collect();
        Referring { of: t.clone(), failure: failure(t.failure), tests }
    };
    o.tiers.iter().map(tier).collect()
}

/// The id of a failure that a tier or a test refers to.
fn id(f: Option<&Failure>) -> Value {
    of_failure(f, |f| json!(f.id))
}

/// The keys by which a tier and a test show their failure.
impl<T> Referring<T> {
    const FAILURE: Field<Referring<T>> = Field {
        name: "failure",
        doc: "Its failure: an `id` among `failures`.",
        shape: || or_null(number()),
        get: |t| id(t.failure.as_ref()),
    };
    const BLAME: Field<Referring<T>> = Field {
        name: "blame",
        doc: "Who has to act.",
        shape: || or_null(blame()),
        get: |t| of_failure(t.failure.as_ref(), |f| json!(f.blame)),
    };
    const EXPECTED: Field<Referring<T>> = Field {
        name: "expected",
        doc: "What should have been.",
        shape: || or_null(text()),
        get: |t| of_failure(t.failure.as_ref(), |f| json!(f.expected())),
    };
    const OBSERVED: Field<Referring<T>> = Field {
        name: "observed",
        doc: "What was.",
        shape: || or_null(text()),
        get: |t| of_failure(t.failure.as_ref(), |f| json!(f.observed())),
    };
}

/// A tier.
pub(crate) const TIER: &[Field<Referring<TierOutcome>>] = &[
    Field { name: "name", doc: "Its name.", shape: tier, get: |t| json!(t.of.tier.name()) },
    Field { name: "status", doc: "What became of it.", shape: status, get: |t| json!(t.of.status.name()) },
    Referring::FAILURE,
    Referring::BLAME,
    Field {
        name: "cause",
        doc: "The cause's id; `ccci explain` has a page on each.",
        shape: || or_null(text()),
        get: |t| of_failure(t.failure.as_ref(), |f| json!(f.cause)),
    },
    Referring::EXPECTED,
    Referring::OBSERVED,
    Field {
        name: "reason",
        doc: "Why it was skipped or is not known, if no failure says so.",
        shape: || or_null(text()),
        get: |t| json!(t.of.reason),
    },
    Field {
        name: "evidence",
        doc: "What shows it.",
        shape: || list(shape(EVIDENCE)),
        get: |t| evidence(t.failure.as_ref()),
    },
    Field { name: "ms", doc: "How long its steps took.", shape: number, get: |t| json!(t.of.ms) },
    Field {
        name: "tests",
        doc: "Its tests: generic assertions and the recipe's own.",
        shape: || list(shape(TEST)),
        get: |t| objects(TEST, &t.tests),
    },
];

/// A test.
pub(crate) const TEST: &[Field<Referring<TestOutcome>>] = &[
    Field {
        name: "name",
        doc: "The function, or the generic assertion.",
        shape: text,
        get: |t| json!(t.of.name),
    },
    Field { name: "file", doc: "The file, or `generic`.", shape: text, get: |t| json!(t.of.file) },
    Field { name: "status", doc: "What became of it.", shape: status, get: |t| json!(t.of.status.name()) },
    Field { name: "ms", doc: "How long it took.", shape: number, get: |t| json!(t.of.ms) },
    Field {
        name: "cause",
        doc: "The cause's id.",
        shape: || or_null(text()),
        get: |t| of_failure(t.failure.as_ref(), |f| json!(f.cause)),
    },
    Referring::FAILURE,
    Referring::BLAME,
    Referring::EXPECTED,
    Referring::OBSERVED,
    Field {
        name: "reason",
        doc: "Why it was skipped, if the run recorded a reason.",
        shape: || or_null(text()),
        get: |t| json!(t.of.reason),
    },
    Field {
        name: "place",
        doc: "Position (`path:line:column`) of the script.",
        shape: || or_null(text()),
        get: |t| of_failure(t.failure.as_ref(), |f| json!(f.place)),
    },
];

/// A failure or error of the run, with where it happened.
pub(crate) const OCCURRENCE: &[Field<Occurrence>] = &[
    Field {
        name: "id",
        doc: "Its number in this run; tiers, tests and steps refer to it.",
        shape: number,
        get: |t| json!(t.failure.id),
    },
    Field {
        name: "tier",
        doc: "The tier; null before and after them.",
        shape: || or_null(tier()),
        get: |t| json!(t.tier.map(|t| t.name())),
    },
    Field { name: "during", doc: "The step, or the test.", shape: text, get: |t| json!(t.during) },
    Field { name: "cause", doc: "The cause's id.", shape: text, get: |t| json!(t.failure.cause) },
    Field { name: "blame", doc: "Who has to act.", shape: blame, get: |t| json!(t.failure.blame) },
    Field {
        name: "expected",
        doc: "What should have been.",
        shape: text,
        get: |t| json!(t.failure.expected()),
    },
    Field { name: "observed", doc: "What was.", shape: text, get: |t| json!(t.failure.observed()) },
    Field {
        name: "place",
        doc: "Position (`path:line:column`) of the script or settings involved.",
        shape: || or_null(text()),
        get: |t| json!(t.failure.place),
    },
    Field {
        name: "detail",
        doc: "Its data: `kind`, and the fields of that kind. The kind `told` has texts only.",
        shape: || {
            let of = json!({"kind": text()});
            json!({"type": "object", "properties": of, "required": ["kind"]})
        },
        get: |t| json!(t.failure.detail),
    },
    Field {
        name: "again",
        doc: "The `id` of an earlier failure that this one repeats.",
        shape: || or_null(number()),
        get: |t| json!(t.failure.again),
    },
    Field {
        name: "to_do",
        doc: "What to do about it.",
        shape: || or_null(text()),
        get: |t| json!(t.failure.cure()),
    },
    Field {
        name: "evidence",
        doc: "What shows it.",
        shape: || list(shape(EVIDENCE)),
        get: |t| evidence(Some(&t.failure)),
    },
];

/// A text that supports a failure.
pub(crate) const EVIDENCE: &[Field<Evidence>] = &[
    Field { name: "what", doc: "What it is.", shape: text, get: |e| json!(e.what) },
    Field { name: "text", doc: "Its text.", shape: text, get: |e| json!(e.text) },
];

/// Something that was skipped.
pub const SKIP: &[Field<Skip>] = &[
    Field { name: "what", doc: "A tier, a rung or a test.", shape: text, get: |s| json!(s.what) },
    Field { name: "reason", doc: "Why.", shape: text, get: |s| json!(s.reason) },
    Field {
        name: "decided_by",
        doc: "Who decided.",
        shape: || one_of(["structure", "recipe", "caller", "earlier"].into_iter()),
        get: |s| json!(s.decided_by),
    },
];

/// How long each part took, ms.
pub(crate) const TIMINGS: &[Field<Timings>] = &[
    Field { name: "pull", doc: "Pulling the images.", shape: number, get: |t| json!(t.phase("pull")) },
    Field { name: "deploy", doc: "Deploying the stacks.", shape: number, get: |t| json!(t.phase("deploy")) },
    Field {
        name: "converge",
        doc: "Until all services converged.",
        shape: number,
        get: |t| json!(t.phase("converge")),
    },
    Field {
        name: "health",
        doc: "Until an answer was accepted.",
        shape: number,
        get: |t| json!(t.phase("health")),
    },
    Field {
        name: "ready",
        doc: "Until the ready probe was true.",
        shape: number,
        get: |t| json!(t.phase("ready")),
    },
    Field {
        name: "settle",
        doc: "Until the stack was quiet before a backup.",
        shape: number,
        get: |t| json!(t.phase("settle")),
    },
    Field {
        name: "backup",
        doc: "Backing up, verification included.",
        shape: number,
        get: |t| json!(t.phase("backup")),
    },
    Field { name: "restore", doc: "Restoring.", shape: number, get: |t| json!(t.phase("restore")) },
    Field {
        name: "removal",
        doc: "Removing everything and checking that nothing is left.",
        shape: number,
        get: |t| json!(t.phase("removal")),
    },
    Field {
        name: "hooks",
        doc: "By hook: how often it was called, and how long in all.",
        shape: || {
            let of = json!({"calls": number(), "ms": number()});
            map(
                json!({"type": "object", "properties": of, "required": ["calls", "ms"], "additionalProperties": false}),
            )
        },
        get: |t| {
            let one = |(name, h): (&String, &ccci_model::verdict::HookTime)| {
                (name.clone(), json!({"calls": h.calls, "ms": h.ms}))
            };
            Value::Object(t.hooks.iter().map(one).collect())
        },
    },
    Field {
        name: "tiers",
        doc: "By tier.",
        shape: || map(number()),
        get: |t| Value::Object(t.tiers.iter().map(|(tier, ms)| (tier.to_string(), json!(ms))).collect()),
    },
    Field { name: "total", doc: "The whole run.", shape: number, get: |t| json!(t.total) },
];

/// A step.
pub(crate) const STEP: &[Field<StepOutcome>] = &[
    Field { name: "step", doc: "Its number in the plan, from 0.", shape: number, get: |s| json!(s.step) },
    Field { name: "title", doc: "What it did.", shape: text, get: |s| json!(s.title) },
    Field {
        name: "tier",
        doc: "Its tier; null before and after them.",
        shape: || or_null(tier()),
        get: |s| json!(s.tier.map(|t| t.name())),
    },
    Field { name: "status", doc: "What became of it.", shape: status, get: |s| json!(s.status.name()) },
    Field {
        name: "began",
        doc: "When, in ms since the run began.",
        shape: number,
        get: |s| json!(s.began.0),
    },
    Field { name: "ms", doc: "How long it took.", shape: number, get: |s| json!(s.ms) },
    Field {
        name: "failure",
        doc: "Its failure: an `id` among `failures`.",
        shape: || or_null(number()),
        get: |s| json!(s.failure),
    },
    Field {
        name: "note",
        doc: "What it found, or why it was not done.",
        shape: || or_null(text()),
        get: |s| json!(s.note),
    },
    Field {
        name: "waits",
        doc: "What it waited for, in order, ms each.",
        shape: || {
            let of = json!({"on": text(), "ms": number()});
            list(
                json!({"type": "object", "properties": of, "required": ["on", "ms"], "additionalProperties": false}),
            )
        },
        get: |s| Value::Array(s.waits.iter().map(|w| json!({"on": w.on, "ms": w.ms})).collect()),
    },
];

/// Something that could not be removed, and what holds it.
pub(crate) const HELD: &[Field<Held>] = &[
    Field { name: "kind", doc: "Volume, network, secret and so on.", shape: text, get: |h| json!(h.kind) },
    Field { name: "name", doc: "Its name.", shape: text, get: |h| json!(h.name) },
    Field { name: "by", doc: "What holds it, in the engine's words.", shape: text, get: |h| json!(h.by) },
];

/// A rule of the lint rung.
pub(crate) const LINT: &[Field<ccci_model::event::LintedRule>] = &[
    Field { name: "id", doc: "Its id.", shape: text, get: |r| json!(r.id) },
    Field {
        name: "severity",
        doc: "Its severity: `error` or `warning`.",
        shape: text,
        get: |r| json!(r.severity),
    },
    Field {
        name: "result",
        doc: "One of `satisfied`, `unsatisfied`, `not looked at`.",
        shape: text,
        get: |r| json!(r.result),
    },
    Field {
        name: "findings",
        doc: "Each with its position, or the reason for not looking.",
        shape: || list(text()),
        get: |r| json!(r.findings),
    },
];

/// The versions of everything that took part.
pub(crate) const VERSIONS: &[Field<Outcome>] = &[
    Field { name: "ccci", doc: "Version of ccci.", shape: text, get: |o| json!(o.versions["ccci"]) },
    Field {
        name: "rules",
        doc: "How many lint rules, and a checksum of their names and severities.",
        shape: || or_null(text()),
        get: |o| json!(o.versions.get("rules")),
    },
    Field {
        name: "engine",
        doc: "Version of the engine.",
        shape: || or_null(text()),
        get: |o| json!(o.versions.get("engine")),
    },
    Field {
        name: "api",
        doc: "Version of the engine's API on the wire.",
        shape: || or_null(text()),
        get: |o| json!(o.versions.get("api")),
    },
    Field {
        name: "images",
        doc: "Each image and its digest; null for one that is only on this engine.",
        shape: || map(or_null(text())),
        get: |o| Value::Object(o.images.iter().map(|i| (i.image.clone(), json!(i.digest))).collect()),
    },
];

/// A file in the record.
pub const FILE: &[Field<KeptFile>] = &[
    Field { name: "name", doc: "Relative to the record.", shape: text, get: |f| json!(f.name) },
    Field { name: "bytes", doc: "Its size.", shape: number, get: |f| json!(f.bytes) },
    Field {
        name: "sha256",
        doc: "Checksum, for archives.",
        shape: || or_null(text()),
        get: |f| json!(f.sha256),
    },
    Field {
        name: "there",
        doc: "Whether it is kept; archives of a good backup are not, unless the caller asked for them.",
        shape: yes,
        get: |f| json!(f.there),
    },
];
