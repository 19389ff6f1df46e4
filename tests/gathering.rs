//! From a recipe's name to everything a run starts from, and what is said when that cannot be:
//! `fixtures/gathering/<case>/expected.txt`, with the temporary directory as `ROOT`.

use crate::golden;
use crate::repository::{Files, Repository, compose};
use crate::settings::listed;
use ccci_adapters::clock::RealClock;
use ccci_adapters::git::GitHand;
use ccci_model::name::RunId;
use ccci_model::tier::Tier;
use ccci_runner::gather::{Asked, Gathered, Means, Outcome, gather, texts, unmentioned};
use ccci_script::Scripts;
use ccci_swarm::ports::clock::{Clock, Limit, Stop};
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// A project with the recipe `ghost`, whose source lies beside `recipes/`.
struct Project {
    source: Repository,
    runtime: Runtime,
}

const SOURCE: &str = "source = \"../../recipe\"\n";

impl Project {
    /// With a repository that has nothing yet.
    fn new() -> Project {
        Project::with(Repository::new())
    }

    fn with(source: Repository) -> Project {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let project = Project { source, runtime };
        project.file("recipe.toml", SOURCE);
        project
    }

    /// With two published versions, `main` at the newer one.
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
        let git = GitHand::new(self.runtime.handle().clone(), clock.clone()).unwrap();
        let limit = Limit { deadline: clock.now().after(Duration::from_secs(60)), stop: Stop::default() };
        let run_id = RunId::parse("plan").unwrap();
        let mut asked = Asked {
            recipe: "ghost",
            source: None,
            rev: None,
            base: None,
            no_local: false,
            run_id: &run_id,
            zone: "ccci.test",
        };
        change(&mut asked);
        let (here, cache) = (self.source.around().join(at), self.source.around().join("cache"));
        let redactor = Default::default();
        let means = Means { here: &here, cache: &cache, git: &git, limit: &limit, redactor: &redactor };
        gather(&asked, &means).map_err(|f| format!("{}: {f}", f.cause))
    }

    fn good(&self) -> Gathered {
        let outcome = self.gather(|_| {}).unwrap();
        assert_eq!(listed(outcome.diagnostics), "");
        outcome.value.unwrap()
    }

    /// Compares everything that is said and the choice of the base.
    fn check(&self, case: &str, change: impl FnOnce(&mut Asked<'_>)) {
        let got = match self.gather(change) {
            Err(failure) => format!("failure {failure}\n"),
            Ok(outcome) => {
                let value = outcome.value.map(|g| {
                    let base = g.base.map_or("none".to_string(), |b| b.facts.found_as);
                    format!("head {}\nbase {base}: {}\n", g.head.facts.found_as, g.choice.reason)
                });
                format!("{}---\n{}", listed(outcome.diagnostics), value.unwrap_or_default())
            }
        };
        self.same(case, got);
    }

    /// What is said of services that the scripts name.
    fn services(&self) -> String {
        let g = self.good();
        let (merged, _) = g.texts.directory.merged();
        let (scripts, found) = Scripts::load(&merged.texts, &ccci_runner::ctx::sigs()).unwrap();
        assert!(!found.has_errors(), "{found:?}");
        listed(unmentioned::services(&g, scripts.services()))
    }

    fn same(&self, case: &str, got: String) {
        let got = got.replace(&*self.source.around().to_string_lossy(), "ROOT");
        // git quotes how long its transport tried: 0 ms on a quiet machine, some on a busy one
        let got = regex::Regex::new(r" after \d+ ms").unwrap().replace_all(&got, " after N ms").into_owned();
        let path = Path::new("tests/fixtures/gathering").join(case).join("expected.txt");
        if !path.exists() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
        }
        golden::same(&path, &got);
    }
}

#[test]
fn a_recipe_is_gathered_with_both_sides_composed() {
    let project = Project::published();
    project.file("recipe.toml", &format!("{SOURCE}env.GREETING = \"hello\"\nupgrade.env.PORTS = \"1\"\n"));
    let g = project.good();
    let base = g.base.as_ref().unwrap();
    assert_eq!(g.head.composed.as_ref().unwrap().images(), ["nginx:1.25"]);
    assert_eq!(base.composed.as_ref().unwrap().images(), ["nginx:1.24"]);
    assert_eq!(g.head.env.vars["DOMAIN"], g.domain.as_str());
    assert_eq!(
        (g.head.env.vars["GREETING"].as_str(), base.env.vars["GREETING"].as_str()),
        ("hello", "hello")
    );
    assert!(g.head.env.vars.contains_key("PORTS") && !base.env.vars.contains_key("PORTS"));
    assert!(g.routed());
    assert!(!g.backup().0);
    let settings: Vec<(String, String)> = g.settings().into_iter().map(|s| (s.key, s.from)).collect();
    assert_eq!(settings[0], ("env".into(), "recipes/ghost/recipe.toml:2:1".into()));
    let deployment = g.head.deployment(false);
    assert_eq!(deployment.version.unwrap().as_str(), "1.10.0+1.25");
    assert_eq!(
        (deployment.compose_files, deployment.services),
        (vec!["compose.yml".into()], vec!["app".into()])
    );
}

#[test]
fn the_directory_inside_the_recipes_repository_lies_below_the_projects() {
    let project = Project::published();
    project.source.write("ccci/recipe.toml", "health.path = \"/own\"\nready.stable = 2\n");
    project.source.write("ccci/test_install.rhai", "fn test_a(ctx) {}\n").commit("own");
    project.file("recipe.toml", &format!("{SOURCE}health.path = \"/project\"\n"));
    let recipe = project.good().texts.recipe;
    assert_eq!((recipe.health.path.as_str(), recipe.ready_stable), ("/project", 2));
    let alone = project.gather(|a| a.no_local = true).unwrap().value.unwrap().texts;
    assert_eq!((alone.recipe.ready_stable, alone.directory.scripts.len()), (1, 0));
}

#[test]
fn tests_of_the_project_and_of_the_recipes_repository_run_both() {
    let p = Project::published();
    p.source.write("ccci/test_install.rhai", "fn test_own(ctx) { assert(true); }\n").commit("own");
    p.file("test_install.rhai", "fn test_project(ctx) { assert(true); }\n");
    let (merged, diagnostics) = p.good().texts.directory.merged();
    assert!(diagnostics.0.is_empty());
    let (scripts, diagnostics) = Scripts::load(&merged.texts, &[]).unwrap();
    assert!(diagnostics.0.is_empty(), "{diagnostics:?}");
    let tests: Vec<(String, String)> =
        scripts.tests(Tier::Install).into_iter().map(|t| (t.file, t.name)).collect();
    let want = [("test_install.rhai", "test_project"), ("test_install@repository.rhai", "test_own")];
    assert_eq!(tests, want.map(|(f, n)| (f.to_string(), n.to_string())));
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
fn what_is_wrong_with_the_recipes_files_is_said_at_its_place() {
    let with = |files: &[(&str, &str)]| {
        let p = Project::published();
        for (path, content) in files {
            p.source.write(path, content);
        }
        p
    };
    let p = Project::published();
    fs::remove_file(p.source.path().join("compose.yml")).unwrap();
    p.check("no-compose-file", |_| {});
    with(&[
        (".env.sample", "COMPOSE_FILE=\"compose.yml\"\nCOMPOSE_FILE=\"$COMPOSE_FILE:compose.smpt.yml\"\n"),
        ("compose.smtp.yml", "version: \"3.8\"\nservices: {}\n"),
    ])
    .check("no-compose-file-named", |_| {});
    with(&[("compose.yml", "version: \"3.8\"\nservices:\n  web:\n    image: nginx:1.25\n")])
        .check("no-app-service", |_| {});
    with(&[("compose.yml", "services:\n  app: [\n")]).check("yaml-syntax", |_| {});
    let missing = compose("1.10.0+1.25").replace("nginx:1.25", "nginx:${TAG:?which one}");
    with(&[("compose.yml", &missing)]).check("missing-variable", |_| {});
    with(&[(".env.sample", "DOMAIN=ghost.example.com\nSMTP HOST!=x\n")]).check("env-syntax", |_| {});
    with(&[(".env.sample", "DOMAIN=x\nSECRET_DB_VERSION=v1 # length=long charset=hex\n")])
        .check("secret-modifier", |_| {});
    let long = format!(
        "{}secrets:\n  s:\n    external: true\n    name: ${{STACK_NAME}}_{}\n",
        compose("1.10.0+1.25"),
        "a".repeat(60)
    );
    with(&[("compose.yml", &long)]).check("name-too-long", |_| {});
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

#[test]
fn a_file_of_a_config_that_is_not_there_is_said_before_a_run() {
    let p = Project::published();
    let objects = "configs:\n  a:\n    file: ./x/../conf/a\n  b:\n    file: conf/bb\nsecrets:\n  c:\n    file: ../c\n  \
                   d:\n    external: true\n";
    p.source.write("compose.yml", format!("{}{objects}", compose("1.10.0+1.25")));
    p.source.write("conf/a", "x").write("conf/b", "x");
    p.check("missing-file", |_| {});
    p.file("hooks.rhai", "fn extra_env(ctx) {\n    #{ COMPOSE_FILE: \"compose.yml\" }\n}\n");
    p.good();
    p.file("hooks.rhai", "");
    p.source.write("compose.yml", compose("1.10.0+1.25"));
    p.source.write(".env.sample", "DOMAIN=ghost.example.com\nCOMPOSE_FILE=./x/../compose.yml\n");
    p.good();
}

#[test]
fn what_a_hook_will_give_is_not_missing_yet() {
    let p = Project::published();
    let missing = compose("1.10.0+1.25").replace("nginx:1.25", "nginx:1.25${TAG:?which one}");
    p.source.write("compose.yml", missing);
    p.file("hooks.rhai", "fn upgrade_extra_env(ctx) {\n    #{ TAG: \"\" }\n}\n");
    let g = p.good();
    assert_eq!(g.head.left_to_hooks, ["TAG"]);
    assert!(g.base.unwrap().left_to_hooks.is_empty());
    p.file("hooks.rhai", "fn pre_install(ctx) {}\n").check("missing-variable-no-hook", |_| {});
    for sample in ["fn extra_env (ctx)", "fn\textra_env(ctx)", "/* c */ fn extra_env(ctx)"] {
        p.file("hooks.rhai", &format!("{sample} {{\n    #{{ TAG: \"\" }}\n}}\n")).good();
    }
    let commented = "fn pre_install(ctx) {}\n/*\nfn extra_env(ctx) {\n    #{ TAG: \"\" }\n}\n*/\n";
    p.file("hooks.rhai", commented).check("missing-variable-no-hook", |_| {});
}

#[test]
fn a_variable_that_the_sample_leaves_commented_out_may_stay_unset() {
    let p = Project::published();
    p.source.write(
        "compose.yml",
        compose("1.10.0+1.25").replace("enable=true", "enable=true${EXTRA_DOMAINS}${TPYO}"),
    );
    p.source.write(".env.sample", "DOMAIN=ghost.example.com\n#EXTRA_DOMAINS=', `x.example.com`'\n");
    p.check("unset-variable", |_| {});
}

#[test]
fn lesson_28_a_variable_that_looks_like_a_slip_is_said() {
    let p = Project::published();
    p.source.write(".env.sample", "DOMAIN=ghost.example.com\n#SMTP_HOST=mail\nTIMEOUT=300\n");
    let settings = "[env]\nSMTP_HSOT = \"a\"\nSMTP_HOST = \"b\"\nSOMETHING_ELSE = \"c\"\n";
    p.file("recipe.toml", &format!("{SOURCE}upgrade.env = {{ TIMEOTU = \"1\" }}\n{settings}"));
    p.check("unmentioned-variable", |_| {});
}

#[test]
fn a_service_that_no_compose_file_has_is_said() {
    let p = Project::published();
    let hooks = "fn pre_backup(ctx) {\n    ctx.exec(\"app\", [\"true\"]);\n    ctx.exec(\"ap\", [\"true\"]);\n    \
                 std::mysql::mark(ctx, \"db\", \"d\", \"s\", \"v\");\n}\n";
    p.file("hooks.rhai", hooks);
    p.same("unknown-service", p.services());
    p.file("hooks.rhai", &format!("{hooks}fn extra_env(ctx) {{ #{{}} }}\n"));
    assert_eq!(p.services(), "", "a hook may bring more compose files");
}

#[test]
fn lesson_21_a_repair_is_applied_to_its_own_base_only() {
    let p = Project::published();
    p.file("previous/VERSION", "1.9.0+1.24\n");
    p.file(
        "previous/compose.previous.yml",
        "version: \"3.8\"\nservices:\n  app:\n    image: nginx:1.24-mirror\n",
    );
    let g = p.good();
    assert!(g.repaired);
    assert_eq!(g.base.unwrap().composed.unwrap().images(), ["nginx:1.24-mirror"]);
    assert_eq!(g.head.composed.unwrap().images(), ["nginx:1.25"]);
    p.file("previous/VERSION", "1.8.0+1.23\n").check("stale-previous", |_| {});
    p.file("previous/VERSION", "1.9.0+1.24\n").check("stale-previous-no-base", |a| a.base = Some("none"));
}

#[test]
fn lesson_15_a_base_that_composes_to_the_same_is_no_upgrade() {
    let p = Project::published();
    p.source.write("README.md", "words").commit("words only");
    p.check("nothing-moves", |_| {});
    p.source.write("compose.yml", compose("1.10.0+1.25").replace("1.25\n", "1.25-alpine\n"));
    p.check("something-moves", |_| {});
}

#[test]
fn a_config_that_changed_moves_the_upgrade_although_the_compose_file_did_not() {
    let p = Project::new();
    let file = compose("1.0.0+1") + "configs:\n  c:\n    file: ./c.conf\n";
    p.source.write("compose.yml", file).write("c.conf", "one").commit("one");
    p.source.git(&["tag", "-a", "1.0.0+1", "-m", "x"]);
    p.source.write("c.conf", "two").commit("two");
    assert_eq!(p.good().base.unwrap().facts.found_as, "tag 1.0.0+1");
}

#[test]
fn check_reads_a_directory_without_its_source() {
    let p = Project::new();
    p.file("recipe.toml", "colour = 1\n").file("test_x.rhai", "");
    let outcome = texts("ghost", p.source.around()).unwrap();
    let codes: Vec<&str> = outcome.diagnostics.0.iter().map(|d| d.code.id).collect();
    assert_eq!(codes, ["misplaced-test", "unknown-key"]);
    assert!(outcome.value.is_some());
}
