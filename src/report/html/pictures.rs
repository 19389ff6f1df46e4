//! What the browser showed, inside the page or beside it: pictures, and what else was kept of a failing page. Pure.

use super::View;
use super::part::{folded, t};
use crate::list::size;
use crate::seen;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ccci_model::event::{Shown, Shows};
use ccci_model::verdict::Outcome;
use maud::{Markup, html};

/// Most bytes of all pictures in the page; the others are named with their sizes.
const MOST: usize = 6 << 20;
/// Why a site lacks a file of a record.
const NOT_HERE: &str = "it is only in the record; a site has the files of the newest runs of each recipe";
/// The fact by which a run says whether there is a picture of the app.
const FACT: &str = "screenshot";
/// Most bytes of a text, from its beginning.
const MOST_TEXT: usize = 64 << 10;

/// The picture of the app, for the first screen.
pub(super) fn landing(view: &View<'_>) -> Option<Markup> {
    above(view).map(|(shown, source)| figure(shown, &source))
}

/// Where the browser finds a picture.
enum Source<'a> {
    /// In the page itself.
    Inside(&'a [u8]),
    /// At an address on the same site.
    Beside(&'a str),
}

impl Source<'_> {
    /// Bytes that it adds to the page.
    fn bytes(&self) -> usize {
        match self {
            Source::Inside(png) => png.len(),
            Source::Beside(_) => 0,
        }
    }
}

fn source<'a>(view: &View<'a>, s: &Shown) -> Option<Source<'a>> {
    match view.beside {
        Some(all) => all.get(&s.file).map(|address| Source::Beside(address)),
        None => seen::picture(view.record, s).map(Source::Inside),
    }
}

fn above<'a>(view: &View<'a>) -> Option<(&'a Shown, Source<'a>)> {
    let shown = view.record.outcome.shown.iter().find(|s| s.shows == Shows::Landing)?;
    let source = source(view, shown)?;
    (source.bytes() <= MOST).then_some((shown, source))
}

/// All other pictures, those of failures first, with the texts that were kept beside them.
pub(super) fn section(view: &View<'_>) -> Option<Markup> {
    let mut room = MOST;
    // the one in the first screen is not shown twice
    let above = above(view);
    if let Some((_, source)) = &above {
        room -= source.bytes();
    }
    let rest = || {
        let all = view.record.outcome.shown.iter();
        all.filter(|s| above.as_ref().is_none_or(|(first, _)| first.file != s.file))
    };
    let mut makers: Vec<&str> = vec![];
    for s in rest() {
        if !makers.contains(&s.by.as_str()) {
            makers.push(&s.by);
        }
    }
    makers.sort_by_key(|by| !rest().any(|s| s.by == *by && s.shows == Shows::Failing));
    let absent = absent(&view.record.outcome);
    (!makers.is_empty() || absent.is_some()).then(|| {
        html! {
            @if let Some(why) = absent { p { "The picture of the app is " (t(why)) "." } }
            @for by in makers {
                h3 { (t(by)) }
                (of_one(view, rest().filter(|s| s.by == by), &mut room))
            }
        }
    })
}

/// What the run says of the picture of the app, if there is none.
fn absent(o: &Outcome) -> Option<&str> {
    let landed = o.shown.iter().any(|s| s.shows == Shows::Landing);
    o.facts.get(FACT).filter(|_| !landed).map(String::as_str)
}

/// What was kept of a hook or a test.
fn of_one<'a>(view: &View<'_>, all: impl Iterator<Item = &'a Shown>, room: &mut usize) -> Markup {
    let (pictures, texts): (Vec<_>, Vec<_>) = all.partition(|s| s.shows.is_picture());
    let mut figures = vec![];
    for s in pictures {
        figures.push(match source(view, s) {
            Some(source) if source.bytes() <= *room => {
                *room -= source.bytes();
                figure(s, &source)
            }
            Some(_) => left_out(s, "too large for this page"),
            None if view.beside.is_some() => left_out(s, NOT_HERE),
            None => left_out(s, "not read, because it is not in the record or too large"),
        });
    }
    html! {
        div.pictures { @for figure in figures { (figure) } }
        @for s in texts { (text(view, s)) }
    }
}

/// A picture. Its own words are below it: what stands in an attribute is written by ccci alone.
fn figure(s: &Shown, source: &Source<'_>) -> Markup {
    let alt = format!("Picture of {}", seen::words(s.shows));
    html! {
        figure {
            @match source {
                Source::Inside(png) => { img alt=(alt) src={ "data:image/png;base64," (STANDARD.encode(png)) }; },
                Source::Beside(address) => { a href=(address) { img alt=(alt) src=(address) loading="lazy"; } },
            }
            figcaption { (seen::words(s.shows)) ", " (t(&s.file)) }
        }
    }
}

fn left_out(s: &Shown, why: &str) -> Markup {
    html! { p { "Left out: " (t(&s.file)) " (" (size(s.bytes)) "), " (why) "." } }
}

fn text(view: &View<'_>, s: &Shown) -> Markup {
    if view.beside.is_some() {
        return match view.address(&s.file) {
            Some(address) => html! { p { a href=(address) { (seen::words(s.shows)) } ", " (size(s.bytes)) } },
            None => left_out(s, NOT_HERE),
        };
    }
    let Some(bytes) = view.record.files.get(&s.file) else {
        return left_out(s, "not in the record or too large");
    };
    let part = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST_TEXT)]);
    let cut = (bytes.len() > MOST_TEXT)
        .then(|| format!("The first {} of {}.", size(MOST_TEXT as u64), size(s.bytes)));
    folded(
        &format!("{}, {}", seen::words(s.shows), size(s.bytes)),
        &html! { pre tabindex="0" { (t(part.trim_end())) } @if let Some(cut) = cut { p { (cut) } } },
    )
}
