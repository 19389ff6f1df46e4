//! The settings of a recipe as values, with their defaults (SPEC 3.1). Plain and comparable; where a value was written
//! is in `load::Spans`. The rows that read and show them are in `keys.rs`.

use ccci_model::name::{RecipeName, Version};
use std::collections::BTreeMap;
use std::time::Duration;

/// How the app is asked whether it is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Path asked for.
    pub path: String,
    /// Accepted statuses.
    pub ok: Vec<u16>,
    /// Bound for the first healthy answer.
    pub timeout: Duration,
}

/// What to upgrade from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpgradeBase {
    /// As `plan/upgrade_base.rs` decides.
    Auto,
    /// Nothing: the upgrade is skipped.
    None,
    /// This version.
    Version(Version),
}

/// Whether there is something to back up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capable {
    /// The composed files are asked for the backup label.
    Auto,
    /// Yes, whatever the labels say.
    Yes,
    /// No, whatever the labels say.
    No,
}

/// Everything `recipe.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The recipe's name: its directory, never a setting.
    pub name: RecipeName,
    /// Path or URL of the recipe repository, as written.
    pub source: Option<String>,
    /// How the app is asked whether it is well.
    pub health: Health,
    /// Bound for convergence.
    pub deploy_timeout: Duration,
    /// Extra app env on every deploy.
    pub env: BTreeMap<String, String>,
    /// Extra app env from the head deploy on.
    pub upgrade_env: BTreeMap<String, String>,
    /// What to upgrade from.
    pub upgrade_base: UpgradeBase,
    /// Whether there is something to back up.
    pub backup_capable: Capable,
    /// Consecutive yeses that `ready_probe` must give.
    pub ready_stable: u32,
    /// Rung to reason, for rungs that do not apply.
    pub expected_na: BTreeMap<String, String>,
    /// Recipes that must run before this one.
    pub deps: Vec<String>,
    /// Enrolled for kept known-good deployments.
    pub canonical: bool,
}

impl Recipe {
    /// A recipe that says nothing: all defaults. They are written here only; the docs print them through `Key::get`.
    pub fn defaults(name: RecipeName) -> Recipe {
        Recipe {
            name,
            source: None,
            // 404 is the proxy's own answer to a name it does not know, so it is no default
            health: Health { path: "/".into(), ok: vec![200, 301, 302], timeout: Duration::from_secs(300) },
            deploy_timeout: Duration::from_secs(600),
            env: BTreeMap::new(),
            upgrade_env: BTreeMap::new(),
            upgrade_base: UpgradeBase::Auto,
            backup_capable: Capable::Auto,
            ready_stable: 1,
            expected_na: BTreeMap::new(),
            deps: vec![],
            canonical: false,
        }
    }
}
