//! The HTML page: everything about a run in one file that needs no script, no font and no network. Pure.
//!
//! The sections stand in the order in which people look for them; a section that has nothing to say is left out.

mod about;
mod cause;
mod head;
mod part;
mod pictures;
mod tiers;
mod time;

use ccci_runner::record::Record;
use maud::{DOCTYPE, Markup, PreEscaped, html};

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
    content: fn(&Record) -> Option<Markup>,
}

/// All sections, in the order of the page. What is not proved comes before what passed.
const SECTIONS: &[Section] = &[
    Section { id: "cause", title: "First cause", content: cause::first },
    Section { id: "failures", title: "Other failures and consequences", content: cause::others },
    Section { id: "left", title: "Left behind", content: cause::left },
    Section { id: "revisions", title: "What was tested", content: about::revisions },
    Section { id: "time", title: "Time", content: time::section },
    Section { id: "open", title: "Tiers that did not pass", content: tiers::open },
    Section { id: "not-proved", title: "Not proved", content: tiers::not_proved },
    Section { id: "passed", title: "What passed", content: tiers::passed },
    Section { id: "lint", title: "Recipe rules", content: tiers::lint },
    Section { id: "pictures", title: "What a person would have seen", content: pictures::section },
    Section { id: "again", title: "Run it again", content: about::again },
    Section { id: "machine", title: "What it ran on", content: about::machine },
];

/// What a page shows, without its frame.
pub(crate) struct Content {
    /// The first screen, and links to the sections.
    pub head: Markup,
    /// The sections.
    pub sections: Markup,
}

/// What the page of a record shows.
pub(crate) fn content(record: &Record) -> Content {
    let sections = SECTIONS.iter().filter_map(|s| Some((s, (s.content)(record)?)));
    let sections: Vec<(&Section, Markup)> = sections.collect();
    let head = html! {
        (head::header(record))
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
    let content = content(record);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (head::title(o)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (content.head)
                main { (content.sections) }
            }
        }
    };
    in_lines(page.into_string()).into_bytes()
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
    use std::collections::BTreeMap;

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
