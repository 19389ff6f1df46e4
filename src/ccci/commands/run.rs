//! `ccci run`: the whole life of recipes, one after the other or several at a time.

use super::args::{RunArgs, RunFormat};
use super::key::Key;
use super::life::{NotLived, THIS_PROGRAM, directory, live, real_world};
use super::out::Out;
use super::plan::refusal;
use super::prepare::prepare;
use super::signals::{self, Asked, Lives};
use super::voices::{Manner, Voices};
use super::{engine, env, kept};
use ccci_model::diag::{Diagnostic, codes};
use ccci_model::exit::Exit;
use ccci_model::failure::{Failure, causes};
use ccci_report;
use ccci_report::sheet::Style;
use ccci_report::{human, list};
use ccci_runner::execute::job::Job;
use ccci_runner::record::journal::{Finished, RecordError};
use ccci_swarm::ports::clock::{Limit, Stop};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

/// An engine that does not say what it is within this time cannot be used.
const ENGINE_LIMIT: Duration = Duration::from_secs(20);

/// What to do when a domain's lock cannot be made.
const LOCKS: &str = "make a directory for all users of this machine (`install -d -m 1777 DIR`) and name it in CCCI_LOCKS for all of them";

/// What all runs of a call share.
struct Call<'a> {
    args: &'a RunArgs,
    handle: &'a Handle,
    stop: &'a Stop,
    lives: &'a Lives,
    out: &'a Out,
    voices: &'a Voices,
    style: Style,
}

/// How one run ended, with its line in the closing list.
struct Ended {
    exit: Exit,
    line: String,
}

/// Runs every recipe; the worst end is the call's end. A signal ends them all.
pub fn run(args: &RunArgs, handle: &Handle, stop: &Stop, asked: &Asked, lives: &Lives, out: &Out) -> Exit {
    let voices = Voices::start(out, manner(args, out));
    asked.set(Some(voices.asker()));
    let key = if out.look.live { Key::listen(voices.asker()) } else { None };
    let style = Style { colour: out.look.colour, width: out.look.width.min(120) };
    let call = Call { args, handle, stop, lives, out, voices: &voices, style };
    let ends = call.all();
    drop(key);
    let worst = ends.iter().map(|e| e.exit).fold(Exit::Green, worse);
    if args.recipes.len() > 1 {
        out.say(&format!("\nrecipes: {}", ends.len()));
        ends.iter().for_each(|e| out.say(&e.line));
    }
    asked.set(None);
    worst
}

fn manner(args: &RunArgs, out: &Out) -> Manner {
    let forge = env::forge();
    match (args.recipes.len() > 1 && args.jobs > 1, out.look.live) {
        (true, _) => Manner::Beside(forge, args.recipes.iter().map(|r| r.chars().count()).max().unwrap_or(0)),
        (false, true) => Manner::Live,
        (false, false) => Manner::Plain(forge),
    }
}

/// Bugs first, then signals, then what failed, then what is wrong, then what could not be looked at.
fn worse(a: Exit, b: Exit) -> Exit {
    let rank = |e: Exit| match e {
        Exit::Green => 0,
        Exit::Error => 1,
        Exit::Wrong => 2,
        Exit::Failed => 3,
        Exit::Interrupted | Exit::Terminated => 4,
        Exit::Bug => 5,
    };
    if rank(b) > rank(a) { b } else { a }
}

impl Call<'_> {
    /// As many at a time as are wanted; the next begins when one has ended.
    fn all(&self) -> Vec<Ended> {
        let recipes = &self.args.recipes;
        let next = AtomicUsize::new(0);
        let ends: Mutex<Vec<(usize, Ended)>> = Mutex::default();
        let work = || {
            while let n = next.fetch_add(1, Ordering::SeqCst)
                && let Some(recipe) = recipes.get(n)
            {
                let end = self.one(n, recipe);
                ends.lock().expect("nothing panics while holding the ends").push((n, end));
            }
        };
        std::thread::scope(|scope| {
            (1..usize::from(self.args.jobs).min(recipes.len())).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        let mut ends = ends.into_inner().expect("nothing panics while holding the ends");
        ends.sort_by_key(|(n, _)| *n);
        ends.into_iter().map(|(_, end)| end).collect()
    }

    fn one(&self, n: usize, recipe: &str) -> Ended {
        if let Some(reason) = self.stop.reason() {
            return Ended {
                exit: signals::exit(reason),
                line: format!("not run       {recipe}: stopped before it"),
            };
        }
        self.voices.reading(n, recipe);
        match self.life(n, recipe) {
            Ok(end) => end,
            Err((exit, words)) => {
                self.voices.over(n, None, &words);
                Ended { exit, line: format!("no verdict    {recipe}: exit {}", exit.code()) }
            }
        }
    }

    /// One life; or why there is none, in words for people.
    fn life(&self, n: usize, recipe: &str) -> Result<Ended, (Exit, String)> {
        let error = |seen: &str, cure: &str| {
            let failure = Failure::new(causes::ENGINE_REFUSED, "a machine that can run", seen);
            (Exit::Error, ccci_report::text_of(&failure.to_do(cure), self.style))
        };
        let stop = self.stop.below();
        let prepared =
            prepare(recipe, &self.args.source, self.args.keep, self.handle, &stop, &self.out.redactor)
                .map_err(|refused| {
                    let exit = self.stop.reason().map_or(refused.exit(), signals::exit);
                    (exit, refusal(refused, self.out))
                })?;
        self.out.diagnostics(prepared.warnings);
        let job = Job { keep_archives: self.args.keep_backups, ..prepared.job };
        let several = self.args.recipes.len() > 1;
        let asked = self.args.out.as_ref();
        let asked =
            asked.map(|d| if several { d.join(job.plan.subject().recipe.as_str()) } else { d.clone() });
        let dir = directory(asked.as_deref(), job.plan.run_id.as_str());
        let world = real_world(self.handle, THIS_PROGRAM.as_ref(), &dir)
            .map_err(|e| error(&format!("failed to open a socket on loopback: {e}"), "free a port"))?;
        // without an engine every step would say the same
        let limit = Limit { deadline: world.clock.now().after(ENGINE_LIMIT), stop: stop.clone() };
        world.cluster.engine(&limit).map_err(|e| {
            let exit = self.stop.reason().map_or(Exit::Error, signals::exit);
            (exit, ccci_report::text_of(&engine::unusable(&e), self.style))
        })?;
        self.voices.begins(n, kept::usual(&job.plan.subject().recipe));
        let life = self.lives.begin();
        let lived = live(&job, &world, &dir, &stop, self.voices.of(n));
        drop(life);
        let finished = lived.map_err(|e| match &e {
            NotLived::Record(e) => self.unkept(e),
            NotLived::Lock(..) => error(&format!("failed to {e}"), LOCKS),
            NotLived::Held(_) => error(&format!("failed to {e}"), "try again"),
        })?;
        Ok(self.told(n, recipe, finished, &dir))
    }

    /// Why there can be no record, and so no run.
    fn unkept(&self, e: &RecordError) -> (Exit, String) {
        if !e.is_wrong_place() {
            return (Exit::Error, ccci_report::text_of(&e.failure(), self.style));
        }
        let d = Diagnostic::new(codes::BAD_FLAG, format!("--out: failed to {e}"));
        (Exit::Wrong, self.out.drawn(vec![d.help("name another directory with `--out DIR`")]))
    }

    fn told(&self, n: usize, recipe: &str, finished: Finished, dir: &Path) -> Ended {
        let notes: String = finished.notes.iter().map(|note| format!("note: {note}\n")).collect();
        let Some(record) = &finished.record else {
            self.voices.over(
                n,
                None,
                &format!("{notes}error: the run left no record; this is a bug in ccci"),
            );
            return Ended { exit: Exit::Bug, line: format!("no verdict    {recipe}: no record") };
        };
        let page = match &self.args.out {
            Some(_) => human::draw_as(record, self.style, &dir.display().to_string()),
            None => human::draw(record, self.style),
        };
        let text = format!("\n{notes}{page}record    {}", dir.display());
        self.voices.over(n, Some(&record.outcome), &text);
        if self.args.format == RunFormat::Json {
            self.out.data(&String::from_utf8_lossy(&ccci_report::results::render(record)));
        }
        Ended { exit: record.outcome.exit, line: list::line(record, self.style) }
    }
}
