//! One side of a run: a revision with its env and its composed files, as far as they are known before hooks run. Pure.

use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, Diagnostics, Place, Severity, Text, codes};
use ccci_model::name::{Domain, LONGEST_SERVICE_NAME, LONGEST_SWARM_NAME, RecipeName};
use ccci_model::plan::Deployment;
use ccci_recipe::app_env::{AppEnv, From, app_env};
use ccci_recipe::compose::{Composed, Object};
use ccci_recipe::compose_files::{self, COMPOSE_FILE, Fault, UNREADABLE_HELP};
use ccci_recipe::envfile::EnvFile;
use ccci_recipe::lint::refused;
use ccci_recipe::settings::MAIN_SERVICE;
use ccci_recipe::source::{Files, RevisionFacts};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// A required variable: `${X:?…}` or `${X?…}`.
static REQUIRED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\{([A-Za-z_][A-Za-z0-9_]*):?\?").expect("a constant pattern"));

/// A revision, its env and its composed files.
#[derive(Debug, Clone)]
pub struct Side {
    /// The revision.
    pub facts: RevisionFacts,
    /// The app env before hooks.
    pub env: AppEnv,
    /// Its compose files, in order.
    pub compose_files: Vec<String>,
    /// Compose files that are merged over them.
    pub overlays: Vec<Arc<Text>>,
    /// The composed files, with overlays. `None` if they do not compose.
    pub composed: Option<Composed>,
    /// The composed files without overlays: what the author published.
    pub published: Option<Composed>,
    /// Whether a hook adds to the env, so that what is missing now may be set later.
    pub hooked: bool,
    /// Whether `env` is that of an installed app at an upgrade, and not made by its own sample.
    pub keeps_env: bool,
    /// Variables that a hook has to set. They had the value `1` when the files were composed.
    pub left_to_hooks: Vec<String>,
}

/// The inputs of a side.
pub struct With<'a> {
    /// The recipe.
    pub recipe: &'a RecipeName,
    /// The run's domain.
    pub domain: &'a Domain,
    /// Variables of the settings; later maps override earlier ones.
    pub settings: &'a [&'a BTreeMap<String, String>],
    /// Where each of these maps is written.
    pub places: &'a [Option<&'a Place>],
    /// The main service.
    pub app: &'a str,
    /// Compose files that are merged over those of the recipe.
    pub overlays: Vec<Arc<Text>>,
    /// Whether a hook adds to the env, so that what is missing now may be set later.
    pub hooked: bool,
}

impl Side {
    /// Makes a side. Also returns everything that is wrong with its texts.
    pub fn make(facts: RevisionFacts, with: With<'_>) -> (Side, Diagnostics) {
        let from = From {
            sample: facts.files.text(".env.sample"),
            abra: facts.files.text("abra.sh"),
            settings: with.settings,
            domain: with.domain,
            recipe: with.recipe,
        };
        let (env, mut diagnostics) = app_env(&from);
        // a file that cannot be read must not count as absent, because that would change what is tested
        diagnostics.0.extend([".env.sample", "abra.sh"].iter().filter_map(|p| unreadable(p, &facts)));
        // this uses the text as it was written, so that the places are right
        let written = from.sample.map(|text| EnvFile::parse(text).0.secrets().1);
        diagnostics.0.extend(written.into_iter().flat_map(|d| d.0));
        let texts = compose_files::read(&env.vars, &facts.files);
        let faults = texts.as_ref().err().into_iter().flatten();
        diagnostics.0.extend(faults.map(|fault| unnamed(fault, &facts, &with)));
        let mut side = Side {
            facts,
            compose_files: compose_files::names(&env.vars),
            env,
            overlays: with.overlays.clone(),
            composed: None,
            published: None,
            hooked: with.hooked,
            keeps_env: false,
            left_to_hooks: vec![],
        };
        if let Ok(texts) = texts {
            side.compose(&texts, &with, &mut diagnostics);
        }
        (side, diagnostics)
    }

    fn compose(&mut self, texts: &[Arc<Text>], with: &With<'_>, diagnostics: &mut Diagnostics) {
        if with.hooked {
            self.left_to_hooks = required(texts, &self.env.vars);
        }
        let (published, composed, mut all) = self.built(texts);
        (self.published, self.composed) = (published, composed);
        let files = &self.facts.files;
        // a variable that the author commented out may stay unset
        let optional = |name: &str| self.env.sample.commented.iter().any(|e| e.key == name);
        let named = |d: &Diagnostic| d.about.as_deref().is_some_and(optional);
        all.0.retain(|d| d.code != codes::UNSET_VARIABLE || !(with.hooked || named(d)));
        if let Some(composed) = &self.composed {
            all.0.extend(composed.deployable().0);
            all.0.extend(no_app(composed, texts, with.app));
            all.0.extend(long_names(composed, with.domain));
            // a hook may change the name of a file, or leave out the compose file
            if !with.hooked {
                all.0.extend(missing_files(composed, files));
            }
        }
        diagnostics.0.extend(all.0);
    }

    /// Takes the env of an installed app instead of the one that its own sample makes. What it was composed to with its
    /// own stays if it does not compose any more: the deploy then says what is missing.
    pub(crate) fn keep_env(&mut self, vars: BTreeMap<String, String>) {
        (self.env.vars, self.keeps_env) = (vars, true);
        let Ok(texts) = compose_files::read(&self.env.vars, &self.facts.files) else { return };
        if let (Some(published), Some(composed), _) = self.built(&texts) {
            self.compose_files = compose_files::names(&self.env.vars);
            (self.published, self.composed) = (Some(published), Some(composed));
        }
    }

    /// Composes the files with the env as it is: without overlays and with them. Variables that a hook has to set have
    /// the value `1`.
    fn built(&self, texts: &[Arc<Text>]) -> (Option<Composed>, Option<Composed>, Diagnostics) {
        let mut vars = self.env.vars.clone();
        vars.extend(self.left_to_hooks.iter().map(|name| (name.clone(), "1".to_string())));
        let (published, mut found) = compose_files::compose(texts, &vars, &self.facts.files);
        if published.is_none() || self.overlays.is_empty() {
            return (published.clone(), published, found);
        }
        let whole: Vec<Arc<Text>> = texts.iter().chain(&self.overlays).cloned().collect();
        let (composed, more) = compose_files::compose(&whole, &vars, &self.facts.files);
        found.0.extend(more.0);
        (published, composed, found)
    }

    /// What Swarm refuses, in what the author published and in what the overlays make of it. Values that a hook has to
    /// give are not known yet.
    pub fn refused(&self) -> Vec<Diagnostic> {
        if !self.left_to_hooks.is_empty() {
            return vec![];
        }
        let both = self.published.iter().chain(&self.composed);
        both.flat_map(|composed| refused(composed, &self.facts.files)).collect()
    }

    /// Whether the other side would deploy exactly the same: same services, same content of configs and secrets, and
    /// the same env, because the service `app` gets the whole env.
    pub(crate) fn same_as(&self, other: &Side) -> bool {
        let (Some(a), Some(b)) = (&self.published, &other.published) else { return false };
        let content = |side: &Side, c: &Composed| -> Vec<Option<Vec<u8>>> {
            let files = c.referenced_files();
            files.iter().map(|f| side.facts.files.bytes_at(f).map(<[u8]>::to_vec)).collect()
        };
        self.env.vars == other.env.vars && a.to_yaml() == b.to_yaml() && content(self, a) == content(other, b)
    }

    /// The deployment of this side, as the plan contains it.
    pub fn deployment(&self, repaired: bool) -> Deployment {
        let services = self.composed.iter().flat_map(|c| c.services()).map(|s| s.name.to_string());
        Deployment {
            commit: self.facts.commit.clone(),
            dirty: self.facts.dirty(),
            published: Some(self.facts.tag.is_some()),
            version: self.facts.version().cloned(),
            found_as: self.facts.found_as.clone(),
            compose_files: self.compose_files.clone(),
            images: self.composed.as_ref().map(Composed::images).unwrap_or_default(),
            services: services.collect(),
            repaired,
        }
    }
}

/// The diagnostic for a part of `COMPOSE_FILE` that cannot be used as a file.
fn unnamed(fault: &Fault, facts: &RevisionFacts, with: &With<'_>) -> Diagnostic {
    let mut d = match fault {
        Fault::Unreadable { name, why } => cannot_read(name, why, facts),
        fault => Diagnostic::new(fault.code(), fault.message()).help(fault.help()),
    };
    d.place = who_names(fault.name(), &facts.files, with);
    d
}

/// The diagnostic for a file that exists but cannot be read as text.
fn unreadable(path: &str, facts: &RevisionFacts) -> Option<Diagnostic> {
    facts.files.unreadable(path).map(|why| cannot_read(path, &why, facts))
}

fn cannot_read(path: &str, why: &str, facts: &RevisionFacts) -> Diagnostic {
    let message = format!("`{path}` of the source ({}) cannot be read: {why}", facts.found_as);
    Diagnostic::new(codes::UNREADABLE_FILE, message).help(UNREADABLE_HELP)
}

/// The last place that sets `COMPOSE_FILE`: the settings, `abra.sh`, or the line of the sample that names this file.
fn who_names(name: Option<&str>, files: &Files, with: &With<'_>) -> Option<Place> {
    let mut settings = with.settings.iter().zip(with.places).rev();
    if let Some((_, place)) = settings.find(|(vars, _)| vars.contains_key(COMPOSE_FILE)) {
        return place.cloned();
    }
    if let Some(place) = files.text("abra.sh").and_then(exported) {
        return Some(place);
    }
    let (sample, _) = EnvFile::parse(files.text(".env.sample")?);
    let named = |value: &str| name.is_none_or(|name| value.contains(name));
    let entry = sample.entries.iter().rfind(|e| e.key == COMPOSE_FILE && named(&e.value))?;
    Some(entry.place.clone())
}

/// The last place where `abra.sh` sets `COMPOSE_FILE`.
fn exported(abra: &Arc<Text>) -> Option<Place> {
    let sets = |line: &str| line.starts_with(&format!("export {COMPOSE_FILE}="));
    let line = abra.content.lines().collect::<Vec<_>>().into_iter().rposition(sets)?;
    Some(Place::at_line(abra, line + 1, 1, 1))
}

/// Variables that the texts require and that the env does not set.
fn required(texts: &[Arc<Text>], vars: &BTreeMap<String, String>) -> Vec<String> {
    let found = texts.iter().flat_map(|t| REQUIRED.captures_iter(&t.content));
    let mut names: Vec<String> = found.map(|c| c[1].to_string()).collect();
    names.retain(|n| vars.get(n).is_none_or(String::is_empty));
    names.sort();
    names.dedup();
    names
}

fn no_app(composed: &Composed, texts: &[Arc<Text>], app: &str) -> Option<Diagnostic> {
    if composed.service(app).is_some() {
        return None;
    }
    let names: Vec<&str> = composed.services().iter().map(|s| s.name.as_str()).collect();
    let there =
        if names.is_empty() { "there is none".into() } else { format!("there are {}", names.join(", ")) };
    let message = format!("no service is called `{app}`; {there}");
    let d = Diagnostic::new(codes::NO_APP_SERVICE, message);
    let d = d.help(match app == MAIN_SERVICE {
        true => "call the main service `app`, by which abra looks for it; of a stack that is no recipe, name it in the setting `app`",
        false => "the setting `app` names the main service",
    });
    Some(match composed.services().first() {
        Some(service) => d.at(service.place.clone()),
        None => d.at(Place::start_of(&texts[0])),
    })
}

/// Diagnostics for files of configs and secrets that the recipe does not have.
fn missing_files(composed: &Composed, files: &Files) -> Vec<Diagnostic> {
    let configs = composed.configs().into_iter().map(|o| ("config", "configs", o));
    let secrets = composed.secrets().into_iter().map(|o| ("secret", "secrets", o));
    let own = configs.chain(secrets).filter(|(.., o)| !o.external);
    let say = |(kind, section, object): (&str, &str, Object)| {
        let file = object.file.as_ref().filter(|f| files.bytes_at(f).is_none())?;
        let unread = files.unread_at(file).map(|why| format!(" ({why})")).unwrap_or_default();
        let message =
            format!("the recipe has no file `{file}`{unread}, which the {kind} `{}` names", object.key);
        let known = files.texts.keys().chain(files.binaries.keys()).map(String::as_str);
        let place = composed.place_of_object(section, &object.key, "file").unwrap_or(object.place);
        let d = Diagnostic::new(codes::MISSING_FILE, message).at(place);
        Some(match did_you_mean(file, known) {
            Some(help) => d.help(help),
            None => d.help(
                "its path starts at the directory of the first compose file and stays inside the repository",
            ),
        })
    };
    own.filter_map(say).collect()
}

/// Diagnostics for names that are too long. Swarm would refuse them only after it made half of the stack (lesson 35).
fn long_names(composed: &Composed, domain: &Domain) -> Vec<Diagnostic> {
    let stack = domain.stack().to_string();
    let (secrets, configs) = (composed.secrets(), composed.configs());
    let objects = secrets.iter().map(|o| ("secret", o)).chain(configs.iter().map(|o| ("config", o)));
    let objects = objects.map(|(kind, o)| (kind, o.engine_name(&stack), o.place.clone(), LONGEST_SWARM_NAME));
    let service = |name: &str| format!("{stack}_{name}");
    let services = composed
        .services()
        .iter()
        .map(|s| ("service", service(s.name.as_str()), s.place.clone(), LONGEST_SERVICE_NAME));
    let long = objects.chain(services).filter(|(_, name, _, most)| name.len() > *most);
    let say = |(kind, name, place, most): (&str, String, Place, usize)| {
        let message = format!("the {kind} is called `{name}` on the engine: {} characters", name.len());
        let help = format!("Swarm takes {most} at most, and most domains are longer than a run's");
        Diagnostic::new(codes::NAME_TOO_LONG, message).at(place).help(help)
    };
    long.map(say).collect()
}

/// What Swarm refuses of the base. No run is kept from starting by it: it shows how the head does without a good base.
pub(crate) fn refused_base(base: &Side) -> Vec<Diagnostic> {
    let mut out: Vec<Diagnostic> = base.refused().into_iter().map(about_base).collect();
    out.iter_mut().for_each(|d| d.severity = Severity::Warning);
    out
}

/// The errors of the base, which keep a run from starting. Warnings about a version that was published long ago are
/// left out: nobody can change it any more.
pub(crate) fn of_base(diagnostics: Diagnostics) -> Diagnostics {
    let errors = diagnostics.0.into_iter().filter(|d| d.severity == Severity::Error);
    Diagnostics(errors.map(about_base).collect())
}

fn about_base(mut d: Diagnostic) -> Diagnostic {
    let first = d.help.take().map(|h| format!("{h}; ")).unwrap_or_default();
    d.help(format!("{first}this is the base: choose another with `upgrade.base` or --base"))
}
