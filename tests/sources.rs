//! Sources: what is read of a repository, in place or cloned, and what is reported if it cannot be read.

mod files;

use crate::repository::{Repository, compose};
use ccci_adapters::clock::RealClock;
use ccci_adapters::git::GitAdapter;
use ccci_model::name::Revision;
use ccci_recipe::source::{SourceFacts, SourceKind};
use ccci_runner::gather::error::{GatherError, of_source};
use ccci_swarm::ports::clock::{Clock, Limit, Stop, StopReason};
use ccci_swarm::ports::{SourceError, Sources};
use ccci_testkit::memory::{MemoryRepository, MemorySources};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

struct Ground {
    _runtime: Runtime,
    git: GitAdapter,
    clock: Arc<RealClock>,
    cache: tempfile::TempDir,
}

impl Ground {
    fn new() -> Ground {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = Arc::new(RealClock::new(Arc::default()));
        let git = GitAdapter::new(runtime.handle().clone(), clock.clone()).unwrap();
        Ground { _runtime: runtime, git, clock, cache: tempfile::tempdir().unwrap() }
    }

    fn limit(&self) -> Limit {
        Limit { deadline: self.clock.now().after(Duration::from_secs(60)), stop: Stop::default() }
    }

    fn facts(&self, given: &str, rev: Option<&str>) -> Result<SourceFacts, SourceError> {
        self.git.open(given, Path::new("/"), self.cache.path(), &self.limit())?.facts(rev)
    }
}

fn head(repository: &Repository, rev: Option<&str>) -> SourceFacts {
    Ground::new().facts(&repository.given(), rev).unwrap()
}

#[test]
fn a_clean_work_tree_is_its_commit_and_the_tag_it_carries() {
    let r = Repository::new();
    let commit = r.release("1.0.0+1.25");
    let facts = head(&r, None);
    assert_eq!((facts.kind, facts.head.commit.as_str()), (SourceKind::Path, commit.as_str()));
    assert_eq!(facts.head.found_as, "work tree at tag 1.0.0+1.25");
    assert!(!facts.head.dirty());
    let text = facts.head.files.text("compose.yml").unwrap();
    assert_eq!(text.content, compose("1.0.0+1.25"));
    assert_eq!(text.path, format!("{}/compose.yml", r.given()));
}

#[test]
fn a_dirty_work_tree_overlays_its_commit_and_says_so() {
    let r = Repository::new();
    r.write("gone.txt", "x").write(".gitignore", "*.log\n").write("dir/keep.txt", "kept");
    r.release("1.0.0+1.25");
    r.write("compose.yml", compose("1.1.0+1.26")).write("new/added.txt", "new").write("noise.log", "x");
    fs::remove_file(r.path().join("gone.txt")).unwrap();
    let facts = head(&r, None);
    assert_eq!(facts.head.changed, ["compose.yml", "gone.txt", "new/added.txt"]);
    let files: Vec<&str> = facts.head.files.texts.keys().map(String::as_str).collect();
    assert_eq!(files, [".gitignore", "compose.yml", "dir/keep.txt", "new/added.txt"]);
    assert_eq!(facts.head.found_as, "work tree on main");
    assert_eq!(facts.head.tag, None, "a dirty tree is no tagged version");
    assert_eq!(facts.head.version().map(|v| v.as_str()), Some("1.1.0+1.26"));
}

#[test]
fn lesson_20_a_ref_is_read_from_its_objects_whatever_is_checked_out() {
    let r = Repository::new();
    let old = r.release("1.0.0+1.25");
    r.git(&["checkout", "-q", "-b", "topic"]);
    let new = r.release("1.1.0+1.26");
    r.write("compose.yml", "dirty");
    let check = |rev: &str, commit: &str, found_as: &str| {
        let facts = head(&r, Some(rev));
        assert_eq!(facts.head.commit.as_str(), commit, "{rev}");
        assert_eq!(facts.head.found_as, found_as);
        assert!(!facts.head.dirty());
    };
    check("main", &old, "branch main");
    check("topic", &new, "branch topic");
    check("1.0.0+1.25", &old, "tag 1.0.0+1.25");
    check(&old[..10], &old, &format!("commit {}", &old[..8]));
    check("HEAD~1", &old, "revision HEAD~1");
    let text = head(&r, Some("topic")).head.files.text("compose.yml").unwrap().clone();
    assert_eq!(text.path, "1.1.0+1.26:compose.yml");
}

#[test]
fn a_work_tree_that_settings_put_elsewhere_is_the_one_that_is_named() {
    let r = Repository::new();
    r.release("1.0.0+1.25");
    let elsewhere = r.around().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::copy(r.path().join("compose.yml"), elsewhere.join("compose.yml")).unwrap();
    r.git(&["config", "core.worktree", &elsewhere.to_string_lossy()]);
    r.write("compose.yml", compose("1.1.0+1.26"));
    let head = head(&r, None).head;
    assert_eq!(
        (head.found_as.as_str(), &head.changed[..]),
        ("work tree on main", &["compose.yml".into()][..])
    );
    assert_eq!(head.files.text("compose.yml").unwrap().content, compose("1.1.0+1.26"));
}

#[test]
fn reading_touches_nothing_of_the_work_tree_or_the_index() {
    let r = Repository::new();
    r.write("same.txt", "same");
    r.release("1.0.0+1.25");
    // the same content with another modification time: git would like to refresh its index
    r.write("compose.yml", compose("1.1.0+1.26")).write("same.txt", "same");
    let snapshot = || -> Vec<(String, Vec<u8>)> {
        let names = r.git(&["ls-files"]);
        let own = [".git/index", ".git/HEAD", ".git/config"].map(str::to_string);
        let all = names.lines().map(str::to_string).chain(own);
        all.map(|n| (n.clone(), fs::read(r.path().join(&n)).unwrap())).collect()
    };
    let before = snapshot();
    let refs = r.git(&["for-each-ref"]);
    head(&r, None);
    head(&r, Some("1.0.0+1.25"));
    assert_eq!(snapshot(), before);
    assert_eq!(r.git(&["for-each-ref"]), refs);
}

#[test]
fn lesson_16_tags_come_in_recipe_order_and_lightweight_ones_are_known() {
    let r = Repository::new();
    for version in ["1.9.0+1.24", "1.10.0+1.25", "1.2.0+1.20"] {
        r.release(version);
    }
    r.git(&["tag", "1.11.0+1.26"]);
    r.git(&["tag", "-a", "nightly", "-m", "x"]);
    let tags: Vec<(String, bool)> =
        head(&r, None).names.tags.into_iter().map(|t| (t.name, t.annotated)).collect();
    let want = [
        ("1.2.0+1.20", true),
        ("1.9.0+1.24", true),
        ("1.10.0+1.25", true),
        ("1.11.0+1.26", false),
        ("nightly", true),
    ];
    assert_eq!(tags, want.map(|(n, a)| (n.to_string(), a)));
}

#[test]
fn a_tag_of_a_tag_is_a_version_too() {
    let r = Repository::new();
    let commit = r.release("1.0.0+1.25");
    r.git(&["tag", "-a", "-m", "x", "2.0.0+1.26", "1.0.0+1.25"]);
    r.git(&["tag", "-a", "-m", "x", "3.0.0+1.27", "2.0.0+1.26"]);
    r.git(&["tag", "-a", "-m", "x", "of-a-tree", "HEAD^{tree}"]);
    r.git(&["tag", "-a", "-m", "x", "4.0.0+1.28", "of-a-tree"]);
    let names = head(&r, None).names;
    let tags: Vec<_> = names.tags.iter().map(|t| (t.name.as_str(), t.commit.as_str())).collect();
    let c = commit.as_str();
    assert_eq!(tags, [("1.0.0+1.25", c), ("2.0.0+1.26", c), ("3.0.0+1.27", c)]);
}

#[test]
fn whether_the_target_branch_went_on_from_the_head_is_known() {
    let r = Repository::new();
    let old = r.release("1.0.0+1.25");
    r.release("1.1.0+1.26");
    r.git(&["checkout", "-q", "-b", "topic"]);
    r.commit("topic");
    let has = |rev: &str| head(&r, Some(rev)).target_has_head;
    assert!(has(&old));
    assert!(!has("main"), "the head is the tip itself");
    assert!(!has("topic"));
}

#[test]
fn a_url_is_cloned_with_its_tags_and_its_default_branch_is_the_head_and_the_target() {
    let r = Repository::new();
    r.git(&["checkout", "-q", "-b", "trunk"]);
    let commit = r.release("1.0.0+1.25");
    let ground = Ground::new();
    let facts = ground.facts(&format!("file://{}", r.given()), None).unwrap();
    assert_eq!((facts.kind, facts.head.commit.as_str()), (SourceKind::Url, commit.as_str()));
    assert_eq!(facts.head.found_as, "branch trunk");
    assert_eq!(facts.names.target.map(|b| b.name).as_deref(), Some("trunk"));
    assert_eq!(facts.names.tags.len(), 1);
    let left = fs::read_dir(ground.cache.path()).unwrap().count();
    assert_eq!(left, 0, "a clone is removed once it was read");
}

#[test]
fn a_bare_repository_is_a_source_too() {
    let r = Repository::new();
    let commit = r.release("1.0.0+1.25");
    r.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    let bare = r.around().join("bare.git");
    let facts = Ground::new().facts(&bare.to_string_lossy(), None).unwrap();
    assert_eq!((facts.head.commit.as_str(), facts.head.found_as.as_str()), (commit.as_str(), "branch main"));
}

#[test]
fn links_and_binaries_of_a_recipe_are_read_and_nothing_outside_of_it() {
    let r = Repository::new();
    r.write("conf/real.conf", "x = 1\n").write("logo.png", [0u8, 159, 146]);
    fs::write(r.around().join("secret"), "of the machine").unwrap();
    symlink("conf/real.conf", r.path().join("app.conf")).unwrap();
    symlink("../secret", r.path().join("stolen")).unwrap();
    r.commit("links");
    symlink("/etc/hostname", r.path().join("untracked")).unwrap();
    let files = head(&r, None).head.files;
    assert_eq!(files.text("app.conf").unwrap().content, "x = 1\n");
    assert_eq!(files.bytes("logo.png"), Some(&[0u8, 159, 146][..]));
    assert!(files.unread["stolen"].contains("out of the repository"), "{:?}", files.unread);
    assert!(files.unread["untracked"].contains("out of the repository"), "{:?}", files.unread);
}

#[test]
fn settings_of_a_repository_start_no_program() {
    let r = Repository::new();
    r.write(".gitattributes", "* filter=evil diff=evil\n");
    r.release("1.0.0+1.25");
    let script = r.around().join("evil.sh");
    let trace = r.around().join("was-here");
    fs::write(&script, format!("#!/bin/sh\ntouch {}\ncat\n", trace.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let evil = script.to_string_lossy();
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "diff.external",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
    ] {
        r.git(&["config", key, &evil]);
    }
    r.git(&["config", "filter.evil.required", "true"]);
    fs::create_dir_all(r.path().join(".git/hooks")).unwrap();
    for hook in ["post-index-change", "reference-transaction", "post-checkout"] {
        fs::copy(&script, r.path().join(".git/hooks").join(hook)).unwrap();
    }
    fs::write(r.path().join("compose.yml"), compose("1.1.0+1.26")).unwrap();
    let facts = head(&r, None);
    assert_eq!(facts.head.changed, ["compose.yml"]);
    assert!(!trace.exists(), "a program of the repository was started");
    r.git(&["config", "--unset", "filter.evil.process"]);
    r.git(&["status"]);
    assert!(trace.exists(), "the trap does not work, so the line above proves nothing");
}

#[test]
fn a_filter_is_switched_off_whatever_its_name_is() {
    for name in [&b"a=b"[..], b"a.b", b"a\xffb", b"=", b"A b"] {
        let r = Repository::new();
        let trace = r.around().join("was-here");
        r.write(
            ".gitattributes",
            [&b"compose.yml \"filter="[..], name, b"\"\ncompose.yml filter=", name, b"\n"].concat(),
        );
        r.release("1.0.0+1.25");
        let clean = format!("\"]\nclean = \"touch {}; cat\"\n", trace.display());
        let config = fs::read(r.path().join(".git/config")).unwrap();
        let config = [&config[..], b"[filter \"", name, clean.as_bytes()].concat();
        fs::write(r.path().join(".git/config"), config).unwrap();
        let text = compose("1.0.0+1.25").replace("nginx", "nginy");
        r.write("compose.yml", text);
        assert_eq!(head(&r, None).head.changed, ["compose.yml"]);
        assert!(!trace.exists(), "the filter `{}` was started", String::from_utf8_lossy(name));
        r.git(&["status"]);
        let can_be_named = !name.contains(&b' ');
        assert_eq!(trace.exists(), can_be_named, "the trap does not work, so the lines above prove nothing");
    }
}

#[test]
fn what_is_no_source_says_what_it_is_instead() {
    let ground = Ground::new();
    let r = Repository::new();
    let check = |given: &str, rev: Option<&str>, want: &str| {
        let e = ground.facts(given, rev).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(e.contains(want), "{given}: {e}");
    };
    check(&r.given(), None, "it has no commit yet");
    r.release("1.0.0+1.25");
    r.write("inner/x", "x").write("file", "x");
    check("/nothing/here", None, "there is no such directory");
    check(&format!("{}/file", r.given()), None, "it is no git repository");
    check(&r.around().to_string_lossy(), None, "it is no git repository");
    check(&r.given(), Some("1.0.0"), "find the revision `1.0.0`");
    check(&r.given(), Some("--all"), "find the revision `--all`");
    check(&r.given(), Some(""), "find the revision ``");
    check("file:///nothing/here", None, "clone `file:///nothing/here`");
    check("ext://sh -c 'touch /tmp/x'", None, "clone `ext://");
    let inner = ground.facts(&format!("{}/inner", r.given()), None);
    match inner {
        Err(SourceError::NotARepository { inside: Some(root), .. }) => {
            assert_eq!(root, fs::canonicalize(r.path()).unwrap());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_repository_that_git_refuses_is_shown_with_gits_own_words() {
    let ground = Ground::new();
    let check = |spoil: fn(&Path), want: &str| {
        let r = Repository::new();
        r.release("1.0.0+1.25");
        spoil(&r.path().join(".git"));
        let e = ground.facts(&r.given(), None).unwrap_err();
        assert!(matches!(e, SourceError::Broken { .. }) && e.to_string().contains(want), "{e}");
    };
    check(|git| fs::write(git.join("config"), "[core\nx").unwrap(), "bad config line 1");
    check(|git| fs::remove_file(git.join("HEAD")).unwrap(), "not a git repository");
    let extension = |git: &Path| {
        let config = "[core]\nrepositoryformatversion = 1\n[extensions]\nnew = true\n";
        fs::write(git.join("config"), config).unwrap();
    };
    check(extension, "new");
}

#[test]
fn a_repository_that_lacks_an_object_or_has_other_names_is_said_to() {
    let ground = Ground::new();
    let r = Repository::new();
    r.release("1.0.0+1.25");
    let object = r.git(&["rev-parse", "HEAD:compose.yml"]);
    fs::remove_file(r.path().join(".git/objects").join(&object[..2]).join(&object[2..])).unwrap();
    let said = |r: &Repository| match of_source(ground.facts(&r.given(), None).unwrap_err(), None) {
        GatherError::Failed(f) => format!("{} {:?} {} {}", f.cause, f.blame, f.expected(), f.observed()),
        other => panic!("{other:?}"),
    };
    let missing = said(&r);
    assert!(missing.starts_with("source-failed Infra a repository with all"), "{missing}");
    assert!(
        missing.ends_with("read `compose.yml` of the source: its object is missing in the repository"),
        "{missing}"
    );
    r.git(&["config", "remote.origin.promisor", "true"]);
    r.git(&["config", "remote.origin.url", "file:///nothing/here"]);
    let partial = said(&r);
    assert!(partial.starts_with("source-failed Infra") && partial.contains("partial clone"), "{partial}");
    let r = Repository::new();
    fs::remove_dir_all(r.path().join(".git")).unwrap();
    r.git(&["init", "-q", "--object-format=sha256"]);
    r.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    let other = said(&r);
    assert!(other.starts_with("source-failed Infra") && other.contains("sha256"), "{other}");
}

#[test]
fn git_is_ended_at_the_deadline_and_when_the_run_is_stopped() {
    let r = Repository::new();
    r.release("1.0.0+1.25");
    let ground = Ground::new();
    let open = |limit: &Limit| {
        ground.git.open(&r.given(), Path::new("/"), ground.cache.path(), limit).err().map(|e| e.to_string())
    };
    let past = Limit { deadline: ground.clock.now(), stop: Stop::default() };
    assert!(open(&past).unwrap().contains("before the deadline"));
    let stopped = ground.limit();
    stopped.stop.set(StopReason::Interrupted);
    assert!(open(&stopped).unwrap().contains("the run was stopped"));
}

#[test]
fn reading_a_recipe_takes_some_milliseconds() {
    let r = Repository::new();
    for i in 0..10 {
        r.release(&format!("1.{i}.0+1.{i}"));
    }
    let ground = Ground::new();
    let begin = Instant::now();
    let repository =
        ground.git.open(&r.given(), Path::new("/"), ground.cache.path(), &ground.limit()).unwrap();
    let facts = repository.facts(None).unwrap();
    repository.revision(&facts.names.tags[3].commit, "tag").unwrap();
    let took = begin.elapsed();
    println!("head and base of a local repository: {took:?}");
}

/// What both adapters of the port must say of the same repository, which has two releases and a changed work tree.
#[test]
fn git_and_memory_say_the_same_of_a_repository() {
    let (disk, memory) = (Repository::new(), MemoryRepository::default());
    disk.write("b.bin", [0, 1]).write("gone", "x");
    memory.write("b.bin", [0, 1]).write("gone", "x");
    for version in ["1.9.0+1.24", "1.10.0+1.25"] {
        disk.release(version);
        memory.write("compose.yml", compose(version)).commit();
        memory.tag(version);
    }
    let ground = Ground::new();
    let sources = MemorySources::default();
    sources.add(&disk.given(), &memory);
    let both = |rev: Option<&str>| {
        let real = ground.facts(&disk.given(), rev);
        let opened = sources.open(&disk.given(), Path::new("/"), ground.cache.path(), &ground.limit());
        (real, opened.unwrap().facts(rev))
    };
    let alike = |rev: Option<&str>| {
        let (real, memory) = both(rev);
        let (real, memory) = (real.unwrap(), memory.unwrap());
        assert_eq!(without_names(real), without_names(memory), "{rev:?}");
    };
    alike(None);
    alike(Some("1.9.0+1.24"));
    alike(Some("main"));
    fs::remove_file(disk.path().join("gone")).unwrap();
    disk.write("compose.yml", "new").write("added/x", "x");
    memory.remove("gone").write("compose.yml", "new").write("added/x", "x");
    alike(None);
    alike(Some("main"));
    let (real, memory) = both(Some("1.8.0+1"));
    assert_eq!(real.unwrap_err().to_string(), memory.unwrap_err().to_string());
    let nowhere = sources.open("/nowhere", Path::new("/"), ground.cache.path(), &ground.limit());
    assert_eq!(ground.facts("/nowhere", None).unwrap_err().to_string(), nowhere.err().unwrap().to_string());
}

/// The facts with the same id for every commit, because the port does not promise ids.
fn without_names(mut facts: SourceFacts) -> SourceFacts {
    let one = || Revision::parse(&"a".repeat(40)).unwrap();
    facts.head.commit = one();
    facts.names.tags.iter_mut().for_each(|t| t.commit = one());
    facts.names.branches.iter_mut().chain(&mut facts.names.target).for_each(|b| b.commit = one());
    facts
}
