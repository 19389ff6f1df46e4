//! Inputs of the largest plan: every hook, every kind of test and a base.

use super::{Asked, Data, Inputs, TestFile};
use ccci_model::event::DecidedBy;
use ccci_model::name::{Domain, RecipeName, Revision, RunId, Version};
use ccci_model::plan::Deployment;
use ccci_model::tier::Tier;
use std::collections::BTreeMap;
use std::time::Duration;

fn deployment(commit: char, version: &str, found_as: &str) -> Deployment {
    let commit = commit.to_string().repeat(40);
    Deployment {
        commit: Revision::parse(&commit).expect("40 hex digits"),
        dirty: false,
        published: None,
        version: Some(Version::parse(version).expect("a version")),
        found_as: found_as.to_string(),
        compose_files: vec!["compose.yml".into()],
        images: vec!["nginx:1.25.0".into()],
        services: vec!["app".into()],
        repaired: false,
    }
}

/// Inputs with every hook, every kind of test and a base.
pub(crate) fn inputs() -> Inputs {
    let hooks = [
        "extra_env",
        "upgrade_extra_env",
        "install_steps",
        "ready_probe",
        "pre_install",
        "post_install",
        "pre_upgrade",
        "pre_backup",
        "pre_restore",
        "backup_verify",
    ];
    let tests = [
        (Tier::Install, "test_install.rhai"),
        (Tier::Upgrade, "test_upgrade.rhai"),
        (Tier::Backup, "test_backup.rhai"),
        (Tier::Restore, "test_restore.rhai"),
        (Tier::Custom, "custom/test_page.rhai"),
    ];
    Inputs {
        run_id: RunId::parse("20260101-000000-abc123").expect("an id"),
        recipe: RecipeName::parse("example").expect("a name"),
        domain: Domain::parse("exam-abc123.ccci.test").expect("a domain"),
        source: "../example".into(),
        head: deployment('b', "1.1.0+1.26.0", "branch main"),
        base: Some(deployment('a', "1.0.0+1.25.0", "tag 1.0.0+1.25.0")),
        base_unknown: false,
        base_reason: "newest published version below the head".into(),
        health_path: "/".into(),
        health_ok: vec![200, 301, 302],
        health_limit: Duration::from_secs(300),
        deploy_limit: Duration::from_secs(600),
        ready_stable: 1,
        screenshot: true,
        routed: true,
        backup: (true, "backup label on service app".into()),
        backup_by: DecidedBy::Structure,
        hooks: hooks.iter().map(|h| (*h).to_string()).collect(),
        tests: tests
            .iter()
            .map(|(tier, file)| TestFile { tier: *tier, file: (*file).into(), names: vec!["test_it".into()] })
            .collect(),
        expected_na: BTreeMap::new(),
        settings: vec![],
        scripts: BTreeMap::new(),
        overlays: vec![],
        left_alone: vec![],
        not_proved: vec![],
        data: Data { any: true, unmounted: vec![] },
        needs: vec![],
        warnings: vec![],
        asked: Asked {
            call: None,
            tiers: None,
            tests: vec![],
            keep: false,
            browser: true,
            deadline: Duration::from_secs(3_600),
        },
    }
}
