//! `ccci records`: lists kept runs, shows one with its files, and removes those that are not needed any more.

use super::out::Out;
use super::record_args::{ListArgs, ListFormat, PruneArgs, RecordsArgs, RecordsCommand, Since};
use super::report::read;
use crate::app::prune::{self, Pruning};
use crate::app::session::clock;
use crate::app::{Config, records};
use ccci_model::exit::Exit;
use ccci_model::time::utc_rfc3339;
use ccci_report::styled::Style;
use ccci_report::{human, list};
use ccci_runner::record::index::{Listed, Summary};
use ccci_runner::record::retention::Retention;

/// Does what was asked for.
pub fn records(args: &RecordsArgs, config: &Config, out: &Out) -> Exit {
    match &args.command {
        RecordsCommand::List(args) => listed(args, config, out),
        RecordsCommand::Show { run } => show(run.as_deref(), config, out),
        RecordsCommand::Prune(args) => pruned(args, config, out),
    }
}

/// Lists the runs that are kept.
pub fn listed(args: &ListArgs, config: &Config, out: &Out) -> Exit {
    let all = match records::list(config) {
        Ok(all) => all,
        Err(e) => return not_listed(config, &e, out),
    };
    let now = clock().wall_ms();
    let is_asked_for = |l: &Listed| l.summary.as_ref().map_or(!args.filters(), |run| args.takes(run, now));
    let chosen: Vec<Listed> = all.into_iter().filter(is_asked_for).collect();
    let goes_on = |run: &Summary| records::goes_on(config, run);
    out.data(&match args.format {
        ListFormat::Human => list::draw(&chosen, &goes_on, Style::PLAIN),
        ListFormat::Short => list::short(&chosen, &goes_on),
        ListFormat::Json => list::json(&chosen, &goes_on, &config.records()),
    });
    Exit::Green
}

fn not_listed(config: &Config, e: &std::io::Error, out: &Out) -> Exit {
    out.say(&format!("error: failed to list `{}`: {e}", config.records().display()));
    Exit::Error
}

impl ListArgs {
    /// Whether some runs are left out.
    fn filters(&self) -> bool {
        self.recipe.is_some() || self.verdict.is_some() || self.since.is_some()
    }

    fn takes(&self, run: &Summary, now_ms: u64) -> bool {
        let since = |since: &Since| match since {
            Since::Day(day) => utc_rfc3339(run.began_ms).as_str() >= day.as_str(),
            Since::Ago(span) => u128::from(now_ms.saturating_sub(run.began_ms)) <= span.as_millis(),
        };
        self.recipe.as_deref().is_none_or(|name| name == run.recipe.as_str())
            && self.verdict.is_none_or(|verdict| verdict == run.verdict)
            && self.since.as_ref().is_none_or(since)
    }
}

/// The summary of a run, where its files are, and how large they are.
fn show(run: Option<&str>, config: &Config, out: &Out) -> Exit {
    let Some((dir, record)) = read(run, config, out) else { return Exit::Wrong };
    match records::files(&dir) {
        Ok(files) => {
            out.data(&format!("{}\n{}", human::render(&record), list::files(&dir, &files)));
            Exit::Green
        }
        Err(e) => {
            out.say(&format!("error: failed to look at `{}`: {e}", dir.display()));
            Exit::Error
        }
    }
}

fn pruned(args: &PruneArgs, config: &Config, out: &Out) -> Exit {
    let rule = Retention {
        older_ms: args.older.map(|days| u64::from(days) * 86_400_000),
        keep: args.keep,
        max_bytes: args.max_size,
        all: args.all,
    };
    match prune::prune(config, &rule, args.dry_run) {
        Ok(pruning) => told(&pruning, args.dry_run, config, out),
        Err(e) => not_listed(config, &e, out),
    }
}

fn told(pruning: &Pruning, dry: bool, config: &Config, out: &Out) -> Exit {
    let (mut text, mut freed, mut exit) = (String::new(), 0u64, Exit::Green);
    let (mut runs, mut archives) = (0, 0);
    for p in &pruning.pruned {
        match &p.freed {
            Ok(bytes) => {
                freed += bytes;
                *if p.archives_only { &mut archives } else { &mut runs } += 1;
                text += &list::pruned(&p.run, p.archives_only, *bytes);
            }
            Err(why) => {
                exit = Exit::Error;
                out.say(&format!("error: {}: failed to {why}", p.run.run_id));
            }
        }
    }
    let would = if dry { "would be removed" } else { "removed" };
    text += &format!(
        "{would}: runs: {runs}, archives of runs: {archives}, {}; kept: runs: {}\n",
        list::size(freed),
        pruning.kept
    );
    out.data(&text);
    if !pruning.unreadable.is_empty() {
        let names = pruning.unreadable.join(", ");
        out.say(&format!(
            "note: left alone in {}, because they cannot be read: {names}",
            config.records().display()
        ));
    }
    if pruning.above > 0 {
        out.say(&format!(
            "note: {} more than asked for: what is left goes on, or is the last green run of its recipe (see --all)",
            list::size(pruning.above)
        ));
    }
    exit
}
