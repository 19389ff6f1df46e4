//! `ccci run`: the whole lifecycle of recipes, one after the other or several at the same time.

use super::args::{RunArgs, RunFormat};
use super::env;
use super::key::Key;
use super::list_tests;
use super::out::Out;
use super::plan::refusal;
use super::reporters::{Manner, Reporters};
use super::signals::Asked;
use crate::app::campaign::{self, Campaign, End, Listener, NoRun};
use crate::app::check::all_here;
use crate::app::run::Hear;
use crate::app::{Request, Session};
use ccci_model::diag::{Diagnostic, codes};
use ccci_model::exit::Exit;
use ccci_report::styled::Style;
use ccci_report::usual::Usual;
use ccci_report::{human, list, results};
use ccci_runner::record::journal::{Finished, RecordError};
use std::path::Path;

/// Runs every recipe; the exit code is the worst of all runs. A signal stops all of them.
pub fn run(args: &RunArgs, session: &Session, asked: &Asked, out: &Out) -> Exit {
    let chosen;
    let args = match &args.changed {
        None => args,
        Some(rev) => match touched(args, rev, session, out) {
            Ok(args) => {
                chosen = args;
                &chosen
            }
            Err(exit) => return exit,
        },
    };
    if args.list {
        return list_tests::list(args, session, out);
    }
    let reporters = Reporters::start(out, manner(args, out));
    asked.set(Some(reporters.asker()));
    let key = if out.look.live { Key::listen(reporters.asker()) } else { None };
    let style = Style { colour: out.look.colour, width: out.look.width.min(120) };
    let reporter = Telling { args, out, reporters: &reporters, style };
    let ends = session.campaign(&campaign(args), &reporter);
    drop(key);
    if ends.len() > 1 {
        let what = if ends.len() > args.recipes.len() { "runs" } else { "recipes" };
        out.say(&format!("\n{what}: {}", ends.len()));
        ends.iter().for_each(|ended| {
            let from = if ends.len() > args.recipes.len() { base(&ended.end) } else { String::new() };
            out.say(&format!("{}{from}", line(&ended.name, &ended.end, style)));
        });
    }
    asked.set(None);
    campaign::worst(&ends)
}

/// The same call with the recipes that a change touches.
fn touched(args: &RunArgs, rev: &str, session: &Session, out: &Out) -> Result<RunArgs, Exit> {
    let all = if args.recipes.is_empty() { all_here(&session.config) } else { args.recipes.clone() };
    let recipes = session.touched(all, rev).map_err(|refused| {
        out.say(&refusal(&refused, out));
        refused.exit()
    })?;
    if recipes.is_empty() {
        out.say(&format!("nothing to run: no recipe differs from {rev}"));
        return Err(Exit::Green);
    }
    Ok(RunArgs { recipes, changed: None, ..args.clone() })
}

fn campaign(args: &RunArgs) -> Campaign {
    let request = |recipe: &String| Request {
        keep: args.keep,
        browser: !args.no_browser,
        keep_archives: args.keep_backups,
        ..args.source.request(recipe)
    };
    Campaign {
        requests: args.recipes.iter().map(request).collect(),
        at_a_time: usize::from(args.jobs),
        fail_fast: args.fail_fast,
        out: args.out.clone(),
    }
}

fn manner(args: &RunArgs, out: &Out) -> Manner {
    let forge = env::forge();
    match (args.recipes.len() > 1 && args.jobs > 1, out.look.live) {
        (true, _) => Manner::Beside(forge, args.recipes.iter().map(|r| r.chars().count()).max().unwrap_or(0)),
        (false, true) => Manner::Live,
        (false, false) => Manner::Plain(forge),
    }
}

/// The closing line for one of several runs.
fn line(recipe: &str, end: &End, style: Style) -> String {
    match end {
        End::Ran { finished, .. } => match &finished.record {
            Some(record) => list::line(record, style),
            None => format!("no verdict    {recipe}: no record"),
        },
        End::Refused { exit, .. } => format!("no verdict    {recipe}: exit {}", exit.code()),
        End::Stopped(_) => format!("not run       {recipe}: stopped before it began"),
        End::LeftOut => format!("not run       {recipe}: another one failed before it began"),
    }
}

/// What tells the runs of one recipe apart.
fn base(end: &End) -> String {
    let End::Ran { finished, .. } = end else { return String::new() };
    let record = finished.record.as_ref();
    let base = record.and_then(|r| r.outcome.plan.subject().base.as_ref());
    base.map_or_else(|| ", without a base".into(), |b| format!(", from {}", b.found_as))
}

/// Shows the runs of a call to people, and writes data for programs.
struct Telling<'a> {
    args: &'a RunArgs,
    out: &'a Out,
    reporters: &'a Reporters,
    style: Style,
}

impl Listener for Telling<'_> {
    fn reading(&self, run: usize, name: &str) {
        self.reporters.reading(run, name);
    }

    fn warned(&self, _: usize, warnings: Vec<Diagnostic>) {
        self.out.diagnostics(&warnings);
    }

    fn begins(&self, run: usize, usual: Usual) {
        self.reporters.begins(run, usual);
    }

    fn events(&self, run: usize) -> Box<Hear> {
        self.reporters.of(run)
    }

    fn over(&self, run: usize, end: &End) {
        match end {
            End::Ran { finished, dir, .. } => self.finished(run, finished, dir),
            End::Refused { why, .. } => self.reporters.over(run, None, &self.refused(why)),
            End::Stopped(_) | End::LeftOut => {}
        }
    }
}

impl Telling<'_> {
    /// Why a run could not begin, as text for people.
    fn refused(&self, why: &NoRun) -> String {
        match why {
            NoRun::Job(refused) => refusal(refused, self.out),
            NoRun::Place(e) => self.unkept(e),
        }
    }

    fn unkept(&self, e: &RecordError) -> String {
        let d = Diagnostic::new(codes::BAD_FLAG, format!("--out: failed to {e}"));
        self.out.drawn(&[d.help("name another directory with `--out DIR`")])
    }

    fn finished(&self, run: usize, finished: &Finished, dir: &Path) {
        let notes: String = finished.notes.iter().map(|note| format!("note: {note}\n")).collect();
        let Some(record) = &finished.record else {
            let text = format!("{notes}error: the run left no record; this is a bug in ccci");
            return self.reporters.over(run, None, &text);
        };
        let page = match &self.args.out {
            Some(_) => human::draw_as(record, self.style, &dir.display().to_string()),
            None => human::draw(record, self.style),
        };
        let text = format!("\n{notes}{page}record    {}", dir.display());
        self.reporters.over(run, Some(&record.outcome), &text);
        if self.args.format == RunFormat::Json {
            self.out.data(&String::from_utf8_lossy(&results::render(record)));
        }
    }
}
