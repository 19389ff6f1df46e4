//! The picture of the app and page tests, on pages in memory.

use super::fullest::{Ground, job};
use super::machine::{Machine, TestRun};
use ccci_model::event::{Shows, What};
use ccci_model::failure::Blame;
use ccci_model::tier::{Status, Tier};
use ccci_model::verdict::Verdict;
use ccci_testkit::memory::{BrowserFault, MemoryBrowser, MemoryElement, MemoryPage};

/// A page with a title and some elements.
fn page(title: &str, elements: Vec<MemoryElement>) -> MemoryPage {
    let console = vec!["severe: something is missing".to_string()];
    MemoryPage { title: title.into(), elements, console }
}

fn button(text: &str) -> MemoryElement {
    MemoryElement { css: "button".into(), text: text.into(), ..MemoryElement::default() }
}

/// A run whose custom tier has one page test.
fn with_test(body: &str, browse: impl Fn(&MemoryBrowser) + Send + Sync + 'static) -> (TestRun, Machine) {
    let ground = Ground::new();
    ground.file("custom/test_page.rhai", &format!("fn test_page(page, ctx) {{\n{body}\n}}\n"));
    let job = ground.prepare("20260101-000000-abc123").unwrap();
    let machine = Machine::browsing(browse);
    (machine.live(&job), machine)
}

fn shown(run: &TestRun, shows: Shows) -> usize {
    run.events.iter().filter(|e| matches!(&e.what, What::Shown(s) if s.shows == shows)).count()
}

fn of_browser(machine: &Machine) -> std::sync::Arc<MemoryBrowser> {
    machine.browser.lock().unwrap().clone().unwrap()
}

#[test]
fn a_run_keeps_one_picture_of_the_app_before_anything_changes_it() {
    let machine = Machine::new();
    let run = machine.live(&job());
    assert_eq!((run.outcome.verdict, shown(&run, Shows::Landing)), (Verdict::Green, 1));
    let at = |what: &dyn Fn(&What) -> bool| run.events.iter().position(|e| what(&e.what)).unwrap();
    let picture = at(&|w| matches!(w, What::Shown(_)));
    let install = at(&|w| matches!(w, What::HookStarted { hook } if hook == "pre_install"));
    assert!(picture < install);
    assert_eq!(run.outcome.shown[0].file, "seen/screenshot-app.png");
    assert!(!of_browser(&machine).is_running(), "it ends with the run");
}

#[test]
fn without_a_browser_the_picture_is_absent_and_the_verdict_is_the_same() {
    let machine = Machine::browsing(|b| b.fault(BrowserFault::Missing));
    let run = machine.live(&job());
    assert_eq!((run.outcome.verdict, shown(&run, Shows::Landing)), (Verdict::Green, 0));
    assert!(run.outcome.facts["screenshot"].starts_with("absent: no browser"), "{:?}", run.outcome.facts);
}

#[test]
fn a_browser_that_dies_or_hangs_while_the_picture_is_taken_changes_no_verdict() {
    for fault in [BrowserFault::Dies, BrowserFault::Hangs] {
        let machine = Machine::browsing(move |b| b.fault(fault));
        let run = machine.live(&job());
        assert_eq!(run.outcome.verdict, Verdict::Green, "{fault:?} {:?}", run.outcome.failures);
        assert!(run.outcome.facts["screenshot"].starts_with("absent: "), "{:?}", run.outcome.facts);
        assert!(!of_browser(&machine).is_running());
    }
}

#[test]
fn a_page_test_that_passes_proves_and_one_that_fails_keeps_what_the_page_showed() {
    let body =
        r#"page.open("/"); page.click("button"); page.screenshot("after"); assert(page.title() == "Done");"#;
    let (run, _) = with_test(body, |b| {
        b.page(
            "/",
            page("Welcome", vec![MemoryElement { leads_to: Some("/health".into()), ..button("Go") }]),
        );
        b.page("/health", page("Done", vec![]));
    });
    assert_eq!(run.outcome.verdict, Verdict::Green, "{:?}", run.outcome.failures);
    assert_eq!((shown(&run, Shows::Named), shown(&run, Shows::Failing)), (1, 0));
    let (run, machine) = with_test(body, |b| b.page("/", page("Welcome", vec![])));
    assert_eq!(run.outcome.verdict, Verdict::Red);
    let failure = &run.outcome.failures[0].failure;
    assert!(failure.observed().contains("`button` is not on the page"), "{}", failure.observed());
    for kept in [Shows::Failing, Shows::Source, Shows::Console, Shows::Calls] {
        assert_eq!(shown(&run, kept), 1, "{kept:?}");
    }
    assert!(!of_browser(&machine).is_running());
}

#[test]
fn page_tests_without_a_browser_are_unverified_and_infra_is_to_blame() {
    for (fault, cause) in [(BrowserFault::Missing, "no-browser"), (BrowserFault::Dies, "browser-gone")] {
        let machine = Machine::browsing(move |b| b.fault(fault));
        let ground = Ground::new();
        ground.file("custom/test_page.rhai", "fn test_page(page, ctx) { page.open(\"/\"); }\n");
        let job = ground.prepare("20260101-000000-abc123").unwrap();
        let run = machine.live(&job);
        let o = &run.outcome;
        assert_eq!(o.verdict, Verdict::Error, "{:?}", o.failures);
        let failure = &o.failures[0].failure;
        assert_eq!((failure.cause.as_str(), failure.blame), (cause, Blame::Infra));
        let custom = o.tiers.iter().find(|t| t.tier == Tier::Custom).unwrap();
        assert_eq!(custom.status, Status::Unver);
    }
}

#[test]
fn what_appears_late_is_waited_for() {
    let body = r#"page.open("/"); page.click("button"); assert(page.text("button") == "Go");"#;
    let (run, _) = with_test(body, |b| {
        let late = MemoryElement { after: std::time::Duration::from_secs(20), ..button("Go") };
        b.page("/", page("Welcome", vec![late]));
    });
    assert_eq!(run.outcome.verdict, Verdict::Green, "{:?}", run.outcome.failures);
}

#[test]
fn bound_page_wait() {
    let (run, _) =
        with_test("page.open(\"/\"); page.click(\"button\");", |b| b.page("/", page("Welcome", vec![])));
    let observed = run.outcome.failures[0].failure.observed();
    assert!(observed.contains("after 30s: `button` is not on the page"), "{observed}");
}

#[test]
fn bound_pictures() {
    let body = "page.open(\"/\"); for n in 0..30 { page.screenshot(\"one\"); }";
    let (run, _) = with_test(body, |b| b.page("/", page("Welcome", vec![])));
    let observed = run.outcome.failures[0].failure.observed();
    assert!(observed.contains("pictures"), "{observed}");
    assert_eq!(shown(&run, Shows::Named), 20);
}

#[test]
fn what_fails_on_a_page_that_a_change_of_networks_disturbed_is_an_error_and_no_failure_of_the_recipe() {
    let lost =
        "severe: https://a.test/app.js - Failed to load resource: net::ERR_NETWORK_CHANGED".to_string();
    let half = move |b: &MemoryBrowser| {
        b.page("/", MemoryPage { console: vec![lost.clone()], ..page("Welcome", vec![]) })
    };
    let (run, _) = with_test(r#"page.open("/"); page.click("button");"#, half.clone());
    assert_eq!(run.outcome.verdict, Verdict::Error);
    let failure = &run.outcome.failures[0].failure;
    assert_eq!((failure.cause.as_str(), failure.blame), ("network-changed", Blame::Infra));
    let observed = failure.observed();
    assert!(
        observed.contains("`button` is not on the page") && observed.contains("given up 1"),
        "{observed}"
    );
    assert_eq!(shown(&run, Shows::Console), 1, "the evidence is kept");
    let (run, _) = with_test(r#"page.open("/");"#, half);
    assert_eq!(run.outcome.verdict, Verdict::Green, "what passes has seen what it asked for");
}
