//! The recipe that uses everything, as a job: prepared once from `fixtures/fullest`, as `ccci run` would do.

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

/// A recipe directory and its repository in one temporary directory.
pub(crate) struct Ground {
    /// The repository, at `recipe`; the recipe directory is `recipes/fullest` next to it.
    pub source: Repository,
}

/// Copies a directory with everything in it.
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
    /// The published base, and the head on `main`.
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

    /// Everything that a run needs, with this run id; or what is wrong, one line each.
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
        Err(Refused::Failed(failure)) => Err(failure.to_string()),
    }
}

/// A job of the recipe that uses everything; it is made once and copied for each run.
pub(crate) fn job() -> Job {
    static MADE: OnceLock<Job> = OnceLock::new();
    fresh(MADE.get_or_init(|| Ground::new().prepare("20260101-000000-abc123").unwrap()))
}

/// The same job for another run, with its own redactor.
pub(crate) fn fresh(job: &Job) -> Job {
    Job {
        plan: job.plan.clone(),
        apps: job.apps.clone(),
        redactor: Redactor::default(),
        linted: job.linted.clone(),
        keep_archives: job.keep_archives,
    }
}

/// With short timeouts for readiness, so that an app that is never ready does not take ten minutes.
pub(crate) fn hasty(mut job: Job) -> Job {
    for step in job.plan.steps.iter_mut().filter(|s| matches!(s.action, Action::Ready { .. })) {
        step.limit_ms = 3_000;
    }
    job
}

/// The same recipe under another run id and domain.
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
