//! Reads services and tasks as the engine sends them.
//! bollard expects a health check where the API's description puts it, in `HealthCheck`; every engine writes
//! `Healthcheck` (20.10 to 29). So bollard's own lists never have one, and nothing would show a change of the
//! health check alone.

use super::Engine;
use bollard::errors::Error;
use bollard::models::{Service, Task};
use futures_util::StreamExt;
use serde_json::Value;
use std::collections::HashMap;

/// Conditions of a list, in the form of the engine.
type Filters = HashMap<String, Vec<String>>;

/// The services that fit these conditions, with their numbers of tasks.
pub(super) async fn list_services(engine: &Engine, mine: &Filters) -> Result<Vec<Service>, Error> {
    services(get(engine, "/services", mine, &[("status", "true")]).await?).map_err(unreadable)
}

/// The tasks that fit these conditions.
pub(super) async fn list_tasks(engine: &Engine, mine: &Filters) -> Result<Vec<Task>, Error> {
    tasks(get(engine, "/tasks", mine, &[]).await?).map_err(unreadable)
}

/// The services in an answer.
pub(super) fn services(answer: Value) -> serde_json::Result<Vec<Service>> {
    serde_json::from_value(renamed(answer, &["Spec", "TaskTemplate", "ContainerSpec"]))
}

/// The tasks in an answer.
pub(super) fn tasks(answer: Value) -> serde_json::Result<Vec<Task>> {
    serde_json::from_value(renamed(answer, &["Spec", "ContainerSpec"]))
}

/// Moves the health check to where bollard looks for it.
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

/// An answer that bollard does not decode. Only bollard's calls for files return what they receive, so such a call
/// is sent to another path; connection, time limits and refusals are still bollard's.
async fn get(engine: &Engine, path: &str, mine: &Filters, more: &[(&str, &str)]) -> Result<Value, Error> {
    let filters = serde_json::to_string(mine)?;
    let pairs = more.iter().copied().chain([("filters", filters.as_str())]);
    let url = reqwest::Url::parse_with_params(&format!("http://engine{path}"), pairs)?;
    let docker = engine.at(&format!("{path}?{}", url.query().unwrap_or_default()));
    let (mut answer, mut bytes) = (Box::pin(docker.export_image("none")), vec![]);
    while let Some(part) = answer.next().await {
        bytes.extend_from_slice(&part?);
    }
    serde_json::from_slice(&bytes).map_err(unreadable)
}

/// An answer that is not what the API says, as an error of bollard. The engine answered, so it does not count as lost.
fn unreadable(e: serde_json::Error) -> Error {
    Error::JsonDataError { message: e.to_string(), column: e.column() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::refusal::refused;

    #[test]
    fn an_answer_that_is_no_list_of_services_is_said_and_is_no_engine_that_is_away() {
        for answer in [serde_json::json!({}), serde_json::json!([{"Spec": 3}])] {
            let said = refused("look at the stack", &unreadable(services(answer).unwrap_err()));
            assert!(!said.may_pass() && said.to_string().contains("cannot be read"), "{said}");
        }
    }
}
