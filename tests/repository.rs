//! Makes git repositories for tests, with fixed dates and names, so that every commit id is the same on every machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// A repository in a temporary directory.
pub(crate) struct Repository {
    dir: tempfile::TempDir,
}

impl Repository {
    /// An empty repository with the branch `main`.
    pub(crate) fn new() -> Repository {
        static EMPTY: OnceLock<Files> = OnceLock::new();
        Repository::like(&EMPTY, || {
            let repository = Repository { dir: tempfile::tempdir().unwrap() };
            fs::create_dir(repository.path()).unwrap();
            repository.git(&["init", "-q", "-b", "main", "--template="]);
            repository
        })
    }

    /// A copy of a repository that is made only once: each git command takes some milliseconds.
    pub(crate) fn like(made: &OnceLock<Files>, make: impl FnOnce() -> Repository) -> Repository {
        let files = made.get_or_init(|| {
            let (repository, mut files) = (make(), Files::new());
            below(&repository.path(), Path::new(""), &mut files);
            files
        });
        let repository = Repository { dir: tempfile::tempdir().unwrap() };
        for (path, content) in files {
            let whole = repository.path().join(path);
            match content {
                Some(content) => fs::write(whole, content).unwrap(),
                None => fs::create_dir(whole).unwrap(),
            }
        }
        repository
    }

    /// The work tree.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("recipe")
    }

    /// The directory around the work tree.
    pub(crate) fn around(&self) -> &Path {
        self.dir.path()
    }

    /// The path of the work tree as text.
    pub(crate) fn given(&self) -> String {
        self.path().to_string_lossy().into_owned()
    }

    /// Writes a file of the work tree.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Repository {
        let whole = self.path().join(path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::write(whole, content).unwrap();
        self
    }

    /// Commits everything; returns the commit.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        let git = self.path().join(".git");
        let head = fs::read_to_string(git.join("HEAD")).unwrap();
        let commit = head.strip_prefix("ref: ").map(|at| fs::read_to_string(git.join(at.trim())).unwrap());
        commit.unwrap_or(head).trim().to_string()
    }

    /// Writes a small recipe with this version, commits it and tags it with the version.
    pub(crate) fn release(&self, version: &str) -> String {
        self.write("compose.yml", compose(version));
        let commit = self.commit(version);
        self.git(&["tag", "-a", version, "-m", version]);
        commit
    }

    /// Runs git in the repository; returns its output.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let out = run(&self.path(), args);
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_string()
    }
}

/// Directories (`None`) and files with their content, in the order in which they are made.
pub(crate) type Files = Vec<(PathBuf, Option<Vec<u8>>)>;

fn below(root: &Path, path: &Path, files: &mut Files) {
    let whole = root.join(path);
    if !whole.is_dir() {
        files.push((path.into(), Some(fs::read(whole).unwrap())));
        return;
    }
    files.push((path.into(), None));
    for entry in fs::read_dir(whole).unwrap() {
        below(root, &path.join(entry.unwrap().file_name()), files);
    }
}

/// A compose file with this version. Its image tag is the upstream part of the version, so that versions differ.
pub(crate) fn compose(version: &str) -> String {
    let upstream = version.split('+').next_back().unwrap_or("1");
    format!(
        "version: \"3.8\"\nservices:\n  app:\n    image: nginx:{upstream}\n    deploy:\n      labels:\n        \
         - \"traefik.enable=true\"\n        - \"coop-cloud.${{STACK_NAME}}.version={version}\"\n"
    )
}

/// The path of git. A command with its own working directory and another `PATH` is started by `fork`, unless its
/// program is given by an absolute path. Copying the pages of the test process took longer than most git commands.
fn git() -> &'static Path {
    static GIT: OnceLock<PathBuf> = OnceLock::new();
    GIT.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap();
        std::env::split_paths(&path).map(|dir| dir.join("git")).find(|p| p.is_file()).expect("git")
    })
}

fn run(dir: &Path, args: &[&str]) -> Output {
    let mut git = Command::new(git());
    git.args(args).current_dir(dir).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    git.env("HOME", dir).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_COUNT", "1");
    git.env("GIT_CONFIG_KEY_0", "maintenance.auto").env("GIT_CONFIG_VALUE_0", "false");
    for (who, name) in [("AUTHOR", "A"), ("COMMITTER", "C")] {
        git.env(format!("GIT_{who}_NAME"), name).env(format!("GIT_{who}_EMAIL"), "x@example.org");
        git.env(format!("GIT_{who}_DATE"), "2026-01-02T03:04:05Z");
    }
    git.output().unwrap()
}
