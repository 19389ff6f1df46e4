//! What `ccci check` costs: one recipe in a process of its own, and hundreds of recipes in one call, each with a git
//! repository as its source. For comparison `dclint`, a linter for compose files, on the same files, if npm can install it.

use super::figures::{Figures, table};
use super::folder::copy;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How many recipes are checked in one call.
const RECIPES: usize = 300;
/// How often one recipe is checked.
const COLD: usize = 20;
/// Time and memory that are aimed at, for one recipe and for all.
const GOALS: [&str; 2] = ["20 ms, 30 MB", "1 s on two cores"];
/// The linter that is compared.
const DCLINT: &str = "dclint@3.1.0";

/// Makes each measurement, all recipes `rounds` times.
pub(crate) fn run(rounds: usize) {
    println!("Check: {RECIPES} recipes, each with a repository of two versions");
    let dir = tempfile::tempdir().unwrap();
    (0..RECIPES).for_each(|n| make(dir.path(), n));
    let one = ["check", "recipes/r000"].map(str::to_string).to_vec();
    let all: Vec<String> = std::iter::once("check".to_string()).chain(names("recipes/r")).collect();
    let ccci = Path::new(env!("CARGO_BIN_EXE_ccci"));
    let mut rows = vec![
        row("ccci check, one recipe", ccci, &one, dir.path(), COLD, GOALS[0]),
        row(&format!("ccci check, {RECIPES} recipes"), ccci, &all, dir.path(), rounds, GOALS[1]),
    ];
    match dclint() {
        Ok(program) => {
            let one = vec!["source/r000/compose.yml".to_string()];
            let all: Vec<String> = names("source/r").map(|d| format!("{d}/compose.yml")).collect();
            rows.push(row("dclint, one compose file", &program, &one, dir.path(), COLD, "-"));
            rows.push(row(&format!("dclint, {RECIPES} files"), &program, &all, dir.path(), rounds, "-"));
        }
        Err(why) => println!("  not compared with {DCLINT}: {why}"),
    }
    table(&["what", "median (least to most)", "peak memory", "goal"], &rows);
}

fn names(start: &str) -> impl Iterator<Item = String> + '_ {
    (0..RECIPES).map(move |n| format!("{start}{n:03}"))
}

fn row(what: &str, program: &Path, args: &[String], at: &Path, times: usize, goal: &str) -> Vec<String> {
    let mut wall = Figures::default();
    for _ in 0..times {
        let began = Instant::now();
        let status = quiet(Command::new(program).args(args).current_dir(at)).status().unwrap();
        wall.add(began.elapsed());
        // a linter may find something
        assert!(status.code().is_some_and(|code| code < 3), "{what}: {status}");
    }
    vec![what.to_string(), wall.shown(), peak(program, args, at), goal.to_string()]
}

/// The most memory that a call has at a time. The kernel tells it to the parent of a process alone, so the program
/// `time` has to be its parent.
fn peak(program: &Path, args: &[String], at: &Path) -> String {
    let mut time = Command::new("time");
    time.args(["-f", "%M"]).arg(program).args(args).current_dir(at);
    let Ok(done) = time.stdin(Stdio::null()).stdout(Stdio::null()).output() else { return "?".into() };
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let kb = said.lines().last().and_then(|line| line.parse::<f64>().ok());
    kb.map_or("?".into(), |kb| format!("{:.1} MB", kb / 1_000.0))
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// Makes a recipe like `wordpress`: its repository with two versions, and its directory.
fn make(dir: &Path, n: usize) {
    let (source, recipe) = (dir.join(format!("source/r{n:03}")), dir.join(format!("recipes/r{n:03}")));
    copy(Path::new("recipes/wordpress"), &recipe);
    let settings = fs::read_to_string(recipe.join("recipe.toml")).unwrap();
    let lines = settings.lines().map(|line| match line.starts_with("source = ") {
        true => format!("source = \"../../source/r{n:03}\"\n"),
        false => format!("{line}\n"),
    });
    fs::write(recipe.join("recipe.toml"), lines.collect::<String>()).unwrap();
    let mut versions: Vec<PathBuf> =
        fs::read_dir("dev/lab/recipes/wordpress").unwrap().flatten().map(|e| e.path()).collect();
    versions.sort();
    fs::create_dir_all(&source).unwrap();
    git(&source, &["init", "-q", "-b", "main"]);
    for version in versions {
        copy(&version, &source);
        git(&source, &["add", "-A"]);
        git(&source, &["commit", "-q", "-m", "a version"]);
        let name = version.file_name().unwrap().to_string_lossy().into_owned();
        let (_, tag) = name.split_once('-').unwrap();
        git(&source, &["tag", "-a", tag, "-m", tag]);
    }
}

fn git(at: &Path, args: &[&str]) {
    let own = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"];
    assert!(quiet(Command::new("git").args(own).args(args).current_dir(at)).status().unwrap().success());
}

/// Installs the linter below `target/`, and returns its program, or why there is none.
fn dclint() -> Result<PathBuf, String> {
    let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dclint");
    let program = at.join("node_modules/.bin/dclint");
    if !program.exists() {
        fs::create_dir_all(&at).map_err(|e| e.to_string())?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix"]).arg(&at);
        let done = quiet(npm.arg(DCLINT)).status().map_err(|e| format!("npm: {e}"))?;
        if !done.success() || !program.exists() {
            return Err(format!("npm: {done}"));
        }
    }
    let works = quiet(Command::new(&program).arg("--version")).status().is_ok_and(|s| s.success());
    works.then_some(program).ok_or_else(|| "it does not start".into())
}
