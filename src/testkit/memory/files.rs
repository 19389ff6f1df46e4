//! A container's files in memory: the image's files and those of mounted volumes, as flat maps by path.

use std::collections::BTreeMap;

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its bytes. A directory has none; for a link, they are its target.
    pub bytes: Vec<u8>,
    /// Its kind.
    pub kind: FileKind,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group.
    pub owner: (u64, u64),
}

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A directory.
    Dir,
    /// A regular file.
    Plain,
    /// A symbolic link.
    Link,
}

/// Files by their path below a root, without leading slash. The root itself is not contained.
pub type Tree = BTreeMap<String, File>;

/// The files that a program in a container sees: those of its image and of the mounted volumes.
pub struct Files<'a> {
    /// The image's own files.
    pub root: &'a mut Tree,
    /// Mounted volumes, by mount path without leading slash.
    pub mounts: Vec<(String, &'a mut Tree)>,
}

fn clean(path: &str) -> String {
    path.split('/').filter(|p| !p.is_empty() && *p != ".").collect::<Vec<_>>().join("/")
}

impl Files<'_> {
    /// The tree that contains a path, and the path inside that tree.
    fn tree(&mut self, path: &str) -> (&mut Tree, String) {
        let path = clean(path);
        let inside = |mount: &str| path == mount || path.starts_with(&format!("{mount}/"));
        match self.mounts.iter_mut().filter(|(m, _)| inside(m)).max_by_key(|(m, _)| m.len()) {
            Some((mount, tree)) => {
                let rest = path[mount.len()..].trim_start_matches('/').to_string();
                (tree, rest)
            }
            None => (self.root, path),
        }
    }

    /// The bytes of a file.
    pub fn read(&mut self, path: &str) -> Option<Vec<u8>> {
        let (tree, path) = self.tree(path);
        tree.get(&path).filter(|f| f.kind == FileKind::Plain).map(|f| f.bytes.clone())
    }

    /// Writes a file, with the directories above it.
    pub fn write(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        let (tree, path) = self.tree(path);
        make_dirs(tree, &path);
        let file = File { bytes: bytes.into(), kind: FileKind::Plain, mode: 0o644, owner: (0, 0) };
        tree.insert(path, file);
    }

    /// Removes a file or a whole directory. True if it existed.
    pub fn remove(&mut self, path: &str) -> bool {
        let (tree, path) = self.tree(path);
        let before = tree.len();
        tree.retain(|p, _| *p != path && !(p.starts_with(&path) && p[path.len()..].starts_with('/')));
        tree.len() < before
    }

    /// Everything below a path, with relative paths.
    pub fn list(&mut self, path: &str) -> Vec<String> {
        let (tree, path) = self.tree(path);
        below(tree, &path).map(|(p, _)| p).collect()
    }

    /// Whether a path exists. The root of a mount and the directories above it always exist.
    pub fn exists(&mut self, path: &str) -> bool {
        let above = format!("{}/", clean(path));
        if self.mounts.iter().any(|(mount, _)| mount.starts_with(&above)) {
            return true;
        }
        let (tree, path) = self.tree(path);
        path.is_empty() || tree.contains_key(&path)
    }
}

fn make_dirs(tree: &mut Tree, path: &str) {
    for (i, _) in path.match_indices('/') {
        tree.entry(path[..i].to_string()).or_insert_with(|| File {
            bytes: vec![],
            kind: FileKind::Dir,
            mode: 0o755,
            owner: (0, 0),
        });
    }
}

fn below<'a>(tree: &'a Tree, path: &str) -> impl Iterator<Item = (String, File)> + 'a {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    tree.iter().filter_map(move |(p, f)| {
        p.strip_prefix(&prefix).filter(|r| !r.is_empty()).map(|r| (r.to_string(), f.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_below_a_mount_is_in_the_volume() {
        let (mut root, mut volume) = (Tree::new(), Tree::new());
        let mut files = Files { root: &mut root, mounts: vec![("srv/data".into(), &mut volume)] };
        files.write("/srv/data/a/b.txt", "hello");
        files.write("/etc/x", "image");
        assert_eq!(files.read("/srv/data/a/b.txt"), Some(b"hello".to_vec()));
        assert_eq!(files.list("/srv/data"), ["a", "a/b.txt"]);
        assert!(files.remove("/srv/data/a"));
        assert_eq!((volume.len(), root.len()), (0, 2));
    }
}
