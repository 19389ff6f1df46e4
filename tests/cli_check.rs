//! `ccci check` with the real program: every format says the same and ends with the same exit code, fixes are made once,
//! a baseline hides what it has, and the settings accept and deny findings.

use crate::bad_input::ground::{Done, Ground};
use crate::project::GOOD;
use crate::repository::Repository;
use ccci_report::findings::{self, FINDINGS_FORMATS};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Faults that can be mended without asking, in a file with comments and a flow mapping.
const BROKEN: &str = "version: \"3.8\"

x-note: {kept: yes} # kept
services:
  app:
    # kept
    image: !x nginx:1.27.0
    container_name: web
    cap_add:
      - NET_ADMIN

    privileged: true
    restart: always
    deploy:
      restart_policy: {condition: any}
      labels:
        - traefik.enable=true
        - \"coop-cloud.${STACK_NAME}.version=1.0.0+1.27.0\" # kept
  db:
    image: nginx:stable
    privileged: true # a comment keeps this entry
";

struct Project {
    ground: Ground,
    source: Repository,
}

/// A project whose recipe has these settings beside its source, and this compose file.
fn project(settings: &str, compose: &str) -> Project {
    let source = Repository::new();
    source.write("compose.yml", compose).write(".env.sample", "TYPE=ghost\nDOMAIN=ghost.example.com\n");
    source.commit("all");
    let text = format!("source = \"{}\"\n{settings}", source.given());
    Project { ground: Ground::new().recipe("recipe.toml", &text), source }
}

impl Project {
    fn check(&self, args: &[&str]) -> Done {
        let all: Vec<&str> = ["check", "recipes/ghost"].iter().chain(args).copied().collect();
        self.ground.ccci(&all)
    }

    fn short(&self, args: &[&str]) -> Vec<String> {
        let done = self.check(&[&["--format", "short"], args].concat());
        done.out.lines().map(str::to_string).collect()
    }
}

/// What is said of an entry that accepts nothing.
pub(crate) fn of_an_unused_acceptance() -> String {
    project("check.accept.image-tag = \"why\"\n", BROKEN).short(&[]).join("\n")
}

/// What is said of a comment that accepts without a reason.
pub(crate) fn of_a_bad_acceptance() -> String {
    project("", &BROKEN.replace("# kept\nservices", "# ccci: accept image-tag\nservices"))
        .short(&[])
        .join("\n")
}

#[test]
fn a_comment_accepts_a_finding_at_its_line_and_an_unused_one_is_told() {
    let compose = BROKEN.replace(
        "image: nginx:stable",
        "image: nginx:stable # ccci: accept moving-tag upstream has no versions",
    );
    let all = project("", BROKEN).short(&[]);
    let accepted = project("", &compose).short(&[]);
    assert!(codes(&all).contains(&"moving-tag") && !codes(&accepted).contains(&"moving-tag"), "{accepted:?}");
    assert_eq!(all.len(), accepted.len() + 1);
    let unused = project("# ccci: accept image-tag why\n", BROKEN).short(&[]);
    assert_eq!(codes(&unused).iter().filter(|c| **c == "unused-acceptance").count(), 1, "{unused:?}");
}

fn codes(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|l| Some(l.split_once('[')?.1.split_once(']')?.0)).collect()
}

/// A project in which nothing is wrong. Its version is not published, so it has no release notes.
fn clean() -> Project {
    let source = Repository::new();
    let files = GOOD.iter().filter(|(path, _)| !path.starts_with("release/"));
    files.for_each(|(path, text)| _ = source.write(path, text));
    source.commit("all");
    let settings = format!("source = \"{}\"\n", source.given());
    Project { ground: Ground::new().recipe("recipe.toml", &settings), source }
}

#[test]
fn the_exit_code_is_the_same_in_every_format() {
    let (clean, warned, wrong) = (clean(), project("", BROKEN), project("helth.path = \"/\"\n", BROKEN));
    let unseen = Ground::new().recipe("recipe.toml", "source = \"http://127.0.0.1:9/nothing\"\n");
    let unseen = Project { ground: unseen, source: Repository::new() };
    let deny: &[&str] = &["--deny-warnings"];
    // nothing, warnings, warnings that are denied, errors, a source that cannot be read
    let matrix: [(&Project, &[&str], i32); 6] = [
        (&clean, &[], 0),
        (&clean, deny, 0),
        (&warned, &[], 0),
        (&warned, deny, 2),
        (&wrong, &[], 2),
        (&unseen, &[], 3),
    ];
    std::thread::scope(|scope| {
        for format in FINDINGS_FORMATS.iter().map(|f| f.name).chain(["human"]) {
            scope.spawn(move || {
                for (n, (project, args, expected)) in matrix.iter().enumerate() {
                    let done = project.check(&[&["--format", format], *args].concat());
                    assert_eq!(done.code, Some(*expected), "{format}, row {n}: {}{}", done.out, done.err);
                }
            });
        }
    });
    let done = warned.check(&["--format", "sariff"]);
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("did you mean `sarif`?"), "{}", done.err);
}

/// What GitLab's documentation of code quality reports asks of each finding, as a schema.
fn schema_of_gitlab() -> Value {
    let text = json!({"type": "string", "minLength": 1});
    let begin = json!({"type": "integer", "minimum": 1});
    let line = json!({"type": "object", "required": ["begin"], "properties": {"begin": begin}});
    let location = json!({
        "type": "object",
        "required": ["path", "lines"],
        "properties": {"path": text, "lines": line},
    });
    json!({"type": "array", "minItems": 1, "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": text,
            "check_name": text,
            "fingerprint": text,
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": location,
        },
    }})
}

#[test]
fn findings_fit_our_schema_the_published_one_of_sarif_and_gitlabs() {
    let found = project("helth.path = \"/\"\n", BROKEN);
    let ours: Value = serde_json::from_str(&findings::schema()).unwrap();
    for (format, schema) in [("json", ours), ("sarif", schema_of_sarif()), ("gitlab", schema_of_gitlab())] {
        let value: Value = serde_json::from_str(&found.check(&["--format", format]).out).unwrap();
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        compiler.add_resource("schema.json", schema).unwrap();
        let schema = compiler.compile("schema.json", &mut schemas).unwrap();
        if let Err(e) = schemas.validate(&value, schema) {
            panic!("{format}: {e}");
        }
    }
}

/// The JSON Schema that OASIS publishes, from the sources of a crate.
fn schema_of_sarif() -> Value {
    let call =
        Command::new(env!("CARGO")).args(["metadata", "--format-version", "1", "--locked"]).output().unwrap();
    let metadata: Value = serde_json::from_slice(&call.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let manifest =
        packages.iter().find(|p| p["name"] == "serde-sarif").unwrap()["manifest_path"].as_str().unwrap();
    let schema = fs::read_to_string(manifest.replace("Cargo.toml", "src/schema.json")).unwrap();
    serde_json::from_str(&schema).unwrap()
}

#[test]
fn fixes_are_made_once_lose_no_comment_and_leave_nothing_to_fix() {
    let project = project("", BROKEN);
    let file = project.source.path().join("compose.yml");
    let diff = project.check(&["--diff"]);
    assert!(diff.out.contains("-    container_name: web\n"), "{}", diff.out);
    assert_eq!(fs::read_to_string(&file).unwrap(), BROKEN, "a diff changes nothing");
    let done = project.check(&["--fix"]);
    assert!(done.err.contains("/compose.yml: remove `!x`, remove `container_name`"), "{}", done.err);
    let fixed = fs::read_to_string(&file).unwrap();
    assert_eq!(fixed.matches('#').count(), BROKEN.matches('#').count(), "{fixed}");
    let gone: Vec<&str> = BROKEN.lines().filter(|l| !fixed.lines().any(|f| f == *l)).map(str::trim).collect();
    let expected = ["image: !x nginx:1.27.0", "container_name: web", "privileged: true", "restart: always"];
    assert_eq!(gone, expected, "{fixed}");
    let again = project.check(&["--fix"]);
    assert!(!again.err.contains("fixed "), "{}", again.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), fixed);
    assert!(project.check(&["--diff"]).out.is_empty());
}

#[test]
fn a_baseline_hides_what_it_has_and_tells_what_is_gone() {
    let project = project("", BROKEN);
    let before = project.short(&[]);
    assert_eq!(project.check(&["--write-baseline", "known.txt"]).code, Some(0));
    let mode = fs::metadata(project.ground.path("known.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644, "others may read it");
    assert!(project.short(&["--baseline", "known.txt"]).is_empty());
    let moved = BROKEN
        .replace("    container_name: web\n", "    tty: true\n")
        .replace("services:", "# more\nservices:");
    project.source.write("compose.yml", moved + "  new:\n    image: nginx:latest\n");
    let done = project.check(&["--baseline", "known.txt"]);
    assert!(done.err.contains("no longer found: 1"), "{}", done.err);
    let new = project.short(&["--baseline", "known.txt"]);
    assert!(new.iter().all(|l| l.contains(":2") || l.contains("new")), "{before:?} {new:?}");
    assert!(codes(&new).contains(&"moving-tag"), "{new:?}");
    let wrong = project.ground.ccci(&["check", "recipes/ghost", "--baseline", "recipes/ghost/recipe.toml"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("is no baseline: line 1"), "{}", wrong.err);
}

#[test]
fn the_settings_accept_and_deny_findings_and_an_entry_that_finds_nothing_is_told() {
    let plain = project("", BROKEN);
    assert!(codes(&plain.short(&[])).contains(&"moving-tag"));
    let accepted =
        project("[check.accept]\n\"moving-tag compose.yml\" = \"why\"\nowner-numbr = \"x\"\n", BROKEN);
    assert!(accepted.short(&[]).iter().any(|l| l.contains("there is no rule or code `owner-numbr`")));
    let accepted =
        project("[check.accept]\n\"moving-tag compose.yml\" = \"why\"\nimage-tag = \"why\"\n", BROKEN);
    let lines = accepted.short(&[]);
    assert!(!codes(&lines).contains(&"moving-tag"), "{lines:?}");
    assert!(
        lines.iter().any(|l| l.starts_with("warning[unused-acceptance] recipes/ghost/recipe.toml:4:1: ")),
        "{lines:?}"
    );
    let denied = project("check.deny = [\"moving-tag\"]\n", BROKEN);
    assert_eq!(denied.check(&[]).code, Some(2));
    assert!(denied.short(&[]).iter().any(|l| l.starts_with("error[moving-tag] ")));
}

/// A project in a repository, with the recipes `one` and `two`; the source of `two` is a directory of the project.
fn project_of_two() -> Repository {
    let project = Repository::new();
    project.write("recipes/one/recipe.toml", "source = \"https://git.example.org/one.git\"\n");
    project.write("recipes/two/recipe.toml", "source = \"../../sources/two\"\n");
    project.write("sources/two/compose.yml", BROKEN).write("README.md", "both\n");
    project.commit("all");
    project
}

#[test]
fn only_recipes_that_a_change_touches_are_checked() {
    let (project, ground) = (project_of_two(), Ground::new());
    let checked = |rev: &str| {
        let done = ground.with(&["check", "--changed", rev], |call| {
            call.current_dir(project.path());
        });
        (done.code, done.err)
    };
    let (code, said) = checked("HEAD");
    assert!(code == Some(0) && said.contains("nothing to check: no recipe differs from HEAD"), "{said}");
    project.write("README.md", "changed\n");
    assert!(checked("HEAD").1.contains("nothing to check"));
    // not committed, not even known to git
    project.write("recipes/one/hooks.rhai", "fn ready_probe(ctx) {\n    ctx.tcp(\"app\", 80)\n}\n");
    let said = checked("HEAD").1;
    assert!(said.contains("checked recipes/one: "), "{said}");
    project.write("sources/two/compose.yml", BROKEN.replace("stable", "1.27.0"));
    project.commit("both");
    assert!(checked("HEAD~1").1.contains("checked recipes/one, recipes/two: "));
    assert!(checked("HEAD").1.contains("nothing to check"));
    let (code, said) = checked("no-such-branch");
    assert!(code == Some(2) && said.contains("no revision `no-such-branch`"), "{said}");
}

/// A watch that ends with the test, whatever the test finds.
struct Watch(std::process::Child);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_watch_checks_again_after_a_change_and_ends_when_interrupted() {
    use std::io::{BufRead, BufReader};
    let project = project("", BROKEN);
    let mut call = Command::new(crate::bad_input::ground::program());
    project.ground.surround(call.args(["check", "recipes/ghost", "--watch"]));
    let piped = std::process::Stdio::piped;
    let mut watch = Watch(call.stdout(piped()).stderr(piped()).spawn().unwrap());
    let mut lines = BufReader::new(watch.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    // a file may be seen before it is written whole, and is then checked once more
    let mut says = |part: &str| lines.any(|l| l.starts_with("checked recipes/ghost: ") && l.contains(part));
    assert!(says("errors: 0"));
    fs::write(project.ground.path("recipes/ghost/recipe.toml"), "helth.path = \"/\"\n").unwrap();
    assert!(says("errors: 1"));
    let id = rustix::process::Pid::from_child(&watch.0);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(watch.0.wait().unwrap().code(), Some(130));
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    let ground = Ground::new();
    for args in [&["completions", "bash"][..], &["completions", "fish"], &["man"]] {
        let done = ground.ccci(args);
        assert_eq!(done.code, Some(0), "{args:?}: {}", done.err);
        for command in ["check", "run", "lsp", "new"] {
            assert!(done.out.contains(command), "{args:?} has no {command}");
        }
    }
    assert!(ground.ccci(&["man", "check"]).out.contains("deny"));
    let wrong = ground.ccci(&["man", "chekc"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("did you mean `check`?"), "{}", wrong.err);
}
