//! `ccci plan`: what a run would do. Needs no engine, touches nothing.

use super::args::PlanArgs;
use super::out::Out;
use super::prepare::{Refused, prepare};
use crate::exit::Exit;
use crate::plan::show::show;
use crate::world::clock::Stop;
use tokio::runtime::Handle;

/// Prints the plan.
pub fn plan(args: &PlanArgs, handle: &Handle, stop: &Stop, out: &Out) -> Exit {
    match prepare(&args.recipe, &args.source, false, handle, stop) {
        Ok(prepared) => {
            out.diagnostics(prepared.warnings);
            let plan = &prepared.job.plan;
            out.data(&if args.json {
                serde_json::to_string_pretty(plan).expect("a plan is plain data") + "\n"
            } else {
                show(plan)
            });
            Exit::Green
        }
        Err(refused) => say(refused, out),
    }
}

/// Tells why there is no job.
pub fn say(refused: Refused, out: &Out) -> Exit {
    let exit = refused.exit();
    match refused {
        Refused::Wrong(diagnostics) => out.diagnostics(diagnostics),
        Refused::World(f) => {
            out.say(&format!("error: {}", f.observed));
            out.say(&format!("  expected  {}", f.expected));
            for e in &f.evidence {
                out.say(&format!("  {}  {}", e.what, e.text));
            }
            out.say(&format!("  blame     {}", f.blame));
        }
    }
    exit
}
