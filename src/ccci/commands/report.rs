//! `ccci report`: renders any format from kept records; `list` and `diff` belong here too.

use super::args::ReportArgs;
use super::kept;
use super::out::Out;
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::exit::Exit;
use ccci_report::sheet::Style;
use ccci_report::{REPORTS, diff, format, list};
use ccci_runner::record;
use ccci_runner::record::journal::write_reports;

/// Renders.
pub fn report(args: &ReportArgs, out: &Out) -> Exit {
    match args.what.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["list"] => {
            out.data(&list::draw(&record::kept(&kept::below()), &kept::lives, Style::PLAIN));
            Exit::Green
        }
        ["diff", old, new] => match (kept::read(Some(old), out), kept::read(Some(new), out)) {
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
        [] => one(None, args, out),
        runs => runs.iter().map(|r| one(Some(r), args, out)).max().unwrap_or(Exit::Green),
    }
}

fn one(named: Option<&str>, args: &ReportArgs, out: &Out) -> Exit {
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
    let Some((dir, record)) = kept::read(named, out) else { return Exit::Wrong };
    if args.all {
        let (notes, errors) = write_reports(&dir, REPORTS, &record);
        notes.iter().for_each(|n| out.say(&format!("note: {n}")));
        errors.iter().for_each(|e| out.say(&format!("error: {}", e.failure().observed)));
        return if errors.is_empty() { Exit::Green } else { Exit::Error };
    }
    out.data(&String::from_utf8_lossy(&(row.render)(&record)));
    Exit::Green
}
