//! Repositories in memory: commits, tags and a work tree, without git.

use ccci_model::diag::Text;
use ccci_model::name::{Revision, Version};
use ccci_recipe::source::{Branch, Files, Names, RevisionFacts, SourceFacts, SourceKind, Tag, version_label};
use ccci_swarm::ports::{Limit, Source, SourceError, Sources};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The only branch.
const BRANCH: &str = "main";

type Content = BTreeMap<String, Vec<u8>>;

/// Repositories, by the path or URL of the source.
#[derive(Default)]
pub struct MemorySources {
    repositories: Mutex<BTreeMap<String, MemoryRepository>>,
}

impl MemorySources {
    /// Adds a repository. It is shared with the caller, who can change it afterwards.
    pub fn add(&self, given: &str, repository: &MemoryRepository) {
        let mut all = self.repositories.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(given.to_string(), repository.clone());
    }
}

impl Sources for MemorySources {
    fn open<'a>(
        &'a self,
        given: &str,
        _: &Path,
        _: &Path,
        limit: &Limit,
    ) -> Result<Box<dyn Source + 'a>, SourceError> {
        if limit.stop.reason().is_some() {
            return Err(SourceError::Stopped { command: "rev-parse".into() });
        }
        let all = self.repositories.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(repository) = all.get(given).cloned() else {
            return Err(match SourceKind::of(given) {
                SourceKind::Path => SourceError::NoSuchPath { path: given.into() },
                SourceKind::Url => {
                    SourceError::NoRepository { url: given.into(), said: "repository not found".into() }
                }
            });
        };
        if repository.state().commits.is_empty() {
            return Err(SourceError::NoCommit { path: given.into() });
        }
        Ok(Box::new(Opened { given: given.into(), repository }))
    }
}

#[derive(Default)]
struct State {
    work_tree: Content,
    commits: Vec<(Revision, Content)>,
    tags: Vec<Tag>,
}

/// A repository with one branch, whose work tree is at the tip. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryRepository {
    state: Arc<Mutex<State>>,
}

impl MemoryRepository {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a file of the work tree.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &MemoryRepository {
        self.state().work_tree.insert(path.to_string(), content.as_ref().to_vec());
        self
    }

    /// Removes a file of the work tree.
    pub fn remove(&self, path: &str) -> &MemoryRepository {
        self.state().work_tree.remove(path);
        self
    }

    /// Commits the work tree. The commit's hash is made from the number of commits.
    pub fn commit(&self) -> Revision {
        let mut state = self.state();
        let name = Revision::parse(&format!("{:040x}", 0xc0ffee + state.commits.len())).expect("40 digits");
        let content = state.work_tree.clone();
        state.commits.push((name.clone(), content));
        name
    }

    /// Tags the tip.
    pub fn tag(&self, name: &str) {
        let mut state = self.state();
        let commit = state.commits.last().expect("a commit").0.clone();
        let version = Version::parse(name).ok();
        state.tags.push(Tag { name: name.into(), version, annotated: true, commit });
    }
}

impl State {
    fn tip(&self) -> &(Revision, Content) {
        self.commits.last().expect("opened with a commit")
    }

    fn names(&self) -> Names {
        let branch = Branch { name: BRANCH.into(), commit: self.tip().0.clone() };
        Names::new(self.tags.clone(), vec![branch], None)
    }

    fn revision(&self, commit: &Revision, found_as: &str) -> Option<RevisionFacts> {
        let content = &self.commits.iter().find(|(name, _)| name == commit)?.1;
        let tag = self.names().version_of(commit).cloned();
        let name = tag.as_ref().map_or_else(|| commit.short().to_string(), ToString::to_string);
        let files = files(content, |path| format!("{name}:{path}"));
        let (commit, found_as, label) = (commit.clone(), found_as.to_string(), version_label(&files));
        Some(RevisionFacts { commit, changed: vec![], found_as, tag, label, files })
    }

    /// The commit that a name stands for, and how it was found, as text.
    fn named(&self, rev: &str) -> Option<(Revision, String)> {
        let tag = self.tags.iter().find(|t| t.name == rev).map(|t| (t.commit.clone(), format!("tag {rev}")));
        let branch = || (rev == BRANCH).then(|| (self.tip().0.clone(), format!("branch {rev}")));
        let commit = || {
            let (name, _) =
                self.commits.iter().find(|(c, _)| rev.len() > 3 && c.as_str().starts_with(rev))?;
            Some((name.clone(), format!("commit {}", name.short())))
        };
        tag.or_else(branch).or_else(commit)
    }

    fn checked_out(&self, given: &str) -> RevisionFacts {
        let (commit, content) = self.tip();
        let paths = content.keys().chain(self.work_tree.keys());
        let mut changed: Vec<String> =
            paths.filter(|p| content.get(*p) != self.work_tree.get(*p)).cloned().collect();
        changed.sort();
        changed.dedup();
        let tag = self.names().version_of(commit).filter(|_| changed.is_empty()).cloned();
        let found_as = match &tag {
            Some(tag) => format!("work tree at tag {tag}"),
            None => format!("work tree on {BRANCH}"),
        };
        let files = files(&self.work_tree, |path| format!("{}/{path}", given.trim_end_matches('/')));
        let (commit, label) = (commit.clone(), version_label(&files));
        RevisionFacts { commit, changed, found_as, tag, label, files }
    }
}

fn files(content: &Content, shown: impl Fn(&str) -> String) -> Files {
    let mut all = Files::default();
    for (path, bytes) in content {
        match String::from_utf8(bytes.clone()).ok().filter(|text| !text.contains('\0')) {
            Some(content) => {
                all.texts.insert(path.clone(), Arc::new(Text { path: shown(path), content }));
            }
            None => drop(all.binaries.insert(path.clone(), Arc::from(bytes.as_slice()))),
        }
    }
    all
}

struct Opened {
    given: String,
    repository: MemoryRepository,
}

impl Source for Opened {
    fn facts(&self, rev: Option<&str>) -> Result<SourceFacts, SourceError> {
        let state = self.repository.state();
        let head = match rev {
            None => state.checked_out(&self.given),
            Some(rev) => {
                let found =
                    state.named(rev).and_then(|(commit, found_as)| state.revision(&commit, &found_as));
                found.ok_or_else(|| {
                    let names = state.names();
                    let tags = names.tags.iter().rev().map(|t| t.name.clone());
                    let known = tags.chain(names.branches.iter().map(|b| b.name.clone())).collect();
                    SourceError::NoSuchRef { rev: rev.into(), known }
                })?
            }
        };
        let target_has_head = head.commit != state.tip().0;
        let (given, kind, names) = (self.given.clone(), SourceKind::of(&self.given), state.names());
        Ok(SourceFacts { given, kind, names, head, target_has_head, shallow: false })
    }

    fn revision(&self, commit: &Revision, found_as: &str) -> Result<RevisionFacts, SourceError> {
        let found = self.repository.state().revision(commit, found_as);
        found.ok_or_else(|| SourceError::Failed {
            command: "ls-tree".into(),
            code: 128,
            said: format!("not a tree object: {commit}"),
        })
    }
}
