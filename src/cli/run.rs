//! `ccci run`: the whole life of recipes, one after the other.

use super::args::{RunArgs, RunFormat};
use super::life::{directory, live, real_world};
use super::out::Out;
use super::plan::say;
use super::prepare::prepare;
use crate::exit::Exit;
use crate::report::{self, journal::Finished};
use crate::world::clock::Stop;
use tokio::runtime::Handle;

/// Runs every recipe; the worst end is the call's end. A signal ends them all.
pub fn run(args: &RunArgs, handle: &Handle, stop: &Stop, out: &Out) -> Exit {
    let mut worst = Exit::Green;
    for recipe in &args.recipes {
        if stop.reason().is_some() {
            break;
        }
        let end = one(recipe, args, handle, stop, out);
        worst = worse(worst, end);
    }
    worst
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

fn one(recipe: &str, args: &RunArgs, handle: &Handle, stop: &Stop, out: &Out) -> Exit {
    let prepared = match prepare(recipe, &args.source, args.keep, handle, stop) {
        Ok(prepared) => prepared,
        Err(refused) => return say(refused, out),
    };
    out.diagnostics(prepared.warnings);
    let mut job = prepared.job;
    job.redactor = out.redactor.clone();
    let several = args.recipes.len() > 1;
    let asked = args.out.as_ref().map(|d| if several { d.join(job.plan.recipe.as_str()) } else { d.clone() });
    let dir = directory(asked.as_deref(), job.plan.run_id.as_str());
    let world = match real_world(handle, &dir) {
        Ok(world) => world,
        Err(e) => {
            out.say(&format!("error: failed to open a socket on loopback: {e}"));
            return Exit::Error;
        }
    };
    let domain = job.plan.domain.to_string();
    let _held = match world.locks.take(&domain) {
        Ok(Some(held)) => held,
        Ok(None) => {
            out.say(&format!("error: another run holds the domain `{domain}`"));
            return Exit::Error;
        }
        Err(e) => {
            out.say(&format!("error: failed to take the lock of `{domain}`: {e}"));
            return Exit::Error;
        }
    };
    let voice = out.clone();
    let said = live(&job, &world, &dir, stop, Box::new(move |event| super::voice::plain(&voice, event)));
    match said {
        Err(e) => {
            let f = e.failure();
            out.say(&format!("error: {}\n  expected  {}\n  blame     {}", f.observed, f.expected, f.blame));
            Exit::Error
        }
        Ok(finished) => told(finished, args, &dir, out),
    }
}

fn told(finished: Finished, args: &RunArgs, dir: &std::path::Path, out: &Out) -> Exit {
    for note in &finished.notes {
        out.say(&format!("note: {note}"));
    }
    let Some(record) = &finished.record else {
        out.say("error: the run left no record");
        return Exit::Bug;
    };
    out.say(&report::human::render(record));
    out.say(&format!("record: {}", dir.display()));
    if args.format == RunFormat::Json {
        out.data(&String::from_utf8_lossy(&report::results::render(record)));
    }
    record.outcome.exit
}
