//! Which recipes a change touches: `--changed REF`.

use super::prepare::Refused;
use super::session::Session;
use ccci_adapters::clock::RealClock;
use ccci_adapters::disk::Disk;
use ccci_recipe::files::{FileSystem, tidied};
use ccci_recipe::source::SourceKind;
use ccci_runner::gather::{self, error};
use ccci_swarm::ports::Clock;
use ccci_swarm::ports::clock::Limit;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Timeout of git, which reads one repository of this machine.
const LIMIT: Duration = Duration::from_secs(60);

impl Session {
    /// Those of these recipes whose directory, or whose source if it is a path, has a file that differs from a revision
    /// of the project. The project is the repository around the current directory.
    pub fn touched(&self, recipes: Vec<String>, rev: &str) -> Result<Vec<String>, Refused> {
        let clock: Arc<dyn Clock> = Arc::new(RealClock::new(Arc::new(Notify::new())));
        let limit = Limit { deadline: clock.now().after(LIMIT), stop: self.stop.clone() };
        let git = self.git(clock)?;
        let changed =
            git.changed_since(&self.config.here, rev, &limit).map_err(|e| {
                match error::of_source(e, None) {
                    error::GatherError::Wrong(d) => Refused::Wrong(vec![*d]),
                    error::GatherError::Failed(f) => Refused::Failed(f),
                }
            })?;
        let is_touched = |recipe: &String| {
            let places = self.places_of(recipe);
            changed.iter().any(|file| places.iter().any(|place| file.starts_with(place)))
        };
        Ok(recipes.into_iter().filter(is_touched).collect())
    }

    /// The directory of a recipe, and that of its source.
    fn places_of(&self, recipe: &str) -> Vec<PathBuf> {
        let here = &self.config.here;
        let named = if recipe.contains('/') || recipe == "." {
            here.join(recipe)
        } else {
            here.join("recipes").join(recipe)
        };
        let dir = real(&named);
        let texts = gather::texts(recipe, here, &Disk).ok().and_then(|t| t.value);
        let source = texts.and_then(|t| t.recipe.source).filter(|s| SourceKind::of(s) == SourceKind::Path);
        let source = source.map(|s| real(&dir.join(s)));
        std::iter::once(dir).chain(source).collect()
    }
}

fn real(path: &Path) -> PathBuf {
    Disk.real(path).unwrap_or_else(|_| tidied(path))
}
