//! Example plans made by the plan builder (`testkit/example`), for tests of this crate.

use crate::plan::Plan;

/// The plan with the most steps.
pub(crate) fn plan() -> Plan {
    read(include_str!("../testkit/example/whole.json"))
}

/// The plan of a call with `--tiers install,custom`.
pub(crate) fn two_tiers() -> Plan {
    read(include_str!("../testkit/example/two_tiers.json"))
}

/// The plan of a recipe without a backup label.
pub(crate) fn no_backup() -> Plan {
    read(include_str!("../testkit/example/no_backup.json"))
}

/// The same, without an older version to upgrade from.
pub(crate) fn nothing_older() -> Plan {
    read(include_str!("../testkit/example/nothing_older.json"))
}

fn read(text: &str) -> Plan {
    serde_json::from_str(text).expect("a plan that the builder made")
}
