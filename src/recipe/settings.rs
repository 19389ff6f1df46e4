//! The settings of a recipe as values, with their defaults (SPEC 3.1). `load::Spans` has their places,
//! `keys.rs` the rows that read and show them.

use ccci_model::name::{RecipeName, Version};
use std::collections::BTreeMap;
use std::time::Duration;

/// The HTTP health request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Path of the request.
    pub path: String,
    /// Accepted statuses.
    pub ok: Vec<u16>,
    /// Timeout for the first healthy answer.
    pub timeout: Duration,
}

/// What to upgrade from, on one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpgradeBase {
    /// As `build/upgrade_base.rs` of the runner decides.
    Auto,
    /// No base: the upgrade is skipped.
    None,
    /// This version.
    Version(Version),
}

/// Whether the app has data to back up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capable {
    /// Decided by the backup label in the composed files.
    Auto,
    /// Yes, whatever the labels say.
    Yes,
    /// No, whatever the labels say.
    No,
}

/// Whose `.env.sample` makes the env of the head's deploy in an upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvFrom {
    /// The base's: an installed app keeps the env that it was installed with.
    Base,
    /// The head's, as if the operator had added what is new in it.
    Head,
}

/// Everything that `recipe.toml` can set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The recipe's name, which is that of its directory and not a setting.
    pub name: RecipeName,
    /// Path or URL of the recipe repository, as written.
    pub source: Option<String>,
    /// The main service.
    pub app: String,
    /// Which tags are versions, if they are no recipe versions: `*` stands for the version.
    pub versions: Option<String>,
    /// The HTTP health request.
    pub health: Health,
    /// Timeout of each wait after a deploy.
    pub deploy_timeout: Duration,
    /// Extra app env for every deploy.
    pub env: BTreeMap<String, String>,
    /// Extra app env from the deploy of the head on.
    pub upgrade_env: BTreeMap<String, String>,
    /// Whose sample makes the env of the head's deploy.
    pub upgrade_env_from: EnvFrom,
    /// What to upgrade from; each is a path of its own, run one after the other. Never empty.
    pub upgrade_bases: Vec<UpgradeBase>,
    /// Whether the app has data to back up.
    pub backup_capable: Capable,
    /// How many times in a row `ready_probe` must return true.
    pub ready_stable: u32,
    /// Whether a picture of the app is kept.
    pub screenshot: bool,
    /// Reasons by rung, for rungs that do not apply.
    pub expected_na: BTreeMap<String, String>,
    /// Services whose tasks may end by themselves, each with its reason.
    pub may_end: BTreeMap<String, String>,
    /// Findings that stay, each with its reason.
    pub accept: BTreeMap<String, String>,
    /// Warnings that count as errors.
    pub deny: Vec<String>,
    /// Recipes that must run before this one.
    pub deps: Vec<String>,
    /// Whether the recipe is enrolled for a canonical.
    pub canonical: bool,
}

/// The main service of every recipe of Co-op Cloud.
pub const MAIN_SERVICE: &str = "app";

impl Recipe {
    /// Whether the repository is a recipe of Co-op Cloud, and not another stack for Swarm.
    pub fn is_of_coop_cloud(&self) -> bool {
        self.app == MAIN_SERVICE && self.versions.is_none()
    }

    /// A recipe with all defaults. They are defined here only; the docs print them with `Key::get`.
    pub fn defaults(name: RecipeName) -> Recipe {
        Recipe {
            name,
            source: None,
            app: MAIN_SERVICE.into(),
            versions: None,
            // 404 is the proxy's own answer to an unknown name, so it is not a default
            health: Health { path: "/".into(), ok: vec![200, 301, 302], timeout: Duration::from_secs(300) },
            deploy_timeout: Duration::from_secs(600),
            env: BTreeMap::new(),
            upgrade_env: BTreeMap::new(),
            upgrade_env_from: EnvFrom::Base,
            upgrade_bases: vec![UpgradeBase::Auto],
            backup_capable: Capable::Auto,
            ready_stable: 1,
            screenshot: true,
            expected_na: BTreeMap::new(),
            may_end: BTreeMap::new(),
            accept: BTreeMap::new(),
            deny: vec![],
            deps: vec![],
            canonical: false,
        }
    }
}
