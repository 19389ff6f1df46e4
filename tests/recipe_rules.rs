//! The lint rung: each rule of abra's has a recipe that keeps it and one that breaks it, both made of `base` with some
//! files laid over it (`gone.txt` names files to leave out, `tags.txt` the tags). Other rules have examples in their row.

use crate::golden;
use ccci_model::diag::Severity;
use ccci_model::diag::Text;
use ccci_model::name::{Revision, Version};
use ccci_model::tier::Status;
use ccci_recipe::lint::{Check, LintInput, Outcome, RULES, Rule, lint, rung};
use ccci_recipe::source::{Files, Tag};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const FIXTURES: &str = "tests/fixtures/lint";

fn read(dir: &Path, into: &mut BTreeMap<String, String>) {
    for path in fs::read_dir(dir).unwrap().flatten().map(|e| e.path()).filter(|p| p.is_file()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        into.insert(name, fs::read_to_string(&path).unwrap());
    }
}

fn input(over: Option<&Path>) -> LintInput {
    let mut all = BTreeMap::new();
    read(&Path::new(FIXTURES).join("base"), &mut all);
    if let Some(dir) = over {
        read(dir, &mut all);
    }
    for gone in all.remove("gone.txt").unwrap_or_default().lines() {
        all.remove(gone).unwrap();
    }
    all.remove("findings.txt");
    let tags = all.remove("tags.txt").unwrap();
    let tags = tags.lines().map(|line| {
        let (name, kind) = line.split_once(' ').unwrap();
        Tag {
            name: name.into(),
            version: Version::parse(name).ok(),
            annotated: kind == "annotated",
            commit: Revision::parse(&"0".repeat(40)).unwrap(),
        }
    });
    let texts = all.into_iter().map(|(path, content)| (path.clone(), Arc::new(Text { path, content })));
    LintInput::new(Files { texts: texts.collect(), ..Files::default() }, tags.collect())
}

fn outcome(over: &Path, id: &str) -> Outcome {
    lint(&input(Some(over))).into_iter().find(|c| c.rule.code.id == id).unwrap().outcome
}

/// Rules that can be checked and have no examples in their row.
fn with_fixtures() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(|r| matches!(r.check, Check::Look(_)) && r.example.is_none())
}

#[test]
fn every_rule_of_abra_is_kept_by_one_recipe_and_broken_by_another() {
    for rule in with_fixtures() {
        let dir = Path::new(FIXTURES).join(rule.code.id);
        assert_eq!(outcome(&dir.join("good"), rule.code.id), Outcome::Satisfied, "{} good", rule.code.id);
        let bad = outcome(&dir.join("bad"), rule.code.id);
        assert!(matches!(bad, Outcome::Unsatisfied(_)), "{} bad: {bad:?}", rule.code.id);
        let lines = bad.lines().join("\n") + "\n";
        let file = dir.join("bad/findings.txt");
        if std::env::var_os("CCCI_BLESS").is_some() {
            fs::write(&file, &lines).unwrap();
        }
        let bless = "renew it with: CCCI_BLESS=1 cargo test recipe_rules";
        assert_eq!(
            fs::read_to_string(&file).ok().as_deref(),
            Some(lines.as_str()),
            "{}: {bless}",
            file.display()
        );
    }
}

#[test]
fn no_fixture_is_left_of_a_rule_that_is_gone() {
    for entry in fs::read_dir(FIXTURES).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(name == "base" || RULES.iter().any(|r| r.code.id == name), "{name}");
    }
}

#[test]
fn the_rows_are_unique_and_written_in_sentences() {
    let numbers: Vec<&str> = RULES.iter().filter_map(|r| r.abra).collect();
    // what the sixteenth asks is not known here
    let all: Vec<String> = (1..=15).map(|n| format!("R{n:03}")).collect();
    assert_eq!(numbers, all);
    for (i, rule) in RULES.iter().enumerate() {
        assert!(!RULES[..i].iter().any(|r| r.code.id == rule.code.id), "{}", rule.code.id);
        for text in [rule.code.doc, rule.doc] {
            assert!(text.starts_with(char::is_uppercase) || text.starts_with("abra"), "{text}");
            assert!(text.ends_with('.'), "{text}");
        }
    }
}

#[test]
fn only_the_rules_that_need_the_network_are_not_looked_at() {
    let unseen: Vec<&str> = lint(&input(None))
        .iter()
        .filter(|c| matches!(c.outcome, Outcome::NotLookedAt(_)))
        .filter_map(|c| c.rule.abra)
        .collect();
    assert_eq!(unseen, ["R006", "R013"]);
}

#[test]
fn the_rung_fails_on_errors_only_and_is_unproved_if_nothing_composes() {
    assert_eq!(rung(&lint(&input(None))), Status::Pass);
    for rule in with_fixtures() {
        let bad = lint(&input(Some(&Path::new(FIXTURES).join(rule.code.id).join("bad"))));
        let expected = if rule.code.severity == Severity::Error { Status::Fail } else { Status::Pass };
        assert_eq!(rung(&bad), expected, "{}", rule.code.id);
    }
    let mut broken = input(None).files;
    let text = Text { path: "compose.yml".into(), content: "services: [".into() };
    broken.texts.insert("compose.yml".into(), Arc::new(text));
    let checked = lint(&LintInput::new(broken, vec![]));
    assert_eq!(rung(&checked), Status::Unver);
    let app = checked.iter().find(|c| c.rule.code.id == "app-service").unwrap();
    assert!(
        app.outcome.lines()[0]
            .starts_with("compose.yml does not compose: error[yaml-syntax] compose.yml:1:11")
    );
}

/// Checks the newest folder of each recipe of the lab, without tags, because folders have none.
#[test]
fn the_recipes_of_the_lab_break_no_rule_that_fails_the_rung() {
    for recipe in fs::read_dir("dev/lab/recipes").unwrap().flatten().map(|e| e.path()).filter(|p| p.is_dir())
    {
        let newest =
            fs::read_dir(&recipe).unwrap().flatten().map(|e| e.path()).filter(|p| p.is_dir()).max().unwrap();
        let mut all = BTreeMap::new();
        read(&newest, &mut all);
        let texts = all.into_iter().map(|(path, content)| (path.clone(), Arc::new(Text { path, content })));
        let checked = lint(&LintInput::new(Files { texts: texts.collect(), ..Files::default() }, vec![]));
        let broken: Vec<String> = checked
            .iter()
            .filter(|c| c.rule.code.severity == Severity::Error && c.outcome != Outcome::Satisfied)
            .map(|c| format!("{}: {:?}", c.rule.code.id, c.outcome.lines()))
            .collect();
        assert!(broken.is_empty(), "{}: {broken:?}", newest.display());
    }
}

/// The recipes of the table: a folder for each version, and what is laid under it.
const RECIPES: &[(&str, Option<&str>)] = &[
    ("dev/lab/recipes/custom-html", None),
    ("dev/lab/recipes/mumble", None),
    ("dev/lab/recipes/wordpress", None),
    ("tests/fixtures/fullest", None),
    ("tests/canaries/well", Some(CANARY)),
    ("tests/canaries/config-unversioned", Some(CANARY)),
    ("tests/canaries/database-not-in-backup", Some(CANARY)),
    ("tests/canaries/job", Some(CANARY)),
    ("tests/canaries/labels-only", Some(CANARY)),
    ("tests/canaries/long-name", Some(CANARY)),
    ("tests/canaries/missing-image", Some(CANARY)),
    ("tests/canaries/old-backup-label", Some(CANARY)),
    ("tests/canaries/replicas-zero", Some(CANARY)),
    ("tests/canaries/same-image-new-tag", Some(CANARY)),
];
/// What canaries share.
const CANARY: &str = "tests/canaries/ground/repository";

/// The newest version of a recipe; the folders of the others are its tags.
fn newest(dir: &str, under: Option<&str>) -> LintInput {
    let folders = fs::read_dir(dir).unwrap().flatten().map(|e| e.path());
    let mut versions: Vec<_> = folders.filter(|p| p.is_dir() && !p.ends_with("recipe")).collect();
    versions.sort();
    let mut all = BTreeMap::new();
    for path in under.map(Path::new).into_iter().chain(versions.last().map(|p| &**p)) {
        read(path, &mut all);
    }
    let name =
        |p: &Path| p.file_name().unwrap().to_string_lossy().split_once('-').map(|(_, v)| v.to_string());
    let tags = versions.iter().filter_map(|p| name(p)).filter_map(|name| {
        let commit = Revision::parse(&"0".repeat(40)).unwrap();
        Version::parse(&name).ok().map(|v| Tag {
            name: name.clone(),
            version: Some(v),
            annotated: true,
            commit,
        })
    });
    let texts = all.into_iter().map(|(path, content)| (path.clone(), Arc::new(Text { path, content })));
    LintInput::new(Files { texts: texts.collect(), ..Files::default() }, tags.collect())
}

/// Each rule of abra's on recipes of this repository: `docs/reference/abra-rules.md`.
#[test]
fn the_table_of_abras_rules_is_what_they_say_of_fourteen_recipes() {
    let of_abra: Vec<&Rule> = RULES.iter().filter(|r| r.abra.is_some()).collect();
    let numbers = of_abra.iter().map(|r| r.abra.unwrap());
    let mut page = "<!-- made by tests/recipe_rules.rs; run `CCCI_BLESS=1 cargo test recipe_rules` -->\n\n# Rules of abra\n\n\
        What `ccci check` says by its counterparts of `abra recipe lint`, on recipes of this repository: `yes` is kept, a number \
        counts what was found, `-` is not looked at.\n\n"
        .to_string();
    page.push_str(&format!("| recipe | {} |\n", numbers.collect::<Vec<_>>().join(" | ")));
    page.push_str(&format!("|---|{}\n", "---|".repeat(of_abra.len())));
    for (dir, under) in RECIPES {
        let checked = lint(&newest(dir, *under));
        let cell =
            |rule: &&Rule| match &checked.iter().find(|c| c.rule.code.id == rule.code.id).unwrap().outcome {
                Outcome::Satisfied => "yes".to_string(),
                Outcome::Unsatisfied(findings) => findings.len().to_string(),
                Outcome::NotLookedAt(_) | Outcome::DoesNotApply | Outcome::Accepted(_) => "-".to_string(),
            };
        let cells: Vec<String> = of_abra.iter().map(cell).collect();
        let name = Path::new(dir).file_name().unwrap().to_string_lossy();
        page.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
    }
    page.push_str("\n| rule | name | what must be true |\n|---|---|---|\n");
    for rule in &of_abra {
        let why = match rule.check {
            Check::Never(why) => format!(" Not looked at: {why}."),
            _ => String::new(),
        };
        page.push_str(&format!("| {} | `{}` | {}{why} |\n", rule.abra.unwrap(), rule.code.id, rule.code.doc));
    }
    page.push_str(
        "\nabra has one more rule, R016. Its content is not known where ccci is built, so nothing stands for it here: it is \
         no finding of any recipe.\n",
    );
    assert!(RECIPES.len() >= 12);
    golden::same(Path::new("docs/reference/abra-rules.md"), &page);
}
