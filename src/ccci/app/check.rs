//! Checks recipe directories: what loading refuses, and the recipe rules on the head. Needs no engine and takes
//! milliseconds.

use super::linting::Linting;
use super::pool;
use super::prepare::{Reading, Refused};
use super::session::{Config, Session, clock};
use ccci_adapters::disk::Disk;
use ccci_model::diag::codes::Code;
use ccci_model::diag::{Diagnostic, Diagnostics, Severity, Text, codes};
use ccci_model::failure::Failure;
use ccci_recipe::acceptance;
use ccci_recipe::directory::Origin;
use ccci_recipe::source::{Files, SourceKind};
use ccci_runner::gather::{self, Gathered, Texts};
use ccci_script::RecipeTexts;
use ccci_swarm::ports::Clock;
use std::path::PathBuf;
use std::sync::Arc;

/// Diagnostics about the source. The texts can be checked even if the source cannot.
const OF_SOURCE: &[&Code] =
    &[codes::NO_SOURCE, codes::NOT_A_REPOSITORY, codes::NO_SUCH_REF, codes::NO_SUCH_BASE];

/// The result of checking one directory.
pub struct Checked {
    /// Errors and warnings, in the order of files and lines.
    pub said: Vec<Diagnostic>,
    /// Whether a source exists that could not be read.
    pub unseen: bool,
    /// Directories at which the paths of the texts begin.
    pub roots: Vec<PathBuf>,
    /// What was gathered, if everything could be read.
    pub gathered: Option<Gathered>,
}

/// What is checked if no directory is named: all below `recipes/`, or the clone of a recipe that contains its own
/// recipe directory.
pub fn all_here(config: &Config) -> Vec<String> {
    let below = gather::look_up::names_below(&Disk, &config.here.join("recipes"));
    match below.is_empty() && config.here.join("ccci").is_dir() {
        true => vec![".".into()],
        false => below.iter().map(|n| format!("recipes/{n}")).collect(),
    }
}

/// The result of checking a directory, or why it could not be read.
type Looked = Result<Checked, Box<Failure>>;

/// Most directories that are checked at the same time. Git does half of the work, in processes of its own.
const AT_A_TIME: usize = 8;

impl Session {
    /// Checks several directories; the results are in the order of the directories.
    pub fn check_all(&self, dirs: &[String]) -> Vec<Looked> {
        if dirs.is_empty() {
            return vec![];
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from) * 2;
        let clock = clock();
        match self.git(clock.clone()) {
            Ok(sources) => {
                let reading = Reading { files: &Disk, sources: &sources };
                pool::each(dirs.len(), threads.min(AT_A_TIME), |n| self.check_in(&dirs[n], &reading, &clock))
            }
            // nothing can be read, and one message says why
            Err(Refused::Failed(failure)) => vec![Err(failure)],
            Err(Refused::Wrong(said)) => {
                vec![Ok(Checked { said, unseen: true, roots: vec![], gathered: None })]
            }
        }
    }

    /// Checks one directory with its source, or only its texts if the source is not available; both are read from the
    /// disk or elsewhere, as from the buffers of an editor. Fails if the directory could not be read.
    pub fn check_in(
        &self,
        dir: &str,
        reading: &Reading<'_>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Checked, Box<Failure>> {
        let here = &self.config.here;
        match self.prepare_and_lint(dir, reading, clock) {
            Ok(linting) => {
                let Linting { said, findings, gathered } = linting;
                let source = gathered.as_ref().filter(|g| g.source.kind == SourceKind::Path);
                let roots = std::iter::once(here.clone()).chain(source.map(|g| here.join(&g.source.given)));
                let roots = roots.collect();
                let observed = |said, gathered| Ok(Checked { said, unseen: false, roots, gathered });
                let mut of_source = said.iter().filter(|d| OF_SOURCE.contains(&d.code)).cloned().peekable();
                if of_source.peek().is_none() {
                    let said = together(said, findings, gathered.as_ref());
                    return observed(said, gathered);
                }
                // texts may be checked before they have a source; but a source that they name and that is missing is
                // reported
                let (missing, wrong): (Vec<_>, Vec<_>) = of_source.partition(|d| d.code == codes::NO_SOURCE);
                let (named, texts) = self.texts_alone(dir, reading)?;
                let missing = missing.into_iter().filter(|_| named);
                let missing = missing.map(|d| not_checked(dir, &d.message, &d.help.unwrap_or_default()));
                observed(wrong.into_iter().chain(missing).chain(texts).collect(), gathered)
            }
            // a source that cannot be reached is no fault of the texts; it stays unchecked
            Err(f) => {
                let warning = not_checked(dir, &f.observed(), &format!("expected {}", f.expected()));
                let said = std::iter::once(warning).chain(self.texts_alone(dir, reading)?.1).collect();
                Ok(Checked { said, unseen: true, roots: vec![here.clone()], gathered: None })
            }
        }
    }

    /// The diagnostics that need no source, and whether the texts name a source.
    fn texts_alone(&self, dir: &str, reading: &Reading<'_>) -> Result<(bool, Vec<Diagnostic>), Box<Failure>> {
        let texts = gather::texts(dir, &self.config.here, reading.files)?;
        let mut diagnostics = texts.diagnostics;
        let named = texts.value.as_ref().is_some_and(|t| t.recipe.source.is_some());
        if let Some(value) = texts.value {
            let scripts: RecipeTexts =
                value.directory.scripts.get(&Origin::Project).cloned().unwrap_or_default();
            let (scripts, of_scripts) = gather::load_scripts(&scripts)?;
            diagnostics.0.extend(gather::contradictory::contradictions(&value, &scripts).0);
            diagnostics.0.extend(of_scripts.0);
            let own = commented(&value, None);
            let said = acceptance::decided(diagnostics.sorted(), &value.recipe, &value.spans, &own, false);
            return Ok((named, said));
        }
        Ok((named, diagnostics.sorted()))
    }
}

/// Both kinds of findings; an error of a rule at a place that has an error already says nothing new.
fn together(
    said: Vec<Diagnostic>,
    findings: Vec<Diagnostic>,
    gathered: Option<&Gathered>,
) -> Vec<Diagnostic> {
    let errors: Vec<_> =
        said.iter().filter(|d| d.severity == Severity::Error).filter_map(|d| d.place.clone()).collect();
    let is_new = |d: &Diagnostic| {
        d.severity != Severity::Error || d.place.as_ref().is_none_or(|place| !errors.contains(place))
    };
    let mut all = Diagnostics(said);
    let mut findings = findings;
    // tags and files that are missing have no place of their own; that of the source tells which recipe it is
    if let Some(place) = gathered.and_then(|g| g.texts.spans.of("source")) {
        findings.iter_mut().filter(|d| d.place.is_none()).for_each(|d| d.place = Some(place.clone()));
    }
    all.0.extend(findings.into_iter().filter(is_new));
    let Some(gathered) = gathered else { return all.sorted() };
    let texts = &gathered.texts;
    let own = commented(texts, Some(&gathered.head.facts.files));
    Diagnostics(acceptance::decided(all.sorted(), &texts.recipe, &texts.spans, &own, true)).sorted()
}

/// The texts in which findings may be: those of the recipe directories, and those of the head that programs read.
fn commented<'a>(texts: &'a Texts, head: Option<&'a Files>) -> Vec<&'a Arc<Text>> {
    let directory = &texts.directory;
    let mut out: Vec<&Arc<Text>> = directory.settings.iter().chain(&directory.overlays).collect();
    out.extend(directory.scripts.values().flat_map(|files| files.values()));
    let read =
        |path: &str| ![".md", ".txt"].iter().any(|end| path.ends_with(end)) && !path.starts_with("ccci/");
    out.extend(head.iter().flat_map(|f| &f.texts).filter(|(path, _)| read(path)).map(|(_, text)| text));
    out
}

fn not_checked(dir: &str, why: &str, help: &str) -> Diagnostic {
    Diagnostic::new(codes::SOURCE_NOT_CHECKED, format!("the source of `{dir}` was not checked: {why}"))
        .help(help)
}
