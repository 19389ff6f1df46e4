//! `ccci plan`: what a run would do, for each upgrade base of the settings. Needs no engine and changes nothing.

use super::args::PlanArgs;
use super::out::Out;
use crate::app::{Refused, Request, Session};
use ccci_model::exit::Exit;
use ccci_report;
use ccci_report::plan::show;
use ccci_report::styled::Style;

/// Prints the plan.
pub fn plan(args: &PlanArgs, session: &Session, out: &Out) -> Exit {
    let (mut path, mut paths) = (0, 1);
    while path < paths {
        let request = Request { path, ..args.source.request(&args.recipe) };
        let prepared = match session.prepare(&request) {
            Ok(prepared) => prepared,
            Err(refused) => {
                out.say(&refusal(&refused, out));
                return refused.exit();
            }
        };
        out.diagnostics(&prepared.warnings);
        let plan = &prepared.job.plan;
        out.data(&match args.json {
            true => serde_json::to_string_pretty(plan).expect("a plan is plain data") + "\n",
            false if path > 0 => format!("\n{}", show(plan)),
            false => show(plan),
        });
        (path, paths) = (path + 1, prepared.paths);
    }
    Exit::Green
}

/// Why there is no job, as text for people.
pub fn refusal(refused: &Refused, out: &Out) -> String {
    let style = Style { colour: out.look.colour, width: out.look.width.min(120) };
    match refused {
        Refused::Wrong(diagnostics) => out.drawn(diagnostics),
        Refused::Failed(f) => ccci_report::text_of(f, style),
    }
}
