//! `ccci clean`: reports what was removed of dead runs and kept apps, and what could not be removed.

use super::args::CleanArgs;
use super::out::Out;
use crate::app::Session;
use crate::app::clean::{Cleaned, NotCleaned};
use crate::app::engine;
use ccci_model::exit::Exit;
use ccci_model::time::utc_rfc3339;
use ccci_report::styled::Style;
use ccci_swarm::ports::ClusterError;

/// Cleans, and prints the result.
pub fn clean(session: &Session, args: &CleanArgs, out: &Out) -> Exit {
    match session.clean(args.elsewhere.as_deref(), &mut |on| out.say(&format!("waiting for {on}"))) {
        Ok(cleaned) => told(&cleaned, out),
        Err(NotCleaned::Engine(ClusterError::Stopped(_))) => {
            out.say("error: stopped; what is left can be removed by `ccci clean`");
            Exit::Error
        }
        Err(NotCleaned::Engine(e)) => {
            let style = Style { colour: false, width: out.look.width.min(120) };
            let failure = engine::unusable(&session.config.engine, &e);
            out.say(ccci_report::text_of(&failure, style).trim_end());
            Exit::Error
        }
        Err(e) => {
            out.say(&format!("error: failed to {e}"));
            Exit::Error
        }
    }
}

fn told(cleaned: &Cleaned, out: &Out) -> Exit {
    if cleaned.directories > 0 {
        out.say(&format!("removed {} temporary directories", cleaned.directories));
    }
    if cleaned.removed.is_empty() && cleaned.elsewhere.is_empty() && cleaned.directories == 0 {
        out.say("nothing was left by dead runs");
    }
    for domain in &cleaned.locked {
        out.say(&format!(
            "{domain}: left alone, because its lock is held by a run or a cleaning in progress"
        ));
    }
    for (domain, until) in &cleaned.elsewhere {
        let until = utc_rfc3339(until * 1_000);
        out.say(&format!(
            "{domain}: left alone, because its run has its locks elsewhere (`CCCI_LOCKS`, a container, another machine, or \
             before a restart of this one) and can be alive until {until}; `ccci clean --elsewhere {domain}` removes it now"
        ));
    }
    let mut held = 0;
    for (domain, removal) in &cleaned.removed {
        let parts: Vec<String> = removal.counts.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        out.say(&format!("{domain}: removed {}", parts.join(", ")));
        for h in &removal.held {
            held += 1;
            out.say(&format!("  {} {} stays: {}", h.kind, h.name, h.by));
        }
    }
    if held > 0 { Exit::Error } else { Exit::Green }
}
