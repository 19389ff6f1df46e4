//! Makes a new recipe directory.

use super::prepare::{Reading, Refused, new_run_id};
use super::request::Request;
use super::scaffold::{Facts, relative};
use super::session::{Session, clock};
use ccci_adapters::disk::Disk;
use ccci_model::diag::{Diagnostic, codes};
use ccci_recipe::files::{Buffers, FileSystem, Overlay, tidied};
use ccci_recipe::source::SourceKind;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A directory to be written, and what its files are made from.
pub struct New {
    /// The directory.
    pub directory: PathBuf,
    /// What the source shows.
    pub facts: Facts,
}

impl Session {
    /// Looks at the source of a recipe that has no directory yet. A name is one of a directory below `recipes/`, a path is
    /// that of the directory. Without either, the recipe is the repository that the caller is in, and the directory is
    /// `ccci/` inside it.
    pub fn look_for_new(&self, name: Option<&str>, source: Option<&str>) -> Result<New, Refused> {
        let here = &self.config.here;
        let directory = match name {
            Some(path) if path.contains('/') => tidied(&here.join(path)),
            Some(name) => here.join("recipes").join(name),
            None if Disk.is_file(&here.join("compose.yml")) => here.join("ccci"),
            None => {
                return Err(wrong(
                    "which recipe? there is no compose.yml here",
                    "name it: `ccci new NAME --source URL|PATH`",
                ));
            }
        };
        if Disk.list(&directory).is_ok_and(|all| !all.is_empty()) {
            let message = format!("`{}` already has files", directory.display());
            return Err(wrong(&message, "choose another name, or remove it"));
        }
        if name.is_some() && source.is_none() {
            return Err(wrong("the source of the recipe is not known", "give it with --source URL|PATH"));
        }
        let real = whole(&directory);
        let mut request = Request::of(&name.map_or(".".into(), |_| real.to_string_lossy()));
        request.source = source.map(str::to_string);
        request.no_local = true;
        let clock = clock();
        let git = self.git(clock.clone())?;
        // as if the directory were there: its name may be like that of another recipe, and is not misspelt
        let mut buffers = Buffers::default();
        if name.is_some() {
            buffers.set(real.join("recipe.toml"), "");
        }
        let reading = Reading { files: &Overlay { under: &Disk, buffers }, sources: &git };
        let gathered = self.gathered(&request, &reading, &clock, &new_run_id(&*clock))?;
        let written = source.map(|s| written(s, &directory, here));
        Ok(New { directory, facts: Facts::of(&gathered, written) })
    }
}

/// The source as the settings name it: a path begins at their directory.
fn written(source: &str, directory: &Path, here: &Path) -> String {
    match SourceKind::of(source) {
        SourceKind::Url => source.to_string(),
        SourceKind::Path if Path::new(source).is_absolute() => source.to_string(),
        SourceKind::Path => {
            relative(&whole(directory), &whole(&here.join(source))).to_string_lossy().into_owned()
        }
    }
}

/// The path without links, as far as it exists.
fn whole(path: &Path) -> PathBuf {
    let real = |there: &Path| Disk.real(if there.as_os_str().is_empty() { Path::new(".") } else { there });
    let real = path.ancestors().find_map(|there| Some((there, real(there).ok()?)));
    let joined = real.and_then(|(there, real)| Some(real.join(path.strip_prefix(there).ok()?)));
    tidied(&joined.unwrap_or_else(|| path.to_path_buf()))
}

/// Makes a directory that others can read. What a run keeps is private; a recipe directory is to be shared.
fn make(directory: &Path) -> io::Result<()> {
    // the parent of a relative path may be empty, which is the current directory
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    directory.parent().map_or(Ok(()), make)?;
    std::fs::create_dir(directory)?;
    std::fs::set_permissions(directory, Permissions::from_mode(0o755))
}

fn wrong(message: &str, help: &str) -> Refused {
    Refused::Wrong(vec![Diagnostic::new(codes::BAD_FLAG, message).help(help)])
}

impl New {
    /// Writes the files. Those that are there already are kept, and are an error.
    pub fn write(&self) -> io::Result<()> {
        for (path, content) in self.facts.files() {
            let file = self.directory.join(path);
            make(file.parent().unwrap_or(&self.directory))?;
            let mut new = std::fs::OpenOptions::new().write(true).create_new(true).open(&file)?;
            new.set_permissions(Permissions::from_mode(0o644))?;
            io::Write::write_all(&mut new, content.as_bytes())?;
        }
        Ok(())
    }
}
