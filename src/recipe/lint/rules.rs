//! RULES: every rule of the lint rung, one row each. Each has a good and a bad recipe under `tests/fixtures/lint`.
// flat table: may be long

use super::Check::{Look, Never};
use super::Rule;
use super::{images, publishing, services};
use ccci_model::diag::Severity::{Error, Warning};

/// All rules. The counterparts in abra are recalled, not measured: no abra can be had where this is built.
pub const RULES: &[Rule] = &[
    Rule {
        id: "compose-version",
        abra: "R001",
        severity: Warning,
        summary: "The compose file says version 3.8.",
        doc: "Recipes agree on one version, so that every abra and every docker client reads them alike.",
        check: Look(services::version),
    },
    Rule {
        id: "healthcheck",
        abra: "R002",
        severity: Warning,
        summary: "Every service has a healthcheck.",
        doc: "Without one Swarm takes a started container for a healthy one. Services that run once (restart condition \
              `none`, or a job mode) are not asked, where abra asks them too; one that is disabled on purpose counts.",
        check: Look(services::healthcheck),
    },
    Rule {
        id: "image-tag",
        abra: "R003",
        severity: Warning,
        summary: "Every image has a tag.",
        doc: "Without a tag docker takes `latest`, which moves. A digest is accepted, where abra wants a tag beside it.",
        check: Look(images::tagged),
    },
    Rule {
        id: "moving-tag",
        abra: "R004",
        severity: Warning,
        summary: "No image has a tag that is made to move.",
        doc: "What was tested is not what will be deployed. abra knows `latest` only; here `main`, `master`, `edge`, \
              `nightly`, `dev`, `develop`, `stable` and `unstable` count as well.",
        check: Look(images::not_moving),
    },
    Rule {
        id: "version-tag",
        abra: "R005",
        severity: Warning,
        summary: "Every image's tag begins with a version.",
        doc: "Only versions can be compared, and upgrades are made of comparisons. Dates and `16-alpine` are versions; \
              tags that move are left to their own rule.",
        check: Look(images::version),
    },
    Rule {
        id: "catalogue-version",
        abra: "R006",
        severity: Warning,
        summary: "A version of the recipe is in the catalogue.",
        doc: "The catalogue is on the network and not in the repository.",
        check: Never("the catalogue is not in the recipe's repository"),
    },
    Rule {
        id: "readme-metadata",
        abra: "R007",
        severity: Warning,
        summary: "The README has its metadata filled in.",
        doc: "The catalogue is made from these lines: category, status, image, healthcheck, backups, email, tests, sso.",
        check: Look(publishing::readme),
    },
    Rule {
        id: "env-sample",
        abra: "R008",
        severity: Error,
        summary: "There is an `.env.sample`.",
        doc: "An app's env is made from it; without one the recipe cannot be installed.",
        check: Look(publishing::env_sample),
    },
    Rule {
        id: "app-service",
        abra: "R009",
        severity: Error,
        summary: "A service is called `app`.",
        doc: "Version, chaos state and commands of an app are found by this name.",
        check: Look(services::app),
    },
    Rule {
        id: "traefik-enabled",
        abra: "R010",
        severity: Error,
        summary: "Some service is routed: it has the label `traefik.enable=true`.",
        doc: "Without it nothing answers under the app's domain. A recipe whose `.env.sample` has no `DOMAIN` is not \
              asked. Nor, where abra asks, is one that has no label of Traefik at all and publishes ports of its own: \
              it serves something else than web pages.",
        check: Look(services::routed),
    },
    Rule {
        id: "service-image",
        abra: "R011",
        severity: Error,
        summary: "Every service has an image.",
        doc: "An image-less service is mostly a slip in an extra compose file: it names a service that the main file \
              calls otherwise. Each extra file is looked at together with the main one.",
        check: Look(services::image),
    },
    Rule {
        id: "config-version",
        abra: "R012",
        severity: Error,
        summary: "Versions of configs are exported by `abra.sh`.",
        doc: "Configs never change on a Swarm; a new content needs a new name, which is made of the version in `abra.sh`. \
              Looked at are the variables ending in `_VERSION` in the names of configs.",
        check: Look(publishing::config_versions),
    },
    Rule {
        id: "upstream-repository",
        abra: "R013",
        severity: Warning,
        summary: "The recipe's repository exists upstream.",
        doc: "Whether it does is on the network and not in the repository.",
        check: Never("the upstream is not in the recipe's repository"),
    },
    Rule {
        id: "annotated-tags",
        abra: "R014",
        severity: Error,
        summary: "Every version's tag is annotated.",
        doc: "abra does not see lightweight tags in some places and stumbles over them in others. Tags that are no \
              recipe version are left alone, where abra looks at all.",
        check: Look(publishing::annotated),
    },
    Rule {
        id: "secret-name",
        abra: "R015",
        severity: Warning,
        summary: "Names of secrets have at most 12 characters.",
        doc: "Stack, name and version together must fit the 64 characters that Swarm takes; long domains break late.",
        check: Look(services::secret_names),
    },
    Rule {
        id: "unknown-r016",
        abra: "R016",
        severity: Warning,
        summary: "A rule that abra has and nobody here could read.",
        doc: "abra is known to have sixteen rules; what the last one says is not known where this is built.",
        check: Never("what this rule of abra says is not known"),
    },
];
