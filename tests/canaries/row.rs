//! A row of the table of canaries: what is asked for, what happens next to the run, and what must come out of it.

use super::beside::Beside;
use ccci_model::failure::Blame;
use ccci_model::tier::Status;

pub(super) const PASS: Status = Status::Pass;
pub(super) const FAIL: Status = Status::Fail;
pub(super) const SKIP: Status = Status::Skip;
pub(super) const UNVER: Status = Status::Unver;

/// The statuses of install, upgrade, backup, restore and custom. A rung has the worst status of its tiers.
pub(crate) type Tiers = [Status; 5];

/// A failure that must be reported: exactly this cause, at this place, with these words somewhere in it.
#[derive(Debug)]
pub(super) struct Occurrence {
    /// `install`, …, or `-` before and after the tiers.
    pub tier: &'static str,
    /// Id of the row in `CAUSES`.
    pub cause: &'static str,
    pub blame: Blame,
    /// Words that are in what was expected, in what was observed, or in the evidence.
    pub says: &'static [&'static str],
}

#[derive(Debug)]
pub(super) struct Canary {
    pub name: &'static str,
    /// What is wrong with it, or why it only seems to be wrong.
    pub about: &'static str,
    /// `lesson_NN_…`: the lessons that it covers.
    pub lessons: &'static [&'static str],
    /// `--tiers`; empty for all. Install is always run.
    pub asked: &'static str,
    /// `--base`, if ccci is not to choose it.
    pub base: Option<&'static str>,
    /// Titles of steps and their time limits, ms, for waits that would otherwise take ccci's full timeout.
    pub shorten: &'static [(&'static str, u64)],
    /// What happens next to its run.
    pub beside: Beside,

    /// Words of the diagnostics that refuse it before anything is changed; the exit code is then 2, and the fields
    /// below do not count.
    pub refused: &'static [&'static str],
    pub exit: u8,
    pub verdict: &'static str,
    pub tiers: Tiers,
    /// All failures that are reported, in this order.
    pub failures: &'static [Occurrence],
    /// Tests that must have run, and their status: `file name`, or `tier: file name` if several tiers have one of that
    /// name. Generic tests may be left out.
    pub tests: &'static [(&'static str, Status)],
    /// Words in the notes of steps that passed, or in the warnings of the plan.
    pub notes: &'static [&'static str],
    /// What is skipped, and words of the reason.
    pub skips: &'static [(&'static str, &'static str)],
    /// Words in what is not proved.
    pub not_proved: &'static [&'static str],
    /// Lint rules that must have findings; others may have some too.
    pub lint: &'static [&'static str],
    /// Values that the record must not contain in any encoding.
    pub hidden: &'static [&'static str],
    /// Kinds of objects that are left over, as the run must report; another program next to the run holds them.
    pub left: &'static [&'static str],
    /// A step and its longest time, ms: a failure must be reported early.
    pub early: &'static [(&'static str, u64)],
}

/// The defaults of a row: everything is run, and nothing is wrong.
pub(crate) const GREEN: Canary = Canary {
    name: "",
    about: "",
    lessons: &[],
    asked: "",
    base: None,
    shorten: &[],
    beside: Beside::Nothing,
    refused: &[],
    exit: 0,
    verdict: "green",
    tiers: [PASS, SKIP, SKIP, SKIP, SKIP],
    failures: &[],
    tests: &[],
    notes: &[],
    skips: &[],
    not_proved: &[],
    lint: &[],
    hidden: &[],
    left: &[],
    early: &[],
};

/// The recipe or an image is to blame.
pub(crate) const RED: Canary =
    Canary { exit: 1, verdict: "red", tiers: [FAIL, SKIP, SKIP, SKIP, SKIP], ..GREEN };

/// The run could prove nothing, and the infra is to blame.
pub(crate) const ERROR: Canary =
    Canary { exit: 3, verdict: "error", tiers: [UNVER, SKIP, SKIP, SKIP, SKIP], ..GREEN };

/// A failure for which the recipe is to blame.
pub(crate) const fn recipe(
    tier: &'static str,
    cause: &'static str,
    says: &'static [&'static str],
) -> Occurrence {
    Occurrence { tier, cause, blame: Blame::Recipe, says }
}

/// A failure for which the image is to blame.
pub(crate) const fn image(
    tier: &'static str,
    cause: &'static str,
    says: &'static [&'static str],
) -> Occurrence {
    Occurrence { tier, cause, blame: Blame::Image, says }
}

/// A failure for which the infra is to blame.
pub(crate) const fn world(
    tier: &'static str,
    cause: &'static str,
    says: &'static [&'static str],
) -> Occurrence {
    Occurrence { tier, cause, blame: Blame::Infra, says }
}

/// A failure for which ccci is to blame, or somebody who interfered.
pub(crate) const fn ours(
    tier: &'static str,
    cause: &'static str,
    says: &'static [&'static str],
) -> Occurrence {
    Occurrence { tier, cause, blame: Blame::Ccci, says }
}
