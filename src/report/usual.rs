//! How long steps took in earlier runs, so that a slow step can be reported. Pure.

use ccci_model::event::What;
use ccci_model::tier::Status;
use ccci_runner::record::Record;
use std::collections::BTreeMap;

/// From the title of a step to its usual time, ms.
pub type Usual = BTreeMap<String, u64>;

/// The median time of each step over the runs in which it passed.
pub fn usual(records: &[Record]) -> Usual {
    let mut all: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for record in records {
        let mut titles = BTreeMap::new();
        for e in &record.events {
            match &e.what {
                What::StepStarted { step, title, .. } => drop(titles.insert(*step, title.clone())),
                What::StepEnded { step, status: Status::Pass, ms, .. } => {
                    if let Some(title) = titles.get(step) {
                        all.entry(title.clone()).or_default().push(*ms);
                    }
                }
                _ => {}
            }
        }
    }
    let middle = |(title, mut ms): (String, Vec<u64>)| {
        ms.sort_unstable();
        (title, ms[ms.len() / 2])
    };
    all.into_iter().map(middle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::event::Event;
    use ccci_model::time::Moment;
    use ccci_testkit::example;

    fn record(title: &str, status: Status, ms: u64) -> Record {
        let plan = Box::new(example::plan());
        let events = [
            What::RunStarted { schema: ccci_model::event::SCHEMA, ccci: "0".into(), wall_ms: 1, plan },
            What::StepStarted { step: 3, title: title.into(), tier: None },
            What::StepEnded { step: 3, status, ms, failure: None, note: None },
        ];
        Record::of(events.into_iter().map(|what| Event { at: Moment(0), what }).collect()).unwrap()
    }

    #[test]
    fn the_usual_time_of_a_step_is_the_middle_of_those_that_passed() {
        let all = [
            record("settle", Status::Pass, 900),
            record("settle", Status::Pass, 100),
            record("settle", Status::Pass, 1_000),
            record("settle", Status::Fail, 300_000),
            record("restore", Status::Unver, 5),
        ];
        assert_eq!(usual(&all), Usual::from([("settle".to_string(), 900)]));
    }
}
