//! What an upgrade from the base to the head cannot change, or needs and does not have. Pure.

use super::Texts;
use super::side::Side;
use ccci_model::diag::Diagnostic;
use ccci_model::name::Domain;
use ccci_model::tier::Rung;
use ccci_recipe::app_env::{From, app_env};
use ccci_recipe::lint::{Revision, Upgrade, upgrade};
use ccci_recipe::settings::{EnvFrom, Recipe};
use std::collections::BTreeMap;

/// The findings of the rules about upgrades. Without hooks the env of an installed app is known: the sample of the base,
/// the exports of the head, and what the settings give.
pub(crate) fn findings(installed: &BTreeMap<String, String>, base: &Side, head: &Side) -> Vec<Diagnostic> {
    let (Some(old), Some(new)) = (&base.published, &head.published) else { return vec![] };
    upgrade(&Upgrade {
        base: Revision { files: &base.facts.files, composed: old },
        head: Revision { files: &head.facts.files, composed: new },
        env: (!head.hooked).then_some(installed),
    })
}

/// Whether an upgrade takes the env of the installed app.
pub(crate) fn keeps_its_env(recipe: &Recipe) -> bool {
    recipe.upgrade_env_from == EnvFrom::Base && !recipe.expected_na.contains_key(Rung::Upgrade.name())
}

/// What the head's sample and files say and an installed app does not get, as it keeps its env.
pub(crate) fn kept(installed: &BTreeMap<String, String>, head: &Side) -> Vec<String> {
    let sampled = head.env.sample.entries.iter().filter_map(|e| Some((&e.key, head.env.vars.get(&e.key)?)));
    let differ = sampled.filter_map(|(key, new)| {
        let old = installed.get(key).filter(|old| *old != new)?;
        Some(format!("the head with `{key}={new}`, as its sample has it: an installed app keeps `{old}`"))
    });
    differ.collect()
}

/// The env of an installed app at the upgrade, before hooks: the sample of the base, the exports of the head, and what
/// the settings give.
pub(crate) fn installed(
    texts: &Texts,
    domain: &Domain,
    base: &Side,
    head: &Side,
) -> BTreeMap<String, String> {
    let recipe = &texts.recipe;
    let from = From {
        sample: base.facts.files.text(".env.sample"),
        abra: head.facts.files.text("abra.sh"),
        settings: &[&recipe.env, &recipe.upgrade_env],
        domain,
        recipe: &recipe.name,
    };
    app_env(&from).0.vars
}
