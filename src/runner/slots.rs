//! SLOTS: what a step leaves for later steps, and which steps read and write each slot. The linter of plans and the
//! executor both use only this table. So in a plan that passes the linter, no step lacks something if all steps before
//! it succeeded. Pure.

use ccci_model::plan::{Action, Side};

/// Something that one step leaves and a later step needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// The app env.
    Env(Side),
    /// The resolved compose file.
    File(Side),
    /// Values for all secrets.
    Secrets(Side),
    /// The images are on the engine.
    Images(Side),
    /// The external networks are on the engine.
    Networks(Side),
    /// This side is deployed now.
    Deployed(Side),
    /// No wait for this deploy has given up. After one did, another wait would only repeat its failure.
    Hope,
    /// Tasks are running that scripts can use.
    Usable,
    /// The health check has not given up on this deploy.
    Answer,
    /// The stack as it was before the upgrade.
    Before,
    /// The last backup.
    Snapshot,
}

impl Slot {
    /// What is missing without this slot; fits before "is missing".
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

/// The slots that a step needs, in the order in which they are checked: the first missing one is reported.
pub(crate) fn reads(action: &Action) -> Vec<Slot> {
    use Slot::{Answer, Before, Deployed, Env, File, Hope, Images, Networks, Secrets, Snapshot, Usable};
    match action {
        Action::CollectLeftovers | Action::LookAtEngine | Action::Env { .. } | Action::Remove => vec![],
        // a dep that did not come up is asked as well: its hook then reports why it cannot provide anything
        Action::Provide { .. } => vec![],
        Action::Hook { hook } if hook == ccci_script::hooks::INSTALL_STEPS.name => vec![],
        Action::Resolve { side } => vec![Env(*side)],
        Action::Secrets { side } | Action::Pull { side } => vec![File(*side)],
        // no network is made for a deploy that cannot take place
        Action::Networks { side } => vec![File(*side), Images(*side)],
        Action::Deploy { side } => vec![File(*side), Secrets(*side), Images(*side), Networks(*side)],
        Action::Converge { side } => vec![Deployed(*side), Hope],
        Action::StaysUp { side, .. } => vec![Deployed(*side)],
        Action::Prune => vec![Deployed(Side::Head)],
        Action::AssertUpgraded => vec![Deployed(Side::Head), Before],
        Action::AssertArtifact => vec![Snapshot],
        Action::Restore => vec![Snapshot, Usable],
        Action::Ready { .. } | Action::Screenshot { .. } => vec![Answer, Usable],
        Action::Health { .. }
        | Action::Hook { .. }
        | Action::AssertServing { .. }
        | Action::Tests { .. }
        | Action::Settle
        | Action::Backup { .. } => vec![Usable],
    }
}

/// The slots that a successful step fills.
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

/// Whether a step empties a slot that an earlier step filled. A deploy replaces the last one, and the state of its
/// tasks is not known yet.
pub(crate) fn empties(action: &Action, slot: Slot) -> bool {
    matches!((action, slot), (Action::Deploy { .. }, Slot::Deployed(_) | Slot::Usable))
}
