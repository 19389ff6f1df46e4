//! Reads what services wrote.
//! Each container is asked by itself. An engine that is asked for a whole service sends the logs of several tasks
//! on one stream; if their lines are long, it loses some of them and never ends (20.10).

use super::refusal::refused;
use super::{Swarm, decode, exec, filters, whole};
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::{InspectServiceOptions, LogsOptions, LogsOptionsBuilder};
use ccci_swarm::log::{LastLines, Log, Stream, first_ask};
use ccci_swarm::observed::ObservedTask;
use ccci_swarm::ports::ClusterError;
use futures_util::{StreamExt, stream::BoxStream};
use std::time::Duration;

/// How long another node may take for one log.
const ELSEWHERE: Duration = Duration::from_secs(5);
/// How the engine says that a container is being removed.
const GOING: &str = "marked for removal";

impl Swarm {
    /// The last lines of all tasks of a service, in the order in which they were written.
    pub(super) async fn service_log(&self, service: &str, lines: usize) -> Result<String, ClusterError> {
        let engine = self.connected().await?;
        let mine = filters(&[("service", service)]);
        let tasks = whole::list_tasks(&engine, &mine).await.map_err(|e| refused("list the tasks", &e))?;
        if tasks.is_empty() {
            let exists = engine.docker.inspect_service(service, None::<InspectServiceOptions>).await;
            exists.map_err(|e| refused("look for the service", &e))?;
        }
        let mut last = LastLines::new(lines);
        for task in tasks.into_iter().map(decode::task).filter(|t| !t.container.is_empty()) {
            self.task_log(&task, lines, &mut last).await?;
        }
        Ok(last.text())
    }

    /// Adds the log of one task. If its container was removed, so was its log.
    async fn task_log(
        &self,
        task: &ObservedTask,
        lines: usize,
        last: &mut LastLines,
    ) -> Result<(), ClusterError> {
        let docker = self.connected().await?.docker;
        let here = task.node == self.node().await?;
        let mut asked = first_ask(lines);
        loop {
            let options = Some(options(&asked.to_string()));
            let log = if here {
                joined(docker.logs(&task.container, options).boxed()).await
            } else {
                let log = joined(docker.task_logs(&task.id, options).boxed());
                let Ok(log) = tokio::time::timeout(ELSEWHERE, log).await else {
                    last.note(&format!("[node {} did not send the log of task {}]", task.node, task.id));
                    return Ok(());
                };
                log
            };
            let log = match log.map_err(|e| refused("read the log", &e)) {
                Err(ClusterError::Missing(_)) => return Ok(()),
                Err(ClusterError::Refused { text, .. }) if text.contains(GOING) => return Ok(()),
                other => other?,
            };
            match last.take(log, asked) {
                Some(more) => asked = more,
                None => return Ok(()),
            }
        }
    }

    /// Everything that a service with one task wrote: standard output and standard error.
    pub(super) async fn outputs(&self, service: &str) -> Result<(String, String), ClusterError> {
        let docker = self.connected().await?.docker;
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail("all").build();
        let stream = docker.service_logs(service, Some(options));
        exec::collected(stream).await.map_err(|e| refused("read the job's output", &e))
    }
}

fn options(tail: &str) -> LogsOptions {
    LogsOptionsBuilder::default().stdout(true).stderr(true).timestamps(true).tail(tail).build()
}

/// Reads a container's messages into a log.
async fn joined(mut messages: BoxStream<'_, Result<LogOutput, Error>>) -> Result<Log, Error> {
    let mut log = Log::default();
    while let Some(message) = messages.next().await {
        match message? {
            LogOutput::StdOut { message } => log.take(Stream::Out, &message),
            LogOutput::StdErr { message } => log.take(Stream::Err, &message),
            LogOutput::Console { message } => log.take_terminal(&message),
            LogOutput::StdIn { .. } => {}
        }
    }
    Ok(log)
}
