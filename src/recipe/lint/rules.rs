//! RULES: every rule about a recipe's own files, one row for each. Each is proved by its examples, or by a good and a bad
//! recipe under `tests/fixtures/lint`.
// flat table: may be long

use super::Check::{Composed, Look, Never, Refused, Upgrade};
use super::{Example, Rule};
use super::{
    backups, health, ignored, images, mounted, publishing, refused, routers, sample, services, shared,
    timing, upgrade, variables,
};
use ccci_model::diag::Code;
use ccci_model::diag::Severity::{self, Error, Warning};

const fn code(id: &'static str, severity: Severity, doc: &'static str) -> Code {
    Code { id, severity, doc }
}

/// All rules. Their counterparts in abra are from memory, not measured: abra is not available where ccci is
/// built.
pub const RULES: &[Rule] = &[
    Rule {
        code: code("compose-version", Warning, "The compose file has version 3.8."),
        abra: Some("R001"),
        doc: "All recipes use one version, so that every abra and every docker client reads them in the same way.",
        example: None,
        check: Look(services::version),
    },
    Rule {
        code: code("healthcheck", Warning, "Every service has a healthcheck."),
        abra: Some("R002"),
        doc: "Without one Swarm treats a started container as healthy. Services that run once (restart condition \
              `none`, or a job mode) are not asked, where abra asks them too; one that is disabled on purpose counts.",
        example: None,
        check: Look(services::healthcheck),
    },
    Rule {
        code: code("image-tag", Warning, "Every image has a tag."),
        abra: Some("R003"),
        doc: "Without a tag docker uses `latest`, which changes. A digest is accepted here; abra also requires a tag.",
        example: None,
        check: Look(images::tagged),
    },
    Rule {
        code: code("moving-tag", Warning, "No image has a tag that is meant to be moved."),
        abra: Some("R004"),
        doc: "A later deploy would use another image than the tested one. abra checks only `latest`; here `main`, `master`, `edge`, \
              `nightly`, `dev`, `develop`, `stable` and `unstable` count as well.",
        example: None,
        check: Look(images::not_moving),
    },
    Rule {
        code: code("version-tag", Warning, "Every image's tag begins with a version."),
        abra: Some("R005"),
        doc: "Only versions can be compared, and upgrades compare them. Dates and `16-alpine` are versions; \
              tags that move are left to their own rule.",
        example: None,
        check: Look(images::version),
    },
    Rule {
        code: code("catalogue-version", Warning, "A version of the recipe is in the catalogue."),
        abra: Some("R006"),
        doc: "The catalogue is on the network and not in the repository.",
        example: None,
        check: Never("the catalogue is not in the recipe's repository"),
    },
    Rule {
        code: code("readme-metadata", Warning, "The README has complete metadata."),
        abra: Some("R007"),
        doc: "The catalogue is made from these lines: category, status, image, healthcheck, backups, email, tests, sso.",
        example: None,
        check: Look(publishing::readme),
    },
    Rule {
        code: code("env-sample", Error, "There is an `.env.sample`."),
        abra: Some("R008"),
        doc: "An app's env is made from it; without one the recipe cannot be installed.",
        example: None,
        check: Look(publishing::env_sample),
    },
    Rule {
        code: code("app-service", Error, "A service is named `app`."),
        abra: Some("R009"),
        doc: "abra finds the version, the chaos state and the commands of an app by this name.",
        example: None,
        check: Look(services::app),
    },
    Rule {
        code: code(
            "traefik-enabled",
            Error,
            "Some service is routed: it has the label `traefik.enable=true`.",
        ),
        abra: Some("R010"),
        doc: "Without it no service answers at the app's domain. A recipe whose `.env.sample` has no `DOMAIN` is not \
              asked. Nor, where abra asks, is one that has no label of Traefik at all and publishes ports of its own: \
              it serves something else than web pages.",
        example: None,
        check: Look(services::routed),
    },
    Rule {
        code: code("service-image", Error, "Every service has an image."),
        abra: Some("R011"),
        doc: "A service without an image is usually a mistake in an extra compose file: it names a service that the main file \
              calls otherwise. Each extra file is looked at together with the main one.",
        example: None,
        check: Look(services::image),
    },
    Rule {
        code: code("config-version", Error, "Versions of configs are exported by `abra.sh`."),
        abra: Some("R012"),
        doc: "A config on a Swarm cannot be changed. New content needs a new name, which contains the version in `abra.sh`. \
              Looked at are the variables ending in `_VERSION` in the names of configs.",
        example: None,
        check: Look(publishing::config_versions),
    },
    Rule {
        code: code("upstream-repository", Warning, "The recipe's repository exists upstream."),
        abra: Some("R013"),
        doc: "This can only be seen on the network, not in the repository.",
        example: None,
        check: Never("the upstream is not in the recipe's repository"),
    },
    Rule {
        code: code("annotated-tags", Error, "Every version's tag is annotated."),
        abra: Some("R014"),
        doc: "abra ignores lightweight tags in some places and fails on them in others. Tags that are no \
              recipe version are left alone, where abra looks at all.",
        example: None,
        check: Look(publishing::annotated),
    },
    Rule {
        code: code("secret-name", Warning, "Names of secrets have at most 12 characters."),
        abra: Some("R015"),
        doc: "Stack, name and version together may have at most 64 characters in Swarm; with a long domain the deploy fails late.",
        example: None,
        check: Look(services::secret_names),
    },
    Rule {
        code: code("object-size", Error, "Every config and secret has content that Swarm takes."),
        abra: None,
        doc: "Swarm refuses an empty file, a secret of 500 KiB or more and a config of 1000 KiB or more. The deploy stops there, after it made what comes before.",
        example: Some(Example {
            bad: r##"configs:
  style:
    file: «style.css»
services:
  app:
    image: nginx:1.27.0
    configs: [style]
==> style.css
"##,
            good: r##"configs:
  style:
    file: style.css
services:
  app:
    image: nginx:1.27.0
    configs: [style]
==> style.css
/* nothing yet */
"##,
        }),
        check: Refused(refused::object_size),
    },
    Rule {
        code: code("config-size", Warning, "Every config is small enough for all engines that run recipes."),
        abra: None,
        doc: "Until engine 23.0 a config had to be smaller than 500 KiB; an operator with an older one cannot deploy a larger one.",
        example: Some(Example {
            bad: r##"configs:
  data:
    file: «data.txt»
services:
  app:
    image: nginx:1.27.0
    configs: [data]
==> data.txt 600000
"##,
            good: r##"configs:
  data:
    file: data.txt
services:
  app:
    image: nginx:1.27.0
    configs: [data]
==> data.txt 6000
"##,
        }),
        check: Composed(refused::config_size),
    },
    Rule {
        code: code("owner-number", Error, "The owners of configs and secrets are numbers."),
        abra: None,
        doc: "The engine makes the file before the container runs and knows no user or group of the image. The deploy succeeds, and then every task is rejected.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    configs:
      - source: style
        uid: «"www-data"»
configs:
  style:
    file: style.css
==> style.css
p {}
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    configs:
      - source: style
        uid: "33"
configs:
  style:
    file: style.css
==> style.css
p {}
"##,
        }),
        check: Refused(refused::owner_number),
    },
    Rule {
        code: code(
            "dnsrr-port",
            Error,
            "No service with `endpoint_mode: dnsrr` publishes ports in the routing mesh.",
        ),
        abra: None,
        doc: "The mesh needs the virtual IP that `dnsrr` does without, and Swarm refuses both together. ccci deploys with `dnsrr` and ports of the host itself where a machine has no IPVS, so a run there does not show it.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    ports:
      - «"8080:80"»
    deploy:
      endpoint_mode: dnsrr
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    ports:
      - {target: 80, published: 8080, mode: host}
    deploy:
      endpoint_mode: dnsrr
"##,
        }),
        check: Refused(refused::dnsrr_port),
    },
    Rule {
        code: code("port-collision", Error, "Every published port is published once."),
        abra: None,
        doc: "A port of the routing mesh belongs to one service of the whole Swarm. Two services may share a port of the host (`mode: host`) only if they run on different nodes.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    ports: ["8080:80"]
  admin:
    image: nginx:1.27.0
    ports:
      - «"8080:81"»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    ports: ["8080:80", "8080:80/udp"]
  admin:
    image: nginx:1.27.0
    ports:
      - "8081:81"
"##,
        }),
        check: Refused(refused::port_collision),
    },
    Rule {
        code: code("mount-twice", Error, "Every path of a service is mounted once."),
        abra: None,
        doc: "Docker's loader takes two mounts at one path, and Swarm refuses them.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    volumes:
      - data:/data
      - «cache:/data»
volumes:
  data:
  cache:
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    volumes:
      - data:/data
      - cache:/data/cache
volumes:
  data:
  cache:
"##,
        }),
        check: Refused(refused::mount_twice),
    },
    Rule {
        code: code("least-resources", Error, "Limits and reservations are not smaller than Swarm allows."),
        abra: None,
        doc: "A service needs at least 4 MiB of memory and 0.001 CPUs, if it has a limit or a reservation. A number without a unit is a number of bytes.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      resources:
        limits:
          memory: «"512"»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      resources:
        limits:
          memory: 512M
          cpus: "0.5"
"##,
        }),
        check: Refused(refused::least_resources),
    },
    Rule {
        code: code("service-name", Error, "Names of services are names of hosts."),
        abra: None,
        doc: "Other services look a service up by its name, so Swarm refuses a dot in it and a `-` or `_` at its end; docker's loader does not.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
  «db.main»:
    image: postgres:16
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
  db-main:
    image: postgres:16
"##,
        }),
        check: Refused(refused::service_name),
    },
    Rule {
        code: code("dropped-tag", Warning, "Compose files have no tags such as `!reset`."),
        abra: None,
        doc: "They are an invention of docker compose. Docker's stack loader, by which recipes are deployed, reads past them: what they should remove or replace stays.",
        example: Some(Example {
            bad: r##"==> .env.sample
COMPOSE_FILE="compose.yml:compose.quiet.yml"
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    ports: ["8080:80"]
==> compose.quiet.yml
services:
  app:
    ports: «!reset» []
"##,
            good: r##"==> .env.sample
COMPOSE_FILE="compose.yml:compose.ports.yml"
==> compose.yml
services:
  app:
    image: nginx:1.27.0
==> compose.ports.yml
services:
  app:
    ports: ["8080:80"]
"##,
        }),
        check: Composed(ignored::tags),
    },
    Rule {
        code: code("port-address", Warning, "No published port has an address."),
        abra: None,
        doc: "Swarm publishes a port on all addresses of a node, whatever address is written before it, in the mesh and with `mode: host`. With `127.0.0.1` authors mean that nobody outside reaches it, and everybody does.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    ports:
      - «"127.0.0.1:8080:80"»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    ports:
      - "8080:80"
"##,
        }),
        check: Composed(ignored::port_address),
    },
    Rule {
        code: code("container-labels", Warning, "Labels of Traefik, backup-bot and abra are under `deploy`."),
        abra: None,
        doc: "They read the labels of the service, which are `deploy.labels`. Those under `labels` are put on the containers, where nobody looks: the app is not routed or not backed up.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    «labels»:
      - "traefik.enable=true"
      - «"backupbot.backup=true"»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    labels:
      - "org.example.team=web"
    deploy:
      labels:
        - "traefik.enable=true"
        - "backupbot.backup=true"
"##,
        }),
        check: Composed(ignored::container_labels),
    },
    Rule {
        code: code("static-address", Warning, "No service asks for an address of its own in a network."),
        abra: None,
        doc: "Docker's stack loader takes `ipv4_address` and `ipv6_address` and passes neither on.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    networks:
      back:
        «ipv4_address»: 10.0.9.5
networks:
  back:
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    networks:
      back:
        aliases: [web]
networks:
  back:
"##,
        }),
        check: Composed(ignored::static_address),
    },
    Rule {
        code: code("restart-twice", Warning, "No service has both `restart` and `deploy.restart_policy`."),
        abra: None,
        doc: "Docker's stack loader makes a restart policy of `restart` only if `deploy` has none.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    «restart»: always
    deploy:
      restart_policy:
        condition: on-failure
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      restart_policy:
        condition: on-failure
"##,
        }),
        check: Composed(ignored::restart_twice),
    },
    Rule {
        code: code("config-executable", Warning, "A config that is executed may be executed."),
        abra: None,
        doc: "Configs and secrets can be read by all and executed by none, unless their `mode` says so. As an entrypoint such a file ends every task at once with \"permission denied\", as a healthcheck it never succeeds. A file that a shell is given to read needs no permission.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    entrypoint: /entrypoint.sh
    configs:
      - source: «entrypoint»
        target: /entrypoint.sh
configs:
  entrypoint:
    file: entrypoint.sh
==> entrypoint.sh
#!/bin/sh
exec nginx
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    entrypoint: /entrypoint.sh
    configs:
      - source: entrypoint
        target: /entrypoint.sh
        mode: 0555
configs:
  entrypoint:
    file: entrypoint.sh
==> entrypoint.sh
#!/bin/sh
exec nginx
"##,
        }),
        check: Composed(mounted::executable),
    },
    Rule {
        code: code("octal-mode", Warning, "Permissions of configs and secrets are written in octal."),
        abra: None,
        doc: "A number without a leading zero is decimal: `440` is `0670`. Looked at are only numbers that are usual permissions.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    configs:
      - source: style
        mode: «440»
configs:
  style:
    file: style.css
==> style.css
p {}
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    configs:
      - source: style
        mode: 0440
configs:
  style:
    file: style.css
==> style.css
p {}
"##,
        }),
        check: Composed(mounted::octal_mode),
    },
    Rule {
        code: code("relative-path", Warning, "No path of the host is relative."),
        abra: None,
        doc: "The docker client makes it absolute on the machine of the operator. The node that runs the task needs the same path, and Swarm, unlike docker compose, does not make it: the task is rejected.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    volumes:
      - «./data:/data»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    volumes:
      - data:/data
      - /etc/localtime:/etc/localtime:ro
volumes:
  data:
"##,
        }),
        check: Composed(mounted::relative_path),
    },
    Rule {
        code: code("script-bytes", Warning, "Scripts have line ends of Unix and no byte order mark."),
        abra: None,
        doc: "Looked at are `abra.sh` and configs that begin with `#!`. The kernel looks for a program whose name ends with a carriage return, and says that the script does not exist.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
==> abra.sh
«export STYLE_VERSION=v1»\r
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
==> abra.sh
export STYLE_VERSION=v1
"##,
        }),
        check: Look(mounted::script_bytes),
    },
    Rule {
        code: code("unset-dollar", Warning, "Every `$` in an env file names a variable of a line above."),
        abra: None,
        doc: "In a value without quotes or in double quotes, `$` and the capitals and digits after it are replaced by the variable of that name, and by nothing if there is none. Hashes of passwords lose parts in this way; in single quotes nothing is replaced.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
==> .env.sample
DOMAIN=example.com
BASIC_AUTH=guest:$apr1«$Q»m7VfKz1$m3UiRYfODAym4KCRC0AR/1
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
==> .env.sample
DOMAIN=example.com
URL=https://$DOMAIN/
BASIC_AUTH='guest:$apr1$Qm7VfKz1$m3UiRYfODAym4KCRC0AR/1'
"##,
        }),
        check: Look(variables::dollars),
    },
    Rule {
        code: code("old-backup-label", Warning, "A service with the old backup label has the new one too."),
        abra: None,
        doc: "Version 2 of backup-bot takes only services with `backupbot.backup=true`. With `backupbot.backup.path` alone there is no backup, and nothing says so.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - «"backupbot.backup.path=/data"»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "backupbot.backup=true"
        - "backupbot.backup.path=/data"
"##,
        }),
        check: Composed(backups::old_label),
    },
    Rule {
        code: code("database-dump", Warning, "A recipe with a backup dumps its database."),
        abra: None,
        doc: "The files of a running database are not consistent, so a copy of them may not be restored. A database that has no label at all is not in the backup. Looked at are images of databases with a volume, in recipes in which some service is backed up; any `backupbot.backup.pre-hook` counts as a dump.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels: ["backupbot.backup=true"]
  «db»:
    image: mariadb:11.4
    volumes: ["db:/var/lib/mysql"]
volumes:
  db:
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels: ["backupbot.backup=true"]
  db:
    image: mariadb:11.4
    volumes: ["db:/var/lib/mysql"]
    deploy:
      labels:
        backupbot.backup: "true"
        backupbot.backup.pre-hook: "mariadb-dump --all-databases -r /var/lib/mysql/dump.sql"
volumes:
  db:
"##,
        }),
        check: Composed(backups::database_dump),
    },
    Rule {
        code: code("mode-changes", Warning, "No service changes its mode with an upgrade."),
        abra: None,
        doc: "Swarm refuses to make a global service of a replicated one or the other way round, and the same with jobs. The upgrade stops there with half of the stack updated. The version that is installed first is the base of the run.",
        example: Some(Example {
            bad: r##"==> base/compose.yml
services:
  app:
    image: nginx:1.27.0
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      mode: «global»
"##,
            good: r##"==> base/compose.yml
services:
  app:
    image: nginx:1.27.0
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      mode: replicated
      replicas: 2
"##,
        }),
        check: Upgrade(upgrade::mode),
    },
    Rule {
        code: code("kept-object", Warning, "Networks and volumes do not change with an upgrade."),
        abra: None,
        doc: "They are made once and used as they are from then on, so apps that were installed earlier differ from fresh ones: a network that became internal still leads outside.",
        example: Some(Example {
            bad: r##"==> base/compose.yml
services:
  app:
    image: nginx:1.27.0
    networks: [back]
networks:
  back:
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    networks: [back]
networks:
  back:
    internal: «true»
"##,
            good: r##"==> base/compose.yml
services:
  app:
    image: nginx:1.27.0
    networks: [back]
networks:
  back:
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    networks: [inside]
networks:
  inside:
    internal: true
"##,
        }),
        check: Upgrade(upgrade::kept),
    },
    Rule {
        code: code("same-name", Warning, "A config or secret with new content has a new name."),
        abra: None,
        doc: "Swarm refuses to change the content of either. The version in the name is raised in `abra.sh` with every change of the file.",
        example: Some(Example {
            bad: r##"==> base/compose.yml
services:
  app:
    image: nginx:1.27.0
    configs: [page]
configs:
  page:
    name: ${STACK_NAME}_page_v1
    file: page.html
==> base/page.html
old
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    configs: [page]
configs:
  page:
    name: ${STACK_NAME}_page_v1
    file: «page.html»
==> page.html
new
"##,
            good: r##"==> base/compose.yml
services:
  app:
    image: nginx:1.27.0
    configs: [page]
configs:
  page:
    name: ${STACK_NAME}_page_v1
    file: page.html
==> base/page.html
old
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    configs: [page]
configs:
  page:
    name: ${STACK_NAME}_page_v2
    file: page.html
==> page.html
new
"##,
        }),
        check: Upgrade(upgrade::content),
    },
    Rule {
        code: code("new-variable", Warning, "An upgrade needs no variable that installed apps lack."),
        abra: None,
        doc: "The env of an installed app was made from the sample of an earlier version. A variable that only the new sample has is missing there, until an operator adds it. Silent if the variable has a default, if `upgrade.env` sets it, if new release notes name it, or if a hook gives variables.",
        example: Some(Example {
            bad: r##"==> base/.env.sample
DOMAIN=example.com
==> base/compose.yml
services:
  app:
    image: nginx:1.27.0
==> .env.sample
DOMAIN=example.com
MAIL_FROM=noreply@example.com
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    environment:
      MAIL_FROM: «${MAIL_FROM:?who mails come from}»
"##,
            good: r##"==> base/.env.sample
DOMAIN=example.com
==> base/compose.yml
services:
  app:
    image: nginx:1.27.0
==> .env.sample
DOMAIN=example.com
MAIL_FROM=noreply@example.com
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    environment:
      MAIL_FROM: ${MAIL_FROM:-noreply@example.com}
"##,
        }),
        check: Upgrade(upgrade::variables),
    },
    Rule {
        code: code("healthcheck-program", Error, "A healthcheck in the form `CMD` has a program."),
        abra: None,
        doc: "With `[\"CMD\"]` alone the engine has nothing to run. Engine 20.10 does not refuse it: the first check ends the whole daemon, and all containers of the node with it lose their healthchecks.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    healthcheck:
      test: [«"CMD"»]
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost/"]
"##,
        }),
        check: Refused(health::program),
    },
    Rule {
        code: code("healthcheck-form", Warning, "A healthcheck can run in the form in which it is written."),
        abra: None,
        doc: "After `CMD` are the words of one command, and no shell reads them: `||` is an argument, and variables are not replaced. After `CMD-SHELL` is one text for the image's shell, and so is a `test` without a list. A list that begins with anything else is never checked: Swarm waits for a healthy container until the deploy times out. Not looked at is whether the program is in the image. Variables are looked at only for programs that are known to replace none.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost/", «"||"», "exit", "1"]
  db:
    image: postgres:16
    healthcheck:
      test: «CMD pg_isready -U postgres»
  cache:
    image: redis:7.4
    healthcheck:
      test: [«"redis-cli"», "ping"]
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    healthcheck:
      test: ["CMD-SHELL", "curl -f http://localhost/ || exit 1"]
  db:
    image: postgres:16
    healthcheck:
      test: pg_isready -U postgres
  cache:
    image: redis:7.4
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
"##,
        }),
        check: Composed(health::form),
    },
    Rule {
        code: code(
            "healthcheck-wait",
            Warning,
            "No healthcheck makes every deploy wait for more than a minute.",
        ),
        abra: None,
        doc: "The engine makes the first check when `interval` has passed since the start of the container. Until then the container is not healthy, so Swarm does not send it requests and does not go on with an update. Silent with a `start_period`, in which engines since 25.0 check every five seconds.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    healthcheck:
      test: curl -f http://localhost/
      interval: «5m»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    healthcheck:
      test: curl -f http://localhost/
      interval: 1m
"##,
        }),
        check: Composed(health::wait),
    },
    Rule {
        code: code("image-reference", Error, "Every image is a name that Swarm takes."),
        abra: None,
        doc: "The names of images have no capitals and no spaces, and nothing is missing after a colon. Mostly a variable in the tag has no value. Swarm refuses the service, after it made what comes before.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: «"nginx:"»
  api:
    image: «example/Server:1.0»
"##,
            good: r##"services:
  app:
    image: "nginx:1.27.0"
  api:
    image: registry.example.com:5000/example/server:1.0
"##,
        }),
        check: Refused(refused::image_reference),
    },
    Rule {
        code: code("host-path", Warning, "No data is in a directory of a node."),
        abra: None,
        doc: "Swarm may start a task on any node. It takes no file along and makes no directory: without the path the task is rejected, with an empty one the app starts without its data. Nor is the directory in a backup or removed with the app. Looked at are writable mounts of fixed paths. Silent for global services, for services that a constraint binds to a node, and for paths of the system, such as the socket of docker.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    volumes:
      - «/srv/app/data:/data»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    volumes:
      - data:/data
      - /var/run/docker.sock:/var/run/docker.sock
      - /srv/certificates:/certificates:ro
volumes:
  data:
"##,
        }),
        check: Composed(mounted::host_path),
    },
    Rule {
        code: code("dump-pipe", Warning, "A dump that fails is noticed."),
        abra: None,
        doc: "The result of a pipe is that of its last program, so `gzip` makes a good archive of half a dump. Only bash with `pipefail` says otherwise, and not every image has it. Looked at are the commands before a backup; silent if one contains `pipefail`.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "backupbot.backup=true"
        - «"backupbot.backup.pre-hook=sh -c 'mariadb-dump app | gzip > /data/dump.gz'"»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "backupbot.backup=true"
        - "backupbot.backup.pre-hook=sh -c 'mariadb-dump app -r /data/dump.sql && gzip -f /data/dump.sql'"
"##,
        }),
        check: Composed(backups::dump_pipe),
    },
    Rule {
        code: code("update-order", Warning, "No update runs two databases on the same data."),
        abra: None,
        doc: "With `start-first` Swarm starts the new task while the old one still has the files open. Databases refuse to start on locked files, so the update never ends; where the lock does not hold, both write. Looked at are images of databases with a volume.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
  db:
    image: postgres:16
    volumes: ["db:/var/lib/postgresql/data"]
    deploy:
      update_config:
        order: «start-first»
volumes:
  db:
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      update_config:
        order: start-first
  db:
    image: postgres:16
    volumes: ["db:/var/lib/postgresql/data"]
    deploy:
      update_config:
        order: stop-first
volumes:
  db:
"##,
        }),
        check: Composed(timing::update_order),
    },
    Rule {
        code: code("stop-grace", Warning, "No database is killed sooner than by default."),
        abra: None,
        doc: "A container that does not end within `stop_grace_period` is killed. A database that is killed has to repair its files at the next start. Looked at are images of databases with less than the ten seconds that Swarm gives without the key.",
        example: Some(Example {
            bad: r##"services:
  db:
    image: mariadb:11.4
    stop_grace_period: «2s»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    stop_grace_period: 2s
  db:
    image: mariadb:11.4
    stop_grace_period: 1m
"##,
        }),
        check: Composed(timing::stop_grace),
    },
    Rule {
        code: code(
            "timeout-start",
            Warning,
            "abra waits for a deploy as long as its services may take to start.",
        ),
        abra: None,
        doc: "The label `coop-cloud.….timeout` says how many seconds abra waits. In the `start_period` of a healthcheck a service may be unhealthy, so with a shorter timeout abra calls a deploy failed that is still starting.",
        example: Some(Example {
            bad: r##"==> .env.sample
TIMEOUT=120
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    healthcheck:
      test: curl -f http://localhost/
      start_period: 5m
    deploy:
      labels:
        - «"coop-cloud.${STACK_NAME}.timeout=${TIMEOUT}"»
"##,
            good: r##"==> .env.sample
TIMEOUT=400
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    healthcheck:
      test: curl -f http://localhost/
      start_period: 5m
    deploy:
      labels:
        - "coop-cloud.${STACK_NAME}.timeout=${TIMEOUT}"
"##,
        }),
        check: Composed(timing::timeout_start),
    },
    Rule {
        code: code("shared-alias", Warning, "No fixed alias is in the network of the proxy."),
        abra: None,
        doc: "All apps of a server share the network `proxy`. If two of them have the same alias there, each request to it reaches any of the two: the second app of a recipe is enough. An alias with a variable is not looked at.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    networks:
      proxy:
        aliases: [«web»]
networks:
  proxy:
    external: true
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    networks:
      proxy:
        aliases: ["${STACK_NAME}_web"]
      inside:
        aliases: [web]
networks:
  proxy:
    external: true
  inside:
"##,
        }),
        check: Composed(shared::alias),
    },
    Rule {
        code: code("proxy-port", Warning, "No app behind Traefik publishes the ports of Traefik."),
        abra: None,
        doc: "Traefik publishes 80 and 443 on every server that has the network `proxy`, and Swarm gives a port of the mesh to one service only. Looked at are recipes that Traefik routes; silent if an image is Traefik's.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    networks: [proxy]
    ports: [«"80:80"»]
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
networks:
  proxy:
    external: true
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    networks: [proxy]
    ports: ["2222:22"]
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
networks:
  proxy:
    external: true
"##,
        }),
        check: Composed(shared::web_port),
    },
    Rule {
        code: code("router-service", Warning, "Every router leads to a service that some label defines."),
        abra: None,
        doc: "Traefik leaves out a router whose service it does not know, so the proxy answers 404. Looked at are names with `${STACK_NAME}`, which no other stack defines, in all compose files together.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - «"traefik.http.routers.${STACK_NAME}.service=${STACK_NAME}-web"»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - "traefik.http.routers.${STACK_NAME}.service=${STACK_NAME}"
        - "traefik.http.routers.${STACK_NAME}-dashboard.service=api@internal"
"##,
        }),
        check: Look(routers::service),
    },
    Rule {
        code: code("router-middleware", Warning, "Every middleware of a router is defined by some label."),
        abra: None,
        doc: "Traefik leaves out a router with a middleware that it does not know, so the proxy answers 404. Looked at are names with `${STACK_NAME}`, which no other stack defines, in all compose files together; a name with `@` belongs to another provider.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - «"traefik.http.routers.${STACK_NAME}.middlewares=${STACK_NAME}-redirect,security@file"»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - "traefik.http.routers.${STACK_NAME}.middlewares=${STACK_NAME}-redirect,security@file"
        - "traefik.http.middlewares.${STACK_NAME}-redirect.headers.sslHost=${DOMAIN}"
"##,
        }),
        check: Look(routers::middleware),
    },
    Rule {
        code: code("router-port", Warning, "Traefik is told the port of every service that it routes."),
        abra: None,
        doc: "Swarm does not tell Traefik the ports of containers. Without the label Traefik leaves the service and its routers out, and the proxy answers 404. Silent for services that publish ports, and if a router leads to a service of another provider.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - «"traefik.enable=true"»
        - "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)"
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)"
"##,
        }),
        check: Composed(routers::port),
    },
    Rule {
        code: code("router-host", Warning, "Every router answers at a host that the operator chooses."),
        abra: None,
        doc: "A fixed host is the one of the author. Every app of the recipe answers at it, and none at its own `DOMAIN`. Looked at are rules without any variable, in recipes whose `.env.sample` has `DOMAIN`.",
        example: Some(Example {
            bad: r##"==> .env.sample
DOMAIN=app.example.com
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - «"traefik.http.routers.${STACK_NAME}.rule=Host(`app.example.com`)"»
"##,
            good: r##"==> .env.sample
DOMAIN=app.example.com
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80"
        - "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)"
        - "traefik.http.routers.${STACK_NAME}-api.rule=Host(`api.${DOMAIN}`)"
"##,
        }),
        check: Look(routers::host),
    },
    Rule {
        code: code("secret-length", Warning, "Every generated secret has a length."),
        abra: None,
        doc: "Without `# length=` abra makes a passphrase of words. Its length differs each time, and keys, salts and many fields of databases need a certain one. Secrets with `# generate=false` are not looked at.",
        example: Some(Example {
            bad: r##"==> .env.sample
«SECRET_SESSION_KEY_VERSION»=v1
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    secrets: [session_key]
secrets:
  session_key:
    external: true
    name: ${STACK_NAME}_session_key_${SECRET_SESSION_KEY_VERSION}
"##,
            good: r##"==> .env.sample
SECRET_SESSION_KEY_VERSION=v1 # length=32 charset=hex
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    secrets: [session_key]
secrets:
  session_key:
    external: true
    name: ${STACK_NAME}_session_key_${SECRET_SESSION_KEY_VERSION}
"##,
        }),
        check: Look(sample::secret_length),
    },
    Rule {
        code: code("unused-version", Warning, "Every version of a secret or a config is used."),
        abra: None,
        doc: "A line `SECRET_…_VERSION` without a secret in the compose files gives the app nothing, and who raises a version that no name contains changes nothing. Looked at are the lines of `.env.sample` and the exports of `abra.sh`, in all texts of the recipe.",
        example: Some(Example {
            bad: r##"==> .env.sample
«SECRET_OLD_TOKEN_VERSION»=v1 # length=32
==> abra.sh
export «STYLE_VERSION»=v3
==> compose.yml
services:
  app:
    image: nginx:1.27.0
"##,
            good: r##"==> .env.sample
SECRET_TOKEN_VERSION=v1 # length=32
==> abra.sh
export STYLE_VERSION=v3
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    secrets: [token]
    configs: [style]
secrets:
  token:
    external: true
    name: ${STACK_NAME}_token_${SECRET_TOKEN_VERSION}
configs:
  style:
    name: ${STACK_NAME}_style_${STYLE_VERSION}
    file: style.css
==> style.css
p {}
"##,
        }),
        check: Look(sample::unused),
    },
    Rule {
        code: code("yaml-number", Warning, "Variables and labels get what is written."),
        abra: None,
        doc: "Without quotes YAML reads `022` as the octal number 18, `1.10` as 1.1 and `2026-01-31` as a time, and the loader prints these. Only values in the form of a map are numbers; in a list (`- UMASK=022`) they are texts.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    environment:
      UMASK: «022»
      API_VERSION: «1.10»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    environment:
      UMASK: "022"
      API_VERSION: "1.10"
      WORKERS: 4
  worker:
    image: nginx:1.27.0
    environment:
      - UMASK=022
"##,
        }),
        check: Composed(ignored::yaml_number),
    },
    Rule {
        code: code("release-notes", Warning, "Release notes are called as the version that they are about."),
        abra: None,
        doc: "abra shows an operator who upgrades the files under `release/` that are called as the tags in between. Looked at are files that are called as a version older than the newest tag; `next` and the notes of a version to come are left alone.",
        example: Some(Example {
            bad: r##"==> tags
1.0.0+1.26.0
1.1.0+1.27.0
==> release/1.0.1+1.27.0
«»The new version of nginx needs no changes.
"##,
            good: r##"==> tags
1.0.0+1.26.0
1.1.0+1.27.0
==> release/1.1.0+1.27.0
The new version of nginx needs no changes.
==> release/next
Set MAIL_FROM.
"##,
        }),
        check: Look(publishing::release_notes),
    },
    Rule {
        code: code(
            "version-bump",
            Warning,
            "A new secret, or a new major version of an image, raises more than the last number of the recipe's version.",
        ),
        abra: None,
        doc: "Operators see from the recipe's version whether they have to read the release notes, and a database does not read the files of another major version. Compared are the tags of images with the same name. Numbers of 1000 and more are years. A secret that an installed app does not have stops its upgrade until the operator makes it.",
        example: Some(Example {
            bad: r##"==> base/compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "coop-cloud.${STACK_NAME}.version=1.0.0+1.27.0"
  db:
    image: postgres:15
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "coop-cloud.${STACK_NAME}.version=1.0.1+1.27.0"
  db:
    image: «postgres:16»
"##,
            good: r##"==> base/compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "coop-cloud.${STACK_NAME}.version=1.0.0+1.27.0"
  db:
    image: postgres:15
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "coop-cloud.${STACK_NAME}.version=2.0.0+1.27.0"
  db:
    image: postgres:16
"##,
        }),
        check: Upgrade(upgrade::bump),
    },
    Rule {
        code: code("merged-key", Warning, "No key hides entries that `<<` merges under the same key."),
        abra: None,
        doc: "YAML merges the keys of one map and not what is in them: a service with `<<: *shared` and its own `environment` has none of the shared variables. Looked at are lists and maps that have an entry which the own one lacks.",
        example: Some(Example {
            bad: r##"x-shared: &shared
  environment:
    TZ: Europe/Berlin
  networks: [back]
services:
  app:
    <<: *shared
    image: nginx:1.27.0
    «environment»:
      WORKERS: "4"
networks:
  back:
"##,
            good: r##"x-shared: &shared
  environment: &variables
    TZ: Europe/Berlin
  networks: [back]
services:
  app:
    <<: *shared
    image: nginx:1.27.0
    environment:
      <<: *variables
      WORKERS: "4"
networks:
  back:
"##,
        }),
        check: Composed(ignored::merged),
    },
    Rule {
        code: code("update-failure", Warning, "An update that has an order says what happens if it fails."),
        abra: None,
        doc: "Without `failure_action` Swarm pauses an update that fails: some tasks are new, some are old, and nothing changes until somebody acts. Looked at are services that set the order of their updates.",
        example: Some(Example {
            bad: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      update_config:
        order: «start-first»
"##,
            good: r##"services:
  app:
    image: nginx:1.27.0
    deploy:
      update_config:
        order: start-first
        failure_action: rollback
  worker:
    image: nginx:1.27.0
"##,
        }),
        check: Composed(timing::update_failure),
    },
    Rule {
        code: code("version-label", Warning, "The version label follows the tags."),
        abra: None,
        doc: "abra shows the label of an installed app as its version, and looks from there for newer tags. With an older one it offers an upgrade to what is already there. A commit with a tag must have the version of the tag in its label; any other must not be older than what is published.",
        example: Some(Example {
            bad: r##"==> tags
1.0.0+1.26.0
1.1.0+1.27.0
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "coop-cloud.${STACK_NAME}.version=«1.0.0+1.26.0»"
"##,
            good: r##"==> tags
1.0.0+1.26.0
1.1.0+1.27.0
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "coop-cloud.${STACK_NAME}.version=1.1.0+1.27.0"
"##,
        }),
        check: Look(publishing::version_label),
    },
    Rule {
        code: code("major-notes", Warning, "A version that raises its first number has release notes."),
        abra: None,
        doc: "The first number says that an operator has to do something by hand, and the release notes say what. Looked at is the version in the label if it is not published yet, else the newest tag.",
        example: Some(Example {
            bad: r##"==> tags
1.1.0+1.27.0
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "coop-cloud.${STACK_NAME}.version=«2.0.0+1.27.0»"
"##,
            good: r##"==> tags
1.1.0+1.27.0
==> release/next
Make the secret `token` before you upgrade.
==> compose.yml
services:
  app:
    image: nginx:1.27.0
    deploy:
      labels:
        - "coop-cloud.${STACK_NAME}.version=2.0.0+1.27.0"
"##,
        }),
        check: Look(publishing::major_notes),
    },
];
