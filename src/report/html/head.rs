//! The first screen: verdict, level, blame and the cause in one sentence. Pure.

use super::part::t;
use super::{View, pictures};
use crate::markup::Foreign;
use crate::text::{cut, one_line};
use crate::{cause, human};
use ccci_model::tier::{RUNGS, Status};
use ccci_model::verdict::{Outcome, Verdict};
use maud::{Markup, html};

/// Most letters of the cause in the title of the page.
const TITLE: usize = 90;

/// The title: what a list of tabs or bookmarks shows.
pub(super) fn title(o: &Outcome) -> Markup {
    let cause = cause::first(o)
        .map(|f| format!(", {}: {}", f.failure.blame, cut(&one_line(&f.failure.observed()), TITLE)));
    let head =
        format!("{}: {}, level {}{}", human::subject(o), o.headline(), o.level, cause.unwrap_or_default());
    html! { (Foreign(&head)) }
}

/// The header of the page.
pub(super) fn header(view: &View<'_>) -> Markup {
    let o = &view.record.outcome;
    html! {
        header {
            div.lead {
                h1 { (t(&human::subject(o))) }
                p class={ "verdict " (o.verdict.name()) } {
                    strong { (sign(o.verdict)) " " (human::word(o)) }
                    span { (human::level(o)) }
                    @if let Some(first) = cause::first(o) { span { "blame: " (first.failure.blame) } }
                }
                p.sentence { (t(&human::sentence(o))) }
                ol.ladder aria-label={ "level " (o.level) " of " (RUNGS.len()) } {
                    @for (n, (rung, name)) in RUNGS.iter().enumerate() {
                        @let status = o.rungs.get(rung).copied().unwrap_or(Status::Unver);
                        li.reached[n < usize::from(o.level)] { (name) " " (super::part::status(status)) }
                    }
                }
            }
            @if let Some(picture) = pictures::landing(view) { (picture) }
        }
    }
}

/// A sign that can be told from the others without its colour.
fn sign(verdict: Verdict) -> Markup {
    let sign = match verdict {
        Verdict::Green => "✓",
        Verdict::Red => "✗",
        Verdict::Error => "!",
        Verdict::Interrupted => "■",
    };
    html! { span aria-hidden="true" { (sign) } }
}
