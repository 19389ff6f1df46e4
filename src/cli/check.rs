//! `ccci check`: everything that loading refuses, over recipe directories; no Docker, milliseconds.

use super::args::{CheckArgs, CheckFormat, SourceArgs};
use super::out::Out;
use super::prepare::{Refused, prepare};
use crate::ctx;
use crate::diag::codes::Code;
use crate::diag::{Diagnostic, Severity, codes, render};
use crate::exit::Exit;
use crate::gather;
use crate::recipe::directory::Origin;
use crate::redact::Redactor;
use crate::script::{RecipeTexts, Scripts};
use crate::world::clock::Stop;
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Handle;

/// Checks directories; with the source at hand also what the source says.
pub fn check(args: &CheckArgs, handle: &Handle, stop: &Stop, out: &Out) -> Exit {
    let dirs = match args.dirs.is_empty() {
        false => args.dirs.clone(),
        true => all_here(),
    };
    let mut all: Vec<Diagnostic> = vec![];
    if dirs.is_empty() {
        let message =
            "there is nothing to check: no directory is named, and there is neither recipes/ nor ccci/ here";
        all.push(Diagnostic::new(codes::EMPTY_DIRECTORY, message).help("name a recipe directory"));
    }
    for dir in &dirs {
        all.extend(one(dir, handle, stop, &out.redactor));
    }
    let errors = all.iter().filter(|d| d.severity == Severity::Error).count();
    tell(&all, args.format, out);
    if args.format == CheckFormat::Human {
        let what = if dirs.is_empty() { "nothing".to_string() } else { dirs.join(", ") };
        out.say(&format!("checked {what}: errors: {errors}, warnings: {}", all.len() - errors));
    }
    if errors > 0 { Exit::Wrong } else { Exit::Green }
}

/// What is checked when nothing is named: all below `recipes/`, or the clone of a recipe that brings its own directory.
fn all_here() -> Vec<String> {
    let below = gather::disk::names_below(Path::new("recipes"));
    match below.is_empty() && Path::new("ccci").is_dir() {
        true => vec![".".into()],
        false => below.iter().map(|n| format!("recipes/{n}")).collect(),
    }
}

/// Diagnostics about the source: where there is none, the texts can be checked all the same.
const OF_SOURCE: &[&Code] =
    &[codes::NO_SOURCE, codes::NOT_A_REPOSITORY, codes::NO_SUCH_REF, codes::NO_SUCH_BASE];

/// One directory with its source, or its texts alone if that is not at hand.
fn one(dir: &str, handle: &Handle, stop: &Stop, redactor: &Redactor) -> Vec<Diagnostic> {
    let source = SourceArgs {
        source: None,
        rev: None,
        base: None,
        tiers: None,
        no_local: false,
        deadline: Duration::from_secs(3_600),
    };
    match prepare(dir, &source, false, handle, stop, redactor) {
        Ok(prepared) => prepared.warnings,
        Err(Refused::Wrong(all)) => {
            let mut of_source = all.iter().filter(|d| OF_SOURCE.contains(&d.code)).cloned().peekable();
            if of_source.peek().is_none() {
                return all;
            }
            // texts can be checked before they have a source
            let wrong = of_source.filter(|d| d.code != codes::NO_SOURCE);
            wrong.chain(texts_alone(dir)).collect()
        }
        // a source that is out of reach is no fault of the texts
        Err(Refused::World(_)) => texts_alone(dir),
    }
}

/// What can be said without the source.
fn texts_alone(dir: &str) -> Vec<Diagnostic> {
    let texts = gather::texts(dir, Path::new("."));
    let mut diagnostics = texts.diagnostics;
    if let Some(value) = texts.value {
        let scripts: RecipeTexts = value.directory.scripts.get(&Origin::Project).cloned().unwrap_or_default();
        diagnostics.0.extend(Scripts::load(&scripts, &ctx::sigs()).1.0);
    }
    diagnostics.sorted()
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
