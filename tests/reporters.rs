//! Reporters of a run, replayed from kept records: what is in a log, and what a person sees on a terminal.

use crate::golden;
use crate::report::{RECORDS, odd_events, record};
use crate::screen::Screen;
use crate::shared::Shared;
use ccci_model::event::What;
use ccci_model::time::Moment;
use ccci_report::forge::Forge;
use ccci_report::live::{self, Live};
use ccci_report::plain::Plain;
use ccci_report::progress::Progress;
use ccci_report::reporter::Reporter;
use ccci_report::usual::Usual;
use ccci_runner::record::Record;
use proptest::prelude::*;
use std::path::Path;

/// Replays a record with a tick every `tick_ms` of its time.
fn replay(record: &Record, reporter: &mut dyn Reporter, tick_ms: u64) {
    let mut now = 0u64;
    for e in &record.events {
        // gaps of hours are shortened
        now = now.max(e.at.0.saturating_sub(100 * tick_ms));
        while now.saturating_add(tick_ms) < e.at.0 {
            now += tick_ms;
            reporter.tick(Moment(now));
        }
        reporter.event(e);
    }
    reporter.finish(&record.outcome);
}

fn plain(record: &Record, forge: Forge) -> String {
    let out = Shared::default();
    let mut reporter = Plain::new(Box::new(out.clone()), forge, 100);
    replay(record, &mut reporter, 1_000);
    out.take()
}

#[test]
fn plain_lines_of_every_forge_are_what_is_committed() {
    for (name, forge) in [
        ("green", Forge::Plain),
        ("red_install", Forge::GitHub),
        ("red_restore", Forge::GitLab),
        ("deadline", Forge::Plain),
        ("interrupted", Forge::Plain),
    ] {
        let text = plain(&record(name), forge);
        golden::same(&Path::new("tests/records/plain").join(format!("{name}.{forge:?}.txt")), &text);
    }
}

#[test]
fn every_group_that_is_opened_is_closed_and_foreign_text_gives_the_forge_no_command() {
    for (name, ..) in RECORDS.iter().filter(|r| r.0 != "killed") {
        let text = plain(&record(name), Forge::GitHub);
        let count = |what: &str| text.lines().filter(|l| l.starts_with(what)).count();
        assert_eq!(count("::group::"), count("::endgroup::"), "{name}");
        for line in text.lines().filter(|l| l.trim_start().starts_with("::")) {
            let own = ["::group::", "::endgroup::", "::error title=", "::warning title="];
            assert!(own.iter().any(|o| line.starts_with(o)), "{name}: {line}");
        }
        assert!(!text.contains("##["), "{name}");
    }
}

/// The lines about elapsed time, without their time.
fn lines_about_time(text: &str) -> Vec<String> {
    let rest =
        text.lines().filter_map(|l| l.get(9..)).filter(|l| l.starts_with("slow") || l.starts_with("..."));
    rest.map(str::to_string).collect()
}

#[test]
fn a_wait_that_is_longer_than_usual_says_so_by_itself_and_a_silence_is_broken() {
    let text = plain(&record("deadline"), Forge::Plain);
    let said = lines_about_time(&text);
    // the hook may take 5m, but the run ends before that
    assert!(said[0].starts_with("slow  hook pre_backup, 30s of 114.5s"), "{said:?}");
    assert!(said[1].starts_with("slow  hook pre_backup, 60s of 114.5s"), "{said:?}");
    assert!(said.len() < 12, "a line every half minute at most: {said:?}");
}

#[test]
fn what_a_step_took_before_says_when_its_wait_is_long() {
    // ticks come once a second
    for (usual, from, to) in [(4_000, 14, 17), (20_000, 60, 62)] {
        let out = Shared::default();
        let known = Usual::from([("hook pre_backup".to_string(), usual)]);
        let mut reporter = Plain::new(Box::new(out.clone()), Forge::Plain, 100).after(known);
        replay(&record("deadline"), &mut reporter, 1_000);
        let said = lines_about_time(&out.take());
        let slow = said.iter().find(|l| l.starts_with("slow")).unwrap();
        let after: u64 = slow.split(", ").nth(1).unwrap().split('s').next().unwrap().parse().unwrap();
        let usually = format!(", longer than usual ({}s)", usual / 1_000);
        assert!(
            (from..=to).contains(&after) && slow.contains(" of 114.5s") && slow.contains(&usually),
            "{slow}"
        );
    }
}

#[test]
fn lines_of_several_runs_begin_with_whose_they_are_and_annotations_stay_readable_to_the_forge() {
    let out = Shared::default();
    let mut reporter = Plain::new(Box::new(out.clone()), Forge::GitHub, 100).beside("one  ");
    replay(&record("red_install"), &mut reporter, 1_000);
    let text = out.take();
    assert!(text.lines().count() > 20 && text.contains("\n::error title="), "{text}");
    for line in text.lines() {
        assert!(
            line.starts_with("one   | ") || line.starts_with("::error ") || line.starts_with("::warning ")
        );
    }
    assert!(!text.contains("::group"), "groups cannot lie side by side: {text}");
}

#[test]
fn lines_put_above_the_live_view_are_whole_and_the_view_stays_below_them() {
    let out = Shared::default();
    let mut observed = Screen::new(SCREEN.width);
    let mut reporter = Live::new(Box::new(out.clone()), SCREEN);
    let events = record("red_upgrade").events;
    events.iter().take(30).for_each(|e| reporter.event(e));
    let at = events[29].at;
    let state = reporter.state(Moment(at.0 + 700));
    reporter.say(&format!("SIGINT: {}\n{state}", "word ".repeat(40)));
    reporter.tick(Moment(at.0 + 1_000));
    observed.write(&out.take());
    let text = observed.text();
    assert_eq!(text.matches("word").count(), 40, "{text}");
    assert!(text.contains(" to the deadline, failures ") && !text.contains('…'), "{text}");
    let block = text.lines().rev().take_while(|l| l.starts_with(' ')).count();
    let first = text.lines().rev().nth(block).unwrap();
    assert!(first.starts_with("fullest 1.0.0+1.26.0  ") && first.contains(" of 1h"), "{text}");
}

/// What a person sees after every event and at the end.
fn watch(record: &Record, screen: live::Screen, mut each: impl FnMut(&What, &Screen)) -> Screen {
    let out = Shared::default();
    let mut observed = Screen::new(screen.width);
    let mut reporter = Live::new(Box::new(out.clone()), screen);
    for e in &record.events {
        reporter.event(e);
        reporter.tick(Moment(e.at.0.saturating_add(150)));
        observed.write(&out.take());
        each(&e.what, &observed);
    }
    reporter.finish(&record.outcome);
    observed.write(&out.take());
    observed
}

const SCREEN: live::Screen = live::Screen { width: 80, height: 24, colour: true };

#[test]
fn the_live_view_leaves_failures_behind_and_nothing_else() {
    for (name, ..) in RECORDS {
        let record = record(name);
        let observed = watch(&record, SCREEN, |_, _| ());
        golden::same(&Path::new("tests/records/live").join(format!("{name}.end.txt")), &observed.text());
    }
}

#[test]
fn the_live_view_shows_what_runs_and_what_it_waits_for() {
    let mut waits = 0;
    watch(&record("red_upgrade"), SCREEN, |what, observed| {
        if let What::Waiting { on, .. } = what {
            waits += 1;
            // a text that is wider than the terminal is cut
            let begins: String = on.chars().take(50).collect();
            assert!(observed.text().contains(&format!("waiting for {begins}")), "{}", observed.text());
            if waits == 5 {
                golden::same(Path::new("tests/records/live/red_upgrade.middle.txt"), &observed.text());
            }
        }
    });
    assert!(waits >= 5);
}

#[test]
fn the_live_view_fits_a_small_terminal() {
    for (width, height) in [(20, 3), (40, 5), (8, 2)] {
        let screen = live::Screen { width, height, colour: false };
        watch(&record("red_install"), screen, |_, _| {});
    }
}

#[test]
fn a_frame_in_which_nothing_changed_writes_nothing() {
    let out = Shared::default();
    let mut reporter = Live::new(Box::new(out.clone()), SCREEN);
    record("green").events.iter().take(20).for_each(|e| reporter.event(e));
    reporter.tick(Moment(70_000));
    out.take();
    reporter.tick(Moment(70_100));
    assert_eq!(out.take(), "");
    reporter.say("SIGINT: stopping");
    assert!(out.take().contains("SIGINT: stopping"));
}

#[test]
fn the_state_says_what_runs_and_since_when() {
    let mut progress = Progress::default();
    assert_eq!(progress.state(Moment(0)), "nothing has begun yet\n");
    let killed = record("killed");
    killed.events.iter().for_each(|e| progress.take(e));
    let at = killed.events.last().unwrap().at;
    golden::same(Path::new("tests/records/live/state.txt"), &progress.state(Moment(at.0 + 5_000)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn lesson_38_no_reporter_panics_on_odd_events(events in odd_events(), width in 1usize..120, height in 0usize..30) {
        let record = Record::of(events).unwrap();
        for forge in [Forge::Plain, Forge::GitHub, Forge::GitLab] {
            plain(&record, forge);
        }
        let out = Shared::default();
        let mut reporter = Live::new(Box::new(out.clone()), live::Screen { width, height, colour: true });
        for e in &record.events {
            reporter.event(e);
            reporter.tick(e.at);
            reporter.state(e.at);
        }
        reporter.resize(width + 1, height);
        reporter.finish(&record.outcome);
    }
}
