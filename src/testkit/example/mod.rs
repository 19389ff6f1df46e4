//! The largest plan and three smaller ones, for tests in all crates. The plan builder (`runner/build`) made them, and a
//! test of the builder renews the files.

use ccci_model::event::{Event, What};
use ccci_model::plan::{Action, Plan};
use ccci_model::tier::Status;
use ccci_model::time::Moment;
use std::collections::BTreeMap;

/// The largest plan.
pub fn plan() -> Plan {
    read(include_str!("whole.json"))
}

fn read(text: &str) -> Plan {
    serde_json::from_str(text).expect("a plan that the builder wrote")
}

/// The events of a run of this plan in which nothing fails.
pub fn green_run(plan: &Plan) -> Vec<Event> {
    let mut out = vec![What::RunStarted {
        schema: ccci_model::event::SCHEMA,
        ccci: "0".into(),
        wall_ms: 0,
        plan: Box::new(plan.clone()),
    }];
    for (step, s) in plan.steps.iter().enumerate() {
        let (title, tier) = (s.action.title(), s.tier);
        out.push(What::StepStarted { step, title, tier });
        if let Action::Deploy { side } = s.action {
            out.push(What::Deployed { app: s.app, side });
        }
        if let Action::Tests { file, names } = &s.action {
            let (tier, status) = (tier.expect("tests have a tier"), Status::Pass);
            out.extend(names.iter().map(|name| {
                let (file, name) = (file.clone(), name.clone());
                What::TestEnded { tier, file, name, status, ms: 0, failure: None }
            }));
        }
        out.push(What::StepEnded { step, status: Status::Pass, ms: 1, failure: None, note: None });
    }
    out.push(What::Removed { ms: 1, leftovers: vec![], counts: BTreeMap::new() });
    out.push(What::RunEnded { wall_ms: 9 });
    out.into_iter().enumerate().map(|(i, what)| Event { at: Moment(i as u64), what }).collect()
}
