//! Turns what was gathered into inputs of the plan. Pure.

use super::Gathered;
use super::side::Side;
use crate::build::Data;
use ccci_model::diag::Text;
use ccci_model::event::DecidedBy;
use ccci_model::plan::Setting;
use ccci_model::plan::left_alone::Outside;
use ccci_recipe::compose::Composed;
use ccci_recipe::directory::{Directory, overlay};
use ccci_recipe::keys;
use ccci_recipe::labels::{self, BACKED_UP, OLD_BACKED_UP};
use ccci_recipe::settings::Capable;
use ccci_swarm::routing::labels::Labels;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Gathered {
    /// Whether a service is routed; without one, no HTTP request is made.
    pub fn routed(&self) -> bool {
        is_routed(&self.head)
    }

    /// Whether nothing stands in a recipe directory, so that only what ccci asks of every app is asked.
    pub fn has_no_directory(&self) -> bool {
        let Directory { settings, scripts, overlays, .. } = &self.texts.directory;
        settings.is_empty() && overlays.is_empty() && scripts.values().all(BTreeMap::is_empty)
    }

    /// What an upgrade leaves open about the head.
    pub fn open_at_upgrade(&self) -> Vec<String> {
        let lost = self.base.as_ref().is_some_and(is_routed) && !is_routed(&self.head);
        let lost =
            lost.then(|| "an answer of the upgraded app: the base is routed and the head is not".to_string());
        self.kept.iter().cloned().chain(lost).collect()
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

    /// What the overlays change of the recipe itself, which the run does not prove of it.
    pub fn overlaid(&self) -> Vec<String> {
        let of_one = |overlay: &Arc<Text>| -> Vec<String> {
            let name = overlay.path.rsplit('/').next().unwrap_or_default().to_string();
            let line = |what: String| format!("what the recipe itself has as {what}: {name} changes it");
            overlay::changes(overlay).into_iter().map(line).collect()
        };
        self.texts.directory.overlays.iter().flat_map(of_one).collect()
    }

    /// What becomes of the volumes of the base at the upgrade, as far as the files of both sides are known.
    pub fn data(&self) -> Data {
        let (Some(base), head) = (&self.base, &self.head) else { return Data::default() };
        let (Some(old), Some(new)) = (&base.composed, &head.composed) else { return Data::default() };
        Data { any: !mounts_of(old).is_empty(), unmounted: unmounted(old, new) }
    }

    /// Whether there is something to back up, why, and who decided.
    pub fn backup(&self) -> (bool, String, DecidedBy) {
        match self.texts.recipe.backup_capable {
            Capable::Yes => (true, "the settings say `backup.capable = true`".into(), DecidedBy::Recipe),
            Capable::No => (false, "the settings say `backup.capable = false`".into(), DecidedBy::Recipe),
            Capable::Auto => {
                // a label that only an overlay of the tests has is no backup of the recipe
                let own = self.head.published.as_ref();
                let service = own.and_then(|c| first(c, labels::is_backed_up));
                let old = || own.and_then(|c| first(c, |l| l.contains_key(OLD_BACKED_UP)));
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

/// A volume with a name at a path of a service.
struct Mounted {
    volume: String,
    service: String,
    target: String,
}

/// Volumes with a name that the base mounts and the head does not, one in a text that can follow "because".
pub(crate) fn unmounted(base: &Composed, head: &Composed) -> Vec<String> {
    let mounts = mounts_of(head);
    let (mut out, mut told) = (vec![], BTreeSet::new());
    for Mounted { volume, service, target } in mounts_of(base) {
        if mounts.iter().any(|m| m.volume == volume) || !told.insert(volume.clone()) {
            continue;
        }
        let instead = mounts.iter().find(|m| m.service == service && m.target == target);
        let instead = instead.map_or(String::new(), |m| format!(", where the head mounts `{}`", m.volume));
        out.push(format!(
            "no service of the head mounts the volume `{volume}`, which the base mounts at {target} of \
             `{service}`{instead}"
        ));
    }
    out
}

/// The mounts of volumes with a name, in the order of the files. A volume is known by the name that the engine gives it,
/// without that of the stack.
fn mounts_of(composed: &Composed) -> Vec<Mounted> {
    let volumes = composed.volumes();
    let named = |key: &str| {
        let volume = volumes.iter().find(|v| v.key == key)?;
        Some(volume.engine_name("").trim_start_matches('_').to_string())
    };
    let mut out = vec![];
    for service in composed.services() {
        for mount in service.mounts.iter().filter(|m| m.kind == "volume") {
            let (service, target) = (service.name.to_string(), mount.target.clone());
            out.extend(named(&mount.source).map(|volume| Mounted { volume, service, target }));
        }
    }
    out
}

fn is_routed(side: &Side) -> bool {
    side.composed.as_ref().is_some_and(|c| first(c, labels::is_routed).is_some())
}

/// The first service whose labels fulfil the condition.
fn first(composed: &Composed, such: impl Fn(&BTreeMap<String, String>) -> bool) -> Option<String> {
    composed.services().iter().find(|s| such(&s.labels)).map(|s| s.name.to_string())
}
