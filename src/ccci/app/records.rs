//! Finds kept records: by the id of a run, by the directory of a record, or the newest.

use super::session::Config;
use ccci_adapters::locks::FileLocks;
use ccci_adapters::records::DirRecords;
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::name::RecipeName;
use ccci_model::plan::Plan;
use ccci_report::usual::{self, Usual};
use ccci_runner::record::index::{self, Listed, Summary};
use ccci_runner::record::{EVENTS, Kept, MOST_BYTES, PLAN, Record, kept_dirs, plain};
use std::io;
use std::path::{Path, PathBuf};

/// How many of the newest runs are searched for those of a recipe.
const LOOKED_THROUGH: usize = 40;
/// How many runs of a recipe are enough to tell how long its steps take.
const ENOUGH: usize = 5;

/// How long the steps of a recipe took in its last runs.
pub fn usual(config: &Config, recipe: &RecipeName) -> Usual {
    let of_recipe = |dir: &PathBuf| {
        let plan = plain(&dir.join(PLAN)).ok();
        let plan = plan.and_then(|bytes| serde_json::from_slice::<Plan>(&bytes).ok());
        plan.is_some_and(|p| p.subject().recipe == *recipe)
    };
    let newest = kept_dirs(&config.records()).into_iter().rev().take(LOOKED_THROUGH);
    let records = newest.filter(of_recipe).take(ENOUGH).filter_map(|dir| Record::read(&dir).ok());
    usual::usual(&records.collect::<Vec<_>>())
}

/// Whether the run of a record is still running: its end is not recorded, and its domain's lock is held on this
/// machine.
pub fn goes_on(config: &Config, run: &Summary) -> bool {
    !run.ended && FileLocks::new(config.locks.clone()).is_held(run.domain.as_str())
}

/// All kept records, the oldest first.
pub fn list(config: &Config) -> io::Result<Vec<Listed>> {
    index::list(&DirRecords::new(config.records(), EVENTS, MOST_BYTES))
}

/// The files of a record, by their names in it, with their sizes in bytes.
pub fn files(dir: &Path) -> io::Result<Vec<(String, u64)>> {
    DirRecords::new(dir, EVENTS, MOST_BYTES).files("")
}

/// A record that was found.
pub struct Found {
    /// Where it is, and what it says.
    pub kept: Kept,
    /// Notes for the reader.
    pub notes: Vec<String>,
}

/// The named run, or the newest one. Only runs that have ended can be found: the verdict of a run in progress is not
/// known yet. The error says why there is none.
pub fn find(config: &Config, name: Option<&str>) -> Result<Found, String> {
    name.map_or_else(|| newest(config), |name| named(config, name))
}

fn newest(config: &Config) -> Result<Found, String> {
    let mut notes = vec![];
    for dir in kept_dirs(&config.records()).into_iter().rev() {
        let kept = Kept::read(dir);
        match &kept.record {
            Ok(record) if goes_on(config, &Summary::of(record)) => {
                notes.push(format!("{}; showing the newest run that has ended", going_on(record)));
            }
            _ => return Ok(Found { kept, notes }),
        }
    }
    Err(format!("no runs are kept in {}; `ccci run` makes one", config.records().display()))
}

fn named(config: &Config, name: &str) -> Result<Found, String> {
    let kept = Kept::read(directory(config, name)?);
    match &kept.record {
        Ok(record) if goes_on(config, &Summary::of(record)) => Err(format!(
            "{}, so it has no report yet; send SIGUSR1 to its process to see its state",
            going_on(record)
        )),
        _ => Ok(Found { kept, notes: vec![] }),
    }
}

fn going_on(record: &Record) -> String {
    format!("the run `{}` is in progress", record.outcome.plan.run_id)
}

/// The directory of a named record.
fn directory(config: &Config, name: &str) -> Result<PathBuf, String> {
    if Path::new(name).is_dir() {
        return Ok(PathBuf::from(name));
    }
    let by_id = config.records().join(name);
    if by_id.is_dir() {
        return Ok(by_id);
    }
    let known: Vec<String> = kept_dirs(&config.records())
        .iter()
        .filter_map(|p| Some(p.file_name()?.to_string_lossy().into_owned()))
        .collect();
    let hint = did_you_mean(name, known.iter().map(String::as_str)).map(|h| format!("; {h}"));
    Err(format!(
        "no run is called `{name}`{}; `ccci records list` shows those that are kept, and a run with \
         `--out DIR` is named by that directory",
        hint.unwrap_or_default()
    ))
}
