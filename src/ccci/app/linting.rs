//! What a check says of a directory beyond its settings and scripts: a run of it is prepared, and its head linted.

use super::lint_rung::lint_findings;
use super::prepare::{Reading, Refused, asked, new_run_id, planned};
use super::request::Request;
use super::session::Session;
use ccci_model::diag::Diagnostic;
use ccci_model::failure::Failure;
use ccci_runner::gather::Gathered;
use ccci_swarm::ports::Clock;
use std::sync::Arc;

/// What check says of a directory.
pub(super) struct Linting {
    /// What a run would be refused for, or warned of.
    pub said: Vec<Diagnostic>,
    /// What was gathered, if everything could be read.
    pub gathered: Option<Gathered>,
    /// What the rules find in the head.
    pub findings: Vec<Diagnostic>,
}

impl Session {
    /// Prepares a run of a directory as it is, from each of its upgrade bases, and lints the head if there is one: what
    /// is wrong or doubtful.
    pub(super) fn prepare_and_lint(
        &self,
        dir: &str,
        reading: &Reading<'_>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Linting, Box<Failure>> {
        let mut linting = self.path_linted(&Request::of(dir), reading, clock)?;
        for path in 1..linting.gathered.as_ref().map_or(1, |g| g.paths) {
            let more = self.path_linted(&Request { path, ..Request::of(dir) }, reading, clock)?;
            let new: Vec<Diagnostic> = more.said.into_iter().filter(|d| !linting.said.contains(d)).collect();
            linting.said.extend(new);
        }
        Ok(linting)
    }

    fn path_linted(
        &self,
        request: &Request,
        reading: &Reading<'_>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Linting, Box<Failure>> {
        let (run_id, redactor) = (new_run_id(&**clock), self.redactor.below());
        let looked = match self.look(request, reading, clock, &run_id, &redactor) {
            Ok(looked) => looked,
            Err(Refused::Failed(failure)) => return Err(failure),
            Err(Refused::Wrong(said)) => return Ok(Linting { said, findings: vec![], gathered: None }),
        };
        let findings = looked.gathered.as_ref().map(lint_findings).unwrap_or_default();
        let gathered = looked.gathered.clone();
        let asked = asked(request, None);
        let prepared = looked.loaded().and_then(|loaded| {
            let said = loaded.diagnostics.clone().sorted();
            planned(loaded, asked, run_id).map(|_| said)
        });
        match prepared {
            Ok(said) => Ok(Linting { said, findings, gathered }),
            Err(Refused::Wrong(said)) => Ok(Linting { said, findings, gathered }),
            Err(Refused::Failed(failure)) => Err(failure),
        }
    }
}
