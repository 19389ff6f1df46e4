//! What a run says while it goes on, one line an event that matters.

use super::out::Out;
use crate::event::{Event, What};
use crate::tier::Status;
use crate::time::Span;
use std::time::Duration;

/// One line for an event, if it matters.
pub fn plain(out: &Out, event: &Event) {
    let at = Span(Duration::from_millis(event.at.0)).to_string();
    let line = match &event.what {
        What::RunStarted { plan, .. } => format!("{} on {} (run {})", plan.recipe, plan.domain, plan.run_id),
        What::StepStarted { title, tier, .. } => {
            format!("{}{title}", tier.map(|t| format!("{t}: ")).unwrap_or_default())
        }
        What::StepEnded { status: Status::Pass, ms, note, .. } => {
            let note = note.as_ref().map(|n| format!("  ({n})")).unwrap_or_default();
            format!("  done in {}{note}", Span(Duration::from_millis(*ms)))
        }
        What::StepEnded { status, failure, note, .. } => {
            let why = failure.as_ref().map(|f| f.to_string()).or_else(|| note.clone()).unwrap_or_default();
            format!("  {status}: {why}")
        }
        What::Waiting { on, .. } => format!("  waiting for {on}"),
        What::Said { by, text } => format!("  {by}: {text}"),
        What::TestEnded { file, name, status, .. } => format!("  {status}  {file} {name}"),
        What::Stopped { by } => format!("stopped by {by}"),
        _ => return,
    };
    out.say(&format!("{at:>7}  {line}"));
}
