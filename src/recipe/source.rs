//! Facts about a recipe's repository. They are read from git objects elsewhere. Pure.

use crate::compose_files::{DEFAULT, is_compose_file};
use ccci_model::diag::{Place, Text};
use ccci_model::name::{Revision, Version};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Where a repository is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A local directory, read in place.
    Path,
    /// A URL that git can clone.
    Url,
}

impl SourceKind {
    /// `scheme://…` and `user@host:path` are URLs; everything else is a path.
    pub fn of(given: &str) -> SourceKind {
        let host = given.split_once(':').map(|(host, _)| host);
        let scp = host.is_some_and(|h| h.contains('@') && !h.contains('/'));
        if given.contains("://") || scp { SourceKind::Url } else { SourceKind::Path }
    }
}

/// The files of a revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// Texts by path in the repository.
    pub texts: BTreeMap<String, Arc<Text>>,
    /// Files that are not text, by path.
    pub binaries: BTreeMap<String, Arc<[u8]>>,
    /// Files that were not read, by path, with the reasons.
    pub unread: BTreeMap<String, String>,
}

impl Files {
    /// The paths of all files, read or not.
    pub fn paths(&self) -> impl Iterator<Item = &String> {
        self.texts.keys().chain(self.binaries.keys()).chain(self.unread.keys())
    }

    /// A text by its path.
    pub fn text(&self, path: &str) -> Option<&Arc<Text>> {
        self.texts.get(path)
    }

    /// Why an existing path is not a text; `None` for a text and for a missing path.
    pub fn unreadable(&self, path: &str) -> Option<String> {
        if self.texts.contains_key(path) {
            return None;
        }
        let binary = || {
            self.binaries
                .contains_key(path)
                .then(|| "it is not a text: it has a NUL byte, or bytes that are not UTF-8".to_string())
        };
        let below = format!("{path}/");
        let directory =
            || self.paths().any(|p| p.starts_with(&below)).then(|| "it is a directory".to_string());
        self.unread.get(path).cloned().or_else(binary).or_else(directory)
    }

    /// The bytes of a file, text or not.
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        let text = self.texts.get(path).map(|t| t.content.as_bytes());
        text.or_else(|| self.binaries.get(path).map(AsRef::as_ref))
    }

    /// A text by its path as written in a compose file or an env.
    pub(crate) fn text_at(&self, written: &str) -> Option<&Arc<Text>> {
        self.text(&tidy(written)?)
    }

    /// The bytes of a file by its path as written in a compose file.
    pub fn bytes_at(&self, written: &str) -> Option<&[u8]> {
        self.bytes(&tidy(written)?)
    }

    /// Why a file was not read, by its path as written in a compose file: it, or a directory that it is in, which may be
    /// another repository.
    pub fn unread_at(&self, written: &str) -> Option<String> {
        let path = tidy(written)?;
        let around = |at: &Path| {
            let at = at.to_str().filter(|at| !at.is_empty())?;
            Some(format!("`{at}`: {}", self.unread.get(at)?))
        };
        let whole = self.unread.get(&path).cloned();
        whole.or_else(|| Path::new(&path).ancestors().skip(1).find_map(around))
    }

    /// Why an existing path, as written in a compose file or in `COMPOSE_FILE`, is not a text; `None` for a text and
    /// for a missing path.
    pub(crate) fn unreadable_at(&self, written: &str) -> Option<String> {
        self.unreadable(&tidy(written)?)
    }

    /// The texts in a directory, by their path inside it.
    pub fn below(&self, directory: &str) -> BTreeMap<String, Arc<Text>> {
        let inside = |path: &String| path.strip_prefix(directory)?.strip_prefix('/').map(str::to_string);
        self.texts.iter().filter_map(|(path, text)| Some((inside(path)?, text.clone()))).collect()
    }
}

/// A path from the root of the repository without `.` and `..`; `None` if it leads outside.
pub fn tidy(written: &str) -> Option<String> {
    let mut parts: Vec<&str> = vec![];
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!written.starts_with('/')).then(|| parts.join("/"))
}

/// A revision and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionFacts {
    /// The commit; uncommitted changes are listed in `changed`.
    pub commit: Revision,
    /// Paths with uncommitted changes, which are included in `files`; empty for a plain commit.
    pub changed: Vec<String>,
    /// How it was found: `tag 1.0.0+1.2`, `branch main`, `work tree on main`.
    pub found_as: String,
    /// The version of its tag; none if there are uncommitted changes.
    pub tag: Option<Version>,
    /// The version in the label of its compose file.
    pub label: Option<Version>,
    /// Its content.
    pub files: Files,
}

impl RevisionFacts {
    /// Its version: that of its tag, or else that of its label.
    pub fn version(&self) -> Option<&Version> {
        self.tag.as_ref().or(self.label.as_ref())
    }

    /// Whether there are uncommitted changes.
    pub fn dirty(&self) -> bool {
        !self.changed.is_empty()
    }
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// The name as a recipe version, if it is one.
    pub version: Option<Version>,
    /// Whether it is annotated (`git tag -a`), as recipes require.
    pub annotated: bool,
    /// The commit that it points to.
    pub commit: Revision,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name, with the remote for a remote branch.
    pub name: String,
    /// Its tip.
    pub commit: Revision,
}

/// Tags and branches of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Tags in the order of recipe versions; those that are not versions come last.
    pub tags: Vec<Tag>,
    /// Branches by name.
    pub branches: Vec<Branch>,
    /// The branch into which changes are merged, if it is known.
    pub target: Option<Branch>,
}

impl Names {
    /// Sorts tags and branches, and finds the target branch: `default` if the repository has one, else the
    /// remote's `main` or `master`, else the local one.
    pub fn new(mut tags: Vec<Tag>, mut branches: Vec<Branch>, default: Option<&str>) -> Names {
        sort(&mut tags);
        branches.sort_by(|a, b| a.name.cmp(&b.name));
        let candidates = default.into_iter().chain(["origin/main", "origin/master", "main", "master"]);
        let target =
            candidates.into_iter().find_map(|name| branches.iter().find(|b| b.name == name)).cloned();
        Names { tags, branches, target }
    }

    /// The newest version among the tags of a commit.
    pub fn version_of(&self, commit: &Revision) -> Option<&Version> {
        self.tags.iter().filter(|t| t.commit == *commit).filter_map(|t| t.version.as_ref()).next_back()
    }

    /// The tag of a version.
    pub fn tag_of(&self, version: &Version) -> Option<&Tag> {
        self.tags.iter().find(|t| t.version.as_ref() == Some(version))
    }

    /// Published versions, newest first.
    pub fn versions(&self) -> Vec<&Version> {
        let mut all: Vec<&Version> = self.tags.iter().filter_map(|t| t.version.as_ref()).collect();
        all.sort_by_key(|v| Reverse(*v));
        all
    }
}

/// Sorts tags by their versions; those that have none come last.
fn sort(tags: &mut [Tag]) {
    tags.sort_by(|a, b| {
        (a.version.is_none(), &a.version, &a.name).cmp(&(b.version.is_none(), &b.version, &b.name))
    });
}

/// Facts about a source before a base is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFacts {
    /// Path or URL, as written.
    pub given: String,
    /// Whether it is a path or a URL.
    pub kind: SourceKind,
    /// Tags and branches.
    pub names: Names,
    /// The revision under test.
    pub head: RevisionFacts,
    /// Whether the head is an ancestor of the target branch's tip, which is then newer.
    pub target_has_head: bool,
    /// Whether the repository lacks history (a shallow clone), so that tags and branches may be missing.
    pub shallow: bool,
}

impl SourceFacts {
    /// Reads the tags by another scheme than that of recipes, such as `v*`.
    pub fn follow(&mut self, scheme: &str) {
        for tag in &mut self.names.tags {
            tag.version = Version::in_scheme(scheme, &tag.name);
        }
        sort(&mut self.names.tags);
        let tag = self.names.version_of(&self.head.commit).cloned();
        self.head.tag = tag.filter(|_| !self.head.dirty());
        self.head.label = None;
    }
}

/// The version in the label `coop-cloud.<stack>.version` of the compose files, in list or map form. It is
/// read from the text, so that a file that does not compose still has a version.
pub fn version_label(files: &Files) -> Option<Version> {
    placed_version_label(files).map(|(version, _)| version)
}

/// The same with the place of the version.
pub(crate) fn placed_version_label(files: &Files) -> Option<(Version, Place)> {
    let mut named: Vec<&String> = files.texts.keys().filter(|p| is_compose_file(p)).collect();
    named.sort_by_key(|p| (*p != DEFAULT, *p));
    named.iter().find_map(|p| {
        let (text, mut begins) = (&files.texts[*p], 0);
        text.content.split_inclusive('\n').find_map(|line| {
            let start = begins;
            begins += line.len();
            let version = label_of_line(line.trim_end())?;
            let at = start + line.find(version.as_str())?;
            let place = Place::new(text, at..at + version.as_str().len());
            Some((version, place))
        })
    })
}

fn label_of_line(line: &str) -> Option<Version> {
    let line = line.split(" #").next()?.trim();
    let entry = line.strip_prefix('-').unwrap_or(line).trim().trim_matches(['"', '\'']);
    let rest = entry.strip_prefix("coop-cloud.")?;
    let (_, after) = rest.split_once(".version")?;
    let value = after.trim_start_matches(['"', '\'']).trim_start().strip_prefix(['=', ':'])?;
    Version::parse(value.trim().trim_matches(['"', '\''])).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(compose: &str) -> Option<String> {
        let text = Text { path: "compose.yml".into(), content: compose.into() };
        let texts = BTreeMap::from([("compose.yml".to_string(), Arc::new(text))]);
        version_label(&Files { texts, ..Files::default() }).map(Into::into)
    }

    #[test]
    fn the_version_label_is_read_in_every_form_and_the_chaos_label_is_not_it() {
        let is = |line: &str, want: Option<&str>| assert_eq!(label(line).as_deref(), want, "{line}");
        is(r#"  - "coop-cloud.${STACK_NAME}.version=1.2.0+6.4""#, Some("1.2.0+6.4"));
        is("  - coop-cloud.${STACK_NAME}.version=1.2.0+6.4  # bump", Some("1.2.0+6.4"));
        is(r#"  coop-cloud.${STACK_NAME}.version: "1.2.0+6.4""#, Some("1.2.0+6.4"));
        is(r#"  "coop-cloud.${STACK_NAME}.version": 1.2.0+6.4"#, Some("1.2.0+6.4"));
        is("  - coop-cloud.${STACK_NAME}.chaos-version=1.2.0+6.4", None);
        is("  - coop-cloud.${STACK_NAME}.version=${VERSION}", None);
        is("# coop-cloud.x.version=1.2.0+6.4", None);
        is("  - coop-cloud.${STACK_NAME}.timeout=120", None);
    }

    #[test]
    fn what_lies_in_another_repository_is_not_read_and_says_so() {
        let unread =
            BTreeMap::from([("elk".to_string(), "it is another repository (a submodule)".to_string())]);
        let files = Files { unread, ..Files::default() };
        let why = "`elk`: it is another repository (a submodule)";
        assert_eq!(files.unread_at("./elk/conf/a.yml").as_deref(), Some(why));
        assert_eq!(files.unread_at("elk").as_deref(), Some("it is another repository (a submodule)"));
        assert_eq!(files.unread_at("elkhart/a.yml"), None);
    }

    #[test]
    fn urls_and_paths_are_distinguished() {
        for url in
            ["https://git.example.org/x.git", "git@git.example.org:x/y.git", "file:///srv/x", "ssh://h/x"]
        {
            assert_eq!(SourceKind::of(url), SourceKind::Url, "{url}");
        }
        for path in ["../x", "/srv/x", "x", "./a:b", "a/b@c:d"] {
            assert_eq!(SourceKind::of(path), SourceKind::Path, "{path}");
        }
    }

    fn tag(name: &str, commit: char) -> Tag {
        let commit = Revision::parse(&commit.to_string().repeat(40)).unwrap();
        Tag { name: name.into(), version: Version::parse(name).ok(), annotated: true, commit }
    }

    #[test]
    fn lesson_16_tags_are_in_recipe_order_with_others_last() {
        let tags = ["latest", "1.10.0+1", "1.9.0+1", "old"].map(|n| tag(n, 'a')).to_vec();
        let names = Names::new(tags, vec![], None);
        let order: Vec<&str> = names.tags.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(order, ["1.9.0+1", "1.10.0+1", "latest", "old"]);
        assert_eq!(names.versions()[0].as_str(), "1.10.0+1");
    }

    #[test]
    fn a_commit_with_several_tags_is_its_newest_version() {
        let names = Names::new(vec![tag("2.0.0+1", 'a'), tag("1.0.0+1", 'a'), tag("x", 'a')], vec![], None);
        assert_eq!(names.version_of(&tag("x", 'a').commit).map(Version::as_str), Some("2.0.0+1"));
        assert_eq!(names.version_of(&tag("x", 'b').commit), None);
    }

    #[test]
    fn the_target_branch_is_the_default_one_or_else_the_remotes_main() {
        let at = |name: &str| Branch { name: name.into(), commit: tag("x", 'c').commit };
        let all = ["main", "origin/master", "dev"].map(at).to_vec();
        let target = |default| Names::new(vec![], all.clone(), default).target.map(|b| b.name);
        assert_eq!(target(Some("dev")).as_deref(), Some("dev"));
        assert_eq!(target(Some("gone")).as_deref(), Some("origin/master"));
        assert_eq!(Names::new(vec![], vec![at("topic")], None).target, None);
    }
}
