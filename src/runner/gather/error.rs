//! Sorts errors of a source into diagnostics (something was written wrong) and errors (ccci could not do something).

use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, Place, codes};
use ccci_model::failure::{Blame, Failure, causes, is_of_machine};
use ccci_swarm::ports::SourceError;
use std::io;

/// How many revisions a message lists.
const SHOWN: usize = 8;

/// Why gathering ended early.
#[derive(Debug)]
pub enum GatherError {
    /// What someone wrote is wrong.
    Wrong(Box<Diagnostic>),
    /// Ccci could not do something, or could not look at something.
    Failed(Box<Failure>),
}

/// The failure of an operation that the machine refused.
pub(crate) fn of_machine(expected: &str, e: &io::Error) -> Box<Failure> {
    Box::new(Failure::new(causes::MACHINE_REFUSED, expected, format!("the machine refused: {e}")))
}

/// Sorts an error of git. `place` is where the settings name the source.
pub fn of_source(error: SourceError, place: Option<&Place>) -> GatherError {
    let wrong = |code, message: String, help: String| {
        let mut d = Diagnostic::new(code, message).help(help);
        d.place = place.cloned();
        GatherError::Wrong(Box::new(d))
    };
    match error {
        SourceError::NoSuchPath { path } => {
            let help = "clone the recipe repository there, or name another source".to_string();
            wrong(codes::NO_SOURCE, format!("the source `{path}` does not exist"), help)
        }
        SourceError::NotARepository { path, inside } => {
            let help = match inside {
                Some(root) => format!("it is inside the repository `{}`; name that one", root.display()),
                None => format!(
                    "make it one: `git -C {path} init && git -C {path} add -A && git -C {path} commit`"
                ),
            };
            wrong(codes::NOT_A_REPOSITORY, format!("the source `{path}` is no git repository"), help)
        }
        SourceError::NoCommit { path } => {
            let help = "commit the recipe first".to_string();
            wrong(codes::NO_SUCH_REF, format!("the source `{path}` has no commit yet"), help)
        }
        SourceError::NoSuchRef { rev, known } => no_such_ref(&rev, &known),
        SourceError::NoRepository { url, said } => {
            let help = format!("git says: {said}");
            wrong(codes::NOT_A_REPOSITORY, format!("there is no git repository at `{url}`"), help)
        }
        other => GatherError::Failed(Box::new(failure_of(&other))),
    }
}

fn no_such_ref(rev: &str, known: &[String]) -> GatherError {
    let meant = did_you_mean(rev, known.iter().map(String::as_str)).map(|h| h.text);
    // a version is often written without its upstream part
    let meant =
        meant.or_else(|| known.iter().find(|k| k.starts_with(rev)).map(|k| format!("did you mean `{k}`?")));
    let help = meant.unwrap_or_else(|| match known {
        [] => "the source has neither tags nor branches".into(),
        known => format!("there are {}", known.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ")),
    });
    let message = format!("the source has no revision `{rev}`");
    GatherError::Wrong(Box::new(Diagnostic::new(codes::NO_SUCH_REF, message).help(help)))
}

fn failure_of(error: &SourceError) -> Failure {
    let cause = match error {
        SourceError::Stopped { .. } => causes::INTERRUPTED,
        SourceError::Io { source, .. } if is_of_machine(source) => causes::MACHINE_REFUSED,
        _ => causes::SOURCE_FAILED,
    };
    let expected = match error {
        SourceError::NoGit => "git on the PATH; install it (Debian: `apt-get install git`)",
        SourceError::CannotClone { .. } => "the source to be reachable",
        SourceError::Io { source, .. } if is_of_machine(source) => {
            "enough memory, threads and open files for git"
        }
        SourceError::Io { .. } => "a temporary and a state directory that can be written (TMPDIR, CCCI_HOME)",
        SourceError::Broken { .. } => "a repository that git can read here, as this user",
        SourceError::Missing { partial: true, .. } => {
            "a repository with all of its objects; clone it whole, without --filter"
        }
        SourceError::Missing { .. } => {
            "a repository with all of its objects; `git fsck` names what is missing"
        }
        SourceError::OtherNames => "a repository whose object format is sha1",
        SourceError::Partial { .. } => {
            "a repository with all of its objects; this one is a partial clone: clone it whole, without --filter"
        }
        _ => "the source to be readable",
    };
    let blame = if matches!(error, SourceError::Odd { .. }) { Blame::Ccci } else { cause.blame };
    let mut observed = format!("failed to {error}");
    let mut inner = std::error::Error::source(error);
    while let Some(e) = inner {
        observed = format!("{observed}: {e}");
        inner = e.source();
    }
    Failure::new(cause, expected, observed).blame(blame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn what_the_machine_lacks_is_told_from_what_is_wrong_with_a_file() {
        for (errno, ours) in [
            (Errno::AGAIN, true),
            (Errno::NOMEM, true),
            (Errno::MFILE, true),
            (Errno::NFILE, true),
            (Errno::IO, true),
            (Errno::ACCESS, false),
            (Errno::NOENT, false),
            (Errno::ISDIR, false),
        ] {
            assert_eq!(is_of_machine(&errno.into()), ours, "{errno:?}");
        }
        let failure = of_machine("a thread", &Errno::AGAIN.into());
        let home =
            SourceError::Io { what: "make a home directory for git".into(), source: Errno::MFILE.into() };
        assert_eq!(failure_of(&home).cause, causes::MACHINE_REFUSED.id);
        assert!(failure.cause == causes::MACHINE_REFUSED.id && failure.is_error(), "{failure:?}");
    }

    #[test]
    fn an_unreachable_server_is_of_infra_and_a_missing_repository_is_not() {
        let (url, said) = ("https://x.test/y.git".to_string(), "git's words".to_string());
        let unreachable = SourceError::CannotClone { url: url.clone(), said: said.clone() };
        let world = of_source(unreachable, None);
        assert!(
            matches!(&world, GatherError::Failed(f) if f.blame == Blame::Infra && f.is_error()),
            "{world:?}"
        );
        let wrong = of_source(SourceError::NoRepository { url, said }, None);
        assert!(matches!(&wrong, GatherError::Wrong(d) if d.code == codes::NOT_A_REPOSITORY), "{wrong:?}");
    }

    #[test]
    fn a_missing_git_says_what_to_install() {
        let GatherError::Failed(f) = of_source(SourceError::NoGit, None) else { panic!("world") };
        assert!(f.expected().contains("apt-get install git"));
        assert_eq!(f.observed(), "failed to start git: it is not installed");
    }
}
