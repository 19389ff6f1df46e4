//! The definition of a format, which renders a record. The formats themselves are a table in the report crate.

use super::Record;

/// A format.
pub struct Format {
    /// Its name in `--format`.
    pub name: &'static str,
    /// Its file in the run's directory.
    pub file: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Renders it.
    pub render: fn(&Record) -> Vec<u8>,
}
