//! `ccci check`: reports what is wrong in recipe directories, and makes the fixes that are safe.

use super::args::{CheckArgs, HUMAN};
use super::out::Out;
use super::plan::refusal;
use super::watch;
use crate::app::baseline;
use crate::app::check::all_here;
use crate::app::fix::{self, Change};
use crate::app::{Refused, Session};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, Severity, codes};
use ccci_model::exit::Exit;
use ccci_report::findings::{FINDINGS_FORMATS, FindingsFormat};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Most rounds of fixes. A fix can make room for another one, such as two in one line.
const MOST_ROUNDS: usize = 10;

/// What all directories together have shown.
#[derive(Default)]
struct Found {
    all: Vec<Diagnostic>,
    /// Directories that could not be read.
    blind: Vec<Refused>,
    /// Whether everything could be looked at.
    unseen: bool,
    /// What safe fixes would change.
    changes: Vec<Change>,
}

/// Checks directories, and their sources if those are available.
pub fn check(args: &CheckArgs, session: &Session, out: &Out) -> Exit {
    let format = match format(&args.format) {
        Ok(format) => format,
        Err(wrong) => return refuse(wrong, out),
    };
    if args.watch {
        return watch::again_and_again(session, || {
            // what is wrong with the call is told each time, and may be put right meanwhile
            once(args, format, session, out);
        });
    }
    once(args, format, session, out)
}

fn once(args: &CheckArgs, format: Option<&FindingsFormat>, session: &Session, out: &Out) -> Exit {
    let mut dirs = match args.dirs.is_empty() {
        false => args.dirs.clone(),
        true => all_here(&session.config),
    };
    if let Some(rev) = &args.changed {
        dirs = match session.touched(dirs, rev) {
            Ok(dirs) if dirs.is_empty() => {
                out.say(&format!("nothing to check: no recipe differs from {rev}"));
                return Exit::Green;
            }
            Ok(dirs) => dirs,
            Err(refused) => {
                out.say(&refusal(&refused, out));
                return refused.exit();
            }
        };
    }
    let found = match args.fix {
        true => fixed(&dirs, session, out),
        false => Ok(look(&dirs, session)),
    };
    let found = match found {
        Ok(found) => found,
        Err(wrong) => return refuse(wrong, out),
    };
    if args.diff {
        found.changes.iter().for_each(|change| out.data(&fix::unified(change)));
        return exit(&found, 0);
    }
    if let Some(file) = &args.write_baseline {
        return written(file, &found, out);
    }
    tell(found, args, format, &dirs, out)
}

fn look(dirs: &[String], session: &Session) -> Found {
    let mut found = Found::default();
    if dirs.is_empty() {
        let message =
            "there is nothing to check: no directory is named, and there is neither recipes/ nor ccci/ here";
        found.all.push(Diagnostic::new(codes::EMPTY_DIRECTORY, message).help("name a recipe directory"));
    }
    for checked in session.check_all(dirs) {
        match checked {
            Ok(checked) => {
                found.changes.extend(fix::changes(&checked.said, &checked.roots));
                found.all.extend(checked.said);
                found.unseen |= checked.unseen;
            }
            Err(failure) => found.blind.push(Refused::Failed(failure)),
        }
    }
    // two directories may have the same source
    found.changes.sort_by(|a, b| a.file.cmp(&b.file));
    found.changes.dedup_by(|a, b| a.file == b.file);
    found
}

/// Makes safe fixes until there are none, and says what each does.
fn fixed(dirs: &[String], session: &Session, out: &Out) -> Result<Found, Diagnostic> {
    let mut found = look(dirs, session);
    for _ in 0..MOST_ROUNDS {
        if found.changes.is_empty() {
            break;
        }
        for change in &found.changes {
            fix::write(change).map_err(|e| {
                let message = format!("`{}` cannot be written: {e}", change.file.display());
                Diagnostic::new(codes::UNREADABLE_FILE, message)
            })?;
            out.say(&format!("fixed {}: {}", change.shown, change.titles.join(", ")));
        }
        found = look(dirs, session);
    }
    Ok(found)
}

fn tell(
    mut found: Found,
    args: &CheckArgs,
    format: Option<&FindingsFormat>,
    dirs: &[String],
    out: &Out,
) -> Exit {
    let mut beside = vec![];
    if let Some(file) = &args.baseline {
        let compared = match compared(file, std::mem::take(&mut found.all)) {
            Ok(compared) => compared,
            Err(wrong) => return refuse(wrong, out),
        };
        beside.push(format!("in the baseline: {}", compared.known));
        if compared.gone > 0 {
            beside.push(format!("no longer found: {} (renew it with --write-baseline)", compared.gone));
        }
        found.all = compared.new;
    }
    let errors = count_errors(&found.all);
    let warnings = found.all.len() - errors;
    match format {
        Some(format) => out.data(&(format.render)(&found.all)),
        None if found.all.is_empty() => {}
        None => out.say(&out.blocks(&found.all)),
    }
    found.blind.iter().for_each(|refused| out.say(&refusal(refused, out)));
    if format.is_none() {
        let what = if dirs.is_empty() { "nothing".to_string() } else { dirs.join(", ") };
        if !found.changes.is_empty() {
            beside.push(format!("files that --fix would change: {}", found.changes.len()));
        }
        let beside: String = beside.iter().map(|b| format!(", {b}")).collect();
        out.say(&format!("checked {what}: errors: {errors}, warnings: {warnings}{beside}"));
    }
    exit(&found, if args.deny_warnings { warnings } else { 0 })
}

fn exit(found: &Found, denied: usize) -> Exit {
    if count_errors(&found.all) + denied > 0 {
        Exit::Wrong
    } else if found.blind.is_empty() && !found.unseen {
        Exit::Green
    } else {
        Exit::Error
    }
}

fn count_errors(all: &[Diagnostic]) -> usize {
    all.iter().filter(|d| d.severity == Severity::Error).count()
}

/// The format with this name; `None` for people.
fn format(name: &str) -> Result<Option<&'static FindingsFormat>, Diagnostic> {
    if name == HUMAN {
        return Ok(None);
    }
    let known = || FINDINGS_FORMATS.iter().map(|f| f.name).chain([HUMAN]);
    FINDINGS_FORMATS.iter().find(|f| f.name == name).map(Some).ok_or_else(|| {
        let all = known().collect::<Vec<_>>().join(", ");
        let help = did_you_mean(name, known()).map_or(String::new(), |h| format!("{h} "));
        Diagnostic::new(codes::BAD_FLAG, format!("no format of findings is called `{name}`"))
            .help(format!("{help}the formats are {all}"))
    })
}

fn compared(file: &Path, all: Vec<Diagnostic>) -> Result<baseline::Compared, Diagnostic> {
    let wrong = |why: String| {
        Diagnostic::new(codes::BAD_FLAG, format!("--baseline: `{}` {why}", file.display()))
            .help("write it with `ccci check --write-baseline FILE`")
    };
    let text = std::fs::read_to_string(file).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    baseline::compare(all, &text)
        .map_err(|line| wrong(format!("is no baseline: line {line} has no fingerprint")))
}

fn written(file: &Path, found: &Found, out: &Out) -> Exit {
    let text = out.redactor.hide(&baseline::write(&found.all));
    match write_for_all(file, &text) {
        Ok(()) => {
            out.say(&format!("wrote {} findings to {}", found.all.len(), file.display()));
            if found.blind.is_empty() && !found.unseen { Exit::Green } else { Exit::Error }
        }
        Err(e) => refuse(
            Diagnostic::new(codes::BAD_FLAG, format!("--write-baseline: `{}`: {e}", file.display())),
            out,
        ),
    }
}

/// Writes a file that others can read. What a run keeps is private; a baseline is to be shared.
fn write_for_all(file: &Path, text: &str) -> std::io::Result<()> {
    let is_new = !file.exists();
    std::fs::write(file, text)?;
    if is_new { std::fs::set_permissions(file, Permissions::from_mode(0o644)) } else { Ok(()) }
}

fn refuse(wrong: Diagnostic, out: &Out) -> Exit {
    out.diagnostics(&[wrong]);
    Exit::Wrong
}
