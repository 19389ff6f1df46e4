//! START_FAILURES: why the engine or its runtime could not start a task, one row for each kind, and what to do about it.
//! The words are those of Docker Engine 20.10 to 29 and of runc. Pure.

use ccci_model::failure::Blame;

/// A kind of start failure.
#[derive(Debug, PartialEq, Eq)]
pub struct StartFailure {
    /// Words that are all in the message.
    words: &'static [&'static str],
    /// What it means; it follows "without starting: ".
    pub what: &'static str,
    /// What to do.
    pub cure: &'static str,
    /// Who is to blame.
    pub blame: Blame,
}

/// The rows; the first that fits counts, so the more specific ones come first.
const START_FAILURES: &[StartFailure] = &[
    row(
        &["exec format error"],
        "its program is for another architecture, or is a script without `#!` in its first line",
        "Use an image that is built for the architecture of the nodes; begin a script with `#!/bin/sh`.",
    ),
    row(
        &["exec: \"", "permission denied"],
        "its program may not be executed",
        "Give the file run permission: `mode: 0555` where the service names the config, or `chmod +x` in the image.",
    ),
    row(
        &["exec user process caused", "permission denied"],
        "its program may not be executed",
        "Give the file run permission: `mode: 0555` where the service names the config, or `chmod +x` in the image.",
    ),
    row(
        &["executable file not found in $PATH"],
        "its image has no such program",
        "Write a program into `entrypoint` or `command` that the image has, with its whole path if it is not in `PATH`.",
    ),
    row(
        &["exec: \"", "stat ", "no such file or directory"],
        "its program does not exist",
        "Write a program into `entrypoint` or `command` that the image has; a mount may hide it.",
    ),
    row(
        &["exec ", "no such file or directory"],
        "its script is there, and the program in the first line of the script is not",
        "End the lines of the script with LF, not CRLF, and name an interpreter after `#!` that the image has.",
    ),
    row(
        &["unable to find user"],
        "its image has no such user",
        "Write a user into `user` that the image has, or a number.",
    ),
    row(
        &["unable to find group"],
        "its image has no such group",
        "Write a group into `user` that the image has, or a number.",
    ),
    row(
        &["strconv.Atoi", "invalid syntax"],
        "a config or secret has an owner that is no number",
        "Write numbers into `uid` and `gid` of the config or secret: the engine knows no names.",
    ),
    row(
        &["template: expansion"],
        "a template cannot be filled in",
        "Mend the template: Swarm knows `.Service`, `.Node` and `.Task`, and in configs `env`, `secret` and `config` of what the service itself has.",
    ),
    row(
        &["error mounting", "not a directory"],
        "a file is mounted onto a directory, or a directory onto a file",
        "Mount a file onto a file and a directory onto a directory; look at the `target` of the mount, config or secret.",
    ),
    row(
        &["error mounting", "read-only file system"],
        "a mount has no place in a read-only file system",
        "Make the target in the image, or mount a volume or tmpfs above it.",
    ),
    row(
        &["bind source path does not exist"],
        "it mounts a path that its node lacks",
        "Mount a volume or a config instead of a path of the host, or make the path on every node.",
    ),
    row(
        &["Cannot mkdir", "not a directory"],
        "its working directory is a file",
        "Write a directory into `working_dir`.",
    ),
    row(
        &["working directory", "needs to be an absolute path"],
        "its working directory is no absolute path",
        "Begin `working_dir` with `/`.",
    ),
    row(
        &["No command specified"],
        "neither the image nor the service names a command",
        "Write `command` or `entrypoint`.",
    ),
    row(
        &["unknown capability"],
        "it asks for a capability that does not exist",
        "Write the capability as Linux calls it, like `NET_ADMIN`.",
    ),
    row(
        &["sysctl"],
        "it sets a kernel parameter that a container may not set",
        "Take the parameter out of `sysctls`: only those of the container's own namespaces can be set.",
    ),
    row(
        &["Must be at least"],
        "its memory limit is below what the engine takes",
        "Raise `deploy.resources.limits.memory`.",
    ),
    machine(
        &["Range of CPUs is"],
        "it asks for more processors than its node has",
        "Run on a machine with as many processors, or lower `deploy.resources.limits.cpus` in `compose.ccci.yml`.",
    ),
    machine(
        &["error setting rlimit"],
        "the engine may not set a limit that high",
        "Lower the service's `ulimits`, or give the engine higher ones.",
    ),
];

const fn row(words: &'static [&'static str], what: &'static str, cure: &'static str) -> StartFailure {
    StartFailure { words, what, cure, blame: Blame::Recipe }
}

/// A row about something that the recipe may ask for and this machine lacks.
const fn machine(words: &'static [&'static str], what: &'static str, cure: &'static str) -> StartFailure {
    StartFailure { words, what, cure, blame: Blame::Infra }
}

/// The kind of start failure that the engine's words are about.
pub fn start_failure(said: &str) -> Option<&'static StartFailure> {
    START_FAILURES.iter().find(|row| row.words.iter().all(|words| said.contains(words)))
}

/// The same for the log of a service: runc writes there why it could not execute a program, as the last thing in it.
pub(super) fn start_failure_in_log(log: &str) -> Option<&'static StartFailure> {
    let last = log.lines().rev().find(|line| !line.trim().is_empty())?;
    let of_runc = last.starts_with("exec /") || last.contains("exec user process caused");
    of_runc.then(|| start_failure(last)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCI: &str = "starting container failed: failed to create shim task: OCI runtime create failed: runc create failed: \
                       unable to start container process:";

    /// What an engine (20.10, runc 1.1) says of tasks that were made to fail, and words of what it means.
    #[test]
    fn each_kind_is_known_by_what_the_engine_says() {
        let in_oci = |said: &str| format!("{OCI} {said}: unknown");
        for (said, what) in [
            (in_oci("exec: \"/ok.sh\": permission denied"), "may not be executed"),
            (in_oci("exec: \"/nowhere/prog\": stat /nowhere/prog: no such file or directory"), "program does not exist"),
            (in_oci("exec: \"noprog\": executable file not found in $PATH"), "image has no such program"),
            (
                in_oci("error during container init: error mounting \"/etc\" to rootfs at \"/etc/passwd\": mount \
                        /etc:/etc/passwd (via /proc/self/fd/6), flags: 0x5000: not a directory"),
                "a directory onto a file",
            ),
            (
                in_oci("error during container init: error setting rlimits for ready process: error setting rlimit type 7: \
                        operation not permitted"),
                "a limit that high",
            ),
            (in_oci("sysctl \"kernel.nosuch\" is not in a separate kernel namespace"), "kernel parameter"),
            ("exec /crlf.sh: no such file or directory".into(), "first line of the script"),
            ("standard_init_linux.go:228: exec user process caused: no such file or directory".into(), "first line of the script"),
            ("exec /arm.bin: exec format error".into(), "another architecture"),
            ("starting container failed: unable to find user nosuch: no matching entries in passwd file".into(), "no such user"),
            ("starting container failed: unable to find group nogrp: no matching entries in group file".into(), "no such group"),
            ("starting container failed: strconv.Atoi: parsing \"www-data\": invalid syntax".into(), "owner that is no number"),
            (
                "starting container failed: unable to get config from config store: failed to expand templated config \
                 y2hvl: template: expansion:1: function \"nofunc\" not defined"
                    .into(),
                "template",
            ),
            (
                "expanding env failed: expanding env \"X={{.Nope}}\": template: expansion:1:2: executing \"expansion\" at \
                 <.Nope>: can't evaluate field Nope in type *template.Context"
                    .into(),
                "template",
            ),
            ("Cannot mkdir: /etc/passwd is not a directory".into(), "working directory is a file"),
            ("the working directory 'nosuch' is invalid, it needs to be an absolute path".into(), "no absolute path"),
            ("invalid mount config for type \"bind\": bind source path does not exist: /no/such".into(), "its node lacks"),
            ("Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available".into(), "more processors"),
            ("invalid CapAdd: unknown capability: \"CAP_NOSUCHCAP\"".into(), "capability"),
            ("No command specified".into(), "names a command"),
            ("invalid memory value 1048576: Must be at least 4MiB".into(), "memory limit"),
        ] {
            let found = start_failure(&said).unwrap_or_else(|| panic!("no row: {said}"));
            assert!(found.what.contains(what), "{said}: {}", found.what);
        }
        assert_eq!(start_failure("starting container failed: something new"), None);
    }

    #[test]
    fn only_what_runc_wrote_last_counts_in_a_log() {
        let of =
            |log: &str| start_failure_in_log(log).map(|row| row.what.contains("first line of the script"));
        assert_eq!(of("starting\nexec /crlf.sh: no such file or directory\n\n"), Some(true));
        assert_eq!(of("exec /crlf.sh: no such file or directory\nstarted all the same"), None);
        assert_eq!(of("Error: cannot open exec /x: no such file or directory"), None);
    }

    #[test]
    fn cures_and_meanings_read_well() {
        for row in START_FAILURES {
            assert!(row.cure.ends_with('.') && !row.what.ends_with('.'), "{row:?}");
            assert!(
                row.cure.starts_with(char::is_uppercase) && row.what.starts_with(char::is_lowercase),
                "{row:?}"
            );
        }
    }
}
