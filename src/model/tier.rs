//! Tiers, rungs, their status, and the function that computes the level. Pure.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A part of a run with assertions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The base is deployed and the app answers.
    Install,
    /// The head replaces the base.
    Upgrade,
    /// A backup is taken.
    Backup,
    /// The backup is restored after damage.
    Restore,
    /// The recipe's own tests.
    Custom,
}

/// A row of the table of tiers.
pub struct TierRow {
    /// The variant.
    pub tier: Tier,
    /// Its name in `--tiers`.
    pub name: &'static str,
    /// The rung that it counts for.
    pub rung: Rung,
    /// The overlay file that adds assertions, if the tier has one.
    pub overlay: Option<&'static str>,
    /// What it tests.
    pub doc: &'static str,
}

/// All tiers in the order of a run.
pub const TIERS: &[TierRow] = &[
    TierRow {
        tier: Tier::Install,
        name: "install",
        rung: Rung::Install,
        overlay: Some("test_install.rhai"),
        doc: "A fresh deploy converges and the app is ready.",
    },
    TierRow {
        tier: Tier::Upgrade,
        name: "upgrade",
        rung: Rung::Upgrade,
        overlay: Some("test_upgrade.rhai"),
        doc: "The head replaces the base: the services changed, were not rolled back, and the app answers.",
    },
    TierRow {
        tier: Tier::Backup,
        name: "backup",
        rung: Rung::BackupRestore,
        overlay: Some("test_backup.rhai"),
        doc: "A backup produces an artifact that is not empty.",
    },
    TierRow {
        tier: Tier::Restore,
        name: "restore",
        rung: Rung::BackupRestore,
        overlay: Some("test_restore.rhai"),
        doc: "After damage a restore brings the data back, and the app answers.",
    },
    TierRow {
        tier: Tier::Custom,
        name: "custom",
        rung: Rung::Functional,
        overlay: None,
        doc: "The recipe's own tests under custom/ pass.",
    },
];

impl Tier {
    /// The row of this tier.
    pub fn row(self) -> &'static TierRow {
        TIERS.iter().find(|r| r.tier == self).expect("TIERS has every variant; tested")
    }
    /// Its name in `--tiers`.
    pub fn name(self) -> &'static str {
        self.row().name
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rung of the ladder that makes the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Level 1.
    Install,
    /// Level 2.
    Upgrade,
    /// Level 3: backup and restore together.
    BackupRestore,
    /// Level 4: the custom tests.
    Functional,
    /// Level 5: the recipe rules. Lowers the level, never the verdict.
    Lint,
}

/// The ladder from the bottom, with the names the record uses.
pub const RUNGS: &[(Rung, &str)] = &[
    (Rung::Install, "install"),
    (Rung::Upgrade, "upgrade"),
    (Rung::BackupRestore, "backup_restore"),
    (Rung::Functional, "functional"),
    (Rung::Lint, "lint"),
];

impl Rung {
    /// Its name in the record.
    pub fn name(self) -> &'static str {
        RUNGS.iter().find(|r| r.0 == self).map_or("", |r| r.1)
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Status of a tier, a rung or a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Checked and passed.
    Pass,
    /// Checked and failed.
    Fail,
    /// Does not apply, because of the recipe's structure or by declaration; the record contains the reason.
    Skip,
    /// Should have been checked, but was not.
    Unver,
}

impl Status {
    /// Its name in the record.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Skip => "skip",
            Status::Unver => "unver",
        }
    }

    /// The status of two parts of one rung: the worse one, but a skip and a pass give a pass.
    pub fn and(self, other: Status) -> Status {
        use Status::{Fail, Pass, Skip, Unver};
        match (self, other) {
            (Fail, _) | (_, Fail) => Fail,
            (Unver, _) | (_, Unver) => Unver,
            (Pass, _) | (_, Pass) => Pass,
            (Skip, Skip) => Skip,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The level: the highest passed rung below which all are pass or skip; 0 if none (SPEC 5).
pub fn level(rungs: &BTreeMap<Rung, Status>) -> u8 {
    let mut level = 0;
    for (i, (rung, _)) in RUNGS.iter().enumerate() {
        match rungs.get(rung).copied().unwrap_or(Status::Unver) {
            Status::Pass => level = i as u8 + 1,
            Status::Skip => {}
            Status::Fail | Status::Unver => break,
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Fail, Pass, Skip, Unver};

    fn check(statuses: [Status; 5], want: u8) {
        let rungs = RUNGS.iter().map(|r| r.0).zip(statuses).collect();
        assert_eq!(level(&rungs), want, "{statuses:?}");
    }

    #[test]
    fn the_level_is_the_highest_pass_over_passes_and_skips() {
        check([Pass, Fail, Pass, Pass, Pass], 1);
        check([Pass, Pass, Skip, Pass, Pass], 5);
        check([Pass, Pass, Unver, Pass, Pass], 2);
        check([Pass, Pass, Pass, Pass, Unver], 4);
        check([Fail, Pass, Pass, Pass, Pass], 0);
        check([Pass, Skip, Skip, Skip, Fail], 1);
        check([Skip, Skip, Skip, Skip, Skip], 0);
    }

    #[test]
    fn a_missing_rung_limits_the_level() {
        assert_eq!(level(&BTreeMap::from([(Rung::Upgrade, Pass)])), 0);
    }

    #[test]
    fn the_worse_of_two_parts_counts() {
        assert_eq!(Pass.and(Fail), Fail);
        assert_eq!(Skip.and(Pass), Pass);
        assert_eq!(Pass.and(Unver), Unver);
        assert_eq!(Skip.and(Skip), Skip);
    }

    #[test]
    fn every_tier_has_a_row_and_a_name_of_its_own() {
        for t in [Tier::Install, Tier::Upgrade, Tier::Backup, Tier::Restore, Tier::Custom] {
            assert_eq!(TIERS.iter().filter(|r| r.name == t.name()).count(), 1);
        }
    }

    #[test]
    fn names_are_those_of_the_record() {
        fn same(word: impl Serialize + fmt::Display, name: &str) {
            assert_eq!(word.to_string(), name);
            assert_eq!(serde_json::to_value(word).unwrap(), name);
        }
        for row in TIERS {
            assert_eq!(row.tier.row().tier, row.tier);
            same(row.tier, row.tier.name());
        }
        for (rung, name) in RUNGS {
            assert_eq!(rung.name(), *name);
            same(*rung, name);
        }
        for (status, name) in [(Pass, "pass"), (Fail, "fail"), (Skip, "skip"), (Unver, "unver")] {
            assert_eq!(status.name(), name);
            same(status, name);
        }
    }
}
