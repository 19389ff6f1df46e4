//! Findings of `ccci check`: every format that a program reads, one row each. Pure; text for people is drawn by
//! `diag/render.rs`.

mod code_quality;
mod json;
mod sarif;

pub use code_quality::fingerprints;
pub use json::schema;
pub use sarif::uri;

use super::forge::Forge;
use ccci_model::diag::{Diagnostic, render};

/// A format of findings.
pub struct FindingsFormat {
    /// Its name in `--format`.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Renders findings, ending with a newline unless there is nothing to write.
    pub render: fn(&[Diagnostic]) -> String,
}

/// All formats of findings that programs read.
pub const FINDINGS_FORMATS: &[FindingsFormat] = &[
    FindingsFormat {
        name: "short",
        doc: "One line for each finding: `error[code] path:line:column: message`.",
        render: |all| all.iter().map(|d| render::one_line(d) + "\n").collect(),
    },
    FindingsFormat {
        name: "json",
        doc: "A JSON array with a published schema (`docs/schema/findings.schema.json`).",
        render: json::render,
    },
    FindingsFormat {
        name: "sarif",
        doc: "SARIF 2.1.0, which code scanners and editors read, with the fixes.",
        render: sarif::render,
    },
    FindingsFormat {
        name: "github",
        doc: "Lines that GitHub, Forgejo and Gitea runners show next to the change.",
        render: |all| all.iter().map(|d| Forge::GitHub.annotate_finding(d)).collect(),
    },
    FindingsFormat { name: "gitlab", doc: "A code quality report of GitLab.", render: code_quality::render },
];

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::diag::fix::{Fix, Safety};
    use ccci_model::diag::{Place, Text, codes};
    use std::sync::Arc;

    /// Two findings: one with everything, and one without a place.
    pub(super) fn sample() -> Vec<Diagnostic> {
        let text = Arc::new(Text {
            path: "recipes/a b/recipe.toml".into(),
            content: "# ü\nhelth.path = \"/\"\n".into(),
        });
        let from = text.content.find("helth").unwrap();
        let key = Place::new(&text, from..from + 10);
        let fix = Fix::new(Safety::Likely, "write `health.path`", key.clone(), "health.path");
        vec![
            Diagnostic::new(codes::UNKNOWN_KEY, "no setting is called `helth.path`, 100 %")
                .at(key.clone())
                .help("did you mean `health.path`?")
                .other(Place::start_of(&text), "the file begins here")
                .fix(fix),
            Diagnostic::new(codes::NO_TESTS, "nothing to run"),
        ]
    }

    #[test]
    fn formats_have_names_of_their_own_and_docs_are_sentences() {
        for (i, f) in FINDINGS_FORMATS.iter().enumerate() {
            assert!(!FINDINGS_FORMATS[..i].iter().any(|o| o.name == f.name), "{}", f.name);
            assert!(f.doc.starts_with(char::is_uppercase) && f.doc.ends_with('.'), "{}", f.name);
        }
    }

    #[test]
    fn every_format_names_each_finding() {
        for f in FINDINGS_FORMATS {
            let text = (f.render)(&sample());
            assert!(text.contains("unknown-key") && text.contains("no-tests"), "{}: {text}", f.name);
            assert!(text.contains("nothing to run"), "{}: {text}", f.name);
        }
    }

    #[test]
    fn an_annotation_names_file_and_range() {
        let text: String = sample().iter().map(|d| Forge::GitHub.annotate_finding(d)).collect();
        let mut lines = text.lines();
        let first = "::error file=recipes/a b/recipe.toml,line=2,col=1,endLine=2,endColumn=11,title=unknown-key::\
                     no setting is called `helth.path`, 100 %25 (did you mean `health.path`?)";
        assert_eq!(lines.next(), Some(first));
        assert_eq!(lines.next(), Some("::error title=no-tests::nothing to run"));
    }
}
