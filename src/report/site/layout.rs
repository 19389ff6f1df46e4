//! The frame of every page, and the small parts that several pages show. Pure.

use super::{Recipe, Run};
use crate::frame::Frame;
use crate::human;
use crate::text::one_line;
use ccci_model::tier::Status;
use ccci_model::time::utc_rfc3339;
use ccci_model::verdict::Verdict;
use maud::{Markup, html};

/// What a page may load: nothing but the style sheet, scripts and pictures of the site itself. `connect-src` is for runs in
/// progress, which only a server shows.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'";

/// What is different from page to page.
pub(super) struct Head<'a> {
    /// The title, which begins with what distinguishes the page.
    pub title: &'a str,
    /// From the page to the root of the site: empty, or `../`.
    pub root: &'a str,
    /// More scripts.
    pub scripts: &'a [&'a str],
    /// More style sheets.
    pub styles: &'a [&'a str],
}

/// A whole page.
pub(super) fn page(head: &Head<'_>, main: &Markup) -> Vec<u8> {
    let root = head.root;
    let links = html! {
        @for style in head.styles.iter().chain(&["site.css"]) {
            link rel="stylesheet" href={ (root) (style) };
        }
        link rel="alternate" type="application/atom+xml" title="what turned red or green" href={ (root) "feed.xml" };
        @for script in ["site.js"].iter().chain(head.scripts) {
            script src={ (root) (script) } defer {}
        }
    };
    let body = html! {
        a.to-content href="#main" { "Skip to the content" }
        header.site {
            nav aria-label="Site" {
                a href={ (root) "index.html" } { "Recipes" }
                a href={ (root) "index.html#unproved" } { "Never proved" }
                a href={ (root) "index.html#time" } { "Time" }
                a href={ (root) "compare.html" } { "Compare" }
                a href={ (root) "feed.xml" } { "Feed" }
            }
        }
        main #main tabindex="-1" { (main) }
        footer { p { "Made by ccci. All times are UTC." } }
    };
    let title = html! { (said(head.title)) " · ccci" };
    shortened(Frame { policy: POLICY, title: &title, head: &links, body: &body }.page()).into_bytes()
}

/// What HTML lets one leave out, and what is left: end tags, and quotes around single words.
const SHORTER: &[(&str, &str)] = &[
    ("</td>", ""),
    ("</th>", ""),
    ("</tr>", ""),
    ("</thead>", ""),
    ("</tbody>", ""),
    ("</li>", ""),
    ("</dt>", ""),
    ("</dd>", ""),
    ("\"></rect>", "\"/>"),
    ("scope=\"row\"", "scope=row"),
    ("scope=\"col\"", "scope=col"),
    ("role=\"region\"", "role=region"),
    ("tabindex=\"0\"", "tabindex=0"),
    ("class=\"text\"", "class=text"),
    ("class=\"faint\"", "class=faint"),
    ("aria-hidden=\"true\"", "aria-hidden=true"),
];

/// The page without what can be left out: in ten thousand pages full of tables that is a sixth of the site. Text from
/// outside contains neither a tag nor a quote.
fn shortened(page: String) -> String {
    SHORTER.iter().fold(page, |page, (long, short)| page.replace(long, short))
}

/// Text from outside: what controls a terminal or a parser is removed. Escaping is left to the template.
pub(super) fn said(text: &str) -> String {
    one_line(text)
}

/// A moment in ms since 1970: date and time to the minute.
pub(super) fn when(ms: u64) -> Markup {
    let full = utc_rfc3339(ms);
    let short = full.get(..16).unwrap_or(&full).replace('T', " ");
    html! { time datetime=(full) { (short) } }
}

/// The date alone.
pub(super) fn day(ms: u64) -> Markup {
    let full = utc_rfc3339(ms);
    html! { time datetime=(full) { (full.get(..10).unwrap_or(&full)) } }
}

/// The verdict as a word in its colour.
pub(super) fn verdict(run: &Run) -> Markup {
    let name = run.summary.verdict.name();
    html! { b class={ "w " (name) } { (name) } @if run.summary.partial.is_some() { " (partial)" } }
}

/// The letter of a verdict.
pub(super) fn letter(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Green => "G",
        Verdict::Red => "R",
        Verdict::Error => "E",
        Verdict::Interrupted => "I",
    }
}

/// The letter of a status.
pub(super) fn letter_of(status: Status) -> &'static str {
    match status {
        Status::Pass => "P",
        Status::Fail => "F",
        Status::Skip => "S",
        Status::Unver => "U",
    }
}

/// What the letters of a history mean.
pub(super) fn legend() -> Markup {
    html! {
        p.faint {
            "Verdicts: G green, R red, E error (no answer about the recipe), I interrupted. Results: P pass, F fail, "
            "S skip (does not apply), U unver (not checked). The newest run is on the right."
        }
    }
}

/// The version and commit of a run.
pub(super) fn version(run: &Run) -> String {
    let summary = &run.summary;
    let named = human::subject_at(&summary.recipe, summary.version.as_ref(), &summary.commit);
    let version = named.strip_prefix(summary.recipe.as_str()).unwrap_or(&named).trim_start();
    said(version)
}

/// Link to the page of a run.
pub(super) fn run_link(root: &str, run: &Run, words: &Markup) -> Markup {
    html! { a href={ (root) "run/" (run.summary.run_id) ".html" } { (words) } }
}

/// A small picture of the app, if it is published.
pub(super) fn shot(root: &str, run: &Run) -> Markup {
    let s = &run.summary;
    html! {
        @if let Some(picture) = run.picture() {
            img.shot src={ (root) "run/" (picture) } alt={ "first page of " (s.recipe) } width="80" height="50" loading="lazy";
        }
    }
}

/// The verdicts of the newest runs, one of each call, as letters, the newest on the right.
pub(super) fn strip(recipe: &Recipe, most: usize) -> Markup {
    html! {
        span.strip {
            @for same in recipe.counted(most).chunk_by(|a, b| a.summary.verdict == b.summary.verdict) {
                span class=(same[0].summary.verdict.name()) {
                    (letter(same[0].summary.verdict).repeat(same.len()))
                }
            }
        }
    }
}
