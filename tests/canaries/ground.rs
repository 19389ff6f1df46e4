//! Makes a canary's recipe repository and recipe directory from plain folders below `tests/canaries/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = "tests/canaries";
/// Files of every canary that has no file of the same name: `repository/` for each version, `ccci/` for its recipe
/// directory.
const GROUND: &str = "tests/canaries/ground";

/// Where a canary's files are.
pub(crate) struct Ground {
    /// The recipe repository.
    pub source: PathBuf,
    /// The recipe directory.
    pub recipe: PathBuf,
}

/// The names of all canaries that have a folder.
pub(crate) fn folders() -> Vec<String> {
    let mut names: Vec<String> = subfolders(Path::new(ROOT)).into_iter().map(|p| name_of(&p)).collect();
    names.retain(|n| n != "ground");
    names
}

/// Makes the repository and the recipe directory below `dir`.
pub(crate) fn make(canary: &str, dir: &Path) -> Ground {
    let (source, recipe) = (dir.join("repository"), dir.join(canary));
    fs::create_dir_all(&recipe).unwrap();
    let own = Path::new(ROOT).join(canary);
    copy(&Path::new(GROUND).join("ccci"), &recipe);
    copy(&own.join("ccci"), &recipe);
    fs::create_dir_all(&source).unwrap();
    git(&source, &["init", "-q", "-b", "main"], 1);
    let versions: Vec<PathBuf> = subfolders(&own).into_iter().filter(|p| name_of(p) != "ccci").collect();
    assert!(!versions.is_empty(), "{} has no version", own.display());
    for (day, folder) in versions.iter().enumerate() {
        let folder_name = name_of(folder);
        let version = folder_name.split_once('-').expect("NN-<version>").1;
        for old in fs::read_dir(&source).unwrap().flatten().filter(|e| e.file_name() != ".git") {
            if old.path().is_dir() {
                fs::remove_dir_all(old.path()).unwrap()
            } else {
                fs::remove_file(old.path()).unwrap()
            }
        }
        copy(&Path::new(GROUND).join("repository"), &source);
        copy(folder, &source);
        git(&source, &["add", "-A"], day + 1);
        git(&source, &["commit", "-q", "--allow-empty", "-m", &format!("{canary} {version}")], day + 1);
        if version != "head" {
            git(&source, &["tag", "-a", "-m", version, version], day + 1);
        }
    }
    Ground { source, recipe }
}

fn subfolders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut out: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect();
    out.sort();
    out
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Copies the content of a folder into another; a folder that does not exist counts as empty.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Calls git with the same result on every machine: without the user's settings, with fixed names and dates.
fn git(dir: &Path, words: &[&str], day: usize) {
    let date = format!("2026-01-{day:02}T12:00:00Z");
    let mut call = Command::new("git");
    call.arg("-C").arg(dir).args(words);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
        call.env_remove(name);
    }
    for (name, value) in
        [("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_TERMINAL_PROMPT", "0")]
    {
        call.env(name, value);
    }
    for who in ["AUTHOR", "COMMITTER"] {
        call.env(format!("GIT_{who}_NAME"), "Recipe Author");
        call.env(format!("GIT_{who}_EMAIL"), "author@example.org");
        call.env(format!("GIT_{who}_DATE"), &date);
    }
    let out = call.output().expect("git");
    assert!(out.status.success(), "git {}: {}", words.join(" "), String::from_utf8_lossy(&out.stderr));
}
