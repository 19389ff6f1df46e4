//! Decodes what git prints. Pure.

use ccci_model::name::{Revision, Version};
use ccci_recipe::source::{Branch, Names, Tag};
use std::collections::BTreeMap;

/// Fields of a ref, one line each, for `for-each-ref`.
pub(crate) const REF_FORMAT: &str =
    "--format=%(refname)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)%00%(symref)";

/// Tags of tags that `for-each-ref` lists: git before 2.45 resolves one level only.
pub fn nested(out: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(out);
    let fields = text.lines().map(|line| line.split('\0').collect::<Vec<&str>>());
    let nested = fields.filter(|f| f.len() == 6 && f[1] == "tag" && f[3] == "tag");
    nested.map(|f| f[4].to_string()).collect()
}

/// Decodes `cat-file --batch-check` into the commits that these objects lead to; objects without a commit are left out.
pub(crate) fn peeled(out: &[u8], asked: &[String]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(out);
    let commit = |line: &str| Some(line.split_once(" commit ")?.0.to_string());
    text.lines().zip(asked).filter_map(|(line, object)| Some((object.clone(), commit(line)?))).collect()
}

/// Decodes `for-each-ref`. `default` is the branch that HEAD of a clone names; `peeled` has the commits of nested tags.
pub fn names(out: &[u8], default: Option<&str>, peeled: &BTreeMap<String, String>) -> Names {
    let (mut tags, mut branches, mut remote_head) = (vec![], vec![], None);
    for line in String::from_utf8_lossy(out).lines() {
        let fields: Vec<&str> = line.split('\0').collect();
        let [name, kind, object, inner_kind, inner, symref] = fields[..] else { continue };
        let annotated = kind == "tag";
        let (kind, object) = if annotated { (inner_kind, inner) } else { (kind, object) };
        let (kind, object) = peeled.get(object).map_or((kind, object), |commit| ("commit", commit));
        let Ok(commit) = Revision::parse(object) else { continue };
        if kind != "commit" {
            continue;
        }
        let branch = |name: &str, commit| Branch { name: name.to_string(), commit };
        if let Some(tag) = name.strip_prefix("refs/tags/") {
            tags.push(Tag { name: tag.to_string(), version: Version::parse(tag).ok(), annotated, commit });
        } else if let Some(local) = name.strip_prefix("refs/heads/") {
            branches.push(branch(local, commit));
        } else if name == "refs/remotes/origin/HEAD" {
            remote_head = symref.strip_prefix("refs/remotes/").map(str::to_string);
        } else if let Some(remote) = name.strip_prefix("refs/remotes/") {
            branches.push(branch(remote, commit));
        }
    }
    Names::new(tags, branches, default.or(remote_head.as_deref()))
}

/// A file in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whether it is a symbolic link.
    pub link: bool,
    /// Whether it is another repository (a submodule).
    pub module: bool,
    /// Id of its blob.
    pub object: String,
    /// Its size, bytes.
    pub size: u64,
}

/// Decodes `ls-tree -r -l -z --full-tree`.
pub fn tree(out: &[u8]) -> BTreeMap<String, Entry> {
    let mut all = BTreeMap::new();
    for record in out.split(|b| *b == 0).filter(|r| !r.is_empty()) {
        let record = String::from_utf8_lossy(record);
        let Some((facts, path)) = record.split_once('\t') else { continue };
        let facts: Vec<&str> = facts.split_whitespace().collect();
        let [mode, kind, object, size] = facts[..] else { continue };
        let entry = Entry {
            link: mode == "120000",
            module: kind == "commit",
            object: object.to_string(),
            size: size.parse().unwrap_or(0),
        };
        all.insert(path.to_string(), entry);
    }
    all
}

/// Paths that `status --porcelain -z --no-renames` lists.
pub fn changed(out: &[u8]) -> Vec<String> {
    let records = out.split(|b| *b == 0).filter(|r| r.len() > 3);
    let mut all: Vec<String> = records.map(|r| String::from_utf8_lossy(&r[3..]).into_owned()).collect();
    all.sort();
    all.dedup();
    all
}

/// Decodes `cat-file --batch` for the objects that were asked for, in their order. The error is the index of the
/// first object that is missing.
pub(crate) fn blobs(out: &[u8], desired: usize) -> Result<Vec<Vec<u8>>, usize> {
    let mut rest = out;
    let mut all = vec![];
    for at in 0..desired {
        let (body, after) = blob(rest).ok_or(at)?;
        all.push(body.to_vec());
        rest = after;
    }
    Ok(all)
}

/// The first object, and what comes after it.
fn blob(out: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = out.iter().position(|b| *b == b'\n')?;
    let header = String::from_utf8_lossy(&out[..end]).into_owned();
    let size: usize = header.rsplit(' ').next()?.parse().ok()?;
    Some((out.get(end + 1..end + 1 + size)?, out.get(end + 2 + size..)?))
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
        let names = names(text.as_bytes(), None, &BTreeMap::new());
        let tags: Vec<_> = names.tags.iter().map(|t| (t.name.as_str(), t.annotated)).collect();
        assert_eq!(tags, [("1.0.0+1", true), ("light", false)]);
        assert_eq!(names.tags[0].commit.as_str(), a);
        assert_eq!(names.target.map(|t| t.name).as_deref(), Some("origin/trunk"));
    }

    #[test]
    fn blobs_with_newlines_inside_are_cut_by_their_size() {
        let out = b"aa blob 4\nx\n\ny\nbb blob 0\n\n";
        assert_eq!(blobs(out, 2), Ok(vec![b"x\n\ny".to_vec(), vec![]]));
        assert_eq!(blobs(&out[..8], 1), Err(0));
        assert_eq!(blobs(b"aa blob 1\nx\naa missing\n", 2), Err(1));
    }

    #[test]
    fn a_tree_keeps_odd_names_and_says_what_is_a_link() {
        let out = "100644 blob aa       3\ta b\tc\x00120000 blob bb 5\tlänk\x00160000 commit cc -\tsub\0";
        let tree = tree(out.as_bytes());
        assert_eq!(tree.keys().collect::<Vec<_>>(), ["a b\tc", "länk", "sub"]);
        assert!(tree["länk"].link && tree["sub"].module && tree["a b\tc"].size == 3);
    }

    #[test]
    fn a_dirty_tree_lists_each_path_once() {
        assert_eq!(changed(b" M compose.yml\0?? new file\0D  gone\0"), ["compose.yml", "gone", "new file"]);
    }
}
