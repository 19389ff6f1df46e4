//! PLANTED: sixty defects that Swarm, Traefik, abra or a backup would show late, each planted in a recipe that is good
//! otherwise. Each is found in its file and line, by the rule that is meant for it.

use crate::project::{changed, checker, mark};

/// What it is, the code that is meant, and the change that plants it, in the form of `project::changed`. A mark is at the
/// line where it has to be found.
type Row = (&'static str, &'static str, &'static str);

// flat table: may be long
const PLANTED: &[Row] = &[
    // what Swarm refuses, or takes in half
    (
        "a limit of bytes meant as megabytes",
        "least-resources",
        "==> recipe/compose.yml = deploy:\n    deploy:\n      resources:\n        limits:\n          memory: «\"256\"»\n",
    ),
    (
        "two services at one port",
        "port-collision",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    ports: [\"5432:80\"]\n==> recipe/compose.yml + image: postgres:16.4\n    ports:\n      - «\"5432:5432\"»\n",
    ),
    (
        "a mesh port with dnsrr",
        "dnsrr-port",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    ports:\n      - «\"8080:80\"»\n==> recipe/compose.yml = order: start-first\n        order: start-first\n      endpoint_mode: dnsrr\n",
    ),
    (
        "one path mounted twice",
        "mount-twice",
        "==> recipe/compose.yml + - uploads:/srv/uploads\n      - «database:/srv/uploads»\n",
    ),
    ("a service that is no name of a host", "service-name", "==> recipe/compose.yml = db:\n  «db.main»:\n"),
    (
        "an owner by name",
        "owner-number",
        "==> recipe/compose.yml + target: /etc/nginx/nginx.conf\n        uid: «\"nginx\"»\n",
    ),
    (
        "an empty config",
        "object-size",
        "==> recipe/nginx.conf\n==> recipe/compose.yml = file: nginx.conf\n    file: «nginx.conf»\n",
    ),
    (
        "a health check without a program",
        "healthcheck-program",
        "==> recipe/compose.yml = test: [\"CMD\", \"nginx\", \"-t\"]\n      test: [«\"CMD\"»]\n",
    ),
    (
        "a blank in an image",
        "image-reference",
        "==> recipe/compose.yml = image: nginx:1.27.1\n    image: «\"nginx :1.27.1\"»\n",
    ),
    (
        "an image whose tag is missing after the colon",
        "image-reference",
        "==> recipe/compose.yml = image: nginx:1.27.1\n    image: «\"nginx:${NGINX_TAG:-}\"»\n",
    ),
    (
        "a name over 63 characters with its prefix",
        "name-too-long",
        "==> recipe/compose.yml = nginx_conf:\n  «nginx_conf»:\n==> recipe/compose.yml = name: ${STACK_NAME}_nginx_conf_${NGINX_CONF_VERSION}\n    name: ${STACK_NAME}_configuration_of_the_web_server_of_the_blog_${NGINX_CONF_VERSION}\n",
    ),
    (
        "a config whose file is missing",
        "missing-file",
        "==> recipe/compose.yml = file: nginx.conf\n    file: «conf/nginx.conf»\n",
    ),
    (
        "a required variable without a value",
        "missing-variable",
        "==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n      - MAIL_HOST=«${MAIL_HOST:?where mails go}»\n",
    ),
    ("a network that nobody declares", "compose-shape", "==> recipe/compose.yml = - proxy\n      - «poxy»\n"),
    (
        "a secret that nobody declares",
        "compose-shape",
        "==> recipe/compose.yml = - db_password\n      - «db_passwort»\n",
    ),
    (
        "a volume that nobody declares",
        "compose-shape",
        "==> recipe/compose.yml = - uploads:/srv/uploads\n      - «upload:/srv/uploads»\n",
    ),
    (
        "a duration without a unit",
        "compose-shape",
        "==> recipe/compose.yml = interval: 10s\n      interval: «10»\n",
    ),
    (
        "a key twice",
        "yaml-syntax",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    «image»: nginx:1.27.2\n",
    ),
    ("a tab as indentation", "yaml-syntax", "==> recipe/compose.yml = interval: 10s\n«\t»interval: 10s\n"),
    ("a misspelt key", "compose-shape", "==> recipe/compose.yml = healthcheck:\n    «healtcheck»:\n"),
    // what Swarm ignores
    ("build", "compose-ignored", "==> recipe/compose.yml + image: nginx:1.27.1\n    «build»: .\n"),
    (
        "container_name",
        "compose-ignored",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    «container_name»: blog\n",
    ),
    (
        "security_opt",
        "compose-ignored",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    «security_opt»: [no-new-privileges]\n",
    ),
    (
        "both kinds of restart",
        "restart-twice",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    «restart»: always\n==> recipe/compose.yml = order: start-first\n        order: start-first\n      restart_policy:\n        condition: any\n",
    ),
    (
        "depends_on with a condition",
        "compose-shape",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    depends_on:\n      «db»:\n        condition: service_healthy\n",
    ),
    ("links", "compose-ignored", "==> recipe/compose.yml + image: nginx:1.27.1\n    «links»: [db]\n"),
    (
        "privileged",
        "compose-ignored",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    «privileged»: true\n",
    ),
    (
        "start_interval",
        "compose-shape",
        "==> recipe/compose.yml = start_period: 30s\n      start_period: 30s\n      «start_interval»: 1s\n",
    ),
    ("a top-level name", "compose-shape", "==> recipe/compose.yml = services:\n«name»: blog\nservices:\n"),
    (
        "a fixed address",
        "static-address",
        "==> recipe/compose.yml = - proxy\n      proxy:\n        «ipv4_address»: 10.0.9.5\n==> recipe/compose.yml = - internal\n      internal:\n",
    ),
    (
        "a port on an address",
        "port-address",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    ports:\n      - «\"127.0.0.1:8080:80\"»\n",
    ),
    (
        "labels on the container",
        "container-labels",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    «labels»:\n      - \"traefik.http.routers.${STACK_NAME}.priority=5\"\n",
    ),
    (
        "a tag that only Compose knows",
        "dropped-tag",
        "==> recipe/compose.yml = test: [\"CMD\", \"nginx\", \"-t\"]\n      test: «!override» [\"CMD\", \"nginx\", \"-t\"]\n",
    ),
    // mounted files
    (
        "a script as a config that may not be executed",
        "config-executable",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    entrypoint: /entrypoint.sh\n==> recipe/compose.yml = - source: nginx_conf\n      - source: «nginx_conf»\n==> recipe/compose.yml = target: /etc/nginx/nginx.conf\n        target: /entrypoint.sh\n==> recipe/nginx.conf\n#!/bin/sh\nexec nginx\n",
    ),
    (
        "permissions in decimal",
        "octal-mode",
        "==> recipe/compose.yml + target: /etc/nginx/nginx.conf\n        mode: «444»\n",
    ),
    (
        "a relative path of the host",
        "relative-path",
        "==> recipe/compose.yml = - uploads:/srv/uploads\n      - «./uploads:/srv/uploads»\n",
    ),
    (
        "an absolute path of the host",
        "host-path",
        "==> recipe/compose.yml = - uploads:/srv/uploads\n      - «/srv/uploads:/srv/uploads»\n",
    ),
    (
        "line ends of Windows in abra.sh",
        "script-bytes",
        "==> recipe/abra.sh\n«export NGINX_CONF_VERSION=v1»\r\n",
    ),
    (
        "a byte order mark in a script",
        "script-bytes",
        "==> recipe/nginx.conf\n«\u{feff}»#!/bin/sh\nexec nginx\n",
    ),
    // health and times
    (
        "a shell line as a program",
        "healthcheck-form",
        "==> recipe/compose.yml = test: [\"CMD-SHELL\", \"pg_isready -U postgres\"]\n      test: [\"CMD\", «\"pg_isready -U postgres\"»]\n",
    ),
    (
        "words after CMD-SHELL",
        "healthcheck-form",
        "==> recipe/compose.yml = test: [\"CMD-SHELL\", \"pg_isready -U postgres\"]\n      test: [\"CMD-SHELL\", \"pg_isready\", «\"-U\"», \"postgres\"]\n",
    ),
    (
        "a variable that no shell fills in",
        "healthcheck-form",
        "==> recipe/compose.yml = test: [\"CMD-SHELL\", \"pg_isready -U postgres\"]\n      test: [\"CMD\", \"pg_isready\", \"-U\", «\"$$POSTGRES_USER\"»]\n",
    ),
    (
        "an interval that makes every wait long",
        "healthcheck-wait",
        "==> recipe/compose.yml = interval: 10s\n      interval: «5m»\n==> recipe/compose.yml = start_period: 30s\n",
    ),
    (
        "no health check",
        "healthcheck",
        "==> recipe/compose.yml = healthcheck:\n    x-healthcheck:\n==> recipe/compose.yml = app:\n  «app»:\n",
    ),
    (
        "a timeout below the start period",
        "timeout-start",
        "==> recipe/.env.sample = TIMEOUT=300\nTIMEOUT=20\n==> recipe/compose.yml = - \"coop-cloud.${STACK_NAME}.timeout=${TIMEOUT}\"\n        - «\"coop-cloud.${STACK_NAME}.timeout=${TIMEOUT}\"»\n",
    ),
    (
        "a database that is killed after ten seconds",
        "stop-grace",
        "==> recipe/compose.yml = stop_grace_period: 1m\n    «stop_grace_period: 2s»\n",
    ),
    (
        "two databases on one volume while updating",
        "update-order",
        "==> recipe/compose.yml + backupbot.backup.pre-hook: \"pg_dump -U postgres -f /var/lib/postgresql/data/dump.sql blog\"\n      update_config: {failure_action: rollback, order: «start-first»}\n",
    ),
    (
        "an update that stops half way",
        "update-failure",
        "==> recipe/compose.yml = failure_action: rollback\n==> recipe/compose.yml = order: start-first\n        order: «start-first»\n",
    ),
    // backups
    (
        "a database without a dump",
        "database-dump",
        "==> recipe/compose.yml = db:\n  «db»:\n==> recipe/compose.yml = backupbot.backup.pre-hook: \"pg_dump -U postgres -f /var/lib/postgresql/data/dump.sql blog\"\n",
    ),
    (
        "a pipe that hides the dump's failure",
        "dump-pipe",
        "==> recipe/compose.yml = backupbot.backup.pre-hook: \"pg_dump -U postgres -f /var/lib/postgresql/data/dump.sql blog\"\n        backupbot.backup.pre-hook: «\"pg_dump -U postgres blog | gzip > /var/lib/postgresql/data/dump.sql.gz\"»\n",
    ),
    (
        "the old backup label alone",
        "old-backup-label",
        "==> recipe/compose.yml = - \"backupbot.backup=true\"\n        - «\"backupbot.backup.path=/srv/uploads\"»\n",
    ),
    // the proxy
    (
        "a router without a port",
        "router-port",
        "==> recipe/compose.yml = - \"traefik.enable=true\"\n        - «\"traefik.enable=true\"»\n==> recipe/compose.yml = - \"traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80\"\n",
    ),
    (
        "a router with another's service",
        "router-service",
        "==> recipe/compose.yml + - \"traefik.enable=true\"\n        - «\"traefik.http.routers.${STACK_NAME}.service=${STACK_NAME}-web\"»\n",
    ),
    (
        "a middleware that nobody defines",
        "router-middleware",
        "==> recipe/compose.yml + - \"traefik.enable=true\"\n        - «\"traefik.http.routers.${STACK_NAME}.middlewares=${STACK_NAME}-redirect\"»\n",
    ),
    (
        "a rule whose host is not the app's",
        "router-host",
        "==> recipe/compose.yml = - \"traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)\"\n        - «\"traefik.http.routers.${STACK_NAME}.rule=Host(`blog.example.com`)\"»\n",
    ),
    (
        "a rule that is none",
        "routing-rule",
        "==> recipe/compose.yml = - \"traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)\"\n        - «\"traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`) &&\"»\n",
    ),
    (
        "an alias that other stacks answer too",
        "shared-alias",
        "==> recipe/compose.yml = - proxy\n      proxy:\n        aliases: [«web»]\n==> recipe/compose.yml = - internal\n      internal:\n",
    ),
    (
        "the proxy's own port",
        "proxy-port",
        "==> recipe/compose.yml + image: nginx:1.27.1\n    ports:\n      - «\"443:443\"»\n",
    ),
    // versions
    (
        "a config that changed with the same name",
        "same-name",
        "==> recipe/nginx.conf\nevents {}\nhttp {}\n==> recipe/compose.yml = file: nginx.conf\n    file: «nginx.conf»\n",
    ),
    (
        "a mode that an upgrade cannot change",
        "mode-changes",
        "==> recipe/compose.yml = order: start-first\n        order: start-first\n      mode: «global»\n",
    ),
    (
        "a network that an upgrade cannot change",
        "kept-object",
        "==> recipe/compose.yml = internal:\n  internal:\n    internal: «true»\n",
    ),
    (
        "a variable that installed apps lack",
        "new-variable",
        "==> recipe/.env.sample + TYPE=blog\nMAIL_FROM=a@example.com\n==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n      - MAIL_FROM=«${MAIL_FROM:?who writes}»\n",
    ),
    (
        "a major version without notes",
        "major-notes",
        "==> recipe/compose.yml = - \"coop-cloud.${STACK_NAME}.version=1.1.0+1.27.1\"\n        - «\"coop-cloud.${STACK_NAME}.version=2.0.0+1.27.1\"»\n",
    ),
    (
        "a bump that is too small",
        "version-bump",
        "==> recipe/compose.yml = image: postgres:16.4\n    image: «postgres:17.0»\n==> recipe/compose.yml = - \"coop-cloud.${STACK_NAME}.version=1.1.0+1.27.1\"\n        - \"coop-cloud.${STACK_NAME}.version=1.0.1+1.27.1\"\n",
    ),
    (
        "an image without a tag",
        "image-tag",
        "==> recipe/compose.yml = image: nginx:1.27.1\n    image: «nginx»\n",
    ),
    (
        "a tag that moves",
        "moving-tag",
        "==> recipe/compose.yml = image: nginx:1.27.1\n    image: «nginx:latest»\n",
    ),
    (
        "a config version that abra.sh does not export",
        "config-version",
        "==> recipe/abra.sh\nexport NGINX_VERSION=v1\n==> recipe/compose.yml = name: ${STACK_NAME}_nginx_conf_${NGINX_CONF_VERSION}\n    name: «${STACK_NAME}_nginx_conf_${NGINX_CONF_VERSION}»\n",
    ),
    // the env
    (
        "a secret that abra makes of words",
        "secret-length",
        "==> recipe/.env.sample = SECRET_DB_PASSWORD_VERSION=v1 # length=32\n«SECRET_DB_PASSWORD_VERSION=v1»\n",
    ),
    (
        "a secret with a long name",
        "secret-name",
        "==> recipe/compose.yml = db_password:\n  «database_password»:\n    external: true\n    name: ${STACK_NAME}_database_password_${SECRET_DB_PASSWORD_VERSION}\n  db_password:\n",
    ),
    (
        "a version that no object uses",
        "unused-version",
        "==> recipe/.env.sample + TYPE=blog\n«SECRET_OLD_TOKEN_VERSION=v1 # length=20»\n",
    ),
    (
        "a dollar that a shell would fill in",
        "unset-dollar",
        "==> recipe/.env.sample + TYPE=blog\nHASH=admin:$apr1«$Q»m7VfKz1$m3UiRYfODAym4KCRC0AR/1\n",
    ),
    (
        "a number that YAML reads as another",
        "yaml-number",
        "==> recipe/compose.yml = - DOMAIN\n      - DOMAIN\n==> recipe/compose.yml = POSTGRES_DB: blog\n      POSTGRES_DB: «017»\n",
    ),
    (
        "a truth value for a variable",
        "compose-shape",
        "==> recipe/compose.yml = POSTGRES_DB: blog\n      POSTGRES_DB: «true»\n",
    ),
    (
        "a merged list that is lost",
        "merged-key",
        "==> recipe/compose.yml = services:\nx-common: &common\n  environment: [A=1]\nservices:\n==> recipe/compose.yml = image: nginx:1.27.1\n    <<: *common\n    image: nginx:1.27.1\n==> recipe/compose.yml = environment:\n    «environment»:\n",
    ),
];

#[test]
fn sixty_planted_defects_are_found_at_their_line_by_the_rule_that_is_meant() {
    let mut wrong = vec![];
    for (what, code, spec) in PLANTED {
        let (project, marks) = changed(spec);
        let said = checker().check(&project);
        let lines = |marks: &[crate::project::Mark]| -> Vec<(String, usize)> {
            marks.iter().map(|(path, line, _)| (path.clone(), *line)).collect()
        };
        let found: Vec<_> = said.iter().filter(|d| d.code.id == *code).map(mark).collect();
        let places = lines(&found);
        if marks.is_empty() || !lines(&marks).iter().all(|place| places.contains(place)) {
            let all: Vec<_> = said.iter().map(|d| (d.code.id, mark(d), &d.message)).collect();
            wrong.push(format!("{what}: {code} is not found at {marks:?}\n    said: {all:?}"));
        }
    }
    assert!(PLANTED.len() >= 60);
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), PLANTED.len(), wrong.join("\n"));
}
