//! Makes a job from a request: gathers the texts, loads the scripts, makes the plan. `check`, `plan` and `run` use it.

use super::lint_rung::linted;
use super::request::Request;
use super::session::{Session, clock};
use super::tests;
use ccci_adapters::disk::Disk;
use ccci_adapters::git::GitAdapter;
use ccci_model::diag::{Diagnostic, Diagnostics, Severity, codes, render};
use ccci_model::exit::Exit;
use ccci_model::failure::Failure;
use ccci_model::name::{CallId, RunId};
use ccci_model::plan::{Plan, Side};
use ccci_model::redact::Redactor;
use ccci_model::tier::TIERS;
use ccci_model::time::utc_stamp;
use ccci_recipe::acceptance::accepted;
use ccci_recipe::files::FileSystem;
use ccci_recipe::keys::KEYS;
use ccci_recipe::settings::EnvFrom;
use ccci_runner::build::contradictions;
use ccci_runner::build::{self, Inputs, TestFile};
use ccci_runner::execute::job::{AppTexts, Job};
use ccci_runner::gather::{self, Asked, Gathered, Means};
use ccci_swarm::ports::Clock;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::sources::{SourceError, Sources};
use rand::RngExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Timeout for reading a source; a big repository over a slow connection takes minutes.
const GATHER_LIMIT: Duration = Duration::from_secs(600);

/// Why there is no job.
pub enum Refused {
    /// A text that someone wrote is wrong.
    Wrong(Vec<Diagnostic>),
    /// Something could not be read or done.
    Failed(Box<Failure>),
}

impl Refused {
    /// Why a source could not be read.
    pub fn of_source(e: SourceError) -> Refused {
        match gather::error::of_source(e, None) {
            gather::error::GatherError::Wrong(d) => Refused::Wrong(vec![*d]),
            gather::error::GatherError::Failed(f) => Refused::Failed(f),
        }
    }

    /// The exit code of the call.
    pub fn exit(&self) -> Exit {
        match self {
            Refused::Wrong(_) => Exit::Wrong,
            Refused::Failed(f) if f.cause == ccci_model::failure::causes::INTERRUPTED.id => Exit::Interrupted,
            Refused::Failed(_) => Exit::Error,
        }
    }
}

/// Where recipes are read from: the disk and git, or what an editor has in its buffers.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// Files of recipe directories.
    pub files: &'a dyn FileSystem,
    /// Repositories.
    pub sources: &'a dyn Sources,
}

/// A job that can be run, and the warnings about it.
pub struct Prepared {
    /// The plan and its texts.
    pub job: Job,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// How many bases the settings list; each is a run of its own.
    pub paths: usize,
}

impl Session {
    /// Gathers, loads and plans. Changes nothing on the engine.
    pub fn prepare(&self, request: &Request) -> Result<Prepared, Refused> {
        let clock = clock();
        let run_id = new_run_id(&*clock);
        self.prepare_as(request, clock, run_id)
    }

    /// The same with a given clock and run id, so that plans can be compared.
    pub fn prepare_as(
        &self,
        request: &Request,
        clock: Arc<dyn Clock>,
        run_id: RunId,
    ) -> Result<Prepared, Refused> {
        let prepared = self.prepared_as(request, clock, run_id)?;
        tests::are_there(&prepared.job, &request.tests)?;
        Ok(prepared)
    }

    /// The same, whatever tests were asked for.
    pub(super) fn prepared_as(
        &self,
        request: &Request,
        clock: Arc<dyn Clock>,
        run_id: RunId,
    ) -> Result<Prepared, Refused> {
        let tiers = tiers(request)?;
        let redactor = self.redactor.below();
        let sources = self.git(clock.clone())?;
        let reading = Reading { files: &Disk, sources: &sources };
        let looked = self.look(request, &reading, &clock, &run_id, &redactor)?;
        let asked = asked(request, tiers);
        finish(looked.loaded()?, asked, run_id, redactor, request.keep_archives)
    }

    /// Git, by which repositories are read.
    pub(crate) fn git(&self, clock: Arc<dyn Clock>) -> Result<GitAdapter, Refused> {
        GitAdapter::new(self.handle.clone(), clock).map_err(Refused::of_source)
    }

    /// What is gathered for a request, if nothing is wrong with it.
    pub(super) fn gathered(
        &self,
        request: &Request,
        reading: &Reading<'_>,
        clock: &Arc<dyn Clock>,
        run_id: &RunId,
    ) -> Result<Gathered, Refused> {
        let looked = self.look(request, reading, clock, run_id, &self.redactor.below())?;
        looked.loaded().map(|loaded| loaded.gathered)
    }

    pub(super) fn look(
        &self,
        request: &Request,
        reading: &Reading<'_>,
        clock: &Arc<dyn Clock>,
        run_id: &RunId,
        redactor: &Redactor,
    ) -> Result<Looked, Refused> {
        let limit = Limit { deadline: clock.now().after(GATHER_LIMIT), stop: self.stop.clone() };
        let asked = Asked {
            recipe: &request.recipe,
            source: request.source.as_deref(),
            rev: request.rev.as_deref(),
            upgrades: tiers(request)?.is_none_or(|tiers| tiers.contains(&ccci_model::tier::Tier::Upgrade)),
            base: request.base.as_deref(),
            path: request.path,
            no_local: request.no_local,
            run_id,
            zone: &self.config.zone,
        };
        let cache = self.config.sources();
        let (here, Reading { files, sources }) = (&self.config.here, *reading);
        let means = Means { here, cache: &cache, files, sources, limit: &limit, redactor };
        let outcome = gather::gather(&asked, &means).map_err(Refused::Failed)?;
        Ok(Looked { gathered: outcome.value, diagnostics: outcome.diagnostics })
    }
}

/// What was gathered, with everything that is wrong.
pub(super) struct Looked {
    /// Everything, if it could be read.
    pub(super) gathered: Option<Gathered>,
    diagnostics: Diagnostics,
}

impl Looked {
    /// What a run may begin with.
    pub(super) fn loaded(self) -> Result<Loaded, Refused> {
        let mut diagnostics = self.diagnostics;
        let Some(gathered) = self.gathered else { return Err(Refused::Wrong(diagnostics.sorted())) };
        let (merged, hidden) = gathered.texts.directory.merged();
        let strangers = gather::unmentioned::names(&gathered, gathered.scripts.spoken());
        let said = gathered.of_scripts.0.iter().cloned();
        let against = gather::contradictory::contradictions(&gathered.texts, &gathered.scripts);
        diagnostics.0.extend(hidden.0.into_iter().chain(said).chain(strangers.0).chain(against.0));
        let whose = merged.whose.into_iter().map(|(path, origin)| (path, format!("the {origin}"))).collect();
        if diagnostics.has_errors() {
            return Err(Refused::Wrong(diagnostics.sorted()));
        }
        Ok(Loaded { gathered, whose, diagnostics })
    }
}

/// What was gathered, if there was no error.
pub(super) struct Loaded {
    gathered: Gathered,
    /// From the path of each script file to the directory that it comes from, in words.
    whose: BTreeMap<String, String>,
    /// Warnings.
    pub(super) diagnostics: Diagnostics,
}

pub(super) fn asked(
    request: &Request,
    tiers: Option<std::collections::BTreeSet<ccci_model::tier::Tier>>,
) -> build::Asked {
    let Request { keep, browser, deadline, .. } = *request;
    build::Asked { call: request.call.clone(), tiers, tests: request.tests.clone(), keep, browser, deadline }
}

fn tiers(request: &Request) -> Result<Option<std::collections::BTreeSet<ccci_model::tier::Tier>>, Refused> {
    let Some(text) = &request.tiers else { return Ok(None) };
    let parsed = build::parse_tiers(text);
    parsed.map(Some).map_err(|e| Refused::Wrong(vec![Diagnostic::new(codes::BAD_TIERS, e)]))
}

fn finish(
    loaded: Loaded,
    asked: build::Asked,
    run_id: RunId,
    redactor: Redactor,
    keep_archives: bool,
) -> Result<Prepared, Refused> {
    let (plan, gathered, warnings) = planned(loaded, asked, run_id)?;
    let (linted, paths) = (linted(&gathered), gathered.paths);
    let recipe = &gathered.texts.recipe;
    let settings =
        KEYS.iter().filter(|k| k.has_effect()).map(|k| (k.name.to_string(), (k.get)(recipe))).collect();
    let mut sides = BTreeMap::from([(Side::Head, gathered.head)]);
    sides.extend(gathered.base.map(|b| (Side::Base, b)));
    let (app, may_end) = (recipe.app.clone(), recipe.may_end.clone());
    let apps = vec![AppTexts { sides, app, scripts: gathered.scripts, may_end, settings }];
    Ok(Prepared { job: Job { plan, apps, redactor, linted, keep_archives }, warnings, paths })
}

/// The plan, what it was made from, and the warnings that are not accepted.
pub(super) fn planned(
    loaded: Loaded,
    asked: build::Asked,
    run_id: RunId,
) -> Result<(Plan, Gathered, Vec<Diagnostic>), Refused> {
    let Loaded { gathered, whose, diagnostics } = loaded;
    let recipe = &gathered.texts.recipe;
    let counts = |d: &Diagnostic| {
        d.severity == Severity::Warning && accepted(recipe, d.code.id, d.place.as_ref()).is_none()
    };
    let warnings: Vec<Diagnostic> = diagnostics.sorted().into_iter().filter(counts).collect();
    let plan = build::build(&inputs(&gathered, whose, &warnings, asked, run_id));
    let broken = contradictions(&plan);
    if broken.is_empty() { Ok((plan, gathered, warnings)) } else { Err(Refused::Wrong(broken)) }
}

/// Contradictions in a plan. Each is a bug in ccci, reported before the run begins.
pub fn contradictions(plan: &Plan) -> Vec<Diagnostic> {
    contradictions::lint(plan).into_iter().map(|m| Diagnostic::new(codes::BAD_PLAN, m)).collect()
}

fn inputs(
    g: &Gathered,
    whose: BTreeMap<String, String>,
    warnings: &[Diagnostic],
    asked: build::Asked,
    run_id: RunId,
) -> Inputs {
    let (recipe, scripts) = (&g.texts.recipe, &g.scripts);
    let (backup, why, backup_by) = g.backup();
    let mut tests: Vec<TestFile> = vec![];
    for row in TIERS {
        for t in scripts.tests(row.tier) {
            match tests.iter_mut().find(|f| f.file == t.file) {
                Some(f) => f.names.push(t.name),
                None => tests.push(TestFile { tier: row.tier, file: t.file, names: vec![t.name] }),
            }
        }
    }
    let mut overlays: Vec<String> = g.texts.directory.overlays.iter().map(|o| o.path.clone()).collect();
    overlays.push(format!(
        "labels of the run on everything; abra's labels and the app env on service `{}`",
        recipe.app
    ));
    overlays.push("without IPVS: dnsrr and host-mode ports".into());
    let mut not_proved = g.not_emulated();
    if g.has_no_directory() {
        not_proved.push(
            "what the recipe is for: it has no recipe directory, so only what every app must do was asked"
                .into(),
        );
    }
    not_proved.extend(g.overlaid().into_iter().chain(g.open_at_upgrade()));
    if g.base.is_some() && recipe.upgrade_env_from == EnvFrom::Head {
        not_proved.push("that an app upgrades with the env that it was installed with: `upgrade.env_from` takes the head's sample".into());
    }
    Inputs {
        run_id,
        recipe: recipe.name.clone(),
        domain: g.domain.clone(),
        source: g.source.given.clone(),
        head: g.head.deployment(false),
        base: g.base.as_ref().map(|b| b.deployment(g.repaired)),
        base_reason: g.choice.reason.clone(),
        base_unknown: g.base.is_none() && g.choice.by == ccci_model::event::DecidedBy::Earlier,
        health_path: recipe.health.path.clone(),
        health_ok: recipe.health.ok.clone(),
        health_limit: recipe.health.timeout,
        deploy_limit: recipe.deploy_timeout,
        ready_stable: recipe.ready_stable,
        routed: g.routed(),
        screenshot: recipe.screenshot,
        backup: (backup, why),
        backup_by,
        hooks: scripts.hooks().into_iter().map(|(row, _)| row.name().to_string()).collect(),
        tests,
        expected_na: recipe.expected_na.clone(),
        settings: g.settings(),
        scripts: whose,
        overlays,
        left_alone: g.left_alone(),
        not_proved,
        data: g.data(),
        needs: vec![],
        warnings: warnings.iter().map(render::one_line).collect(),
        asked,
    }
}

/// A run id that sorts by the run's start and is unique by its random part: `20260131-235959-1a2b3c`.
pub fn new_run_id(clock: &dyn Clock) -> RunId {
    let random: u32 = rand::rng().random_range(0..0x0100_0000);
    let text = format!("{}-{random:06x}", utc_stamp(clock.wall_ms()));
    RunId::parse(&text).expect("digits, letters and dashes")
}

/// An id for a call, made like the ids of its runs.
pub(super) fn new_call_id(clock: &dyn Clock) -> CallId {
    CallId::parse(new_run_id(clock).as_str()).expect("what names a run may name a call")
}
