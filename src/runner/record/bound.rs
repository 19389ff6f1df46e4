//! Limits the size of a record. Texts of an event that is too large are cut. When the record is nearly full, calls,
//! messages, waits and starts of hooks are left out. What the verdict depends on is always recorded.

use super::MOST_BYTES;
use ccci_model::event::{Event, What};
use ccci_model::texts::Texts;

/// Size of a record, in bytes, up to which every event is recorded.
pub(crate) const ROOM: u64 = MOST_BYTES - (8 << 20);
/// Maximum size of one event, in bytes.
pub(crate) const MOST_EVENT: usize = 1 << 20;
/// Maximum size of one event once the record is full, in bytes. The remaining 8 MiB hold more such events than a run
/// has steps and tests.
const MOST_LATE: usize = 4 << 10;
/// Marks where a text was cut.
const CUT: &str = " … [cut: the record has no room for more] … ";

/// How full a record is.
#[derive(Debug, Default)]
pub(crate) struct Bound {
    bytes: u64,
    left_out: u64,
}

/// How an event is recorded.
pub(crate) enum Fits {
    /// It is recorded in this form.
    As(Event),
    /// It is the first one that is left out. This notice is recorded instead.
    Notice(Event),
    /// It is left out, like others before it.
    No,
}

impl Bound {
    /// Makes an event fit into the record.
    pub(crate) fn fit(&mut self, event: Event) -> Fits {
        let full = self.bytes > ROOM;
        if full && only_tells(&event.what) {
            self.left_out += 1;
            let text = "the record is full: calls, waits and messages are not recorded any more".to_string();
            let at = event.at;
            return match self.left_out {
                1 => Fits::Notice(Event { at, what: What::Said { by: "ccci".into(), text } }),
                _ => Fits::No,
            };
        }
        let most = if full { MOST_LATE } else { MOST_EVENT };
        Fits::As(short(event, most))
    }

    /// Counts bytes that were written.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

/// Whether the outcome of the run does not depend on the event.
fn only_tells(what: &What) -> bool {
    matches!(what, What::Called { .. } | What::Said { .. } | What::Waiting { .. } | What::HookStarted { .. })
}

/// The event with its texts cut so that its size is at most `most` bytes. The start of the run is never cut, because
/// its plan is read back.
fn short(mut event: Event, most: usize) -> Event {
    if matches!(event.what, What::RunStarted { .. }) {
        return event;
    }
    let size = |event: &Event| serde_json::to_string(event).map_or(0, |text| text.len());
    let mut longest = most / 4;
    while size(&event) > most && longest >= 16 {
        event.change(&|text| cut(text, longest));
        longest /= 4;
    }
    event
}

/// Both ends of a text: the last lines of a log tell more than those in the middle.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most + CUT.len() {
        return text.to_string();
    }
    let (head, tail) = (text.floor_char_boundary(most / 2), text.ceil_char_boundary(text.len() - most / 2));
    format!("{}{CUT}{}", &text[..head], &text[tail..])
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
        let (head, tail) = text.split_once(CUT).unwrap();
        assert!(head.starts_with("ä\u{1}ä") && tail.ends_with("ä\u{1}"), "both ends are kept");
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
