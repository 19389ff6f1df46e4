//! Recipe directories with random changes in any of their files: checking one never panics and never takes long, every
//! finding can be shown in every format, the program ends with a documented exit code, and the language server goes on.
//! The same seed makes the same changes; `CCCI_DIRECTORIES` says how many.

use crate::bad_input::ground::Ground;
use crate::fuzz::{Chance, changed};
use crate::lsp::Client;
use crate::project::{Project, checker};
use crate::repository::{Files, Repository};
use ccci_model::diag::{Diagnostic, Place, render};
use ccci_report::findings::FINDINGS_FORMATS;
use ccci_testkit::memory::MemoryRepository;
use serde_json::json;
use std::ffi::OsString;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How many directories are tried if nobody says otherwise.
const DIRECTORIES: usize = 200;
/// Longest time for one, also in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(10);
/// How many of them the program checks, and how many the language server reads, if nobody says otherwise: each takes
/// longer than all the others.
const BY_PROGRAM: usize = 4;
/// The path of the recipe directory in a project.
const DIRECTORY: &str = "recipes/blog";

fn below(dir: &Path, at: &Path, to: &str, out: &mut Project) {
    for entry in fs::read_dir(at).unwrap().flatten().map(|e| e.path()) {
        if entry.is_dir() {
            below(dir, &entry, to, out);
        } else {
            let inside = entry.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
            out.insert(format!("{to}/{inside}"), fs::read(&entry).unwrap());
        }
    }
}

/// The recipe directories of this repository, each with the repository that uses everything.
fn projects() -> Vec<Project> {
    let mut dirs: Vec<PathBuf> = vec!["tests/fixtures/fullest/recipe".into()];
    dirs.extend(fs::read_dir("recipes").unwrap().flatten().map(|e| e.path()).filter(|p| p.is_dir()));
    dirs.sort();
    let project = |dir: &PathBuf| {
        let mut out = Project::new();
        below(dir, dir, DIRECTORY, &mut out);
        let repository = Path::new("tests/fixtures/fullest/head");
        below(repository, repository, "recipe", &mut out);
        out.insert(
            format!("{DIRECTORY}/recipe.toml"),
            b"source = \"../../recipe\"\nhealth.path = \"/up\"\n".to_vec(),
        );
        out
    };
    dirs.iter().map(project).collect()
}

/// Some of the files changed; sometimes one is missing, or has the name of another kind of file.
fn mutated(project: &Project, others: &[Vec<u8>], chance: &mut Chance) -> Project {
    const WORDS: &[&str] = &[
        "ctx.",
        "services:\n",
        "${X:?}",
        "\"",
        "#{",
        "}\n",
        "<<: *a\n",
        "\u{feff}",
        "\r\n",
        "# ccci: accept ",
    ];
    const NAMES: &[&str] =
        &["test_x.rhai", "hooks.rhai", "lib/x.rhai", "compose.ccci.yml", "previous/VERSION"];
    let mut out = project.clone();
    let paths: Vec<String> = project.keys().cloned().collect();
    for _ in 0..=chance.below(3) {
        let path = &paths[chance.below(paths.len())];
        let text = changed(&project[path], WORDS, others, chance);
        match chance.below(12) {
            0 => drop(out.remove(path)),
            1 => drop(out.insert(format!("{DIRECTORY}/{}", NAMES[chance.below(NAMES.len())]), text)),
            _ => drop(out.insert(path.clone(), text)),
        }
    }
    out
}

fn is_inside(place: &Place) -> bool {
    place.text.content.get(place.range.clone()).is_some()
}

/// What must be true of every finding, whatever was checked.
fn shown(all: &[Diagnostic]) {
    for d in all {
        let others =
            d.other.iter().map(|o| &o.0).chain(d.fix.iter().flat_map(|f| f.edits.iter().map(|e| &e.place)));
        assert!(d.place.iter().chain(others).all(is_inside), "{d:?}");
        render::render(d, render::Style { colour: false, width: 100 });
    }
    for format in FINDINGS_FORMATS {
        (format.render)(all);
    }
}

fn check(project: &Project) {
    if let Ok(checked) = checker().try_with(project, &MemoryRepository::default()) {
        shown(&checked);
    }
}

/// How many directories are tried: what was asked for, or this number.
fn number(otherwise: usize) -> usize {
    std::env::var("CCCI_DIRECTORIES").map_or(otherwise, |n| n.parse().unwrap())
}

/// The texts of all files, of which changed files get pieces.
fn texts(all: &[Project]) -> Vec<Vec<u8>> {
    all.iter().flat_map(|p| p.values().cloned()).collect()
}

/// Keeps a project that does not end well; returns where.
fn kept(project: &Project) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("any-directory");
    for (path, content) in project {
        let whole = dir.join(path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::write(whole, content).unwrap();
    }
    dir
}

#[test]
fn checking_a_directory_with_random_changes_ends_well() {
    let all = projects();
    all.iter().for_each(check);
    let (others, number) = (texts(&all), number(DIRECTORIES));
    for seed in 0..number {
        let project = mutated(&all[seed % all.len()], &others, &mut Chance(seed as u64));
        let began = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| check(&project)));
        let took = began.elapsed();
        if ended.is_err() || took > LONGEST {
            let dir = kept(&project);
            panic!("directory {seed} does not end well ({took:?}); it is kept in {}", dir.display());
        }
    }
    println!("soak: {number} changed directories were checked");
}

/// How many directories one call of the program checks. Starting it, and git for each repository, takes most of the time.
const AT_ONCE: usize = 50;
/// Of how many directories one is checked by a process of its own as well.
const ONE_OF: usize = 20;

/// A project on the disk: the files of the recipe are changes of a work tree that are not committed.
fn written(good: &Project, project: &Project) -> Repository {
    static COMMITTED: OnceLock<Files> = OnceLock::new();
    let repository = Repository::like(&COMMITTED, || {
        let repository = Repository::new();
        for (path, content) in good {
            if let Some(inside) = path.strip_prefix("recipe/") {
                repository.write(inside, content);
            }
        }
        repository.commit("the recipe");
        repository
    });
    for path in good.keys().filter(|path| path.starts_with("recipe/") && !project.contains_key(*path)) {
        fs::remove_file(repository.around().join(path)).unwrap();
    }
    for (path, content) in project {
        let whole = repository.around().join(path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::write(whole, content).unwrap();
    }
    repository
}

/// Checks these by one call of the program, and says what is wrong with its end.
fn called(ground: &Ground, repositories: &[&Repository]) -> Result<(), String> {
    let mut args = ["check", "--format", "json"].map(OsString::from).to_vec();
    args.extend(repositories.iter().map(|r| r.around().join(DIRECTORY).into_os_string()));
    let done = ground.ccci(&args);
    let documented = matches!(done.code, Some(0 | 2 | 3)) && !done.err.contains("panicked");
    let found = serde_json::from_str::<serde_json::Value>(&done.out).is_ok();
    if documented && found { Ok(()) } else { Err(format!("exit {:?}\n{}", done.code, done.err)) }
}

#[test]
fn the_program_ends_with_a_documented_exit_code_whatever_a_directory_has() {
    let (all, ground, number) = (projects(), Ground::new(), number(BY_PROGRAM));
    let others = texts(&all);
    let made = |seed: usize| mutated(&all[seed % all.len()], &others, &mut Chance(seed as u64));
    for first in (0..number).step_by(AT_ONCE) {
        let seeds: Vec<usize> = (first..number.min(first + AT_ONCE)).collect();
        let written: Vec<Repository> =
            seeds.iter().map(|seed| written(&all[seed % all.len()], &made(*seed))).collect();
        let together = called(&ground, &written.iter().collect::<Vec<_>>());
        for (seed, repository) in seeds.iter().zip(&written) {
            let alone = together.is_err() || seed % ONE_OF == 0;
            if alone && let Err(why) = called(&ground, &[repository]) {
                panic!("directory {seed}: {why}\nit is kept in {}", kept(&made(*seed)).display());
            }
        }
        assert!(together.is_ok(), "directories from {first} on, in one call: {together:?}");
    }
    println!("soak: the program checked {number} changed directories");
}

/// The same changes, but in the buffers of an editor.
#[test]
fn the_language_server_goes_on_whatever_the_buffers_have() {
    let (all, source) = (projects(), Repository::new());
    let mut ground = Ground::new();
    for (path, content) in &all[0] {
        let text = String::from_utf8_lossy(content);
        match path.strip_prefix("recipe/") {
            Some(inside) => _ = source.write(inside, content),
            None => {
                ground = ground.recipe(path.strip_prefix(DIRECTORY).unwrap().trim_start_matches('/'), &text)
            }
        }
    }
    ground = ground.recipe("recipe.toml", &format!("source = \"{}\"\n", source.given()));
    source.commit("the recipe");
    let mut client = Client::start(ground, source, &[]);
    let inside = |path: &str| path.strip_prefix("recipes/blog/").unwrap_or(path).to_string();
    for (path, content) in &all[0] {
        client.open(&inside(path), &String::from_utf8_lossy(content));
    }
    let (others, number) = (texts(&all), number(BY_PROGRAM));
    for seed in 0..number {
        let mut chance = Chance(seed as u64);
        let project = mutated(&all[0], &others, &mut chance);
        let version = 2 + seed as i32;
        for (path, good) in &all[0] {
            let text = project.get(path).map_or("".into(), |text| String::from_utf8_lossy(text));
            client.change(&inside(path), version, &text);
            if text.as_bytes() == good {
                continue;
            }
            let at = client.place(&inside(path), chance.below(40), chance.below(60));
            for method in ["hover", "completion", "definition", "documentSymbol"] {
                // an error is an answer
                let answer = client.ask(&format!("textDocument/{method}"), at.clone());
                assert!(answer.as_ref().err().is_none_or(|e| !e.contains("panic")), "{seed}: {answer:?}");
            }
            let range = json!({"start": at["position"], "end": at["position"]});
            let context = json!({"diagnostics": []});
            let asked = json!({"textDocument": at["textDocument"], "range": range, "context": context});
            let _ = client.ask("textDocument/codeAction", asked);
        }
    }
    client.end();
    println!("soak: the language server read {number} changed directories");
}
