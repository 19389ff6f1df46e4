//! Finds the recipe directory or repository that a recipe's name or path refers to.

use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, codes};
use ccci_model::name::RecipeName;
use ccci_recipe::files::{FileSystem, tidied};
use std::path::{Path, PathBuf};

/// The directory of all recipes, relative to the project's root.
const RECIPES: &str = "recipes";
/// The recipe directory inside a recipe's own repository.
pub const INSIDE: &str = "ccci";

/// The recipe that a name or a path refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The recipe.
    pub name: RecipeName,
    /// Its directory in the project, if it has one, and that path as it is shown to users.
    pub directory: Option<(PathBuf, String)>,
    /// The repository, if the path itself is one.
    pub repository: Option<String>,
}

/// Looks up a recipe, starting from `here`. A name needs no directory if there is a source, unless it looks like a
/// misspelt one: then nothing that the recipe's author wrote would be asked, and the run would be green.
pub fn look_up(
    recipe: &str,
    here: &Path,
    files: &dyn FileSystem,
    has_source: bool,
) -> Result<Found, Box<Diagnostic>> {
    if recipe.contains('/') || [".", ".."].contains(&recipe) {
        return by_path(recipe, here, files);
    }
    let name = name_of(recipe)?;
    let root = here.ancestors().find(|dir| files.is_directory(&dir.join(RECIPES)));
    let directory = root.map(|r| r.join(RECIPES)).unwrap_or_else(|| here.join(RECIPES));
    let whole = directory.join(recipe);
    if files.is_directory(&whole) {
        let shown = shown(&whole, here);
        return Ok(Found { name, directory: Some((whole, shown)), repository: None });
    }
    let known = names_below(files, &directory);
    let meant = match files.is_directory(&here.join(recipe)) {
        true => Some(format!("a path has a slash: write `./{recipe}`")),
        false => did_you_mean(recipe, known.iter().map(String::as_str)).map(|h| h.text),
    };
    let help = match meant {
        Some(meant) => meant,
        None if has_source => return Ok(Found { name, directory: None, repository: None }),
        None => match known.as_slice() {
            [] => format!(
                "`{}` has no recipes; give a path, or a source with --source",
                shown(&directory, here)
            ),
            known => {
                format!("recipes are {}; without a directory give its source with --source", known.join(", "))
            }
        },
    };
    Err(unknown(format!("there is no recipe `{recipe}` under `{}`", shown(&directory, here)), help))
}

fn by_path(recipe: &str, here: &Path, files: &dyn FileSystem) -> Result<Found, Box<Diagnostic>> {
    let whole = tidied(&here.join(recipe));
    if !files.is_directory(&whole) {
        let parent = whole.parent().unwrap_or(&whole);
        let last = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let known = names_below(files, parent);
        let near = did_you_mean(&last, known.iter().map(String::as_str)).map(|h| h.text);
        let what = if files.is_file(&whole) { "is a file" } else { "does not exist" };
        let help = near
            .unwrap_or_else(|| "give the directory that holds recipe.toml, or a recipe's repository".into());
        return Err(unknown(format!("the directory `{recipe}` {what}"), help));
    }
    let is_repository = |dir: &Path| files.is_file(&dir.join("compose.yml"));
    let parent = whole.parent().filter(|p| whole.ends_with(INSIDE) && is_repository(p));
    let root = if is_repository(&whole) { Some(whole.as_path()) } else { parent };
    let named = root.unwrap_or(&whole);
    let name = name_of(&named.file_name().unwrap_or_default().to_string_lossy())?;
    let repository = root.map(|r| shown(r, here));
    let directory = root.is_none().then(|| (whole.clone(), shown(&whole, here)));
    Ok(Found { name, directory, repository })
}

fn name_of(text: &str) -> Result<RecipeName, Box<Diagnostic>> {
    RecipeName::parse(text).map_err(|e| unknown(e.to_string(), "name the directory after the recipe".into()))
}

fn unknown(message: String, help: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(codes::UNKNOWN_RECIPE, message).help(help))
}

/// A path as it is shown to users: relative to `here` if it is below.
pub fn shown(path: &Path, here: &Path) -> String {
    let relative = path.strip_prefix(here).unwrap_or(path);
    let text = relative.to_string_lossy().into_owned();
    if text.is_empty() { ".".into() } else { text }
}

/// The names of the directories in a directory, sorted. Empty if the directory does not exist.
pub fn names_below(files: &dyn FileSystem, directory: &Path) -> Vec<String> {
    let names = files.list(directory).into_iter().flatten().map(|named| named.name);
    names.filter(|n| !n.starts_with('.') && files.is_directory(&directory.join(n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_recipe::files::Buffers;

    const ROOT: &str = "/project";

    fn ground() -> Buffers {
        let mut files = Buffers::default();
        for path in [
            "recipes/ghost/recipe.toml",
            "recipes/gitea/recipe.toml",
            "deep/er/x",
            "repo/ccci/recipe.toml",
            "repo/compose.yml",
            "elsewhere/Odd Name/x",
            "plain/x",
        ] {
            files.set(Path::new(ROOT).join(path), "");
        }
        files
    }

    fn check(
        recipe: &str,
        at: &str,
        has_source: bool,
    ) -> Result<(String, Option<String>, Option<String>), String> {
        let found = look_up(recipe, &Path::new(ROOT).join(at), &ground(), has_source);
        let shown = |f: Found| (f.name.to_string(), f.directory.map(|d| d.1), f.repository);
        found.map(shown).map_err(|d| {
            assert_eq!(d.code, codes::UNKNOWN_RECIPE);
            format!("{}; {}", d.message, d.help.unwrap_or_default())
        })
    }

    #[test]
    fn a_name_is_a_directory_under_recipes_of_this_directory_or_one_above() {
        let found = |shown: &str| Ok(("ghost".into(), Some(shown.to_string()), None));
        assert_eq!(check("ghost", "", false), found("recipes/ghost"));
        assert!(check("ghost", "deep/er", false).unwrap().1.unwrap().ends_with("/recipes/ghost"));
    }

    #[test]
    fn a_path_is_a_recipe_directory_or_a_recipes_repository() {
        assert_eq!(
            check("recipes/ghost/", "", false),
            Ok(("ghost".into(), Some("recipes/ghost".into()), None))
        );
        assert_eq!(check(".", "recipes/ghost", false).unwrap().0, "ghost");
        assert_eq!(check("./repo", "", false), Ok(("repo".into(), None, Some("repo".into()))));
        assert_eq!(check("./repo/ccci", "", false), Ok(("repo".into(), None, Some("repo".into()))));
    }

    #[test]
    fn a_recipe_without_a_directory_needs_a_source() {
        assert_eq!(check("nextcloud", "", true), Ok(("nextcloud".into(), None, None)));
        assert!(check("ghsot", "", true).unwrap_err().ends_with("did you mean `ghost`?"));
        assert!(check("plain", "", true).unwrap_err().ends_with("write `./plain`"));
        let said = check("nextcloud", "", false).unwrap_err();
        assert!(said.contains("recipes are ghost, gitea; without a directory"), "{said}");
    }

    #[test]
    fn an_unknown_recipe_names_the_nearest() {
        let said = |recipe: &str, at: &str| check(recipe, at, false).unwrap_err();
        assert_eq!(said("gost", ""), "there is no recipe `gost` under `recipes`; did you mean `ghost`?");
        assert_eq!(
            said("recipes/gost", ""),
            "the directory `recipes/gost` does not exist; did you mean `ghost`?"
        );
        assert!(said("plain", "").ends_with("a path has a slash: write `./plain`"));
        assert!(said("repo/compose.yml", "").contains("is a file"));
        assert!(said("elsewhere/Odd Name", "").contains("`Odd Name` is not a recipe name"));
        assert!(said("Ghost", "").contains("`Ghost` is not a recipe name"));
    }
}
