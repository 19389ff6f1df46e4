//! When scripts are called and what exists at that time. The checker uses it to report calls that come too
//! early. Pure data.

/// What must exist for a call to make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Nothing is needed: properties, logging, marks.
    Always,
    /// The app's env and its generated secrets.
    Secrets,
    /// The app's secrets exist and nothing uses them yet.
    BeforeDeploy,
    /// The app is deployed.
    App,
    /// A page of the browser.
    Page,
}

/// A point of a run at which scripts are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// Before every deploy, also the first: nothing of the app may exist yet.
    Env,
    /// Before the deploy of the head: the base is running.
    UpgradeEnv,
    /// Env and secrets exist, nothing is deployed.
    InstallSteps,
    /// Called again and again after convergence and health.
    Ready,
    /// A dep is ready and creates what another app needs.
    Provide,
    /// The app is ready, before the install assertions.
    PreInstall,
    /// After the install assertions.
    PostInstall,
    /// Right before the head is deployed.
    PreUpgrade,
    /// Right before the backup.
    PreBackup,
    /// After each backup attempt.
    BackupVerify,
    /// Right before the restore.
    PreRestore,
    /// The app is healthy and unchanged; a page is open.
    Screenshot,
    /// A test of an overlay or of `custom/`.
    Test,
}

/// A row of the table of needs.
pub struct ReachRow {
    /// The variant.
    pub reach: Reach,
    /// What is needed; completes a sentence after "needs".
    pub needs: &'static str,
    /// What to do instead.
    pub help: &'static str,
    /// The points at which it exists.
    pub points: &'static [Point],
}

use Point::{
    BackupVerify, Env, InstallSteps, PostInstall, PreBackup, PreInstall, PreRestore, PreUpgrade, Provide,
    Ready, Screenshot, Test, UpgradeEnv,
};

/// What each `Reach` needs, and at which points that exists.
pub(crate) const REACHES: &[ReachRow] = &[
    ReachRow {
        reach: Reach::Always,
        needs: "nothing",
        help: "",
        points: &[
            Env,
            UpgradeEnv,
            InstallSteps,
            Ready,
            Provide,
            PreInstall,
            PostInstall,
            PreUpgrade,
            PreBackup,
            BackupVerify,
            PreRestore,
            Screenshot,
            Test,
        ],
    },
    ReachRow {
        reach: Reach::Secrets,
        needs: "the app's secrets",
        help: "secrets are generated after `extra_env`; ask for them in `install_steps` or later",
        points: &[
            UpgradeEnv,
            InstallSteps,
            Ready,
            Provide,
            PreInstall,
            PostInstall,
            PreUpgrade,
            PreBackup,
            BackupVerify,
            PreRestore,
            Screenshot,
            Test,
        ],
    },
    ReachRow {
        reach: Reach::BeforeDeploy,
        needs: "secrets that nothing uses yet",
        help: "only `install_steps` may set secrets",
        points: &[InstallSteps],
    },
    ReachRow {
        reach: Reach::App,
        needs: "the app to be deployed",
        help: "do it in `pre_install` or later",
        points: &[
            UpgradeEnv,
            Ready,
            Provide,
            PreInstall,
            PostInstall,
            PreUpgrade,
            PreBackup,
            BackupVerify,
            PreRestore,
            Screenshot,
            Test,
        ],
    },
    ReachRow {
        reach: Reach::Page,
        needs: "a browser page",
        help: "only `screenshot` and tests receive a page",
        points: &[Screenshot, Test],
    },
];

impl Reach {
    /// The row of this reach.
    pub fn row(self) -> &'static ReachRow {
        REACHES.iter().find(|r| r.reach == self).expect("REACHES has every variant; tested")
    }
}

impl Point {
    /// Whether what the `Reach` needs exists at this point.
    pub fn offers(self, reach: Reach) -> bool {
        reach.row().points.contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reach_has_a_row() {
        for r in [Reach::Always, Reach::Secrets, Reach::BeforeDeploy, Reach::App, Reach::Page] {
            assert_eq!(REACHES.iter().filter(|row| row.reach == r).count(), 1);
        }
    }

    #[test]
    fn exec_has_no_app_before_the_first_deploy() {
        assert!(!Env.offers(Reach::App) && !InstallSteps.offers(Reach::App) && Ready.offers(Reach::App));
        assert!(!Env.offers(Reach::Secrets) && InstallSteps.offers(Reach::Secrets));
        assert!(InstallSteps.offers(Reach::BeforeDeploy) && !PreInstall.offers(Reach::BeforeDeploy));
    }
}
