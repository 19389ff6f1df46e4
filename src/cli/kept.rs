//! Finds kept records: a run's id, the directory of a record, or the newest run.

use super::env;
use super::out::Out;
use crate::diag::nearest::did_you_mean;
use crate::name::RecipeName;
use crate::report::record::{PLAN, Record, kept_dirs, plain};
use crate::report::usual::{self, Usual};
use std::path::{Path, PathBuf};

/// Where records are kept.
pub fn below() -> PathBuf {
    env::home().join("runs")
}

/// So many of the newest runs are looked through for those of a recipe.
const LOOKED_THROUGH: usize = 40;
/// So many runs of a recipe tell how long its steps take.
const ENOUGH: usize = 5;

/// How long the steps of a recipe took in its last runs.
pub fn usual(recipe: &RecipeName) -> Usual {
    let of_recipe = |dir: &PathBuf| {
        let plan = plain(&dir.join(PLAN)).ok();
        let plan = plan.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        plan.is_some_and(|p| p["recipe"] == recipe.as_str())
    };
    let newest = kept_dirs(&below()).into_iter().rev().take(LOOKED_THROUGH);
    let records = newest.filter(of_recipe).take(ENOUGH).filter_map(|dir| Record::read(&dir).ok());
    usual::usual(&records.collect::<Vec<_>>())
}

/// The directory of a record.
fn find(named: Option<&str>) -> Result<PathBuf, String> {
    let Some(name) = named else {
        let newest = kept_dirs(&below()).pop();
        return newest
            .ok_or_else(|| format!("no run is kept in {}; `ccci run` keeps one", below().display()));
    };
    if Path::new(name).is_dir() {
        return Ok(PathBuf::from(name));
    }
    let by_id = below().join(name);
    if by_id.is_dir() {
        return Ok(by_id);
    }
    let known: Vec<String> = kept_dirs(&below())
        .iter()
        .filter_map(|p| Some(p.file_name()?.to_string_lossy().into_owned()))
        .collect();
    let hint = did_you_mean(name, known.iter().map(String::as_str)).map(|h| format!("; {h}"));
    Err(format!(
        "no run is called `{name}`{}; `ccci report list` shows those that are kept, and a run with \
         `--out DIR` is named by that directory",
        hint.unwrap_or_default()
    ))
}

/// Reads a record, and says why it cannot.
pub fn read(named: Option<&str>, out: &Out) -> Option<(PathBuf, Record)> {
    match find(named) {
        Err(why) => {
            out.say(&format!("error: {why}"));
            None
        }
        Ok(dir) => match Record::read(&dir) {
            Ok(record) => Some((dir, record)),
            Err(diagnostics) => {
                out.diagnostics(diagnostics);
                None
            }
        },
    }
}
