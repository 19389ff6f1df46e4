//! Reads a recipe directory from any file system. Links that lead out of the directory are not followed, so
//! that a change under review cannot show a file of the machine. All limits of a recipe directory are defined
//! here.

use super::{Layer, Origin};
use crate::files::{FileSystem, Kind, Named};
use ccci_model::diag::Text;
use ccci_model::failure::is_of_machine;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// More files than any recipe directory has; a directory with more is probably a mistake.
const MOST_FILES: usize = 1_000;
/// Largest script or settings file, in bytes; the largest of the predecessor had 40 kB.
const MOST_BYTES: u64 = 1 << 20;

/// The files of a directory as a layer. `shown` is its path in messages. A file that cannot be read is kept
/// with the reason. If the machine itself has run out of something, the result is an error.
pub fn layer(files: &dyn FileSystem, directory: &Path, shown: &str, origin: Origin) -> io::Result<Layer> {
    let root = files.real(directory)?;
    let shown = shown.trim_end_matches('/').to_string();
    let layer = Layer { origin, shown, texts: BTreeMap::new(), unread: BTreeMap::new() };
    let mut walk = Walk { files, root, layer };
    walk.below("")?;
    Ok(walk.layer)
}

struct Walk<'a> {
    files: &'a dyn FileSystem,
    root: PathBuf,
    layer: Layer,
}

impl Walk<'_> {
    fn below(&mut self, inside: &str) -> io::Result<()> {
        for Named { name, directory } in self.files.list(&self.root.join(inside))? {
            if self.layer.texts.len() + self.layer.unread.len() >= MOST_FILES {
                let why = format!("there are more than {MOST_FILES} files");
                self.layer.unread.insert(inside.to_string(), why);
                return Ok(());
            }
            let path = if inside.is_empty() { name } else { format!("{inside}/{name}") };
            if directory {
                self.below(&path)?;
                continue;
            }
            match self.text(&path) {
                Ok(content) => {
                    let shown = format!("{}/{path}", self.layer.shown);
                    self.layer.texts.insert(path, Arc::new(Text { path: shown, content }));
                }
                Err(e) if is_of_machine(&e) => return Err(e),
                Err(e) => drop(self.layer.unread.insert(path, e.to_string())),
            }
        }
        Ok(())
    }

    fn text(&self, path: &str) -> io::Result<String> {
        let real = self.files.real(&self.root.join(path))?;
        if !real.starts_with(&self.root) {
            return Err(io::Error::other("it is a symbolic link out of the directory"));
        }
        if self.files.kind(&real)? != Kind::File {
            return Err(io::Error::other("it is no plain file"));
        }
        let bytes = self.files.read(&real, MOST_BYTES)?;
        String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Buffers;

    fn of(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Layer {
        let mut buffers = Buffers::default();
        files.into_iter().for_each(|(path, content)| buffers.set(format!("/r/{path}"), content));
        layer(&buffers, Path::new("/r"), "ghost/", Origin::Project).unwrap()
    }

    #[test]
    fn texts_are_known_by_their_path_inside_and_others_by_what_is_wrong_with_them() {
        let files =
            [("lib/x.rhai", b"fn".to_vec()), ("hooks.rhai", vec![0xff]), ("big", vec![b'x'; 3 << 20])];
        let layer = of(files.map(|(path, content)| (path.to_string(), content)));
        assert_eq!(layer.texts["lib/x.rhai"].path, "ghost/lib/x.rhai");
        assert_eq!(layer.unread["hooks.rhai"], "it is not UTF-8");
        assert_eq!(layer.unread["big"], "it has 3 MiB; files up to 1 MiB are read");
    }

    #[test]
    fn more_files_than_a_recipe_has_are_not_read() {
        let layer = of((0..MOST_FILES + 1).map(|n| (format!("lib/{n:04}"), vec![])));
        assert_eq!(layer.texts.len(), MOST_FILES);
        assert_eq!(layer.unread["lib"], "there are more than 1000 files");
    }
}
