//! Makes git repositories for stories: fixed dates and names, so that every commit id is the same on every machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A repository in a temporary directory.
pub struct Repository {
    dir: tempfile::TempDir,
}

impl Repository {
    /// An empty one with the branch `main`.
    pub fn new() -> Repository {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository { dir };
        fs::create_dir(repository.path()).unwrap();
        repository.git(&["init", "-q", "-b", "main", "--template="]);
        repository
    }

    /// Its work tree.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("recipe")
    }

    /// The directory around it.
    pub fn around(&self) -> &Path {
        self.dir.path()
    }

    /// Its path as text.
    pub fn given(&self) -> String {
        self.path().to_string_lossy().into_owned()
    }

    /// Writes a file of the work tree.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Repository {
        let whole = self.path().join(path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::write(whole, content).unwrap();
        self
    }

    /// Commits everything; gives the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Writes a small recipe that claims a version, commits it, tags it as that version.
    pub fn release(&self, version: &str) -> String {
        self.write("compose.yml", compose(version));
        let commit = self.commit(version);
        self.git(&["tag", "-a", version, "-m", version]);
        commit
    }

    /// Runs git in it and gives what it says.
    pub fn git(&self, args: &[&str]) -> String {
        let out = run(&self.path(), args);
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_string()
    }
}

/// A compose file that claims a version; its image follows the upstream part, so that versions differ.
pub fn compose(version: &str) -> String {
    let upstream = version.split('+').next_back().unwrap_or("1");
    format!(
        "version: \"3.8\"\nservices:\n  app:\n    image: nginx:{upstream}\n    deploy:\n      labels:\n        \
         - \"traefik.enable=true\"\n        - \"coop-cloud.${{STACK_NAME}}.version={version}\"\n"
    )
}

fn run(dir: &Path, args: &[&str]) -> Output {
    let mut git = Command::new("git");
    git.args(args).current_dir(dir).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    git.env("HOME", dir).env("GIT_CONFIG_NOSYSTEM", "1");
    for (who, name) in [("AUTHOR", "A"), ("COMMITTER", "C")] {
        git.env(format!("GIT_{who}_NAME"), name).env(format!("GIT_{who}_EMAIL"), "x@example.org");
        git.env(format!("GIT_{who}_DATE"), "2026-01-02T03:04:05Z");
    }
    git.output().unwrap()
}
