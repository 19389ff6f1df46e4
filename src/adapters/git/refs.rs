//! What is checked out and which names there are, from git's own files, where these are of the usual form. Starting git
//! takes longer. For everything else, and for everything that is wrong, git is asked.

use super::decode::{Kind, Named, Ref, tag};
use super::index::{Tracked, unchanged};
use super::objects::Objects;
use ccci_model::name::Revision;
use ccci_swarm::ports::sources::SourceError;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Most tags and branches that are read.
const MOST_REFS: usize = 2_000;
/// Largest file with names, bytes.
const MOST_BYTES: u64 = 1 << 20;
/// How often a tag may name another tag.
const MOST_TAGS: usize = 8;
/// The names that are read.
const PREFIXES: &[&str] = &["refs/tags", "refs/heads", "refs/remotes"];
/// Sections of a repository's settings that say nothing of its files, its names or its index.
const HARMLESS: &[&str] = &["remote", "branch", "user"];
/// Settings of `[core]` as git writes them into each new repository.
const USUAL: &[&str] =
    &["repositoryformatversion = 0", "filemode = true", "bare = false", "logallrefupdates = true"];

/// A work tree without changes, and the names in its repository.
pub(super) struct Found {
    pub commit: Revision,
    /// None if HEAD names a commit.
    pub branch: Option<String>,
    pub refs: Vec<Ref>,
    /// The files of the index.
    pub index: BTreeMap<String, Tracked>,
}

/// A name as it is written in a file.
enum Written {
    Object(String),
    Symbolic(String),
}

/// Reads a work tree whose settings are `settings`, in lower case. `None` if git has to be asked.
pub(super) fn found(settings: &str, objects: &Objects<'_>) -> Result<Option<Found>, SourceError> {
    let work_tree = objects.dir();
    let read = || {
        is_usual(settings).then_some(())?;
        let index = unchanged(work_tree)?;
        let written = all(&work_tree.join(".git"))?;
        let (branch, commit) = match one(&work_tree.join(".git/HEAD"))? {
            Written::Object(id) => (None, id),
            Written::Symbolic(name) => {
                let Written::Object(id) = written.get(&name)? else { return None };
                (Some(name.strip_prefix("refs/heads/")?.to_string()), id.clone())
            }
        };
        Some((branch, Revision::parse(&commit).ok()?, written, index))
    };
    let Some((branch, commit, written, index)) = read() else { return Ok(None) };
    let Some(refs) = led(&written, &commit, objects)? else { return Ok(None) };
    Ok(Some(Found { commit, branch, refs, index }))
}

/// Whether settings say only what those of every new repository say, and what is harmless.
fn is_usual(settings: &str) -> bool {
    let mut section = "";
    settings.lines().map(str::trim).filter(|line| !line.is_empty()).all(|line| {
        if let Some(rest) = line.strip_prefix('[') {
            let Some(name) = rest.strip_suffix(']') else { return false };
            section = name.split([' ', '\t']).next().unwrap_or("");
            return section == "core" || HARMLESS.contains(&section);
        }
        HARMLESS.contains(&section) || (section == "core" && USUAL.contains(&line))
    })
}

/// All names of [`PREFIXES`]. One in a file of its own counts more than one in the file with many.
fn all(git: &Path) -> Option<BTreeMap<String, Written>> {
    let mut all = BTreeMap::new();
    let packed = git.join("packed-refs");
    if packed.exists() {
        for line in small(&packed)?.lines().filter(|line| !line.starts_with(['#', '^'])) {
            let (id, name) = line.split_once(' ')?;
            if PREFIXES.iter().any(|prefix| is_below(name, prefix)) {
                all.insert(good(name)?, Written::Object(full(id)?));
            }
        }
    }
    let mut directories: Vec<(PathBuf, String)> =
        PREFIXES.iter().map(|prefix| (git.join(prefix), (*prefix).to_string())).collect();
    while let Some((directory, name)) = directories.pop() {
        if !directory.exists() {
            continue;
        }
        for entry in fs::read_dir(directory).ok()? {
            let entry = entry.ok().filter(|_| all.len() <= MOST_REFS)?;
            let name = good(&format!("{name}/{}", entry.file_name().to_str()?))?;
            match entry.file_type().ok()? {
                is if is.is_dir() => directories.push((entry.path(), name)),
                _ => drop(all.insert(name, one(&entry.path())?)),
            }
        }
    }
    (all.len() <= MOST_REFS).then_some(all)
}

fn is_below(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
}

/// A name that means itself to git.
fn good(name: &str) -> Option<String> {
    let plain = |c: char| c.is_alphanumeric() || "/._+-".contains(c);
    let part = |part: &str| {
        let file = Path::new(part).extension().is_none_or(|end| end != "lock");
        !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && file
    };
    let good = name.chars().all(plain) && !name.contains("..") && name.split('/').all(part);
    good.then(|| name.to_string())
}

fn full(id: &str) -> Option<String> {
    (id.len() == 40 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))).then(|| id.to_string())
}

/// What the file of one name says.
fn one(file: &Path) -> Option<Written> {
    let text = small(file)?;
    let line = text.strip_suffix('\n')?;
    match line.strip_prefix("ref: ") {
        Some(name) => Some(Written::Symbolic(good(name)?)),
        None => Some(Written::Object(full(line)?)),
    }
}

/// A file that is one, and not too big.
fn small(file: &Path) -> Option<String> {
    let facts = fs::symlink_metadata(file).ok()?;
    (facts.is_file() && facts.len() <= MOST_BYTES).then(|| fs::read_to_string(file).ok())?
}

/// The names with the objects that they lead to; `None` if one of these is missing.
fn led(
    written: &BTreeMap<String, Written>,
    head: &Revision,
    objects: &Objects<'_>,
) -> Result<Option<Vec<Ref>>, SourceError> {
    let ids = written.values().filter_map(|w| match w {
        Written::Object(id) => Some(id.clone()),
        Written::Symbolic(_) => None,
    });
    let mut next: BTreeSet<String> = ids.chain([head.as_str().to_string()]).collect();
    let mut known: BTreeMap<String, (Kind, Option<Named>)> = BTreeMap::new();
    for _ in 0..MOST_TAGS {
        let asked: Vec<String> = std::mem::take(&mut next).into_iter().collect();
        if asked.is_empty() {
            break;
        }
        let Some(answers) = objects.small(&asked)? else { return Ok(None) };
        for (id, (kind, bytes)) in asked.into_iter().zip(answers) {
            let inner = if kind == Kind::Tag { tag(&bytes) } else { None };
            next.extend(inner.iter().map(|to| to.id.clone()));
            known.insert(id, (kind, inner));
        }
        next.retain(|id| !known.contains_key(id));
    }
    let is_commit = known.get(head.as_str()).is_some_and(|(kind, _)| *kind == Kind::Commit);
    let refs = || written.iter().map(|(name, w)| one_led(name, w, written, &known)).collect();
    Ok(if is_commit && next.is_empty() { refs() } else { None })
}

fn one_led(
    name: &str,
    written: &Written,
    all: &BTreeMap<String, Written>,
    known: &BTreeMap<String, (Kind, Option<Named>)>,
) -> Option<Ref> {
    let (id, symbolic) = match written {
        Written::Object(id) => (id, None),
        Written::Symbolic(to) => match all.get(to)? {
            Written::Object(id) => (id, Some(to.clone())),
            Written::Symbolic(_) => return None,
        },
    };
    let (kind, inner) = known.get(id)?;
    let mut last = inner.clone();
    // as often as was asked, whatever a broken repository says
    for _ in 0..MOST_TAGS {
        let more = last.as_ref().and_then(|named| known.get(&named.id)?.1.clone());
        last = more.or(last);
    }
    Some(Ref { name: name.into(), object: Named { kind: *kind, id: id.clone() }, inner: last, symbolic })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_say_more_than_those_of_a_new_repository_are_left_to_git() {
        let new = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n";
        let remote = "[remote \"origin\"]\n\turl = x\n[branch \"main\"]\n\tremote = origin\n";
        assert!(is_usual(&format!("{new}{remote}[user]\n\tname = x\n")));
        for more in ["[core]\n\tautocrlf = true", "[core] eol = crlf", "[filter \"x\"]", "\tfilemode = false"]
        {
            assert!(!is_usual(&format!("{new}{more}\n")), "{more}");
        }
        assert!(!is_usual("filemode = true"));
    }

    #[test]
    fn names_that_git_would_not_make_are_left_to_git() {
        for name in ["refs/tags/1.0.0+1.2-rc", "refs/heads/häuser/x_y"] {
            assert!(good(name).is_some(), "{name}");
        }
        let odd = ["a.lock", ".a", "a..b", "a b", "/a", "a~1"];
        for name in odd.map(|end| format!("refs/tags/{end}")) {
            assert!(good(&name).is_none(), "{name}");
        }
    }
}
