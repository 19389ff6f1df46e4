//! A one-shot service: made on the stack's networks, waited for, its output read, and removed in any case.

use super::refusal::refused;
use super::{Swarm, decode, filters, full_name, whole};
use bollard::models::{
    EndpointSpec, EndpointSpecModeEnum, NetworkAttachmentConfig, ServiceSpec, TaskSpec,
    TaskSpecContainerSpec, TaskSpecRestartPolicy, TaskSpecRestartPolicyConditionEnum,
};
use ccci_model::name::StackName;
use ccci_swarm::observed::{ObservedTask, TaskState};
use ccci_swarm::ports::cluster::{ExecOutput, JobRequest, PullError};
use ccci_swarm::ports::{ClusterError, Limit};
use ccci_swarm::wait::{Look, WaitError, until};
use std::time::Duration;

/// Limit of a job's removal. It is separate, because the job may have ended when the run's limit did.
const REMOVAL: Duration = Duration::from_secs(10);

impl Swarm {
    pub(super) fn job(
        &self,
        stack: &StackName,
        job: &JobRequest,
        limit: &Limit,
    ) -> Result<ExecOutput, ClusterError> {
        let name = full_name(stack, &job.name);
        self.run("start the job", limit, async {
            let docker = self.connected().await?.docker;
            let observed = self.look_at(stack).await?;
            if observed.services.is_empty() {
                return Err(ClusterError::Missing(format!("stack `{stack}`")));
            }
            self.pull_image(&job.image).await.map_err(|e| match e {
                PullError::Cluster(e) => e,
                e => ClusterError::Refused { action: "start the job".into(), text: e.to_string() },
            })?;
            let networks = observed.services.into_iter().flat_map(|s| s.networks).collect();
            let spec = spec(&name, stack, job, networks);
            docker.create_service(spec, None).await.map(|_| ()).map_err(|e| refused("start the job", &e))
        })?;
        let done = self.job_end(&name, limit);
        let bound =
            Limit { deadline: self.clock.now().after(REMOVAL), stop: ccci_swarm::ports::Stop::default() };
        let output = done.and_then(|task| {
            let (stdout, stderr) = self.run("read the job's output", limit, self.outputs(&name))?;
            match (task.state, task.exit_code) {
                (TaskState::Complete, code) => Ok(ExecOutput { code: code.unwrap_or(0), stdout, stderr }),
                (_, Some(code)) if code != 0 => Ok(ExecOutput { code, stdout, stderr }),
                _ => Err(ClusterError::Refused { action: "run the job".into(), text: task.error }),
            }
        });
        let removed = self.run("remove the job", &bound, async {
            let docker = self.connected().await?.docker;
            docker.delete_service(&name).await.map_err(|e| refused("remove the job", &e))
        });
        output.and_then(|out| removed.map(|()| out))
    }

    fn job_end(&self, name: &str, limit: &Limit) -> Result<ObservedTask, ClusterError> {
        let mut running = false;
        let got = until(&*self.clock, limit, &mut |_| (), || {
            let tasks = self.run("look at the job", limit, async {
                let all = whole::list_tasks(&self.connected().await?, &filters(&[("service", name)])).await;
                all.map_err(|e| refused("look at the job", &e))
            })?;
            let tasks: Vec<ObservedTask> = tasks.into_iter().map(decode::task).collect();
            running = tasks.iter().any(|t| t.state == TaskState::Running);
            let ended = tasks.into_iter().find(|t| t.state > TaskState::Running);
            Ok(ended.map_or(Look::Waiting("the job".into()), Look::Done))
        });
        got.map_err(|e| match e {
            WaitError::Stopped(_) => ClusterError::Stopped("see the job end".into()),
            // the last look may have been cut short
            WaitError::Look(ClusterError::Deadline(_)) | WaitError::TimedOut { .. } if running => {
                ClusterError::Deadline("see the job end, which still ran,".into())
            }
            WaitError::Look(e) => e,
            _ => ClusterError::Deadline("see the job end".into()),
        })
    }
}

fn spec(name: &str, stack: &StackName, job: &JobRequest, mut networks: Vec<String>) -> ServiceSpec {
    networks.sort();
    networks.dedup();
    let mut labels = job.owner.labels();
    labels.insert(ccci_recipe::labels::STACK.into(), stack.to_string());
    let attach =
        |n: String| NetworkAttachmentConfig { target: Some(n), ..NetworkAttachmentConfig::default() };
    ServiceSpec {
        name: Some(name.to_string()),
        labels: Some(labels.clone().into_iter().collect()),
        task_template: Some(TaskSpec {
            container_spec: Some(TaskSpecContainerSpec {
                image: Some(job.image.clone()),
                args: (!job.argv.is_empty()).then(|| job.argv.clone()),
                env: Some(job.env.clone()),
                labels: Some(labels.into_iter().collect()),
                ..TaskSpecContainerSpec::default()
            }),
            restart_policy: Some(TaskSpecRestartPolicy {
                condition: Some(TaskSpecRestartPolicyConditionEnum::NONE),
                ..TaskSpecRestartPolicy::default()
            }),
            networks: Some(networks.into_iter().map(attach).collect()),
            ..TaskSpec::default()
        }),
        // no one connects to a job, and virtual IPs do not work everywhere
        endpoint_spec: Some(EndpointSpec {
            mode: Some(EndpointSpecModeEnum::DNSRR),
            ..EndpointSpec::default()
        }),
        ..ServiceSpec::default()
    }
}
