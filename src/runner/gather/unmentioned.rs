//! Finds names that are probably misspelt: variables of the settings that no file of the recipe mentions although the
//! sample has a similar one, and services and secrets in scripts that no compose file has.

use super::Gathered;
use ccci_model::diag::codes::Code;
use ccci_model::diag::nearest::{did_you_mean, nearest};
use ccci_model::diag::{Diagnostic, Diagnostics, Place, codes};
use ccci_recipe::envfile::EnvFile;
use ccci_script::{NameOf, Spoken};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Names in capitals, as recipes write variables.
static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b[A-Z][A-Z0-9_]{2,}\b").expect("a constant pattern"));

/// Warns about variables in `env` and `upgrade.env` that are probably misspelt.
pub fn variables(g: &Gathered) -> Diagnostics {
    let recipe = &g.texts.recipe;
    let both = [("env", &recipe.env), ("upgrade.env", &recipe.upgrade_env)];
    if both.iter().all(|(_, map)| map.is_empty()) {
        return Diagnostics::default();
    }
    let files = &g.head.facts.files.texts;
    let mentioned: BTreeSet<&str> =
        files.values().flat_map(|t| NAME.find_iter(&t.content)).map(|m| m.as_str()).collect();
    let known = known(g);
    let slips = both.iter().flat_map(|(key, map)| map.keys().map(move |name| (*key, name)));
    let slips = slips.filter(|(_, name)| !mentioned.contains(name.as_str()));
    let say = |(key, name): (&str, &String)| {
        let near = nearest(name, known.iter().map(String::as_str))?;
        let message = format!("no file of the recipe mentions `{name}`, which `{key}` sets");
        let mut d =
            Diagnostic::new(codes::UNMENTIONED_VARIABLE, message).help(format!("did you mean `{near}`?"));
        d.place = g.texts.spans.entry(key, name);
        Some(d)
    };
    Diagnostics(slips.filter_map(say).collect())
}

/// Variables of the recipe's sample, including those that are commented out.
fn known(g: &Gathered) -> BTreeSet<String> {
    let sample: &EnvFile = &g.head.env.sample;
    sample.entries.iter().chain(&sample.commented).map(|e| e.key.clone()).collect()
}

/// Reports services and secrets that scripts or `may_end` name and neither side has. It says nothing if a hook sets
/// variables: the hook may add compose files, whose services are unknown before it has run.
pub fn names(g: &Gathered, spoken: &[Spoken]) -> Diagnostics {
    let sides: Vec<_> = std::iter::once(&g.head).chain(&g.base).collect();
    if sides.iter().any(|s| s.hooked || s.composed.is_none()) {
        return Diagnostics::default();
    }
    let composed = || sides.iter().flat_map(|s| &s.composed);
    let services: BTreeSet<String> =
        composed().flat_map(|c| c.services()).map(|s| s.name.to_string()).collect();
    let secrets: BTreeSet<String> = composed().flat_map(|c| c.secrets()).map(|s| s.key).collect();
    let of = |names: NameOf| spoken.iter().filter(move |s| s.names == names);
    let may_end = g.texts.recipe.may_end.keys();
    let may_end = may_end.map(|name| (name.as_str(), g.texts.spans.entry("may_end", name)));
    let in_scripts = |names| of(names).map(|s| (s.text.as_str(), Some(s.at.clone())));
    let strangers = in_scripts(NameOf::Service).chain(may_end).filter(|(name, _)| !services.contains(*name));
    let unknown = in_scripts(NameOf::Secret).filter(|(name, _)| !secrets.contains(*name));
    let of_services =
        strangers.map(|(name, at)| stranger(codes::UNKNOWN_SERVICE, "service", name, at, &services));
    let of_secrets = unknown.map(|(name, at)| stranger(codes::UNKNOWN_SECRET, "secret", name, at, &secrets));
    Diagnostics(of_services.chain(of_secrets).collect())
}

fn stranger(
    code: &'static Code,
    kind: &str,
    name: &str,
    place: Option<Place>,
    known: &BTreeSet<String>,
) -> Diagnostic {
    let all = match known.is_empty() {
        true => "none".to_string(),
        false => known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    let mut d = Diagnostic::new(code, format!("no {kind} is called `{name}`; the app has {all}"));
    d.place = place;
    match did_you_mean(name, known.iter().map(String::as_str)) {
        Some(help) => d.help(help),
        None => d,
    }
}
