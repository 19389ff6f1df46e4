//! Page tests in a real Chromium, on pages of a small app behind the real ingress. They need Chromium and its driver, which
//! `make lab` installs, so they run with the tests of the Swarm (`CCCI_SWARM=1`, set by `make test`).

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

#[path = "browser/escapes.rs"]
mod escapes;
#[path = "browser/ground.rs"]
mod ground;
#[path = "browser/guard.rs"]
mod guard;
#[path = "browser/pages.rs"]
pub(crate) mod pages;
#[path = "browser/verdict.rs"]
pub(crate) mod verdict;

use ccci_model::event::Shows;
use ground::{PageTest, with_browser};

/// The whole of a person's work: following links, forms, lists, files, frames, and what a page says of itself.
#[test]
fn a_page_does_what_a_person_does() {
    with_browser("a_page_does_what_a_person_does", |ground| {
        let done = ground.test(
            r##"
            page.open("/site");
            assert(page.title() == "Front page");
            assert(page.text("h1") == "Welcome");
            assert(!page.is_visible("#hidden") && !page.is_visible("#no-such"));
            page.click(#{ role: "link", name: "Log in" });
            page.fill(#{ label: "User" }, "anna");
            page.fill(#{ label: "Password" }, "secret enough");
            page.select(#{ label: "Language" }, "Deutsch");
            assert(page.value("select[name=lang]") == "de");
            page.press(#{ label: "Password" }, "Enter");
            page.wait_for(#{ text: "Hello anna" });
            assert(page.url().contains("user=anna") && page.url().contains("lang=de"));
            page.upload("#up", "note.txt", "some words");
            page.wait_for(#{ text: "note.txt: some words" });
            assert(page.attribute("#up", "type") == "file");
            page.open("/framed");
            page.click(#{ text: "Press me", frame: "#inner" });
            assert(page.text(#{ css: "button", frame: "#inner" }) == "Pressed");
            page.screenshot("in the frame");
            "##,
        );
        assert_eq!(done.failure, None);
        assert_eq!(done.shown(Shows::Named).len(), 1);
        let picture = done.bytes(Shows::Named);
        assert!(
            picture.starts_with(b"\x89PNG") && picture[16..24] == [0, 0, 5, 0, 0, 0, 3, 32],
            "1280 by 800"
        );
    });
}

#[test]
fn a_page_knows_nothing_of_the_page_before_it() {
    with_browser("a_page_knows_nothing_of_the_page_before_it", |ground| {
        let login = r##"std::browser::log_in(page, "/site/login", "anna", "x"); page.wait_for(#{ text: "Hello anna" });"##;
        assert_eq!(ground.test(login).failure, None);
        let after = r##"page.open("/site/home"); page.wait_for(#{ text: "Nobody is logged in" });"##;
        assert_eq!(ground.test(after).failure, None);
    });
}

/// Twelve pages with which something is wrong: what a test of each says, and that the evidence shows it.
#[test]
fn broken_pages_fail_with_what_is_wrong_and_evidence_of_it() {
    with_browser("broken_pages_fail_with_what_is_wrong_and_evidence_of_it", |ground| {
        let fails = |script: &str, words: &[&str]| -> PageTest {
            let done = ground.test(script);
            let failure = done.failure.clone().unwrap_or_else(|| panic!("`{script}` passes"));
            for word in words {
                assert!(failure.contains(word), "`{script}`: `{word}` is not in: {failure}");
            }
            assert!(!done.shown(Shows::Calls).is_empty(), "{script}");
            assert_eq!(done.shown(Shows::Source).len(), 1, "{script}: {:?}", done.messages());
            done
        };
        let blank = fails(
            r##"page.open("/blank"); page.wait_for("h1", "1s");"##,
            &["`h1` is not on the page", "/blank"],
        );
        assert!(!blank.shown(Shows::Failing).is_empty() && blank.text(Shows::Source).contains("<html"));

        let error = fails(
            r##"page.open("/error"); page.wait_for(#{ text: "Ready" }, "1s");"##,
            &["the text `Ready`"],
        );
        assert!(
            error.text(Shows::Console).contains("nowhere is not defined"),
            "{}",
            error.text(Shows::Console)
        );

        fails(r##"page.open("/loop");"##, &["redirects again and again"]);
        fails(r##"page.open("/guarded");"##, &["redirects again and again"]);

        let mixed = fails(
            r##"page.open("/mixed"); page.wait_for(#{ text: "never" }, "1s");"##,
            &["the text `never` is not on the page"],
        );
        assert!(mixed.text(Shows::Console).contains("Mixed Content"), "{}", mixed.text(Shows::Console));

        assert_eq!(
            ground.test(r##"page.open("/late"); page.wait_for(#{ text: "At last" });"##).failure,
            None
        );
        fails(
            r##"page.open("/wrong"); assert(page.text("h1") == "Welcome");"##,
            &["Something else", "Welcome"],
        );
        fails(r##"page.open("/no-such-page");"##, &["answered 404"]);
        fails(r##"page.open("https://example.org/");"##, &["`example.org` is no name of this run"]);
        let file =
            ground.test(r##"let to = "file:///etc"; to += "/passwd"; page.open(to);"##).failure.unwrap();
        assert!(file.contains("neither a path"), "{file}");
        fails(r##"page.open("/site"); page.click("#[");"##, &["no valid CSS selector"]);

        assert_eq!(
            ground.test(r##"page.open("/alert"); eventually("5s", || page.title() == "Answered");"##).failure,
            None
        );
        assert_eq!(
            ground
                .test(r##"page.open("/files"); page.click("a"); assert(page.title() == "Files");"##)
                .failure,
            None,
            "a download goes nowhere and disturbs nothing"
        );
        let secret = fails(
            r##"page.open("/secret"); page.screenshot("settings"); page.wait_for("h1", "1s");"##,
            &["`h1` is not on the page"],
        );
        assert!(secret.shown(Shows::Named).is_empty() && secret.shown(Shows::Failing).is_empty());
        assert!(secret.said("the picture `settings` is not kept: the page shows a secret"));
        assert!(!secret.holds("correct horse battery"), "no file holds it");
    });
}

#[test]
fn a_page_that_hangs_ends_at_the_limit_and_the_next_one_works() {
    with_browser("a_page_that_hangs_ends_at_the_limit_and_the_next_one_works", |ground| {
        let began = std::time::Instant::now();
        let done = ground.test_within(15, r##"page.open("/spin"); page.wait_for("#never", "60s");"##);
        assert!(done.failure.is_some());
        assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
        assert_eq!(
            ground.test(r##"page.open("/site"); assert(page.text("h1") == "Welcome");"##).failure,
            None
        );
    });
}

#[test]
fn a_covered_element_is_named_with_what_covers_it() {
    with_browser("a_covered_element_is_named_with_what_covers_it", |ground| {
        let done = ground.test_within(8, r##"page.open("/covered"); page.click("button");"##);
        let failure = done.failure.unwrap();
        assert!(failure.contains("covered") || failure.contains("deadline"), "{failure}");
    });
}
