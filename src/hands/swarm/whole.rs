//! Services and tasks as the engine tells them. bollard reads a health check where the API's description puts it, in
//! `HealthCheck`; every engine writes `Healthcheck` (20.10 to 29), so bollard's own lists never have one, and a change of the
//! health check alone would show nowhere.

use super::Engine;
use super::connect::elsewhere;
use bollard::errors::Error;
use bollard::models::{Service, Task};
use futures_util::StreamExt;
use serde_json::Value;
use std::collections::HashMap;

/// Conditions of a list, as the engine has them.
type Filters = HashMap<String, Vec<String>>;

/// The services that these conditions leave, with their numbers of tasks.
pub(super) async fn list_services(engine: &Engine, mine: &Filters) -> Result<Vec<Service>, Error> {
    Ok(services(get(engine, "/services", mine, &[("status", "true")]).await?)?)
}

/// The tasks that these conditions leave.
pub(super) async fn list_tasks(engine: &Engine, mine: &Filters) -> Result<Vec<Task>, Error> {
    Ok(tasks(get(engine, "/tasks", mine, &[]).await?)?)
}

/// Services of an answer.
pub(super) fn services(answer: Value) -> serde_json::Result<Vec<Service>> {
    serde_json::from_value(renamed(answer, &["Spec", "TaskTemplate", "ContainerSpec"]))
}

/// Tasks of an answer.
pub(super) fn tasks(answer: Value) -> serde_json::Result<Vec<Task>> {
    serde_json::from_value(renamed(answer, &["Spec", "ContainerSpec"]))
}

/// With the health check where bollard looks for it.
fn renamed(mut answer: Value, path: &[&str]) -> Value {
    for one in answer.as_array_mut().into_iter().flatten() {
        let spec = path.iter().try_fold(one, |at, key| at.get_mut(*key));
        if let Some(spec) = spec.and_then(Value::as_object_mut)
            && let Some(check) = spec.remove("Healthcheck")
        {
            spec.insert("HealthCheck".into(), check);
        }
    }
    answer
}

/// An answer that bollard does not read. Of its calls only those for files hand over what they get, so one of them is sent
/// to another path; connecting, time limits and refusals stay bollard's.
async fn get(engine: &Engine, path: &str, mine: &Filters, more: &[(&str, &str)]) -> Result<Value, Error> {
    let filters = serde_json::to_string(mine)?;
    let pairs = more.iter().copied().chain([("filters", filters.as_str())]);
    let url = reqwest::Url::parse_with_params(&format!("http://engine/v{}{path}", engine.api), pairs)?;
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let docker = engine.docker.clone().with_request_modifier(move |r| elsewhere(r, &target));
    let (mut answer, mut bytes) = (Box::pin(docker.export_image("none")), vec![]);
    while let Some(part) = answer.next().await {
        bytes.extend_from_slice(&part?);
    }
    Ok(serde_json::from_slice(&bytes)?)
}
