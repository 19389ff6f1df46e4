//! What git's messages mean. All words of git by which errors are told apart stand here; git speaks English to ccci.

use ccci_swarm::ports::SourceError;

/// Messages of servers and of git if there is no repository at a URL.
const NO_REPOSITORY: &[&str] = &["not found", "does not exist", "does not appear to be a git repository"];
/// A host that is not found says nothing of the repository.
const NO_HOST: &str = "resolve host";
/// What git calls the remote from which a partial clone gets its objects.
const PARTIAL: &str = "promisor";

/// Why a clone failed.
pub(super) fn cannot_clone(url: &str, said: String) -> SourceError {
    let url = url.to_string();
    let is_none = NO_REPOSITORY.iter().any(|words| said.contains(words)) && !said.contains(NO_HOST);
    match is_none {
        true => SourceError::NoRepository { url, said },
        false => SourceError::CannotClone { url, said },
    }
}

/// Why another call failed.
pub(super) fn failed(command: String, code: i32, said: String) -> SourceError {
    match said.contains(PARTIAL) {
        true => SourceError::Partial { command, said },
        false => SourceError::Failed { command, code, said },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreachable_server_is_told_from_a_missing_repository() {
        let is_none = |said: &str| {
            matches!(cannot_clone("https://x.test/y.git", said.into()), SourceError::NoRepository { .. })
        };
        for (said, none) in [
            ("repository 'https://x.test/y.git/' not found", true),
            ("fatal: '/nowhere' does not appear to be a git repository", true),
            ("unable to access 'https://x.test/y.git/': Could not resolve host: x.test", false),
            ("Could not resolve host: x.test (not found)", false),
            ("Failed to connect to x.test port 443", false),
        ] {
            assert_eq!(is_none(said), none, "{said}");
        }
    }

    #[test]
    fn a_partial_clone_is_told_from_other_failures() {
        let failed = |said: &str| failed("log".into(), 128, said.into());
        let partial = failed("fatal: could not fetch 4b825dc from promisor remote");
        assert!(matches!(partial, SourceError::Partial { .. }), "{partial:?}");
        assert!(matches!(failed("fatal: bad object"), SourceError::Failed { code: 128, .. }));
    }
}
