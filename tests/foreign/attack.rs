//! Replaces the texts of a record in every place that may hold text from outside.

use ccci_model::event::Event;
use ccci_runner::record::Record;
use serde_json::Value;
use std::collections::HashMap;

/// Texts by which formats decide what to show. If they are kept, more of the other texts is shown.
const OWN: &[&str] = &["satisfied", "unsatisfied", "not looked at", "error", "warning"];

/// The events of a record, each with the places that accept any text.
pub(crate) struct Places(Vec<(Value, Vec<String>)>);

impl Places {
    /// The places of a record.
    pub(crate) fn of(record: Record) -> Places {
        let of_event = |event: Event| {
            let value = serde_json::to_value(event).unwrap();
            let takes = |place: &String| {
                let mut other = value.clone();
                *other.pointer_mut(place).unwrap() = Value::String("any text".into());
                serde_json::from_value::<Event>(other).is_ok()
            };
            let places = places(&value).into_iter().filter(takes).collect();
            (value, places)
        };
        Places(record.events.into_iter().map(of_event).collect())
    }

    /// The record with each of these texts replaced; equal texts get equal replacements. Empty texts stay, because
    /// they mean that there is none.
    pub(crate) fn filled(&self, keeps_own: bool, mut other: impl FnMut(usize) -> String) -> Record {
        let mut known: HashMap<String, String> = HashMap::new();
        let mut replaced = |text: &str| {
            let next = known.len();
            known.entry(text.to_string()).or_insert_with(|| other(next)).clone()
        };
        let events = self.0.iter().map(|(value, places)| {
            let mut value = value.clone();
            for place in places {
                let text = value.pointer_mut(place).unwrap();
                let was = text.as_str().unwrap();
                let is_own = OWN.contains(&was) || place.ends_with("/cause");
                let stays = was.is_empty() || (keeps_own && is_own);
                if !stays {
                    *text = Value::String(replaced(was));
                }
            }
            serde_json::from_value(value).unwrap()
        });
        Record::of(events.collect()).unwrap()
    }
}

/// The JSON pointers of all texts in a value.
fn places(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, out: &mut Vec<String>) {
        match value {
            Value::String(_) => out.push(at.to_string()),
            Value::Array(all) => all.iter().enumerate().for_each(|(i, v)| walk(v, &format!("{at}/{i}"), out)),
            Value::Object(map) => map.iter().for_each(|(k, v)| {
                walk(v, &format!("{at}/{}", k.replace('~', "~0").replace('/', "~1")), out);
            }),
            _ => {}
        }
    }
    let mut out = vec![];
    walk(value, "", &mut out);
    out
}
