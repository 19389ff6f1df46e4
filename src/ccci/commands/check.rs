//! `ccci check`: everything that loading refuses, over recipe directories; no Docker, milliseconds.

use super::args::{CheckArgs, CheckFormat, SourceArgs};
use super::out::Out;
use super::plan::refusal;
use super::prepare::{Refused, prepare};
use ccci_model::diag::codes::Code;
use ccci_model::diag::{Diagnostic, Severity, codes, render};
use ccci_model::exit::Exit;
use ccci_model::failure::Failure;
use ccci_model::redact::Redactor;
use ccci_recipe::directory::Origin;
use ccci_runner::gather;
use ccci_script::RecipeTexts;
use ccci_swarm::ports::clock::Stop;
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
    let (mut blind, mut unseen) = (vec![], false);
    for dir in &dirs {
        match one(dir, handle, stop, &out.redactor) {
            Ok(checked) => {
                all.extend(checked.said);
                unseen |= checked.unseen;
            }
            Err(failure) => blind.push(Refused::World(failure)),
        }
    }
    let errors = all.iter().filter(|d| d.severity == Severity::Error).count();
    tell(&all, args.format, out);
    let looked = blind.is_empty() && !unseen;
    blind.into_iter().for_each(|refused| out.say(&refusal(refused, out)));
    if args.format == CheckFormat::Human {
        let what = if dirs.is_empty() { "nothing".to_string() } else { dirs.join(", ") };
        out.say(&format!("checked {what}: errors: {errors}, warnings: {}", all.len() - errors));
    }
    match () {
        () if errors > 0 => Exit::Wrong,
        () if !looked => Exit::Error,
        () => Exit::Green,
    }
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

/// What came of a directory.
struct Checked {
    said: Vec<Diagnostic>,
    /// Whether there is a source that we could not look at.
    unseen: bool,
}

/// One directory with its source, or its texts alone if that is not at hand. A failure means that we could not look.
fn one(dir: &str, handle: &Handle, stop: &Stop, redactor: &Redactor) -> Result<Checked, Box<Failure>> {
    let seen = |said| Ok(Checked { said, unseen: false });
    let source = SourceArgs {
        source: None,
        rev: None,
        base: None,
        tiers: None,
        no_local: false,
        deadline: Duration::from_secs(3_600),
    };
    match prepare(dir, &source, false, handle, stop, redactor) {
        Ok(prepared) => seen(prepared.warnings),
        Err(Refused::Wrong(all)) => {
            let mut of_source = all.iter().filter(|d| OF_SOURCE.contains(&d.code)).cloned().peekable();
            if of_source.peek().is_none() {
                return seen(all);
            }
            // texts can be checked before they have a source; one that they name is missed
            let (missing, wrong): (Vec<_>, Vec<_>) = of_source.partition(|d| d.code == codes::NO_SOURCE);
            let (named, texts) = texts_alone(dir)?;
            let missing = missing.into_iter().filter(|_| named);
            let missing = missing.map(|d| not_checked(dir, &d.message, &d.help.unwrap_or_default()));
            seen(wrong.into_iter().chain(missing).chain(texts).collect())
        }
        // a source that is out of reach is no fault of the texts, and nothing is known of it
        Err(Refused::World(f)) => {
            let warning = not_checked(dir, &f.observed, &format!("expected {}", f.expected));
            let said = std::iter::once(warning).chain(texts_alone(dir)?.1).collect();
            Ok(Checked { said, unseen: true })
        }
    }
}

fn not_checked(dir: &str, why: &str, help: &str) -> Diagnostic {
    Diagnostic::new(codes::SOURCE_NOT_CHECKED, format!("the source of `{dir}` was not checked: {why}"))
        .help(help)
}

/// What can be said without the source, and whether the texts name one.
fn texts_alone(dir: &str) -> Result<(bool, Vec<Diagnostic>), Box<Failure>> {
    let texts = gather::texts(dir, Path::new("."))?;
    let mut diagnostics = texts.diagnostics;
    let named = texts.value.as_ref().is_some_and(|t| t.recipe.source.is_some());
    if let Some(value) = texts.value {
        let scripts: RecipeTexts = value.directory.scripts.get(&Origin::Project).cloned().unwrap_or_default();
        diagnostics.0.extend(gather::load_scripts(&scripts)?.1.0);
    }
    Ok((named, diagnostics.sorted()))
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
