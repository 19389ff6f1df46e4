//! Makes reference pages from rows of tables. Rows in, text out; the commands know which pages there are.

use std::fmt::Write;

/// One thing that users can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Short facts: kind, default, returns.
    pub facts: Vec<(&'static str, String)>,
    /// Sentences that describe it.
    pub doc: String,
    /// An example and its language, if it has one.
    pub example: Option<(&'static str, String)>,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// File name below `docs/reference/`, without `.md`.
    pub file: &'static str,
    /// Heading.
    pub title: &'static str,
    /// What the rows are.
    pub intro: &'static str,
    /// The file that contains the rows.
    pub from: &'static str,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A page as Markdown.
pub fn markdown(page: &Page) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<!-- made from {}; edit that file and run `CCCI_BLESS=1 cargo test generated` -->\n",
        page.from
    );
    let _ = writeln!(out, "# {}\n\n{}", page.title, page.intro);
    for row in &page.rows {
        let _ = writeln!(out, "\n## `{}`\n", row.name);
        let facts: Vec<String> = row.facts.iter().map(|(k, v)| format!("{k}: {v}")).collect();
        if !facts.is_empty() {
            let _ = writeln!(out, "{}\n", facts.join(" · "));
        }
        let _ = writeln!(out, "{}", row.doc);
        if let Some((language, text)) = &row.example {
            let _ = writeln!(out, "\n```{language}\n{}\n```", text.trim_end());
        }
    }
    out
}

/// One row as text for a terminal.
pub fn explain(page: &Page, row: &Row) -> String {
    let mut out = format!("{}  ({})\n", row.name, page.title);
    for (k, v) in &row.facts {
        let _ = writeln!(out, "  {k}: {v}");
    }
    let _ = writeln!(out, "\n{}", row.doc);
    if let Some((_, text)) = &row.example {
        let _ = writeln!(out, "\nexample:");
        for line in text.trim_end().lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_the_file_to_edit_and_shows_every_row() {
        let row = Row {
            name: "health.path".into(),
            facts: vec![("default", "`\"/\"`".into())],
            doc: "Path asked.".into(),
            example: Some(("toml", "health.path = \"/up\"\n".into())),
        };
        let page = Page {
            file: "settings",
            title: "Settings",
            intro: "Keys.",
            from: "src/recipe/keys.rs",
            rows: vec![row],
        };
        let text = markdown(&page);
        assert!(text.starts_with("<!-- made from src/recipe/keys.rs"), "{text}");
        assert!(text.contains(
            "## `health.path`\n\ndefault: `\"/\"`\n\nPath asked.\n\n```toml\nhealth.path = \"/up\"\n```"
        ));
        assert!(explain(&page, &page.rows[0]).contains("example:\n  health.path"));
    }
}
