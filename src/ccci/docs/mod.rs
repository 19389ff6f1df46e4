//! Turns rows of tables into reference pages. Rows in, text out; which pages there are is known at the door.

use std::fmt::Write;

/// One nameable thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Facts in a few words each: kind, default, returns.
    pub facts: Vec<(&'static str, String)>,
    /// Sentences.
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
    /// What these things are.
    pub intro: &'static str,
    /// The file whose rows make the page.
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

/// One row for a terminal.
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
