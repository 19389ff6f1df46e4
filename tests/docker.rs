//! The docker client, as a reader of an issue would call it.

use std::process::Command;

/// Whether a call went well, and what it said.
pub(crate) fn called(words: &[&str]) -> (bool, String) {
    match Command::new("docker").args(words).output() {
        // whoever tidies up while a test fails must not fail as well
        Err(e) => (false, e.to_string()),
        Ok(out) => {
            let said = if out.status.success() { &out.stdout } else { &out.stderr };
            (out.status.success(), String::from_utf8_lossy(said).trim().to_string())
        }
    }
}

/// What a call said that has to go well.
pub(crate) fn docker(words: &[&str]) -> String {
    let (well, said) = called(words);
    assert!(well, "docker {}: {said}", words.join(" "));
    said
}
