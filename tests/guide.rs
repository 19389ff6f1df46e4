//! The blocks of the guide that are no console blocks: scripts load without a finding, settings are read, and YAML is
//! YAML. Console blocks are run by `console.rs`.

use crate::scripts::one;
use ccci_model::diag::{Diagnostic, Diagnostics, Severity, Text, render};
use ccci_model::name::RecipeName;
use ccci_recipe::compose::yaml;
use ccci_recipe::load::load;
use ccci_runner::ctx::sigs;
use ccci_script::Scripts;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Every block of a language, with the file and the line where it begins.
fn blocks(language: &str) -> Vec<(String, String)> {
    let mut files = vec![PathBuf::from("README.md")];
    crate::console::markdown_files(Path::new("docs/guide"), &mut files);
    let mut out = vec![];
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices(&format!("```{language}\n")) {
            let content = &text[at + language.len() + 4..];
            let line = text[..at].matches('\n').count() + 1;
            let block = content.split("```").next().unwrap_or_default();
            out.push((format!("{}:{line}", file.display()), block.to_string()));
        }
    }
    out
}

fn told(place: &str, found: &[Diagnostic]) -> Option<String> {
    let errors: Vec<String> =
        found.iter().filter(|d| d.severity == Severity::Error).map(render::one_line).collect();
    (!errors.is_empty()).then(|| format!("{place}\n{}", errors.join("\n")))
}

#[test]
fn every_script_of_the_guide_loads() {
    let all = blocks("rhai");
    assert!(all.len() > 8, "the guide shows scripts");
    let wrong = all.iter().filter_map(|(place, block)| {
        let file = if block.contains("fn test_") { "custom/test_page.rhai" } else { "hooks.rhai" };
        let (_, found) = Scripts::load(&one(file, block), &sigs()).unwrap();
        told(place, &found.0)
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_settings_and_yaml_of_the_guide_are_read() {
    let text = |block: &str| Arc::new(Text { path: "block".into(), content: block.into() });
    let settings = blocks("toml").into_iter().filter_map(|(place, block)| {
        let loaded = load(RecipeName::parse("example").unwrap(), &[text(&block)]);
        told(&place, &loaded.diagnostics.0)
    });
    let files = blocks("yaml").into_iter().filter_map(|(place, block)| {
        let mut found = Diagnostics::default();
        yaml::parse(&text(&block), &mut found);
        told(&place, &found.0)
    });
    let wrong: Vec<String> = settings.chain(files).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
