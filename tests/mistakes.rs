//! Mistakes that authors make, each with what `ccci check` prints: `docs/reference/mistakes.md` is made here. Every
//! message names the place and says what to do.

use crate::bad_input::ground::program;
use crate::golden;
use crate::project::{Project, checker};
use crate::repository::Repository;
use ccci_model::diag::fix::Safety;
use ccci_model::diag::{Severity, render};
use ccci_testkit::memory::MemoryRepository;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A recipe without a finding.
const GOOD: &[(&str, &str)] = &[
    (
        "compose.yml",
        "version: \"3.8\"\nservices:\n  app:\n    image: nginx:1.27.0\n    healthcheck:\n      test: [\"CMD\", \"nginx\", \"-t\"]\n    \
         deploy:\n      labels:\n        - \"traefik.enable=true\"\n        - \
         \"traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80\"\n        - \"coop-cloud.${STACK_NAME}.version=1.0.0+1.27.0\"\n",
    ),
    (".env.sample", "TYPE=blog\nDOMAIN=blog.example.com\n"),
    (
        "README.md",
        "# blog\n<!-- metadata -->\n* **Category**: Apps\n* **Status**: 4\n* **Image**: nginx\n* **Healthcheck**: Yes\n* **Backups**: \
         No\n* **Email**: No\n* **Tests**: Yes\n* **SSO**: No\n<!-- endmetadata -->\n",
    ),
];

/// The settings of the recipe directory.
const SOURCE: &str = "source = \"../../recipe\"\n";

/// A mistake: what it is, the file that has it, its text, and the name of the finding.
type Row = (&'static str, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    // settings
    ("A setting that does not exist", "recipe.toml", "helth.path = \"/up\"\n", "unknown-key"),
    ("A duration without a unit", "recipe.toml", "deploy.timeout = 10\n", "wrong-type"),
    ("A setting of older days", "recipe.toml", "BACKUP_CAPABLE = true\n", "removed-key"),
    ("A value that is the default", "recipe.toml", "health.path = \"/\"\n", "default-value"),
    (
        "A service that may end and does not exist",
        "recipe.toml",
        "may_end = { ap = \"ends after each batch\" }\n",
        "unknown-service",
    ),
    ("A base that was never published", "recipe.toml", "upgrade.base = \"0.9.0+1.26.0\"\n", "no-such-base"),
    (
        "A hook that a setting leaves out",
        "hooks.rhai",
        "fn backup_verify(ctx) {\n    ctx.get(\"/\").ok\n}\n",
        "contradiction",
    ),
    // scripts
    (
        "A hook with a slip in its name",
        "hooks.rhai",
        "fn pre_bakup(ctx) {\n    ctx.log(\"planting\");\n}\n",
        "unknown-hook",
    ),
    (
        "A hook with a parameter too many",
        "hooks.rhai",
        "fn pre_backup(ctx, page) {\n    ctx.log(\"planting\");\n}\n",
        "hook-arity",
    ),
    (
        "A hook that can end without its value",
        "hooks.rhai",
        "fn ready_probe(ctx) {\n    if ctx.get(\"/\").ok {\n        true\n    }\n}\n",
        "hook-return",
    ),
    (
        "A function that does not exist",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    assrt(ctx.get(\"/\").ok);\n}\n",
        "unknown-function",
    ),
    (
        "A member that does not exist",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    assert(ctx.gett(\"/\").ok);\n}\n",
        "unknown-member",
    ),
    (
        "An argument of a wrong type",
        "custom/test_page.rhai",
        "fn test_port(ctx) {\n    assert(ctx.tcp(\"app\", \"80\"));\n}\n",
        "argument-type",
    ),
    (
        "A span of time without a unit",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    eventually(\"30\", || ctx.get(\"/\").ok);\n}\n",
        "bad-argument",
    ),
    (
        "An option that does not exist",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    assert(ctx.get(\"/\", #{ folow: false }).status == 302);\n}\n",
        "unknown-option",
    ),
    (
        "A service that the app does not have",
        "hooks.rhai",
        "fn pre_backup(ctx) {\n    ctx.exec(\"ap\", [\"touch\", \"/data/mark\"]);\n}\n",
        "unknown-service",
    ),
    (
        "A test that asks and asserts nothing",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    ctx.get(\"/\");\n}\n",
        "test-asks",
    ),
    (
        "A test whose result is not used",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    ctx.get(\"/\").status == 200\n}\n",
        "test-return",
    ),
    (
        "An assertion that cannot fail",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    assert(true);\n}\n",
        "asserts-constant",
    ),
    (
        "A mark that nobody left",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    assert(ctx.get(\"/\").body == ctx.recall(\"planted\"));\n}\n",
        "mark-never-left",
    ),
    (
        "A call before there is an app",
        "hooks.rhai",
        "fn install_steps(ctx) {\n    ctx.exec(\"app\", [\"true\"]);\n}\n",
        "out-of-reach",
    ),
    (
        "A wait as a method",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    ctx.eventually(\"30s\", || ctx.get(\"/\").ok);\n}\n",
        "data-race",
    ),
    (
        "A variable that hides another",
        "hooks.rhai",
        "fn pre_backup(ctx) {\n    let path = \"/data/a\";\n    if ctx.get(\"/\").ok {\n        let path = \"/data/b\";\n        ctx.log(path);\n    }\n    ctx.log(path);\n}\n",
        "shadowed-variable",
    ),
    (
        "A line below a return",
        "hooks.rhai",
        "fn ready_probe(ctx) {\n    return ctx.get(\"/\").ok;\n    ctx.log(\"asked\");\n}\n",
        "unreachable",
    ),
    (
        "A number compared with a text",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    assert(ctx.get(\"/\").status == \"200\");\n}\n",
        "always-same",
    ),
    (
        "A statement without its end",
        "hooks.rhai",
        "fn pre_backup(ctx) {\n    let page = ctx.get(\"/\")\n    // planted\n    ctx.log(page.body);\n}\n",
        "script-syntax",
    ),
    (
        "A bracket that is never closed",
        "hooks.rhai",
        "fn pre_backup(ctx) {\n    if ctx.get(\"/\").ok {\n        ctx.log(\"up\");\n}\n",
        "script-syntax",
    ),
    (
        "A variable that nobody made",
        "hooks.rhai",
        "fn pre_backup(ctx) {\n    page = ctx.get(\"/\").body;\n    ctx.log(page);\n}\n",
        "unknown-variable",
    ),
    (
        "A text in single quotes",
        "hooks.rhai",
        "fn pre_backup(ctx) {\n    ctx.exec('app', [\"true\"]);\n}\n",
        "script-syntax",
    ),
    (
        "A single `=` in an assertion",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    assert(ctx.get(\"/\").status = 200);\n}\n",
        "script-syntax",
    ),
    (
        "A test in the wrong place",
        "test_login.rhai",
        "fn test_login(ctx) {\n    assert(ctx.get(\"/login\").ok);\n}\n",
        "misplaced-test",
    ),
    // the recipe
    ("A port that is none", "../../recipe/compose.yml", "    ports:\n      - \"80:http\"\n", "compose-shape"),
    (
        "A variable without a value",
        "../../recipe/compose.yml",
        "    environment:\n      - MAIL_HOST=${MAIL_HOST:?where mails go}\n",
        "missing-variable",
    ),
    ("A key that Swarm ignores", "../../recipe/compose.yml", "    container_name: blog\n", "compose-ignored"),
    (
        "An update that may stop half way",
        "../../recipe/compose.yml",
        "      update_config:\n        order: start-first\n",
        "update-failure",
    ),
    (
        "A middleware that nobody defines",
        "../../recipe/compose.yml",
        "        - \"traefik.http.routers.${STACK_NAME}.middlewares=${STACK_NAME}-redirect\"\n",
        "router-middleware",
    ),
    ("A secret of words", "../../recipe/.env.sample", "SECRET_TOKEN_VERSION=v1\n", "secret-length"),
];

/// The recipe with the mistake, if there is one.
fn project(row: Option<&Row>) -> Project {
    let mut all: Project =
        GOOD.iter().map(|(path, text)| (format!("recipe/{path}"), text.as_bytes().to_vec())).collect();
    let mut write = |path: &str, text: String| drop(all.insert(path.to_string(), text.into_bytes()));
    write("recipes/blog/recipe.toml", SOURCE.into());
    let Some((_, path, content, id)) = row else { return all };
    match path.strip_prefix("../../recipe/") {
        Some(".env.sample") => {
            // the secret is used
            let uses = "secrets:\n  token:\n    external: true\n    name: ${STACK_NAME}_token_${SECRET_TOKEN_VERSION}\n";
            write("recipe/.env.sample", format!("{}{content}", GOOD[1].1));
            write("recipe/compose.yml", format!("{}{uses}", GOOD[0].1));
        }
        Some(path) => {
            let (_, good) = GOOD.iter().find(|(known, _)| known == &path).unwrap();
            // of a service, below `deploy`, or a label: the file ends with the labels of the service
            let at = match content.len() - content.trim_start().len() {
                4 => good.find("    healthcheck:").unwrap(),
                6 => good.find("      labels:").unwrap(),
                _ => good.len(),
            };
            write(&format!("recipe/{path}"), format!("{}{content}{}", &good[..at], &good[at..]));
        }
        None if *path == "recipe.toml" => write("recipes/blog/recipe.toml", format!("{SOURCE}{content}")),
        None => write(&format!("recipes/blog/{path}"), (*content).to_string()),
    }
    if *id == "contradiction" {
        write("recipes/blog/recipe.toml", format!("{SOURCE}backup.capable = false\n"));
    }
    all
}

/// What `ccci check` prints of a project, without calling it.
fn printed(project: &Project) -> String {
    let all = checker().with(project, &MemoryRepository::default());
    let style = render::Style { colour: false, width: 100 };
    let mut out: String =
        all.iter().map(|d| format!("{}\n\n", render::render(d, style).trim_end())).collect();
    let errors = all.iter().filter(|d| d.severity == Severity::Error).count();
    out.push_str(&format!("\nchecked recipes/blog: errors: {errors}, warnings: {}", all.len() - errors));
    let mut fixable: Vec<&str> = all
        .iter()
        .filter_map(|d| d.fix.as_ref().filter(|f| f.safety == Safety::Safe))
        .flat_map(|f| f.edits.iter().map(|e| e.place.text.path.as_str()))
        .collect();
    fixable.dedup();
    if !fixable.is_empty() {
        out.push_str(&format!(", files that --fix would change: {}", fixable.len()));
    }
    out.trim_start().to_string() + "\n"
}

/// What the program prints of a project, and its exit code.
fn by_program(project: &Project) -> (Option<i32>, String) {
    let repository = Repository::new();
    for (path, content) in project {
        let whole = repository.around().join(path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::write(whole, content).unwrap();
    }
    repository.commit("the recipe");
    let mut call = Command::new(program());
    call.args(["check", "recipes/blog"]).current_dir(repository.around()).env("NO_COLOR", "1");
    let done = call.env("COLUMNS", "100").env("CCCI_HOME", repository.around()).output().unwrap();
    (done.status.code(), String::from_utf8(done.stderr).unwrap())
}

/// One mistake as the page shows it, and what is wrong with its message.
fn shown(row: &Row) -> (String, Vec<String>) {
    let (title, path, content, id) = row;
    let said = printed(&project(Some(row)));
    let mut wrong = vec![];
    let file = path.rsplit("../").next().unwrap_or(path);
    let needs =
        [(format!("{id}\n"), "its name"), (format!("{file}:"), "its place"), ("help: ".into(), "what to do")];
    wrong.extend(
        needs
            .iter()
            .filter(|(part, _)| !said.contains(part))
            .map(|(_, what)| format!("{title}: without {what}\n{said}")),
    );
    let language = path.rsplit('.').next().map_or("text", |end| if end == "sample" { "sh" } else { end });
    let file = file.trim_start_matches("recipe/");
    (
        format!(
            "\n## {title}\n\n`{file}`:\n\n```{language}\n{content}```\n\n```text\n{}\n```\n",
            said.trim_end()
        ),
        wrong,
    )
}

/// The page shows what the program prints: of the good recipe, of an error and of a warning it does.
#[test]
fn the_program_prints_what_the_page_of_mistakes_shows() {
    let (code, said) = by_program(&project(None));
    assert_eq!((code, said.as_str()), (Some(0), "checked recipes/blog: errors: 0, warnings: 0\n"));
    for (id, code) in [("unknown-member", 2), ("compose-ignored", 0)] {
        let row = ROWS.iter().find(|(.., of)| *of == id).unwrap();
        assert_eq!(by_program(&project(Some(row))), (Some(code), printed(&project(Some(row)))));
    }
}

#[test]
fn thirty_mistakes_of_authors_are_told_with_their_place_and_what_to_do() {
    let all: Vec<(String, Vec<String>)> = ROWS.iter().map(shown).collect();
    assert!(all.len() >= 30);
    let wrong: Vec<&String> = all.iter().flat_map(|(_, wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.iter().map(|w| format!("{w}\n")).collect::<String>());
    let head = "<!-- made by tests/mistakes.rs; edit that file and run `CCCI_BLESS=1 cargo test mistakes` -->\n\n# Mistakes\n\n\
                What authors write by mistake, and what `ccci check` prints then. `ccci explain NAME` has a page on each finding.\n";
    let page: String =
        std::iter::once(head.to_string()).chain(all.into_iter().map(|(text, _)| text)).collect();
    golden::same(Path::new("docs/reference/mistakes.md"), &page);
}
