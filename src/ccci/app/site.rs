//! Writes the site of the kept runs into a directory: only files of which something changed, and by all processors.

use super::records;
use super::session::Config;
use ccci_adapters::published::{Keys, PublishError, Published};
use ccci_adapters::records::DirRecords;
use ccci_model::digest::sha256;
use ccci_report::site::{DIRECTORIES, Page, Planned, Run, Site};
use ccci_runner::record::index::Listed;
use ccci_runner::record::{EVENTS, MOST_BYTES, Record};
use ccci_swarm::ports::records::Records;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Largest picture or log that is shown, bytes.
const FILE: u64 = 4 << 20;

/// Why a site could not be written. The message follows "failed to".
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The directory or the disk.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The records.
    #[error("list the records: {0}")]
    Records(io::Error),
}

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// Recipes of the site.
    pub recipes: usize,
    /// Runs of the site.
    pub runs: usize,
    /// Files of the site.
    pub files: usize,
    /// Files that were written.
    pub written: usize,
    /// Files that were removed because their records are gone.
    pub removed: usize,
    /// What is left out, and why, one line each.
    pub left_out: Vec<String>,
}

/// The runs of the store.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Those that have ended.
    pub ended: Vec<Run>,
    /// Those in progress.
    pub going: Vec<Run>,
    /// What a site leaves out, and why, one line each.
    pub left_out: Vec<String>,
}

/// The runs that a site may show, and what is left out.
pub(crate) fn runs(config: &Config) -> io::Result<Shown> {
    let mut shown = Shown::default();
    for Listed { name, stamp, summary } in records::list(config)? {
        let stamp = format!("{} {} {}", stamp.bytes, stamp.written_ns, stamp.inode);
        match summary {
            Ok(summary) if records::goes_on(config, &summary) => {
                shown.left_out.push(format!("{name}: it is in progress"));
                shown.going.push(Run { record: name, stamp, summary, files: vec![] });
            }
            Ok(summary) => shown.ended.push(Run { record: name, stamp, summary, files: vec![] }),
            Err(why) => shown.left_out.push(format!("{name}: {why}")),
        }
    }
    for run in &shown.ended {
        let line = run.withheld().map(|why| format!("{}: only its verdict is shown: {why}", run.record));
        shown.left_out.extend(line);
    }
    Ok(shown)
}

/// The record of a page, if it is made from one and can be read.
pub(crate) fn record(records: &dyn Records, name: &str) -> Option<Record> {
    let content = records.events(name).ok()?;
    Record::parse(name, &String::from_utf8_lossy(&content)).ok()
}

/// The site of these runs with pictures and logs of the newest ones, and what of them is left out, a line each.
pub(crate) fn with_files(records: &DirRecords, ended: Vec<Run>) -> (Site, Vec<String>) {
    // links are not followed, so nothing that lies elsewhere is among them
    let listed = RefCell::new((String::new(), BTreeMap::new()));
    Site::of(ended).with_files(|name, file| {
        let mut listed = listed.borrow_mut();
        if listed.0 != name {
            *listed = (name.to_string(), records.files(name).unwrap_or_default().into_iter().collect());
        }
        match listed.1.get(file) {
            Some(bytes) if *bytes > FILE => Err("it is too large".into()),
            Some(_) => Ok(()),
            None => Err("it is gone".into()),
        }
    })
}

/// The bytes of a page; none for a file of a record that cannot be read any more.
pub(crate) fn made(site: &Site, records: &DirRecords, page: Page) -> Option<Vec<u8>> {
    match site.file(page) {
        Some((name, file)) => records.file(name, file, FILE).ok(),
        None => {
            let record = site.record(page).and_then(|name| record(records, name));
            Some(site.render(page, record.as_ref()))
        }
    }
}

/// Writes the site.
pub fn build(config: &Config, dir: &Path) -> Result<Built, SiteError> {
    let (target, old) = Published::open(dir, DIRECTORIES)?;
    let Shown { ended, mut left_out, .. } = runs(config).map_err(SiteError::Records)?;
    let records = DirRecords::new(config.records(), EVENTS, MOST_BYTES);
    let (site, absent) = with_files(&records, ended);
    left_out.extend(absent);
    let pages = site.pages();
    let made = Made { site: &site, records: &records, target: &target, old: &old, pages: &pages };
    let (keys, written) = made.all()?;
    let removed = target.tidy(&keys)?;
    let (recipes, runs) = site.counts();
    let built = Built { recipes, runs, files: keys.len(), written, removed, left_out };
    if keys != old {
        target.finish(&keys)?;
    }
    Ok(built)
}

struct Made<'a> {
    site: &'a Site,
    records: &'a DirRecords,
    target: &'a Published,
    old: &'a Keys,
    pages: &'a [Planned],
}

impl Made<'_> {
    /// Makes what changed; returns the keys of all files, and how many were written. Pages about many runs come last,
    /// so that they link to nothing that is missing.
    fn all(&self) -> Result<(Keys, usize), PublishError> {
        let (next, written) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let found: Mutex<Result<Keys, PublishError>> = Mutex::new(Ok(Keys::new()));
        let work = || {
            let mut keys = Keys::new();
            while let Some(page) = self.pages.get(next.fetch_add(1, Ordering::SeqCst)) {
                match self.one(page) {
                    Ok((key, new)) => {
                        written.fetch_add(usize::from(new), Ordering::SeqCst);
                        keys.insert(page.path.clone(), key);
                    }
                    Err(e) => {
                        next.store(self.pages.len(), Ordering::SeqCst);
                        *found.lock().unwrap_or_else(PoisonError::into_inner) = Err(e);
                        return;
                    }
                }
            }
            if let Ok(all) = &mut *found.lock().unwrap_or_else(PoisonError::into_inner) {
                all.append(&mut keys);
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            // the caller works too, so no thread at all is only slower
            let _helpers: Vec<_> =
                (1..threads).map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
            work();
        });
        let keys = found.into_inner().unwrap_or_else(PoisonError::into_inner)?;
        Ok((keys, written.into_inner()))
    }

    /// Makes one file if it changed; returns its key and whether it was written.
    fn one(&self, page: &Planned) -> Result<(String, bool), PublishError> {
        let before = self.old.get(&page.path);
        if let Some(key) = page.key.as_ref().filter(|key| before == Some(*key)) {
            return Ok((key.clone(), false));
        }
        // a file that went away just now is empty, and is told by the next call
        let bytes = made(self.site, self.records, page.page).unwrap_or_default();
        let key = page.key.clone().unwrap_or_else(|| sha256(&bytes)[..16].to_string());
        let new = before != Some(&key);
        if new {
            self.target.write(&page.path, &bytes)?;
        }
        Ok((key, new))
    }
}
