//! Rules about an upgrade: what an installed app keeps, or what Swarm refuses to change. They compare two revisions, so
//! they are no part of the lint rung; the plan warns of them.

use super::{Check, Finding, RULES};
use crate::compose::Composed;
use crate::compose_files;
use crate::envfile::EnvFile;
use crate::source::{Files, version_label};
use ccci_model::diag::{Diagnostic, Diagnostics, Place, codes};
use ccci_model::name::Version;
use std::collections::BTreeMap;

/// Fields that docker sets when it makes a network or a volume, and never again.
const KEPT: [(&str, &[&str]); 2] = [
    ("networks", &["driver", "driver_opts", "internal", "attachable", "ipam"]),
    ("volumes", &["driver", "driver_opts"]),
];

/// A revision as it would be deployed.
#[derive(Debug, Clone, Copy)]
pub struct Revision<'a> {
    /// Its files.
    pub files: &'a Files,
    /// What its compose files come to.
    pub composed: &'a Composed,
}

/// Two revisions of a recipe.
#[derive(Debug, Clone, Copy)]
pub struct Upgrade<'a> {
    /// What is installed.
    pub base: Revision<'a>,
    /// What it becomes.
    pub head: Revision<'a>,
    /// The env that an installed app has when it is upgraded; `None` if hooks may add to it.
    pub env: Option<&'a BTreeMap<String, String>>,
}

/// What the rules about upgrades find.
pub fn upgrade(upgrade: &Upgrade<'_>) -> Vec<Diagnostic> {
    let mut out = vec![];
    for rule in RULES {
        if let Check::Upgrade(look) = rule.check {
            out.extend(look(upgrade).into_iter().map(|f| f.diagnostic(rule)));
        }
    }
    out
}

pub(super) fn mode(u: &Upgrade<'_>) -> Vec<Finding> {
    let both = u.head.composed.services().iter().filter_map(|new| {
        let old = u.base.composed.service(new.name.as_str())?;
        (old.deploy.mode != new.deploy.mode).then_some((old, new))
    });
    both.map(|(old, new)| {
        let place = u.head.composed.place_of(&new.name, &["deploy", "mode"]);
        let message = format!(
            "`{}` is {} in the installed version and {} here: Swarm refuses to change the mode of a service",
            new.name, old.deploy.mode, new.deploy.mode
        );
        let help = "give the service another name, so that the old one is removed and the new one made";
        Finding::at(place.unwrap_or_else(|| new.place.clone()), message, help)
    })
    .collect()
}

pub(super) fn kept(u: &Upgrade<'_>) -> Vec<Finding> {
    let mut out = vec![];
    for (section, fields) in KEPT {
        let objects = |c: &Composed| if section == "networks" { c.networks() } else { c.volumes() };
        let old = objects(u.base.composed);
        for object in objects(u.head.composed).into_iter().filter(|o| !o.external) {
            let same =
                |o: &&crate::compose::Object| o.key == object.key && o.name == object.name && !o.external;
            if old.iter().find(same).is_none() {
                continue;
            }
            let kind = section.trim_end_matches('s');
            for field in fields {
                if let Some(place) = u.head.composed.changed(u.base.composed, section, &object.key, field) {
                    let message = format!(
                        "`{field}` of the {kind} `{}` changes for fresh installs only: installed apps keep their {kind}",
                        object.key
                    );
                    let help = format!(
                        "give the {kind} another name, or say in the release notes how to replace it"
                    );
                    out.push(Finding::at(place, message, help));
                }
            }
        }
    }
    out
}

pub(super) fn content(u: &Upgrade<'_>) -> Vec<Finding> {
    let mut out = vec![];
    for (kind, section) in [("config", "configs"), ("secret", "secrets")] {
        let objects = |c: &Composed| if section == "configs" { c.configs() } else { c.secrets() };
        let old = objects(u.base.composed);
        for object in objects(u.head.composed).into_iter().filter(|o| !o.external) {
            // the name that the engine knows decides, and no stack has this one
            let named =
                |o: &&crate::compose::Object| !o.external && o.engine_name("") == object.engine_name("");
            let before = old.iter().find(named).and_then(|o| u.base.files.bytes_at(o.file.as_ref()?));
            let now = object.file.as_ref().and_then(|file| u.head.files.bytes_at(file));
            let (Some(before), Some(now)) = (before, now) else { continue };
            let place = u.head.composed.place_of_object(section, &object.key, "file");
            if let Some(place) = place.filter(|_| before != now) {
                let message = format!(
                    "the content of the {kind} `{}` changed and its name did not: Swarm refuses to change a {kind}",
                    object.key
                );
                let help = "raise the version in its name, which `abra.sh` exports";
                let finding = Finding::at(place, message, help);
                let text = object.file.as_ref().and_then(|file| u.head.files.text_at(file));
                out.push(match text {
                    Some(text) => finding.other(Place::start_of(text), "this file changed"),
                    None => finding,
                });
            }
        }
    }
    out
}

/// Composes the head with the env of an installed app. What is then missing, and is in the head's sample, is what an
/// operator has to add.
pub(super) fn variables(u: &Upgrade<'_>) -> Vec<Finding> {
    let Some(env) = u.env else { return vec![] };
    let Ok(texts) = compose_files::read(env, u.head.files) else { return vec![] };
    let (_, found) = compose_files::compose(&texts, env, u.head.files);
    let sample = u.head.files.text(".env.sample").map(|t| EnvFile::parse(t).0).unwrap_or_default();
    let told = |name: &str| release_notes(u).any(|notes| notes.contains(name));
    let say = |d: Diagnostic| {
        let name = d.about.filter(|n| sample.get(n).is_some_and(|v| !v.is_empty()) && !told(n))?;
        let what = match d.code == codes::MISSING_VARIABLE {
            true => "which is required here",
            false => "so it is empty here",
        };
        let message = format!("an installed app has no `{name}`, {what}: its `.env.sample` did not have it");
        let help = format!(
            "give it a default (`${{{name}:-…}}`); or tell operators in `release/next` to add it, and set it in `upgrade.env`"
        );
        Some(Finding::at(d.place?, message, help))
    };
    let lacking = |d: &Diagnostic| d.code == codes::MISSING_VARIABLE || d.code == codes::UNSET_VARIABLE;
    let Diagnostics(found) = found;
    found.into_iter().filter(lacking).filter_map(say).collect()
}

/// Release notes that the base does not have.
fn release_notes<'a>(u: &'a Upgrade<'_>) -> impl Iterator<Item = &'a str> {
    let notes = u.head.files.texts.iter().filter(|(path, _)| path.starts_with("release/"));
    let new =
        notes.filter(|(path, text)| u.base.files.text(path).is_none_or(|old| old.content != text.content));
    new.map(|(_, text)| text.content.as_str())
}

/// An image of a new major version in a recipe whose own version rose in its last number only.
pub(super) fn bump(u: &Upgrade<'_>) -> Vec<Finding> {
    let (Some(old), Some(new)) = (version_label(u.base.files), version_label(u.head.files)) else {
        return vec![];
    };
    if new <= old || !new.is_patch_of(&old) {
        return vec![];
    }
    let services = u.head.composed.services().iter();
    let images = services.filter_map(|s| {
        let (name, major) = major(s.image.as_deref()?)?;
        let before = u.base.composed.service(s.name.as_str())?.image.as_deref().and_then(self::major);
        let (_, old_major) = before.filter(|(old_name, old)| *old_name == name && *old < major)?;
        let place = u.head.composed.place_of(&s.name, &["image"])?;
        let message = format!(
            "`{name}` goes from version {old_major} to {major}, and the recipe only from `{old}` to `{new}`"
        );
        Some(Finding::at(place, message, RAISE))
    });
    images.chain(new_secrets(u, &old, &new)).collect()
}

/// What to do about a version that rises too little.
const RAISE: &str =
    "raise the first number of the recipe's version, so that operators read the release notes";

/// Secrets that an installed app does not have and an operator has to make.
fn new_secrets(u: &Upgrade<'_>, old: &Version, new: &Version) -> Vec<Finding> {
    let before = u.base.composed.secrets();
    let secrets = u.head.composed.secrets().into_iter();
    let added = secrets.filter(|s| s.external && !before.iter().any(|b| b.key == s.key));
    added
        .map(|s| {
            let message = format!(
                "operators have to make the new secret `{}`, and the recipe only goes from `{old}` to `{new}`",
                s.key
            );
            Finding::at(s.place, message, RAISE)
        })
        .collect()
}

/// The name of an image and the first number of its tag. Years and dates are no major versions.
fn major(image: &str) -> Option<(&str, u64)> {
    let (name, tag) = image.split('@').next()?.rsplit_once(':')?;
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let digits = tag.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|n| *n < 1000 && !tag.contains('/')).map(|n| (name, n))
}
