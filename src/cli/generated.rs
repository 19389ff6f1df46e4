//! GENERATED: every file of the repository that is made from tables, and how. A test compares them all.

use super::env::ENV;
use crate::diag::CODES;
use crate::docs::{Page, Row, markdown};
use crate::exit::EXITS;
use crate::failure::CAUSES;
use crate::recipe::lint::RULES;
use crate::tier::{RUNGS, TIERS};

/// A file made from tables.
pub struct Generated {
    /// Path in the repository.
    pub path: String,
    /// Its content.
    pub content: String,
}

/// All pages of the reference, in the order of the index.
pub fn pages() -> Vec<Page> {
    vec![tiers(), codes(), causes(), rules(), exits(), environment()]
}

/// All files.
pub fn generated() -> Vec<Generated> {
    let mut out: Vec<Generated> = pages()
        .iter()
        .map(|p| Generated { path: format!("docs/reference/{}.md", p.file), content: markdown(p) })
        .collect();
    let index: Vec<String> =
        pages().iter().map(|p| format!("- [{}]({}.md): {}", p.title, p.file, p.intro)).collect();
    let head =
        "<!-- made from src/cli/generated.rs; run `CCCI_BLESS=1 cargo test generated` -->\n\n# Reference\n\n";
    out.push(Generated {
        path: "docs/reference/README.md".into(),
        content: format!("{head}{}\n", index.join("\n")),
    });
    out
}

fn row(name: impl Into<String>, facts: Vec<(&'static str, String)>, doc: &str) -> Row {
    Row { name: name.into(), facts, doc: doc.to_string(), example: None }
}

fn tiers() -> Page {
    let rung = |r| RUNGS.iter().position(|(x, _)| *x == r).map_or(0, |i| i + 1);
    let rows = TIERS.iter().map(|t| {
        let mut facts = vec![("counts for", format!("rung {} `{}`", rung(t.rung), t.rung))];
        facts.extend(t.overlay.map(|o| ("overlay", format!("`{o}`"))));
        row(t.name, facts, t.doc)
    });
    Page {
        file: "tiers",
        title: "Tiers",
        intro: "The parts of a run that assert something, in their order.",
        from: "src/tier.rs",
        rows: rows.collect(),
    }
}

fn codes() -> Page {
    let severity = |s| match s {
        crate::diag::Severity::Error => "error",
        crate::diag::Severity::Warning => "warning",
    };
    let rows = CODES.iter().map(|c| row(c.id, vec![("severity", severity(c.severity).to_string())], c.doc));
    Page {
        file: "diagnostics",
        title: "Diagnostics",
        intro: "What can be wrong in a text someone wrote; said before anything runs, exit code 2.",
        from: "src/diag/codes.rs",
        rows: rows.collect(),
    }
}

fn rules() -> Page {
    let severity = |s| match s {
        crate::diag::Severity::Error => "error",
        crate::diag::Severity::Warning => "warning",
    };
    let rows = RULES.iter().map(|r| {
        let facts = vec![("severity", severity(r.severity).to_string()), ("in abra", r.abra.to_string())];
        row(r.id, facts, &format!("{}\n\n{}", r.summary, r.doc))
    });
    Page {
        file: "rules",
        title: "Recipe rules",
        intro: "What the lint rung looks at; it lowers the level, never the verdict.",
        from: "src/recipe/lint/rules.rs",
        rows: rows.collect(),
    }
}

fn causes() -> Page {
    let rows = CAUSES.iter().map(|c| row(c.id, vec![("blame", c.blame.to_string())], c.doc));
    Page {
        file: "causes",
        title: "Causes",
        intro: "Why a step can fail, and who is to blame unless the evidence says better.",
        from: "src/failure/causes.rs",
        rows: rows.collect(),
    }
}

fn exits() -> Page {
    let rows = EXITS.iter().map(|e| row(e.code.to_string(), vec![], e.doc));
    Page {
        file: "exit-codes",
        title: "Exit codes",
        intro: "How every call of ccci ends, as the shell sees it.",
        from: "src/exit.rs",
        rows: rows.collect(),
    }
}

fn environment() -> Page {
    let rows = ENV.iter().map(|e| row(e.name, vec![], e.doc));
    Page {
        file: "environment",
        title: "Environment variables",
        intro: "Every environment variable that ccci reads.",
        from: "src/cli/env.rs",
        rows: rows.collect(),
    }
}
