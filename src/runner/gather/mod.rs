//! Gathers everything that check, plan and run need: the recipe's directories, its settings and scripts, the facts of
//! the source, the env and the composed files. It only reads. Errors in texts are returned together, as diagnostics;
//! only what could not be read is a failure.

mod bases;
pub mod contradictory;
mod credentials;
pub mod error;
pub mod inputs;
pub mod look_up;
pub mod side;
pub mod unmentioned;
mod upgrading;

use crate::build::upgrade_base::{self, Choice};
use crate::ctx;
use ccci_model::diag::{Diagnostic, Diagnostics, Text, codes};
use ccci_model::failure::{Failure, is_of_machine};
use ccci_model::name::{Domain, RunId};
use ccci_model::redact::Redactor;
use ccci_recipe::directory::layer::layer;
use ccci_recipe::directory::{self, Directory, Layer, Origin};
use ccci_recipe::files::{FileSystem, tidied};
use ccci_recipe::load::{Loaded, Spans, load};
use ccci_recipe::settings::Recipe;
use ccci_recipe::source::{RevisionFacts, SourceFacts, SourceKind};
use ccci_script::hooks::{EXTRA_ENV, UPGRADE_EXTRA_ENV};
use ccci_script::{RecipeTexts, Scripts};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::{Source, Sources};
use error::{GatherError, of_machine, of_source};
use look_up::{Found, INSIDE, look_up, shown};
use side::{Side, With};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the caller asks for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// A recipe's name, or a path.
    pub recipe: &'a str,
    /// `--source`.
    pub source: Option<&'a str>,
    /// `--ref`.
    pub rev: Option<&'a str>,
    /// `--base`.
    pub base: Option<&'a str>,
    /// Which of the bases that the settings list, from 0; after the last one, the last.
    pub path: usize,
    /// `--no-local`: no script of the recipe's own repository is used.
    pub no_local: bool,
    /// Whether the upgrade tier is among those asked for.
    pub upgrades: bool,
    /// The run's id; the domain is made from it.
    pub run_id: &'a RunId,
    /// The zone of the domain.
    pub zone: &'a str,
}

/// The ports and places that gathering uses.
pub struct Means<'a> {
    /// The caller's current directory.
    pub here: &'a Path,
    /// Where sources are cloned.
    pub cache: &'a Path,
    /// Reads recipe directories.
    pub files: &'a dyn FileSystem,
    /// Reads repositories.
    pub sources: &'a dyn Sources,
    /// The deadline and stop.
    pub limit: &'a Limit,
    /// Learns the secrets in the source's address.
    pub redactor: &'a Redactor,
}

/// The texts of a recipe without its source.
#[derive(Debug, Clone)]
pub struct Texts {
    /// The settings.
    pub recipe: Recipe,
    /// Where each setting is written.
    pub spans: Spans,
    /// The files.
    pub directory: Directory,
}

/// The result of gathering.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// Settings and files.
    pub texts: Texts,
    /// The source.
    pub source: SourceFacts,
    /// The run's domain.
    pub domain: Domain,
    /// The side under test.
    pub head: Side,
    /// The side that it is upgraded from, if there is one.
    pub base: Option<Side>,
    /// Which base was chosen and why.
    pub choice: Choice,
    /// How many bases the settings list; those that come to the same revision are one.
    pub paths: usize,
    /// What the head's sample says and the upgraded app does not get.
    pub kept: Vec<String>,
    /// Whether the repair under `previous/` is merged into the base.
    pub repaired: bool,
    /// The scripts of all directories.
    pub scripts: Scripts,
    /// The diagnostics from loading the scripts.
    pub of_scripts: Diagnostics,
}

/// A result with its diagnostics. There is no value if an error made it impossible to go on.
#[derive(Debug, Clone)]
pub struct Outcome<T> {
    /// The value. If there are errors among the diagnostics, it may be shown but not run.
    pub value: Option<T>,
    /// All errors and warnings.
    pub diagnostics: Diagnostics,
}

impl<T> Outcome<T> {
    fn nothing(mut diagnostics: Diagnostics, last: Diagnostic) -> Outcome<T> {
        diagnostics.push(last);
        Outcome { value: None, diagnostics }
    }
}

/// The texts of a recipe directory; `check` uses them if there is no source. The error means that we could not look.
pub fn texts(recipe: &str, here: &Path, files: &dyn FileSystem) -> Result<Outcome<Texts>, Box<Failure>> {
    match found_with(recipe, &whole(here, files), files, false) {
        Err(GatherError::Wrong(d)) => Ok(Outcome::nothing(Diagnostics::default(), *d)),
        Err(GatherError::Failed(failure)) => Err(failure),
        Ok((found, layer)) => {
            let (texts, diagnostics) = read(&found, layer.as_slice());
            Ok(Outcome { value: Some(texts), diagnostics })
        }
    }
}

/// The recipe that a name refers to, and its directory in the project.
fn found_with(
    recipe: &str,
    here: &Path,
    files: &dyn FileSystem,
    has_source: bool,
) -> Result<(Found, Option<Layer>), GatherError> {
    let found = look_up(recipe, here, files, has_source).map_err(GatherError::Wrong)?;
    let layer = project(&found, files)?;
    Ok((found, layer))
}

/// The caller's current directory as a full path, so that the directories above it are known.
fn whole(here: &Path, files: &dyn FileSystem) -> PathBuf {
    files.real(here).unwrap_or_else(|_| here.to_path_buf())
}

/// Gathers everything. The error means that we could not look.
pub fn gather(asked: &Asked<'_>, means: &Means<'_>) -> Result<Outcome<Gathered>, Box<Failure>> {
    let here = &whole(means.here, means.files);
    let (found, project) = match found_with(asked.recipe, here, means.files, asked.source.is_some()) {
        Ok(both) => both,
        Err(GatherError::Wrong(d)) => return Ok(Outcome::nothing(Diagnostics::default(), *d)),
        Err(GatherError::Failed(failure)) => return Err(failure),
    };
    let (alone, said) = read(&found, project.as_slice());
    let place = alone.spans.of("source").filter(|_| asked.source.is_none());
    let Some(given) = source_of(asked, &found, &alone.recipe, here) else {
        // the settings may name a source, but they cannot be read
        if said.0.iter().any(|d| d.code == codes::TOML_SYNTAX) {
            return Ok(Outcome { value: None, diagnostics: said });
        }
        return Ok(Outcome::nothing(said, no_source(&found)));
    };
    for secret in credentials::of(&given) {
        means.redactor.add("the source's address", &secret);
    }
    let opened = means.sources.open(&given, here, means.cache, means.limit);
    let read_head = opened.and_then(|r| r.facts(asked.rev).map(|facts| (r, facts)));
    let (repository, source) = match read_head.map_err(|e| of_source(e, place)) {
        Ok(both) => both,
        Err(GatherError::Wrong(d)) => return Ok(Outcome::nothing(said, *d)),
        Err(GatherError::Failed(failure)) => return Err(failure),
    };
    let own = match inside(&source) {
        Err(GatherError::Failed(failure)) => return Err(failure),
        own => own.ok().flatten().filter(|_| !asked.no_local),
    };
    let (texts, diagnostics) = match own {
        None => (alone, said),
        Some(own) => read(&found, &std::iter::once(own).chain(project).collect::<Vec<Layer>>()),
    };
    compose(asked, &*repository, source, texts, diagnostics)
}

/// Reads the recipe's directory in the project.
fn project(found: &Found, files: &dyn FileSystem) -> Result<Option<Layer>, GatherError> {
    let Some((dir, shown)) = &found.directory else { return Ok(None) };
    let layer = layer(files, dir, shown, Origin::Project).map_err(|e| match is_of_machine(&e) {
        true => GatherError::Failed(of_machine(&format!("the files of `{shown}` to be readable"), &e)),
        false => {
            let message = format!("the directory `{shown}` cannot be read: {e}");
            GatherError::Wrong(Box::new(Diagnostic::new(codes::UNREADABLE_FILE, message)))
        }
    })?;
    if layer.texts.is_empty() && layer.unread.is_empty() {
        let help = "write recipe.toml, or remove the directory and give the source with --source";
        let message = format!("the directory `{shown}` is empty");
        return Err(GatherError::Wrong(Box::new(
            Diagnostic::new(codes::EMPTY_DIRECTORY, message).help(help),
        )));
    }
    Ok(Some(layer))
}

/// Reads `ccci/` of the revision under test, if there is one.
fn inside(source: &SourceFacts) -> Result<Option<Layer>, GatherError> {
    let files = &source.head.files;
    if !files.is_directory(Path::new(INSIDE)) {
        return Ok(None);
    }
    let named = files.texts.iter().find(|(path, _)| path.starts_with(&format!("{INSIDE}/")));
    let shown = named.and_then(|(path, text)| text.path.strip_suffix(path.strip_prefix(INSIDE)?));
    let read = layer(files, Path::new(INSIDE), shown.unwrap_or(INSIDE), Origin::Repository);
    read.map(Some).map_err(|e| GatherError::Failed(of_machine("the files of `ccci/` to be readable", &e)))
}

fn read(found: &Found, layers: &[Layer]) -> (Texts, Diagnostics) {
    let (directory, mut diagnostics) = directory::read(layers);
    let Loaded { recipe, spans, diagnostics: said } = load(found.name.clone(), &directory.settings);
    diagnostics.0.extend(said.0);
    (Texts { recipe, spans, directory }, diagnostics)
}

/// The source, relative to `here`. In the settings, a relative path starts at their directory.
fn source_of(asked: &Asked<'_>, found: &Found, recipe: &Recipe, here: &Path) -> Option<String> {
    if let Some(given) = asked.source.map(str::to_string).or_else(|| found.repository.clone()) {
        return Some(given);
    }
    let written = recipe.source.as_ref()?;
    match (&found.directory, SourceKind::of(written)) {
        (Some((dir, _)), SourceKind::Path) => Some(shown(&tidied(&dir.join(written)), here)),
        _ => Some(written.clone()),
    }
}

fn no_source(found: &Found) -> Diagnostic {
    let file =
        found.directory.as_ref().map_or("recipe.toml".into(), |(_, shown)| format!("{shown}/recipe.toml"));
    Diagnostic::new(codes::NO_SOURCE, format!("no source of the recipe `{}` is known", found.name))
        .help(format!("write `source = \"URL or path\"` in {file}, or give --source"))
}

/// Chooses the base and composes both sides.
fn compose(
    asked: &Asked<'_>,
    repository: &dyn Source,
    mut source: SourceFacts,
    texts: Texts,
    mut diagnostics: Diagnostics,
) -> Result<Outcome<Gathered>, Box<Failure>> {
    let scheme = texts.recipe.versions.as_deref();
    if let Some(scheme) = scheme {
        source.follow(scheme);
    }
    let name = &texts.recipe.name;
    let domain = match Domain::of_run(name, source.head.commit.as_str(), asked.run_id, asked.zone) {
        Ok(domain) => domain,
        Err(e) => return Ok(Outcome::nothing(diagnostics, Diagnostic::new(codes::BAD_FLAG, e.to_string()))),
    };
    let wished = bases::wishes(asked, &texts).and_then(|w| upgrade_base::choose_each(&w, &source));
    let choices = match wished {
        Ok(choices) => choices,
        Err(d) => return Ok(Outcome::nothing(diagnostics, *d)),
    };
    let paths = if asked.upgrades { choices.len() } else { 1 };
    let mut choice = choices[asked.path.min(choices.len() - 1)].clone();
    let (scripts, of_scripts) = load_scripts(&texts.directory.merged().0.texts)?;
    // a hook may set later what is missing now; so may scripts that cannot be read
    let adds = |hook: &str| scripts.defines(hook) || of_scripts.has_errors();
    let of_head = adds(EXTRA_ENV.name) || adds(UPGRADE_EXTRA_ENV.name);
    let (mut head, said) = side_of(&texts, &domain, source.head.clone(), true, of_head, vec![]);
    diagnostics.0.extend(said.0.into_iter().chain(head.refused()));
    let (mut base, mut repaired, mut kept) = (None, false, vec![]);
    if let Some(chosen) = &choice.base {
        let mut facts =
            match repository.revision(&chosen.commit, &chosen.found_as).map_err(|e| of_source(e, None)) {
                Ok(facts) => facts,
                Err(GatherError::Wrong(d)) => return Ok(Outcome::nothing(diagnostics, *d)),
                Err(GatherError::Failed(failure)) => return Err(failure),
            };
        if scheme.is_some() {
            (facts.tag, facts.label) = (chosen.version.clone(), None);
        }
        let repair = bases::repair(&texts, chosen.version.as_ref(), &choices, &mut diagnostics);
        repaired = !repair.is_empty();
        let (side, said) = side_of(&texts, &domain, facts, false, adds(EXTRA_ENV.name), repair);
        if head.same_as(&side) {
            choice = choice.nothing_moves();
            repaired = false;
        } else {
            diagnostics.0.extend(side::of_base(said).0.into_iter().chain(side::refused_base(&side)));
            let installed = upgrading::installed(&texts, &domain, &side, &head);
            diagnostics.0.extend(upgrading::findings(&installed, &side, &head));
            if asked.upgrades && upgrading::keeps_its_env(&texts.recipe) {
                kept = upgrading::kept(&installed, &head);
                head.keep_env(installed);
            }
            base = Some(side);
        }
    } else {
        bases::repair(&texts, None, &choices, &mut diagnostics);
    }
    let value =
        Gathered { texts, source, domain, head, base, choice, paths, kept, repaired, scripts, of_scripts };
    diagnostics.0.extend(unmentioned::variables(&value).0);
    Ok(Outcome { value: Some(value), diagnostics })
}

fn side_of(
    texts: &Texts,
    domain: &Domain,
    facts: RevisionFacts,
    is_head: bool,
    hooked: bool,
    repair: Vec<Arc<Text>>,
) -> (Side, Diagnostics) {
    let recipe = &texts.recipe;
    let (env, upgrade_env) = (texts.spans.of("env"), texts.spans.of("upgrade.env"));
    let (settings, places) = match is_head {
        true => (vec![&recipe.env, &recipe.upgrade_env], vec![env, upgrade_env]),
        false => (vec![&recipe.env], vec![env]),
    };
    let overlays = texts.directory.overlays.iter().cloned().chain(repair).collect();
    let with = With {
        recipe: &recipe.name,
        domain,
        app: &recipe.app,
        settings: &settings,
        places: &places,
        overlays,
        hooked,
    };
    Side::make(facts, with)
}

/// Loads scripts. The error is one of the machine, never one of the scripts.
pub fn load_scripts(texts: &RecipeTexts) -> Result<(Scripts, Diagnostics), Box<Failure>> {
    Scripts::load(texts, &ctx::sigs()).map_err(|e| of_machine("a thread for the scripts", &e))
}
