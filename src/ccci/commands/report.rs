//! `ccci report`: renders any format from kept records, and does `list` and `diff`.

use super::args::ReportArgs;
use super::out::Out;
use super::record_args::ListArgs;
use super::records;
use crate::app::{self, Config};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::exit::Exit;
use ccci_report::{REPORTS, diff, format};
use ccci_runner::record::journal::write_reports;
use ccci_runner::record::{Kept, Record};
use std::path::PathBuf;

/// Renders what was asked for.
pub fn report(args: &ReportArgs, config: &Config, out: &Out) -> Exit {
    match args.what.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["list"] => records::listed(&ListArgs::default(), config, out),
        ["diff", old, new] => match (read(Some(old), config, out), read(Some(new), config, out)) {
            (Some((_, old)), Some((_, new))) => {
                out.data(&diff::render(&old, &new));
                Exit::Green
            }
            _ => Exit::Wrong,
        },
        ["diff", ..] => {
            out.say("error: `ccci report diff` takes two runs: `ccci report diff OLD NEW`");
            Exit::Wrong
        }
        ["list", ..] => {
            out.say("error: `ccci report list` takes nothing more; it shows all runs that are kept");
            Exit::Wrong
        }
        [] => one(None, args, config, out),
        runs => runs.iter().map(|r| one(Some(r), args, config, out)).max().unwrap_or(Exit::Green),
    }
}

fn one(named: Option<&str>, args: &ReportArgs, config: &Config, out: &Out) -> Exit {
    let Some(row) = format(&args.format) else {
        let known: Vec<&str> = REPORTS.iter().map(|f| f.name).collect();
        let hint =
            did_you_mean(&args.format, known.iter().copied()).map(|h| format!("; {h}")).unwrap_or_default();
        out.say(&format!(
            "error: no format is called `{}`: there are {}{hint}",
            args.format,
            known.join(", ")
        ));
        return Exit::Wrong;
    };
    let Some((dir, record)) = read(named, config, out) else { return Exit::Wrong };
    if args.all {
        let (notes, errors) = write_reports(&dir, REPORTS, &record);
        notes.iter().for_each(|n| out.say(&format!("note: {n}")));
        errors.iter().for_each(|e| out.say(&format!("error: {}", e.failure().observed())));
        return if errors.is_empty() { Exit::Green } else { Exit::Error };
    }
    out.bytes(&(row.render)(&record));
    Exit::Green
}

/// Reads the record of a run that has ended; if it cannot, prints why.
pub fn read(name: Option<&str>, config: &Config, out: &Out) -> Option<(PathBuf, Record)> {
    let found = app::records::find(config, name).map_err(|why| out.say(&format!("error: {why}"))).ok()?;
    found.notes.iter().for_each(|note| out.say(&format!("note: {note}")));
    match found.kept {
        Kept { dir, record: Ok(record) } => Some((dir, record)),
        Kept { record: Err(diagnostics), .. } => {
            out.diagnostics(&diagnostics);
            None
        }
    }
}
