//! SLOTS: what steps leave for later ones, and which step reads and writes which. The linter of plans and the executor
//! ask here alone, so a plan that passes has no step that lacks something although every step before it was done. Pure.

use ccci_model::plan::{Action, Side};

/// Something that one step leaves and a later one needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// The app env.
    Env(Side),
    /// The resolved compose file.
    File(Side),
    /// Values of all secrets.
    Secrets(Side),
    /// The images, on the engine.
    Images(Side),
    /// The external networks, on the engine.
    Networks(Side),
    /// The deploy that stands now.
    Deployed(Side),
    /// No wait for this deploy has given up: a second one would only repeat the first one's failure.
    Hope,
    /// Tasks run that scripts can work with.
    Usable,
    /// Health has not given up on this deploy.
    Answer,
    /// The stack as it was before the upgrade.
    Before,
    /// The last backup.
    Snapshot,
}

impl Slot {
    /// What is missing without it, in words that end a sentence's subject.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Slot::Env(_) => "the env",
            Slot::File(_) => "the resolved file",
            Slot::Secrets(_) => "a secret",
            Slot::Images(_) => "an image",
            Slot::Networks(_) => "a network",
            Slot::Deployed(Side::Head) => "the head's deploy",
            Slot::Deployed(Side::Base) | Slot::Before => "the base's deploy",
            Slot::Hope | Slot::Usable => "a running app",
            Slot::Answer => "an accepted answer",
            Slot::Snapshot => "a backup",
        }
    }
}

/// What a step needs; the first that is missing is told.
pub(crate) fn reads(action: &Action) -> Vec<Slot> {
    use Slot::{Answer, Before, Deployed, Env, File, Hope, Images, Networks, Secrets, Snapshot, Usable};
    match action {
        Action::CollectLeftovers | Action::LookAtEngine | Action::Env { .. } | Action::Remove => vec![],
        // what a dep makes for another app is asked for even of one that did not come up: its hook tells why it cannot
        Action::Provide { .. } => vec![],
        Action::Hook { hook } if hook == ccci_script::hooks::INSTALL_STEPS.name => vec![],
        Action::Resolve { side } => vec![Env(*side)],
        Action::Secrets { side } | Action::Pull { side } => vec![File(*side)],
        // no network is made for a deploy that cannot come
        Action::Networks { side } => vec![File(*side), Images(*side)],
        Action::Deploy { side } => vec![File(*side), Secrets(*side), Images(*side), Networks(*side)],
        Action::Converge { side } => vec![Deployed(*side), Hope],
        Action::Prune => vec![Deployed(Side::Head)],
        Action::AssertUpgraded => vec![Deployed(Side::Head), Before],
        Action::AssertArtifact => vec![Snapshot],
        Action::Restore => vec![Snapshot, Usable],
        Action::Ready { .. } => vec![Answer, Usable],
        Action::Health { .. }
        | Action::Hook { .. }
        | Action::AssertServing { .. }
        | Action::Tests { .. }
        | Action::Settle
        | Action::Backup { .. } => vec![Usable],
    }
}

/// What a step that was done leaves.
pub(crate) fn writes(action: &Action) -> Vec<Slot> {
    match action {
        Action::Env { side, .. } => vec![Slot::Env(*side)],
        Action::Resolve { side } => vec![Slot::File(*side)],
        Action::Secrets { side } => vec![Slot::Secrets(*side)],
        Action::Pull { side } => vec![Slot::Images(*side)],
        Action::Networks { side } => vec![Slot::Networks(*side)],
        Action::Deploy { side: Side::Base } => {
            vec![Slot::Deployed(Side::Base), Slot::Before, Slot::Hope, Slot::Answer]
        }
        Action::Deploy { side } => vec![Slot::Deployed(*side), Slot::Hope, Slot::Answer],
        Action::Converge { .. } => vec![Slot::Usable],
        Action::Backup { .. } => vec![Slot::Snapshot],
        _ => vec![],
    }
}

/// Whether a step takes from a slot what an earlier one left there: a deploy stands in place of the last one, and nothing
/// is known of its tasks yet.
pub(crate) fn empties(action: &Action, slot: Slot) -> bool {
    matches!((action, slot), (Action::Deploy { .. }, Slot::Deployed(_) | Slot::Usable))
}
