//! The page of a run: where it stands among the runs of its recipe, its report, and what is different from the run before
//! and from the last green one. Pure.

use super::history::Around;
use super::layout::{Head, page, run_link, verdict, version, when};
use super::{Run, compare};
use crate::html::{self as report, View};
use ccci_runner::record::Record;
use maud::{Markup, html};

/// The page as bytes; without a record it says why there is none.
pub(super) fn render(around: &Around<'_>, record: Option<&Record>) -> Vec<u8> {
    let run = around.run;
    let s = &run.summary;
    let title = format!("{} {}: {}, level {}", s.recipe, version(run), s.verdict.name(), s.level);
    let main = html! {
        (links(around))
        @match (record, run.withheld()) {
            (Some(record), None) => {
                @let report = report::content(&View { record, beside: Some(&run.addresses()) });
                (report.head)
                (report.sections)
            }
            (_, why) => {
                h1 { (s.recipe) " " (verdict(run)) }
                p.lead { "Run " (s.run_id) " of " (when(s.began_ms)) ", level " (s.level) "." }
                p { "Its texts are not published: " (why.unwrap_or("its record could not be read")) "." }
            }
        }
        @if run.withheld().is_none() {
            (difference("since-green", "Since the last green run", around.green, run))
            @if around.previous.map(|r| &r.summary.run_id) != around.green.map(|r| &r.summary.run_id) {
                (difference("since-previous", "Since the run before", around.previous, run))
            }
        }
    };
    page(&Head { title: &title, root: "../", scripts: &[], styles: &["report.css"] }, &main)
}

fn links(around: &Around<'_>) -> Markup {
    let s = &around.run.summary;
    let run_is_proposed = around.run.is_proposed();
    html! {
        nav.among aria-label="Runs of this recipe" {
            ul {
                li { a href={ "../recipe/" (s.recipe) ".html" } { "all runs of " (s.recipe) } }
                @if run_is_proposed { li { span.mark { "proposed" } " not a published version" } }
                @if let Some(run) = around.previous { li { (run_link("../", run, &html! { "previous run" })) } }
                @if let Some(run) = around.next { li { (run_link("../", run, &html! { "next run" })) } }
                @if let Some(run) = around.green {
                    li { a href="#since-green" { "compare with the last green run" } " (" (when(run.summary.began_ms)) ")" }
                }
            }
        }
    }
}

fn difference(id: &str, title: &str, before: Option<&Run>, run: &Run) -> Markup {
    html! {
        @if let Some(before) = before.filter(|run| run.withheld().is_none()) {
            section aria-labelledby=(id) {
                h2 id=(id) tabindex="-1" { (title) }
                p { "Compared with the " (run_link("../", before, &html! { "run of " (when(before.summary.began_ms)) })) "." }
                (compare::table(before, run, &format!("Differences {}", title.to_lowercase())))
            }
        }
    }
}
