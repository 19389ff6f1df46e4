//! Reads records of older forms and turns their lines into events of the current form.
//!
//! In form 1, each hook, test and step that failed contained the text of its failure, so one failure could be in a
//! record three times. The blame `infra` was called `world`. There was no event for a deploy.

use ccci_model::event::{Event, SCHEMA, What};
use ccci_model::failure::FailureId;
use ccci_model::plan::{Action, Plan};
use ccci_model::tier::Status;
use serde::de::Error;
use serde_json::{Value, json};

/// Reads the lines of one record, in order. The first line says which form it has.
#[derive(Default)]
pub(super) struct Reader {
    older: Option<Older>,
    begun: bool,
}

/// What was read from earlier lines of an older record.
#[derive(Default)]
struct Older {
    plan: Option<Plan>,
    last: FailureId,
    /// Failures of hooks and tests of the current step.
    told: Vec<Told>,
    /// All failures so far.
    all: Vec<Told>,
}

/// A failure that was read.
#[derive(Clone)]
struct Told {
    id: FailureId,
    failure: Value,
}

impl Reader {
    /// The events of a line: usually one, but a line of an older form may contain several.
    pub(crate) fn line(&mut self, line: &str) -> serde_json::Result<Vec<Event>> {
        if !std::mem::replace(&mut self.begun, true) {
            let first: Value = serde_json::from_str(line)?;
            if first["event"] == "run_started" {
                match first["schema"].as_u64() {
                    None => self.older = Some(Older::default()),
                    Some(newer) if newer > u64::from(SCHEMA) => {
                        let text = format!("its form is {newer}, but this ccci reads forms up to {SCHEMA}");
                        return Err(serde_json::Error::custom(text));
                    }
                    Some(_) => {}
                }
            }
        }
        match &mut self.older {
            None => Ok(vec![serde_json::from_str(line)?]),
            Some(older) => older.renewed(serde_json::from_str(line)?),
        }
    }
}

impl Older {
    fn renewed(&mut self, mut value: Value) -> serde_json::Result<Vec<Event>> {
        let kind = value["event"].as_str().unwrap_or_default().to_string();
        let at = value["at"].clone();
        let mut out = vec![];
        match kind.as_str() {
            "run_started" => value["schema"] = SCHEMA.into(),
            // this event never came from a run, only from records written by hand
            "deployed" => return Ok(vec![]),
            "step_started" => self.told.clear(),
            "record_failed" => value["failure"] = renewed(value["failure"].take()),
            "hook_ended" | "test_ended" | "step_ended" if value["failure"].is_object() => {
                let (id, failed) = self.failed(renewed(value["failure"].take()));
                value["failure"] = json!(id);
                if let Some(mut failed) = failed {
                    failed["event"] = "failed".into();
                    failed["at"] = at.clone();
                    out.push(serde_json::from_value(failed)?);
                }
            }
            _ => {}
        }
        let event: Event = serde_json::from_value(value)?;
        match &event.what {
            What::RunStarted { plan, .. } => self.plan = Some((**plan).clone()),
            // in form 1 a deploy step that passed was the only sign of a deploy
            What::StepEnded { step, status: Status::Pass, .. } => {
                out.extend(self.deployed(*step).map(|what| Event { at: event.at, what }));
            }
            _ => {}
        }
        out.push(event);
        Ok(out)
    }

    /// The id of a failure, and the failure itself if it is new. Form 1 has no ids: only equal causes and texts show
    /// that a step repeats the failure of its test or hook, or that nothing changed since an earlier failure.
    fn failed(&mut self, mut failure: Value) -> (FailureId, Option<Value>) {
        let equal = |a: &Value, b: &Value, key: &str| a[key] == b[key];
        let repeats = |t: &&Told| {
            equal(&t.failure, &failure, "cause")
                && t.failure["detail"]["expected"] == failure["detail"]["expected"]
        };
        if let Some(same) = self.told.iter().find(repeats) {
            return (same.id, None);
        }
        self.last = self.last.after();
        let id = self.last;
        let unchanged =
            |t: &&Told| ["cause", "evidence", "detail"].iter().all(|key| equal(&t.failure, &failure, key));
        if let Some(earlier) = self.all.iter().find(unchanged) {
            failure["again"] = json!(earlier.id);
        }
        failure["id"] = json!(id);
        let told = Told { id, failure: failure.clone() };
        self.told.push(told.clone());
        self.all.push(told);
        (id, Some(failure))
    }

    fn deployed(&self, step: usize) -> Option<What> {
        let step = self.plan.as_ref()?.steps.get(step)?;
        if let Action::Deploy { side } = step.action {
            return Some(What::Deployed { app: step.app, side });
        }
        None
    }
}

/// A failure of form 1 in the current form, without an id.
fn renewed(mut failure: Value) -> Value {
    if failure["blame"] == "world" {
        failure["blame"] = "infra".into();
    }
    let (expected, observed) = (failure["expected"].take(), failure["observed"].take());
    failure["detail"] = json!({"kind": "told", "expected": expected, "observed": observed});
    if let Some(evidence) = failure["evidence"].as_array_mut()
        && let Some(at) = evidence.iter().position(|e| e["what"] == "to do")
    {
        failure["to_do"] = evidence.remove(at)["text"].take();
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::failure::Blame;
    use ccci_testkit::example;

    /// A record of form 1: a test and its step fail for one reason, and another step fails for the same reason.
    fn record() -> String {
        let plan = example::plan();
        let failure = |observed: &str| {
            json!({"cause": "test-failed", "blame": "world", "expected": "a", "observed": observed, "place": null,
                   "evidence": [{"what": "to do", "text": "mend it"}, {"what": "x", "text": "y"}]})
        };
        let ended = |step: usize, observed: &str| {
            json!({"at": 4, "event": "step_ended", "step": step, "status": "fail", "ms": 1, "note": null,
                   "failure": failure(observed)})
        };
        let lines = [
            json!({"at": 0, "event": "run_started", "ccci": "0", "wall_ms": 1, "plan": plan}),
            json!({"at": 1, "event": "step_started", "step": 3, "title": "t", "tier": "install"}),
            json!({"at": 3, "event": "test_ended", "tier": "install", "file": "f", "name": "n", "status": "fail",
                   "ms": 1, "failure": failure("b")}),
            ended(3, "b (and 1 more)"),
            json!({"at": 5, "event": "step_started", "step": 4, "title": "u", "tier": "install"}),
            ended(4, "b"),
            json!({"at": 6, "event": "run_ended", "wall_ms": 2}),
        ];
        lines.iter().map(|l| format!("{l}\n")).collect()
    }

    #[test]
    fn a_failure_that_was_repeated_is_one_and_keeps_its_words() {
        let record = crate::record::Record::parse("e", &record()).unwrap();
        let failed: Vec<_> = record.events.iter().filter(|e| matches!(e.what, What::Failed(_))).collect();
        assert_eq!(failed.len(), 2, "{failed:?}");
        let o = &record.outcome;
        let told = |n: usize| (o.failures[n].during.as_str(), o.failures[n].failure.again);
        assert_eq!((told(0), told(1).1), (("f n", None), Some(o.failures[0].failure.id)));
        let f = &o.failures[0].failure;
        assert_eq!((f.blame, f.expected(), f.observed()), (Blame::Infra, "a".to_string(), "b".to_string()));
        assert_eq!((f.cure(), f.shown().len()), (Some("mend it"), 1));
        assert_eq!(o.steps[0].failure, Some(f.id), "the step refers to the failure of its test");
    }

    #[test]
    fn a_record_of_a_newer_form_is_refused() {
        let later =
            record().replacen("\"event\":\"run_started\"", "\"event\":\"run_started\",\"schema\":99", 1);
        let bad = crate::record::Record::parse("e", &later).unwrap_err();
        assert!(bad[0].message.contains("its form is 99"), "{}", bad[0].message);
    }
}
