//! Which recipes a change touches: `--changed REF`.

use super::prepare::Refused;
use super::session::{Session, clock};
use ccci_adapters::disk::Disk;
use ccci_recipe::files::{FileSystem, tidied};
use ccci_recipe::source::SourceKind;
use ccci_runner::gather::{self, look_up::look_up};
use ccci_swarm::ports::clock::Limit;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Timeout of git, which reads one repository of this machine.
const LIMIT: Duration = Duration::from_secs(60);

impl Session {
    /// Those of these recipes whose directory, or whose source if it is a path, has a file that differs from a revision
    /// of the project. The project is the repository around the current directory.
    pub fn touched(&self, recipes: Vec<String>, rev: &str) -> Result<Vec<String>, Refused> {
        let clock = clock();
        let limit = Limit { deadline: clock.now().after(LIMIT), stop: self.stop.clone() };
        let git = self.git(clock)?;
        let changed = git.changed_since(&self.config.here, rev, &limit).map_err(Refused::of_source)?;
        let is_touched = |recipe: &String| {
            // what cannot be found is told by whoever takes the list
            let Some(places) = self.places_of(recipe) else { return true };
            changed.iter().any(|file| places.iter().any(|place| file.starts_with(place)))
        };
        Ok(recipes.into_iter().filter(is_touched).collect())
    }

    /// The directory of a recipe, and that of its source. `None` if there is no such recipe.
    fn places_of(&self, recipe: &str) -> Option<Vec<PathBuf>> {
        let here = &self.config.here;
        let found = look_up(recipe, &real(here), &Disk, false).ok()?;
        let repository = found.repository.map(|r| real(&here.join(r)));
        let directory = found.directory.map(|(dir, _)| real(&dir));
        let texts = gather::texts(recipe, here, &Disk).ok().and_then(|t| t.value);
        let source = texts.and_then(|t| t.recipe.source).filter(|s| SourceKind::of(s) == SourceKind::Path);
        let source = source.and_then(|s| Some(real(&directory.as_ref()?.join(s))));
        Some(directory.into_iter().chain(repository).chain(source).collect())
    }
}

fn real(path: &Path) -> PathBuf {
    Disk.real(path).unwrap_or_else(|_| tidied(path))
}
