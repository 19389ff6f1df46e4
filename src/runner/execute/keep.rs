//! What a run keeps in its directory besides events: resolved files, logs of services, evidence.

use super::{Run, desired};
use ccci_model::event::What;
use ccci_model::failure::Failure;
use ccci_model::name::ServiceName;
use ccci_model::plan::Side;
use ccci_swarm::converge;
use ccci_swarm::observed::Observed;
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::clock::{Limit, Stop};
use serde_json::json;
use std::io::Write;
use std::time::Duration;

/// Lines of a service's log that are put into a failure (lesson 46: the last line is often not the cause).
const EVIDENCE_LINES: usize = 20;
/// How many lines about ports a failure shows.
const PORT_LINES: usize = 6;
/// Words of a log that tell on what a program listens, or why it ended.
const OF_PORTS: &[&str] = &[
    "listen",
    "listening",
    "port",
    "bind",
    "bound",
    "socket",
    "error",
    "fatal",
    "failed",
    "cannot",
    "denied",
];

/// Whether a line of a log has one of the words, and is no line about a request.
fn tells_of_a_port(line: &str) -> bool {
    let line = line.to_lowercase();
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
    !line.contains(" http/") && words.any(|word| OF_PORTS.contains(&word))
}
/// Lines of each service's log that are kept in the run's directory.
const KEPT_LINES: usize = 5_000;
/// Time limit for reading logs, so that it does not delay removal.
const LOG_LIMIT: Duration = Duration::from_secs(20);

impl Run<'_> {
    /// Writes a redacted text to the run's directory. An error of the disk is ignored here: the record notices and
    /// reports it first.
    pub fn keep(&self, name: &str, content: &[u8]) {
        let hidden = self.job.redactor.hide(&String::from_utf8_lossy(content));
        let bytes = hidden.len() as u64;
        let name = self.named(name);
        let written = self.world.store.create(&name).and_then(|mut f| {
            f.write_all(hidden.as_bytes())?;
            f.flush()
        });
        if written.is_ok() {
            self.sink.emit(What::Kept { file: name, sha256: None, bytes });
        }
    }

    /// Looks at the app for the last time before it is removed: whether it stayed up, and the log of every service.
    pub(crate) fn last_look(&mut self) {
        let Some(side) = self.state.current else { return };
        let limit = self.log_limit();
        let stack = &self.app().stack;
        let Ok(observed) = self.world.cluster.look(stack, &limit) else { return };
        if self.state.converged {
            self.watch_after_step();
            self.doubt(side, &observed);
        }
        for service in &observed.services {
            if let Ok(text) = self.world.cluster.logs(stack, &service.name, KEPT_LINES, &limit)
                && !text.is_empty()
            {
                self.keep(&format!("logs/{}.log", service.name), text.as_bytes());
            }
        }
    }

    /// Says what is not proved about services that have converged.
    fn doubt(&mut self, side: Side, observed: &Observed) {
        // an earlier wait gave up and has already reported it
        if !self.state.history.culprits.is_empty() {
            return;
        }
        let desired = desired::of(&self.state.resolved[&side].composed, false);
        let now_ms = self.world.clock.now().0;
        let doubts = converge::doubts(&desired, observed, &self.state.history, now_ms);
        doubts.into_iter().for_each(|what| self.sink.emit(What::NotProved { what }));
    }

    /// Adds the last log lines of every service of the stack to a failure that has no log yet.
    pub fn with_logs(&self, failure: Failure) -> Failure {
        if failure.has_log() || failure.is_error() {
            return failure;
        }
        let limit = self.log_limit();
        let Ok(observed) = self.world.cluster.look(&self.app().stack, &limit) else { return failure };
        observed.services.iter().fold(failure, |f, service| {
            f.log(service.name.as_str(), self.last_lines(&service.name, &limit).unwrap_or_default())
        })
    }

    /// The last log lines of a service, as a failure shows them.
    pub(crate) fn last_lines(&self, service: &ServiceName, limit: &Limit) -> Result<String, ClusterError> {
        let lines = self.world.cluster.logs(&self.app().stack, service, EVIDENCE_LINES, limit)?;
        Ok(self.job.redactor.hide(&lines))
    }

    /// The last lines of a service's log that say on what it listens, or why it does not: at the end of the log are the
    /// requests that ccci made.
    pub(crate) fn lines_about_ports(&self, service: &ServiceName) -> Result<String, ClusterError> {
        let lines = self.world.cluster.logs(&self.app().stack, service, KEPT_LINES, &self.log_limit())?;
        let lines = self.job.redactor.hide(&lines);
        let mut telling: Vec<&str> = lines.lines().filter(|line| tells_of_a_port(line)).collect();
        telling.drain(..telling.len().saturating_sub(PORT_LINES));
        Ok(telling.join("\n"))
    }

    /// Notes what the last operation did, for `ctx.facts`.
    pub(crate) fn note_operation(&mut self, side: Side) {
        let plan = self.app();
        let after = if side == Side::Base { plan.base.as_ref().unwrap_or(&plan.head) } else { &plan.head };
        let before = plan.base.as_ref().filter(|_| side == Side::Head).map(|b| b.commit.to_string());
        let images = self.state.resolved.get(&side).map(|r| r.composed.images()).unwrap_or_default();
        match before {
            Some(before) => self.note("commit_before", &before),
            None => _ = self.state.facts.insert("commit_before".into(), json!(null)),
        }
        self.note("commit_after", after.commit.as_str());
        self.state.facts.insert("images".into(), json!(images));
    }

    /// Notes a fact for `ctx.facts` and for the record.
    pub fn note(&mut self, name: &str, value: &str) {
        self.state.facts.insert(name.into(), json!(value));
        self.sink.emit(What::Fact { name: self.named(name), value: value.into() });
    }

    fn log_limit(&self) -> Limit {
        Limit { deadline: self.world.clock.now().after(LOG_LIMIT), stop: Stop::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_about_ports_are_told_from_requests() {
        for line in [
            "nginx: [emerg] bind() to 0.0.0.0:80 failed",
            "Listening on :8080",
            "PORT=3000",
            "Fatal: no config",
        ] {
            assert!(tells_of_a_port(line), "{line}");
        }
        for line in ["10.0.1.2 - - \"GET /port HTTP/1.1\" 200 5", "report exported", "ready"] {
            assert!(!tells_of_a_port(line), "{line}");
        }
    }
}
