//! What a format of a record is; the formats themselves are a table of the room above.

use super::Record;

/// A format.
pub struct Format {
    /// As users write it in `--format`.
    pub name: &'static str,
    /// The file in the run's directory.
    pub file: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Makes it.
    pub render: fn(&Record) -> Vec<u8>,
}
