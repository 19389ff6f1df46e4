//! Hides secrets in an event, value by value. The structure stays: a secret that is equal to one of ccci's own words
//! must not make the line unreadable.

use ccci_model::event::Event;
use ccci_model::redact::Redactor;
use serde_json::Value;

/// Values under these keys are always ccci's own words, never text from outside.
const OWN_WORDS: &[&str] = &[
    "event",
    "do",
    "role",
    "side",
    "tier",
    "tiers",
    "status",
    "blame",
    "cause",
    "decided_by",
    "run_id",
    "recipe",
    "domain",
    "stack",
    "commit",
    "version",
    "severity",
];

/// Maps whose keys are text from outside: names of files.
const FOREIGN_KEYS: &[&str] = &["scripts"];

/// The event with every known secret hidden.
pub(crate) fn hide(redactor: &Redactor, event: Event) -> Event {
    hidden(redactor, &event).unwrap_or(event)
}

fn hidden(redactor: &Redactor, event: &Event) -> serde_json::Result<Event> {
    let mut value = serde_json::to_value(event)?;
    walk(redactor, &mut value, false);
    serde_json::from_value(value)
}

fn walk(redactor: &Redactor, value: &mut Value, is_detail: bool) {
    match value {
        Value::String(text) => {
            let hidden = redactor.hide(text);
            if hidden != *text {
                *text = hidden;
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|v| walk(redactor, v, false)),
        Value::Object(map) => {
            // in the detail of a failure, `kind` is ccci's own word; elsewhere it is a word of the engine
            let own = |k: &String| OWN_WORDS.contains(&k.as_str()) || (is_detail && k == "kind");
            for (key, value) in map.iter_mut().filter(|(k, _)| !own(k)) {
                if FOREIGN_KEYS.contains(&key.as_str())
                    && let Value::Object(inner) = value
                {
                    *inner = std::mem::take(inner).into_iter().map(|(k, v)| (redactor.hide(&k), v)).collect();
                }
                walk(redactor, value, key == "detail");
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::event::What;
    use ccci_model::secret::Secret;
    use ccci_model::time::Moment;
    use ccci_testkit::example;
    use std::collections::BTreeSet;

    /// Collects every text in the value.
    fn texts(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => drop(into.insert(text.clone())),
            Value::Array(all) => all.iter().for_each(|v| texts(v, into)),
            Value::Object(map) => map.values().for_each(|v| texts(v, into)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    #[test]
    fn no_text_of_a_record_breaks_its_event_as_a_secret() {
        let records = ["green", "red_restore", "leak", "interrupted"]
            .map(|name| format!("{}/../../tests/records/{name}.jsonl", env!("CARGO_MANIFEST_DIR")));
        let kept: Vec<String> = records.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        let plan = Box::new(example::plan());
        let started = Event {
            at: Moment(0),
            what: What::RunStarted { schema: ccci_model::event::SCHEMA, ccci: "0".into(), wall_ms: 0, plan },
        };
        let events: Vec<Event> = kept
            .iter()
            .flat_map(|text| crate::record::Record::parse("record", text).unwrap().events)
            .chain([started])
            .collect();
        let mut tried = 0;
        for event in &events {
            let mut all = BTreeSet::new();
            texts(&serde_json::to_value(event).unwrap(), &mut all);
            for text in all {
                let redactor = Redactor::default();
                redactor.add("text", &Secret::new(text.as_str()));
                tried += 1;
                if let Err(e) = hidden(&redactor, event) {
                    panic!("{text:?} as a secret: {e} in {event:?}");
                }
            }
        }
        assert!(tried > 500, "{tried}");
    }

    #[test]
    fn a_secret_is_hidden_wherever_text_stands_and_structure_stays() {
        let redactor = Redactor::default();
        redactor.add("pw", &Secret::new("hunter2secret"));
        redactor.add("odd", &Secret::new("installed"));
        redactor.add("odder", &Secret::new("\",\"by\":\""));
        let what = What::Called {
            by: "pre_backup".into(),
            function: "exec".into(),
            arguments: vec!["mysql -phunter2secret".into()],
            result: "password aHVudGVyMnNlY3JldA==".into(),
            ok: true,
            ms: 1,
        };
        let hidden = hide(&redactor, Event { at: Moment(1), what });
        let text = serde_json::to_string(&hidden).unwrap();
        assert!(text.contains("mysql -p•••") && text.contains("password •••"), "{text}");
        let plan = Box::new(example::plan());
        let started = Event {
            at: Moment(0),
            what: What::RunStarted { schema: ccci_model::event::SCHEMA, ccci: "0".into(), wall_ms: 0, plan },
        };
        let What::RunStarted { plan, .. } = hide(&redactor, started).what else { panic!() };
        assert_eq!(plan.subject().tiers, example::plan().subject().tiers);
        assert!(plan.subject().base_reason.contains("newest"), "a plan is read back after hiding");
        let mut named = example::plan();
        named
            .subject_mut()
            .scripts
            .insert("custom/test_hunter2secret.rhai".into(), "the recipe directory".into());
        let plan = Box::new(named);
        let started = Event {
            at: Moment(0),
            what: What::RunStarted { schema: ccci_model::event::SCHEMA, ccci: "0".into(), wall_ms: 0, plan },
        };
        let What::RunStarted { plan, .. } = hide(&redactor, started).what else { panic!() };
        assert!(plan.subject().scripts.contains_key("custom/test_•••.rhai"), "{:?}", plan.subject().scripts);
    }
}
