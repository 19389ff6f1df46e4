//! What rules look at: the texts of the revision, its tags, and its compose files composed as an operator would who
//! takes the env sample as it is, once plain and once with each other compose file on top.

use crate::compose::{Around, Composed};
use crate::envfile::{EnvFile, abra_exports};
use crate::source::{Files, Tag};
use ccci_model::diag::{Diagnostic, Diagnostics, Severity, Text, render};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Compose files that belong together.
#[derive(Debug)]
pub struct Composition {
    /// Their names, in order.
    pub files: Vec<String>,
    /// What they make, if they compose.
    pub composed: Option<Composed>,
    /// The first thing that keeps them from it.
    pub trouble: Option<String>,
}

/// Everything a rule may look at.
#[derive(Debug)]
pub struct LintInput {
    /// The files of the revision.
    pub files: Files,
    /// The tags of the repository.
    pub tags: Vec<Tag>,
    /// The env sample, if there is one.
    pub sample: Option<EnvFile>,
    /// The exports of `abra.sh`, if there is one.
    pub exports: Option<Vec<(String, String)>>,
    /// The plain composition first, then one for each other compose file on top of it.
    pub compositions: Vec<Composition>,
}

impl LintInput {
    /// Reads the texts and composes the compose files.
    pub fn new(files: Files, tags: Vec<Tag>) -> LintInput {
        let sample = files.text(".env.sample").map(|t| EnvFile::parse(t).0);
        let exports = files.text("abra.sh").map(abra_exports);
        let mut env = BTreeMap::from([("STACK_NAME".to_string(), "stack".to_string())]);
        env.extend(sample.iter().flat_map(EnvFile::map));
        env.extend(exports.iter().flatten().cloned());
        let plain: Vec<String> = env
            .get("COMPOSE_FILE")
            .map_or("compose.yml", String::as_str)
            .split(':')
            .map(str::to_string)
            .collect();
        let is_other = |p: &&String| {
            p.starts_with("compose.") && p.ends_with(".yml") && !p.contains('/') && !plain.contains(p)
        };
        let mut sets = vec![plain.clone()];
        for other in files.texts.keys().filter(is_other) {
            sets.push(plain.iter().chain([other]).cloned().collect());
        }
        let compositions = sets.into_iter().map(|set| compose(set, &files, &env)).collect();
        LintInput { files, tags, sample, exports, compositions }
    }

    /// What composes; an `Err` says why nothing does.
    pub fn composed(&self) -> Result<Vec<&Composed>, String> {
        let good: Vec<&Composed> = self.compositions.iter().filter_map(|c| c.composed.as_ref()).collect();
        match self.compositions.iter().find(|c| c.composed.is_none()) {
            Some(bad) => Err(format!(
                "{} do not compose: {}",
                bad.files.join(" + "),
                bad.trouble.as_deref().unwrap_or("no reason is known")
            )),
            None => Ok(good),
        }
    }
}

fn compose(names: Vec<String>, files: &Files, env: &BTreeMap<String, String>) -> Composition {
    let texts: Vec<Arc<Text>> = names.iter().filter_map(|n| files.text(n).cloned()).collect();
    if let Some(missing) = names.iter().find(|n| files.text(n).is_none()) {
        let trouble = Some(format!("there is no `{missing}`"));
        return Composition { files: names, composed: None, trouble };
    }
    let read = |name: &str| files.text(name.trim_start_matches("./")).map(|t| t.content.clone());
    let (composed, diagnostics) = Composed::build(&texts, &Around { env, read: &read });
    Composition { files: names, composed, trouble: first_error(diagnostics).map(|d| render::one_line(&d)) }
}

fn first_error(diagnostics: Diagnostics) -> Option<Diagnostic> {
    diagnostics.sorted().into_iter().find(|d| d.severity == Severity::Error)
}
