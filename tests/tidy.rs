//! Rules about the code itself: lengths, headers, names.

use std::fs;
use std::path::{Path, PathBuf};

const BANNED: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "misc", "manager", "base", "imp", "types"];
/// Flat tables and the tests of a table may be longer; every other file must be short enough to be understood as a
/// whole.
const LONGEST_FILE: usize = 400;

/// All Rust files below a directory, sorted.
pub(crate) fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut out = vec![];
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            out.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out.sort();
    out
}

#[test]
fn every_file_says_what_it_is_for() {
    for path in rust_files(Path::new("src")).into_iter().chain(rust_files(Path::new("tests"))) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} has no header", path.display());
    }
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    for path in rust_files(Path::new("src")) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!BANNED.contains(&stem.as_str()), "{}", path.display());
    }
}

#[test]
fn files_and_functions_fit_a_screen_and_a_head() {
    let mut wrong = vec![];
    for path in rust_files(Path::new("src")) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let table = code.contains("// flat table: may be long");
        if code.lines().count() > LONGEST_FILE && !table {
            wrong.push(format!("{}: {} lines", path.display(), code.lines().count()));
        }
        wrong.extend(long_functions(&path, code));
    }
    assert!(wrong.is_empty(), "too long:\n{}", wrong.join("\n"));
}

/// Functions with more than 70 lines, in rustfmt's layout: from the line with `fn` to the closing brace with the same
/// indent.
fn long_functions(path: &Path, code: &str) -> Vec<String> {
    let lines: Vec<&str> = code.lines().collect();
    let mut out = vec![];
    for (i, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let words: Vec<&str> = trimmed.split_whitespace().collect();
        let is_fn = words.iter().take(4).any(|w| *w == "fn") && !trimmed.starts_with("//");
        // a function of a trait without a body has no closing brace
        let signature_ends =
            lines[i..].iter().find(|l| l.ends_with(';') || l.ends_with('{') || l.ends_with('}'));
        if !is_fn || signature_ends.is_none_or(|l| l.ends_with(';')) {
            continue;
        }
        let indent = line.len() - trimmed.len();
        let end = format!("{}}}", " ".repeat(indent));
        if let Some(n) = lines[i..].iter().position(|l| *l == end)
            && n + 1 > 70
        {
            out.push(format!("{}:{}: function of {} lines", path.display(), i + 1, n + 1));
        }
    }
    out
}

#[test]
fn no_test_is_ignored() {
    for path in rust_files(Path::new("src")).into_iter().chain(rust_files(Path::new("tests"))) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains(concat!("#[ign", "ore")), "{}", path.display());
    }
}

#[test]
fn every_story_file_is_declared() {
    let main = fs::read_to_string("tests/main.rs").unwrap();
    for path in fs::read_dir("tests").unwrap().flatten().map(|e| e.path()) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_some_and(|e| e == "rs") && stem != "main" {
            assert!(
                main.contains(&format!("mod {stem};")),
                "tests/{stem}.rs is not declared in tests/main.rs"
            );
        }
    }
}
