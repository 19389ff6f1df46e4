//! Lists kept records without reading all their events: an index stores a summary of each record. The index is only a
//! cache: a row counts only if its record is unchanged, and what is missing, damaged or outdated is read again. Several
//! processes may list and add at the same time.

use super::facts::Facts;
use super::{EVENTS, Record};
use ccci_model::event::What;
use ccci_model::name::{CallId, Domain, RecipeName, Revision, RunId, Version};
use ccci_model::plan::partial::Partial;

use ccci_model::verdict::Verdict;
use ccci_swarm::ports::records::{Records, Stamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// The maker of a row. Change it when runs are judged differently or rows have other fields: the records are then read
/// again.
const MADE_BY: &str = concat!("5 ", env!("CARGO_PKG_VERSION"));
/// Number of useless rows above which the index is rewritten.
const MOST_DEAD: usize = 1_000;

/// The summary of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The run's id.
    pub run_id: RunId,
    /// The call that made it.
    #[serde(default)]
    pub call: Option<CallId>,
    /// The recipe under test.
    pub recipe: RecipeName,
    /// Its version, if it has one.
    pub version: Option<Version>,
    /// Its commit.
    pub commit: Revision,
    /// The run's domain; its lock tells whether the run is still going on.
    pub domain: Domain,
    /// The one word.
    pub verdict: Verdict,
    /// 0 to 5.
    pub level: u8,
    /// What a run consists of that was asked for less than the whole lifecycle.
    #[serde(default)]
    pub partial: Option<Partial>,
    /// When it began, in ms since 1970.
    pub began_ms: u64,
    /// How long it took, in ms.
    pub total_ms: u64,
    /// Whether the record contains the end of the run.
    pub ended: bool,
    /// What pages about many runs show of it.
    pub facts: Facts,
}

impl Summary {
    /// The summary of a record.
    pub fn of(record: &Record) -> Summary {
        let o = &record.outcome;
        let app = o.plan.subject();
        Summary {
            run_id: o.plan.run_id.clone(),
            call: o.plan.call.clone(),
            recipe: app.recipe.clone(),
            version: app.head.version.clone(),
            commit: app.head.commit.clone(),
            domain: app.domain.clone(),
            verdict: o.verdict,
            level: o.level,
            partial: o.plan.partial(),
            began_ms: o.began_ms,
            total_ms: o.timings.total,
            ended: record.events.iter().any(|e| matches!(e.what, What::RunEnded { .. })),
            facts: Facts::of(record),
        }
    }
}

/// A kept record, listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name of its directory.
    pub name: String,
    /// Tells whether the record is the same as before.
    pub stamp: Stamp,
    /// Its summary, or why the record cannot be read.
    pub summary: Result<Summary, String>,
}

/// A row of the index.
#[derive(Serialize, Deserialize)]
struct Row {
    made_by: String,
    name: String,
    stamp: Stamp,
    summary: Summary,
}

impl Row {
    /// The row as a line. It begins with a newline, so that it is complete even if the last line in the file is not.
    fn line(&self) -> String {
        format!("\n{}\n", serde_json::to_string(self).expect("a row has text keys only"))
    }
}

/// All kept records, the oldest first. If the index cannot be read or written, this only takes more time.
pub fn list(records: &dyn Records) -> io::Result<Vec<Listed>> {
    listed(records, MOST_DEAD)
}

/// Removes from the index what is told of records that are gone or have changed.
pub fn renew(records: &dyn Records) -> io::Result<()> {
    listed(records, 0).map(drop)
}

fn listed(records: &dyn Records, most_dead: usize) -> io::Result<Vec<Listed>> {
    let index = records.index().unwrap_or_default();
    // of several rows with the same name, the last one was made from the newest file
    let rows = index.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    let rows = rows.map(|line| serde_json::from_slice::<Row>(line).ok().filter(|row| row.made_by == MADE_BY));
    let mut known: BTreeMap<String, Row> = BTreeMap::new();
    let mut written = 0;
    for row in rows {
        written += 1;
        known.extend(row.map(|row| (row.name.clone(), row)));
    }
    let (mut all, mut added, mut used) = (vec![], String::new(), vec![]);
    for (name, stamp) in records.list()? {
        let summary = match known.remove(&name).filter(|row| row.stamp == stamp) {
            Some(row) => {
                let summary = row.summary.clone();
                used.push(row);
                Ok(summary)
            }
            None => read(records, &name).inspect(|summary| {
                let (made_by, name, summary) = (MADE_BY.to_string(), name.clone(), summary.clone());
                let stamp = stamp.clone();
                added += &Row { made_by, name, stamp, summary }.line();
            }),
        };
        all.push(Listed { name, stamp, summary });
    }
    // if this fails, only the next listing takes longer
    let _ = match written - used.len() > most_dead {
        true => {
            let rows = used.iter().map(Row::line).chain([added]);
            records.replace_index(rows.collect::<String>().as_bytes())
        }
        false if added.is_empty() => Ok(()),
        false => records.extend_index(added.as_bytes()),
    };
    Ok(all)
}

fn read(records: &dyn Records, name: &str) -> Result<Summary, String> {
    let content = records.events(name).map_err(|e| format!("failed to read `{EVENTS}`: {e}"))?;
    let record = Record::parse(&format!("{name}/{EVENTS}"), &String::from_utf8_lossy(&content));
    let why = |bad: Vec<ccci_model::diag::Diagnostic>| bad.into_iter().next().map(|d| d.message);
    record.map(|r| Summary::of(&r)).map_err(|bad| why(bad).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_testkit::example::{self, green_run};
    use ccci_testkit::memory::MemoryRecords;

    fn events(run: &str) -> String {
        let mut plan = example::plan();
        plan.run_id = RunId::parse(run).unwrap();
        green_run(&plan).iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect()
    }

    fn three() -> MemoryRecords {
        let records = MemoryRecords::default();
        ["a", "b", "c"].iter().for_each(|run| records.put(run, events(run)));
        records
    }

    fn verdicts(records: &MemoryRecords) -> Vec<(String, Result<Verdict, String>)> {
        let listed = list(records).unwrap();
        listed.into_iter().map(|l| (l.name, l.summary.map(|s| s.verdict))).collect()
    }

    #[test]
    fn what_was_listed_once_is_not_read_again() {
        let records = three();
        let first = list(&records).unwrap();
        assert_eq!(records.reads(), 3);
        assert_eq!(list(&records).unwrap(), first);
        assert_eq!(records.reads(), 3);
        records.put("d", events("d"));
        assert_eq!(list(&records).unwrap().len(), 4);
        assert_eq!(records.reads(), 4, "only the new one");
    }

    #[test]
    fn an_index_is_never_trusted_over_the_record() {
        let records = three();
        list(&records).unwrap();
        // the record has lost its end, as after a killed run, but the index still has the old summary
        let whole = events("b");
        records.put("b", whole.lines().take(2).map(|l| format!("{l}\n")).collect::<String>());
        records.put("c", "nonsense\n");
        let of = |name: &str| verdicts(&records).into_iter().find(|(n, _)| n == name).map(|(_, v)| v);
        assert_eq!(of("a"), Some(Ok(Verdict::Green)));
        assert_ne!(of("b"), Some(Ok(Verdict::Green)));
        assert!(matches!(of("c"), Some(Err(why)) if why.contains("line 1 is no event")));
        records.remove("a");
        assert_eq!(of("a"), None);
    }

    #[test]
    fn an_index_that_is_torn_missing_or_of_another_ccci_is_made_anew() {
        let records = three();
        let expected = verdicts(&records);
        let whole = records.index().unwrap();
        let other = String::from_utf8(whole.clone()).unwrap().replace(MADE_BY, "0 0.0.0").into_bytes();
        for (index, read) in [
            (whole[..whole.len() - 9].to_vec(), 1),
            (vec![], 3),
            (b"\0\xffnoise".to_vec(), 3),
            (other, 3),
            ([&whole[..whole.len() - 9], &whole[..]].concat(), 0),
        ] {
            records.replace_index(&index).unwrap();
            let before = records.reads();
            assert_eq!(verdicts(&records), expected);
            assert_eq!(records.reads() - before, read, "{:?}", String::from_utf8_lossy(&index));
            verdicts(&records);
            assert_eq!(records.reads() - before, read, "what was added to it counts");
        }
    }

    #[test]
    fn rows_that_count_for_nothing_do_not_pile_up() {
        let records = three();
        list(&records).unwrap();
        let size = records.index().unwrap().len();
        records.extend_index("\nx\n".repeat(MOST_DEAD + 1).as_bytes()).unwrap();
        list(&records).unwrap();
        assert_eq!(records.index().unwrap().len(), size);
    }

    #[test]
    fn an_index_that_is_renewed_has_a_row_for_each_record_and_no_other() {
        let records = three();
        list(&records).unwrap();
        records.remove("b");
        records.put("c", events("c"));
        renew(&records).unwrap();
        let index = String::from_utf8(records.index().unwrap()).unwrap();
        let rows: Vec<Row> = index.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
        assert_eq!(rows.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_listed_all_the_same() {
        let records = three();
        records.refuse_writing();
        assert_eq!(verdicts(&records).len(), 3);
        assert_eq!(verdicts(&records).len(), 3);
        assert_eq!(records.reads(), 6);
    }
}
