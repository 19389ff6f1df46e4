//! What the browser showed: pictures inside the page, and what else was kept of a failing page. Pure.

use super::part::{folded, t};
use crate::list::size;
use crate::seen;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ccci_model::event::{Shown, Shows};

use ccci_runner::record::Record;
use maud::{Markup, html};

/// Most bytes of all pictures in the page; the others are named with their sizes.
const MOST: usize = 6 << 20;
/// The fact by which a run says whether there is a picture of the app.
const FACT: &str = "screenshot";
/// Most bytes of a text, from its beginning.
const MOST_TEXT: usize = 64 << 10;

/// The picture of the app, for the first screen.
pub(super) fn landing(record: &Record) -> Option<Markup> {
    above(record).map(|(shown, png)| figure(shown, png))
}

fn above(record: &Record) -> Option<(&Shown, &[u8])> {
    seen::first(record).filter(|(s, png)| s.shows == Shows::Landing && png.len() <= MOST)
}

/// All other pictures, those of failures first, with the texts that were kept beside them.
pub(super) fn section(record: &Record) -> Option<Markup> {
    let mut room = MOST;
    // the one in the first screen is not shown twice
    let above = above(record);
    if let Some((_, png)) = above {
        room -= png.len();
    }
    let rest = || record.outcome.shown.iter().filter(|s| above.is_none_or(|(first, _)| first.file != s.file));
    let mut makers: Vec<&str> = vec![];
    for s in rest() {
        if !makers.contains(&s.by.as_str()) {
            makers.push(&s.by);
        }
    }
    makers.sort_by_key(|by| !rest().any(|s| s.by == *by && s.shows == Shows::Failing));
    let absent = absent(record);
    (!makers.is_empty() || absent.is_some()).then(|| {
        html! {
            @if let Some(why) = absent { p { "The picture of the app is " (t(why)) "." } }
            @for by in makers {
                h3 { (t(by)) }
                (of_one(record, rest().filter(|s| s.by == by), &mut room))
            }
        }
    })
}

/// What the run says of the picture of the app, if there is none.
fn absent(record: &Record) -> Option<&str> {
    let o = &record.outcome;
    let landed = o.shown.iter().any(|s| s.shows == Shows::Landing);
    o.facts.get(FACT).filter(|_| !landed).map(String::as_str)
}

/// What was kept of a hook or a test.
fn of_one<'a>(record: &Record, all: impl Iterator<Item = &'a Shown>, room: &mut usize) -> Markup {
    let (pictures, texts): (Vec<_>, Vec<_>) = all.partition(|s| s.shows.is_picture());
    let mut figures = vec![];
    for s in pictures {
        figures.push(match seen::picture(record, s) {
            Some(png) if png.len() <= *room => {
                *room -= png.len();
                figure(s, png)
            }
            Some(_) => left_out(s, "too large for this page"),
            None => left_out(s, "not read, because it is not in the record or too large"),
        });
    }
    html! {
        div.pictures { @for figure in figures { (figure) } }
        @for s in texts { (text(record, s)) }
    }
}

/// A picture. Its own words are below it: what stands in an attribute is written by ccci alone.
fn figure(s: &Shown, png: &[u8]) -> Markup {
    html! {
        figure {
            img alt={ "Picture of " (seen::words(s.shows)) } src={ "data:image/png;base64," (STANDARD.encode(png)) };
            figcaption { (seen::words(s.shows)) ", " (t(&s.file)) }
        }
    }
}

fn left_out(s: &Shown, why: &str) -> Markup {
    html! { p { "Left out: " (t(&s.file)) " (" (size(s.bytes)) "), " (why) "." } }
}

fn text(record: &Record, s: &Shown) -> Markup {
    let Some(bytes) = record.files.get(&s.file) else { return left_out(s, "not in the record or too large") };
    let part = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST_TEXT)]);
    let cut = (bytes.len() > MOST_TEXT)
        .then(|| format!("The first {} of {}.", size(MOST_TEXT as u64), size(s.bytes)));
    folded(
        &format!("{}, {}", seen::words(s.shows), size(s.bytes)),
        &html! { pre tabindex="0" { (t(part.trim_end())) } @if let Some(cut) = cut { p { (cut) } } },
    )
}
