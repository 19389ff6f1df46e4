//! What a run that watched a converged stack cannot promise of it, each fit to stand after "not proved:". Pure.

use super::history::History;
use super::wanted::{Wanted, WantedService};
use crate::time::Span;
use crate::world::seen::{Mode, Restart, Seen};
use std::time::Duration;

/// Doubts about services that converged, after the last look. A task that ended by itself meanwhile was started anew by
/// Swarm, so later looks see nothing of it; and where no health check speaks, time alone does.
pub fn doubts(wanted: &Wanted, seen: &Seen, history: &History, now_ms: u64) -> Vec<String> {
    let mut out: Vec<String> = wanted.services.iter().filter_map(|w| ended(w, history)).collect();
    let unchecked: Vec<(String, u64)> = wanted
        .services
        .iter()
        .filter(|w| history.late_ends(&w.name).is_empty() && only_time_speaks_for(w, seen))
        .filter_map(|w| Some((format!("`{}`", w.name), now_ms.saturating_sub(history.up_since(&w.name)?))))
        .collect();
    if let Some(least) = unchecked.iter().map(|(_, ms)| *ms).min() {
        let names: Vec<&str> = unchecked.iter().map(|(name, _)| name.as_str()).collect();
        let (stays, has) = if names.len() == 1 { ("stays", "it has") } else { ("stay", "they have") };
        let (names, least) = (names.join(", "), Span(Duration::from_millis(least)));
        out.push(format!("that {names} {stays} up for longer than {least}: {has} no health check"));
    }
    out
}

fn ended(w: &WantedService, history: &History) -> Option<String> {
    let ends = history.late_ends(&w.name);
    let how = ends.last()?.words();
    Some(match ends.len() {
        1 => format!("that `{}` stays up: after it had converged, a task of it ended {how}", w.name),
        n => format!(
            "that `{}` stays up: after it had converged, {n} tasks of it ended, the last {how}",
            w.name
        ),
    })
}

fn only_time_speaks_for(w: &WantedService, seen: &Seen) -> bool {
    let ends_by_design = |mode: &Mode| matches!(mode, Mode::Job(_) | Mode::Replicated(0));
    seen.service(w.name.as_str())
        .is_some_and(|s| !s.has_healthcheck && s.restart != Restart::Never && !ends_by_design(&s.mode))
}
