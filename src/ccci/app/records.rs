//! Finds kept records: a run's id, the directory of a record, or the newest run.

use super::env;
use super::out::Out;
use ccci_adapters::locks::FileLocks;
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::event::What;
use ccci_model::name::RecipeName;
use ccci_report::usual::{self, Usual};
use ccci_runner::record::{Kept, PLAN, Record, kept_dirs, plain};
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

/// Whether the run of a record lives: it has not told its end, and somebody on this machine holds its lock.
pub fn lives(record: &Record) -> bool {
    let ended = record.events.iter().any(|e| matches!(e.what, What::RunEnded { .. }));
    !ended && FileLocks::new(env::locks()).is_held(record.outcome.plan.subject().domain.as_str())
}

/// The newest run that does not live any more.
fn newest(out: &Out) -> Result<Kept, String> {
    for dir in kept_dirs(&below()).into_iter().rev() {
        let kept = Kept::read(dir);
        match &kept.record {
            Ok(record) if lives(record) => {
                out.say(&format!("note: {}; the newest that has ended is told", going_on(record)));
            }
            _ => return Ok(kept),
        }
    }
    Err(format!("no run is kept in {}; `ccci run` keeps one", below().display()))
}

/// A named run, if it does not live any more: how one that lives ends nobody knows.
fn named(name: &str) -> Result<Kept, String> {
    let kept = Kept::read(find(name)?);
    match &kept.record {
        Ok(record) if lives(record) => Err(format!(
            "{}, so there is nothing to tell yet; SIGUSR1 to its process makes it say where it stands",
            going_on(record)
        )),
        _ => Ok(kept),
    }
}

fn going_on(record: &Record) -> String {
    format!("the run `{}` is going on", record.outcome.plan.run_id)
}

/// The directory of a named record.
fn find(name: &str) -> Result<PathBuf, String> {
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

/// Reads the record of a run that does not live any more, and says why it cannot.
pub fn read(name: Option<&str>, out: &Out) -> Option<(PathBuf, Record)> {
    match name.map_or_else(|| newest(out), named) {
        Err(why) => {
            out.say(&format!("error: {why}"));
            None
        }
        Ok(Kept { dir, record: Ok(record) }) => Some((dir, record)),
        Ok(Kept { record: Err(diagnostics), .. }) => {
            out.diagnostics(diagnostics);
            None
        }
    }
}
