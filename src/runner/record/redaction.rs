//! Hides the secrets in an event: in every text, by its type. The structure stays, so a secret that is equal to a word
//! of ccci does not make the line unreadable.

use ccci_model::event::Event;
use ccci_model::redact::Redactor;
use ccci_model::texts::Texts;

/// The event with every known secret hidden.
pub(crate) fn hide(redactor: &Redactor, mut event: Event) -> Event {
    event.change(&|text| redactor.hide(text));
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::event::What;
    use ccci_model::secret::Secret;
    use ccci_model::time::Moment;
    use ccci_testkit::example;
    use serde_json::Value;
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
                let hidden = serde_json::to_value(hide(&redactor, event.clone())).unwrap();
                if let Err(e) = serde_json::from_value::<Event>(hidden) {
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
