//! The tests of a recipe: which there are, which a run would ask, and what `--test` may name.

use super::prepare::{Prepared, Refused, new_run_id};
use super::request::Request;
use super::session::{Session, clock};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, codes};
use ccci_model::plan::Action;
use ccci_model::plan::partial::{NOT_ASKED, TestName};
use ccci_model::tier::TIERS;
use ccci_runner::build::means;
use ccci_runner::execute::job::Job;
use std::collections::BTreeSet;

/// Most names that a message lists.
const SHOWN: usize = 12;

/// A test of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTest {
    /// Its names, as in every record.
    pub test: TestName,
    /// Why a run would not ask it.
    pub left_out: Option<String>,
}

impl Session {
    /// The recipe's own tests, in the order of a run.
    pub fn tests(&self, request: &Request) -> Result<Vec<ListedTest>, Refused> {
        // patterns that fit no test leave all of them out, which the list says
        let clock = clock();
        let run_id = new_run_id(&*clock);
        self.prepared_as(request, clock, run_id).map(|Prepared { job, .. }| listed(&job))
    }
}

/// All tests of a job's subject, and which of them its plan asks.
pub(super) fn listed(job: &Job) -> Vec<ListedTest> {
    let app = job.plan.subject();
    let scripts = &job.apps[job.plan.subject_at()].scripts;
    let asked: BTreeSet<(&str, &str)> = job.plan.steps.iter().flat_map(|s| names(&s.action)).collect();
    let mut out = vec![];
    for row in TIERS {
        let skipped = app.skips.iter().find(|s| s.what == row.name).map(|s| s.reason.clone());
        for t in scripts.tests(row.tier) {
            let is_asked = asked.contains(&(t.file.as_str(), t.name.as_str()));
            let why = || skipped.clone().unwrap_or_else(|| NOT_ASKED.into());
            let left_out = (!is_asked).then(why);
            out.push(ListedTest { test: TestName { tier: row.tier, file: t.file, name: t.name }, left_out });
        }
    }
    out
}

fn names(action: &Action) -> Vec<(&str, &str)> {
    match action {
        Action::Tests { file, names } => names.iter().map(|n| (file.as_str(), n.as_str())).collect(),
        _ => vec![],
    }
}

/// Refuses `--test` with a pattern that means no test, or only tests that this run leaves out.
pub(super) fn are_there(job: &Job, patterns: &[String]) -> Result<(), Refused> {
    let all = listed(job);
    let wrong: Vec<Diagnostic> = patterns.iter().filter_map(|pattern| refused(pattern, &all)).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Refused::Wrong(wrong)) }
}

fn refused(pattern: &str, all: &[ListedTest]) -> Option<Diagnostic> {
    let meant: Vec<&ListedTest> = all.iter().filter(|t| means(pattern, &t.test.file, &t.test.name)).collect();
    if meant.iter().any(|t| t.left_out.is_none()) {
        return None;
    }
    if let Some(first) = meant.first() {
        let why = first.left_out.clone().unwrap_or_default();
        let what = format!("{}::{}", first.test.file, first.test.name);
        let message =
            format!("--test: `{pattern}` means tests that this run leaves out, such as `{what}`: {why}");
        return Some(
            Diagnostic::new(codes::BAD_FLAG, message)
                .help("`ccci run --list` shows every test and why it is left out"),
        );
    }
    let message = format!("--test: no test of the recipe fits `{pattern}`");
    Some(Diagnostic::new(codes::BAD_FLAG, message).help(known(pattern, all)))
}

/// The names that may have been meant.
fn known(pattern: &str, all: &[ListedTest]) -> String {
    if all.is_empty() {
        return "the recipe has no tests of its own; see `ccci explain custom`".into();
    }
    let plain = pattern.trim_matches('*');
    let names = || all.iter().flat_map(|t| [t.test.name.as_str(), t.test.file.as_str()]);
    if let Some(help) = did_you_mean(plain, names()) {
        return format!("{help} `ccci run --list` shows all");
    }
    let mut shown: Vec<String> = all.iter().take(SHOWN).map(|t| format!("`{}`", t.test.name)).collect();
    if all.len() > SHOWN {
        shown.push(format!("and {} more", all.len() - SHOWN));
    }
    format!("its tests are {}", shown.join(", "))
}
