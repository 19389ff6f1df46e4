//! Turns what was gathered into inputs of the plan. Pure.

use super::Gathered;
use ccci_model::event::DecidedBy;
use ccci_model::plan::Setting;
use ccci_model::plan::left_alone::Outside;
use ccci_recipe::compose::Composed;
use ccci_recipe::keys;
use ccci_recipe::labels::{self, BACKED_UP, OLD_BACKED_UP};
use ccci_recipe::settings::Capable;
use ccci_swarm::routing::labels::Labels;
use std::collections::{BTreeMap, BTreeSet};

impl Gathered {
    /// Whether a service is routed; without one, no HTTP request is made.
    pub fn routed(&self) -> bool {
        self.head.composed.as_ref().is_some_and(|c| first(c, labels::is_routed).is_some())
    }

    /// Places that the services of either side mount and that ccci does not touch, each once.
    pub fn left_alone(&self) -> Vec<Outside> {
        let mut out: Vec<Outside> = vec![];
        for side in self.base.iter().chain([&self.head]) {
            for place in side.composed.iter().flat_map(Composed::outside) {
                if !out.contains(&place) {
                    out.push(place);
                }
            }
        }
        out
    }

    /// What a run does not prove because the ingress does not emulate a middleware of either side, each once.
    pub fn not_emulated(&self) -> Vec<String> {
        let sides = self.base.iter().chain([&self.head]);
        let services = sides.flat_map(|side| side.composed.iter().flat_map(Composed::services));
        let read = services.filter_map(|s| Labels::read(&s.labels).ok()).filter(|labels| labels.enabled);
        let said: BTreeSet<String> = read.flat_map(|l| l.not_proved().collect::<Vec<_>>()).collect();
        said.into_iter().collect()
    }

    /// Whether there is something to back up, why, and who decided.
    pub fn backup(&self) -> (bool, String, DecidedBy) {
        match self.texts.recipe.backup_capable {
            Capable::Yes => (true, "the settings say `backup.capable = true`".into(), DecidedBy::Recipe),
            Capable::No => (false, "the settings say `backup.capable = false`".into(), DecidedBy::Recipe),
            Capable::Auto => {
                let service = self.head.composed.as_ref().and_then(|c| first(c, labels::is_backed_up));
                let old =
                    || self.head.composed.as_ref().and_then(|c| first(c, |l| l.contains_key(OLD_BACKED_UP)));
                let reason = match (&service, old()) {
                    (Some(name), _) => format!("the service `{name}` has the label {BACKED_UP}"),
                    // lesson 13: the author of the old label believes that there is a backup
                    (None, Some(name)) => format!(
                        "no service has the label {BACKED_UP}=true; the service `{name}` has the old label \
                         {OLD_BACKED_UP} alone, which version 2 of the contract ignores"
                    ),
                    (None, None) => format!("no service has the label {BACKED_UP}=true"),
                };
                (service.is_some(), reason, DecidedBy::Structure)
            }
        }
    }

    /// Settings that differ from the default, each with the place where it is set.
    pub fn settings(&self) -> Vec<Setting> {
        let from = |key: &str| self.texts.spans.of(key).map(ToString::to_string).unwrap_or_default();
        let changed = keys::changed(&self.texts.recipe);
        changed
            .into_iter()
            .map(|(k, value)| Setting { key: k.name.into(), value, from: from(k.name) })
            .collect()
    }
}

/// The first service whose labels fulfil the condition.
fn first(composed: &Composed, such: impl Fn(&BTreeMap<String, String>) -> bool) -> Option<String> {
    composed.services().iter().find(|s| such(&s.labels)).map(|s| s.name.to_string())
}
