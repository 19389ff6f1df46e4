//! A recipe that shows its secrets in every way it can, on a real Swarm. Run when `CCCI_SWARM` is set (`make test`).

use super::everything_below;
use super::planted::{Needles, secrets, written};
use ccci_model::redact::DOTS;
use ccci_report::REPORTS;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const COMPOSE: &str = r#"version: "3.8"
services:
  app:
    image: nginx:1.25.0
    command: ["sh", "-c", "cat /written; cat /written >&2; for f in /run/secrets/*; do cat $$f; echo; done; exec nginx -g 'daemon off;'"]
    networks: [proxy]
    secrets: [SECRET_NAMES]
    configs:
      - source: written
        target: /written
      - source: written
        target: /usr/share/nginx/html/written.txt
      - source: server
        target: /etc/nginx/conf.d/default.conf
    environment:
      - PLANTED=PLANTED_VALUE
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
  server:
    name: ${STACK_NAME}_server_v1
    file: server.conf
secrets:
"#;

const HOOKS: &str = r#"
fn install_steps(ctx) {
    let i = 0;
    for s in global::SECRETS {
        ctx.set_secret(`s${i}`, s);
        i += 1;
    }
}

fn pre_install(ctx) {
    for s in global::SECRETS {
        ctx.log(s);
        print(s);
        debug(s);
        ctx.remember("last", s);
        ctx.recall("last");
        ctx.try_exec("app", ["echo", s]);
        ctx.post("/written.txt", #{ password: s }, #{ json: true });
    }
    ctx.log(ctx.exec("app", ["head", "-c", "20000", "/written"]).stdout);
    ctx.exec("app", "cat /written >&2");
    ctx.exec("app", "cat /run/secrets/*");
    ctx.log(ctx.get("/written.txt").header("x-planted"));
}
"#;

const LEAKS: &str = r#"
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
fn test_host(ctx) { ctx.get("http://" + ctx.secret("s25") + ".example.org/"); }
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

fn recipe(dir: &Path, all: &[String]) {
    let repository = dir.join("planted");
    fs::create_dir(&repository).unwrap();
    let names: Vec<String> = (0..all.len()).map(|i| format!("s{i}")).collect();
    // one of the generated kind, as YAML would take the others for something else
    let mut compose = COMPOSE.replace("SECRET_NAMES", &names.join(", ")).replace("PLANTED_VALUE", &all[29]);
    let mut sample = "TYPE=planted\nDOMAIN=planted.example.com\nLETS_ENCRYPT_ENV=production\nCOMPOSE_FILE=\"compose.yml\"\n".to_string();
    for n in &names {
        let upper = n.to_uppercase();
        write!(
            compose,
            "  {n}:\n    external: true\n    name: ${{STACK_NAME}}_{n}_${{SECRET_{upper}_VERSION}}\n"
        )
        .unwrap();
        writeln!(sample, "SECRET_{upper}_VERSION=v1").unwrap();
    }
    let texts: String =
        all.iter().flat_map(|s| written(s)).map(|w| format!("{}: {}\n", w.way, w.text)).collect();
    let server = format!(
        "server {{\n  listen 80;\n  root /usr/share/nginx/html;\n  add_header X-Planted \"{} {}\";\n  error_page 405 =200 $uri;\n}}\n",
        all[28],
        written(&all[0])[1].text
    );
    for (name, text) in [
        ("compose.yml", &compose),
        (".env.sample", &sample),
        ("written.txt", &texts),
        ("server.conf", &server),
    ] {
        fs::write(repository.join(name), text).unwrap();
    }
    for words in [
        &["init", "-q", "-b", "main"][..],
        &["add", "."],
        &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "planted"],
    ] {
        assert!(Command::new("git").arg("-C").arg(&repository).args(words).status().unwrap().success());
    }
    let own = dir.join("recipes/planted");
    fs::create_dir_all(own.join("custom")).unwrap();
    fs::write(
        own.join("recipe.toml"),
        format!("source = {:?}\nhealth.timeout = \"1m\"\n", repository.display().to_string()),
    )
    .unwrap();
    let values = serde_json::to_string(all).unwrap();
    fs::write(own.join("hooks.rhai"), format!("const SECRETS = {values};\n{HOOKS}")).unwrap();
    fs::write(own.join("custom/test_leaks.rhai"), LEAKS).unwrap();
}

fn ccci(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ccci"))
        .args(words)
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap()
}

#[test]
fn a_recipe_that_shows_its_secrets_in_every_way_shows_none() {
    if std::env::var_os("CCCI_SWARM").is_none() {
        println!("NOT RUN: a recipe that shows its secrets needs a Swarm; `make test` runs it");
        return;
    }
    let (all, dir) = (secrets(), tempfile::tempdir().unwrap());
    let needles = Needles::of(&all);
    recipe(dir.path(), &all);
    let (own, record) = (dir.path().join("recipes/planted"), dir.path().join("record"));
    let (own, record) = (own.to_str().unwrap(), record.to_str().unwrap());
    let out = ccci(&["run", own, "--format", "json", "--out", record]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(1), "{said}");
    needles.not_in("standard error", &out.stderr);
    needles.not_in("standard output", &out.stdout);
    let dots = everything_below(Path::new(record), &needles);
    let results: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let custom = results["tiers"].as_array().unwrap().iter().find(|t| t["name"] == "custom").unwrap();
    let tests = custom["tests"].as_array().unwrap();
    let failed = tests.iter().filter(|t| t["status"] == "fail").count();
    assert_eq!((tests.len(), failed), (LEAKS.matches("fn test_").count(), tests.len()), "{said}");
    assert_eq!(
        results["rungs"]["install"], "pass",
        "the pages and hooks that show them were reached: {said}"
    );
    assert_eq!(results["leftovers"], serde_json::json!([]), "hostile tests do not keep removal away");
    let log = fs::read_to_string(Path::new(record).join("logs/app.log")).unwrap();
    assert!(
        log.matches(DOTS).count() > 800 && log.contains("base64 of JSON"),
        "the log was full of them: {log}"
    );
    let text = fs::read_to_string(Path::new(record).join("events.jsonl")).unwrap();
    assert!(!text.contains("secret_found"), "the last scan found one");
    println!("{} needles in no file and no stream; {dots} dots stand in their places", needles.len());
    for format in REPORTS {
        let out = ccci(&["report", record, "--format", format.name]);
        needles.not_in(format.name, &[out.stdout, out.stderr].concat());
    }
    for words in [&["why", record][..], &["report", "diff", record, record]] {
        let out = ccci(words);
        needles.not_in(words[0], &[out.stdout, out.stderr].concat());
    }
}
