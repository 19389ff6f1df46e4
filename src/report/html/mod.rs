//! The HTML page: everything about a run in one file that needs no script, no font and no network. Pure.
//!
//! The sections stand in the order in which people look for them; a section that has nothing to say is left out.

mod about;
mod cause;
mod head;
mod logs;
mod part;
mod pictures;
mod tiers;
mod time;

use crate::frame::Frame;
use ccci_runner::record::Record;
use maud::{Markup, PreEscaped, html};
use std::collections::BTreeMap;

const STYLE: &str = include_str!("style.css");
/// What the page may load: nothing but its own styles and the pictures that it contains.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// A section of the page.
struct Section {
    /// Its address in the page.
    id: &'static str,
    /// Its heading.
    title: &'static str,
    /// Its content, unless there is none.
    content: fn(&View<'_>) -> Option<Markup>,
}

/// A record, and where the files of it lie that its page shows.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// The record.
    pub record: &'a Record,
    /// Addresses of files of the record by their names, if the page is part of a site: a file without one is not on it. A
    /// page that stands alone has pictures and texts inside.
    pub beside: Option<&'a BTreeMap<String, String>>,
}

impl View<'_> {
    /// Where a file lies beside the page.
    fn address(&self, file: &str) -> Option<&str> {
        self.beside?.get(file).map(String::as_str)
    }
}

/// All sections, in the order of the page. What is not proved comes before what passed.
const SECTIONS: &[Section] = &[
    Section { id: "cause", title: "First cause", content: |v| cause::first(v) },
    Section { id: "failures", title: "Other failures and consequences", content: |v| cause::others(v) },
    Section { id: "left", title: "Left behind", content: |v| cause::left(v.record) },
    Section { id: "logs", title: "Logs", content: logs::section },
    Section { id: "revisions", title: "What was tested", content: |v| about::revisions(v.record) },
    Section { id: "time", title: "Time", content: |v| time::section(v.record) },
    Section { id: "open", title: "Tiers that did not pass", content: |v| tiers::open(v.record) },
    Section { id: "not-proved", title: "Not proved", content: |v| tiers::not_proved(v.record) },
    Section { id: "passed", title: "What passed", content: |v| tiers::passed(v.record) },
    Section { id: "lint", title: "Recipe rules", content: |v| tiers::lint(v.record) },
    Section { id: "pictures", title: "What a person would have seen", content: pictures::section },
    Section { id: "again", title: "Run it again", content: |v| about::again(v.record) },
    Section { id: "machine", title: "What it ran on", content: |v| about::machine(v.record) },
];

/// What a page shows, without its frame.
pub(crate) struct Content {
    /// The first screen, and links to the sections.
    pub head: Markup,
    /// The sections.
    pub sections: Markup,
}

/// What the page of a record shows.
pub(crate) fn content(view: &View<'_>) -> Content {
    let sections = SECTIONS.iter().filter_map(|s| Some((s, (s.content)(view)?)));
    let sections: Vec<(&Section, Markup)> = sections.collect();
    let head = html! {
        (head::header(view))
        nav aria-label="Sections" {
            @for (s, _) in &sections { a href={ "#" (s.id) } { (s.title) } " " }
        }
    };
    let sections = html! {
        @for (s, content) in &sections {
            section id=(s.id) aria-labelledby={ "h-" (s.id) } {
                h2 id={ "h-" (s.id) } { (s.title) }
                (content)
            }
        }
    };
    Content { head, sections }
}

/// The page as bytes.
pub fn render(record: &Record) -> Vec<u8> {
    let o = &record.outcome;
    let content = content(&View { record, beside: None });
    let frame = Frame {
        policy: POLICY,
        title: &head::title(o),
        head: &html! { style { (PreEscaped(STYLE)) } },
        body: &html! { (content.head) main { (content.sections) } },
    };
    in_lines(frame.page()).into_bytes()
}

/// Begins a line before each of these tags, so that a change of the page can be read. Foreign text contains no tag.
fn in_lines(page: String) -> String {
    let tags = [
        "<html", "<meta", "<title", "<style", "</head", "<header", "<nav", "<main", "<section", "<h2", "<h3",
        "<h4", "<p", "<dt", "<li", "<details", "<table", "<tr", "</body",
    ];
    tags.iter().fold(page, |page, tag| page.replace(tag, &format!("\n{tag}"))) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The colours of a scheme: names and red, green and blue.
    fn colours(scheme: &str) -> BTreeMap<&'static str, [f64; 3]> {
        let part = |hex: &str, n: usize| f64::from(u8::from_str_radix(&hex[n..n + 2], 16).unwrap());
        let one = |rule: &'static str| {
            let (name, value) = rule.split_once(": #")?;
            let name = name.rsplit(['\n', ' ']).next()?;
            Some((name.trim().trim_start_matches("--"), [part(value, 0), part(value, 2), part(value, 4)]))
        };
        let at = STYLE.find(scheme).unwrap();
        STYLE[at..].split('}').next().unwrap().split(';').filter_map(one).collect()
    }

    /// The contrast of two colours as WCAG 2 computes it, 1 to 21.
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let linear = |c: f64| {
            let c = c / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let light = |c: [f64; 3]| 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
        let (a, b) = (light(a) + 0.05, light(b) + 0.05);
        if a > b { a / b } else { b / a }
    }

    #[test]
    fn every_colour_of_words_can_be_read_on_every_ground_in_both_schemes() {
        for scheme in [":root {\n  color-scheme", "@media (prefers-color-scheme: dark) {\n  :root {\n"] {
            let colours = colours(scheme);
            for words in ["text", "faint", "link", "good", "bad", "open"] {
                for ground in ["back", "panel"] {
                    let contrast = contrast(colours[words], colours[ground]);
                    assert!(contrast >= 4.5, "{scheme}: {words} on {ground}: {contrast:.2}");
                }
            }
            assert!(contrast(colours["on-mark"], colours["mark"]) >= 4.5);
            assert!(contrast(colours["bar"], colours["back"]) >= 3.0, "a bar is no word");
        }
    }
}
