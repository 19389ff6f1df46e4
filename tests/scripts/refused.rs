//! Fixtures: each directory under `tests/fixtures/scripts` is a recipe directory, `expected.txt` what loading says.

use super::{lines, load, texts_of};
use std::fs;
use std::path::{Path, PathBuf};

const FIXTURES: &str = "tests/fixtures/scripts";

fn cases() -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = fs::read_dir(FIXTURES).unwrap().flatten().map(|e| e.path()).collect();
    out.sort();
    out
}

fn said(dir: &Path) -> String {
    let mut texts = texts_of(dir);
    texts.remove("expected.txt");
    let (_, found) = load(&texts);
    let mut out: Vec<String> = vec![];
    for (line, d) in lines(&found.0).into_iter().zip(&found.0) {
        out.push(line);
        out.extend(d.help.iter().map(|h| format!("  help: {h}")));
    }
    out.iter().map(|l| format!("{l}\n")).collect()
}

#[test]
fn every_fixture_is_refused_with_the_expected_words() {
    let mut wrong = vec![];
    for dir in cases() {
        let expected = fs::read_to_string(dir.join("expected.txt")).unwrap_or_default();
        let seen = said(&dir);
        if std::env::var_os("RENEW").is_some() {
            fs::write(dir.join("expected.txt"), &seen).unwrap();
        }
        if seen != expected {
            wrong.push(format!("== {}\n-- expected\n{expected}-- seen\n{seen}", dir.display()));
        }
    }
    assert!(wrong.is_empty(), "renew with `RENEW=1 cargo test refused`:\n{}", wrong.join("\n"));
}
