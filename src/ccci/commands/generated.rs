//! GENERATED: every file of the repository that is made from tables, and how it is made. A test compares them all.

use super::env::ENV;
use super::words::WORDS;
use crate::docs::{Page, Row, markdown};
use ccci_model::diag::CODES;
use ccci_model::exit::EXITS;
use ccci_model::failure::CAUSES;
use ccci_model::redact::writings::{SAMPLE, WRITINGS};
use ccci_model::tier::{RUNGS, TIERS};
use ccci_recipe::keys::{self, KEYS};
use ccci_recipe::lint::{Check, RULES};
use ccci_report::findings::{self, FINDINGS_FORMATS};
use ccci_report::{REPORTS, results};
use ccci_script::limits::LIMITS;
use ccci_script::{self, HOOKS};

/// A file made from tables.
pub struct Generated {
    /// Path in the repository.
    pub path: String,
    /// Its content.
    pub content: String,
}

/// All pages of the reference, in the order of the index.
pub fn pages() -> Vec<Page> {
    vec![
        settings(),
        hooks(),
        functions(),
        library(),
        limits(),
        tiers(),
        codes(),
        causes(),
        rules(),
        reports(),
        findings(),
        exits(),
        words(),
        redaction(),
        environment(),
    ]
}

/// All generated files.
pub fn generated() -> Vec<Generated> {
    let mut out: Vec<Generated> = pages()
        .iter()
        .map(|p| Generated { path: format!("docs/reference/{}.md", p.file), content: markdown(p) })
        .collect();
    let index: Vec<String> =
        pages().iter().map(|p| format!("- [{}]({}.md): {}", p.title, p.file, summary(p))).collect();
    let head = "<!-- made from src/ccci/commands/generated.rs; run `CCCI_BLESS=1 cargo test generated` -->\n\n# Reference\n\n";
    out.push(Generated {
        path: "docs/reference/README.md".into(),
        content: format!("{head}{}\n", index.join("\n")),
    });
    out.push(Generated { path: "docs/schema/results.schema.json".into(), content: results::schema() });
    out.push(Generated { path: "docs/schema/findings.schema.json".into(), content: findings::schema() });
    let settings = serde_json::to_string_pretty(&keys::json_schema()).expect("keys are text");
    out.push(Generated { path: "docs/schema/recipe.schema.json".into(), content: settings + "\n" });
    out
}

/// The first paragraph of a page's introduction.
fn summary(page: &Page) -> &str {
    page.intro.lines().next().unwrap_or_default()
}

fn row(name: impl Into<String>, facts: Vec<(&'static str, String)>, doc: &str) -> Row {
    Row { name: name.into(), facts, doc: doc.to_string(), example: None }
}

fn settings() -> Page {
    let rows = KEYS.iter().map(|k| {
        let status = match &k.status {
            keys::Status::Stable => None,
            keys::Status::Deprecated { write } => Some(("deprecated, write", format!("`{write}`"))),
            keys::Status::Removed { write } => Some(("removed, write", format!("`{write}`"))),
            keys::Status::NotYet => Some(("status", "not built yet; using it is an error".to_string())),
        };
        let default = k.has_effect().then(|| ("default", format!("`{}`", k.default())));
        let example = (!k.example.is_empty() && k.has_effect())
            .then(|| ("toml", format!("{} = {}", k.name, k.example)));
        Row {
            name: k.name.into(),
            facts: default.into_iter().chain(status).collect(),
            doc: k.doc.into(),
            example,
        }
    });
    Page {
        file: "settings",
        title: "Settings",
        intro: "The keys of `recipe.toml`: data only.",
        from: "src/recipe/keys.rs",
        rows: rows.collect(),
    }
}

fn hooks() -> Page {
    let facts = |h: &dyn ccci_script::hooks::HookRow| {
        vec![("shape", format!("`{}`", ccci_script::hooks::shape(h))), ("returns", h.noun().to_string())]
    };
    let rows = HOOKS.iter().map(|h| Row {
        name: h.name().into(),
        facts: facts(*h),
        doc: h.doc().into(),
        example: Some(("rhai", h.example().into())),
    });
    Page {
        file: "hooks",
        title: "Hooks",
        intro: "Functions of `hooks.rhai` that ccci calls at fixed points of the lifecycle.",
        from: "src/script/hooks.rs",
        rows: rows.collect(),
    }
}

fn functions() -> Page {
    let rows = ccci_runner::ctx::sigs().into_iter().map(|s| Row {
        name: s.shown(),
        facts: vec![("needs", s.reach.row().needs.to_string())],
        doc: s.doc.into(),
        example: Some(("rhai", s.example.into())),
    });
    Page {
        file: "ctx",
        title: "Functions of ctx",
        intro: "What hooks and tests may read and do.",
        from: "src/runner/ctx/",
        rows: rows.collect(),
    }
}

fn library() -> Page {
    let rows = ccci_script::stdlib::rows().map(|f| Row {
        name: f.full_name(),
        facts: vec![("shape", format!("`{}`", f.shown()))],
        doc: f.doc.clone(),
        example: Some(("rhai", f.example.clone())),
    });
    Page {
        file: "std",
        title: "Standard library",
        intro: "Functions shipped in the binary, called as `std::…` without an import.",
        from: "scripts-stdlib/",
        rows: rows.collect(),
    }
}

fn words() -> Page {
    let rows = WORDS.iter().map(|w| Row {
        name: w.name.into(),
        facts: vec![],
        doc: w.doc.into(),
        example: w.example.map(|e| ("rhai", e.into())),
    });
    Page {
        file: "words",
        title: "Words",
        intro: "Words of reports, and what scripts write beside functions.",
        from: "src/ccci/commands/words.rs",
        rows: rows.collect(),
    }
}

fn limits() -> Page {
    let rows = LIMITS.iter().map(|l| row(l.name, vec![("at most", l.most.to_string())], l.doc));
    Page {
        file: "limits",
        title: "Limits of scripts",
        intro: "What one call of a hook or test may use; beyond it the script ends with its position.",
        from: "src/script/limits.rs",
        rows: rows.collect(),
    }
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
        from: "src/model/tier.rs",
        rows: rows.collect(),
    }
}

fn codes() -> Page {
    let severity = |s| match s {
        ccci_model::diag::Severity::Error => "error",
        ccci_model::diag::Severity::Warning => "warning",
    };
    let rows = CODES.iter().map(|c| row(c.id, vec![("severity", severity(c.severity).to_string())], c.doc));
    Page {
        file: "diagnostics",
        title: "Diagnostics",
        intro: "What can be wrong in a text that someone wrote; reported before anything runs, with exit code 2.",
        from: "src/model/diag/codes.rs",
        rows: rows.collect(),
    }
}

fn rules() -> Page {
    let severity = |s| match s {
        ccci_model::diag::Severity::Error => "error",
        ccci_model::diag::Severity::Warning => "warning",
    };
    let rows = RULES.iter().map(|r| {
        let known_as = r.abra.map(|number| ("in abra", number.to_string()));
        let stops = matches!(r.check, Check::Refused(_)).then(|| ("stops a run", "yes".to_string()));
        let compares =
            matches!(r.check, Check::Upgrade(_)).then(|| ("compares", "base and head".to_string()));
        let facts = [("severity", severity(r.code.severity).to_string())];
        Row {
            name: r.code.id.into(),
            facts: facts.into_iter().chain(known_as).chain(stops).chain(compares).collect(),
            doc: format!("{}\n\n{}", r.code.doc, r.doc),
            example: r.example.map(|e| ("yaml", e.shown())),
        }
    });
    Page {
        file: "rules",
        title: "Recipe rules",
        intro: "What is asked of a recipe's own files. The lint rung lowers the level, never the verdict; what Swarm refuses stops a run.",
        from: "src/recipe/lint/rules.rs",
        rows: rows.collect(),
    }
}

fn causes() -> Page {
    let rows = CAUSES
        .iter()
        .map(|c| row(c.id, vec![("blame", c.blame.to_string()), ("to do", c.cure.to_string())], c.doc));
    Page {
        file: "causes",
        title: "Causes",
        intro: "Why a step can fail, who is to blame unless the evidence says better, and what to do.",
        from: "src/model/failure/causes.rs",
        rows: rows.collect(),
    }
}

fn reports() -> Page {
    let rows = REPORTS.iter().map(|f| row(f.name, vec![("file", format!("`{}`", f.file))], f.doc));
    Page {
        file: "formats",
        title: "Formats",
        intro: "What a run is reported in; `ccci report --format NAME` makes any of them from an old run.",
        from: "src/report/lib.rs",
        rows: rows.collect(),
    }
}

fn findings() -> Page {
    let rows = FINDINGS_FORMATS.iter().map(|f| row(f.name, vec![], f.doc));
    Page {
        file: "findings",
        title: "Formats of findings",
        intro: "What `ccci check --format NAME` writes to standard output; `human`, the default, writes text with \
                excerpts to standard error. The exit code is the same in every format: 2 if there are errors, or \
                warnings with `--deny-warnings`.",
        from: "src/report/findings/mod.rs",
        rows: rows.collect(),
    }
}

fn exits() -> Page {
    let rows = EXITS.iter().map(|e| row(e.code.to_string(), vec![], e.doc));
    Page {
        file: "exit-codes",
        title: "Exit codes",
        intro: "How every call of ccci ends, as the shell sees it.",
        from: "src/model/exit.rs",
        rows: rows.collect(),
    }
}

fn redaction() -> Page {
    let rows = WRITINGS.iter().map(|w| Row {
        name: w.name.into(),
        facts: vec![("hidden", if w.is_hidden { "yes" } else { "no" }.to_string())],
        doc: w.doc.into(),
        example: Some(("text", visible(&(w.write)(SAMPLE)))),
    });
    Page {
        file: "redaction",
        title: "Redaction",
        intro: REDACTION,
        from: "src/model/redact/writings.rs",
        rows: rows.collect(),
    }
}

/// The introduction of the page on redaction, which holds for all its rows.
const REDACTION: &str = "In which ways the value of a secret may be written, and whether it is hidden then.

`•••` stands in its place in everything that a run writes and says, and the finished record is searched once more. Two ways may
lie one upon the other, unless it is said otherwise. All examples write the value of the first. Not hidden at all are values of
fewer than six letters and ordinary words such as `postgres`, since the record would be full of dots; a run that has one says
so. Not searched are the archives of a backup, for they hold what the app stores.";

/// The text with a visible sign for each character that is not visible.
fn visible(text: &str) -> String {
    let one = |c: char| match c {
        '\n' => "\n".to_string(),
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).map_or(String::new(), String::from),
        '\u{200b}' => "<U+200B>".to_string(),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}

fn environment() -> Page {
    let rows = ENV.iter().map(|e| row(e.name, vec![], e.doc));
    Page {
        file: "environment",
        title: "Environment variables",
        intro: "Every environment variable that ccci reads.",
        from: "src/ccci/commands/env.rs",
        rows: rows.collect(),
    }
}
