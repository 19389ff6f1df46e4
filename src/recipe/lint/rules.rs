//! RULES: every rule of the lint rung, one row for each. Each has a good and a bad recipe under
//! `tests/fixtures/lint`.
// flat table: may be long

use super::Check::{Look, Never};
use super::Rule;
use super::{images, publishing, services};
use ccci_model::diag::Severity::{Error, Warning};

/// All rules. Their counterparts in abra are from memory, not measured: abra is not available where ccci is
/// built.
pub const RULES: &[Rule] = &[
    Rule {
        id: "compose-version",
        abra: "R001",
        severity: Warning,
        summary: "The compose file has version 3.8.",
        doc: "All recipes use one version, so that every abra and every docker client reads them in the same way.",
        check: Look(services::version),
    },
    Rule {
        id: "healthcheck",
        abra: "R002",
        severity: Warning,
        summary: "Every service has a healthcheck.",
        doc: "Without one Swarm treats a started container as healthy. Services that run once (restart condition \
              `none`, or a job mode) are not asked, where abra asks them too; one that is disabled on purpose counts.",
        check: Look(services::healthcheck),
    },
    Rule {
        id: "image-tag",
        abra: "R003",
        severity: Warning,
        summary: "Every image has a tag.",
        doc: "Without a tag docker uses `latest`, which changes. A digest is accepted here; abra also requires a tag.",
        check: Look(images::tagged),
    },
    Rule {
        id: "moving-tag",
        abra: "R004",
        severity: Warning,
        summary: "No image has a tag that is meant to be moved.",
        doc: "A later deploy would use another image than the tested one. abra checks only `latest`; here `main`, `master`, `edge`, \
              `nightly`, `dev`, `develop`, `stable` and `unstable` count as well.",
        check: Look(images::not_moving),
    },
    Rule {
        id: "version-tag",
        abra: "R005",
        severity: Warning,
        summary: "Every image's tag begins with a version.",
        doc: "Only versions can be compared, and upgrades compare them. Dates and `16-alpine` are versions; \
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
        summary: "The README has complete metadata.",
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
        summary: "A service is named `app`.",
        doc: "abra finds the version, the chaos state and the commands of an app by this name.",
        check: Look(services::app),
    },
    Rule {
        id: "traefik-enabled",
        abra: "R010",
        severity: Error,
        summary: "Some service is routed: it has the label `traefik.enable=true`.",
        doc: "Without it no service answers at the app's domain. A recipe whose `.env.sample` has no `DOMAIN` is not \
              asked. Nor, where abra asks, is one that has no label of Traefik at all and publishes ports of its own: \
              it serves something else than web pages.",
        check: Look(services::routed),
    },
    Rule {
        id: "service-image",
        abra: "R011",
        severity: Error,
        summary: "Every service has an image.",
        doc: "A service without an image is usually a mistake in an extra compose file: it names a service that the main file \
              calls otherwise. Each extra file is looked at together with the main one.",
        check: Look(services::image),
    },
    Rule {
        id: "config-version",
        abra: "R012",
        severity: Error,
        summary: "Versions of configs are exported by `abra.sh`.",
        doc: "A config on a Swarm cannot be changed. New content needs a new name, which contains the version in `abra.sh`. \
              Looked at are the variables ending in `_VERSION` in the names of configs.",
        check: Look(publishing::config_versions),
    },
    Rule {
        id: "upstream-repository",
        abra: "R013",
        severity: Warning,
        summary: "The recipe's repository exists upstream.",
        doc: "This can only be seen on the network, not in the repository.",
        check: Never("the upstream is not in the recipe's repository"),
    },
    Rule {
        id: "annotated-tags",
        abra: "R014",
        severity: Error,
        summary: "Every version's tag is annotated.",
        doc: "abra ignores lightweight tags in some places and fails on them in others. Tags that are no \
              recipe version are left alone, where abra looks at all.",
        check: Look(publishing::annotated),
    },
    Rule {
        id: "secret-name",
        abra: "R015",
        severity: Warning,
        summary: "Names of secrets have at most 12 characters.",
        doc: "Stack, name and version together may have at most 64 characters in Swarm; with a long domain the deploy fails late.",
        check: Look(services::secret_names),
    },
    Rule {
        id: "unknown-r016",
        abra: "R016",
        severity: Warning,
        summary: "A rule of abra whose content is not known.",
        doc: "abra has sixteen rules; the content of the last one is not known where ccci is built.",
        check: Never("the content of this rule of abra is not known"),
    },
];
