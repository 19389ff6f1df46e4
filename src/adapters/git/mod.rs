//! Git; the only place that runs it.
//! A path is read in place from its objects, and its work tree and index are never changed. A URL is cloned bare
//! into a directory that is removed with the `Repository`.

pub mod call;
mod changed;
pub mod content;
pub mod decode;
mod head;
mod index;
mod login;
mod objects;
mod refs;
mod words;

use super::scratch::Scratch;
use call::{Call, Reach, Said};
use ccci_model::failure::is_of_machine;
use ccci_model::name::Revision;
use ccci_recipe::source::{Branch, Names, RevisionFacts, SourceFacts, SourceKind, version_label};
use ccci_swarm::ports::clock::{Clock, Limit};
use ccci_swarm::ports::{Source, SourceError, Sources};
use content::Raw;
use decode::Ref;
use head::{HEAD, Head, STATUS, may_filter};
use index::Tracked;
use objects::{Objects, Walked};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Handle;

/// The sources, read by git.
pub struct GitAdapter {
    runtime: Handle,
    clock: Arc<dyn Clock>,
    home: Scratch,
}

/// A repository that can be read. A clone is removed when this is dropped.
struct Repository<'a> {
    adapter: &'a GitAdapter,
    given: String,
    kind: SourceKind,
    dir: PathBuf,
    work_tree: bool,
    shallow: bool,
    limit: Limit,
    objects: Objects<'a>,
    commit: Revision,
    branch: Option<String>,
    /// Paths with changes that are not committed, if they are known already.
    changed: Option<Vec<String>>,
    /// The files of the index, if the work tree has exactly these.
    index: Option<BTreeMap<String, Tracked>>,
    names: Names,
    _clone: Option<Scratch>,
}

/// Asks for all tags and branches.
const REFS: &[&str] = &["for-each-ref", decode::REF_FORMAT, "refs/tags", "refs/heads", "refs/remotes"];

/// Size of a repository's settings from which git is asked what is in them, bytes.
const MOST_SETTINGS: u64 = 1 << 20;

impl GitAdapter {
    /// A git with its own home in the temporary directory. `runtime` must be multi-threaded.
    pub fn new(runtime: Handle, clock: Arc<dyn Clock>) -> Result<GitAdapter, SourceError> {
        let io = |source| SourceError::Io { what: "make a home directory for git".into(), source };
        let home = Scratch::new().map_err(io)?;
        // the owner of a repository does not matter, because we only read objects and start no program of it
        let settings = "[safe]\n\tdirectory = *\n[user]\n\tname = ccci\n\temail = ccci@localhost\n";
        fs::write(home.path().join(".gitconfig"), settings).map_err(io)?;
        Ok(GitAdapter { runtime, clock, home })
    }

    fn open_path(&self, given: &str, at: &Path, limit: &Limit) -> Result<Repository<'_>, SourceError> {
        let path = given.to_string();
        let dir = fs::canonicalize(at.join(given)).map_err(|source| match is_of_machine(&source) {
            true => SourceError::Io { what: format!("read `{path}`"), source },
            false => SourceError::NoSuchPath { path: path.clone() },
        })?;
        if !dir.is_dir() {
            return Err(SourceError::NotARepository { path, inside: None });
        }
        let objects = Objects::new(self, &dir, limit);
        if let Some((head, refs)) = self.head_and_refs(&dir, &objects, limit)? {
            return self.read_names(given, SourceKind::Path, objects, head, &refs, None);
        }
        let said = self.say(Reach::Here, &dir, HEAD, limit)?;
        if said.out.is_empty() && looks_like_one(&dir) {
            return Err(SourceError::Broken { path, said: last_words(&said.complaint) });
        }
        if said.out.is_empty() {
            return Err(SourceError::NotARepository { path, inside: self.around(&dir, limit) });
        }
        self.read_step_by_step(given, SourceKind::Path, objects, &said, None)
    }

    /// The repository that contains a directory.
    fn around(&self, dir: &Path, limit: &Limit) -> Option<PathBuf> {
        let found = dir.ancestors().skip(1).find(|d| d.join(".git").exists())?;
        let said = self.say(Reach::Here, found, &["rev-parse", "--git-dir"], limit).ok()?;
        (said.code == 0).then(|| found.to_path_buf())
    }

    fn clone_url(&self, url: &str, cache: &Path, limit: &Limit) -> Result<Repository<'_>, SourceError> {
        let io = |source| SourceError::Io { what: format!("make `{}`", cache.display()), source };
        fs::create_dir_all(cache).map_err(io)?;
        let clone = Scratch::new_in(cache).map_err(io)?;
        let cache = fs::canonicalize(cache).map_err(io)?;
        let into = clone.path().to_string_lossy().into_owned();
        let (bare, login) = login::split(url)
            .map_err(|source| SourceError::Io { what: "pass the login to git".into(), source })?;
        let settings = login.as_ref().map(|l| l.settings().to_vec()).unwrap_or_default();
        let mut args: Vec<&str> = settings.iter().flat_map(|s| ["-c", s]).collect();
        args.extend(["clone", "--mirror", "--quiet", "--template=", "--", &bare, &into]);
        let said = self.say(Reach::Remote, &cache, &args, limit)?;
        if said.code != 0 {
            let said = last_words(&said.complaint);
            return Err(words::cannot_clone(url, said));
        }
        let dir = fs::canonicalize(clone.path()).map_err(io)?;
        let said = self.say(Reach::Here, &dir, HEAD, limit)?;
        self.read_step_by_step(url, SourceKind::Url, Objects::new(self, &dir, limit), &said, Some(clone))
    }

    fn read_step_by_step<'a>(
        &'a self,
        given: &str,
        kind: SourceKind,
        objects: Objects<'a>,
        head: &Said,
        clone: Option<Scratch>,
    ) -> Result<Repository<'a>, SourceError> {
        if head.code != 0 {
            return Err(SourceError::NoCommit { path: given.into() });
        }
        let head = Head::read(&head.out, objects.dir())?;
        let refs = self.good(objects.dir(), REFS, vec![], objects.limit())?;
        self.read_names(given, kind, objects, head, &decode::refs(&refs), clone)
    }

    fn read_names<'a>(
        &'a self,
        given: &str,
        kind: SourceKind,
        objects: Objects<'a>,
        head: Head,
        refs: &[Ref],
        clone: Option<Scratch>,
    ) -> Result<Repository<'a>, SourceError> {
        let Head { work_tree, shallow, commit, branch, changed, index } = head;
        let (dir, limit) = (objects.dir().to_path_buf(), objects.limit().clone());
        // a clone's HEAD is the remote's default branch; a work tree's HEAD is whatever is checked out
        let default = branch.as_deref().filter(|_| !work_tree);
        let names = decode::names(refs, default, &self.peel(&dir, refs, &limit)?);
        Ok(Repository {
            adapter: self,
            given: given.to_string(),
            kind,
            objects,
            dir,
            work_tree,
            shallow,
            limit,
            commit,
            branch,
            changed,
            index,
            names,
            _clone: clone,
        })
    }

    /// The commits of tags of tags.
    fn peel(&self, dir: &Path, refs: &[Ref], limit: &Limit) -> Result<BTreeMap<String, String>, SourceError> {
        let nested: Vec<&str> = refs.iter().filter_map(Ref::nested).collect();
        if nested.is_empty() {
            return Ok(BTreeMap::new());
        }
        let input: String = nested.iter().map(|object| format!("{object}^{{commit}}\n")).collect();
        let out = self.good(dir, &["cat-file", "--batch-check"], input.into_bytes(), limit)?;
        Ok(decode::peeled(&out, &nested))
    }

    fn say(&self, reach: Reach, dir: &Path, args: &[&str], limit: &Limit) -> Result<Said, SourceError> {
        let call =
            Call { home: self.home.path(), dir, reach, work_tree: false, emptied: &[], args, input: vec![] };
        self.runtime.block_on(call.run(&*self.clock, limit))
    }

    /// Output of a call that must succeed.
    fn good(&self, dir: &Path, args: &[&str], input: Vec<u8>, limit: &Limit) -> Result<Vec<u8>, SourceError> {
        let (home, reach) = (self.home.path(), Reach::Here);
        self.succeed(Call { home, dir, reach, work_tree: false, emptied: &[], args, input }, limit)
    }

    fn succeed(&self, call: Call<'_>, limit: &Limit) -> Result<Vec<u8>, SourceError> {
        let args = call.args;
        let said = self.runtime.block_on(call.run(&*self.clock, limit))?;
        if said.code == 0 {
            return Ok(said.out);
        }
        let command = args.first().copied().unwrap_or("").to_string();
        Err(words::failed(command, said.code, last_words(&said.complaint)))
    }
}

impl Sources for GitAdapter {
    fn open<'a>(
        &'a self,
        given: &str,
        at: &Path,
        cache: &Path,
        limit: &Limit,
    ) -> Result<Box<dyn Source + 'a>, SourceError> {
        let repository = match SourceKind::of(given) {
            SourceKind::Path => self.open_path(given, at, limit),
            SourceKind::Url => self.clone_url(given, cache, limit),
        };
        Ok(Box::new(repository?))
    }
}

fn revision(command: &str, text: &str) -> Result<Revision, SourceError> {
    if text.trim().len() == 64 {
        return Err(SourceError::OtherNames);
    }
    Revision::parse(text.trim())
        .map_err(|e| SourceError::Odd { command: command.into(), what: e.to_string() })
}

/// Whether this directory was meant to be a repository, bare or not.
fn looks_like_one(dir: &Path) -> bool {
    dir.join(".git").exists() || (dir.join("HEAD").exists() && dir.join("objects").exists())
}

/// The lines that say what is wrong, without git's own hints.
fn last_words(complaint: &str) -> String {
    // a list of names follows, indented by tabs
    let told = |l: &&str| ["fatal:", "error:", "\t"].iter().any(|start| l.starts_with(start));
    let told: Vec<&str> = complaint.lines().filter(told).collect();
    let told = if told.is_empty() { complaint.lines().rev().take(1).collect() } else { told };
    told.iter()
        .map(|l| l.trim().trim_start_matches("fatal: ").trim_start_matches("error: "))
        .collect::<Vec<_>>()
        .join("; ")
}

impl Source for Repository<'_> {
    fn facts(&self, rev: Option<&str>) -> Result<SourceFacts, SourceError> {
        let head = match rev {
            Some(rev) => self.asked(rev)?,
            None if self.work_tree => self.checked_out()?,
            None => {
                let branch = self.branch.as_deref().unwrap_or("HEAD");
                self.revision(&self.commit, &format!("branch {branch}"))?
            }
        };
        let target_has_head = self.target_has(&head.commit)?;
        let (given, names) = (self.given.clone(), self.names.clone());
        Ok(SourceFacts { given, kind: self.kind, names, head, target_has_head, shallow: self.shallow })
    }

    fn revision(&self, commit: &Revision, found_as: &str) -> Result<RevisionFacts, SourceError> {
        let raw = self.objects.files(self.objects.walk(commit)?, &[])?;
        let known = self.names.version_of(commit);
        let name = known.map_or_else(|| commit.short().to_string(), ToString::to_string);
        let files = content::files(raw, |path| format!("{name}:{path}"));
        Ok(RevisionFacts {
            commit: commit.clone(),
            changed: vec![],
            found_as: found_as.to_string(),
            tag: known.cloned(),
            label: version_label(&files),
            files,
        })
    }
}

impl Repository<'_> {
    /// Whether the target branch contains this commit and others after it.
    fn target_has(&self, commit: &Revision) -> Result<bool, SourceError> {
        let Some(tip) = self.names.target.as_ref().filter(|t| t.commit != *commit) else { return Ok(false) };
        let args = ["merge-base", "--is-ancestor", commit.as_str(), tip.commit.as_str()];
        Ok(self.adapter.say(Reach::Here, &self.dir, &args, &self.limit)?.code == 0)
    }

    /// A revision by any name that git knows; a branch may be named without its remote.
    fn asked(&self, rev: &str) -> Result<RevisionFacts, SourceError> {
        let unknown = || SourceError::NoSuchRef { rev: rev.into(), known: self.known() };
        if rev.is_empty() || rev.starts_with('-') || rev.contains(char::is_control) {
            return Err(unknown());
        }
        for name in [rev.to_string(), format!("origin/{rev}")] {
            let commit = format!("{name}^{{commit}}");
            let args = ["rev-parse", "--verify", "-q", &commit];
            let said = self.adapter.say(Reach::Here, &self.dir, &args, &self.limit)?;
            if said.code == 0 {
                let commit = revision("rev-parse", &String::from_utf8_lossy(&said.out))?;
                return self.revision(&commit, &self.called(&name, &commit));
            }
        }
        Err(unknown())
    }

    fn called(&self, name: &str, commit: &Revision) -> String {
        let is = |b: &Branch| b.name == name;
        match () {
            () if self.names.tags.iter().any(|t| t.name == name) => format!("tag {name}"),
            () if self.names.branches.iter().any(is) => format!("branch {name}"),
            () if commit.as_str().starts_with(name) => format!("commit {}", commit.short()),
            () => format!("revision {name}"),
        }
    }

    fn known(&self) -> Vec<String> {
        let tags = self.names.tags.iter().rev().map(|t| t.name.clone());
        tags.chain(self.names.branches.iter().map(|b| b.name.clone())).collect()
    }

    /// The work tree as it is now.
    fn checked_out(&self) -> Result<RevisionFacts, SourceError> {
        let walked = self.objects.walk(&self.commit)?;
        let changed = match self.index.as_ref().is_some_and(|index| walked.is(index)) {
            true => vec![],
            false => self.changed()?,
        };
        let raw = self.with_changes(walked, &changed)?;
        let files = content::files(raw, |path| format!("{}/{path}", self.given.trim_end_matches('/')));
        let on = self.branch.clone().unwrap_or_else(|| self.commit.short().to_string());
        let tag = self.names.version_of(&self.commit).filter(|_| changed.is_empty()).cloned();
        let found_as = match &tag {
            Some(tag) => format!("work tree at tag {tag}"),
            None => format!("work tree on {on}"),
        };
        let label = version_label(&files);
        Ok(RevisionFacts { commit: self.commit.clone(), changed, found_as, tag, label, files })
    }

    /// Paths with uncommitted changes. Filters in the repository's settings are switched off, because they start
    /// programs.
    fn changed(&self) -> Result<Vec<String>, SourceError> {
        if let Some(changed) = &self.changed {
            return Ok(changed.clone());
        }
        let off = if may_filter(&self.dir) { self.filters()? } else { vec![] };
        let (home, dir, reach) = (self.adapter.home.path(), &self.dir, Reach::Here);
        let call = Call { home, dir, reach, work_tree: true, emptied: &off, args: STATUS, input: vec![] };
        let out = self.adapter.succeed(call, &self.limit)?;
        decode::status(&out).map(|status| status.changed).ok_or_else(|| SourceError::Odd {
            command: STATUS[0].into(),
            what: "a status without a head".into(),
        })
    }

    /// Names of the settings of filters.
    fn filters(&self) -> Result<Vec<Vec<u8>>, SourceError> {
        let args = ["config", "-z", "--name-only", "--get-regexp", "^filter\\."];
        let said = self.adapter.say(Reach::Here, &self.dir, &args, &self.limit)?;
        Ok(said.out.split(|b| *b == 0).filter(|n| !n.is_empty()).map(<[u8]>::to_vec).collect())
    }

    /// The files that were found below a commit; those of `changed` come from the work tree.
    fn with_changes(&self, walked: Walked, changed: &[String]) -> Result<BTreeMap<String, Raw>, SourceError> {
        let mut raw = self.objects.files(walked, changed)?;
        for path in changed {
            let io = |source| SourceError::Io { what: format!("read `{path}`"), source };
            if let Some(file) = content::of_work_tree(&self.dir, path).map_err(io)? {
                raw.insert(path.clone(), file);
            }
        }
        Ok(raw)
    }
}
