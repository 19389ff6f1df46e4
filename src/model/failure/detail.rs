//! What a failure is made of: data, so that everything told of it is made from the same facts and nobody reads sentences.

use super::Failure;
use crate::plan::{Held, Side};
use serde::{Deserialize, Serialize};

/// For whom a command ran in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandOf {
    /// A script, in a service of the app.
    Script,
    /// A script, as a job of its own.
    Job,
    /// A label of the recipe: before the archives are made.
    BackupPreHook,
    /// A label of the recipe: after they are made.
    BackupPostHook,
    /// A label of the recipe: before they are put back.
    RestorePreHook,
    /// A label of the recipe: after they are put back.
    RestorePostHook,
}

impl CommandOf {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            CommandOf::Script | CommandOf::Job => "command",
            CommandOf::BackupPreHook => "backup pre-hook",
            CommandOf::BackupPostHook => "backup post-hook",
            CommandOf::RestorePreHook => "restore pre-hook",
            CommandOf::RestorePostHook => "restore post-hook",
        }
    }
}

/// The facts of a failure. A cause that has no kind of its own is told in two texts, which no code reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Detail {
    /// Texts for people only.
    Told {
        /// What should have been.
        expected: String,
        /// What was.
        observed: String,
    },
    /// An assertion of a script did not hold.
    Assertion {
        /// The text of its expression.
        expression: String,
        /// Both sides with the operator, or the value.
        observed: String,
    },
    /// A command in a container ended with another code than 0.
    Exec {
        /// For whom it ran.
        role: CommandOf,
        /// The service, or the job.
        service: String,
        /// The command.
        argv: Vec<String>,
        /// Its exit code.
        code: i64,
        /// The end of its standard output.
        stdout: String,
        /// The end of its standard error.
        stderr: String,
    },
    /// An HTTP answer that is not accepted.
    Answer {
        /// What was asked for.
        url: String,
        /// Statuses that would be accepted.
        accepted: Box<[u16]>,
        /// The status.
        status: u16,
        /// The task that answered, if the router has several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<Box<str>>,
        /// Why the proxy answered itself, if it did.
        proxy: Option<String>,
        /// How the answer's body begins.
        body: String,
    },
    /// The engine did not take the stack.
    Refused {
        /// The service of somebody else that has a port of the app, if that is why.
        holder: Option<String>,
        /// The engine's words.
        said: String,
    },
    /// An image could not be had; the cause says what the registry did.
    Image {
        /// The image.
        image: String,
        /// The engine's words.
        said: String,
    },
    /// Removal left something.
    Left {
        /// What, and who holds it.
        held: Vec<Held>,
    },
    /// The run reached its deadline.
    Deadline {
        /// How long it was given, ms.
        deadline_ms: u64,
        /// What failed because of that.
        during: Option<Box<Failure>>,
    },
    /// A signal came.
    Interrupted {
        /// What failed because of that.
        during: Option<Box<Failure>>,
    },
    /// The engine went away during the run.
    EngineLost {
        /// What failed after that.
        then: Option<Box<Failure>>,
    },
    /// The engine gave no answer for long, and it may have replaced tasks meanwhile.
    EngineSilent {
        /// For how long, ms.
        silent_ms: u64,
        /// What failed after that.
        then: Box<Failure>,
    },
    /// The ready probe did not say yes often enough.
    NotReady {
        /// How often in a row it has to.
        stable: u32,
        /// How often in a row it had at the end.
        in_a_row: u32,
        /// How often it was asked.
        asked: u32,
        /// For how long, ms.
        ms: u64,
        /// How it failed the last time that it did.
        raised: Option<Box<Failure>>,
    },
    /// A task ended after its service had converged.
    Ended {
        /// The service.
        service: String,
        /// How it ended; follows "ended".
        how: String,
        /// How long after the service had converged, ms.
        after_ms: u64,
    },
    /// A secret value stands in the record.
    SecretFound {
        /// The file.
        file: String,
        /// The secret's name.
        secret: String,
    },
    /// An app was deployed more or fewer times than planned.
    DeployCount {
        /// The recipe of the app.
        app: String,
        /// Which side.
        side: Side,
        /// How many times the plan deploys it.
        planned: u64,
        /// How many times the engine took it.
        taken: u64,
    },
}
