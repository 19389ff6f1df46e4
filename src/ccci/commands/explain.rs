//! `ccci explain <name>`: one page on anything that has a row in a table.

use super::args::ExplainArgs;
use super::generated::pages;
use super::out::Out;
use crate::docs::{Page, Row, explain};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::exit::Exit;
use ccci_report::text::cut;
use std::sync::LazyLock;

/// Columns of a list of names.
const COLUMNS: usize = 100;
/// Most columns of the names in it.
const WIDEST: usize = 28;

/// Prints every row of that name; a hook and a rule may have the same one. A function is found by `ctx.get` and by
/// `get`, a rule also by its number in abra. The name of a page lists its rows.
pub fn explain_name(args: &ExplainArgs, out: &Out) -> Exit {
    let pages = all();
    let rows = || pages.iter().flat_map(|p| p.rows.iter().map(move |r| (p, r)));
    let word = args.name.as_str();
    // the names of lists come first: texts of ccci send readers to them, and a few are words of a report as well
    if let Some(page) = pages.iter().find(|p| p.file == word) {
        out.data(&format!("{}\n\n{}", page.intro, listed(page)));
        return Exit::Green;
    }
    let found = found(word);
    if !found.is_empty() {
        let texts: Vec<String> = found.iter().map(|(p, r)| explain(p, r)).collect();
        out.data(&texts.join("\n"));
        return Exit::Green;
    }
    let names = rows().flat_map(|(_, r)| [r.name.as_str(), bare(&r.name)]);
    let files = || pages.iter().map(|p| p.file).collect::<Vec<_>>().join(", ");
    let hint = did_you_mean(word, names).map(|h| h.text);
    let hint = hint.unwrap_or_else(|| format!("to list names, call `ccci explain` with one of {}", files()));
    out.say(&format!("error: unknown name `{word}`; {hint}"));
    Exit::Wrong
}

/// One line for each row: its name, and its first sentence as far as it fits.
fn listed(page: &Page) -> String {
    let names: Vec<&str> = page.rows.iter().map(|r| bare(&r.name)).collect();
    let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0).min(WIDEST);
    let first = |row: &Row| row.doc.split(". ").next().unwrap_or_default().replace('\n', " ");
    let line = |(name, row): (&&str, &Row)| {
        let text = cut(&format!("  {name:<width$}  {}", first(row)), COLUMNS);
        text.trim_end().to_string() + "\n"
    };
    names.iter().zip(&page.rows).map(line).collect()
}

fn all() -> &'static [Page] {
    static ALL: LazyLock<Vec<Page>> = LazyLock::new(pages);
    &ALL
}

/// Every row of that name, in the first way of writing it that finds one.
fn found(word: &str) -> Vec<(&'static Page, &'static Row)> {
    let rows = || all().iter().flat_map(|p| p.rows.iter().map(move |r| (p, r)));
    [exactly as fn(&Row, &str) -> bool, called, shortly, known_as, several]
        .iter()
        .map(|way| rows().filter(|(_, r)| way(r, word)).collect::<Vec<_>>())
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The same rows without their pages, for editors.
pub(crate) fn rows_named(word: &str) -> Vec<&'static Row> {
    found(word).into_iter().map(|(_, row)| row).collect()
}

fn exactly(row: &Row, word: &str) -> bool {
    row.name == word
}

/// Whether the word is the name without arguments and result.
fn called(row: &Row, word: &str) -> bool {
    bare(&row.name) == bare(word)
}

/// Whether the word is the last part of a function's name.
fn shortly(row: &Row, word: &str) -> bool {
    let function = row.name.contains(" -> ") || row.name.contains("::");
    function && bare(&row.name).rsplit(['.', ':']).next() == Some(bare(word))
}

/// Whether the word is a fact of the row: a rule's number in abra, or the overlay of a tier.
fn known_as(row: &Row, word: &str) -> bool {
    row.facts.iter().any(|(k, v)| ["in abra", "overlay"].contains(k) && v.trim_matches('`') == word)
}

/// Whether the word is the plural of the name, or the name in other letters: `rungs`, `GREEN`.
fn several(row: &Row, word: &str) -> bool {
    let word = word.to_lowercase();
    row.name == word || word.strip_suffix('s') == Some(&row.name)
}

/// The name without its arguments and result.
fn bare(name: &str) -> &str {
    name.split(['(', ' ']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_answers_to_the_names_authors_use() {
        let row = |name: &str| Row { name: name.into(), facts: vec![], doc: String::new(), example: None };
        let get = row("ctx.get(path: text) -> Response");
        assert!(called(&get, "ctx.get") && called(&get, "ctx.get()") && shortly(&get, "get"));
        assert!(shortly(&row("std::sqlite::mark"), "mark"));
        assert!(!shortly(&row("health.path"), "path"));
        let rule = Row { facts: vec![("in abra", "R014".into())], ..row("annotated-tags") };
        assert!(known_as(&rule, "R014") && !known_as(&rule, "R01"));
    }
}
