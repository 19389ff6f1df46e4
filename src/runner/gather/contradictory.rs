//! Finds settings that leave out what other settings, hooks or tests of the same recipe are for.

use super::Texts;
use ccci_model::diag::{Diagnostic, Diagnostics, Place, Text, codes};
use ccci_model::tier::{TIERS, Tier};
use ccci_recipe::settings::{Capable, UpgradeBase};
use ccci_script::Scripts;
use std::sync::Arc;

/// Hooks that are called in one tier only.
const HOOKS: &[(Tier, &str)] = &[
    (Tier::Upgrade, "pre_upgrade"),
    (Tier::Upgrade, "upgrade_extra_env"),
    (Tier::Backup, "pre_backup"),
    (Tier::Backup, "backup_verify"),
    (Tier::Restore, "pre_restore"),
];

/// A setting that leaves tiers out.
struct LeavesOut {
    /// As it is written.
    setting: String,
    tiers: Vec<Tier>,
    place: Option<Place>,
}

/// Warns of what is written and never runs because of a setting.
pub fn contradictions(texts: &Texts, scripts: &Scripts) -> Diagnostics {
    let settings = leave_out(texts);
    Diagnostics(settings.iter().filter_map(|s| against(s, texts, scripts)).collect())
}

fn leave_out(texts: &Texts) -> Vec<LeavesOut> {
    let (recipe, spans) = (&texts.recipe, &texts.spans);
    let mut out = vec![];
    if recipe.backup_capable == Capable::No {
        let tiers = vec![Tier::Backup, Tier::Restore];
        let place = spans.of("backup.capable").cloned();
        out.push(LeavesOut { setting: "backup.capable = false".into(), tiers, place });
    }
    if recipe.upgrade_bases == [UpgradeBase::None] {
        let place = spans.of("upgrade.base").cloned();
        out.push(LeavesOut { setting: "upgrade.base = \"none\"".into(), tiers: vec![Tier::Upgrade], place });
    }
    for rung in recipe.expected_na.keys() {
        let tiers = TIERS.iter().filter(|row| row.rung.name() == rung).map(|row| row.tier).collect();
        let place = spans.entry("expected_na", rung);
        out.push(LeavesOut { setting: format!("expected_na.{rung}"), tiers, place });
    }
    out
}

/// What is written for the tiers that a setting leaves out.
fn against(setting: &LeavesOut, texts: &Texts, scripts: &Scripts) -> Option<Diagnostic> {
    let mut parts: Vec<(String, Option<Place>)> = vec![];
    let hooks = HOOKS.iter().filter(|(tier, hook)| setting.tiers.contains(tier) && scripts.defines(hook));
    parts.extend(hooks.map(|(_, hook)| (format!("`{hook}`"), of_hook(texts, hook))));
    for tier in &setting.tiers {
        let mut files: Vec<String> = scripts.tests(*tier).into_iter().map(|t| t.file).collect();
        files.dedup();
        parts.extend(files.into_iter().map(|file| {
            let start = text(texts, &file).map(|text| Place::start_of(&text));
            (format!("`{file}`"), start)
        }));
    }
    let capable = texts.recipe.backup_capable == Capable::Yes && setting.tiers.contains(&Tier::Backup);
    if capable && setting.setting != "backup.capable = false" {
        parts.push(("`backup.capable = true`".into(), texts.spans.of("backup.capable").cloned()));
    }
    let (_, other) = parts.first()?;
    let other = other.clone();
    let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    let tiers: Vec<&str> = setting.tiers.iter().map(|t| t.name()).collect();
    let message = format!(
        "`{}` leaves out {}, and {} would never be used",
        setting.setting,
        tiers.join(" and "),
        names.join(", ")
    );
    let mut d =
        Diagnostic::new(codes::CONTRADICTION, message).help("remove the setting, or what it leaves out");
    d.place = setting.place.clone();
    Some(match other {
        Some(place) => d.other(place, "this is never used"),
        None => d,
    })
}

fn text(texts: &Texts, file: &str) -> Option<Arc<Text>> {
    texts.directory.scripts.values().rev().find_map(|files| files.get(file)).cloned()
}

/// The place of a hook's name.
fn of_hook(texts: &Texts, hook: &str) -> Option<Place> {
    let text = text(texts, "hooks.rhai")?;
    let at = text.content.find(&format!("fn {hook}("))? + "fn ".len();
    Some(Place::new(&text, at..at + hook.len()))
}
