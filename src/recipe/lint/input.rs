//! Input of the rules: the texts of the revision, its tags, and its compose files. These are composed with
//! the unchanged env sample, once as they are, and once with each other compose file added.

use crate::compose::Composed;
use crate::compose_files::{self, COMPOSE_FILE, is_compose_file};
use crate::envfile::{EnvFile, abra_exports};
use crate::source::{Files, Tag, tidy};
use ccci_model::diag::{Diagnostic, Severity, codes, render};
use ccci_model::name::Revision;
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
    /// What was said while they were composed.
    pub said: Vec<Diagnostic>,
}

/// Everything that a rule may read.
#[derive(Debug)]
pub struct LintInput {
    /// The files of the revision.
    pub files: Files,
    /// The tags of the repository.
    pub tags: Vec<Tag>,
    /// The commit of the revision; none if there are changes on top of it, or if it is not known.
    pub commit: Option<Revision>,
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
        LintInput::with_env(files, tags, &BTreeMap::new())
    }

    /// The same with variables that are in no file of the repository.
    pub fn with_env(files: Files, tags: Vec<Tag>, more: &BTreeMap<String, String>) -> LintInput {
        let sample = files.text(".env.sample").map(|t| EnvFile::parse(t).0);
        let exports = files.text("abra.sh").map(abra_exports);
        let mut env = BTreeMap::from([("STACK_NAME".to_string(), "stack".to_string())]);
        env.extend(sample.iter().flat_map(EnvFile::map));
        env.extend(exports.iter().flatten().cloned());
        env.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
        let plain = compose_files::names(&env);
        let used: Vec<String> = plain.iter().filter_map(|name| tidy(name)).collect();
        let is_other = |p: &&String| is_compose_file(p) && !used.contains(p);
        let others: Vec<&String> = files.texts.keys().filter(is_other).collect();
        // who adds a file also gives the variables that the sample proposes in comments
        let mut wider = env.clone();
        for entry in sample.iter().flat_map(|s| &s.commented).filter(|e| e.key != COMPOSE_FILE) {
            wider.entry(entry.key.clone()).or_insert_with(|| entry.value.clone());
        }
        let mut compositions = vec![compose(&plain, None, &files, &env)];
        compositions.extend(others.into_iter().map(|other| compose(&plain, Some(other), &files, &wider)));
        LintInput { files, tags, commit: None, sample, exports, compositions }
    }

    /// Sets the commit of the revision.
    pub fn at(mut self, commit: Revision) -> LintInput {
        self.commit = Some(commit);
        self
    }

    /// What composing said of compose files that the env sample does not name.
    pub fn of_optional_files(&self) -> Vec<Diagnostic> {
        let others = self.compositions.iter().skip(1);
        let its_own = others.flat_map(|c| {
            let text = c.files.last().and_then(|name| self.files.text(name));
            c.said
                .iter()
                .filter(move |d| text.is_some_and(|t| d.place.as_ref().is_some_and(|p| p.text == *t)))
        });
        its_own.cloned().filter_map(of_optional_file).collect()
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
            return Composition { files: names, composed: None, occurrence, said: vec![] };
        }
    };
    texts.extend(other.and_then(|name| files.text(name)).cloned());
    let (composed, diagnostics) = compose_files::compose(&texts, env, files);
    let said = diagnostics.sorted();
    let first = said.iter().find(|d| d.severity == Severity::Error);
    Composition { files: names, composed, occurrence: first.map(render::one_line), said }
}

/// What is said of a file that is deployed only if an operator adds it. What it lacks may come from another one, so only
/// what is wrong with its text is an error.
fn of_optional_file(mut d: Diagnostic) -> Option<Diagnostic> {
    match d.severity {
        Severity::Warning => Some(d),
        Severity::Error if d.code == codes::MISSING_VARIABLE => {
            d.severity = Severity::Warning;
            Some(d)
        }
        Severity::Error => [codes::YAML_SYNTAX, codes::BAD_INTERPOLATION].contains(&d.code).then_some(d),
    }
}
