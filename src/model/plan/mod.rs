//! The plan: everything a run will do, decided before it starts. The executor decides nothing. Pure.

pub mod left_alone;
pub mod partial;
mod written;

use crate::event::Skip;
use crate::name::{CallId, Domain, RecipeName, Revision, RunId, StackName, Version};
use crate::tier::Tier;
use crate::time::Span;
use left_alone::Outside;
use partial::TestName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How it begins that a restore is not proved.
pub const NO_RESTORE: &str = "that a restore brings data back";
/// What an upgrade proves about data, fit to stand after "not proved:".
pub const DATA_SURVIVE: &str = "that data survive the upgrade";

/// How it begins that a run with an upgrade does not prove everything about the head.
pub const NOT_AFRESH: &str = "that the head installs afresh: the base is installed";

/// Which of the two deploys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What is installed first.
    Base,
    /// What is under test.
    Head,
}

/// A revision that will be deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// The commit, if the tree is one.
    pub commit: Revision,
    /// Whether uncommitted changes lie on top of it.
    pub dirty: bool,
    /// Whether it is a published version: a commit with a version's tag, without changes. Older records do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<bool>,
    /// Its version: the tag it is, or the version label of its compose file.
    pub version: Option<Version>,
    /// `tag 1.0.0+1.2`, `branch main`, `work tree`: how it was found.
    pub found_as: String,
    /// Compose files, in order, as far as they are known before hooks run.
    pub compose_files: Vec<String>,
    /// Images, likewise.
    pub images: Vec<String>,
    /// Services, likewise.
    pub services: Vec<String>,
    /// Whether the previous/ repair is applied to it.
    pub repaired: bool,
}

impl Deployment {
    /// Whether it is a proposed change: not published, as far as the record says.
    pub fn is_proposed(&self) -> bool {
        self.dirty || self.published == Some(false)
    }
}

/// A step's work. Data only; `runner::execute::steps` does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Remove what dead runs left.
    #[serde(alias = "sweep")]
    CollectLeftovers,
    /// Look at the engine.
    LookAtEngine,
    /// Make sure the external networks of the resolved file exist.
    Networks { side: Side },
    /// Make the app's env: sample, abra.sh, settings, then the hooks named.
    /// `live` says that an app runs already, which the hooks may ask: the base, before the head's deploy.
    Env {
        side: Side,
        hooks: Vec<String>,
        #[serde(default)]
        live: bool,
    },
    /// Generate the values of the secrets that the resolved file and the env ask for.
    Secrets { side: Side },
    /// Call a hook.
    Hook { hook: String },
    /// Resolve the compose files with the env to one file.
    Resolve { side: Side },
    /// Have every image on the engine.
    Pull { side: Side },
    /// Hand the stack to the engine.
    Deploy { side: Side },
    /// Wait until services reach what was asked.
    Converge { side: Side },
    /// Wait until services without a health check have stayed up for this long, ms.
    StaysUp { side: Side, for_ms: u64 },
    /// Wait for an accepted answer.
    Health { path: String, ok: Vec<u16> },
    /// Ask `ready_probe` until it has said yes so often in a row.
    Ready { stable: u32 },
    /// Keep a picture of the app; with `hook`, the hook `screenshot` opens the view. It never changes the verdict.
    Screenshot { hook: bool },
    /// Remove services that the head no longer has.
    Prune,
    /// Assert that every service is at its desired count and the answer is the app's own; with `last`, at the end of the
    /// run, where every other router and published port is asked as well.
    AssertServing {
        path: String,
        ok: Vec<u16>,
        http: bool,
        /// Records of earlier versions have no such step.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        last: bool,
    },
    /// Assert that the head was deployed, something moved and nothing was rolled back.
    AssertUpgraded,
    /// Wait until the stack is quiet before a backup.
    Settle,
    /// Back up, `backup_verify` after each attempt.
    Backup { attempts: u32, verify: bool },
    /// Assert that the artifact exists and is not empty.
    AssertArtifact,
    /// Put the backup back.
    Restore,
    /// Let a dep make what another app of the run needs of it: the hook `provide`.
    Provide { consumer: usize },
    /// Run the tests of one file.
    Tests { file: String, names: Vec<String> },
    /// Remove everything and look that nothing is left.
    Remove,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The place of its app in the plan.
    #[serde(default)]
    pub app: usize,
    /// Its tier; none for what comes before and after.
    pub tier: Option<Tier>,
    /// What to do.
    #[serde(flatten)]
    pub action: Action,
    /// Its own deadline, ms.
    pub limit_ms: u64,
}

/// A setting that differs from its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The key.
    pub key: String,
    /// Its value, as TOML.
    pub value: String,
    /// Where it was said: a position, or a flag.
    pub from: String,
}

/// Something that could not be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// `volume`, `network`, …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Who holds it: the engine's words.
    pub by: String,
}

/// What an app is for in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It is what the run is about.
    Subject,
    /// Another app needs it.
    Dep,
    /// The same, and it stays up for many runs.
    Provider,
}

/// What a run will do with one app, beside the steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppPlan {
    /// What it is for.
    pub role: Role,
    /// The apps that it needs, by their places in the plan.
    pub needs: Vec<usize>,
    /// The recipe.
    pub recipe: RecipeName,
    /// Path or URL of the recipe repository, as written.
    pub source: String,
    /// The app's domain in this run.
    pub domain: Domain,
    /// The stack's name.
    pub stack: StackName,
    /// Upgraded to.
    pub head: Deployment,
    /// Installed first; the head itself when there is nothing to upgrade from.
    pub base: Option<Deployment>,
    /// How the base was chosen, or why there is none.
    pub base_reason: String,
    /// Tiers that are planned.
    pub tiers: Vec<Tier>,
    /// Tiers, rungs and tests left out.
    pub skips: Vec<Skip>,
    /// Tests in planned tiers that the caller did not ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unasked: Vec<TestName>,
    /// What a green run will still not have proved.
    pub not_proved: Vec<String>,
    /// Settings that differ from the default.
    pub settings: Vec<Setting>,
    /// Scripts: what each file is, and whose it is (`recipe directory` or `recipe repository`).
    pub scripts: BTreeMap<String, String>,
    /// Changes ccci lays over the recipe's files: run labels, dnsrr, host ports, overlays.
    pub overlays: Vec<String>,
    /// Places that the app's services mount and that ccci leaves alone.
    pub left_alone: Vec<Outside>,
    /// Rungs declared not applicable, with reasons.
    pub expected_na: BTreeMap<String, String>,
    /// Warnings found while loading, one line each.
    pub warnings: Vec<String>,
}

/// Everything a run will do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The run.
    pub run_id: RunId,
    /// The call that makes the run, and perhaps others. Plans that are only shown have none, nor have older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// The apps; exactly one is the subject.
    pub apps: Vec<AppPlan>,
    /// The order in which apps come up, by their places: those of one stage at the same time. Removal goes the other way.
    pub order: Vec<Vec<usize>>,
    /// The steps, in order; their numbers are their places.
    pub steps: Vec<Step>,
    /// The whole run's deadline, ms.
    pub deadline_ms: u64,
    /// Leave the apps running at the end.
    pub keep: bool,
}

impl Plan {
    /// The place of the app that the run is about.
    pub fn subject_at(&self) -> usize {
        self.apps.iter().position(|a| a.role == Role::Subject).unwrap_or(0)
    }

    /// The app that the run is about.
    ///
    /// # Panics
    ///
    /// If the plan has no app: neither the builder nor the reader of records makes such a plan.
    pub fn subject(&self) -> &AppPlan {
        &self.apps[self.subject_at()]
    }

    /// The same, to be changed.
    pub fn subject_mut(&mut self) -> &mut AppPlan {
        let at = self.subject_at();
        &mut self.apps[at]
    }

    /// Something of an app, by a name that no other app of the run has.
    pub fn named(&self, app: usize, what: &str) -> String {
        match self.apps.get(app) {
            Some(app) if app.role != Role::Subject => format!("{}/{what}", app.recipe),
            _ => what.to_string(),
        }
    }

    /// The title of a step; that of another app than the subject begins with its recipe.
    pub fn title(&self, step: &Step) -> String {
        match self.apps.get(step.app) {
            Some(app) if app.role != Role::Subject => format!("{}: {}", app.recipe, step.action.title()),
            _ => step.action.title(),
        }
    }
}

impl Action {
    /// Whether scripts of later steps stand on what this one does.
    pub fn prepares(&self) -> bool {
        !matches!(
            self,
            Action::CollectLeftovers
                | Action::LookAtEngine
                | Action::Tests { .. }
                | Action::AssertServing { .. }
                | Action::AssertUpgraded
                | Action::AssertArtifact
                | Action::Settle
                | Action::StaysUp { .. }
                | Action::Screenshot { .. }
                | Action::Remove
        )
    }

    /// A few words for the live view, the plan and the record.
    pub fn title(&self) -> String {
        let side = |s: &Side| match s {
            Side::Base => "base",
            Side::Head => "head",
        };
        match self {
            Action::CollectLeftovers => "remove what dead runs left".into(),
            Action::LookAtEngine => "look at the engine".into(),
            Action::Networks { side: s } => format!("have the {}'s external networks", side(s)),
            Action::Env { side: s, hooks, .. } if hooks.is_empty() => {
                format!("make the env of the {}", side(s))
            }
            Action::Env { side: s, hooks, .. } => {
                format!("make the env of the {} ({})", side(s), hooks.join(", "))
            }
            Action::Secrets { side: s } => format!("generate the {}'s secrets", side(s)),
            Action::Hook { hook } => format!("hook {hook}"),
            Action::Resolve { side: s } => format!("resolve the {}'s compose files", side(s)),
            Action::Pull { side: s } => format!("pull the {}'s images", side(s)),
            Action::Deploy { side: s } => format!("deploy the {}", side(s)),
            Action::Converge { side: s } => format!("converge to the {}", side(s)),
            Action::StaysUp { side: s, for_ms } => {
                let span = Span(Duration::from_millis(*for_ms));
                format!("see the {}'s services without health check up for {span}", side(s))
            }
            Action::Health { path, .. } => format!("wait for health on {path}"),
            Action::Ready { stable: 1 } => "wait for ready_probe".into(),
            Action::Ready { stable } => format!("wait for ready_probe, {stable} times in a row"),
            Action::Prune => "remove services the head dropped".into(),
            Action::AssertServing { last: false, .. } => "assert: serving".into(),
            Action::AssertServing { .. } => "assert: still serving".into(),
            Action::AssertUpgraded => "assert: upgraded to the head".into(),
            Action::Settle => "settle".into(),
            Action::Backup { verify: true, attempts } => {
                format!("back up (verified, {attempts} attempts at most)")
            }
            Action::Backup { .. } => "back up".into(),
            Action::AssertArtifact => "assert: the backup holds something".into(),
            Action::Restore => "restore".into(),
            Action::Provide { .. } => "provide for a consumer".into(),
            Action::Screenshot { hook: true } => "keep a picture of the app (screenshot)".into(),
            Action::Screenshot { hook: false } => "keep a picture of the app".into(),
            Action::Tests { file, names } => format!("tests of {file} ({})", names.len()),
            Action::Remove => "remove everything".into(),
        }
    }
}

/// What a tier would have proved, in words that follow "not proved:".
pub fn would_prove(tier: Tier) -> &'static str {
    match tier {
        Tier::Install => "that it installs",
        Tier::Upgrade => "that it upgrades from an older version",
        Tier::Backup => "that a backup holds something",
        Tier::Restore => NO_RESTORE,
        Tier::Custom => "that it does its own work (custom tests)",
    }
}
