//! Proves the rules by their examples, and by cases that lie at the border of a rule: what is marked is found, and nothing
//! else.

use super::{Check, LintInput, Outcome, RULES, Revision, Rule, Upgrade, lint, lint_for, rung, upgrade};
use crate::compose_files;
use crate::source::{Files, Tag};
use ccci_model::diag::{Diagnostic, Text};
use ccci_model::name::{Revision as Commit, Version};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The files of an example, without marks.
fn files(example: &str) -> Files {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut path = "compose.yml".to_string();
    for line in example.lines() {
        if let Some(name) = line.strip_prefix("==> ") {
            let (name, size) = name.split_once(' ').unwrap_or((name, "0"));
            path = name.to_string();
            all.insert(path.clone(), "x".repeat(size.parse().unwrap()));
            continue;
        }
        let line = line.replace(['«', '»'], "").replace("\\r", "\r");
        let content = all.entry(path.clone()).or_default();
        content.push_str(&line);
        content.push('\n');
    }
    let text = |(path, content): (String, String)| (path.clone(), Arc::new(Text { path, content }));
    Files { texts: all.into_iter().map(text).collect(), ..Files::default() }
}

/// The tags of an example, which are no file.
fn tags(files: &mut Files) -> Vec<Tag> {
    let text = files.texts.remove("tags").map(|t| t.content.clone()).unwrap_or_default();
    let tag = |name: &str| Tag {
        name: name.into(),
        version: Version::parse(name).ok(),
        annotated: true,
        commit: Commit::parse(&"0".repeat(40)).unwrap(),
    };
    text.lines().map(tag).collect()
}

/// The marked texts, each with its file and line.
fn marked(example: &str) -> Vec<(String, usize, String)> {
    let (mut out, mut path, mut n) = (vec![], "compose.yml".to_string(), 0);
    for line in example.lines() {
        n += 1;
        if let Some(name) = line.strip_prefix("==> ") {
            (path, n) = (name.to_string(), 0);
        }
        let marks = line.split('«').skip(1).filter_map(|rest| Some(rest.split_once('»')?.0));
        out.extend(marks.map(|text| (path.clone(), n, text.to_string())));
    }
    out.sort();
    out
}

/// What a rule finds in an example: file, line and the text of the range.
fn found(rule: &'static Rule, example: &str) -> Vec<(String, usize, String)> {
    let mut all = files(example);
    let tags = tags(&mut all);
    let diagnostics = match rule.check {
        Check::Upgrade(_) => of_upgrade(all),
        _ => lint(&LintInput::new(all, tags))
            .iter()
            .inspect(|c| assert!(c.rule.code.id != rule.code.id || !blind(&c.outcome), "{:?}", c.outcome))
            .flat_map(|c| c.diagnostics())
            .collect(),
    };
    let of_rule = diagnostics.into_iter().filter(|d| d.code.id == rule.code.id);
    let mut out: Vec<_> = of_rule
        .map(|d| {
            let place = d.place.unwrap();
            let text = place.text.content[place.range.clone()].to_string();
            (place.text.path.clone(), place.line_column().0, text)
        })
        .collect();
    out.sort();
    out
}

fn blind(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::NotLookedAt(_))
}

/// The files below `base/` are the installed version; its sample is the env.
fn of_upgrade(all: Files) -> Vec<Diagnostic> {
    let base = Files { texts: all.below("base"), ..Files::default() };
    let mut head = all;
    head.texts.retain(|path, _| !path.starts_with("base/"));
    let input = |files: &Files| LintInput::new(files.clone(), vec![]);
    let (old, new) = (input(&base), input(&head));
    let env = old.sample.as_ref().map(|s| s.map()).unwrap_or_default();
    assert!(compose_files::read(&env, &head).is_ok());
    let first = |i: &'_ LintInput| i.compositions[0].composed.clone().expect("it composes");
    let (before, now) = (first(&old), first(&new));
    upgrade(&Upgrade {
        base: Revision { files: &base, composed: &before },
        head: Revision { files: &head, composed: &now },
        env: Some(&env),
    })
}

#[test]
fn every_bad_example_is_found_at_its_marks_and_every_good_one_is_silent() {
    let with_examples = RULES.iter().filter_map(|r| Some((r, r.example?)));
    for (rule, example) in with_examples {
        let marks = marked(example.bad);
        assert!(!marks.is_empty() && !example.good.contains('«'), "{}", rule.code.id);
        assert_eq!(found(rule, example.bad), marks, "{}", rule.code.id);
        assert_eq!(found(rule, example.good), vec![], "{}", rule.code.id);
    }
}

#[test]
fn every_rule_that_looks_has_an_example_or_a_counterpart_in_abra() {
    for rule in RULES {
        assert!(rule.example.is_some() || rule.abra.is_some(), "{}", rule.code.id);
    }
}

// flat table: may be long
/// Rules, and texts in the form of examples.
const CASES: &[(&str, &[&str])] = &[
    (
        "config-executable",
        &[
            "services:\n  app:\n    image: x\n    entrypoint: [/bin/sh, /run.sh]\n    configs:\n      - {source: c, target: /run.sh}\nconfigs:\n  c: {file: c}\n==> c\n#!/bin/sh\n",
            "services:\n  app:\n    image: x\n    entrypoint: [sh, -ec, exec /run.sh now]\n    configs:\n      - {source: «c», target: /run.sh}\nconfigs:\n  c: {file: c}\n==> c\n#!/bin/sh\n",
            "services:\n  app:\n    image: x\n    entrypoint: [/sbin/tini, --]\n    command: /run.sh\n    configs:\n      - {source: «c», target: run.sh, mode: 0444}\nconfigs:\n  c: {file: c}\n==> c\n#!/bin/sh\n",
            "services:\n  app:\n    image: x\n    command: /run.sh\n    configs:\n      - {source: «c», target: /run.sh}\nconfigs:\n  c: {file: c}\n==> c\n#!/bin/sh\n",
            "services:\n  app:\n    image: x\n    command: /x.conf\n    configs:\n      - {source: c, target: /x.conf}\nconfigs:\n  c: {file: c}\n==> c\nport 1\n",
            "services:\n  app:\n    image: x\n    healthcheck: {test: [CMD, /check.sh]}\n    configs:\n      - {source: «c», target: /check.sh}\nconfigs:\n  c: {file: c}\n==> c\n#!/bin/sh\n",
            "services:\n  app:\n    image: x\n    healthcheck: {test: sh /check.sh}\n    configs:\n      - {source: c, target: /check.sh}\nconfigs:\n  c: {file: c}\n==> c\n#!/bin/sh\n",
            "services:\n  app:\n    image: x\n    entrypoint: /run/secrets/s\n    secrets: [«s»]\nsecrets:\n  s: {external: true}\n",
        ],
    ),
    (
        "octal-mode",
        &[
            "services:\n  app:\n    image: x\n    configs:\n      - {source: c, mode: 365}\n      - {source: c, target: /b, mode: 0o440}\n      - {source: c, target: /d, mode: «755»}\nconfigs:\n  c: {file: c}\n",
        ],
    ),
    (
        "port-collision",
        &[
            "services:\n  a:\n    image: x\n    ports: [{target: 80, published: 80, mode: host}]\n  b:\n    image: x\n    ports: [{target: 80, published: 80, mode: host}]\n",
            "services:\n  a:\n    image: x\n    ports: [{target: 80, published: 80, mode: host}]\n  b:\n    image: x\n    ports: [«\"80:80\"»]\n",
            "services:\n  a:\n    image: x\n    ports: [\"80\", \"81\", \"53:53/udp\", \"53:53\"]\n  b:\n    image: x\n    ports: [\"80\"]\n",
        ],
    ),
    (
        "port-address",
        &[
            "services:\n  a:\n    image: x\n    ports: [\"0.0.0.0:80:80\", \"[::]:81:80\", «\"[::1]:82:80\"»]\n",
        ],
    ),
    (
        "container-labels",
        &[
            "services:\n  a:\n    image: x\n    labels: {traefik.enable: \"true\"}\n    deploy:\n      labels: {traefik.enable: \"true\"}\n",
            "services:\n  a:\n    image: x\n    labels:\n      org.example: x\n      coop-cloud.x.version: «\"1\"»\n",
        ],
    ),
    (
        "unset-dollar",
        &[
            "==> .env.sample\nA=\"«$B»\"\nB=1\nC=$B\n",
            "==> .env.sample\nCOMPOSE_FILE=\"compose.yml\"\nCOMPOSE_FILE=\"$COMPOSE_FILE:compose.x.yml\"\n",
            "==> .env.sample\nA=\\$X\nB=1 # costs $FIVE\nC=$lower\n#D=$E\nF=${DOMAIN}\nG=100$\nH='$X'\n",
            "==> .env.sample\nA=«$2»y$10$abc\n",
        ],
    ),
    (
        "script-bytes",
        &[
            "services:\n  a:\n    image: x\n    configs: [c, d]\nconfigs:\n  c: {file: c}\n  d: {file: d}\n==> c\nkey = 1\\r\n==> d\n#!/bin/sh\n«exit»\\r\n",
            "services:\n  a:\n    image: x\n    configs: [c]\nconfigs:\n  c: {file: c}\n==> c\n«\u{feff}»#!/bin/sh\n",
        ],
    ),
    (
        "least-resources",
        &[
            "services:\n  a:\n    image: x\n    deploy:\n      resources:\n        limits: {cpus: \"0\", memory: 4M}\n        reservations: {cpus: «\"0.0001\"»}\n",
        ],
    ),
    (
        "database-dump",
        &[
            "services:\n  db:\n    image: postgres:16\n    volumes: [d:/d]\nvolumes:\n  d:\n",
            "services:\n  db:\n    image: postgres:16\n    volumes: [d:/d]\n  app:\n    image: x\n    deploy:\n      labels: {backupbot.backup: \"true\", backupbot.backup.pre-hook: pg_dump -h db}\nvolumes:\n  d:\n",
        ],
    ),
    (
        "new-variable",
        &[
            "==> base/compose.yml\nservices: {a: {image: x}}\n==> compose.yml\nservices:\n  a:\n    image: x:${NEW:?}\n==> .env.sample\nNEW=1\n==> release/next\nAdd NEW to the env.\n",
            "==> base/compose.yml\nservices: {a: {image: x}}\n==> compose.yml\nservices:\n  a:\n    image: x\n    environment: [\"A=«${NEW}»\", \"B=$EMPTY\", \"C=${GIVEN}\"]\n==> .env.sample\nNEW=1\nEMPTY=\nGIVEN=1\n==> base/.env.sample\nGIVEN=1\n",
        ],
    ),
    (
        "kept-object",
        &[
            "==> base/compose.yml\nservices: {a: {image: x}}\nnetworks: {n: {external: true}}\n==> compose.yml\nservices: {a: {image: x}}\nnetworks: {n: {internal: true}}\n",
            "==> base/compose.yml\nservices: {a: {image: x}}\nvolumes: {v: {driver_opts: {o: a}}, w: }\n==> compose.yml\nservices: {a: {image: x}}\nvolumes: {v: {name: other, driver_opts: {o: b}}, w: {driver: «nfs»}}\n",
        ],
    ),
    (
        "healthcheck-program",
        &[
            "services:\n  s0:\n    image: x\n    healthcheck: {test: [«CMD»]}\n  s1:\n    image: x\n    healthcheck: {test: [CMD, \"\"]}\n  s2:\n    image: x\n    healthcheck: {test: [CMD-SHELL]}\n  s3:\n    image: x\n    healthcheck: {test: [NONE]}\n  s4:\n    image: x\n    healthcheck: {test: []}\n  s5:\n    image: x\n    healthcheck: {test: CMD}\n",
        ],
    ),
    (
        "healthcheck-form",
        &[
            "services:\n  s0:\n    image: x\n    healthcheck: {test: [«CMD-SHELL»]}\n  s1:\n    image: x\n    healthcheck: {test: [CMD-SHELL, curl, «-f», x]}\n  s2:\n    image: x\n    healthcheck: {test: [CMD-SHELL, 'test \"$$0\" = a', a]}\n  s3:\n    image: x\n    healthcheck: {test: [CMD]}\n  s4:\n    image: x\n    healthcheck: {test: [NONE]}\n  s5:\n    image: x\n    healthcheck: {test: []}\n  s6:\n    image: x\n    healthcheck: {test: «NONE»}\n  s7:\n    image: x\n    healthcheck: {test: «'[\"CMD\", \"curl\"]'»}\n",
            "services:\n  s0:\n    image: x\n    healthcheck: {test: [CMD, «curl -f x»]}\n  s1:\n    image: x\n    healthcheck: {test: [CMD, /bin/check]}\n  s2:\n    image: x\n    healthcheck: {test: [CMD, «/bin/check -v»]}\n  s3:\n    image: x\n    healthcheck: {test: [CMD, \"/opt/my app/check\"]}\n",
            "services:\n  s0:\n    image: x\n    healthcheck: {test: [CMD, sh, -c, \"a || b\"]}\n  s1:\n    image: x\n    healthcheck: {test: [CMD, sh, -c, a, «\"||\"», b]}\n  s2:\n    image: x\n    healthcheck: {test: [CMD, expr, \"1\", \"|\", \"2\"]}\n  s3:\n    image: x\n    healthcheck: {test: [CMD, a, \"b|c\"]}\n  s4:\n    image: x\n    healthcheck: {test: [CMD, /usr/bin/wget, x, «\"|\"», grep, y]}\n",
            "services:\n  s0:\n    image: x\n    healthcheck: {test: [CMD, pg_isready, -U, «$$POSTGRES_USER»]}\n  s1:\n    image: x\n    healthcheck: {test: [CMD, mysqladmin, ping, «\"-p$${MYSQL_PASSWORD}\"»]}\n  s2:\n    image: x\n    healthcheck: {test: [CMD, /own, $$USER]}\n  s3:\n    image: x\n    healthcheck: {test: [CMD, sh, -c, pg_isready -U $$USER]}\n  s4:\n    image: x\n    healthcheck: {test: [CMD, mongosh, \"{$$eq: 1}\"]}\n",
        ],
    ),
    (
        "healthcheck-wait",
        &[
            "services:\n  a:\n    image: x\n    healthcheck: {interval: 5m, start_period: 1m, test: x}\n  b:\n    image: x\n    healthcheck: {interval: «61s», test: x}\n  c:\n    image: x\n    healthcheck: {interval: 5m}\n",
        ],
    ),
    (
        "image-reference",
        &[
            "services:\n  a:\n    image: localhost/a:1\n  b:\n    image: r:5000/a/b_c:1@sha256:0000000000000000000000000000000000000000000000000000000000000000\n  c:\n    image: «a b:1»\n  d:\n    image: «a:1:2»\n  e:\n    image: Registry/a:1\n  f:\n    image: «\"a:${NONE}\"»\n  g:\n    image: «nginx:-1»\n",
        ],
    ),
    (
        "host-path",
        &[
            "services:\n  a:\n    image: x\n    volumes: [\"${DATA:-/srv}:/d\", «\"/running:/g\"», \"/:/f\", \"/var/run/x.sock:/x\", «\"/srv:/e\"», \"./h:/h\"]\n  b:\n    image: x\n    deploy: {mode: global}\n    volumes: [\"/srv:/e\"]\n  c:\n    image: x\n    deploy: {placement: {constraints: [node.role == manager, node.hostname == a]}}\n    volumes: [\"/srv:/e\"]\n  d:\n    image: x\n    deploy: {placement: {constraints: [node.role == manager]}}\n    volumes:\n      - type: bind\n        source: «/srv»\n        target: /e\n",
        ],
    ),
    (
        "dump-pipe",
        &[
            "services:\n  a:\n    image: x\n    deploy:\n      labels: {backupbot.backup: \"true\", backupbot.backup.pre-hook: «pg_dump a | gzip > b»}\n  b:\n    image: x\n    deploy:\n      labels: {backupbot.backup.pre-hook: pg_dump a | gzip > b}\n  c:\n    image: x\n    deploy:\n      labels: {backupbot.backup: \"true\", backupbot.backup.pre-hook: bash -o pipefail -c 'pg_dump a | gzip > b'}\n",
        ],
    ),
    (
        "update-order",
        &[
            "services:\n  db:\n    image: postgres:16\n    deploy: {update_config: {order: start-first}}\n  d2:\n    image: r.example.com/mysql:8\n    volumes: [\"/srv:/d\"]\n    deploy: {update_config: {order: «start-first»}}\n  d3:\n    image: mysql:8\n    volumes: [\"vol:/d:ro\"]\n    deploy: {update_config: {order: start-first}}\n  d4:\n    image: mysql:8\n    volumes: [\"vol:/d\"]\nvolumes:\n  vol:\n",
        ],
    ),
    (
        "stop-grace",
        &[
            "services:\n  a:\n    image: mongo:7\n    stop_grace_period: 10s\n  b:\n    image: mongo:7\n  c:\n    image: mongo:7\n    stop_grace_period: «9s»\n",
        ],
    ),
    (
        "timeout-start",
        &[
            "services:\n  a:\n    image: x\n    healthcheck: {test: x, start_period: 2m}\n    deploy:\n      labels:\n        coop-cloud.a.timeout: «\"60\"»\n        coop-cloud.b.timeout: \"120\"\n        coop-cloud.c.timeout: soon\n        other.timeout: \"1\"\n",
            "services:\n  a:\n    image: x\n    healthcheck: {disable: true}\n    deploy:\n      labels: {coop-cloud.a.timeout: \"1\"}\n",
        ],
    ),
    (
        "shared-alias",
        &[
            "services:\n  a:\n    image: x\n    networks: {p: {aliases: [«a», \"${STACK_NAME}\"]}, q: {aliases: [b]}}\nnetworks:\n  p: {external: {name: proxy}}\n  q: {external: true}\n",
            "services:\n  a:\n    image: x\n    networks: {proxy: {aliases: [a]}}\nnetworks:\n  proxy:\n",
        ],
    ),
    (
        "proxy-port",
        &[
            "services:\n  app:\n    image: x\n    ports: [\"443:443/udp\", \"80\", «\"443:443\"»]\n    networks: [proxy]\n    deploy:\n      labels:\n        - traefik.enable=true\n        - traefik.http.services.a.loadbalancer.server.port=80\nnetworks: {proxy: {external: true}}\n",
            "services:\n  app:\n    image: traefik:v3.1\n    ports: [\"80:80\"]\n    networks: [proxy]\n    deploy:\n      labels:\n        - traefik.enable=true\n        - traefik.http.services.a.loadbalancer.server.port=80\nnetworks: {proxy: {external: true}}\n",
            "services:\n  app:\n    image: x\n    ports: [\"80:80\"]\n    deploy:\n      labels:\n        - traefik.enable=true\n        - traefik.http.services.a.loadbalancer.server.port=80\n",
            "services:\n  app:\n    image: x\n    ports: [\"80:80\"]\n    networks: [proxy]\nnetworks: {proxy: {external: true}}\n",
        ],
    ),
    (
        "router-service",
        &[
            "services:\n  app:\n    image: x\n    deploy:\n      labels:\n        - traefik.enable=true\n        - traefik.http.services.a.loadbalancer.server.port=80\n        - traefik.http.routers.r.service=other\n        - traefik.http.routers.r2.service=${STACK_NAME}-app\n        - traefik.http.routers.r3.service=${STACK_NAME}-x@swarm\n        - «traefik.tcp.routers.r.service=${STACK_NAME}»\n        - traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80\n        - traefik.HTTP.Routers.r4.Service=${STACK_NAME}\n",
            "services:\n  app:\n    image: x\n    deploy:\n      labels:\n        traefik.enable: \"true\"\n        traefik.http.routers.a.service: «${STACK_NAME}-b»\n  b1:\n    image: x\n    deploy:\n      labels:\n        traefik.http.routers.a.service: ${STACK_NAME}-b\n",
            "==> .env.sample\nCOMPOSE_FILE=compose.yml\n==> compose.yml\nservices:\n  app:\n    image: x\n    deploy:\n      labels:\n        - traefik.enable=true\n        - traefik.http.services.a.loadbalancer.server.port=80\n        - traefik.http.routers.r.service=${STACK_NAME}-y\n==> compose.y.yml\nservices:\n  app:\n    image: x\n    deploy:\n      labels:\n        - traefik.enable=true\n        - traefik.http.services.a.loadbalancer.server.port=80\n        - traefik.http.services.${STACK_NAME}-y.loadbalancer.server.port=80\n",
        ],
    ),
    (
        "router-middleware",
        &[
            "services:\n  app:\n    image: x\n    deploy:\n      labels:\n        - traefik.enable=true\n        - traefik.http.services.a.loadbalancer.server.port=80\n        - traefik.http.routers.r.middlewares=a,b@file,${STACK_NAME}-c\n        - traefik.http.middlewares.${STACK_NAME}-C.headers.sslhost=x\n        - «traefik.http.middlewares.z.chain.middlewares=${STACK_NAME}-d»\n",
            "services:\n  app:\n    image: x\n    deploy:\n      labels:\n        - traefik.enable=true\n        - traefik.http.services.a.loadbalancer.server.port=80\n        - traefik.http.routers.r.middlewares=${NONE}${STACK_NAME}-c\n        - traefik.http.middlewares.${STACK_NAME}-c.headers.sslhost=x\n",
        ],
    ),
    (
        "router-port",
        &[
            "services:\n  a:\n    image: x\n    ports: [\"80\"]\n    deploy: {labels: [traefik.enable=true]}\n  b:\n    image: x\n    deploy: {labels: [traefik.enable=true, traefik.http.routers.b.service=api@internal]}\n  c:\n    image: x\n    deploy: {labels: [traefik.enable=false]}\n  d:\n    image: x\n    deploy: {labels: {traefik.enable: «\"true\"»}}\n  e:\n    image: x\n    deploy: {labels: [traefik.enable=true, traefik.tcp.services.e.loadbalancer.server.port=22]}\n",
        ],
    ),
    (
        "router-host",
        &[
            "==> .env.sample\nDOMAIN=x\n==> compose.yml\nservices:\n  app:\n    image: x\n    deploy:\n      labels:\n        - traefik.enable=true\n        - traefik.http.services.a.loadbalancer.server.port=80\n        - traefik.http.routers.a.rule=PathPrefix(`/a`)\n        - traefik.http.routers.b.rule=Host(`${DOMAIN}`) || Host(`b.example.com`)\n        - «traefik.http.routers.c.rule=PathPrefix(`/a`) && Host(`c.example.com`)»\n        - traefik.tcp.routers.d.rule=HostSNI(`*`)\n",
            "services:\n  app:\n    image: x\n    deploy:\n      labels:\n        - traefik.enable=true\n        - traefik.http.services.a.loadbalancer.server.port=80\n        - traefik.http.routers.a.rule=Host(`a.example.com`)\n",
        ],
    ),
    (
        "secret-length",
        &[
            "==> .env.sample\nSECRET_A_VERSION=v1\nSECRET_B_VERSION=v1 # generate=false\nSECRET_C_VERSION=v1\n«SECRET_C_VERSION»=v2\n==> compose.yml\nservices: {a: {image: x}}\nsecrets:\n  b: {external: true, name: \"b_${SECRET_B_VERSION}\"}\n  c: {external: true, name: \"c_${SECRET_C_VERSION}\"}\n",
        ],
    ),
    (
        "unused-version",
        &[
            "==> .env.sample\nSECRET_A_VERSION=v1\n#SECRET_A_VERSION=v2\nSECRET_B_VERSION=v1\nOTHER_VERSION=1\n«SECRET_C_VERSION»=v1\n==> abra.sh\nexport D_VERSION=v1\nexport E=1\nexport «C_VERSION»=v1\nf() { echo $D_VERSION; }\n==> compose.yml\nservices: {a: {image: x}}\n#  ${SECRET_A_VERSION}\n==> app.tmpl\n{{ env \"SECRET_B_VERSION\" }}\n==> README.md\nSECRET_C_VERSION\n",
        ],
    ),
    (
        "yaml-number",
        &[
            "services:\n  a:\n    image: x\n    environment: {A: «0x10», B: 1, C: 1.5, D: «1e3», E: «2026-01-31», F: yes, G: '022', H: 08:30, I: «1_000», J: \"${J:-022}\", K: -1, L: 1.2.3}\n    deploy:\n      labels:\n        b: «1.0»\n        c: 12\n",
        ],
    ),
    (
        "release-notes",
        &[
            "==> tags\n1.0.0+1\n==> release/0.9.0+1\n«»x\n==> release/1.0.0+1\nx\n==> release/1.1.0+1\nx\n==> release/next\nx\n==> release/notes\nx\n==> compose.yml\nservices: {a: {image: x}}\n",
            "==> release/0.9.0+1\nx\n==> compose.yml\nservices: {a: {image: x}}\n",
        ],
    ),
    (
        "merged-key",
        &[
            "x-a: &a\n  environment: [A=1]\n  labels: {a: b}\n  ports: [\"1\"]\nservices:\n  app:\n    <<: *a\n    image: x\n    environment: [A=1, B=2]\n    «labels»: {c: d}\n    «ports»: []\n",
            "x-a: &a\n  environment: [A=1]\nx-b: &b\n  environment: {B: \"1\"}\nservices:\n  app:\n    <<: [*a, *b]\n    image: x\n  db:\n    <<: *b\n    image: x\n    «environment»: [C=1]\n",
        ],
    ),
    (
        "major-notes",
        &[
            "==> tags\n1.0.0+1\n2.0.0+1\n==> compose.yml\nservices: {a: {image: x}}\n==> release/2.0.0+1\nx\n",
            "==> tags\n1.0.0+1\n2.0.0+1\n2.1.0+1\n==> compose.yml\nservices: {a: {image: x}}\n",
            "==> tags\n1.0.0+1\n==> compose.yml\nservices:\n  a:\n    image: x\n    deploy: {labels: {coop-cloud.x.version: 1.1.0+1}}\n",
        ],
    ),
    (
        "version-bump",
        &[
            "==> base/compose.yml\nservices:\n  a:\n    image: a:1\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.0+1\n==> compose.yml\nservices:\n  a:\n    image: a:1\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.1+1\nsecrets:\n  «token»:\n    external: true\n  file:\n    file: compose.yml\n",
            "==> base/compose.yml\nservices:\n  a:\n    image: a/b:v1.9\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.0+1\n==> compose.yml\nservices:\n  a:\n    image: «a/b:v2.0»\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.5+2\n",
            "==> base/compose.yml\nservices:\n  a:\n    image: a:1.9\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.0+1\n==> compose.yml\nservices:\n  a:\n    image: a:2.0\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.1.0+2\n",
            "==> base/compose.yml\nservices:\n  a:\n    image: a:1.9\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.0+1\n==> compose.yml\nservices:\n  a:\n    image: a:2.0\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.0+1\n",
            "==> base/compose.yml\nservices:\n  a:\n    image: a:2025.1\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.0+1\n==> compose.yml\nservices:\n  a:\n    image: a:2026.1\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.1+1\n",
            "==> base/compose.yml\nservices:\n  a:\n    image: a:1\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.0+1\n==> compose.yml\nservices:\n  a:\n    image: b:2\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.1+1\n",
            "==> base/compose.yml\nservices:\n  a:\n    image: a:3\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.0+1\n==> compose.yml\nservices:\n  a:\n    image: a:2\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.1+1\n",
            "==> base/compose.yml\nservices:\n  a:\n    image: r:5000/a\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.0+1\n==> compose.yml\nservices:\n  a:\n    image: r:5001/a\n    deploy:\n      labels:\n        - coop-cloud.x.version=1.0.1+1\n",
        ],
    ),
];

#[test]
fn the_borders_of_the_rules_are_where_the_marks_say() {
    for (id, cases) in CASES {
        let rule = RULES.iter().find(|r| r.code.id == *id).unwrap();
        for case in *cases {
            assert_eq!(found(rule, case), marked(case), "{id}: {case}");
        }
    }
}

#[test]
fn rules_of_coop_cloud_do_not_apply_to_another_stack() {
    let name = ccci_model::name::RecipeName::parse("a").unwrap();
    let mut recipe = crate::settings::Recipe::defaults(name);
    let input = LintInput::new(files("services: {web: {image: \"nginx:1\"}}\n"), vec![]);
    let result = |recipe: &crate::settings::Recipe, id: &str| {
        let all = lint_for(&input, recipe);
        all.iter().find(|c| c.rule.code.id == id).map(|c| c.outcome.name()).unwrap()
    };
    assert_eq!(result(&recipe, "env-sample"), "unsatisfied");
    recipe.app = "web".into();
    for id in super::OF_COOP_CLOUD {
        assert_eq!(result(&recipe, id), "does not apply");
    }
    assert_eq!(result(&recipe, "healthcheck"), "unsatisfied");
    assert_eq!(rung(&lint_for(&input, &recipe)), ccci_model::tier::Status::Pass);
}

#[test]
fn a_tagged_commit_has_the_version_of_its_tag_in_the_label() {
    let with = |label: &str| {
        let text = format!(
            "==> tags\n1.0.0+1\n1.1.0+2\n==> compose.yml\nservices:\n  app:\n    image: x\n    deploy:\n      labels:\n        - coop-cloud.x.version={label}\n"
        );
        let mut all = files(&text);
        let mut tags = tags(&mut all);
        tags[1].commit = Commit::parse(&"1".repeat(40)).unwrap();
        let input = LintInput::new(all, tags).at(Commit::parse(&"1".repeat(40)).unwrap());
        let of_rule = lint(&input).into_iter().find(|c| c.rule.code.id == "version-label").unwrap();
        of_rule.outcome.lines().join("\n")
    };
    assert_eq!(with("1.1.0+2"), "");
    assert!(with("1.0.0+1").contains("is tagged `1.1.0+2`, and the label says `1.0.0+1`"));
    assert!(with("1.2.0+2").contains("is tagged `1.1.0+2`"));
}

#[test]
fn an_optional_file_is_judged_without_what_another_may_bring() {
    let all = "==> compose.yml\nservices: {app: {image: x}}\n==> .env.sample\nDOMAIN=x.example.com\n#SMTP_HOST=mail\n\
               ==> compose.smtp.yml\nservices:\n  app:\n    privileged: true\n    environment: [\"H=${SMTP_HOST:?}\", \
               \"U=${SMTP_USER}\"]\n==> compose.sso.yml\nservices:\n  app:\n    secrets: [of_another_file]\n\
               ==> compose.key.yml\nservices:\n  app:\n    environment: [\"K=${KEY:?}\"]\n==> compose.bad.yml\nservices: [\n";
    let said = LintInput::new(files(all), vec![]).of_optional_files();
    let said: Vec<String> = said.iter().map(ccci_model::diag::render::one_line).collect();
    let begins = [
        "error[yaml-syntax] compose.bad.yml:",
        "warning[missing-variable] compose.key.yml:3:",
        "warning[compose-ignored] compose.smtp.yml:3:5: Swarm ignores `privileged`",
        "warning[unset-variable] compose.smtp.yml:4:",
    ];
    assert_eq!(said.len(), begins.len(), "{said:#?}");
    assert!(said.iter().zip(begins).all(|(line, begin)| line.starts_with(begin)), "{said:#?}");
}
