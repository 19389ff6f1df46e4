//! The recipe that has everything, as a job: prepared once from `fixtures/fullest` as `ccci run` would.

use crate::repository::Repository;
use ccci::app::{Refused, Request, Session};
use ccci::commands::env;
use ccci_adapters::clock::RealClock;
use ccci_model::diag::render::one_line;
use ccci_model::name::RunId;
use ccci_model::plan::Action;
use ccci_model::redact::Redactor;
use ccci_runner::execute::job::Job;
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A recipe directory and its repository below one temporary directory.
pub(crate) struct Ground {
    /// The repository, at `recipe`; the directory is `recipes/fullest` beside it.
    pub source: Repository,
}

/// Copies a directory with everything below it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Ground {
    /// With the published base, and the head on `main`.
    pub(crate) fn new() -> Ground {
        let source = Repository::new();
        let fixtures = Path::new("tests/fixtures/fullest");
        copy(&fixtures.join("base"), &source.path());
        source.commit("base");
        source.git(&["tag", "-a", "1.0.0+1.25.0", "-m", "base"]);
        fs::remove_file(source.path().join("compose.yml")).unwrap();
        copy(&fixtures.join("head"), &source.path());
        source.commit("head");
        copy(&fixtures.join("recipe"), &source.around().join("recipes/fullest"));
        Ground { source }
    }

    /// Replaces a file of the recipe directory.
    pub(crate) fn file(&self, path: &str, content: &str) -> &Ground {
        fs::write(self.source.around().join("recipes/fullest").join(path), content).unwrap();
        self
    }

    /// Everything a run starts from, under this id; or what is wrong, a line each.
    pub(crate) fn prepare(&self, run_id: &str) -> Result<Job, String> {
        let dir = self.source.around().join("recipes/fullest");
        prepared(&Request::of(dir.to_str().unwrap()), run_id)
    }
}

/// Prepares any recipe.
pub(crate) fn prepared(request: &Request, run_id: &str) -> Result<Job, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let clock = Arc::new(RealClock::new(Arc::default()));
    let run_id = RunId::parse(run_id).unwrap();
    let session = Session::new(env::config(), runtime.handle().clone());
    match session.prepare_as(request, clock, run_id) {
        Ok(prepared) => Ok(prepared.job),
        Err(Refused::Wrong(all)) => Err(all.iter().map(one_line).collect::<Vec<_>>().join("\n")),
        Err(Refused::World(failure)) => Err(failure.to_string()),
    }
}

/// A job of the recipe that has everything; made once, copied for each run.
pub(crate) fn job() -> Job {
    static MADE: OnceLock<Job> = OnceLock::new();
    fresh(MADE.get_or_init(|| Ground::new().prepare("20260101-000000-abc123").unwrap()))
}

/// Another run of the same job: its own redactor, all else the same.
pub(crate) fn fresh(job: &Job) -> Job {
    Job {
        plan: job.plan.clone(),
        apps: job.apps.clone(),
        redactor: Redactor::default(),
        linted: job.linted.clone(),
        keep_archives: job.keep_archives,
    }
}

/// With short waits for readiness, so that one that never comes does not take ten minutes of asking.
pub(crate) fn hasty(mut job: Job) -> Job {
    for step in job.plan.steps.iter_mut().filter(|s| matches!(s.action, Action::Ready { .. })) {
        step.limit_ms = 3_000;
    }
    job
}

/// The same recipe under another run's name.
pub(crate) fn another(job: &Job, run_id: &str, domain: &str) -> Job {
    let mut job = fresh(job);
    let old = job.plan.subject().domain.to_string();
    job.plan.run_id = RunId::parse(run_id).unwrap();
    let app = job.plan.subject_mut();
    app.domain = ccci_model::name::Domain::parse(domain).unwrap();
    app.stack = app.domain.stack();
    let (stack, new) = (old.replace('.', "_"), app.stack.to_string());
    for side in job.apps.iter_mut().flat_map(|a| a.sides.values_mut()) {
        for value in side.env.vars.values_mut() {
            *value = value.replace(&old, domain).replace(&stack, &new);
        }
    }
    job
}
