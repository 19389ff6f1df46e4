//! From what was typed to a job: gather, load the scripts, make the plan. `check`, `plan` and `run` start here.

use super::args::SourceArgs;
use super::env;
use ccci_adapters::clock::RealClock;
use ccci_adapters::git::GitHand;
use ccci_model::diag::{Diagnostic, Diagnostics, Severity, codes, render};
use ccci_model::event::LintedRule;
use ccci_model::exit::Exit;
use ccci_model::failure::Failure;
use ccci_model::name::RunId;
use ccci_model::plan::{Plan, Side};
use ccci_model::redact::Redactor;
use ccci_model::tier::TIERS;
use ccci_model::time::utc_stamp;
use ccci_recipe::keys::KEYS;
use ccci_recipe::lint as rules;
use ccci_runner::build::contradictions;
use ccci_runner::build::{self, Inputs, TestFile};
use ccci_runner::execute::job::{AppTexts, Job, Linted};
use ccci_runner::gather::{self, Asked, Gathered, Means};
use ccci_swarm::ports::Clock;
use ccci_swarm::ports::clock::{Limit, Stop};
use rand::RngExt;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// The zone of run domains: a reserved name, so nothing leaves the machine.
pub const ZONE: &str = "ccci.test";
/// Reading a source may take so long; a big repository over a slow line needs minutes.
const GATHER_LIMIT: Duration = Duration::from_secs(600);

/// Why there is no job.
pub enum Refused {
    /// What someone wrote is wrong.
    Wrong(Vec<Diagnostic>),
    /// We could not look.
    World(Box<Failure>),
}

impl Refused {
    /// How the call ends.
    pub fn exit(&self) -> Exit {
        match self {
            Refused::Wrong(_) => Exit::Wrong,
            Refused::World(f) if f.cause == ccci_model::failure::causes::INTERRUPTED.id => Exit::Interrupted,
            Refused::World(_) => Exit::Error,
        }
    }
}

/// A job that may be run, and what is to be said about it.
pub struct Prepared {
    /// The plan and its texts.
    pub job: Job,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

/// Gathers, loads, plans. Nothing is touched.
pub fn prepare(
    recipe: &str,
    args: &SourceArgs,
    keep: bool,
    handle: &Handle,
    stop: &Stop,
    redactor: &Redactor,
) -> Result<Prepared, Refused> {
    let clock: Arc<dyn Clock> = Arc::new(RealClock::new(Arc::new(Notify::new())));
    let run_id = new_run_id(&*clock);
    prepare_as(recipe, args, keep, handle, stop, redactor, (clock, run_id))
}

/// The same with a given clock and run id, so that a plan can be compared.
pub fn prepare_as(
    recipe: &str,
    args: &SourceArgs,
    keep: bool,
    handle: &Handle,
    stop: &Stop,
    redactor: &Redactor,
    (clock, run_id): (Arc<dyn Clock>, RunId),
) -> Result<Prepared, Refused> {
    let tiers = tiers(args)?;
    let limit = Limit { deadline: clock.now().after(GATHER_LIMIT), stop: stop.clone() };
    let git = GitHand::new(handle.clone(), clock).map_err(|e| match gather::trouble::of_source(e, None) {
        gather::trouble::Trouble::Wrong(d) => Refused::Wrong(vec![*d]),
        gather::trouble::Trouble::World(f) => Refused::World(f),
    })?;
    let zone = env::read(env::CCCI_ZONE).unwrap_or_else(|| ZONE.to_string());
    let asked = Asked {
        recipe,
        source: args.source.as_deref(),
        rev: args.rev.as_deref(),
        base: args.base.as_deref(),
        no_local: args.no_local,
        run_id: &run_id,
        zone: &zone,
    };
    let cache = env::home().join("sources");
    let means = Means { here: Path::new("."), cache: &cache, git: &git, limit: &limit, redactor };
    let outcome = gather::gather(&asked, &means).map_err(Refused::World)?;
    let mut diagnostics = outcome.diagnostics;
    let Some(gathered) = outcome.value else { return Err(Refused::Wrong(diagnostics.sorted())) };
    let (merged, hidden) = gathered.texts.directory.merged();
    let strangers = gather::unmentioned::services(&gathered, gathered.scripts.services());
    let said = gathered.of_scripts.0.iter().cloned();
    diagnostics.0.extend(hidden.0.into_iter().chain(said).chain(strangers.0));
    let whose = merged.whose.into_iter().map(|(path, origin)| (path, format!("the {origin}"))).collect();
    if diagnostics.has_errors() {
        return Err(Refused::Wrong(diagnostics.sorted()));
    }
    let asked = build::Asked { tiers, keep, deadline: args.deadline };
    finish(gathered, whose, diagnostics, asked, run_id, redactor)
}

fn tiers(args: &SourceArgs) -> Result<Option<std::collections::BTreeSet<ccci_model::tier::Tier>>, Refused> {
    let Some(text) = &args.tiers else { return Ok(None) };
    let parsed = build::parse_tiers(text);
    parsed.map(Some).map_err(|e| Refused::Wrong(vec![Diagnostic::new(codes::BAD_TIERS, e)]))
}

fn finish(
    gathered: Gathered,
    whose: BTreeMap<String, String>,
    diagnostics: Diagnostics,
    asked: build::Asked,
    run_id: RunId,
    redactor: &Redactor,
) -> Result<Prepared, Refused> {
    let warnings: Vec<Diagnostic> =
        diagnostics.sorted().into_iter().filter(|d| d.severity == Severity::Warning).collect();
    let inputs = inputs(&gathered, whose, &warnings, asked, run_id);
    let plan = build::build(&inputs);
    let broken = contradictions(&plan);
    if !broken.is_empty() {
        return Err(Refused::Wrong(broken));
    }
    let linted = linted(&gathered);
    let recipe = &gathered.texts.recipe;
    let settings = KEYS.iter().filter(|k| k.lives()).map(|k| (k.name.to_string(), (k.get)(recipe))).collect();
    let mut sides = BTreeMap::from([(Side::Head, gathered.head)]);
    sides.extend(gathered.base.map(|b| (Side::Base, b)));
    let (scripts, redactor) = (gathered.scripts, redactor.clone());
    let apps = vec![AppTexts { sides, scripts, settings }];
    let job = Job { plan, apps, redactor, linted, keep_archives: false };
    Ok(Prepared { job, warnings })
}

/// What contradicts itself in a plan: a bug of ours, said before anything is touched.
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
    overlays.push("labels of the run on everything; abra's labels and the app env on service `app`".into());
    overlays.push("without IPVS: dnsrr and host-mode ports".into());
    Inputs {
        run_id,
        recipe: recipe.name.clone(),
        domain: g.domain.clone(),
        source: g.source.given.clone(),
        head: g.head.deployment(false),
        base: g.base.as_ref().map(|b| b.deployment(g.repaired)),
        base_reason: g.choice.reason.clone(),
        health_path: recipe.health.path.clone(),
        health_ok: recipe.health.ok.clone(),
        health_limit: recipe.health.timeout,
        deploy_limit: recipe.deploy_timeout,
        ready_stable: recipe.ready_stable,
        routed: g.routed(),
        backup: (backup, why),
        backup_by,
        hooks: scripts.hooks().into_iter().map(|(row, _)| row.name().to_string()).collect(),
        tests,
        expected_na: recipe.expected_na.clone(),
        settings: g.settings(),
        scripts: whose,
        overlays,
        left_alone: g.left_alone(),
        needs: vec![],
        warnings: warnings.iter().map(render::one_line).collect(),
        asked,
    }
}

fn linted(g: &Gathered) -> Linted {
    let input = rules::LintInput::new(g.head.facts.files.clone(), g.source.names.tags.clone());
    let checked = rules::lint(&input);
    let told = |c: &rules::Checked| LintedRule {
        id: c.rule.id.to_string(),
        severity: match c.rule.severity {
            Severity::Error => "error".into(),
            Severity::Warning => "warning".into(),
        },
        result: c.outcome.name().to_string(),
        findings: c.outcome.lines(),
    };
    Linted { status: rules::rung(&checked), rules: checked.iter().map(told).collect() }
}

/// Sortable by the run's start, unique by chance: `20260131-235959-1a2b3c`.
pub fn new_run_id(clock: &dyn Clock) -> RunId {
    let random: u32 = rand::rng().random_range(0..0x0100_0000);
    let text = format!("{}-{random:06x}", utc_stamp(clock.wall_ms()));
    RunId::parse(&text).expect("digits, letters and dashes")
}
