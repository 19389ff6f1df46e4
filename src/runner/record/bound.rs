//! Keeps a record as small as its reader wants it: texts of one event are cut, and when the record is nearly full, what only tells
//! of calls and waits is left out. What a verdict is made from is always recorded.

use super::MOST_BYTES;
use ccci_model::event::{Event, What};
use serde_json::Value;

/// Bytes of the record up to which everything is recorded.
pub(crate) const ROOM: u64 = MOST_BYTES - (8 << 20);
/// Bytes of one event.
pub(crate) const MOST_EVENT: usize = 1 << 20;
/// Bytes of one event once there is no more room: eight mebibytes hold more of them than a run has steps and tests.
const MOST_LATE: usize = 4 << 10;
/// What stands where a text was cut.
const CUT: &str = " … [cut: the record has no room for more]";

/// How full a record is.
#[derive(Debug, Default)]
pub(crate) struct Bound {
    bytes: u64,
    left_out: u64,
}

/// What becomes of an event.
pub(crate) enum Fits {
    /// It is recorded like this.
    As(Event),
    /// The first that is left out: this stands in its place.
    Notice(Event),
    /// It is left out as others before it.
    No,
}

impl Bound {
    /// Makes an event fit.
    pub(crate) fn fit(&mut self, event: Event) -> Fits {
        let full = self.bytes > ROOM;
        if full && only_tells(&event.what) {
            self.left_out += 1;
            let text = "the record is full: calls, waits and words are not recorded any more".to_string();
            let at = event.at;
            return match self.left_out {
                1 => Fits::Notice(Event { at, what: What::Said { by: "ccci".into(), text } }),
                _ => Fits::No,
            };
        }
        let most = if full { MOST_LATE } else { MOST_EVENT };
        Fits::As(short(event, most))
    }

    /// Counts what was written.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

/// Whether an event changes nothing of what becomes of the run.
fn only_tells(what: &What) -> bool {
    matches!(what, What::Called { .. } | What::Said { .. } | What::Waiting { .. } | What::HookStarted { .. })
}

/// The event with texts so short that all of it has at most so many bytes. The plan is as large as it is: it is read again.
fn short(event: Event, most: usize) -> Event {
    let size = |value: &Value| serde_json::to_string(value).map_or(0, |text| text.len());
    let Ok(mut value) = serde_json::to_value(&event) else { return event };
    let mut longest = most / 4;
    while size(&value) > most && longest >= 16 && !matches!(event.what, What::RunStarted { .. }) {
        cut(&mut value, longest);
        longest /= 4;
    }
    serde_json::from_value(value).unwrap_or(event)
}

fn cut(value: &mut Value, most: usize) {
    match value {
        Value::String(text) if text.len() > most + CUT.len() => {
            text.truncate(text.floor_char_boundary(most));
            text.push_str(CUT);
        }
        Value::Array(all) => all.iter_mut().for_each(|v| cut(v, most)),
        Value::Object(map) => map.values_mut().for_each(|v| cut(v, most)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::failure::{Failure, causes};
    use ccci_model::tier::Status;
    use ccci_model::time::Moment;

    fn said(text: String) -> Event {
        Event { at: Moment(1), what: What::Said { by: "h".into(), text } }
    }

    fn size(event: &Event) -> usize {
        serde_json::to_string(event).unwrap().len()
    }

    #[test]
    fn an_event_of_ordinary_size_stays_as_it_is() {
        let Fits::As(event) = Bound::default().fit(said("words".repeat(1_000))) else { panic!() };
        assert_eq!(event, said("words".repeat(1_000)));
    }

    #[test]
    fn an_event_that_is_too_large_is_cut_between_letters_and_says_so() {
        let Fits::As(event) = Bound::default().fit(said("ä\u{1}".repeat(1 << 20))) else { panic!() };
        assert!(size(&event) <= MOST_EVENT, "{}", size(&event));
        let What::Said { text, .. } = event.what else { panic!() };
        assert!(text.ends_with(CUT));
    }

    #[test]
    fn a_failure_with_much_evidence_keeps_its_kind_and_its_words() {
        let failure = (0..4_000).fold(Failure::new(causes::TEST_FAILED, "a", "b"), |f, n| {
            f.evidence(format!("{n}"), "line\n".repeat(1_000))
        });
        let what = What::Failed(Box::new(failure));
        let Fits::As(event) = Bound::default().fit(Event { at: Moment(1), what }) else { panic!() };
        let What::Failed(f) = &event.what else { panic!() };
        assert_eq!((f.cause.as_str(), f.observed().as_str()), ("test-failed", "b"));
        assert!(size(&event) <= MOST_EVENT, "{}", size(&event));
    }

    #[test]
    fn what_only_tells_is_left_out_of_a_full_record_and_that_is_said_once() {
        let mut bound = Bound::default();
        bound.wrote(ROOM as usize + 1);
        assert!(matches!(bound.fit(said("a".into())), Fits::Notice(_)));
        assert!(matches!(bound.fit(said("b".into())), Fits::No));
        let ended = What::StepEnded { step: 1, status: Status::Pass, ms: 1, failure: None, note: None };
        assert!(matches!(bound.fit(Event { at: Moment(2), what: ended }), Fits::As(_)));
    }
}
