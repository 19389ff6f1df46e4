//! Plans as they stand in records: those of this version, and those that had one app and no list of apps.

use super::left_alone::Outside;
use super::{AppPlan, Deployment, Plan, Role, Setting, Step};
use crate::event::Skip;
use crate::name::{CallId, Domain, RecipeName, RunId, StackName};
use crate::tier::Tier;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// A plan with apps.
#[derive(Deserialize)]
struct Apps {
    run_id: RunId,
    #[serde(default)]
    call: Option<CallId>,
    apps: Vec<AppPlan>,
    order: Vec<Vec<usize>>,
    steps: Vec<Step>,
    deadline_ms: u64,
    keep: bool,
}

/// A plan as it was before there were apps.
#[derive(Deserialize)]
struct OneApp {
    run_id: RunId,
    recipe: RecipeName,
    source: String,
    domain: Domain,
    stack: StackName,
    head: Deployment,
    base: Option<Deployment>,
    base_reason: String,
    steps: Vec<Step>,
    tiers: Vec<Tier>,
    skips: Vec<Skip>,
    not_proved: Vec<String>,
    settings: Vec<Setting>,
    scripts: BTreeMap<String, String>,
    overlays: Vec<String>,
    #[serde(default)]
    left_alone: Vec<Outside>,
    deadline_ms: u64,
    keep: bool,
    expected_na: BTreeMap<String, String>,
    warnings: Vec<String>,
}

impl<'de> Deserialize<'de> for Plan {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Plan, D::Error> {
        let value = Value::deserialize(from)?;
        let plan = match value.get("apps") {
            Some(_) => serde_json::from_value::<Apps>(value).map(|a| Plan {
                run_id: a.run_id,
                call: a.call,
                apps: a.apps,
                order: a.order,
                steps: a.steps,
                deadline_ms: a.deadline_ms,
                keep: a.keep,
            }),
            None => serde_json::from_value::<OneApp>(value).map(OneApp::plan),
        };
        let plan = plan.map_err(D::Error::custom)?;
        // everything told of a run begins with its subject
        match plan.apps.is_empty() {
            true => Err(D::Error::custom("a plan without an app")),
            false => Ok(plan),
        }
    }
}

impl OneApp {
    fn plan(self) -> Plan {
        let app = AppPlan {
            role: Role::Subject,
            needs: vec![],
            recipe: self.recipe,
            source: self.source,
            domain: self.domain,
            stack: self.stack,
            head: self.head,
            base: self.base,
            base_reason: self.base_reason,
            tiers: self.tiers,
            skips: self.skips,
            unasked: vec![],
            not_proved: self.not_proved,
            settings: self.settings,
            scripts: self.scripts,
            overlays: self.overlays,
            left_alone: self.left_alone,
            expected_na: self.expected_na,
            warnings: self.warnings,
        };
        Plan {
            run_id: self.run_id,
            call: None,
            apps: vec![app],
            order: vec![vec![0]],
            steps: self.steps,
            deadline_ms: self.deadline_ms,
            keep: self.keep,
        }
    }
}
