//! Recipes made after public reports of operators and authors: `ccci check` says what each report was about, at the place
//! that has to be changed. `fixtures/field/<case>` has a folder for each revision, laid over the ground of the canaries;
//! `expected.txt` is everything that is said.

use crate::golden;
use crate::repository::Repository;
use std::fs;
use std::path::Path;
use std::process::Command;

const CASES: &str = "tests/fixtures/field";
const GROUND: &str = "tests/canaries/ground/repository";

/// What has to be found, whatever else is said: case, code, file and line.
const FOUND: &[(&str, &str, &str, usize)] = &[
    ("dnsrr-and-mesh-port", "error[dnsrr-port]", "compose.yml", 9),
    ("empty-config", "error[object-size]", "compose.yml", 30),
    ("entrypoint-not-executable", "warning[config-executable]", "compose.yml", 10),
    ("hash-in-env", "warning[unset-dollar]", ".env.sample", 3),
    ("labels-on-the-container", "warning[container-labels]", "compose.yml", 14),
    ("labels-on-the-container", "warning[container-labels]", "compose.yml", 19),
    ("loopback-port", "warning[port-address]", "compose.yml", 9),
    ("mode-changes", "warning[mode-changes]", "compose.yml", 26),
    ("network-becomes-internal", "warning[kept-object]", "compose.yml", 25),
    ("new-variable", "warning[new-variable]", "compose.yml", 9),
    ("owner-by-name", "error[owner-number]", "compose.yml", 11),
    ("owner-by-name", "error[owner-number]", "compose.yml", 12),
    ("reset-tag", "warning[dropped-tag]", "compose.quiet.yml", 5),
    ("reset-tag", "warning[dropped-tag]", "compose.quiet.yml", 6),
];

/// The repository of a case: a commit for each folder, with a tag unless it is the head.
fn repository(case: &Path) -> Repository {
    let repository = Repository::new();
    for revision in golden::cases(case.to_str().unwrap()) {
        for old in fs::read_dir(repository.path()).unwrap().flatten().filter(|e| e.file_name() != ".git") {
            fs::remove_file(old.path()).unwrap();
        }
        for file in [Path::new(GROUND), &revision].iter().flat_map(|dir| fs::read_dir(dir).unwrap().flatten())
        {
            repository.write(file.file_name().to_str().unwrap(), fs::read(file.path()).unwrap());
        }
        let name = revision.file_name().unwrap().to_str().unwrap();
        let (_, version) = name.split_once('-').unwrap();
        repository.commit(version);
        if version != "head" {
            repository.git(&["tag", "-a", version, "-m", version]);
        }
    }
    repository
}

fn check(case: &Path) -> String {
    let repository = repository(case);
    let recipe = repository.around().join("recipes/field");
    fs::create_dir_all(&recipe).unwrap();
    fs::write(recipe.join("recipe.toml"), "source = \"../../recipe\"\n").unwrap();
    let mut ccci = Command::new(env!("CARGO_BIN_EXE_ccci"));
    let out = ccci.args(["check", "--format", "short"]).current_dir(repository.around()).output().unwrap();
    let said = String::from_utf8(out.stdout).unwrap();
    let expected = if said.contains("error[") { 2 } else { 0 };
    assert_eq!(out.status.code(), Some(expected), "{}: {said}", case.display());
    said
}

#[test]
fn what_people_reported_is_found_where_it_has_to_be_changed() {
    for case in golden::cases(CASES) {
        let name = case.file_name().unwrap().to_str().unwrap();
        let said = check(&case);
        golden::same(&case.join("expected.txt"), &said);
        let expected: Vec<_> = FOUND.iter().filter(|(c, ..)| *c == name).collect();
        assert!(!expected.is_empty(), "{name} expects nothing");
        for (_, code, file, line) in expected {
            let begin = format!("{code} recipe/{file}:{line}:");
            assert!(said.lines().any(|l| l.starts_with(&begin)), "{name}: no `{begin}` in\n{said}");
        }
    }
}
