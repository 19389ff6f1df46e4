//! Recipe directories with random changes in any of their files: checking one never panics and never takes long, and
//! every finding can be shown in every format. The same seed makes the same changes; `CCCI_DIRECTORIES` says how many.

use crate::fuzz::{Chance, changed};
use ccci::app::prepare::Reading;
use ccci::app::{Config, Session};
use ccci::commands::env;
use ccci_adapters::clock::RealClock;
use ccci_model::diag::{Diagnostic, Place, render};
use ccci_recipe::files::Buffers;
use ccci_report::findings::FINDINGS_FORMATS;
use ccci_swarm::ports::Clock;
use ccci_testkit::memory::{MemoryRepository, MemorySources};
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many directories are tried if nobody says otherwise.
const DIRECTORIES: usize = 200;
/// Longest time for one, also in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(10);
/// Where the project is, in memory.
const ROOT: &str = "/project";

/// The files of a project: those of the repository under `recipe/`, those of the recipe directory under `recipes/x/`.
type Project = BTreeMap<String, Vec<u8>>;

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
        below(dir, dir, "recipes/x", &mut out);
        let repository = Path::new("tests/fixtures/fullest/head");
        below(repository, repository, "recipe", &mut out);
        out.insert(
            "recipes/x/recipe.toml".into(),
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
            1 => drop(out.insert(format!("recipes/x/{}", NAMES[chance.below(NAMES.len())]), text)),
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

fn check(session: &Session, clock: &Arc<dyn Clock>, project: &Project) {
    let (mut files, repository, sources) =
        (Buffers::default(), MemoryRepository::default(), MemorySources::default());
    for (path, content) in project {
        match path.strip_prefix("recipe/") {
            Some(inside) => _ = repository.write(inside, content),
            None => files.set(Path::new(ROOT).join(path), content),
        }
    }
    repository.commit();
    sources.add("recipe", &repository);
    let reading = Reading { files: &files, sources: &sources };
    if let Ok(checked) = session.check_in("recipes/x", &reading, clock) {
        shown(&checked.said);
    }
}

#[test]
fn checking_a_directory_with_random_changes_ends_well() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let config = Config { here: ROOT.into(), ..env::config() };
    let session = Session::new(config, runtime.handle().clone());
    let clock: Arc<dyn Clock> = Arc::new(RealClock::new(Arc::default()));
    let all = projects();
    all.iter().for_each(|project| check(&session, &clock, project));
    let others: Vec<Vec<u8>> = all.iter().flat_map(|p| p.values().cloned()).collect();
    let number = std::env::var("CCCI_DIRECTORIES").map_or(DIRECTORIES, |n| n.parse().unwrap());
    for seed in 0..number {
        let project = mutated(&all[seed % all.len()], &others, &mut Chance(seed as u64));
        let began = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| check(&session, &clock, &project)));
        let took = began.elapsed();
        if ended.is_err() || took > LONGEST {
            let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("any-directory");
            for (path, content) in &project {
                let whole = dir.join(path);
                fs::create_dir_all(whole.parent().unwrap()).unwrap();
                fs::write(whole, content).unwrap();
            }
            panic!("directory {seed} does not end well ({took:?}); it is kept in {}", dir.display());
        }
    }
    println!("soak: {number} changed directories were checked");
}
