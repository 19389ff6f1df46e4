//! CAUSES: why a step can fail, one row each, with who is to blame unless the evidence says better.

use super::Blame::{self, Ccci, Image, Recipe, World};

/// A row of the table of causes.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause {
    /// Stable kebab-case name.
    pub id: &'static str,
    /// Who is to blame unless the evidence says better.
    pub blame: Blame,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
}

macro_rules! causes {
    ($($name:ident $id:literal $blame:ident $doc:literal;)*) => {
        $(#[doc = $doc] pub const $name: &Cause = &Cause { id: $id, blame: $blame, doc: $doc };)*
        /// All causes.
        pub const CAUSES: &[&Cause] = &[$($name),*];
    };
}

causes! {
    // converging
    CRASH_LOOP "crash-loop" Recipe "Tasks of a service keep ending with the same exit code.";
    OUT_OF_MEMORY "out-of-memory" Recipe "A container was killed because it used more memory than it may.";
    MISSING_IMAGE "missing-image" Image "The registry answers and has no such image.";
    REGISTRY_UNREACHABLE "registry-unreachable" World "The registry of an image does not answer.";
    PULL_REFUSED "pull-refused" Image "The registry answers and refuses the image.";
    NEVER_HEALTHY "never-healthy" Recipe "A container's own health check never passed.";
    ROLLED_BACK "rolled-back" Recipe "Swarm took the update back.";
    UPDATE_PAUSED "update-paused" Recipe "Swarm paused the update and the old version still serves.";
    TASK_REJECTED "task-rejected" Recipe "Swarm rejected a task, for instance for a mount the host lacks.";
    NO_SUITABLE_NODE "no-suitable-node" World "No node of this swarm fits a task.";
    PORT_TAKEN "port-taken" World "A port that the app publishes is already in use on this machine.";
    ONE_SHOT_FAILED "one-shot-failed" Recipe "A service that runs once to its end ended with an error.";
    NOT_CONVERGED "not-converged" Recipe "Services did not reach the wanted count before the deadline.";
    SPEC_DIFFERS "spec-differs" Ccci "What runs is not what was handed to the engine.";
    // deploying
    DEPLOY_REFUSED "deploy-refused" Recipe "The engine refused the stack.";
    COMPOSE_INVALID "compose-invalid" Recipe "The composed files cannot be resolved with this env.";
    SECRET_REFUSED "secret-refused" Recipe "A secret cannot be made.";
    DEPLOY_COUNT "deploy-count" Ccci "The app was deployed more or fewer times than planned.";
    // answering
    NOT_HEALTHY "not-healthy" Recipe "The app does not give an accepted answer.";
    PROXY_ANSWERS "proxy-answers" Recipe "The answer is the proxy's own page: nothing of the app is routed.";
    NOT_READY "not-ready" Recipe "The ready probe did not become true.";
    // upgrade
    NOT_MOVED "not-moved" Recipe "After the upgrade nothing had changed.";
    WRONG_COMMIT "wrong-commit" Ccci "The deployed commit is not the head that was meant.";
    SERVICE_LEFT "service-left" World "A service that the head no longer has could not be removed.";
    // backup and restore
    BACKUP_HOOK_FAILED "backup-hook-failed" Recipe "A backup or restore command in a container failed.";
    EMPTY_BACKUP "empty-backup" Recipe "The backup holds nothing.";
    BACKUP_NOT_VERIFIED "backup-not-verified" Recipe "The backup_verify hook said no three times.";
    NOTHING_TO_BACK_UP "nothing-to-back-up" Recipe "The backup labels select no volume.";
    ARCHIVE_FAILED "archive-failed" World "The engine's archive endpoint failed.";
    RESTORE_MISMATCH "restore-mismatch" Recipe "What the restore left differs from what was backed up.";
    // scripts
    HOOK_FAILED "hook-failed" Recipe "A hook ended with an error.";
    HOOK_WRONG_RETURN "hook-wrong-return" Recipe "A hook returned a value of the wrong type.";
    TEST_FAILED "test-failed" Recipe "A test of the recipe failed.";
    TEST_SKIPPED "test-skipped" Recipe "A test was skipped for something it needs; a skip never looks green.";
    SCRIPT_LIMIT "script-limit" Recipe "A script ran into a limit of the sandbox.";
    SCRIPT_DEADLINE "script-deadline" Recipe "A script was still running at its deadline.";
    EXEC_FAILED "exec-failed" Recipe "A command in a container failed.";
    // us and the world
    ENGINE_GONE "engine-gone" World "The engine does not answer.";
    ENGINE_REFUSED "engine-refused" World "The engine refused a request.";
    NETWORK_MISSING "network-missing" World "An external network does not exist and cannot be made.";
    RECORD_FAILED "record-failed" World "The record cannot be written.";
    SOURCE_FAILED "source-failed" World "The source cannot be read.";
    RUN_DEADLINE "run-deadline" World "The run reached its own deadline.";
    INTERRUPTED "interrupted" World "The run was interrupted.";
    KILLED "killed" World "The record ends before the run did: it was killed, or the machine went down.";
    LEFTOVER "leftover" World "Something the run made could not be removed.";
    SECRET_LEAKED "secret-leaked" Recipe "A secret value stands in the record.";
    INTERNAL "internal" Ccci "A broken promise inside ccci.";
}

/// The row with this name.
pub fn by_id(id: &str) -> Option<&'static Cause> {
    CAUSES.iter().copied().find(|c| c.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_unique_and_their_docs_are_sentences() {
        for (i, c) in CAUSES.iter().enumerate() {
            assert!(!CAUSES[..i].iter().any(|d| d.id == c.id), "{} twice", c.id);
            assert!(c.doc.starts_with(char::is_uppercase) && c.doc.ends_with('.'), "{}", c.id);
        }
        assert_eq!(by_id("crash-loop"), Some(CRASH_LOOP));
    }
}
