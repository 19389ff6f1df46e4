//! Settings files and their diagnostics: `fixtures/settings/<case>/*.toml` -> `expected.txt`. If a case has several
//! files, they are layers, read in the order of their names.

use crate::golden;
use ccci_model::diag::{Diagnostics, Text, render::one_line};
use ccci_model::name::RecipeName;
use ccci_recipe::keys::{KEYS, Key, Status, changed};
use ccci_recipe::kind::{Kind, Value};
use ccci_recipe::load::{Loaded, load, load_with};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn layers(case: &Path) -> Vec<Arc<Text>> {
    let mut files: Vec<_> = fs::read_dir(case).unwrap().flatten().map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let read = |p: &Path| Text {
        path: p.file_name().unwrap().to_string_lossy().into_owned(),
        content: fs::read_to_string(p).unwrap(),
    };
    files.iter().map(|p| Arc::new(read(p))).collect()
}

/// Diagnostics as a fixture shows them: one line each, followed by the help.
pub(crate) fn listed(diagnostics: Diagnostics) -> String {
    let mut out = String::new();
    for d in diagnostics.sorted() {
        out.push_str(&one_line(&d));
        out.push('\n');
        if let Some(help) = &d.help {
            out.push_str(&format!("  help: {help}\n"));
        }
    }
    out
}

fn check(case: &Path, loaded: Loaded) {
    let mut got = listed(loaded.diagnostics);
    got.push_str("---\n");
    for (key, value) in changed(&loaded.recipe) {
        let place = loaded.spans.of(key.name).map(ToString::to_string).unwrap_or_default();
        got.push_str(&format!("{} = {value}  # {place}\n", key.name));
    }
    golden::same(&case.join("expected.txt"), &got);
}

fn name() -> RecipeName {
    RecipeName::parse("ghost").unwrap()
}

#[test]
fn settings_files_say_everything_that_is_wrong_with_them_at_once() {
    for case in golden::cases("tests/fixtures/settings") {
        if !case.ends_with("deprecated-key") {
            check(&case, load(name(), &layers(&case)));
        }
    }
}

/// No key is deprecated today, so the test makes such a row itself.
#[test]
fn a_deprecated_key_still_works_and_says_what_is_better() {
    let old = Key {
        name: "health.url",
        kind: Kind::UrlPath,
        doc: "Older form.",
        example: "\"/\"",
        status: Status::Deprecated { write: "`health.path = \"/health\"`" },
        set: |r, v| {
            if let Value::Text(v) = v {
                r.health.path = v;
            }
        },
        get: |r| r.health.path.clone(),
    };
    let rows: Vec<Key> = KEYS.iter().copied().chain([old]).collect();
    let case = Path::new("tests/fixtures/settings/deprecated-key");
    check(case, load_with(&rows, name(), &layers(case)));
}

#[test]
fn a_recipe_without_settings_has_the_defaults_and_nothing_to_say() {
    let loaded = load(name(), &[]);
    assert!(changed(&loaded.recipe).is_empty() && loaded.diagnostics.0.is_empty());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    /// Whatever a file contains, reading it ends, and every place is inside the file.
    #[test]
    fn no_settings_file_can_break_the_loader(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "[health]", "[env]", "\n", "health", ".", "path", "ok", "env", " = ", "\"", "\"\"\"", "'", "\\", "é",
                "{", "}", "[", "]", ",", "#", "200", "true", "A", "\\x41", "\\e", "5m", "upgrade", "base", "\r\n", "\t",
            ]),
            0..40,
        )
    ) {
        let content: String = parts.concat();
        let length = content.len();
        let loaded = load(name(), &[Arc::new(Text { path: "recipe.toml".into(), content })]);
        for place in loaded.diagnostics.0.iter().filter_map(|d| d.place.as_ref()) {
            proptest::prop_assert!(place.range.end <= length);
            place.line_column();
        }
    }
}
