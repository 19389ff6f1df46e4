//! Which recipe a file belongs to. Nothing outside of recipe directories is looked at.

use ccci_recipe::files::FileSystem;
use std::path::{Path, PathBuf};

/// What kind of file it is, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// `recipe.toml`.
    Settings,
    /// A script.
    Script,
    /// A compose file.
    Compose,
    /// An env file.
    Env,
    /// Another file of a recipe.
    Other,
}

/// The kind of a file.
pub(super) fn kind(path: &Path) -> FileKind {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match () {
        () if name == "recipe.toml" => FileKind::Settings,
        () if name.ends_with(".rhai") => FileKind::Script,
        () if name.starts_with("compose") && name.ends_with(".yml") => FileKind::Compose,
        () if name.starts_with(".env") => FileKind::Env,
        () => FileKind::Other,
    }
}

/// The directories that a check of this file begins at: the recipe directory, or the repository that the file is in. A
/// file of a repository may belong to several recipe directories of the workspace, which `dirs` lists.
pub(super) fn recipes_of(path: &Path, files: &dyn FileSystem, dirs: &[(PathBuf, PathBuf)]) -> Vec<PathBuf> {
    let Some(own) = path.ancestors().skip(1).take(4).find_map(|dir| recipe_at(dir, files)) else {
        return vec![];
    };
    let of_source = dirs.iter().filter(|(_, source)| path.starts_with(source)).map(|(dir, _)| dir.clone());
    let mut all: Vec<PathBuf> = of_source.collect();
    if all.is_empty() {
        all.push(own);
    }
    all
}

fn recipe_at(dir: &Path, files: &dyn FileSystem) -> Option<PathBuf> {
    let inside = dir.file_name().is_some_and(|n| n == "ccci");
    let parent = dir.parent().filter(|p| inside && files.is_file(&p.join("compose.yml")));
    if let Some(repository) = parent {
        return Some(repository.to_path_buf());
    }
    let is_recipe = files.is_file(&dir.join("recipe.toml")) || files.is_file(&dir.join("compose.yml"));
    let in_recipes = || {
        let named = dir.parent()?.file_name()?;
        (named == "recipes" && files.is_directory(dir)).then_some(())
    };
    (is_recipe || in_recipes().is_some()).then(|| dir.to_path_buf())
}
