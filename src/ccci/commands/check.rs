//! `ccci check`: reports what is wrong in recipe directories.

use super::args::{CheckArgs, CheckFormat};
use super::out::Out;
use super::plan::refusal;
use crate::app::check::all_here;
use crate::app::{Refused, Session};
use ccci_model::diag::{Diagnostic, Severity, codes, render};
use ccci_model::exit::Exit;
use serde_json::json;

/// Checks directories, and their sources if those are available.
pub fn check(args: &CheckArgs, session: &Session, out: &Out) -> Exit {
    let dirs = match args.dirs.is_empty() {
        false => args.dirs.clone(),
        true => all_here(&session.config),
    };
    let mut all: Vec<Diagnostic> = vec![];
    if dirs.is_empty() {
        let message =
            "there is nothing to check: no directory is named, and there is neither recipes/ nor ccci/ here";
        all.push(Diagnostic::new(codes::EMPTY_DIRECTORY, message).help("name a recipe directory"));
    }
    let (mut blind, mut unseen) = (vec![], false);
    for dir in &dirs {
        match session.check(dir) {
            Ok(checked) => {
                all.extend(checked.said);
                unseen |= checked.unseen;
            }
            Err(failure) => blind.push(Refused::Failed(failure)),
        }
    }
    let errors = all.iter().filter(|d| d.severity == Severity::Error).count();
    tell(&all, args.format, out);
    let looked = blind.is_empty() && !unseen;
    blind.into_iter().for_each(|refused| out.say(&refusal(&refused, out)));
    if args.format == CheckFormat::Human {
        let what = if dirs.is_empty() { "nothing".to_string() } else { dirs.join(", ") };
        out.say(&format!("checked {what}: errors: {errors}, warnings: {}", all.len() - errors));
    }
    if errors > 0 {
        Exit::Wrong
    } else if looked {
        Exit::Green
    } else {
        Exit::Error
    }
}

fn tell(all: &[Diagnostic], format: CheckFormat, out: &Out) {
    match format {
        CheckFormat::Human => {
            let style = render::Style { colour: out.look.colour, width: out.look.width.min(120) };
            for d in all {
                out.say(&render::render(d, style));
            }
        }
        CheckFormat::Short => {
            for d in all {
                out.data(&format!("{}\n", render::one_line(d)));
            }
        }
        CheckFormat::Json => {
            let rows: Vec<_> = all.iter().map(row).collect();
            out.data(&(serde_json::to_string_pretty(&rows).expect("plain data") + "\n"));
        }
    }
}

fn row(d: &Diagnostic) -> serde_json::Value {
    let at = d.place.as_ref().map(|p| (p.text.path.clone(), p.line_column()));
    json!({
        "code": d.code.id,
        "severity": match d.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": d.message,
        "path": at.as_ref().map(|a| &a.0),
        "line": at.as_ref().map(|a| a.1.0),
        "column": at.as_ref().map(|a| a.1.1),
        "help": d.help,
    })
}
