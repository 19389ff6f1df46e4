//! Rules about services, checked on composed files.

use super::{Finding, LintInput};
use crate::compose::{Composed, Service};
use crate::labels;
use ccci_model::diag::Place;

/// Longest name of a secret that leaves enough characters for stack and version.
const LONGEST_SECRET: usize = 12;

type Findings = Result<Vec<Finding>, String>;

/// Adds a finding unless another composition has one at the same place.
fn push(out: &mut Vec<Finding>, finding: Finding) {
    if !out.contains(&finding) {
        out.push(finding);
    }
}

pub(super) fn version(input: &LintInput) -> Findings {
    let mut out = vec![];
    for composed in input.composed()? {
        for (said, place) in composed.versions() {
            if said.as_deref() != Some("3.8") {
                let what = said.as_deref().map_or("no version".into(), |v| format!("version `{v}`"));
                push(
                    &mut out,
                    Finding::at(place.clone(), format!("the file has {what}"), "write `version: \"3.8\"`"),
                );
            }
        }
    }
    Ok(out)
}

pub(super) fn healthcheck(input: &LintInput) -> Findings {
    services_that(input, |s| {
        let once = s.deploy.mode.ends_with("-job")
            || s.deploy.restart.as_ref().is_some_and(|r| r.condition.as_deref() == Some("none"));
        (s.healthcheck.is_none() && !once).then(|| {
            (
                format!("the service `{}` has no healthcheck", s.name),
                "add a `healthcheck` that sends a request to the service",
            )
        })
    })
}

pub(super) fn image(input: &LintInput) -> Findings {
    services_that(input, |s| {
        let help = "add the image, or correct the name of the service";
        s.image.is_none().then(|| (format!("the service `{}` has no image", s.name), help))
    })
}

fn services_that(input: &LintInput, look: impl Fn(&Service) -> Option<(String, &'static str)>) -> Findings {
    let mut out = vec![];
    for composed in input.composed()? {
        for service in composed.services() {
            if let Some((message, help)) = look(service) {
                push(&mut out, Finding::at(service.place.clone(), message, help));
            }
        }
    }
    Ok(out)
}

/// The plain composition, for rules that do not need the other files.
fn plain(input: &LintInput) -> Result<&Composed, String> {
    let first = input.compositions.first().ok_or("there is nothing to compose")?;
    first.composed.as_ref().ok_or_else(|| {
        format!(
            "{} does not compose: {}",
            first.files.join(" + "),
            first.occurrence.as_deref().unwrap_or_default()
        )
    })
}

pub(super) fn app(input: &LintInput) -> Findings {
    let composed = plain(input)?;
    if composed.service("app").is_some() {
        return Ok(vec![]);
    }
    let names: Vec<String> = composed.services().iter().map(|s| format!("`{}`", s.name)).collect();
    let message = format!("no service is named `app`; there are {}", names.join(", "));
    let place = composed.services().first().map(|s| s.place.clone());
    Ok(vec![Finding { place, ..Finding::about(message, "rename the main service to `app`") }])
}

pub(super) fn routed(input: &LintInput) -> Findings {
    if input.sample.as_ref().is_some_and(|s| s.get("DOMAIN").is_none()) {
        return Ok(vec![]);
    }
    let all = input.composed()?;
    let services = || all.iter().flat_map(|c| c.services());
    if services().any(|s| labels::is_routed(&s.labels)) {
        return Ok(vec![]);
    }
    let mentions = services().any(|s| s.labels.keys().any(|k| k.starts_with("traefik.")));
    let publishes = services().any(|s| !s.ports.is_empty());
    if publishes && !mentions {
        return Ok(vec![]);
    }
    let place: Option<Place> = services().find(|s| s.name.as_str() == "app").map(|s| s.place.clone());
    let help = "add the label `traefik.enable=true` under `deploy` of the service that answers web requests";
    let message = "no service has the label `traefik.enable=true`";
    Ok(vec![Finding { place, ..Finding::about(message, help) }])
}

pub(super) fn secret_names(input: &LintInput) -> Findings {
    let mut out = vec![];
    for composed in input.composed()? {
        for secret in composed.secrets().into_iter().filter(|s| s.key.chars().count() > LONGEST_SECRET) {
            let n = secret.key.chars().count();
            let message = format!("the secret `{}` has a name of {n} characters", secret.key);
            push(&mut out, Finding::at(secret.place, message, format!("use at most {LONGEST_SECRET}")));
        }
    }
    Ok(out)
}
