//! Events: the only thing that leaves the engine room, and the only core type that is serialised as it is.
//! Everything told afterwards is a function of a run's events. Pure.

use crate::failure::{Failure, FailureId};
use crate::plan::{Plan, Side};
use crate::tier::{Status, Tier};
use crate::time::Moment;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The number of the record's form, told by its first line. It grows when a line changes its meaning, so that records of
/// older forms can be read as what they meant (`record/older.rs`).
pub const SCHEMA: u32 = 2;

/// What stands for the file of an assertion that every recipe is asked.
pub const GENERIC: &str = "generic";

/// One line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Milliseconds since the run began.
    pub at: Moment,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// Who decided that something is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// The shape of the recipe: no base, no backup label, no tests.
    Structure,
    /// The recipe's settings.
    Recipe,
    /// Whoever called ccci.
    Caller,
    /// Something that went wrong before.
    Earlier,
}

/// Something left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// A tier, a rung, a test.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: DecidedBy,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The first line of every record.
    RunStarted {
        /// The form of this record.
        schema: u32,
        /// Version of this program.
        ccci: String,
        /// ms since 1970.
        wall_ms: u64,
        /// The whole plan.
        plan: Box<Plan>,
    },
    /// What the engine is.
    Engine {
        /// Engine version.
        version: String,
        /// API version on the wire.
        api: String,
        /// Whether virtual IPs work.
        ipvs: bool,
    },
    /// A step began.
    StepStarted {
        /// Its number in the plan.
        step: usize,
        /// Its title, for reading the raw file.
        title: String,
        /// Its tier.
        tier: Option<Tier>,
    },
    /// Something failed. Said once; steps, tests and hooks refer to it.
    Failed(Box<Failure>),
    /// A step ended. `unver` means it was not done, and the failure says why.
    StepEnded {
        /// Its number in the plan.
        step: usize,
        /// What became of it.
        status: Status,
        /// How long it took, ms.
        ms: u64,
        /// Why not, unless it passed.
        failure: Option<FailureId>,
        /// What it found, in a few words.
        note: Option<String>,
    },
    /// What is being waited for; again only when it changes.
    Waiting {
        /// The step.
        step: usize,
        /// For what.
        on: String,
    },
    /// A hook or a test began.
    HookStarted {
        /// `pre_backup`, or `custom/test_x.rhai test_y`.
        hook: String,
    },
    /// A hook ended.
    HookEnded {
        /// The same name.
        hook: String,
        /// How long, ms.
        ms: u64,
        /// Why it failed.
        failure: Option<FailureId>,
    },
    /// A script called a ctx function.
    Called {
        /// The hook or test.
        by: String,
        /// The function.
        function: String,
        /// Its arguments, redacted and cut.
        arguments: Vec<String>,
        /// Its result, redacted and cut; or the error.
        result: String,
        /// Whether it gave a result.
        ok: bool,
        /// How long, ms.
        ms: u64,
    },
    /// A script said something.
    Said {
        /// The hook or test.
        by: String,
        /// Its words, redacted.
        text: String,
    },
    /// A test ended.
    TestEnded {
        /// Its tier.
        tier: Tier,
        /// `generic`, or the file.
        file: String,
        /// The function, or the name of the generic assertion.
        name: String,
        /// What became of it.
        status: Status,
        /// How long, ms.
        ms: u64,
        /// Why not.
        failure: Option<FailureId>,
    },
    /// An image is on the engine.
    Pulled {
        /// The image.
        image: String,
        /// Its digest.
        digest: Option<String>,
        /// Whether it was there before.
        present: bool,
        /// How long, ms.
        ms: u64,
    },
    /// The engine took the stack. Sent where that is done, so that deploys can be counted.
    Deployed {
        /// The place of its app in the plan.
        #[serde(default)]
        app: usize,
        /// Which side.
        side: Side,
    },
    /// The lint rung's findings.
    Linted {
        /// What became of the rung.
        status: Status,
        /// One row a rule: id, `satisfied`, `unsatisfied` or `not looked at`, and findings.
        rules: Vec<LintedRule>,
    },
    /// A fact that a later reader may want: the snapshot, the commits of a deploy.
    Fact {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Something that the run saw leaves a promise open.
    NotProved {
        /// The promise and why, beginning with "that".
        what: String,
    },
    /// A test was left out while the run went on: its file and name, why, and who decided.
    Skipped(Skip),
    /// The run was told to stop.
    Stopped {
        /// `SIGINT`, `SIGTERM` or `deadline`.
        by: String,
    },
    /// A file of the record was written.
    Kept {
        /// Relative path.
        file: String,
        /// SHA-256 of its content, for archives.
        sha256: Option<String>,
        /// Bytes.
        bytes: u64,
    },
    /// A file with what the browser showed was written into the record.
    Shown(Shown),
    /// Removal is over.
    Removed {
        /// How long, ms.
        ms: u64,
        /// What is still there: kind, name and who holds it.
        leftovers: Vec<crate::plan::Held>,
        /// How many objects were removed, by kind.
        counts: BTreeMap<String, u64>,
    },
    /// A scan found a secret in the record.
    SecretFound {
        /// The file.
        file: String,
        /// The secret's name, never its value.
        secret: String,
    },
    /// The record itself could not be written; known in memory only.
    RecordFailed {
        /// Why.
        failure: Box<Failure>,
    },
    /// Archives of backups were removed when the run was over: nothing was wrong with them.
    ArchivesDropped {
        /// Relative paths.
        files: Vec<String>,
    },
    /// The run's last line. Only what becomes of the finished record comes after it.
    RunEnded {
        /// ms since 1970.
        wall_ms: u64,
    },
}

/// What a file of the browser shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// The app as it greets people, once it was healthy and unchanged. PNG.
    Landing,
    /// What a script asked to keep. PNG.
    Named,
    /// The page when a test failed. PNG.
    Failing,
    /// The page's source when a test failed.
    Source,
    /// What the page wrote to the console.
    Console,
    /// Requests of the page that failed or were refused.
    Requests,
    /// The last calls of the script that concern the page.
    Calls,
}

impl Shows {
    /// Whether it is a picture and no text.
    pub fn is_picture(self) -> bool {
        matches!(self, Shows::Landing | Shows::Named | Shows::Failing)
    }
}

/// A file with what the browser showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The place of its app in the plan.
    pub app: usize,
    /// The hook or test, as in other events.
    pub by: String,
    /// What it shows.
    pub shows: Shows,
    /// Path relative to the record.
    pub file: String,
    /// Its size.
    pub bytes: u64,
}

/// One rule of the lint rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LintedRule {
    /// Its id.
    pub id: String,
    /// `error` or `warning`.
    pub severity: String,
    /// `satisfied`, `unsatisfied` or `not looked at`.
    pub result: String,
    /// One line each, with positions; or the reason for not looking.
    pub findings: Vec<String>,
}
