//! What is read from git's own files: the same as git says, and git is not asked for it where a work tree is as it was committed.

use super::Ground;
use crate::repository::Repository;
use ccci::commands::log::log;
use ccci_model::redact::Redactor;
use ccci_recipe::source::{RevisionFacts, SourceFacts};
use ccci_swarm::ports::{SourceError, Sources};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A repository with two releases, a link, a program, a directory, and a lightweight tag.
fn usual() -> Repository {
    let r = Repository::new();
    r.write("conf/entrypoint.sh", "#!/bin/sh\n").write("logo.png", [0, 159]);
    fs::set_permissions(r.path().join("conf/entrypoint.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("conf/entrypoint.sh", r.path().join("link")).unwrap();
    r.release("1.0.0+1.25");
    r.release("1.1.0+1.26");
    r.git(&["tag", "light"]);
    r
}

/// A state of a repository: its name, whether git need not be asked, and what makes it of the usual one.
type State = (&'static str, bool, fn(&Repository));

/// The states that are compared.
const STATES: &[State] = &[
    ("as committed", true, |_| ()),
    ("names in one file", true, |r| drop(r.git(&["pack-refs", "--all"]))),
    ("objects in a pack", true, |r| drop(r.git(&["repack", "-adq"]))),
    ("no branch checked out", true, |r| drop(r.git(&["checkout", "-q", "1.0.0+1.25"]))),
    ("tags of tags", true, |r| {
        r.git(&["tag", "-a", "-m", "x", "2.0.0+1.27", "1.1.0+1.26"]);
        r.git(&["tag", "-a", "-m", "x", "3.0.0+1.27", "2.0.0+1.27"]);
        r.git(&["tag", "-a", "-m", "x", "of-a-tree", "HEAD^{tree}"]);
    }),
    ("a remote with a default branch", true, |r| {
        r.git(&["update-ref", "refs/remotes/origin/trunk", "HEAD~1"]);
        r.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    }),
    ("times that differ", true, |r| {
        let text = fs::read(r.path().join("compose.yml")).unwrap();
        r.write("compose.yml", text);
    }),
    ("a change", false, |r| {
        r.write("compose.yml", "x");
    }),
    ("a new file", false, |r| {
        r.write("new", "x");
    }),
    ("an ignored file", false, |r| {
        r.write(".git/info/exclude", "new\n").write("new", "x");
    }),
    ("a file that is gone", false, |r| fs::remove_file(r.path().join("logo.png")).unwrap()),
    ("a program that is none any more", false, |r| {
        let file = r.path().join("conf/entrypoint.sh");
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }),
    ("a file in place of a link", false, |r| {
        fs::remove_file(r.path().join("link")).unwrap();
        r.write("link", "conf/entrypoint.sh");
    }),
    ("staged and put back", false, |r| {
        r.write("new", "x").git(&["add", "new"]);
        fs::remove_file(r.path().join("new")).unwrap();
    }),
    ("a file that is not tracked any more", false, |r| drop(r.git(&["rm", "-q", "--cached", "logo.png"]))),
    ("staged only", false, |r| drop(r.write("new", "x").git(&["add", "new"]))),
    ("a file that git does not look at", false, |r| {
        r.git(&["update-index", "--assume-unchanged", "compose.yml"]);
        r.write("compose.yml", "x");
    }),
    ("line ends that are changed", false, |r| drop(r.git(&["config", "core.autocrlf", "true"]))),
    ("attributes", false, |r| {
        r.write(".gitattributes", "* text eol=crlf\n");
        r.commit("attributes");
    }),
    ("a repository inside", false, |r| {
        fs::create_dir(r.path().join("inside")).unwrap();
        r.git(&["init", "-q", "inside"]);
    }),
    ("an index of another version", false, |r| drop(r.git(&["update-index", "--index-version", "4"]))),
    ("a branch without a commit", false, |r| drop(r.git(&["checkout", "-q", "--orphan", "empty"]))),
    ("a tag whose commit is missing", false, |r| {
        r.write(".git/refs/tags/9.9.9+9", format!("{}\n", "a".repeat(40)));
    }),
    ("a name that is cut", false, |r| {
        r.write(".git/refs/tags/9.9.9+9", "abc");
    }),
    ("an index that is cut", false, |r| {
        let index = fs::read(r.path().join(".git/index")).unwrap();
        r.write(".git/index", &index[..index.len() / 2]);
    }),
];

#[test]
fn what_is_read_from_gits_files_is_what_git_says() {
    let ground = Ground::new();
    for (state, quick, make) in STATES {
        let r = usual();
        make(&r);
        let (here, asked) = looked(&ground, &r);
        assert_eq!(asked == 0, *quick, "{state}: git was asked {asked} times");
        // a section that is not known to be harmless
        let settings = fs::read_to_string(r.path().join(".git/config")).unwrap();
        r.write(".git/config", format!("{settings}[other]\n\tx = 1\n"));
        let (by_git, asked) = looked(&ground, &r);
        assert!(asked > 0, "{state}: git was not asked");
        assert_eq!(here, by_git, "{state}");
    }
}

/// What a repository shows of its work tree and of its first version, or the error; and how often git was asked for what is
/// checked out and for names.
fn looked(ground: &Ground, r: &Repository) -> (Result<(SourceFacts, Vec<RevisionFacts>), String>, usize) {
    let asked: Arc<Mutex<usize>> = Arc::default();
    let count = asked.clone();
    let commands = ["status", "for-each-ref", "rev-parse"].map(|name| format!("git{{command=\"{name}\""));
    let said = move |line: &str| {
        *count.lock().unwrap() += usize::from(commands.iter().any(|command| line.contains(command)));
    };
    let one = log("debug", Redactor::default(), said).unwrap();
    // with a single log, a span that another test's thread reaches first would be disabled for all
    let _other = log("off", Redactor::default(), |_| ()).unwrap();
    let look = || {
        let (cache, limit) = (ground.cache.path(), ground.limit());
        let source = ground.git.open(&r.given(), Path::new("/"), cache, &limit)?;
        let facts = source.facts(None)?;
        let first = facts.names.tags.first().map(|tag| source.revision(&tag.commit, "first")).transpose()?;
        Ok::<_, SourceError>((facts, first.into_iter().collect()))
    };
    let looked = tracing::dispatcher::with_default(&one, look).map_err(|e| e.to_string());
    let asked = *asked.lock().unwrap();
    (looked, asked)
}
