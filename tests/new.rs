//! `ccci new` with the real program: what it writes passes `ccci check`, and it overwrites nothing.

use crate::bad_input::ground::Ground;
use crate::repository::Repository;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[test]
fn what_is_written_for_the_recipes_of_the_lab_passes_check() {
    for (name, expected) in [
        (
            "custom-html",
            &["custom/test_app.rhai", "hooks.rhai", "recipe.toml", "test_restore.rhai", "test_upgrade.rhai"]
                [..],
        ),
        ("mumble", &["recipe.toml"]),
        (
            "wordpress",
            &["custom/test_app.rhai", "hooks.rhai", "recipe.toml", "test_restore.rhai", "test_upgrade.rhai"],
        ),
    ] {
        let ground = Ground::new();
        let source = Path::new("dev/lab/repos").join(name).canonicalize().unwrap();
        let done = ground.ccci(&["new", name, "--yes", "--source", source.to_str().unwrap()]);
        assert_eq!(done.code, Some(0), "{}", done.err);
        let dir = ground.path("recipes").join(name);
        for file in expected {
            let mode = dir.join(file).metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o644, "{name}: {file} is to be shared");
            assert!(done.err.contains(&format!("wrote recipes/{name}/{file}")), "{}", done.err);
        }
        let check = ground.ccci(&["check", &format!("recipes/{name}"), "--format", "short"]);
        let own = format!("recipes/{name}/");
        // one of the tags of custom-html is not annotated, on purpose
        let of_source = check.out.lines().filter(|l| l.starts_with("error[annotated-tags]")).count();
        assert_eq!(check.code, Some(if of_source > 0 { 2 } else { 0 }), "{name}: {}", check.out);
        assert_eq!(check.out.matches("error[").count(), of_source, "{name}: {}", check.out);
        // what has no place of its own is told at the source
        let of_recipe = |l: &&str| !l.contains("[annotated-tags]") && !l.contains("[readme-metadata]");
        assert!(!check.out.lines().filter(of_recipe).any(|l| l.contains(&own)), "{}", check.out);
    }
}

#[test]
fn inside_of_a_repository_the_directory_is_ccci_and_a_second_call_changes_nothing() {
    let repository = Repository::new();
    let compose = "version: \"3.8\"\nservices:\n  app:\n    image: nginx:1.27.0\n    healthcheck:\n      test: [\"CMD-SHELL\", \"curl -f http://localhost/up || exit 1\"]\n    \
                   deploy:\n      labels: [traefik.enable=true]\n";
    repository.write("compose.yml", compose).write(".env.sample", "TYPE=a\nDOMAIN=a.example.com\n");
    repository.commit("all");
    let ground = Ground::new();
    let call = || {
        ground.with(&["new", "--yes"], |call| {
            call.current_dir(repository.path());
        })
    };
    let done = call();
    assert_eq!(done.code, Some(0), "{}", done.err);
    let settings = repository.path().join("ccci/recipe.toml");
    let text = fs::read_to_string(&settings).unwrap();
    assert!(text.contains("health.path = \"/up\"") && !text.contains("source"), "{text}");
    fs::write(&settings, "# mine\n").unwrap();
    let again = call();
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("already has files"), "{}", again.err);
    assert_eq!(fs::read_to_string(&settings).unwrap(), "# mine\n");
}

#[test]
fn a_path_is_the_directory_itself_and_a_name_may_be_like_that_of_another_recipe() {
    let ground = Ground::new();
    let source = Path::new("dev/lab/repos/mumble").canonicalize().unwrap();
    // the ground has the recipe `ghost`
    for (given, dir, next) in [
        ("recipes/mumble", "recipes/mumble", "next  ccci check recipes/mumble; ccci run recipes/mumble"),
        ("ghosts", "recipes/ghosts", "next  ccci check recipes/ghosts; ccci run ghosts"),
        ("./deep/er/mumble/", "deep/er/mumble", "next  ccci check deep/er/mumble; ccci run deep/er/mumble"),
    ] {
        let done = ground.ccci(&["new", given, "--yes", "--source", source.to_str().unwrap()]);
        assert_eq!(done.code, Some(0), "{given}: {}", done.err);
        assert!(done.err.contains(&format!("wrote {dir}/recipe.toml")), "{}", done.err);
        assert!(done.err.ends_with(&format!("{next}\n")), "{}", done.err);
        assert!(ground.path(dir).join("recipe.toml").is_file());
        assert_eq!(ground.ccci(&["check", dir]).code, Some(0), "{given}");
    }
}

#[test]
fn a_call_without_a_source_says_what_is_missing() {
    let ground = Ground::new();
    for (args, part) in [
        (&["new", "--yes"][..], "there is no compose.yml here"),
        (&["new", "app", "--yes"], "give it with --source"),
        (&["new", "app", "--yes", "--source", "nowhere"], "the source `nowhere` does not exist"),
        (&["new", "ghost", "--yes", "--source", "x"], "already has files"),
    ] {
        let done = ground.ccci(args);
        assert_eq!(done.code, Some(2), "{args:?}: {}", done.err);
        assert!(done.err.contains(part), "{args:?}: {}", done.err);
        assert!(!ground.path("recipes/app").exists());
    }
}
