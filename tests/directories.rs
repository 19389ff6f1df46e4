//! Recipe directories and the diagnostics about their files: `fixtures/directories/<case>/{project,repository}/` ->
//! `expected.txt`.

use crate::golden;
use crate::settings::listed;
use ccci_adapters::disk::Disk;
use ccci_model::diag::codes;
use ccci_model::tier::TIERS;
use ccci_recipe::directory::layer::layer;
use ccci_recipe::directory::{Directory, Layer, Origin, read, tests_of};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn layers(case: &Path) -> Vec<Layer> {
    let both = [("repository", Origin::Repository, "ccci"), ("project", Origin::Project, "recipes/ghost")];
    let there = both.into_iter().filter(|(dir, ..)| case.join(dir).is_dir());
    there.map(|(dir, origin, shown)| layer(&Disk, &case.join(dir), shown, origin).unwrap()).collect()
}

fn shown(directory: &Directory) -> String {
    let mut out = String::new();
    for text in &directory.settings {
        out.push_str(&format!("settings  {}\n", text.path));
    }
    for (origin, scripts) in &directory.scripts {
        for (path, text) in scripts {
            out.push_str(&format!("script    {path} of the {origin} ({})\n", text.path));
        }
        for tier in TIERS {
            for file in tests_of(tier.tier, scripts) {
                out.push_str(&format!("tests     {}: {file}\n", tier.name));
            }
        }
    }
    for text in &directory.overlays {
        out.push_str(&format!("overlay   {}\n", text.path));
    }
    if let Some(previous) = &directory.previous {
        out.push_str(&format!("previous  {} for {}\n", previous.compose.path, previous.version));
    }
    out
}

#[test]
fn every_file_of_a_directory_has_a_meaning_or_is_an_error() {
    for case in golden::cases("tests/fixtures/directories") {
        let (directory, mut diagnostics) = read(&layers(&case));
        diagnostics.0.extend(directory.merged().1.0);
        let got = format!("{}---\n{}", listed(diagnostics), shown(&directory));
        golden::same(&case.join("expected.txt"), &got);
    }
}

#[test]
fn a_file_that_is_no_text_or_lies_outside_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("ghost");
    fs::create_dir(&inside).unwrap();
    fs::write(dir.path().join("secret"), "of the machine").unwrap();
    fs::write(inside.join("hooks.rhai"), [0xff, 0xfe]).unwrap();
    symlink("../secret", inside.join("recipe.toml")).unwrap();
    let layer = layer(&Disk, &inside, "ghost", Origin::Project).unwrap();
    let (directory, diagnostics) = read(&[layer]);
    let said: Vec<(&str, &str)> = diagnostics.0.iter().map(|d| (d.code.id, d.message.as_str())).collect();
    assert_eq!(
        said,
        [
            (codes::UNREADABLE_FILE.id, "`ghost/hooks.rhai` cannot be read: it is not UTF-8"),
            (
                codes::UNREADABLE_FILE.id,
                "`ghost/recipe.toml` cannot be read: it is a symbolic link out of the directory"
            ),
        ]
    );
    assert!(directory.settings.is_empty() && directory.scripts.is_empty());
}
