//! What the stack should become, from the composed file. Pure.

use crate::recipe::compose::{Composed, Service};
use crate::world::converge::{Wanted, WantedMode, WantedService};
use crate::world::seen::Restart;

/// The wanted services; `fresh` says that a deploy came just before.
pub fn of(composed: &Composed, fresh: bool) -> Wanted {
    Wanted { services: composed.services().iter().map(service).collect(), fresh }
}

fn service(s: &Service) -> WantedService {
    let replicas = s.deploy.replicas.unwrap_or(1);
    WantedService {
        name: s.name.clone(),
        image: s.image.clone().unwrap_or_default(),
        mode: match s.deploy.mode.as_str() {
            "global" => WantedMode::Global,
            "replicated-job" => WantedMode::Job(replicas),
            "global-job" => WantedMode::Job(0),
            _ => WantedMode::Replicated(replicas),
        },
        restart: match s.deploy.restart.as_ref().and_then(|r| r.condition.as_deref()) {
            Some("none") => Restart::Never,
            Some("on-failure") => Restart::OnFailure,
            _ => Restart::Any,
        },
        labels: s.labels.clone(),
    }
}
