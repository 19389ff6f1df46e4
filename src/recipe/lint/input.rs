//! Input of the rules: the texts of the revision, its tags, and its compose files. These are composed with
//! the unchanged env sample, once as they are, and once with each other compose file added.

use crate::compose::{Around, Composed};
use crate::compose_files::{self, is_compose_file};
use crate::envfile::{EnvFile, abra_exports};
use crate::source::{Files, Tag, tidy};
use ccci_model::diag::{Diagnostic, Diagnostics, Severity, render};
use std::collections::BTreeMap;

/// Compose files that are composed together.
#[derive(Debug)]
pub struct Composition {
    /// Their names, in order.
    pub files: Vec<String>,
    /// The result, if they compose.
    pub composed: Option<Composed>,
    /// The first reason why they do not compose.
    pub occurrence: Option<String>,
}

/// Everything that a rule may read.
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
    /// The plain composition first, then one for each other compose file that is added to it.
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
        let plain = compose_files::names(&env);
        let used: Vec<String> = plain.iter().filter_map(|name| tidy(name)).collect();
        let is_other = |p: &&String| is_compose_file(p) && !used.contains(p);
        let others = files.texts.keys().filter(is_other).map(Some);
        let compositions =
            std::iter::once(None).chain(others).map(|other| compose(&plain, other, &files, &env)).collect();
        LintInput { files, tags, sample, exports, compositions }
    }

    /// All compositions; an `Err` is the reason why one does not compose.
    pub fn composed(&self) -> Result<Vec<&Composed>, String> {
        let good: Vec<&Composed> = self.compositions.iter().filter_map(|c| c.composed.as_ref()).collect();
        match self.compositions.iter().find(|c| c.composed.is_none()) {
            Some(bad) => Err(format!(
                "{} do not compose: {}",
                bad.files.join(" + "),
                bad.occurrence.as_deref().unwrap_or("no reason is known")
            )),
            None => Ok(good),
        }
    }
}

/// Composes what the env names, with another file of the recipe on top.
fn compose(
    plain: &[String],
    other: Option<&String>,
    files: &Files,
    env: &BTreeMap<String, String>,
) -> Composition {
    let names = plain.iter().chain(other).cloned().collect();
    let mut texts = match compose_files::read(env, files) {
        Ok(texts) => texts,
        Err(faults) => {
            let occurrence = faults.first().map(compose_files::Fault::message);
            return Composition { files: names, composed: None, occurrence };
        }
    };
    texts.extend(other.and_then(|name| files.text(name)).cloned());
    let read = |name: &str| files.text_at(name).map(|t| t.content.clone());
    let (composed, diagnostics) = Composed::build(&texts, &Around { env, read: &read });
    Composition { files: names, composed, occurrence: first_error(diagnostics).map(|d| render::one_line(&d)) }
}

fn first_error(diagnostics: Diagnostics) -> Option<Diagnostic> {
    diagnostics.sorted().into_iter().find(|d| d.severity == Severity::Error)
}
