//! The fuzz targets, one row for each: a parser of texts from outside, and what must be true for all inputs.
//! libFuzzer runs them (`dev/fuzz/run.sh`), and so do the ordinary tests with the kept corpus.

pub(super) mod mutation;

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
pub(super) struct Target {
    /// The name of its folder below `dev/fuzz/corpus`.
    pub name: &'static str,
    /// What it reads, and what must be true.
    pub doc: &'static str,
    /// Words that its parser recognizes; they are put into inputs.
    pub words: &'static [&'static str],
    /// Panics if something is not true.
    pub run: fn(&[u8]),
}

/// All targets.
pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "env",
        doc: "Env files and exports: each key once, every place inside the text, values have a bounded size.",
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
        doc: "Variables in compose values: a value that was filled in is not filled in again, every place is inside the text.",
        words: variables::WORDS,
        run: variables::run,
    },
    Target {
        name: "compose",
        doc: "Compose files: the resolved file loads again to the same result, without env and without diagnostics.",
        words: compose::WORDS,
        run: compose::run,
    },
    Target {
        name: "settings",
        doc: "recipe.toml: settings that are written from their rows load to the same settings.",
        words: settings::WORDS,
        run: settings::run,
    },
    Target {
        name: "scripts",
        doc: "Scripts: loading never panics, and a script that loads without errors ends when it is called.",
        words: scripts::WORDS,
        run: scripts::run,
    },
    Target {
        name: "record",
        doc: "Records: for any events every format renders twice to the same text, and no verdict is too good.",
        words: record::WORDS,
        run: record::run,
    },
    Target {
        name: "redaction",
        doc: "Redaction: no secret is left in any encoding, however the text is split into writes.",
        words: redaction::WORDS,
        run: redaction::run,
    },
    Target {
        name: "routing",
        doc: "Traefik labels: a rule and its opposite never agree, equal labels make equal routes.",
        words: routing::WORDS,
        run: routing::run,
    },
];

/// The target with this name.
pub(super) fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|t| t.name == name)
}

/// A text from bytes, decoded like a file.
fn text(path: &str, content: &str) -> Arc<Text> {
    Arc::new(Text { path: path.into(), content: content.into() })
}

/// The parts of an input. A line `=== name` begins each part except the first, which has the given name.
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

/// All diagnostics of a text in lines, after checking that each points into the text and can be rendered.
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
