//! Examples of rules: a recipe in a few lines that breaks the rule, and one that keeps it. `==> path` begins a file, as
//! `head` and `tail` show several; what comes before is `compose.yml`. A number after the path makes a file of so many
//! bytes; `tags` are those of the repository. `«…»` marks what is found, and `\r` at the end of a line is a carriage return.

/// What breaks a rule and what keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// A recipe that breaks it, with the places that are found.
    pub bad: &'static str,
    /// The same without the fault.
    pub good: &'static str,
}

impl Example {
    /// Both, as they are shown on the page of the rule.
    pub fn shown(&self) -> String {
        let plain = |text: &str| text.replace(['«', '»'], "");
        let bad = plain(self.bad);
        format!("# wrong\n{}\n\n# right\n{}", bad.trim_end(), plain(self.good).trim_end())
    }
}
