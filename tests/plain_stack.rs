//! A stack for Swarm that is no recipe of Co-op Cloud: checked, planned and run in memory.

use crate::bad_input::ground::Ground;
use crate::repository::Repository;
use crate::run::fullest::prepared;
use crate::run::machine::Machine;
use ccci::app::Request;
use ccci_model::verdict::Verdict;

/// A stack as many repositories have it: another file name, no `app`, no `.env.sample`, tags like `v1.2`.
fn stack(image: &str) -> String {
    format!(
        "services:\n  web:\n    image: {image}\n    healthcheck: {{test: [\"CMD\", \"true\"], interval: 5s}}\n    deploy: {{replicas: 1}}\n  \
         worker:\n    image: nginx:1.25.0\n    healthcheck: {{test: [\"CMD\", \"true\"], interval: 5s}}\n"
    )
}

/// Settings that fit the repository.
pub(crate) const SETTINGS: &str =
    "app = \"web\"\nversions = \"v*\"\nenv.COMPOSE_FILE = \"docker-stack.yml\"\n";

/// Three versions, the newest under test.
pub(crate) fn repository() -> Repository {
    let source = Repository::new();
    for (tag, image) in
        [("v0.9.1", "nginx:1.24.0"), ("v0.10", "nginx:1.25.0"), ("v0.11-rc.1", "nginx:1.26.0")]
    {
        source.write("docker-stack.yml", stack(image));
        source.commit(tag);
        source.git(&["tag", tag]);
    }
    source.git(&["tag", "nightly"]);
    source
}

#[test]
fn it_is_upgraded_from_its_own_newest_version_and_rules_of_coop_cloud_do_not_apply() {
    let source = repository();
    let ground = Ground::new().recipe("recipe.toml", &format!("source = \"{}\"\n{SETTINGS}", source.given()));
    let dir = ground.path("recipes/ghost");
    let job = prepared(&Request::of(dir.to_str().unwrap()), "20260101-000000-abc123").unwrap();
    let app = job.plan.subject();
    let version = |d: &ccci_model::plan::Deployment| d.version.as_ref().map(ToString::to_string);
    assert_eq!(version(&app.head).as_deref(), Some("v0.11-rc.1"));
    let base = app.base.as_ref().unwrap();
    assert_eq!((version(base).as_deref(), base.found_as.as_str()), (Some("v0.10"), "tag v0.10"));
    let result = |id: &str| job.linted.rules.iter().find(|r| r.id == id).map(|r| r.result.as_str()).unwrap();
    assert_eq!(
        (result("env-sample"), result("annotated-tags"), result("healthcheck")),
        ("does not apply", "does not apply", "satisfied")
    );
    let run = Machine::new().live(&job);
    assert_eq!(run.outcome.verdict, Verdict::Green, "{:#?}", run.outcome.failures);
    let check = ground.ccci(&["check", "recipes/ghost", "--format", "short"]);
    assert_eq!(check.code, Some(0), "{}", check.out);
    for id in ["env-sample", "app-service", "annotated-tags", "compose-version"] {
        assert!(!check.out.contains(id), "{}", check.out);
    }
}

#[test]
fn what_is_wrong_with_its_settings_is_said_at_their_place() {
    let source = repository();
    let said = |settings: &str| {
        let text = format!("source = \"{}\"\n{settings}", source.given());
        Ground::new().recipe("recipe.toml", &text).ccci(&["check", "recipes/ghost", "--format", "short"]).out
    };
    for (settings, part) in [
        (
            "app = \"wbe\"\nenv.COMPOSE_FILE = \"docker-stack.yml\"\n",
            "no service is called `wbe`; there are web, worker",
        ),
        ("versions = \"v\"\n", "recipe.toml:2:12: `versions`: `v` has no `*`"),
        ("versions = \"v*.*\"\n", "has more than one `*`"),
        ("upgrade.base = \"v0.9.1\"\n", "recipe.toml:2:16: `upgrade.base`: `v0.9.1` is not a recipe version"),
        (
            "versions = \"r*\"\nupgrade.base = \"v0.9.1\"\n",
            "recipe.toml:3:16: `upgrade.base`: `v0.9.1` does not fit `versions`",
        ),
        ("versions = \"v*\"\nupgrade.base = \"v0.9.2\"\n", "the source has no tag `v0.9.2`"),
    ] {
        let out = said(settings);
        assert!(out.contains(part), "{settings}: {out}");
    }
}
