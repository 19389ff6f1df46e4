//! Whether the engine reads the functions that are written.

use super::{Scan, line_of};
use crate::node::{Function, Tree};
use crate::sources::place;
use ccci_model::diag::codes::HIDDEN_FUNCTION;
use ccci_model::diag::{Diagnostic, Place, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A function as both can name it: its name, its number of parameters, whether it is private.
type Shape<'a> = (&'a str, usize, bool);

/// What stands in the text and not in the tree that was made of it, or the other way round. Nothing, unless the engine
/// has a rule that the scanner does not know.
pub(crate) fn differences(scan: &Scan, tree: &Tree, text: &Arc<Text>) -> Vec<Diagnostic> {
    let read: Vec<&Function> = tree.functions.iter().filter(|f| !f.is_closure()).collect();
    let mut count: BTreeMap<Shape<'_>, isize> = BTreeMap::new();
    for f in &read {
        *count.entry((&f.name, f.params.len(), f.private)).or_default() -= 1;
    }
    for f in &scan.functions {
        *count.entry((&f.name, f.params, f.private)).or_default() += 1;
    }
    let off = |shape: Shape<'_>| count.get(&shape).copied().unwrap_or_default();
    let written = scan.functions.iter().filter(|f| off((&f.name, f.params, f.private)) > 0).map(|f| {
        let message = format!("`{}` is written here, and the engine reads no such function", f.name);
        at(message, Place::new(text, f.name_at.clone()))
    });
    let unseen = read.iter().filter(|f| off((&f.name, f.params.len(), f.private)) < 0).map(|f| {
        let message = format!("the engine reads a function `{}` here, which is not written as one", f.name);
        at(message, place(text, f.body_at, 1))
    });
    let mut out: Vec<Diagnostic> = written.chain(unseen).collect();
    if out.is_empty() {
        let lost = scan.functions.iter().zip(read).find(|(seen, f)| {
            seen.name != f.name || f.body_at.line() != Some(line_of(&text.content, seen.body_at))
        });
        out.extend(lost.map(|(f, _)| {
            let message = format!("the engine counts other lines than there are before `{}`", f.name);
            at(message, Place::new(text, f.name_at.clone()))
        }));
    }
    out
}

fn at(message: String, place: Place) -> Diagnostic {
    let help = "write the lines before it in a plainer way: comments, texts, the ends of lines";
    Diagnostic::new(HIDDEN_FUNCTION, message).at(place).help(help)
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::{engine, tree};

    /// What is said when the text of the left is taken for what the tree of the right was made of.
    fn check(written: &str, compiled: &str, want: &[&str]) {
        let tree = tree::of(&engine::compiler([]).compile(compiled).unwrap());
        let text = Arc::new(Text { path: "h".into(), content: written.into() });
        let said: Vec<String> = differences(&read(written), &tree, &text)
            .iter()
            .map(|d| format!("{} {}", d.place.as_ref().unwrap(), d.message))
            .collect();
        assert_eq!(said, want, "{written} | {compiled}");
    }

    #[test]
    fn a_function_that_only_one_of_both_reads_is_told() {
        check("fn a() {}\nfn b(x) {}", "fn a() {}\nfn b(x) {}", &[]);
        check(
            "fn a() {}\nfn b(x) {}",
            "fn a() {}",
            &["h:2:4 `b` is written here, and the engine reads no such function"],
        );
        check(
            "fn a() {}",
            "fn a() {}\nfn b(x) {}",
            &["h:1:10 the engine reads a function `b` here, which is not written as one"],
        );
        for other in ["fn a(x) {}", "private fn a() {}", "fn A() {}"] {
            let tree = tree::of(&engine::compiler([]).compile(other).unwrap());
            let text = Arc::new(Text { path: "h".into(), content: "fn a() {}".into() });
            assert_eq!(differences(&read("fn a() {}"), &tree, &text).len(), 2, "{other}");
        }
    }

    #[test]
    fn lines_that_are_counted_differently_are_told() {
        check(
            "fn a() {}\n\nfn b() {}",
            "fn a() {}\nfn b() {}",
            &["h:3:4 the engine counts other lines than there are before `b`"],
        );
    }

    /// Whether a text compiles and nothing is found in it; then both must read the same functions.
    fn agrees(compiler: &rhai::Engine, content: &str) -> bool {
        let scan = read(content);
        let Ok(ast) = compiler.compile(content) else { return false };
        let text = Arc::new(Text { path: "h".into(), content: content.into() });
        let found = differences(&scan, &tree::of(&ast), &text);
        assert!(!scan.found.is_empty() || found.is_empty(), "{content:?}: {found:#?}");
        scan.found.is_empty()
    }

    /// Parts of scripts that begin and end comments and texts in each other.
    const PARTS: &[&str] = &[
        "fn a(x) { 1 }",
        "private fn b() { 2 }",
        "fn c(x, y) {",
        "}",
        " ",
        "\n",
        "/*",
        "*/",
        "//",
        "///",
        "/**/",
        "/***/",
        "\"",
        "'",
        "`",
        "``",
        "\\",
        "\\\n",
        "\\`",
        "${",
        "$",
        "{",
        "}",
        "#{",
        "#\"",
        "\"#",
        "##\"",
        "\"##",
        "1",
        ";",
        "+",
        "*",
        "/",
        "x",
        "'x'",
        "\"x\"",
        "`x`",
        "`${1}`",
        "/* x */",
        "// x\n",
        "|x|",
        "(",
        ")",
        "fn",
        "private",
        "let z = ",
        "\t",
        "\r\n",
        "[",
        "]",
        ",",
        ".",
        "=",
        "const D = ",
        "if true {",
        "0x1f",
        "1e5",
        "1..2",
        "!in",
    ];

    /// What an author may write at one place, and what must end there.
    const FRAMES: &[(&str, &str)] = &[
        ("", ""),
        ("fn f() { ", " }\nfn g(x) { 1 }"),
        ("fn f() { `", "` }\nfn g(x) { 1 }"),
        ("fn f() { `${ ", " }` }\nfn g(x) { 1 }"),
        ("fn f() { \"", "\" }\nfn g(x) { 1 }"),
        ("fn f() { #\"", "\"# }\nfn g(x) { 1 }"),
        ("/*", "*/\nfn g(x) { 1 }"),
        ("//", "\nfn g(x) { 1 }"),
    ];

    #[test]
    fn whatever_is_written_both_read_the_same_functions_or_it_is_told() {
        let mut compiler = engine::compiler([]);
        compiler.set_strict_variables(false);
        let (mut seed, mut agreeing) = (7_u64, 0);
        let mut below = |n: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % n
        };
        for _ in 0..3_000 {
            let (before, after) = FRAMES[below(FRAMES.len())];
            let inner: String = (0..below(6)).map(|_| PARTS[below(PARTS.len())]).collect();
            agreeing += usize::from(agrees(&compiler, &format!("{before}{inner}{after}")));
        }
        assert!(agreeing > 500, "only {agreeing} texts were read by both");
    }
}
