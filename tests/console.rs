//! Runs every console block of README.md and docs/ and compares its output, so that the documentation is always true.
//! In the expected output, `[..]` stands for the rest of a word or line, and a line `...` for any number of lines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Commands that need an engine. They run only in the Swarm suite; otherwise the test prints that they were not run.
const NEED_SWARM: &[&str] =
    &["make demo", "make lab", "ccci run", "ccci clean", "ccci doctor", "ccci why", "ccci report"];
/// Commands that run this test, so that it cannot run them; `.ci/run` covers them.
const RUNS_US: &[&str] = &["make test", "make check", "make bench", "make down"];

struct Block {
    file: PathBuf,
    line: usize,
    command: String,
    expected: Vec<String>,
}

/// All Markdown files below a directory.
pub(crate) fn markdown_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for path in fs::read_dir(dir).unwrap().flatten().map(|e| e.path()) {
        if path.is_dir() {
            markdown_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "md") {
            out.push(path);
        }
    }
}

fn blocks() -> Vec<Block> {
    let mut files = vec![PathBuf::from("README.md")];
    markdown_files(Path::new("docs"), &mut files);
    files.sort();
    let mut out: Vec<Block> = vec![];
    for file in files {
        let mut inside = false;
        for (i, line) in fs::read_to_string(&file).unwrap_or_default().lines().enumerate() {
            match (inside, line) {
                (false, "```console") => inside = true,
                (true, "```") => inside = false,
                (true, l) if l.starts_with("$ ") => {
                    let (file, command) = (file.clone(), l[2..].to_string());
                    out.push(Block { file, line: i + 1, command, expected: vec![] });
                }
                (true, l) => out.last_mut().expect("output after a command").expected.push(l.to_string()),
                _ => {}
            }
        }
    }
    out
}

/// Whether a line fits a pattern with `[..]` in it.
fn fits(pattern: &str, line: &str) -> bool {
    let mut rest = line;
    let parts: Vec<&str> = pattern.split("[..]").collect();
    for (i, part) in parts.iter().enumerate() {
        match rest.find(part) {
            Some(at) if i > 0 || at == 0 => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || pattern.ends_with("[..]")
}

/// Whether the output fits the expected lines, `...` standing for any number of lines.
fn matches(expected: &[String], got: &[&str]) -> bool {
    match expected.split_first() {
        None => got.is_empty(),
        Some((first, rest)) if first == "..." => (0..=got.len()).any(|n| matches(rest, &got[n..])),
        Some((first, rest)) => {
            got.split_first().is_some_and(|(g, more)| fits(first, g.trim_end()) && matches(rest, more))
        }
    }
}

#[test]
fn every_console_block_does_what_it_shows() {
    let swarm = std::env::var_os("CCCI_SWARM").is_some();
    let bin = Path::new(env!("CARGO_BIN_EXE_ccci")).parent().unwrap().to_path_buf();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    // make the recipes' repositories, which needs only git
    assert!(
        Command::new("bash").arg("dev/lab/repos.sh").output().unwrap().status.success(),
        "dev/lab/repos.sh failed"
    );
    let all = blocks();
    assert!(all.len() >= 3, "the README shows commands");
    for b in all {
        let place = format!("{}:{}", b.file.display(), b.line);
        if RUNS_US.contains(&b.command.as_str()) {
            continue;
        }
        if !swarm && NEED_SWARM.iter().any(|n| b.command.starts_with(n)) && !b.command.contains("--list") {
            println!("{place}: `{}` needs a Swarm and was not run", b.command);
            continue;
        }
        let done = Command::new("bash")
            .args(["-c", &format!("{{ {}\n}} 2>&1", b.command)])
            .env("PATH", &path)
            .env("NO_COLOR", "1")
            .env("COLUMNS", "100")
            .env_remove("CI")
            .output()
            .unwrap();
        let got = String::from_utf8_lossy(&done.stdout).into_owned();
        let lines: Vec<&str> = got.trim_end().lines().collect();
        let expected: Vec<String> = b.expected.iter().map(|l| l.trim_end().to_string()).collect();
        assert!(
            matches(&expected, &lines),
            "{place}: `{}` shows\n{got}\nbut the page says\n{}",
            b.command,
            expected.join("\n")
        );
    }
}

#[test]
fn the_pattern_of_a_line_is_not_too_kind() {
    assert!(fits("green  level 5 of 5 ([..])", "green  level 5 of 5 (12.3s)"));
    assert!(!fits("green", "red"));
    assert!(!fits("green", "green and more"));
    assert!(matches(&["a".into(), "...".into(), "z".into()], &["a", "b", "c", "z"]));
    assert!(!matches(&["a".into()], &["a", "b"]));
}
