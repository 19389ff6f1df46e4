//! Telling: every format a run is reported in, one row each. Pure functions of a record: no clock, no chance, so an
//! old run renders to the same bytes. Presentation never changes a verdict.

pub mod fields;
pub mod forge;
pub mod human;
pub mod journal;
pub mod live;
pub mod plain;
pub mod progress;
pub mod record;
pub mod redaction;
pub mod results;
pub mod scan;
pub mod sheet;
pub mod teller;
pub mod text;

use record::Record;

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

/// All formats.
pub const REPORTS: &[Format] = &[
    Format {
        name: "human",
        file: "summary.txt",
        doc: "Plain text: the verdict, what was proved, what failed and who is to blame, what was not proved.",
        render: |r| human::render(r).into_bytes(),
    },
    Format {
        name: "results",
        file: "results.json",
        doc: "Everything a program may want, by a published schema (`docs/schema/results.schema.json`).",
        render: results::render,
    },
];

/// The row with this name.
pub fn format(name: &str) -> Option<&'static Format> {
    REPORTS.iter().find(|f| f.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_names_and_files_of_their_own_and_docs_are_sentences() {
        for (i, f) in REPORTS.iter().enumerate() {
            assert!(!REPORTS[..i].iter().any(|o| o.name == f.name || o.file == f.file), "{}", f.name);
            assert!(f.doc.starts_with(char::is_uppercase) && f.doc.ends_with('.'), "{}", f.name);
            assert!(format(f.name).is_some());
        }
    }
}
