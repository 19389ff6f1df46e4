//! ENV: every environment variable that ccci reads, one row each. The only file that reads the environment.
#![expect(clippy::disallowed_methods, reason = "this file owns the environment")]

use super::engine;
use crate::app::Config;
use ccci_report::forge::Forge;
use std::path::PathBuf;

/// A row of the table of environment variables.
#[derive(Debug, PartialEq, Eq)]
pub struct EnvRow {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
}

macro_rules! env_rows {
    ($($name:ident $doc:literal;)*) => {
        $(#[doc = $doc] pub const $name: &EnvRow = &EnvRow { name: stringify!($name), doc: $doc };)*
        /// All variables.
        pub const ENV: &[&EnvRow] = &[$($name),*];
    };
}

env_rows! {
    CCCI_HOME "Directory where records of runs and clones of sources are kept; default `~/.local/state/ccci`.";
    CCCI_LOCKS "Directory of the locks that show which runs are alive; all runs of a machine must share it; default `/run/lock/ccci`.";
    CCCI_GROUP "Set to anything: the group may read records too (0640 and 0750 instead of 0600 and 0700).";
    CCCI_ZONE "Zone of the run domains; default `ccci.test`, a reserved name, so nothing leaves the machine.";
    CCCI_LOG "What ccci logs about itself on standard error, as filter directives of `tracing-subscriber`: levels (`off`, `error`, `warn`, `info`, `debug`, `trace`), for all or for a module, joined by commas: `info,ccci_swarm=debug,bollard=off`. The flag `-v` sets the general level instead.";
    DOCKER_HOST "Address of the engine, as for any Docker client.";
    DOCKER_CONTEXT "Name of the docker context to use, as for any Docker client.";
    DOCKER_CONFIG "Directory of the docker client's settings, as for any Docker client.";
    HOME "Where the defaults of `CCCI_HOME` and `DOCKER_CONFIG` lie.";
    XDG_STATE_HOME "Directory of the default of `CCCI_HOME`, if set.";
    NO_COLOR "Set to anything: no colours.";
    COLUMNS "Width of the terminal.";
    TERM "`dumb` means a terminal without cursor movement.";
    CI "Set to anything: plain lines instead of the live view.";
    GITHUB_ACTIONS "Set by GitHub, Forgejo and Gitea runners: their group markers and annotations.";
    GITLAB_CI "Set by GitLab runners: group markers of that forge.";
}

/// The zone of run domains: a reserved name, so that no request leaves the machine.
const ZONE: &str = "ccci.test";

/// The configuration that the environment gives.
pub fn config() -> Config {
    Config {
        here: PathBuf::from("."),
        home: home(),
        locks: locks(),
        temporary: std::env::temp_dir(),
        zone: read(CCCI_ZONE).unwrap_or_else(|| ZONE.to_string()),
        engine: engine::address(),
        program: PathBuf::from("/proc/self/exe"),
    }
}

/// The value of a variable; `None` if it is unset or empty.
pub fn read(row: &EnvRow) -> Option<String> {
    std::env::var(row.name).ok().filter(|v| !v.is_empty())
}

/// The forge whose runner shows the log.
pub fn forge() -> Forge {
    match (read(GITHUB_ACTIONS), read(GITLAB_CI)) {
        (Some(_), _) => Forge::GitHub,
        (None, Some(_)) => Forge::GitLab,
        (None, None) => Forge::Plain,
    }
}

/// Where records and clones are kept. A call without such a place ends before it uses this value.
fn home() -> PathBuf {
    known_home().unwrap_or_else(|| PathBuf::from("/dev/null/ccci"))
}

/// The same, or `None` if no variable names it and the system knows no home directory of this user. A place that
/// everybody can guess, such as one in `/tmp`, is not used.
pub fn known_home() -> Option<PathBuf> {
    let state = || read(XDG_STATE_HOME).map(PathBuf::from);
    let user = || std::env::home_dir().filter(|h| h.is_absolute()).map(|h| h.join(".local/state"));
    read(CCCI_HOME).map(PathBuf::from).or_else(|| Some(state().or_else(user)?.join("ccci")))
}

/// Whether the home directory had to be looked up in the system, because no variable names one.
pub fn is_home_looked_up() -> bool {
    [CCCI_HOME, XDG_STATE_HOME, HOME].into_iter().all(|row| read(row).is_none())
}

/// Where the locks are: one directory for all users of the machine.
pub fn locks() -> PathBuf {
    read(CCCI_LOCKS).map_or_else(|| PathBuf::from("/run/lock/ccci"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_unique_and_their_docs_are_sentences() {
        for (i, r) in ENV.iter().enumerate() {
            assert!(!ENV[..i].iter().any(|o| o.name == r.name), "{} twice", r.name);
            assert!(r.doc.ends_with('.'), "{}", r.name);
        }
    }
}
