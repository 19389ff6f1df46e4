//! EXAMPLES: each code that a text can raise has a bad example, which is found at its marks and nowhere else, and a good
//! one, of which nothing at all is said. Rules of the recipe have theirs in their own table.

use crate::project::{Mark, changed, checker, mark};
use ccci_model::diag::codes::CODES;
use std::collections::BTreeSet;

/// Codes of calls, of records and of ccci itself: no text of a project raises them. Tests of these names do.
const ELSEWHERE: &[(&str, &str)] = &[
    ("bad-flag", "tests/bad_input.rs"),
    ("bad-plan", "tests/tables.rs"),
    ("bad-record", "tests/tables.rs"),
    ("bad-tiers", "tests/tables.rs"),
    ("cannot-check", "tests/fixtures/scripts/entangled"),
    ("deprecated-key", "tests/fixtures/settings/deprecated-key"),
    ("empty-directory", "tests/fixtures/gathering/empty-directory"),
    ("hidden-script", "tests/fixtures/directories"),
    ("no-such-ref", "tests/fixtures/gathering"),
    ("no-source", "tests/fixtures/gathering"),
    ("not-a-repository", "tests/fixtures/gathering"),
    ("script-too-large", "tests/fixtures/scripts/too-large"),
    ("source-not-checked", "tests/tables.rs"),
    ("unknown-recipe", "tests/fixtures/gathering"),
    ("unreadable-file", "tests/fixtures/directories"),
];

/// A code, what raises it, and the same without the fault; in the form that `project::changed` reads.
type Row = (&'static str, &'static str, &'static str);

// flat table: may be long
const EXAMPLES: &[Row] = &[
    // settings
    ("toml-syntax", "==> recipe.toml\nhealth.path = «/up»\n", "==> recipe.toml\nhealth.path = \"/up\"\n"),
    ("unknown-key", "==> recipe.toml\n«helth».path = \"/up\"\n", "==> recipe.toml\nhealth.path = \"/up\"\n"),
    ("wrong-type", "==> recipe.toml\ndeploy.timeout = «10»\n", "==> recipe.toml\ndeploy.timeout = \"7m\"\n"),
    (
        "impossible-value",
        "==> recipe.toml\nhealth.path = «\"up\"»\n",
        "==> recipe.toml\nhealth.path = \"/up\"\n",
    ),
    (
        "removed-key",
        "==> recipe.toml\n«BACKUP_CAPABLE» = true\n",
        "==> recipe.toml\nbackup.capable = false\n",
    ),
    ("not-yet", "==> recipe.toml\n«deps» = [\"mail\"]\n", "==> recipe.toml\nhealth.path = \"/up\"\n"),
    (
        "unmentioned-variable",
        "==> recipe.toml\nenv.«SITE_TITEL» = \"x\"\n",
        "==> recipe.toml\nenv.SITE_TITLE = \"x\"\n",
    ),
    (
        "unused-acceptance",
        "==> recipe.toml\ncheck.accept = { «moving-tag» = \"the image has no versions\" }\n",
        "==> recipe.toml\ncheck.accept = { moving-tag = \"the image has no versions\" }\n==> recipe/compose.yml = image: nginx:1.27.1\n    image: nginx:stable\n",
    ),
    ("default-value", "==> recipe.toml\nhealth.«path = \"/\"»\n", "==> recipe.toml\nhealth.path = \"/up\"\n"),
    (
        "contradiction",
        "==> recipe.toml\nbackup.capable = «false»\n==> hooks.rhai\nfn backup_verify(ctx) {\n    ctx.get(\"/\").ok\n}\n",
        "==> hooks.rhai\nfn backup_verify(ctx) {\n    ctx.get(\"/\").ok\n}\n",
    ),
    (
        "bad-acceptance",
        "==> hooks.rhai\n«// ccci: accept unused-variable»\nfn pre_backup(ctx) {\n    ctx.log(\"x\");\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    // ccci: accept unused-variable shows how it is done\n    let x = 1;\n    ctx.log(\"x\");\n}\n",
    ),
    // the recipe directory
    (
        "unknown-file",
        "==> hook.rhai\n«»fn pre_backup(ctx) {\n    ctx.log(\"x\");\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"x\");\n}\n",
    ),
    (
        "misplaced-test",
        "==> test_login.rhai\n«»fn test_login(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n",
        "==> custom/test_login.rhai\nfn test_login(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "overlay-pins-image",
        "==> compose.ccci.yml\nversion: \"3.8\"\nservices:\n  app:\n    «image»: nginx:1.27.1\n",
        "==> compose.ccci.yml\nversion: \"3.8\"\nservices:\n  app:\n    environment:\n      - DEBUG=1\n",
    ),
    (
        "bad-version-file",
        "==> previous/VERSION\n«1.0»\n",
        "==> previous/VERSION\n1.0.0+1.27.0\n==> previous/compose.previous.yml\nversion: \"3.8\"\nservices:\n  app:\n    environment:\n      - DEBUG=1\n",
    ),
    (
        "stale-previous",
        "==> previous/VERSION\n«0.9.0+1.26.0»\n==> previous/compose.previous.yml\nversion: \"3.8\"\nservices:\n  app:\n    environment:\n      - DEBUG=1\n",
        "==> previous/VERSION\n1.0.0+1.27.0\n==> previous/compose.previous.yml\nversion: \"3.8\"\nservices:\n  app:\n    environment:\n      - DEBUG=1\n",
    ),
    // scripts
    (
        "script-syntax",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"x\" «\"y\"»);\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"x\" + \"y\");\n}\n",
    ),
    (
        "open-comment",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"x\");\n}\n«/*» the rest\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"x\");\n}\n/* the rest */\n",
    ),
    (
        "hidden-function",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(`\n}\nfn «ready_probe»(ctx) {\n    true\n}\n`);\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(`\n}`);\n}\nfn ready_probe(ctx) {\n    true\n}\n",
    ),
    (
        "deceptive-text",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"a«\u{202e}»b\");\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"a\\u202eb\");\n}\n",
    ),
    (
        "unknown-hook",
        "==> hooks.rhai\nfn «pre_bakup»(ctx) {\n    ctx.log(\"x\");\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"x\");\n}\n",
    ),
    (
        "hook-arity",
        "==> hooks.rhai\nfn «pre_backup»(ctx, page) {\n    ctx.log(\"x\");\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"x\");\n}\n",
    ),
    (
        "hook-return",
        "==> hooks.rhai\nfn «ready_probe»(ctx) {\n    \"yes\"\n}\n",
        "==> hooks.rhai\nfn ready_probe(ctx) {\n    ctx.get(\"/\").ok\n}\n",
    ),
    (
        "test-signature",
        "==> custom/test_page.rhai\nfn «test_page»() {\n    assert(1 + 1 == 2);\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "test-return",
        "==> custom/test_page.rhai\nfn «test_page»(ctx) {\n    ctx.get(\"/\").ok\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "test-empty",
        "==> custom/test_page.rhai\nfn «test_page»(ctx) {\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "test-asks",
        "==> custom/test_page.rhai\nfn «test_page»(ctx) {\n    ctx.get(\"/\");\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "mark-never-left",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").body == ctx.recall(«\"planted\"»));\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    ctx.remember(\"planted\", \"x\");\n    assert(ctx.get(\"/\").body == ctx.recall(\"planted\"));\n}\n",
    ),
    (
        "stray-code",
        "==> hooks.rhai\n«let» x = 1;\nfn pre_backup(ctx) {\n    ctx.log(\"x\");\n}\n",
        "==> hooks.rhai\nconst X = 1;\nfn pre_backup(ctx) {\n    ctx.log(`${global::X}`);\n}\n",
    ),
    (
        "duplicate-function",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"x\");\n}\nfn «pre_backup»(ctx) {\n    ctx.log(\"y\");\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.log(\"x\");\n}\nfn pre_restore(ctx) {\n    ctx.log(\"y\");\n}\n",
    ),
    (
        "duplicate-name",
        "==> hooks.rhai\nconst X = 1;\nconst «X» = 2;\nfn pre_backup(ctx) {\n    ctx.log(`${global::X}`);\n}\n",
        "==> hooks.rhai\nconst X = 1;\nconst Y = 2;\nfn pre_backup(ctx) {\n    ctx.log(`${global::X} ${global::Y}`);\n}\n",
    ),
    (
        "hides-builtin",
        "==> hooks.rhai\nprivate fn «assert»(x) {\n    x\n}\nfn ready_probe(ctx) {\n    assert(ctx.get(\"/\").ok)\n}\n",
        "==> hooks.rhai\nprivate fn holds(x) {\n    x\n}\nfn ready_probe(ctx) {\n    holds(ctx.get(\"/\").ok)\n}\n",
    ),
    (
        "shadowed-variable",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    let path = \"a\";\n    if ctx.get(\"/\").ok {\n        let «path» = \"b\";\n        ctx.log(path);\n    }\n    ctx.log(path);\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    let path = \"a\";\n    if ctx.get(\"/\").ok {\n        let other = \"b\";\n        ctx.log(other);\n    }\n    ctx.log(path);\n}\n",
    ),
    (
        "asserts-constant",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(«true»);\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "bad-argument",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    eventually(«\"30\"», || ctx.get(\"/\").ok);\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    eventually(\"30s\", || ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "unknown-option",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\", #{ «folow»: false }).ok);\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\", #{ follow: false }).ok);\n}\n",
    ),
    (
        "unknown-function",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    «assrt»(ctx.get(\"/\").ok);\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "unknown-variable",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    let answer = ctx.get(\"/\");\n    assert(answer.ok && «anser».status == 200);\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    let answer = ctx.get(\"/\");\n    assert(answer.ok && answer.status == 200);\n}\n",
    ),
    (
        "unknown-member",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.«gett»(\"/\").ok);\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "argument-count",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.«get»().ok);\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "argument-type",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.tcp(\"app\", «\"80\"»));\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.tcp(\"app\", 80));\n}\n",
    ),
    (
        "unknown-module",
        "==> hooks.rhai\nimport «\"lib/wizzard\"» as wizard;\nfn pre_backup(ctx) {\n    wizard::run(ctx);\n}\n==> lib/wizard.rhai\nfn run(ctx) {\n    ctx.log(\"x\");\n}\n",
        "==> hooks.rhai\nimport \"lib/wizard\" as wizard;\nfn pre_backup(ctx) {\n    wizard::run(ctx);\n}\n==> lib/wizard.rhai\nfn run(ctx) {\n    ctx.log(\"x\");\n}\n",
    ),
    (
        "import-form",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    «import» \"lib/wizard\" as wizard;\n    wizard::run(ctx);\n}\n==> lib/wizard.rhai\nfn run(ctx) {\n    ctx.log(\"x\");\n}\n",
        "==> hooks.rhai\nimport \"lib/wizard\" as wizard;\nfn pre_backup(ctx) {\n    wizard::run(ctx);\n}\n==> lib/wizard.rhai\nfn run(ctx) {\n    ctx.log(\"x\");\n}\n",
    ),
    (
        "import-circle",
        "==> hooks.rhai\nimport \"lib/a\" as a;\nfn pre_backup(ctx) {\n    a::run(ctx);\n}\n==> lib/a.rhai\nimport \"lib/b\" as b;\nfn run(ctx) {\n    b::run(ctx);\n}\n==> lib/b.rhai\nimport «\"lib/a\"» as a;\nfn run(ctx) {\n    a::run(ctx);\n}\n",
        "==> hooks.rhai\nimport \"lib/a\" as a;\nfn pre_backup(ctx) {\n    a::run(ctx);\n}\n==> lib/a.rhai\nimport \"lib/b\" as b;\nfn run(ctx) {\n    b::run(ctx);\n}\n==> lib/b.rhai\nfn run(ctx) {\n    ctx.log(\"x\");\n}\n",
    ),
    (
        "out-of-reach",
        "==> hooks.rhai\nfn install_steps(ctx) {\n    ctx.«exec»(\"app\", [\"true\"]);\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.exec(\"app\", [\"true\"]);\n}\n",
    ),
    (
        "no-tests",
        "==> custom/test_page.rhai\n«»private fn page(ctx) {\n    ctx.get(\"/\")\n}\n",
        "==> custom/test_page.rhai\nprivate fn page(ctx) {\n    ctx.get(\"/\")\n}\nfn test_page(ctx) {\n    assert(page(ctx).ok);\n}\n",
    ),
    (
        "nothing-called",
        "==> hooks.rhai\n«»// nothing yet\n",
        "==> lib/wizard.rhai\nfn run(ctx) {\n    ctx.log(\"x\");\n}\n==> hooks.rhai\nimport \"lib/wizard\" as wizard;\nfn pre_backup(ctx) {\n    wizard::run(ctx);\n}\n",
    ),
    (
        "data-race",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    «ctx».eventually(\"30s\", || ctx.get(\"/\").ok);\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    eventually(\"30s\", || ctx.get(\"/\").ok);\n}\n",
    ),
    (
        "always-same",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").status «==» \"200\");\n}\n",
        "==> custom/test_page.rhai\nfn test_page(ctx) {\n    assert(ctx.get(\"/\").status == 200);\n}\n",
    ),
    (
        "unreachable",
        "==> hooks.rhai\nfn ready_probe(ctx) {\n    return ctx.get(\"/\").ok;\n    «ctx».log(\"x\");\n}\n",
        "==> hooks.rhai\nfn ready_probe(ctx) {\n    ctx.log(\"x\");\n    return ctx.get(\"/\").ok;\n}\n",
    ),
    (
        "unused-variable",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    let «answer» = ctx.get(\"/\");\n    ctx.log(\"x\");\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    let answer = ctx.get(\"/\");\n    ctx.log(answer.body);\n}\n",
    ),
    (
        "unknown-service",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.exec(«\"ap\"», [\"true\"]);\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    ctx.exec(\"app\", [\"true\"]);\n}\n",
    ),
    (
        "unknown-secret",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    assert(ctx.secret(«\"db_pasword\"»).len() > 5);\n}\n",
        "==> hooks.rhai\nfn pre_backup(ctx) {\n    assert(ctx.secret(\"db_password\").len() > 5);\n}\n",
    ),
    // the source
    (
        "no-such-base",
        "==> recipe.toml\nupgrade.base = «\"0.9.0+1.26.0\"»\n",
        "==> recipe.toml\nupgrade.base = \"1.0.0+1.27.0\"\n",
    ),
    (
        "no-compose-file",
        "==> recipe/.env.sample + TYPE=blog\n«COMPOSE_FILE»=\"compose.yml:compose.mial.yml\"\n",
        "==> recipe/.env.sample + TYPE=blog\nCOMPOSE_FILE=\"compose.yml:compose.mail.yml\"\n==> recipe/compose.mail.yml\nversion: \"3.8\"\nservices:\n  app:\n    environment:\n      - MAIL=1\n",
    ),
    (
        "missing-file",
        "==> recipe/compose.yml = file: nginx.conf\n    file: «ngnix.conf»\n",
        "==> recipe/compose.yml = file: nginx.conf\n    file: ./nginx.conf\n",
    ),
    ("no-app-service", "==> recipe/compose.yml = app:\n  «web»:\n", "==> recipe/compose.yml = db:\n  web:\n"),
    (
        "yaml-syntax",
        "==> recipe/compose.yml = interval: 10s\n\t«i»nterval: 10s\n",
        "==> recipe/compose.yml = interval: 10s\n      interval: 11s\n",
    ),
    (
        "compose-shape",
        "==> recipe/compose.yml = retries: 5\n      retries: «five»\n",
        "==> recipe/compose.yml = retries: 5\n      retries: 6\n",
    ),
    (
        "missing-variable",
        "==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n      - MAIL=«${MAIL_HOST:?mail}»\n",
        "==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n      - MAIL=${MAIL_HOST:-mail}\n",
    ),
    (
        "bad-interpolation",
        "==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n      - \"MAIL=«${MAIL-HOST:»\"\n",
        "==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n      - \"MAIL=$${MAIL-HOST:\"\n",
    ),
    (
        "unset-variable",
        "==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n      - MAIL=«${MAIL_HOST}»\n",
        "==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n      - MAIL=${MAIL_HOST:-}\n",
    ),
    (
        "compose-ignored",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    «container_name»: blog\n",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    hostname: blog\n",
    ),
    (
        "compose-oddity",
        "==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n      - \"MAIL=«${DOMAIN:?must-have}»\"\n",
        "==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n      - \"MAIL=${DOMAIN:?must have}\"\n",
    ),
    (
        "routing-rule",
        "==> recipe/compose.yml = - \"traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)\"\n        - «\"traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`\"»\n",
        "==> recipe/compose.yml = - \"traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)\"\n        - \"traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`) && PathPrefix(`/a`)\"\n",
    ),
    (
        "env-syntax",
        "==> recipe/.env.sample + TYPE=blog\nMAIL«!»HOST=x\n",
        "==> recipe/.env.sample + TYPE=blog\n#MAIL!HOST=x\n",
    ),
    (
        "secret-modifier",
        "==> recipe/.env.sample = SECRET_DB_PASSWORD_VERSION=v1 # length=32\n«SECRET_DB_PASSWORD_VERSION»=v1 # lenght=32\n",
        "==> recipe/.env.sample = SECRET_DB_PASSWORD_VERSION=v1 # length=32\nSECRET_DB_PASSWORD_VERSION=v1 # length=24\n",
    ),
    (
        "name-too-long",
        "==> recipe/compose.yml = db:\n  «database-of-the-blog-which-has-a-rather-long-name»:\n",
        "==> recipe/compose.yml = db:\n  database:\n",
    ),
];

fn places(said: &[ccci_model::diag::Diagnostic], code: &str) -> Vec<Mark> {
    let mut out: Vec<Mark> = said.iter().filter(|d| d.code.id == code).map(mark).collect();
    out.sort();
    out
}

#[test]
fn every_bad_example_of_a_code_is_found_at_its_marks_and_nothing_is_said_of_the_good_one() {
    let mut wrong = vec![];
    for (code, bad, good) in EXAMPLES {
        let (project, marks) = changed(bad);
        let said = checker().check(&project);
        let found = places(&said, code);
        if marks.is_empty() || found != marks {
            let all: Vec<_> = said.iter().map(|d| (d.code.id, mark(d), &d.message)).collect();
            wrong.push(format!("{code}: marked {marks:?}\n    found {found:?}\n    of {all:?}"));
        }
        let (project, _) = changed(good);
        let said = checker().check(&project);
        wrong.extend(said.iter().map(|d| format!("{code}, good: {} {:?} {}", d.code.id, mark(d), d.message)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_bad_and_a_good_example_or_is_of_no_text() {
    let rows: BTreeSet<&str> = EXAMPLES.iter().map(|(code, ..)| *code).collect();
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
    let all: BTreeSet<&str> = CODES.iter().map(|c| c.id).collect();
    let without: Vec<_> = all.difference(&rows).filter(|code| !elsewhere.contains(*code)).collect();
    assert!(without.is_empty(), "no example of {without:?}");
    let unknown: Vec<_> = rows.union(&elsewhere).filter(|code| !all.contains(*code)).collect();
    assert!(unknown.is_empty(), "no codes: {unknown:?}");
    assert!(rows.is_disjoint(&elsewhere));
    for (code, path) in ELSEWHERE {
        assert!(std::path::Path::new(path).exists(), "{code}: {path}");
    }
}
