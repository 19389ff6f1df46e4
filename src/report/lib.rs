//! Reports: every format that a run is reported in, one row each. They are pure functions of a record, without a clock
//! and without randomness, so an old run always renders to the same bytes. A report never changes a verdict.

mod again;
pub mod annotations;
pub mod badge;
pub mod card;
mod cause;
pub mod diff;
mod differences;
pub mod fields;
pub mod findings;
pub mod forge;
mod frame;
pub mod html;
pub mod human;
pub mod junit;
pub mod list;
pub mod live;
pub mod markdown;
pub mod markup;
pub mod plain;
pub mod plan;
pub mod progress;
pub mod reporter;
pub mod results;
mod seen;
pub mod site;
pub mod styled;
pub mod text;
pub mod trace;
pub mod usual;
pub mod why;

use ccci_model::failure::Failure;
use ccci_runner::record::format::Format;
use styled::{Style, StyledText};

/// All formats.
pub const REPORTS: &[Format] = &[
    Format {
        name: "human",
        file: "summary.txt",
        doc: "Plain text: the verdict, what was proved, what failed and who is to blame, what was not proved.",
        render: |r| human::render(r).into_bytes(),
    },
    Format {
        name: "results",
        file: "results.json",
        doc: "Everything that a program may need, with a published schema (`docs/schema/results.schema.json`).",
        render: results::render,
    },
    Format {
        name: "junit",
        file: "junit.xml",
        doc: "JUnit XML for CI, with one suite for each tier; it shows a failure exactly when the verdict is not green.",
        render: junit::render,
    },
    Format {
        name: "markdown",
        file: "summary.md",
        doc: "Markdown for comments and job summaries of forges, with folded details.",
        render: markdown::render,
    },
    Format {
        name: "html",
        file: "report.html",
        doc: "One page with everything, steps and times included; it needs no network.",
        render: html::render,
    },
    Format {
        name: "badge",
        file: "badge.svg",
        doc: "A small picture with the recipe, the level and, unless green, the verdict.",
        render: badge::render,
    },
    Format {
        name: "card",
        file: "card.svg",
        doc: "A picture with recipe, version, verdict, level, tiers and what the browser showed.",
        render: card::svg,
    },
    Format {
        name: "card-png",
        file: "card.png",
        doc: "The same picture as PNG, for forges and chats.",
        render: card::png,
    },
    Format {
        name: "annotations",
        file: "annotations.txt",
        doc: "Lines that GitHub, Forgejo and Gitea runners show next to the change.",
        render: annotations::render,
    },
    Format {
        name: "why",
        file: "why.txt",
        doc: "The chain from the first cause to the verdict with its evidence, on one screen.",
        render: |r| why::render(r).into_bytes(),
    },
    Format {
        name: "trace",
        file: "trace.json",
        doc: "Where the time went, for the viewers of Perfetto and Chrome: tiers, steps, hooks, tests, calls and waits as spans.",
        render: trace::render,
    },
];

/// Why a run could not begin, for people: what was observed, what was expected, who is to blame and what to do.
pub fn text_of(f: &Failure, style: Style) -> String {
    let mut styled = StyledText::new(style);
    styled.beside(0, "error: ", &f.observed());
    styled.beside(2, "expected  ", &f.expected());
    styled.beside(2, "blame     ", &f.blame.to_string());
    for e in f.shown() {
        styled.beside(2, &format!("{:<10}", format!("{} ", e.what)), &e.text);
    }
    if let Some(cure) = f.cure() {
        styled.beside(2, "to do     ", cure);
    }
    styled.text()
}

/// The row with this name.
pub fn format(name: &str) -> Option<&'static Format> {
    REPORTS.iter().find(|f| f.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_names_and_files_of_their_own_and_docs_are_sentences() {
        for (i, f) in REPORTS.iter().enumerate() {
            assert!(!REPORTS[..i].iter().any(|o| o.name == f.name || o.file == f.file), "{}", f.name);
            assert!(f.doc.starts_with(char::is_uppercase) && f.doc.ends_with('.'), "{}", f.name);
            assert!(format(f.name).is_some());
        }
    }
}
