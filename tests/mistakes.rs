//! Mistakes that authors make, each with what `ccci check` prints: `docs/reference/mistakes.md` is made here. Every
//! message names the place and says what to do.

use crate::bad_input::ground::program;
use crate::golden;
use crate::repository::Repository;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

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
        "A number compared with a text",
        "custom/test_page.rhai",
        "fn test_page(ctx) {\n    assert(ctx.get(\"/\").status == \"200\");\n}\n",
        "always-same",
    ),
    (
        "A test in the wrong place",
        "test_login.rhai",
        "fn test_login(ctx) {\n    assert(ctx.get(\"/login\").ok);\n}\n",
        "misplaced-test",
    ),
    // the recipe
    ("A port that is none", "../../recipe/compose.yml", "    ports:\n      - \"80:http\"\n", "compose-shape"),
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

struct Project {
    repository: Repository,
}

impl Project {
    fn new() -> Project {
        let repository = Repository::new();
        GOOD.iter().for_each(|(path, content)| _ = repository.write(path, content));
        repository.commit("the recipe");
        Project { repository }
    }

    fn dir(&self) -> PathBuf {
        self.repository.around().join("recipes/blog")
    }

    fn write(&self, path: &str, content: &str) {
        let whole = self.dir().join(path);
        fs::create_dir_all(whole.parent().unwrap()).unwrap();
        fs::write(whole, content).unwrap();
    }

    /// Makes the mistake, and returns what `ccci check` prints.
    fn checked(&self, row: Option<&Row>) -> (Option<i32>, String) {
        self.write("recipe.toml", SOURCE);
        if let Some((_, path, content, id)) = row {
            match path.strip_prefix("../../recipe/") {
                Some(".env.sample") => self.secret(content),
                Some(path) => {
                    let (_, good) = GOOD.iter().find(|(known, _)| known == &path).unwrap();
                    // of a service, below `deploy`, or a label: the file ends with the labels of the service
                    let at = match content.len() - content.trim_start().len() {
                        4 => good.find("    healthcheck:").unwrap(),
                        6 => good.find("      labels:").unwrap(),
                        _ => good.len(),
                    };
                    self.repository.write(path, format!("{}{content}{}", &good[..at], &good[at..]));
                }
                None if *path == "recipe.toml" => self.write(path, &format!("{SOURCE}{content}")),
                None => self.write(path, content),
            }
            if *id == "contradiction" {
                self.write("recipe.toml", &format!("{SOURCE}backup.capable = false\n"));
            }
        }
        let mut call = Command::new(program());
        call.args(["check", "recipes/blog"]).current_dir(self.repository.around()).env("NO_COLOR", "1");
        let done = call.env("COLUMNS", "100").env("CCCI_HOME", self.repository.around()).output().unwrap();
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    }

    /// Adds a secret to the sample and to the compose file.
    fn secret(&self, line: &str) {
        self.repository.write(".env.sample", format!("{}{line}", GOOD[1].1));
        let use_it =
            "secrets:\n  token:\n    external: true\n    name: ${STACK_NAME}_token_${SECRET_TOKEN_VERSION}\n";
        self.repository.write("compose.yml", format!("{}{use_it}", GOOD[0].1));
    }
}

/// One mistake as the page shows it, and what is wrong with its message.
fn shown(row: &Row) -> (String, Vec<String>) {
    let (title, path, content, id) = row;
    let (code, said) = Project::new().checked(Some(row));
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
    if !matches!(code, Some(0 | 2)) {
        wrong.push(format!("{title}: exit code {code:?}\n{said}"));
    }
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

#[test]
fn thirty_mistakes_of_authors_are_told_with_their_place_and_what_to_do() {
    let (code, said) = Project::new().checked(None);
    assert_eq!((code, said.as_str()), (Some(0), "checked recipes/blog: errors: 0, warnings: 0\n"));
    let next = AtomicUsize::new(0);
    let all: Mutex<Vec<(usize, String, Vec<String>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let n = next.fetch_add(1, Ordering::SeqCst)
                    && let Some(row) = ROWS.get(n)
                {
                    let (text, wrong) = shown(row);
                    all.lock().unwrap().push((n, text, wrong));
                }
            });
        }
    });
    let mut all = all.into_inner().unwrap();
    all.sort();
    assert!(all.len() >= 30, "a row ended its thread");
    let wrong: Vec<&String> = all.iter().flat_map(|(.., wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.iter().map(|w| format!("{w}\n")).collect::<String>());
    let head = "<!-- made by tests/mistakes.rs; edit that file and run `CCCI_BLESS=1 cargo test mistakes` -->\n\n# Mistakes\n\n\
                What authors write by mistake, and what `ccci check` prints then. `ccci explain NAME` has a page on each finding.\n";
    let page: String =
        std::iter::once(head.to_string()).chain(all.into_iter().map(|(_, text, _)| text)).collect();
    golden::same(Path::new("docs/reference/mistakes.md"), &page);
}
