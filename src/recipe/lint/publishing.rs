//! Rules about the other files of a recipe and its tags: README, env sample, `abra.sh`.

use super::{Finding, LintInput};
use crate::compose::Object;
use crate::source::placed_version_label;
use ccci_model::diag::{Place, Text};
use ccci_model::name::Version;
use regex::Regex;
use std::sync::{Arc, LazyLock};

type Findings = Result<Vec<Finding>, String>;

/// Keys that the catalogue reads from a README.
const METADATA: [&str; 8] =
    ["Category", "Status", "Image", "Healthcheck", "Backups", "Email", "Tests", "SSO"];

pub(super) fn env_sample(input: &LintInput) -> Findings {
    match input.sample {
        Some(_) => Ok(vec![]),
        None => Ok(vec![Finding::about(
            "there is no `.env.sample`",
            "write one with `TYPE`, `DOMAIN` and the variables of the compose files",
        )]),
    }
}

pub(super) fn readme(input: &LintInput) -> Findings {
    let Some(text) = input.files.text("README.md") else {
        return Ok(vec![Finding::about("there is no `README.md`", "write one with a block of metadata")]);
    };
    let lower = text.content.to_lowercase();
    let Some(start) = lower.find("<!-- metadata -->") else {
        let place = Place::start_of(text);
        return Ok(vec![Finding::at(
            place,
            "the README has no block of metadata",
            "begin it with `<!-- metadata -->`",
        )]);
    };
    let end = lower[start..].find("<!-- endmetadata -->").map_or(text.content.len(), |n| start + n);
    Ok(METADATA.iter().filter_map(|name| metadata(text, start..end, name)).collect())
}

/// A line such as `* **Category**: Apps`.
fn metadata(text: &Arc<Text>, block: std::ops::Range<usize>, name: &str) -> Option<Finding> {
    let wanted = format!("**{}**", name.to_lowercase());
    let mut at = block.start;
    for line in text.content.get(block.clone())?.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if !line.to_lowercase().contains(&wanted) {
            continue;
        }
        let value = line.split_once("**:").map(|(_, v)| v.trim()).unwrap_or_default();
        if !value.is_empty() && value != "?" {
            return None;
        }
        let place = Place::new(text, start..start + line.trim_end().len());
        return Some(Finding::at(place, format!("the metadata has no value for `{name}`"), "fill it in"));
    }
    let place = Place::new(text, block.start..block.start);
    Some(Finding::at(
        place,
        format!("the metadata has no line for `{name}`"),
        format!("add `- **{name}**: …`"),
    ))
}

pub(super) fn config_versions(input: &LintInput) -> Findings {
    static VARIABLE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\$\{?([A-Za-z0-9_]+_VERSION)\b").expect("a valid pattern"));
    let mut out: Vec<Finding> = vec![];
    for composed in input.composed()? {
        for config in composed.configs().iter().filter(|c| !c.external) {
            let Some(written) =
                name_as_written(composed.place_of_object("configs", &config.key, "name"), config)
            else {
                continue;
            };
            for variable in VARIABLE.captures_iter(&written.1).map(|c| c[1].to_string()) {
                let exported = input.exports.iter().flatten().any(|(k, _)| *k == variable);
                let finding = Finding::at(
                    written.0.clone(),
                    format!(
                        "`abra.sh` does not export `{variable}`, the version of the config `{}`",
                        config.key
                    ),
                    format!("add `export {variable}=v1` to abra.sh, and a new version with every change"),
                );
                if !exported && !out.contains(&finding) {
                    out.push(finding);
                }
            }
        }
    }
    Ok(out)
}

/// The name of a config before variables are replaced.
fn name_as_written(place: Option<Place>, config: &Object) -> Option<(Place, String)> {
    config.name.as_ref()?;
    let place = place?;
    let written = place.text.content.get(place.range.clone())?.to_string();
    Some((place, written))
}

pub(super) fn annotated(input: &LintInput) -> Findings {
    let light = input.tags.iter().filter(|t| t.version.is_some() && !t.annotated);
    Ok(light
        .map(|t| {
            let help = format!("replace it: `git tag -a -f -m {0} {0} {0}^{{}}`", t.name);
            Finding::about(format!("the tag `{}` is not annotated", t.name), help)
        })
        .collect())
}

/// A version label that is not the version of the commit's tag, or older than what is published.
pub(super) fn version_label(input: &LintInput) -> Findings {
    let Some((label, place)) = placed_version_label(&input.files) else { return Ok(vec![]) };
    let versions = || input.tags.iter().filter_map(|t| Some((t.version.as_ref()?, &t.commit)));
    let own: Vec<&Version> =
        versions().filter(|(_, c)| Some(*c) == input.commit.as_ref()).map(|(v, _)| v).collect();
    if let Some(newest) = own.iter().max().filter(|_| !own.contains(&&label)) {
        let message = format!("this commit is tagged `{newest}`, and the label says `{label}`");
        let help = "write the version of the next tag into the label, commit that, and then tag the commit";
        return Ok(vec![Finding::at(place, message, help)]);
    }
    let newest = versions().map(|(v, _)| v).max().filter(|newest| own.is_empty() && **newest > label);
    Ok(newest
        .map(|newest| {
            let message = format!("the label says `{label}`, and `{newest}` is published already");
            Finding::at(place, message, "write the version of the next release into the label")
        })
        .into_iter()
        .collect())
}

/// A version whose first number rises, without release notes: the one in the label if it is not published yet, else the
/// newest one.
pub(super) fn major_notes(input: &LintInput) -> Findings {
    let published = || input.tags.iter().filter_map(|t| t.version.as_ref());
    let label = placed_version_label(&input.files);
    let coming = label.as_ref().filter(|(label, _)| published().all(|tag| tag < label));
    let Some(newest) = coming.map(|(v, _)| v).or_else(|| published().max()) else { return Ok(vec![]) };
    let Some(before) = published().filter(|tag| *tag < newest).max() else { return Ok(vec![]) };
    let has = |name: &str| input.files.texts.contains_key(&format!("release/{name}"));
    if !newest.raises_first(before) || has(newest.as_str()) || (coming.is_some() && has("next")) {
        return Ok(vec![]);
    }
    let message = format!("`{newest}` raises the first number of `{before}`, and there are no release notes");
    let name = if coming.is_some() { "next".to_string() } else { newest.to_string() };
    let help = format!("write `release/{name}`: what operators have to do by hand");
    let place = label.as_ref().filter(|(label, _)| label == newest).map(|(_, place)| place.clone());
    Ok(vec![Finding { place, ..Finding::about(message, help) }])
}

/// Notes of a version that was never published: older than the newest tag, and without a tag.
pub(super) fn release_notes(input: &LintInput) -> Findings {
    let Some(newest) = input.tags.iter().filter_map(|t| t.version.as_ref()).max() else { return Ok(vec![]) };
    let texts = input.files.texts.iter();
    let notes = texts.filter_map(|(path, text)| Some((path.strip_prefix("release/")?, text)));
    let versions = notes.filter_map(|(name, text)| Some((name, Version::parse(name).ok()?, text)));
    Ok(versions
        .filter(|(name, version, _)| version < newest && input.tags.iter().all(|t| t.name != *name))
        .map(|(name, _, text)| {
            let message = format!("no tag is called `{name}`, so nobody is shown these release notes");
            Finding::at(Place::start_of(text), message, "rename the file to the version that it is about")
        })
        .collect())
}
