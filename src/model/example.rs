//! The example plans that the plan builder made (`testkit/example`), for tests of this room.

use crate::plan::Plan;

/// The fullest plan.
pub(crate) fn plan() -> Plan {
    read(include_str!("../testkit/example/whole.json"))
}

/// Of a caller who asked for install and custom alone.
pub(crate) fn two_tiers() -> Plan {
    read(include_str!("../testkit/example/two_tiers.json"))
}

/// Of a recipe without a backup label.
pub(crate) fn no_backup() -> Plan {
    read(include_str!("../testkit/example/no_backup.json"))
}

/// The same, with nothing to upgrade from.
pub(crate) fn nothing_older() -> Plan {
    read(include_str!("../testkit/example/nothing_older.json"))
}

fn read(text: &str) -> Plan {
    serde_json::from_str(text).expect("a plan that the builder wrote")
}
