//! Reads a recipe directory from disk. The only file of the runner that opens recipe files; links that lead out of the directory
//! are not followed, so that a change under review cannot show a file of the machine.

use ccci_model::diag::Text;
use ccci_model::failure::is_of_machine;
use ccci_recipe::directory::{Layer, Origin};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// More files than any recipe directory has; what exceeds it was not meant.
const MOST_FILES: usize = 1_000;
/// A script or settings file above this is refused; the largest of the predecessor had 40 kB.
const MOST_BYTES: u64 = 1 << 20;

/// The files of a directory as a layer. `shown` is how people know it. A file that cannot be read is kept with the reason,
/// unless the machine is at its end.
pub fn layer(dir: &Path, shown: &str, origin: Origin) -> io::Result<Layer> {
    let root = fs::canonicalize(dir)?;
    let mut layer = Layer {
        origin,
        shown: shown.trim_end_matches('/').to_string(),
        texts: BTreeMap::new(),
        unread: BTreeMap::new(),
    };
    walk(&root, &root, "", &mut layer)?;
    Ok(layer)
}

fn walk(root: &Path, dir: &Path, inside: &str, layer: &mut Layer) -> io::Result<()> {
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(dir)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if layer.texts.len() + layer.unread.len() >= MOST_FILES {
            layer.unread.insert(inside.to_string(), format!("there are more than {MOST_FILES} files"));
            return Ok(());
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        if entry.file_type()?.is_dir() {
            walk(root, &entry.path(), &path, layer)?;
            continue;
        }
        match text(root, &entry.path())? {
            Ok(content) => {
                let shown = format!("{}/{path}", layer.shown);
                layer.texts.insert(path, Arc::new(Text { path: shown, content }));
            }
            Err(why) => drop(layer.unread.insert(path, why)),
        }
    }
    Ok(())
}

/// The text, or why it is none.
fn text(root: &Path, path: &Path) -> io::Result<Result<String, String>> {
    match plain_text(root, path) {
        Ok(text) => Ok(text),
        Err(e) if is_of_machine(&e) => Err(e),
        Err(e) => Ok(Err(e.to_string())),
    }
}

fn plain_text(root: &Path, path: &Path) -> io::Result<Result<String, String>> {
    let real = fs::canonicalize(path)?;
    if !real.starts_with(root) {
        return Ok(Err("it is a symbolic link out of the directory".into()));
    }
    let facts = fs::metadata(&real)?;
    if !facts.is_file() {
        return Ok(Err("it is no plain file".into()));
    }
    if facts.len() > MOST_BYTES {
        return Ok(Err(format!(
            "it has {} MiB; files up to {} MiB are read",
            facts.len() >> 20,
            MOST_BYTES >> 20
        )));
    }
    Ok(String::from_utf8(fs::read(&real)?).map_err(|_| "it is not UTF-8".into()))
}

/// The names of the directories below one, sorted. None if it is not there.
pub fn names_below(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let directories = entries.filter(|e| e.path().is_dir());
    let mut names: Vec<String> = directories
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|n| !n.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// Where the caller stands, as the file system has it, so that directories above can be named.
pub fn whole(here: &Path) -> PathBuf {
    fs::canonicalize(here).unwrap_or_else(|_| here.to_path_buf())
}

/// Whether this is a directory.
pub fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

/// Whether this file is there.
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}
