//! What the browser showed, inside the page or beside it: pictures, and what else was kept of a failing page. Pure.

use super::View;
use super::part::{folded, t};
use crate::list::size;
use crate::{cause, seen};
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
/// Pixels of a picture of a page; a picture of another size replaces them when it is loaded.
const WIDTH: u32 = 1_280;
/// The same, from top to bottom.
const HEIGHT: u32 = 800;
/// Most bytes of a text, from its beginning.
const MOST_TEXT: usize = 64 << 10;

/// The picture of the app, for the first screen.
pub(super) fn landing(view: &View<'_>) -> Option<Markup> {
    above(view).map(|(shown, source)| figure(view, shown, &source))
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

/// Room for pictures below the first screen, bytes.
fn room(view: &View<'_>) -> usize {
    MOST - above(view).map_or(0, |(_, source)| source.bytes())
}

/// Who kept something that is not in the first screen, those with a failure first.
fn makers<'a>(view: &View<'a>) -> Vec<&'a str> {
    let mut makers: Vec<&str> = vec![];
    for s in below(view) {
        if !makers.contains(&s.by.as_str()) {
            makers.push(&s.by);
        }
    }
    makers.sort_by_key(|by| !below(view).any(|s| s.by == *by && s.shows == Shows::Failing));
    makers
}

/// What is not in the first screen.
fn below<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Shown> {
    let above = above(view).map(|(shown, _)| &shown.file);
    view.record.outcome.shown.iter().filter(move |s| above != Some(&s.file))
}

/// Who kept what stands beside the first cause.
fn beside_the_cause<'a>(view: &View<'a>) -> Option<&'a str> {
    let by = cause::first(&view.record.outcome)?.by.as_deref()?;
    below(view).any(|s| s.by == by).then_some(by)
}

/// What was kept when the first cause failed, to stand beside it, and its address in the page.
pub(super) fn of_the_cause(view: &View<'_>) -> Option<(String, Markup)> {
    let by = beside_the_cause(view)?;
    Some((place(view, by)?, of_one(view, below(view).filter(|s| s.by == by), &mut room(view))))
}

/// The address in the page of what was kept of a test or a hook.
pub(super) fn place(view: &View<'_>, by: &str) -> Option<String> {
    let n = makers(view).iter().position(|maker| *maker == by)?;
    Some(format!("seen-{n}"))
}

/// All other pictures, those of failures first, with the texts that were kept beside them.
pub(super) fn section(view: &View<'_>) -> Option<Markup> {
    let mut room = room(view);
    let cause = beside_the_cause(view);
    let of_cause = below(view).filter(|s| Some(s.by.as_str()) == cause);
    room = room.saturating_sub(of_cause.filter_map(|s| source(view, s)).map(|s| s.bytes()).sum());
    let makers: Vec<&str> = makers(view).into_iter().filter(|by| Some(*by) != cause).collect();
    let absent = absent(&view.record.outcome);
    (!makers.is_empty() || absent.is_some()).then(|| {
        html! {
            @if let Some(why) = absent { p { "The picture of the app is " (t(why)) "." } }
            @for by in makers {
                h3 id=[place(view, by)] { (t(by)) }
                (of_one(view, below(view).filter(|s| s.by == by), &mut room))
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
                figure(view, s, &source)
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
fn figure(view: &View<'_>, s: &Shown, source: &Source<'_>) -> Markup {
    let alt = format!("Picture of {}", seen::words(s.shows));
    html! {
        figure {
            @match source {
                Source::Inside(png) => { img alt=(alt) width=(WIDTH) height=(HEIGHT) src={ "data:image/png;base64," (STANDARD.encode(png)) }; },
                Source::Beside(address) => { a href=(address) { img alt=(alt) width=(WIDTH) height=(HEIGHT) src=(address) loading="lazy"; } },
            }
            figcaption {
                (seen::words(s.shows)) ", "
                @if let Some(version) = seen::base_of(view.record, s) { (t(&version)) " before the upgrade, " }
                (t(&s.file))
            }
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
