//! A recipe that shows its secrets in every way it can, for memory and for Swarm, and the table of these ways.

use super::planted::written;
use crate::repository::Repository;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// A way out of a run.
pub(crate) struct Way {
    /// Written before every value that goes this way, with the secret's number: `said s7 …`.
    pub name: &'static str,
    /// The file of the record that contains it; `None` if it goes to a terminal.
    pub file: Option<&'static str>,
}

const fn way(name: &'static str, file: &'static str) -> Way {
    Way { name, file: Some(file) }
}

/// Every way out. Each secret goes all of them.
pub(crate) const WAYS: &[Way] = &[
    way("log-stdout", "logs/app.log"),
    way("log-stderr", "logs/app.log"),
    // the value is at the place where the engine splits a long line
    way("log-across-stdout", "logs/app.log"),
    way("log-across-stderr", "logs/app.log"),
    way("exec-stdout", "events.jsonl"),
    way("exec-stderr", "events.jsonl"),
    way("exec-failed", "events.jsonl"),
    way("job-stdout", "events.jsonl"),
    way("job-stderr", "events.jsonl"),
    way("page", "events.jsonl"),
    way("said", "events.jsonl"),
    way("printed", "events.jsonl"),
    way("recalled", "events.jsonl"),
    way("thrown", "junit.xml"),
    way("asserted", "results.json"),
    way("env", "compose.head.yml"),
    way("plan", "plan.json"),
    Way { name: "live", file: None },
];

const COMPOSE: &str = r#"version: "3.8"
services:
  app:
    image: nginx:1.25.0
    command: ["sh", "-c", "SHOW; exec nginx -g 'daemon off;'"]
    networks: [proxy]
    secrets: [SECRET_NAMES]
    configs:
      - source: written
        target: /written
      - source: written
        target: /usr/share/nginx/html/written.txt
      - source: marked
        target: /usr/share/nginx/html/marked.txt
      - source: server
        target: /etc/nginx/conf.d/default.conf
    environment:
SHOWN_ENV
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)"
        - "traefik.http.routers.${STACK_NAME}.entrypoints=web-secure"
        - "traefik.http.routers.${STACK_NAME}.tls.certresolver=${LETS_ENCRYPT_ENV}"
        - "coop-cloud.${STACK_NAME}.version=1.0.0+1.25.0"
networks:
  proxy:
    external: true
configs:
  written:
    name: ${STACK_NAME}_written_v1
    file: written.txt
  marked:
    name: ${STACK_NAME}_marked_v1
    file: marked.txt
  server:
    name: ${STACK_NAME}_server_v1
    file: server.conf
secrets:
"#;

/// What the app's container does: it writes every writing of every secret, each value alone, and each value with the
/// place where the engine splits a line in its middle.
const SHOW: &[&str] = &[
    // one stream after the other: if lines of two streams mixed, values of several lines would be broken up
    "across() { n=$$(wc -c < $$f); m=\\\" $$1 s$$i \\\"; head -c $$((16384 - n / 2 - $${#m})) /dev/zero | tr '\\\\0' x; printf '%s' \\\"$$m\\\"; cat $$f; echo; }",
    "each() { i=0; while [ -e /run/secrets/s$$i ]; do f=/run/secrets/s$$i; printf '%s s%s ' log-$$1 $$i; cat $$f; echo; across log-across-$$1; i=$$((i + 1)); done; }",
    "cat /written; each stdout",
    "sleep 1; { cat /written; each stderr; } >&2",
];

const HOOKS: &str = r#"
private fn marked(way) {
    let text = "";
    let i = 0;
    for s in global::SECRETS {
        text += `${way} s${i} ${s} `;
        i += 1;
    }
    text
}

fn extra_env(ctx) {
    let env = #{};
    let i = 0;
    for s in global::SECRETS {
        env[`SHOWN_${i}`] = `env s${i} ${s}`;
        i += 1;
    }
    env
}

fn install_steps(ctx) {
    let i = 0;
    for s in global::SECRETS {
        ctx.set_secret(`s${i}`, s);
        i += 1;
    }
}

fn pre_install(ctx) {
    let i = 0;
    for s in global::SECRETS {
        ctx.log(`live s${i} ${s}`);
        debug(s);
        ctx.remember("last", s);
        ctx.recall("last");
        ctx.try_exec("app", ["echo", s]);
        ctx.post("/written.txt", #{ password: s }, #{ json: true });
        try {
            ctx.exec("app", ["sh", "-c", "printf %s \"$1\" >&2; exit 3", "sh", `exec-failed s${i} ${s}`]);
        } catch (e) {
            ctx.log(`${e}`);
        }
        i += 1;
    }
    ctx.log(marked("said"));
    print(marked("printed"));
    ctx.remember("all", marked("recalled"));
    ctx.log(ctx.recall("all"));
    ctx.log(ctx.exec("app", ["printf", "%s", marked("exec-stdout")]).stdout);
    ctx.log(ctx.exec("app", ["sh", "-c", "printf %s \"$1\" >&2", "sh", marked("exec-stderr")]).stderr);
    ctx.log(ctx.run_job("shows", "nginx:1.25.0", ["printf", "%s", marked("job-stdout")]).stdout);
    let said = ctx.run_job("complains", "nginx:1.25.0", ["sh", "-c", "printf %s \"$1\" >&2", "sh", marked("job-stderr")]);
    ctx.log(said.stderr);
    ctx.log(ctx.get("/marked.txt").body);
    ctx.log(ctx.get("/marked.txt").header("x-planted"));
}

fn post_install(ctx) {
    ctx.log(ctx.exec("app", ["head", "-c", "20000", "/written"]).stdout);
    ctx.exec("app", "cat /written >&2");
    ctx.exec("app", "cat /run/secrets/*");
}
"#;

const LEAKS: &str = r#"
fn test_thrown(ctx) {
    let text = "";
    for i in 0..NUMBER { text += `thrown s${i} ` + ctx.secret(`s${i}`) + " "; }
    throw text;
}
fn test_throw(ctx) { throw ctx.exec("app", ["head", "-c", "3000", "/written"]).stdout; }
fn test_throw_map(ctx) { throw #{ password: ctx.secret("s0"), deep: [ctx.secret("s1")] }; }
fn test_assert(ctx) { assert(ctx.secret("s2") == ctx.secret("s3")); }
fn test_assert_page(ctx) { assert(ctx.get("/written.txt").body == ctx.secret("s4")); }
fn test_fail(ctx) { fail("the password is " + ctx.secret("s5")); }
fn test_exec(ctx) { ctx.exec("app", ["sh", "-c", "tail -c 3000 /written >&2; exit 3"]); }
fn test_json(ctx) { ctx.get("/written.txt").json(); }
fn test_parse(ctx) { parse_json(ctx.secret("s6")); }
fn test_name(ctx) { ctx.secret(ctx.secret("s7")); }
fn test_mark(ctx) { ctx.recall(ctx.secret("s8")); }
fn test_service(ctx) { ctx.exec(ctx.secret("s9"), ["true"]); }
fn test_logs(ctx) { assert(ctx.logs("app", 50) == ""); }
fn test_header(ctx) {
    let h = #{};
    h[ctx.secret("s10")] = "1";
    ctx.get("/", #{ headers: h });
}
fn test_method(ctx) { ctx.request(ctx.secret("s11"), "/", #{}); }
fn test_host(ctx) { ctx.get("http://" + ctx.secret("s35") + ".example.org/"); }
fn test_option(ctx) { ctx.get("/", #{ timeout: ctx.secret("s12") }); }
fn test_missing(ctx) {
    let m = #{};
    assert(m[ctx.secret("s13")] == 1);
}
fn test_eventually(ctx) { eventually("200ms", || { throw ctx.secret("s14") }); }
fn test_number(ctx) { parse_int(ctx.secret("s15")); }
fn test_env(ctx) { assert(ctx.env.NOPE == ctx.secret("s26")); }
fn test_hostile(ctx) { loop { ctx.log(ctx.secret("s16")); } }
fn test_hostile_memory(ctx) { let t = ctx.secret("s17"); loop { t += t; } }
"#;

/// The texts of every writing of every secret, one after the other.
pub(crate) fn all_written(all: &[String]) -> String {
    all.iter().flat_map(|s| written(s)).map(|w| format!("{}: {}\n", w.way, w.text)).collect()
}

/// Every secret with the mark of a way.
pub(crate) fn marked(way: &str, all: &[String]) -> String {
    all.iter().enumerate().map(|(i, s)| format!("{way} s{i} {s} ")).collect()
}

/// What the app's container writes about one secret alone: to standard output and to standard error.
pub(crate) fn shown(i: usize, secret: &str) -> [String; 2] {
    ["stdout", "stderr"].map(|stream| {
        let mark = format!(" log-across-{stream} s{i} ");
        let before = "x".repeat(16_384 - secret.len() / 2 - mark.len());
        format!("log-{stream} s{i} {secret}\n{before}{mark}{secret}\n")
    })
}

/// How many tests there are; all of them fail.
pub(crate) fn tests(all: &[String]) -> usize {
    LEAKS.matches("fn test_").count() + all.len() + 1
}

/// A repository, and a recipe directory next to it at `recipes/planted`.
pub(crate) fn made(all: &[String]) -> Repository {
    let repository = Repository::new();
    let names: Vec<String> = (0..all.len()).map(|i| format!("s{i}")).collect();
    let env: Vec<String> = (0..all.len()).map(|i| format!("      SHOWN_{i}: \"${{SHOWN_{i}}}\"")).collect();
    let mut compose = COMPOSE
        .replace("SHOW;", &format!("{};", SHOW.join("; ")))
        .replace("SECRET_NAMES", &names.join(", "))
        .replace("SHOWN_ENV", &env.join("\n"));
    let mut sample = "TYPE=planted\nDOMAIN=planted.example.com\nLETS_ENCRYPT_ENV=production\nCOMPOSE_FILE=\"compose.yml\"\n".to_string();
    for n in &names {
        let upper = n.to_uppercase();
        let name = format!("${{STACK_NAME}}_{n}_${{SECRET_{upper}_VERSION}}");
        writeln!(compose, "  {n}:\n    external: true\n    name: {name}").unwrap();
        writeln!(sample, "SECRET_{upper}_VERSION=v1").unwrap();
    }
    let server = format!(
        "server {{\n  listen 80;\n  root /usr/share/nginx/html;\n  add_header X-Planted \"{} {}\";\n  error_page 405 =200 $uri;\n}}\n",
        all[38],
        written(&all[0])[1].text
    );
    repository.write("compose.yml", &compose).write(".env.sample", &sample).write("server.conf", &server);
    repository.write("written.txt", all_written(all)).write("marked.txt", marked("page", all));
    repository.commit("planted");
    let own = directory(&repository);
    fs::create_dir_all(own.join("custom")).unwrap();
    let mut settings = format!("source = {:?}\nhealth.timeout = \"1m\"\n\n[env]\n", repository.given());
    for (i, s) in all.iter().enumerate() {
        // a JSON text is also a TOML text, except for the meaning of a dollar sign in an env file
        writeln!(settings, "PLAN_{i} = {}", serde_json::to_string(&format!("plan s{i} {s}")).unwrap())
            .unwrap();
    }
    fs::write(own.join("recipe.toml"), settings).unwrap();
    let values = serde_json::to_string(all).unwrap();
    fs::write(own.join("hooks.rhai"), format!("const SECRETS = {values};\n{HOOKS}")).unwrap();
    fs::write(own.join("custom/test_leaks.rhai"), LEAKS.replace("NUMBER", &all.len().to_string())).unwrap();
    let asserted = |i: usize| {
        format!(
            "fn test_asserted_{i}(ctx) {{ assert(\"asserted s{i} \" + ctx.secret(\"s{i}\") == \"\"); }}\n"
        )
    };
    fs::write(own.join("custom/test_asserted.rhai"), (0..all.len()).map(asserted).collect::<String>())
        .unwrap();
    let named = format!("fn test_{}(ctx) {{ fail(\"its name is a secret\"); }}\n", all[39]);
    fs::write(own.join(format!("custom/test_{}.rhai", all[39])), named).unwrap();
    repository
}

/// The recipe directory.
pub(super) fn directory(repository: &Repository) -> PathBuf {
    repository.around().join("recipes/planted")
}

/// Asserts that each secret went each way and was hidden there.
pub(crate) fn each_way_was_taken(all: &[String], of: impl Fn(Option<&str>) -> String) {
    for way in WAYS {
        let text = of(way.file);
        let untaken: Vec<usize> = (0..all.len())
            .filter(|i| !text.contains(&format!("{} s{i} {}", way.name, ccci_model::redact::DOTS)))
            .collect();
        assert!(untaken.is_empty(), "secrets {untaken:?} do not go the way `{}`, or not hidden", way.name);
    }
}
