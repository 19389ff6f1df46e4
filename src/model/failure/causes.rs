//! CAUSES: why a step can fail, one row each, with who is to blame unless the evidence says better, and what to do.

use super::Blame::{self, Ccci, Image, Infra, Recipe};

/// A row of the table of causes.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause {
    /// Stable kebab-case name.
    pub id: &'static str,
    /// Who is to blame unless the evidence says better.
    pub blame: Blame,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
    /// What to do about it, a sentence or two.
    pub cure: &'static str,
}

macro_rules! causes {
    ($($name:ident $id:literal $blame:ident $doc:literal $cure:literal;)*) => {
        $(#[doc = $doc] pub const $name: &Cause =
            &Cause { id: $id, blame: $blame, doc: $doc, cure: $cure };)*
        /// All causes.
        pub const CAUSES: &[&Cause] = &[$($name),*];
    };
}

causes! {
    // converging
    CRASH_LOOP "crash-loop" Recipe "Tasks of a service keep ending with the same exit code."
        "Read the service's log below: its last words tell what its program lacks.";
    TASK_ENDED "task-ended" Recipe "A task ended by itself after its service had converged; Swarm may have started another."
        "Read the service's log below. If the program ends by design, say so in `may_end`; if a hook restarts it, call `ctx.expect_restart` there.";
    OUT_OF_MEMORY "out-of-memory" Recipe "A container was killed because it used more memory than it may."
        "Raise `deploy.resources.limits.memory` of the service, or let the program use less.";
    MACHINE_OUT_OF_MEMORY "machine-out-of-memory" Infra "A container without a memory limit was killed: the machine had no more."
        "Give this machine more memory or less to do at once (`--jobs 1`); a `deploy.resources.limits.memory` tells whether the app itself takes it all.";
    MISSING_IMAGE "missing-image" Image "The registry answers and has no such image."
        "Look up which tags the registry has, and name one of them in the compose file.";
    REGISTRY_UNREACHABLE "registry-unreachable" Infra "The registry of an image does not answer."
        "See whether this machine reaches the registry (`docker pull`), then run again.";
    PULL_REFUSED "pull-refused" Image "The registry answers and refuses the image."
        "Log in to the registry on this machine, or name a public image.";
    NEVER_HEALTHY "never-healthy" Recipe "A container's own health check never passed."
        "Run the health check's command in the container by hand; give it more `start_period` or mend it.";
    ROLLED_BACK "rolled-back" Recipe "Swarm took the update back."
        "The end of the new version's task below tells why; mend that, not the update settings.";
    UPDATE_PAUSED "update-paused" Recipe "Swarm paused the update and the old version still serves."
        "The end of the new version's task below tells why Swarm stopped; mend that.";
    TASK_REJECTED "task-rejected" Recipe "Swarm rejected a task, for instance for a mount the host lacks."
        "Take away what the node lacks, such as a host path, or use a volume or config instead.";
    TASK_ELSEWHERE "task-elsewhere" Infra "A task that has to be reached runs on another node than the engine that was asked."
        "Point ccci at that node's engine, or run it on a swarm of one node: containers are reached on their own node only.";
    NO_SUITABLE_NODE "no-suitable-node" Infra "No node of this swarm fits a task."
        "Ease the placement constraints or reservations, or add such a node to the swarm.";
    PORT_TAKEN "port-taken" Infra "A port that the app publishes is already in use on this machine."
        "Free the port on this machine, then run again.";
    NETWORK_BROKEN "network-broken" Infra "The engine could not join a task to a network."
        "Restart the engine, which also puts its firewall rules back. If an interface `vx-…` of a killed engine is in the way (`ip link`), delete it first.";
    ONE_SHOT_FAILED "one-shot-failed" Recipe "A service that runs once to its end ended with an error."
        "Read the log of the service below; a job that may fail needs `restart_policy: on-failure`.";
    NOT_CONVERGED "not-converged" Recipe "Services did not reach the desired count before the deadline."
        "See below what each task waits for; give `deploy.timeout` more only if it is still making progress.";
    SPEC_DIFFERS "spec-differs" Ccci "What runs is not what was handed to the engine."
        "Keep others from changing the stack during a run, then run again.";
    // deploying
    DEPLOY_REFUSED "deploy-refused" Recipe "The engine refused the stack."
        "Change what the engine names in its refusal.";
    COMPOSE_INVALID "compose-invalid" Recipe "The composed files cannot be resolved with this env."
        "Mend the compose file or the env at the place named; `ccci plan` shows it without an engine.";
    SECRET_REFUSED "secret-refused" Recipe "A secret cannot be made."
        "Look at the secret's `length`, `charset` and version in `.env.sample`, or give its value.";
    DEPLOY_COUNT "deploy-count" Ccci "The app was deployed more or fewer times than planned."
        "Report it with the record: this is a bug in ccci.";
    // answering
    NOT_HEALTHY "not-healthy" Recipe "The app does not give an accepted answer."
        "Set `health.path` and `health.ok` to what the app answers when it is well, or mend the app.";
    PROXY_ANSWERS "proxy-answers" Recipe "The answer is the proxy's own page: nothing of the app is routed."
        "Look at the router's rule, its `tls` label and `loadbalancer.server.port`, and that `app` is on `proxy`.";
    NOT_EMULATED "not-emulated" Ccci "The answer hangs on a Traefik middleware that ccci's ingress does not emulate."
        "Take the middleware off the router for the test, by a label in `compose.ccci.yml`.";
    NOT_READY "not-ready" Recipe "The ready probe did not become true."
        "See what `ready_probe` asks and what the app answered; mend whichever is wrong.";
    NO_BROWSER "no-browser" Infra "There is no browser on this machine, or it does not start."
        "Install Chromium and its driver (Debian: `apt-get install chromium chromium-driver`); `ccci doctor` says what is missing.";
    BROWSER_GONE "browser-gone" Infra "The browser ended or no longer answers."
        "Run again. If it is killed for memory, run less at the same time (`--jobs 1`).";
    NETWORK_CHANGED "network-changed" Infra "Networks of this machine changed while a page loaded, so the browser gave up requests of the page."
        "Run again, with less at the same time: each container that starts or ends on this machine is such a change.";
    // upgrade
    NOT_MOVED "not-moved" Recipe "After the upgrade nothing had changed."
        "Change the image or the spec in the head, or test another base with `--base`.";
    WRONG_COMMIT "wrong-commit" Ccci "The deployed commit is not the head that was meant."
        "Keep others from deploying over the run, then run again.";
    SERVICE_LEFT "service-left" Infra "A service that the head no longer has could not be removed."
        "Look at the engine (`ccci doctor`), then run again.";
    // backup and restore
    BACKUP_HOOK_FAILED "backup-hook-failed" Recipe "A backup or restore command in a container failed."
        "Run the command of the label in the container by hand; its words are below.";
    EMPTY_BACKUP "empty-backup" Recipe "The backup holds nothing."
        "Look at the `backupbot.backup` labels: which path and which volume they take, and when the dump is made.";
    BACKUP_NOT_VERIFIED "backup-not-verified" Recipe "The backup_verify hook said no three times."
        "See what `backup_verify` looks for and what the archive holds.";
    NOTHING_TO_BACK_UP "nothing-to-back-up" Recipe "The backup labels select no volume."
        "Put `backupbot.backup=true` on the service that has the data, or say `backup.capable = false`.";
    VOLUME_ELSEWHERE "volume-elsewhere" Ccci "Every volume to back up has its files elsewhere than on the engine, where ccci touches nothing."
        "Keep the app's data in a volume without `driver` and `driver_opts` for the test (`compose.ccci.yml`), or say `backup.capable = false`.";
    ARCHIVE_FAILED "archive-failed" Infra "A volume could not be read or written."
        "Look at the engine (`ccci doctor`), then run again.";
    RESTORE_MISMATCH "restore-mismatch" Recipe "What the restore left differs from what was backed up."
        "Compare the paths named below: what they hold must be in the backup, or be left alone by the restore.";
    // scripts
    HOOK_FAILED "hook-failed" Recipe "A hook ended with an error."
        "Mend the hook at the place named, or what it found.";
    HOOK_WRONG_RETURN "hook-wrong-return" Recipe "A hook returned a value of the wrong type."
        "Return what the reference lists for this hook; `ccci explain` with its name shows it.";
    TEST_FAILED "test-failed" Recipe "A test of the recipe failed."
        "Mend what the test found, or the test at the place named.";
    PORT_CLOSED "port-closed" Recipe "A router leads to a port on which nothing listens."
        "Name the port on which the service listens in its label `loadbalancer.server.port`, or take the router away.";
    TEST_SKIPPED "test-skipped" Recipe "A test was skipped for something it needs; a skip never looks green."
        "Provide what the test needs, or take the test away.";
    SCRIPT_LIMIT "script-limit" Recipe "A script ran into a limit of the sandbox."
        "Do less in one call; `ccci explain` with the limit's name says how much is allowed.";
    SCRIPT_DEADLINE "script-deadline" Recipe "A script was still running at its deadline."
        "Wait for less, or for something that comes; the place named is where it was.";
    EXEC_FAILED "exec-failed" Recipe "A command in a container failed."
        "Run the command in the container by hand; its code and its words are below.";
    // us and the world
    ENGINE_GONE "engine-gone" Infra "The engine does not answer."
        "See why the engine went away (its log, memory, disk), then run again.";
    ENGINE_SILENT "engine-silent" Infra "The engine gave no answer for long, and something failed after that."
        "See what kept the engine from answering (its log, load, disk), then run again.";
    ENGINE_REFUSED "engine-refused" Infra "The engine refused a request."
        "`ccci doctor` says what this engine lacks.";
    NETWORK_MISSING "network-missing" Infra "An external network does not exist and cannot be made."
        "Make the network by hand as an attachable overlay, or free its name.";
    DISK_FULL "disk-full" Infra "A disk of this machine is full."
        "Free space where the engine keeps its data (`docker system df`), then run again.";
    MACHINE_REFUSED "machine-refused" Infra "This machine gave no thread, no memory or no open file, or could not read its disk."
        "See which limit is too low (`ulimit -a`) or what takes so much, then run again.";
    RECORD_FAILED "record-failed" Infra "The record cannot be written."
        "Free the disk, or name another place with `--out DIR`.";
    SOURCE_FAILED "source-failed" Infra "The source cannot be read."
        "See whether `git clone` of the source works here, with these credentials.";
    RUN_DEADLINE "run-deadline" Infra "The run reached its own deadline."
        "Give `--deadline` more, if the steps below were still making progress.";
    INTERRUPTED "interrupted" Infra "The run was interrupted."
        "Run it again.";
    KILLED "killed" Infra "The record ends before the run did: it was killed, or the machine went down."
        "`ccci clean` removes what it left; then run it again.";
    LEFTOVER "leftover" Infra "Something the run made could not be removed."
        "End whoever holds it, then `ccci clean`.";
    SECRET_LEAKED "secret-leaked" Recipe "A secret value stands in the record."
        "Keep the program from writing the secret, and give the secret a new value where it is real.";
    INTERNAL "internal" Ccci "A broken promise inside ccci."
        "Report it with the record: this is a bug in ccci.";
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
            assert!(
                c.cure.starts_with(|l: char| l.is_uppercase() || l == '`') && c.cure.ends_with('.'),
                "{}",
                c.id
            );
        }
        assert_eq!(by_id("crash-loop"), Some(CRASH_LOOP));
    }
}
