//! Gathering without a disk and without git, for cases that only need facts about a repository.

use super::{SOURCE, same, told};
use crate::repository::compose;
use crate::settings::listed;
use ccci_model::diag::render;
use ccci_model::name::RunId;
use ccci_model::tier::Tier;
use ccci_model::time::Moment;
use ccci_recipe::files::Buffers;
use ccci_runner::gather::{Asked, Gathered, Means, Outcome, contradictory, gather, texts, unmentioned};
use ccci_script::Scripts;
use ccci_swarm::ports::{Limit, Stop};
use ccci_testkit::memory::{MemoryRepository, MemorySources};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

/// The directory of the project.
const ROOT: &str = "/project";

/// A project with the recipe `ghost`, whose source is next to `recipes/`.
struct Project {
    source: MemoryRepository,
    files: Mutex<Buffers>,
}

impl Project {
    /// A project with an empty repository.
    fn new() -> Project {
        let project = Project { source: MemoryRepository::default(), files: Mutex::default() };
        project.file("recipe.toml", SOURCE);
        project
    }

    /// A project with two published versions, and the work tree at the newer one.
    fn published() -> Project {
        let project = Project::new();
        project.source.write(".env.sample", "TYPE=ghost\nDOMAIN=ghost.example.com\n");
        for version in ["1.9.0+1.24", "1.10.0+1.25"] {
            project.source.write("compose.yml", compose(version)).commit();
            project.source.tag(version);
        }
        project
    }

    fn files(&self) -> MutexGuard<'_, Buffers> {
        self.files.lock().unwrap()
    }

    fn file(&self, path: &str, content: &str) -> &Project {
        self.files().set(Path::new(ROOT).join("recipes/ghost").join(path), content);
        self
    }

    fn gather(&self, change: impl FnOnce(&mut Asked<'_>)) -> Result<Outcome<Gathered>, String> {
        let run_id = RunId::parse("plan").unwrap();
        let (recipe, zone) = ("ghost", "ccci.test");
        let (source, rev, base, no_local) = (None, None, None, false);
        let mut asked =
            Asked { recipe, source, rev, base, path: 0, no_local, upgrades: true, run_id: &run_id, zone };
        change(&mut asked);
        let sources = MemorySources::default();
        sources.add("recipe", &self.source);
        let limit = Limit { deadline: Moment(60_000), stop: Stop::default() };
        let (here, redactor, files) = (Path::new(ROOT), Default::default(), self.files());
        let means = Means {
            here,
            cache: Path::new("/cache"),
            files: &*files,
            sources: &sources,
            limit: &limit,
            redactor: &redactor,
        };
        gather(&asked, &means).map_err(|f| format!("{}: {f}", f.cause))
    }

    fn good(&self) -> Gathered {
        let outcome = self.gather(|_| {}).unwrap();
        assert_eq!(listed(outcome.diagnostics), "");
        outcome.value.unwrap()
    }

    fn check(&self, case: &str, change: impl FnOnce(&mut Asked<'_>)) {
        same(case, &told(self.gather(change)), ROOT);
    }

    /// The diagnostics about services and secrets that scripts and settings name, and about settings that leave out scripts.
    fn services(&self) -> String {
        let g = self.good();
        let (merged, _) = g.texts.directory.merged();
        let (scripts, found) = Scripts::load(&merged.texts, &ccci_runner::ctx::sigs()).unwrap();
        assert!(!found.has_errors(), "{found:?}");
        let mut said = unmentioned::names(&g, scripts.spoken());
        said.0.extend(contradictory::contradictions(&g.texts, &scripts).0);
        listed(said)
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
    project.source.write("ccci/test_install.rhai", "fn test_a(ctx) {}\n").commit();
    project.file("recipe.toml", &format!("{SOURCE}health.path = \"/project\"\n"));
    let recipe = project.good().texts.recipe;
    assert_eq!((recipe.health.path.as_str(), recipe.ready_stable), ("/project", 2));
    let alone = project.gather(|a| a.no_local = true).unwrap().value.unwrap().texts;
    assert_eq!((alone.recipe.ready_stable, alone.directory.scripts.len()), (1, 0));
}

#[test]
fn tests_of_the_project_and_of_the_recipes_repository_run_both() {
    let p = Project::published();
    p.source.write("ccci/test_install.rhai", "fn test_own(ctx) { fail(\"no\"); }\n").commit();
    p.file("test_install.rhai", "fn test_project(ctx) { fail(\"no\"); }\n");
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
fn what_is_wrong_with_the_recipes_files_is_said_at_its_place() {
    let with = |files: &[(&str, &str)]| {
        let p = Project::published();
        for (path, content) in files {
            p.source.write(path, content);
        }
        p
    };
    let p = Project::published();
    p.source.remove("compose.yml");
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
    same("unknown-service", &p.services(), ROOT);
    p.file("hooks.rhai", &format!("{hooks}fn extra_env(ctx) {{ #{{}} }}\n"));
    assert_eq!(p.services(), "", "a hook may bring more compose files");
}

#[test]
fn a_secret_that_no_compose_file_has_is_said() {
    let p = Project::published();
    p.file("hooks.rhai", "fn pre_backup(ctx) {\n    ctx.log(ctx.secret(\"db_pasword\"));\n}\n");
    same("unknown-secret", &p.services(), ROOT);
}

#[test]
fn a_setting_that_leaves_out_what_is_written_is_said() {
    let p = Project::published();
    p.file("hooks.rhai", "fn pre_upgrade(ctx) {}\nfn backup_verify(ctx) { true }\nfn pre_restore(ctx) {}\n");
    p.file("test_restore.rhai", "fn test_a(ctx) { assert(ctx.get(\"/\").ok); }\n");
    let set = |settings: &str| {
        p.file("recipe.toml", &format!("{SOURCE}{settings}"));
        p.services()
    };
    let said = [
        set("backup.capable = false\nupgrade.base = \"none\"\n"),
        set(
            "may_end = { app = \"why\", wroker = \"why\" }\n[expected_na]\nbackup_restore = \"keeps no data\"\n",
        ),
        set("backup.capable = true\n[expected_na]\nbackup_restore = \"why\"\n"),
    ];
    same("contradiction", &said.join("---\n"), ROOT);
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
    p.source.write("README.md", "words").commit();
    p.check("nothing-moves", |_| {});
    p.source.write("compose.yml", compose("1.10.0+1.25").replace("1.25\n", "1.25-alpine\n"));
    p.check("something-moves", |_| {});
}

#[test]
fn a_config_that_changed_moves_the_upgrade_although_the_compose_file_did_not() {
    let p = Project::new();
    let file = compose("1.0.0+1") + "configs:\n  c:\n    file: ./c.conf\n";
    p.source.write("compose.yml", file).write("c.conf", "one").commit();
    p.source.tag("1.0.0+1");
    p.source.write("c.conf", "two").commit();
    let outcome = p.gather(|_| {}).unwrap();
    assert_eq!(outcome.value.unwrap().base.unwrap().facts.found_as, "tag 1.0.0+1");
    let codes: Vec<&str> = outcome.diagnostics.0.iter().map(|d| d.code.id).collect();
    assert_eq!(codes, ["same-name"]);
}

#[test]
fn what_swarm_refuses_stops_a_run_at_the_head_and_is_a_warning_at_the_base() {
    let p = Project::new();
    let file = compose("1.0.0+1") + "configs:\n  c:\n    name: c_v1\n    file: ./c.conf\n";
    p.source.write("compose.yml", &file).write("c.conf", "").commit();
    p.source.tag("1.0.0+1");
    let said = |p: &Project| -> Vec<String> {
        let outcome = p.gather(|_| {}).unwrap();
        assert!(outcome.value.is_some());
        outcome.diagnostics.sorted().iter().map(render::one_line).collect()
    };
    let empty = |severity: &str, revision: &str| {
        format!(
            "{severity}[object-size] {revision}:12:11: the file of the config `c` is empty, and Swarm refuses it"
        )
    };
    assert_eq!(said(&p), [empty("error", "recipe/compose.yml")]);
    p.source.write("compose.yml", file.replace("c_v1", "c_v2")).write("c.conf", "two").commit();
    assert_eq!(said(&p), [empty("warning", "1.0.0+1:compose.yml")]);
}

#[test]
fn check_reads_a_directory_without_its_source() {
    let p = Project::new();
    p.file("recipe.toml", "colour = 1\n").file("test_x.rhai", "");
    let outcome = texts("ghost", Path::new(ROOT), &*p.files()).unwrap();
    let codes: Vec<&str> = outcome.diagnostics.0.iter().map(|d| d.code.id).collect();
    assert_eq!(codes, ["misplaced-test", "unknown-key"]);
    assert!(outcome.value.is_some());
}

#[test]
fn a_compose_file_list_that_names_no_file_is_said_where_it_is_written() {
    let sample = |list: &str| format!("DOMAIN=ghost.example.com\nCOMPOSE_FILE={list}\n");
    let p = Project::published();
    p.source.write("compose.smtp.yml", "version: \"3.8\"\nservices: {}\n");
    p.source.write(".env.sample", sample("compose.yml\nCOMPOSE_FILE=$COMPOSE_FILE:"));
    p.check("compose-file-trailing-colon", |_| {});
    p.source.write(".env.sample", sample(""));
    p.check("compose-file-empty", |_| {});
    p.source.write(".env.sample", sample("\"compose.yml, compose.smtp.yml\"\nCOMPOSE_PATH_SEPARATOR=,"));
    p.check("compose-file-other-separator", |_| {});
    p.source.write(".env.sample", sample("compose.yml"));
    p.source.write("abra.sh", "X=1\nexport COMPOSE_FILE=:compose.yml\n");
    p.check("compose-file-of-abra", |_| {});
    let settings = "upgrade.env.COMPOSE_FILE = \"compose.yml::compose.smtp.yml\"\n";
    p.file("recipe.toml", &format!("{SOURCE}{settings}")).check("compose-file-doubled-colon", |_| {});
    let settings = "upgrade.env = { COMPOSE_FILE = \"compose.yml : compose.smtp.yml\" }\n";
    p.file("recipe.toml", &format!("{SOURCE}{settings}")).check("compose-file-blanks", |_| {});
    let settings = "upgrade.env.COMPOSE_FILE = \"./compose.yml:compose.smtp.yml\"\n";
    p.file("recipe.toml", &format!("{SOURCE}{settings}"));
    assert_eq!(p.good().head.compose_files, ["./compose.yml", "compose.smtp.yml"]);
}
