//! Compares the functions that the engine reads with those that are written in the text.

use super::{Scan, line_of};
use crate::node::{Function, Tree};
use crate::sources::{TOKEN, place};
use ccci_model::diag::codes::HIDDEN_FUNCTION;
use ccci_model::diag::{Diagnostic, Place, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A function as the scanner and the engine both describe it: its name, its number of parameters, whether it
/// is private.
type Shape<'a> = (&'a str, usize, bool);

/// Functions that are in the text and not in the compiled tree, or in the tree and not in the text. There are
/// none unless the engine has a rule that the scanner lacks.
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
        let message = format!("`{}` is written here, but the engine reads no such function", f.name);
        at(message, Place::new(text, f.name_at.clone()))
    });
    let unseen = read.iter().filter(|f| off((&f.name, f.params.len(), f.private)) < 0).map(|f| {
        let message = format!("the engine reads a function `{}` here, but the text has none", f.name);
        at(message, place(text, f.body_at, TOKEN))
    });
    let mut out: Vec<Diagnostic> = written.chain(unseen).collect();
    if out.is_empty() {
        let lost = scan.functions.iter().zip(read).find(|(seen, f)| {
            seen.name != f.name || f.body_at.line() != Some(line_of(&text.content, seen.body_at))
        });
        out.extend(lost.map(|(f, _)| {
            let message = format!(
                "the engine counts a different number of lines before `{}` than the text has",
                f.name
            );
            at(message, Place::new(text, f.name_at.clone()))
        }));
    }
    out
}

fn at(message: String, place: Place) -> Diagnostic {
    let help = "simplify the comments, texts and line endings before it";
    Diagnostic::new(HIDDEN_FUNCTION, message).at(place).help(help)
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::{engine, tree};

    /// Compares the text `written` with the tree of the text `compiled`.
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
    fn a_function_that_only_one_side_reads_is_reported() {
        check("fn a() {}\nfn b(x) {}", "fn a() {}\nfn b(x) {}", &[]);
        check(
            "fn a() {}\nfn b(x) {}",
            "fn a() {}",
            &["h:2:4 `b` is written here, but the engine reads no such function"],
        );
        check(
            "fn a() {}",
            "fn a() {}\nfn b(x) {}",
            &["h:1:10 the engine reads a function `b` here, but the text has none"],
        );
        for other in ["fn a(x) {}", "private fn a() {}", "fn A() {}"] {
            let tree = tree::of(&engine::compiler([]).compile(other).unwrap());
            let text = Arc::new(Text { path: "h".into(), content: "fn a() {}".into() });
            assert_eq!(differences(&read("fn a() {}"), &tree, &text).len(), 2, "{other}");
        }
    }

    #[test]
    fn lines_that_are_counted_differently_are_reported() {
        check(
            "fn a() {}\n\nfn b() {}",
            "fn a() {}\nfn b() {}",
            &["h:3:4 the engine counts a different number of lines before `b` than the text has"],
        );
    }

    /// Whether a text compiles without findings; the scanner and the engine must then read the same
    /// functions.
    fn agrees(compiler: &rhai::Engine, content: &str) -> bool {
        let scan = read(content);
        let Ok(ast) = compiler.compile(content) else { return false };
        let text = Arc::new(Text { path: "h".into(), content: content.into() });
        let found = differences(&scan, &tree::of(&ast), &text);
        assert!(!scan.found.is_empty() || found.is_empty(), "{content:?}: {found:#?}");
        scan.found.is_empty()
    }

    /// Parts of scripts that begin and end comments and texts inside each other.
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

    /// Code at one place of a script, and what must end there.
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
    fn scanner_and_engine_read_the_same_functions_or_report() {
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
