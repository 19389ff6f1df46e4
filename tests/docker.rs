//! The docker client, called as a user would call it.

use std::process::Command;

/// Whether a call succeeded, and its output.
pub(crate) fn called(words: &[&str]) -> (bool, String) {
    match Command::new("docker").args(words).output() {
        // cleaning up after a failed test must not fail as well
        Err(e) => (false, e.to_string()),
        Ok(out) => {
            let said = if out.status.success() { &out.stdout } else { &out.stderr };
            (out.status.success(), String::from_utf8_lossy(said).trim().to_string())
        }
    }
}

/// The output of a call that must succeed.
pub(crate) fn docker(words: &[&str]) -> String {
    let (well, said) = called(words);
    assert!(well, "docker {}: {said}", words.join(" "));
    said
}
