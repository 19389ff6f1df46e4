//! What is fuzzed, one row each: a reader of texts that strangers write, and what must hold for any bytes at all. The
//! same functions are driven by libFuzzer (`dev/fuzz/run.sh`) and, over the kept corpus, by the ordinary tests.

pub mod mutation;

mod compose;
mod env;
mod record;
mod redaction;
mod routing;
mod scripts;
mod settings;
mod variables;
mod versions;

use ccci_model::diag::{Diagnostic, Diagnostics, Text, render};
use std::sync::Arc;

/// A row of the table of targets.
pub struct Target {
    /// The name of its folder below `dev/fuzz/corpus`.
    pub name: &'static str,
    /// What it reads and what must hold.
    pub doc: &'static str,
    /// Words that its readers know; they are put into inputs.
    pub words: &'static [&'static str],
    /// Panics when something does not hold.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "env",
        doc: "Env files and exports: each key once, every place inside the text, nothing grows without bound.",
        words: env::WORDS,
        run: env::run,
    },
    Target {
        name: "versions",
        doc: "Recipe versions: the order is total, numbers come first, a version reads back as itself.",
        words: versions::WORDS,
        run: versions::run,
    },
    Target {
        name: "variables",
        doc: "Variables in compose values: what was filled in once is never filled in again, every place is inside.",
        words: variables::WORDS,
        run: variables::run,
    },
    Target {
        name: "compose",
        doc: "Compose files: the resolved file loads again to the same, without env and without complaint.",
        words: compose::WORDS,
        run: compose::run,
    },
    Target {
        name: "settings",
        doc: "recipe.toml: what was read, written out from its rows, reads back as the same.",
        words: settings::WORDS,
        run: settings::run,
    },
    Target {
        name: "scripts",
        doc: "Scripts: loading never breaks, and what loads without an error ends when it is called.",
        words: scripts::WORDS,
        run: scripts::run,
    },
    Target {
        name: "record",
        doc: "Records: whatever the events say, every format renders, twice the same, and no verdict is too good.",
        words: record::WORDS,
        run: record::run,
    },
    Target {
        name: "redaction",
        doc: "Redaction: no secret is left in any encoding, however the text is split over writes.",
        words: redaction::WORDS,
        run: redaction::run,
    },
    Target {
        name: "routing",
        doc: "Traefik labels: a rule and its opposite never agree, the same labels route the same.",
        words: routing::WORDS,
        run: routing::run,
    },
];

/// The target with this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|t| t.name == name)
}

/// Bytes as the text that a file of them is read as.
fn text(path: &str, content: &str) -> Arc<Text> {
    Arc::new(Text { path: path.into(), content: content.into() })
}

/// The parts of an input: a line `=== name` begins each but the first, which has the name given.
fn parts<'a>(first: &'a str, input: &'a str) -> Vec<(&'a str, String)> {
    let mut out = vec![(first, String::new())];
    for line in input.split_inclusive('\n') {
        match line.strip_prefix("=== ") {
            Some(name) => out.push((name.trim_end_matches(['\n', '\r']), String::new())),
            None => out.last_mut().expect("there is a first").1.push_str(line),
        }
    }
    out
}

/// Everything that is said of a text, after looking that it points into the text and can be shown.
fn said(diagnostics: &Diagnostics) -> Vec<String> {
    let lines: Vec<String> = diagnostics.0.iter().map(inside).collect();
    let style = render::Style { colour: false, width: 100 };
    diagnostics.0.iter().take(3).for_each(|d| assert!(render::render(d, style).ends_with('\n')));
    lines
}

fn inside(d: &Diagnostic) -> String {
    if let Some(place) = &d.place {
        let content = &place.text.content;
        assert!(
            content.get(place.range.clone()).is_some(),
            "{:?} is no part of the text: {d:?}",
            place.range
        );
        let (line, column) = place.line_column();
        assert!(line >= 1 && column >= 1, "{d:?}");
    }
    assert!(!d.message.contains("bug in ccci"), "{d:?}");
    format!("{} {}", render::one_line(d), d.help.as_deref().unwrap_or_default())
}
