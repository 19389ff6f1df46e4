//! Decodes what git prints. Pure.

use ccci_model::digest::hex;
use ccci_model::name::{Revision, Version};
use ccci_recipe::source::{Branch, Names, Tag};
use std::collections::BTreeMap;

/// Fields of a ref, one line each, for `for-each-ref`.
pub(crate) const REF_FORMAT: &str =
    "--format=%(refname)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)%00%(symref)";

/// A tag or branch, and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ref {
    /// Its whole name: `refs/tags/1.0.0+1.2`.
    pub name: String,
    /// The object that it names.
    pub object: Named,
    /// What that object names, if it is an annotated tag.
    pub inner: Option<Named>,
    /// The ref that it stands for, if it is symbolic.
    pub symbolic: Option<String>,
}

/// An object by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: String,
}

/// The kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A revision.
    Commit,
    /// A directory.
    Tree,
    /// The content of a file.
    Blob,
    /// An annotated tag.
    Tag,
}

impl Kind {
    /// The kind with this name of git's.
    pub(crate) fn of(name: &str) -> Option<Kind> {
        let kinds =
            [("commit", Kind::Commit), ("tree", Kind::Tree), ("blob", Kind::Blob), ("tag", Kind::Tag)];
        kinds.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }
}

impl Ref {
    /// The object behind a tag, which may be a tag again.
    fn last(&self) -> &Named {
        self.inner.as_ref().unwrap_or(&self.object)
    }

    /// The tag that an annotated tag names: git before 2.45 resolves one level only.
    pub(crate) fn nested(&self) -> Option<&str> {
        self.inner.as_ref().filter(|inner| inner.kind == Kind::Tag).map(|inner| inner.id.as_str())
    }
}

/// Decodes `for-each-ref`.
pub(crate) fn refs(out: &[u8]) -> Vec<Ref> {
    let named = |kind: &str, id: &str| Some(Named { kind: Kind::of(kind)?, id: id.to_string() });
    let one = |line: &str| {
        let fields: Vec<&str> = line.split('\0').collect();
        let [name, kind, object, inner_kind, inner, symbolic] = fields[..] else { return None };
        let symbolic = Some(symbolic.to_string()).filter(|s| !s.is_empty());
        let (object, inner) = (named(kind, object)?, named(inner_kind, inner));
        Some(Ref { name: name.to_string(), object, inner, symbolic })
    };
    String::from_utf8_lossy(out).lines().filter_map(one).collect()
}

/// Decodes `cat-file --batch-check` into the commits that these objects lead to; objects without a commit are left out.
pub(crate) fn peeled(out: &[u8], asked: &[&str]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(out);
    let commit = |line: &str| Some(line.split_once(" commit ")?.0.to_string());
    text.lines()
        .zip(asked)
        .filter_map(|(line, object)| Some(((*object).to_string(), commit(line)?)))
        .collect()
}

/// The tags and branches that lead to commits. `default` is the branch that HEAD of a clone names; `peeled` has the
/// commits of nested tags.
pub(crate) fn names(refs: &[Ref], default: Option<&str>, peeled: &BTreeMap<String, String>) -> Names {
    let (mut tags, mut branches, mut remote_head) = (vec![], vec![], None);
    for a in refs {
        let last = a.last();
        let (kind, id) = peeled.get(&last.id).map_or((last.kind, &last.id), |commit| (Kind::Commit, commit));
        let Ok(commit) = Revision::parse(id) else { continue };
        if kind != Kind::Commit {
            continue;
        }
        let branch = |name: &str, commit| Branch { name: name.to_string(), commit };
        if let Some(tag) = a.name.strip_prefix("refs/tags/") {
            let (name, version) = (tag.to_string(), Version::parse(tag).ok());
            tags.push(Tag { name, version, annotated: a.object.kind == Kind::Tag, commit });
        } else if let Some(local) = a.name.strip_prefix("refs/heads/") {
            branches.push(branch(local, commit));
        } else if a.name == "refs/remotes/origin/HEAD" {
            let to = a.symbolic.as_deref().and_then(|to| to.strip_prefix("refs/remotes/"));
            remote_head = to.map(str::to_string);
        } else if let Some(remote) = a.name.strip_prefix("refs/remotes/") {
            branches.push(branch(remote, commit));
        }
    }
    Names::new(tags, branches, default.or(remote_head.as_deref()))
}

/// What a tag object names, from its first two lines.
pub(crate) fn tag(bytes: &[u8]) -> Option<Named> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let id = lines.next()?.strip_prefix("object ")?.to_string();
    Some(Named { kind: Kind::of(lines.next()?.strip_prefix("type ")?)?, id })
}

/// An entry of a tree object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What it is.
    pub is: Is,
    /// Its mode: kind and permissions.
    pub mode: u32,
    /// Its name, without the directories around it.
    pub name: String,
    /// Id of its object.
    pub object: String,
}

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Is {
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A directory.
    Tree,
    /// Another repository (a submodule).
    Module,
}

/// Decodes a tree object: for each entry its mode in octal, a space, its name, a zero byte, and the 20 bytes of its id.
/// `None` if it is none.
pub(crate) fn tree(mut bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut all = vec![];
    while !bytes.is_empty() {
        let space = bytes.iter().position(|b| *b == b' ')?;
        let end = bytes.iter().position(|b| *b == 0)?;
        let mode = std::str::from_utf8(&bytes[..space]).ok()?;
        let mode = u32::from_str_radix(mode, 8).ok()?;
        let is = match mode & 0o170_000 {
            0o040_000 => Is::Tree,
            0o120_000 => Is::Link,
            0o160_000 => Is::Module,
            _ => Is::File,
        };
        let name = String::from_utf8_lossy(bytes.get(space + 1..end)?).into_owned();
        let id = bytes.get(end + 1..end + 21)?;
        all.push(Entry { is, mode, name, object: hex(id) });
        bytes = &bytes[end + 21..];
    }
    Some(all)
}

/// What is checked out, and what has changed since.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// The commit.
    pub commit: String,
    /// The branch, if HEAD names one.
    pub branch: Option<String>,
    /// Paths with changes, sorted.
    pub changed: Vec<String>,
}

/// Decodes `status --porcelain=v2 --branch -z --no-renames`; `None` if it lacks the commit or has an unknown record.
pub(crate) fn status(out: &[u8]) -> Option<Status> {
    let (mut commit, mut branch, mut changed) = (None, None, vec![]);
    for record in out.split(|b| *b == 0).filter(|r| !r.is_empty()) {
        let record = String::from_utf8_lossy(record);
        // the path is behind so many fields; it may contain spaces
        let fields = match record.as_bytes()[0] {
            b'#' => {
                match record.split_once(' ').and_then(|(_, rest)| rest.split_once(' ')) {
                    Some(("branch.oid", id)) => commit = Some(id.to_string()),
                    Some(("branch.head", name)) => {
                        branch = Some(name.to_string()).filter(|name| name != "(detached)");
                    }
                    _ => {}
                }
                continue;
            }
            b'1' => 8,
            b'u' => 10,
            b'?' => 1,
            _ => return None,
        };
        changed.push(record.splitn(fields + 1, ' ').nth(fields)?.to_string());
    }
    changed.sort();
    changed.dedup();
    Some(Status { commit: commit?, branch, changed })
}

/// Decodes the first line of an answer of `cat-file --batch`: the object's kind and its size. `None` if it is missing.
pub(crate) fn header(line: &str) -> Option<(Kind, u64)> {
    let mut words = line.trim_end().split(' ').skip(1);
    let (kind, size) = (words.next()?, words.next()?);
    Some((Kind::of(kind)?, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_become_tags_and_branches_and_a_tag_of_a_tree_is_no_revision() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let text = format!(
            "refs/heads/dev\0commit\0{a}\0\0\0\nrefs/tags/1.0.0+1\0tag\0{b}\0commit\0{a}\0\n\
             refs/tags/light\0commit\0{a}\0\0\0\nrefs/tags/tree\0tag\0{b}\0tree\0{a}\0\n\
             refs/remotes/origin/HEAD\0commit\0{b}\0\0\0refs/remotes/origin/trunk\n\
             refs/remotes/origin/trunk\0commit\0{b}\0\0\0\n"
        );
        let names = names(&refs(text.as_bytes()), None, &BTreeMap::new());
        let tags: Vec<_> = names.tags.iter().map(|t| (t.name.as_str(), t.annotated)).collect();
        assert_eq!(tags, [("1.0.0+1", true), ("light", false)]);
        assert_eq!(names.tags[0].commit.as_str(), a);
        assert_eq!(names.target.map(|t| t.name).as_deref(), Some("origin/trunk"));
    }

    #[test]
    fn a_status_names_the_head_and_what_has_changed() {
        let id = "a".repeat(40);
        let text = format!(
            "# branch.oid {id}\0# branch.head main\0# branch.upstream o/m\0# branch.ab +? -?\0\
             1 .M N... 100644 100644 100644 {id} {id} with a space\0u UU N... 1 2 3 4 {id} {id} {id} both\0? new\0"
        );
        let status = status(text.as_bytes()).unwrap();
        assert_eq!((status.commit, status.branch.as_deref()), (id.clone(), Some("main")));
        assert_eq!(status.changed, ["both", "new", "with a space"]);
        let detached = format!("# branch.oid {id}\0# branch.head (detached)\0");
        assert_eq!(super::status(detached.as_bytes()).unwrap().branch, None);
        assert_eq!(super::status(format!("{detached}9 what is this\0").as_bytes()), None);
        assert_eq!(super::status(b"? new\0"), None);
    }

    #[test]
    fn an_answer_names_kind_and_size_or_says_that_there_is_none() {
        assert_eq!(header("aa blob 4\n"), Some((Kind::Blob, 4)));
        assert_eq!(header("aa^{tree} missing\n"), None);
        assert_eq!(header("ab ambiguous\n"), None);
        assert_eq!(header(""), None);
    }

    #[test]
    fn a_tree_keeps_odd_names_and_says_what_is_a_link() {
        let entry =
            |mode: &str, name: &str| [mode.as_bytes(), b" ", name.as_bytes(), &[0], &[0xab; 20]].concat();
        let bytes = [
            entry("100644", "a b\tc"),
            entry("120000", "länk"),
            entry("160000", "sub"),
            entry("40000", "conf"),
        ];
        let all = tree(&bytes.concat()).unwrap();
        let named: Vec<_> = all.iter().map(|e| (e.name.as_str(), e.is)).collect();
        let desired = [("a b\tc", Is::File), ("länk", Is::Link), ("sub", Is::Module), ("conf", Is::Tree)];
        assert_eq!(named, desired);
        assert_eq!((all[0].object.as_str(), all[0].mode), (&*"ab".repeat(20), 0o100_644));
        assert_eq!(tree(&bytes.concat()[..40]), None);
        assert_eq!(tree(b"100644 cut"), None);
    }

    #[test]
    fn a_dirty_tree_lists_each_path_once() {
        let head = format!("# branch.oid {}\0# branch.head main\0", "a".repeat(40));
        let entries = "1 .M N... 100644 100644 100644 aa bb compose.yml\0? new file\0\
                       1 D. N... 100644 000000 000000 aa bb gone\0";
        let status = status((head + entries).as_bytes()).unwrap();
        assert_eq!(status.changed, ["compose.yml", "gone", "new file"]);
        assert_eq!((status.commit, status.branch), ("a".repeat(40), Some("main".to_string())));
    }
}
