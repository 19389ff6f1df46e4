//! How forges fold log lines into groups, and how text is escaped so that they do not run it as a command. Pure.

use super::text::one_line;
use ccci_model::diag::Diagnostic;

/// Which forge shows the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forge {
    /// No forge, or a forge without groups.
    Plain,
    /// GitHub, Forgejo and Gitea runners: `::group::`.
    GitHub,
    /// GitLab runners: sections.
    GitLab,
}

impl Forge {
    /// Opens a group. GitLab computes the group's duration from `seconds` (since 1970).
    pub fn open(self, name: &str, seconds: u64) -> String {
        match self {
            Forge::Plain => format!("== {name}\n"),
            Forge::GitHub => format!("::group::{name}\n"),
            Forge::GitLab => format!("\u{1b}[0Ksection_start:{seconds}:ccci_{name}\r\u{1b}[0K{name}\n"),
        }
    }

    /// Closes the group.
    pub fn close(self, name: &str, seconds: u64) -> String {
        match self {
            Forge::Plain => String::new(),
            Forge::GitHub => "::endgroup::\n".into(),
            Forge::GitLab => format!("\u{1b}[0Ksection_end:{seconds}:ccci_{name}\r\u{1b}[0K\n"),
        }
    }

    /// A line that the forge shows next to the change; empty for a forge without annotations.
    pub(crate) fn annotate(self, level: &str, title: &str, message: &str) -> String {
        match self {
            Forge::GitHub => format!("::{level} title={}::{}\n", property(title), data(message)),
            Forge::Plain | Forge::GitLab => String::new(),
        }
    }

    /// The same for a finding, shown at its lines.
    pub(crate) fn annotate_finding(self, d: &Diagnostic) -> String {
        let at = d.place.as_ref().map(|p| {
            let ((line, column), (end_line, end_column)) = (p.line_column(), p.end_line_column());
            let file = property(&p.text.path);
            format!("file={file},line={line},col={column},endLine={end_line},endColumn={end_column},")
        });
        let (at, title) = (at.unwrap_or_default(), property(d.code.id));
        match self {
            Forge::GitHub => {
                let text = data(&d.with_help());
                format!("::{} {at}title={title}::{text}\n", d.severity.name())
            }
            Forge::Plain | Forge::GitLab => String::new(),
        }
    }
}

/// The text after `::`, escaped as the runner unescapes it.
fn data(text: &str) -> String {
    one_line(text).replace('%', "%25")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_annotations_are_what_the_forges_read() {
        assert_eq!(Forge::GitHub.open("install", 7), "::group::install\n");
        assert_eq!(
            Forge::GitLab.open("install", 7),
            "\u{1b}[0Ksection_start:7:ccci_install\r\u{1b}[0Kinstall\n"
        );
        let line = Forge::GitHub.annotate("error", "a: b, c", "100 %\n::set-output");
        assert_eq!(line, "::error title=a%3A b%2C c::100 %25 ::set-output\n");
        assert_eq!(Forge::Plain.annotate("error", "a", "b"), "");
    }
}
