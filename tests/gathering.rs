//! Gathering: from a recipe's name to everything that a run needs, and what is reported if that fails:
//! `fixtures/gathering/<case>/expected.txt`, with `ROOT` for the temporary directory.

mod memory;

use crate::golden;
use crate::repository::{Files, Repository};
use crate::settings::listed;
use ccci_adapters::clock::RealClock;
use ccci_adapters::disk::Disk;
use ccci_adapters::git::GitAdapter;
use ccci_model::name::RunId;
use ccci_runner::gather::{Asked, Gathered, Means, Outcome, gather};
use ccci_swarm::ports::clock::{Clock, Limit, Stop};
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// A project with the recipe `ghost`, whose source is next to `recipes/`.
struct Project {
    source: Repository,
    runtime: Runtime,
}

const SOURCE: &str = "source = \"../../recipe\"\n";

impl Project {
    /// A project with an empty repository.
    fn new() -> Project {
        Project::with(Repository::new())
    }

    fn with(source: Repository) -> Project {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let project = Project { source, runtime };
        project.file("recipe.toml", SOURCE);
        project
    }

    /// A project with two published versions, and `main` at the newer one.
    fn published() -> Project {
        static MADE: OnceLock<Files> = OnceLock::new();
        Project::with(Repository::like(&MADE, || {
            let source = Repository::new();
            source.write(".env.sample", "TYPE=ghost\nDOMAIN=ghost.example.com\n");
            source.release("1.9.0+1.24");
            source.release("1.10.0+1.25");
            source
        }))
    }

    fn file(&self, path: &str, content: &str) -> &Project {
        let whole = self.source.around().join("recipes/ghost").join(path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::write(whole, content).unwrap();
        self
    }

    fn gather(&self, change: impl FnOnce(&mut Asked<'_>)) -> Result<Outcome<Gathered>, String> {
        self.gather_at("", change)
    }

    fn gather_at(&self, at: &str, change: impl FnOnce(&mut Asked<'_>)) -> Result<Outcome<Gathered>, String> {
        let clock = Arc::new(RealClock::new(Arc::default()));
        let git = GitAdapter::new(self.runtime.handle().clone(), clock.clone()).unwrap();
        let limit = Limit { deadline: clock.now().after(Duration::from_secs(60)), stop: Stop::default() };
        let run_id = RunId::parse("plan").unwrap();
        let mut asked = Asked {
            recipe: "ghost",
            source: None,
            rev: None,
            base: None,
            path: 0,
            no_local: false,
            upgrades: true,
            run_id: &run_id,
            zone: "ccci.test",
        };
        change(&mut asked);
        let (here, cache) = (self.source.around().join(at), self.source.around().join("cache"));
        let redactor = Default::default();
        let (files, sources) = (&Disk, &git);
        let means = Means { here: &here, cache: &cache, files, sources, limit: &limit, redactor: &redactor };
        gather(&asked, &means).map_err(|f| format!("{}: {f}", f.cause))
    }

    fn check(&self, case: &str, change: impl FnOnce(&mut Asked<'_>)) {
        same(case, &told(self.gather(change)), &self.source.around().to_string_lossy());
    }
}

/// Everything that is reported, and which base was chosen.
fn told(gathered: Result<Outcome<Gathered>, String>) -> String {
    match gathered {
        Err(failure) => format!("failure {failure}\n"),
        Ok(outcome) => {
            let value = outcome.value.map(|g| {
                let base = g.base.map_or("none".to_string(), |b| b.facts.found_as);
                format!("head {}\nbase {base}: {}\n", g.head.facts.found_as, g.choice.reason)
            });
            format!("{}---\n{}", listed(outcome.diagnostics), value.unwrap_or_default())
        }
    }
}

/// Compares a text with what a case expects; `root` is the directory around the project.
fn same(case: &str, got: &str, root: &str) {
    let got = got.replace(root, "ROOT");
    // git reports how long its transport tried: 0 ms on an idle machine, more on a busy one
    let got = regex::Regex::new(r" after \d+ ms").unwrap().replace_all(&got, " after N ms").into_owned();
    let path = Path::new("tests/fixtures/gathering").join(case).join("expected.txt");
    if !path.exists() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
    }
    golden::same(&path, &got);
}

#[test]
fn a_recipe_is_found_from_a_directory_below_the_project() {
    let p = Project::published();
    p.file("lib/x.rhai", "");
    let g = p.gather_at("recipes/ghost/lib", |_| {}).unwrap().value.unwrap();
    assert_eq!(g.source.head.found_as, "work tree at tag 1.10.0+1.25");
}

#[test]
fn a_recipe_needs_no_directory_when_its_source_is_given() {
    let project = Project::published();
    for (recipe, source) in [("nothing-here", Some("recipe")), ("./recipe", None)] {
        let outcome = project.gather(|a| (a.recipe, a.source) = (recipe, source)).unwrap();
        assert_eq!(listed(outcome.diagnostics), "");
        assert_eq!(outcome.value.unwrap().head.facts.found_as, "work tree at tag 1.10.0+1.25");
    }
}

#[test]
fn what_is_wrong_with_the_recipe_or_its_source_is_said() {
    let p = Project::published();
    p.check("unknown-recipe", |a| a.recipe = "gost");
    p.check("unknown-path", |a| a.recipe = "recipes/gost");
    p.check("no-such-ref", |a| a.rev = Some("1.9.0"));
    p.check("no-such-ref-far", |a| a.rev = Some("feature/x"));
    p.check("no-such-base", |a| a.base = Some("1.8.0+1.24"));
    p.check("bad-base", |a| a.base = Some("newest"));
    p.check("source-of-the-flag-is-missing", |a| a.source = Some("elsewhere"));
    p.check("not-a-repository", |a| a.source = Some("recipes"));
    fs::create_dir(p.source.path().join("deep")).unwrap();
    p.check("not-a-repository-inside", |a| a.source = Some("recipe/deep"));
    p.check("clone-fails", |a| a.source = Some("file:///nothing/here"));
    p.check("clone-is-refused", |a| a.source = Some("http://127.0.0.1:9/x.git"));
    p.file("recipe.toml", "source = \"../nowhere\"\n").check("source-is-missing", |_| {});
    p.file("recipe.toml", "colour = 1\n").check("no-source", |_| {});
    p.file("recipe.toml", &format!("{SOURCE}upgrade.base = \"1.9.9+1.24\"\n"))
        .check("no-such-base-set", |_| {});
    Project::new().check("no-commit", |_| {});
    fs::create_dir(p.source.around().join("recipes/empty")).unwrap();
    p.check("empty-directory", |a| a.recipe = "empty");
}

#[test]
fn a_file_of_the_recipe_that_is_no_text_is_not_taken_as_absent() {
    let p = Project::published();
    p.source.write("compose.yml", b"# caf\xe9\n").write(".env.sample", b"\xff\xfeD\0O\0");
    std::os::unix::fs::symlink("/etc/hostname", p.source.path().join("abra.sh")).unwrap();
    p.check("unreadable-source-file", |_| {});
    let p = Project::published();
    fs::remove_file(p.source.path().join(".env.sample")).unwrap();
    p.source.write(".env.sample/x", "").write("abra.sh", "#".repeat(5 << 20));
    p.check("unreadable-source-directory", |_| {});
    p.source.write("abra.sh", "export A_VERSION=v1\n");
    fs::remove_dir_all(p.source.path().join(".env.sample")).unwrap();
    p.source.write(".env.sample", b"# caf\xe9\n").release("1.11.0+1.26");
    p.source.write(".env.sample", "DOMAIN=ghost.example.com\n").release("1.12.0+1.27");
    p.check("unreadable-source-base", |_| {});
}
