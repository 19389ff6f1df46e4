//! The list of mutants that survive (`docs/mutants.md`, compared with a run by `dev/mutants/run.sh`) names only code
//! that exists.

use std::fs;

#[test]
fn every_mutant_that_is_kept_names_a_file_a_function_and_a_reason() {
    let page = fs::read_to_string("docs/mutants.md").unwrap();
    let (mut file, mut code) = ("", String::new());
    for line in page.lines() {
        if let Some(path) = line.strip_prefix("## ").filter(|p| p.starts_with("src/")) {
            file = path;
            code = fs::read_to_string(path).unwrap_or_else(|e| panic!("docs/mutants.md: {path}: {e}"));
        }
        let Some((mutation, reason)) = line.strip_prefix("- `").and_then(|l| l.split_once('`')) else {
            continue;
        };
        assert!(reason.starts_with(": ") && reason.ends_with('.') && reason.len() > 20, "no reason: {line}");
        let function =
            mutation.rsplit_once(" in ").map_or_else(|| mutation.split_whitespace().nth(1), |p| Some(p.1));
        let name = function.and_then(|f| f.rsplit("::").next()).unwrap_or_default();
        assert!(code.contains(&format!("fn {name}")), "{file} has no function `{name}`: {line}");
    }
}
