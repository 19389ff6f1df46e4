//! `ccci plan`: what a run would do. Needs no engine and changes nothing.

use super::args::PlanArgs;
use super::out::Out;
use crate::app::{Refused, Session};
use ccci_model::exit::Exit;
use ccci_report;
use ccci_report::plan::show;
use ccci_report::styled::Style;

/// Prints the plan.
pub fn plan(args: &PlanArgs, session: &Session, out: &Out) -> Exit {
    match session.prepare(&args.source.request(&args.recipe)) {
        Ok(prepared) => {
            out.diagnostics(&prepared.warnings);
            let plan = &prepared.job.plan;
            out.data(&if args.json {
                serde_json::to_string_pretty(plan).expect("a plan is plain data") + "\n"
            } else {
                show(plan)
            });
            Exit::Green
        }
        Err(refused) => {
            let exit = refused.exit();
            out.say(&refusal(&refused, out));
            exit
        }
    }
}

/// Why there is no job, as text for people.
pub fn refusal(refused: &Refused, out: &Out) -> String {
    let style = Style { colour: out.look.colour, width: out.look.width.min(120) };
    match refused {
        Refused::Wrong(diagnostics) => out.drawn(diagnostics),
        Refused::Failed(f) => ccci_report::text_of(f, style),
    }
}
