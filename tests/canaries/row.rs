//! What a row of the table of canaries says: what is asked, what lives beside it, and everything that must come of it.

use super::beside::Beside;
use ccci_model::failure::Blame;
use ccci_model::tier::Status;

pub(super) const PASS: Status = Status::Pass;
pub(super) const FAIL: Status = Status::Fail;
pub(super) const SKIP: Status = Status::Skip;
pub(super) const UNVER: Status = Status::Unver;

/// Install, upgrade, backup, restore, custom. A rung is the worst of its tiers.
pub(super) type Tiers = [Status; 5];

/// A failure that must be told: exactly this cause, at this place, with these words somewhere in it.
#[derive(Debug)]
pub(super) struct Occurrence {
    /// `install`, …, or `-` before and after the tiers.
    pub tier: &'static str,
    /// Id of the row in `CAUSES`.
    pub cause: &'static str,
    pub blame: Blame,
    /// Words in what was expected, what was seen or the evidence.
    pub says: &'static [&'static str],
}

#[derive(Debug)]
pub(super) struct Canary {
    pub name: &'static str,
    /// What is wrong with it, or why it only looks so.
    pub about: &'static str,
    /// `lesson_NN_…`: what happened to somebody.
    pub lessons: &'static [&'static str],
    /// `--tiers`; all when empty. Install is always among them.
    pub asked: &'static str,
    /// `--base`, if not chosen by ccci.
    pub base: Option<&'static str>,
    /// Titles of steps and how long they may take, ms: what would take ccci's own patience.
    pub shorten: &'static [(&'static str, u64)],
    /// What happens beside it.
    pub beside: Beside,

    /// Words of the diagnostics that refuse it before anything is touched; exit is then 2 and nothing below counts.
    pub refused: &'static [&'static str],
    pub exit: u8,
    pub verdict: &'static str,
    pub tiers: Tiers,
    /// Every failure told, in this order, and no other.
    pub failures: &'static [Occurrence],
    /// Tests that must have run: `file name`, or `tier: file name` where several tiers have one of that name, and what became of them. All tests of ccci's own need not be named.
    pub tests: &'static [(&'static str, Status)],
    /// Words that stand in the notes of steps that passed, or in the warnings of the plan.
    pub notes: &'static [&'static str],
    /// What was left out, and words of the reason.
    pub skips: &'static [(&'static str, &'static str)],
    /// Words that stand in what was not proved.
    pub not_proved: &'static [&'static str],
    /// Rules of lint that find something; others may as well.
    pub lint: &'static [&'static str],
    /// Values that stand nowhere in the record, however they are written.
    pub hidden: &'static [&'static str],
    /// Kinds of things that are still there, as the run must say; the row's neighbour holds them.
    pub left: &'static [&'static str],
    /// A step and how long it may take, ms: trouble must be called early.
    pub early: &'static [(&'static str, u64)],
}

/// What a canary is unless its row says otherwise: everything asked, nothing wrong.
pub(super) const GREEN: Canary = Canary {
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

/// The recipe, or an image, is wrong.
pub(super) const RED: Canary =
    Canary { exit: 1, verdict: "red", tiers: [FAIL, SKIP, SKIP, SKIP, SKIP], ..GREEN };

/// It could not be proved, and that is nobody's fault but the world's.
pub(super) const ERROR: Canary =
    Canary { exit: 3, verdict: "error", tiers: [UNVER, SKIP, SKIP, SKIP, SKIP], ..GREEN };

/// A failure that the recipe is to blame for.
pub(super) const fn recipe(
    tier: &'static str,
    cause: &'static str,
    says: &'static [&'static str],
) -> Occurrence {
    Occurrence { tier, cause, blame: Blame::Recipe, says }
}

/// One that upstream is to blame for.
pub(super) const fn image(
    tier: &'static str,
    cause: &'static str,
    says: &'static [&'static str],
) -> Occurrence {
    Occurrence { tier, cause, blame: Blame::Image, says }
}

/// One that this machine is to blame for.
pub(super) const fn world(
    tier: &'static str,
    cause: &'static str,
    says: &'static [&'static str],
) -> Occurrence {
    Occurrence { tier, cause, blame: Blame::Infra, says }
}

/// One that ccci is to blame for, or somebody who meddled.
pub(super) const fn ours(
    tier: &'static str,
    cause: &'static str,
    says: &'static [&'static str],
) -> Occurrence {
    Occurrence { tier, cause, blame: Blame::Ccci, says }
}
