//! Scans a script's text for comments, texts and functions without the engine, as a reader would. Where the
//! engine reads something else, a function would be missing without a message; that is therefore an error.
//!
//! The rules are those of Rhai 1.27, found by experiments: comments nest, `/**/` opens a doc comment, a
//! doubled quote inside a text is a quote, a text in backticks may span lines and contains `${…}` with any
//! code inside. The scanner accepts every input and needs linear time.

mod agree;
mod characters;
mod seen;
pub(super) mod tokens;

pub(super) use agree::differences;

use ccci_model::diag::codes::{
    DECEPTIVE_TEXT, HIDDEN_FUNCTION, OPEN_COMMENT, SCRIPT_SYNTAX, SCRIPT_TOO_LARGE,
};
use ccci_model::diag::{Code, Diagnostic, Place, Text};
use seen::Observed;
use std::ops::Range;
use std::sync::Arc;

/// Findings that are reported for one file.
const MOST_FOUND: usize = 20;
/// Rhai stops counting lines here.
const MOST_LINES: usize = u16::MAX as usize;

/// Result of a scan.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The functions, in the order of the text.
    pub functions: Vec<Observed>,
    found: Vec<Found>,
}

/// Something that the engine reads differently from a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    code: &'static Code,
    range: Range<usize>,
    message: String,
    help: String,
}

/// Scans a text.
pub(super) fn read(text: &str) -> Scan {
    let read = tokens::read(text);
    let functions = seen::functions(text, &read.tokens);
    let mut found = characters::deceptive(text);
    comments(text, &read, &mut found);
    for stretch in &read.hiding {
        found.extend(seen::written(text, &stretch.range).map(|f| hidden(text, &f, stretch)));
    }
    found.extend(read.lost_lines.iter().map(|at| Found {
        code: DECEPTIVE_TEXT,
        range: *at..at + 1,
        message: "a line of a raw text ends in a quote, after which the engine miscounts the lines".into(),
        help: "move the quote to another place, or write the text in backticks".into(),
    }));
    found.extend(read.foreign.iter().map(|range| Found {
        code: SCRIPT_SYNTAX,
        range: range.clone(),
        message: format!("{} cannot be used here", characters::named(&text[range.clone()])),
        help: "names and signs must be ASCII; other characters may be used in texts and comments".into(),
    }));
    found.extend(functions.iter().filter(|f| f.of_type).map(|f| Found {
        code: HIDDEN_FUNCTION,
        range: f.name_at.clone(),
        message: format!("`{}` is a method of a type and cannot be called by its name", f.name),
        help: format!("write `fn {}(…)`, without a type before the name", f.name),
    }));
    if line_of(text, text.len()) > MOST_LINES {
        found.push(Found {
            code: SCRIPT_TOO_LARGE,
            range: 0..0,
            message: format!("the script has more than {MOST_LINES} lines"),
            help: "move parts of it to other files under `lib/`".into(),
        });
    }
    // if several findings concern the same character, the first one is reported
    found.sort_by_key(|f| f.range.start);
    found.dedup_by_key(|f| f.range.start);
    Scan { functions, found }
}

/// Findings about the ends of comments.
fn comments(text: &str, read: &tokens::Read, found: &mut Vec<Found>) {
    let open = read.open_comment.iter().filter(|open| !read.empty_docs.contains(&open.at));
    found.extend(open.map(|open| open_comment(text, open)));
    found.extend(read.empty_docs.iter().map(|at| Found {
        code: OPEN_COMMENT,
        range: *at..at + 4,
        message: "`/**/` is not an empty comment: it opens a doc comment that continues after it".into(),
        help: "write `/* */`, or remove it".into(),
    }));
    found.extend(read.stray_ends.iter().map(|stray| Found {
        code: OPEN_COMMENT,
        range: stray.at..stray.at + 2,
        message: "`*/` is outside of a comment".into(),
        help: match stray.before {
            Some(at) => format!("the comment that begins in line {} ended before it", line_of(text, at)),
            None => "remove it, or write `/*` where the comment begins".into(),
        },
    }));
}

impl Scan {
    /// Findings about the text alone, without the engine.
    pub(super) fn diagnostics(&self, text: &Arc<Text>) -> Vec<Diagnostic> {
        let told = self.found.iter().take(MOST_FOUND);
        told.map(|f| {
            let place = Place::new(text, f.range.clone());
            Diagnostic::new(f.code, f.message.clone()).at(place).help(f.help.clone())
        })
        .collect()
    }
}

fn open_comment(text: &str, open: &tokens::Open) -> Found {
    let help = match open.inner {
        Some(inner) => format!(
            "comments nest: the `/*` in line {} opened an inner comment, and the `*/` ended that one",
            line_of(text, inner)
        ),
        None => "write `*/` at its end; comments nest, so each `/*` needs a `*/`".to_string(),
    };
    Found {
        code: OPEN_COMMENT,
        range: open.at..open.at + 2,
        message: "the comment that begins here has no end, so the rest of the file is not read".into(),
        help,
    }
}

/// Finding about a function that is written inside a comment or a text.
fn hidden(text: &str, f: &seen::Written, stretch: &tokens::Hiding) -> Found {
    let line = line_of(text, stretch.begins);
    let (what, help) = if stretch.is_text {
        (
            "a text",
            "end the text before the function; if it belongs to the text, do not begin its line with `fn`",
        )
    } else {
        (
            "a comment",
            "comments nest, so the end of an inner comment does not end the outer one: end it before the function, or begin each line with `//`",
        )
    };
    Found {
        code: HIDDEN_FUNCTION,
        range: f.name_at.clone(),
        message: format!("`{}` is inside {what} that begins in line {line}, so it is not a function", f.name),
        help: help.into(),
    }
}

/// Line of a byte, from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, functions: &[&str], found: &[(&str, usize)]) {
        let scan = read(text);
        let shown: Vec<String> = scan
            .functions
            .iter()
            .map(|f| format!("{}{}/{}", if f.private { "-" } else { "" }, f.name, f.params))
            .collect();
        assert_eq!(shown, functions, "{text:?}");
        let told: Vec<(&str, usize)> = scan.found.iter().map(|f| (f.code.id, f.range.start)).collect();
        assert_eq!(told, found, "{text:?}: {:#?}", scan.found);
    }

    #[test]
    fn functions_are_found_with_their_parameters_whatever_the_white_space() {
        check("fn a() {} fn b(x) {} private fn c(x, y,) {}", &["a/0", "b/1", "-c/2"], &[]);
        check("fn /* x */ a // y\n (x /* , z */, w) {} private\nfn\tb ( ) {}", &["a/2", "-b/0"], &[]);
        check("const F = || 1;\nfn a(x) { let f = |y| y; f.call(1) };;fn b(x) {}", &["a/1", "b/1"], &[]);
        check("\u{feff}fn a(x) {}", &["a/1"], &[]);
    }

    #[test]
    fn what_only_looks_like_a_function_is_not_found() {
        check("// fn a(x) {}\n/* fn b(x) {} */ /// fn c(x)\nfn d(fnord) { fnord }", &["d/1"], &[]);
        check(
            "fn a(x) { \"fn b(x) {}\"; 'f'; `fn c(x) {}`; #\"fn d(x) {}\"#; x.fnx; Fn(\"a\") }",
            &["a/1"],
            &[],
        );
        check("fn fn fn (fn, fn a(b fn", &[], &[]);
    }

    #[test]
    fn comments_nest_and_must_end() {
        check("/* a /* b */ c */ fn d() {}", &["d/0"], &[]);
        check("fn a() {}\n/* fn b() {}", &["a/0"], &[("open-comment", 10)]);
        check("fn a() {} /*", &["a/0"], &[("open-comment", 10)]);
        check("/* lib/*.rhai */ fn b() {}", &[], &[("open-comment", 0)]);
        check("/* // */ fn b() {} // /*\nfn c() {}", &["b/0", "c/0"], &[]);
        check("/* \" */ fn a() { \"/*\" } /* ' ` */ fn b() {}", &["a/0", "b/0"], &[]);
        check("fn a(x) { `${ x /* } ` */ } y` } fn b(x) {}", &["a/1", "b/1"], &[]);
        check(
            "/** doc */ fn a() {} /***/ fn b() {} /**/ fn c() {} /* */",
            &["a/0", "b/0"],
            &[("open-comment", 37)],
        );
    }

    #[test]
    fn an_end_outside_of_a_comment_is_reported() {
        check("/* a */ fn b() {} */", &["b/0"], &[("open-comment", 18)]);
        check("*/ fn b() { 2 */* c */ 3 }", &["b/0"], &[("open-comment", 0)]);
    }

    #[test]
    fn non_ascii_characters_are_reported_in_code_only() {
        check(
            "fn ä() { \"ü\" } // ö\nfn b()\u{a0}{}",
            &["b/0"],
            &[("script-syntax", 3), ("script-syntax", 29)],
        );
        check("fn a\u{200b}b() {}", &[], &[("deceptive-text", 4)]);
        assert!(read("a\u{430}").found[0].message.contains("(U+0430)"));
    }

    #[test]
    fn a_function_inside_an_outer_comment_is_reported() {
        let text = "/* old\nfn a() { /* why */ }\nfn b() {}\n*/";
        check(text, &[], &[("hidden-function", 31)]);
        assert!(read(text).found[0].message.contains("line 1"), "{:?}", read(text).found);
        check("/* old\nfn a() { 1 }\nfn b() {}\n*/", &[], &[]);
        check("/* /* x */ /* fn b() {} */\n// fn c() {}\n*/", &[], &[]);
    }

    #[test]
    fn texts_end_where_the_engine_ends_them() {
        check(
            "fn a() { \"x\\\"\" } fn b() { \"\" } fn c() { \"q\"\"fn d() {}\" }",
            &["a/0", "b/0", "c/0"],
            &[],
        );
        check("fn a() { '\"' } fn b() { '\\'' } fn c() {}", &["a/0", "b/0", "c/0"], &[]);
        check("fn a() { `\\${` } fn b() { `$${1}` } fn c() { `\\` }", &["a/0", "b/0", "c/0"], &[]);
        check("fn a() { `${ #{x: \"}`\"} }${`${1}}`}` } fn b() { `q``fn d() {}` }", &["a/0", "b/0"], &[]);
        check(
            "fn a() { #\"\"x\"# } fn b() { ##\"\"# fn d() {} \"## } fn c() {}",
            &["a/0", "b/0", "c/0"],
            &[],
        );
        check("fn a() { \"x }\nfn b() {}", &["a/0", "b/0"], &[]);
    }

    #[test]
    fn a_function_in_a_text_of_several_lines_is_reported() {
        let begins = |quote: &str, end: &str| format!("fn a() {{ {quote}x }}\nfn b() {{ 1 }} {end} }}");
        for (quote, end) in [("`", "`"), ("#\"", "\"#"), ("`${1}", "`"), ("`", "")] {
            let at = begins(quote, end).find("b()").unwrap();
            check(&begins(quote, end), &["a/0"], &[("hidden-function", at)]);
        }
        check("fn a() { \"x\\\nprivate fn b(x) { 1 }\" }", &["a/0"], &[("hidden-function", 24)]);
        check("fn a() { `x\n a fn b() {\n fnord() ` }", &["a/0"], &[]);
    }

    #[test]
    fn a_method_of_a_type_is_reported() {
        check(
            "fn int.a(x) {} fn \"Ctx\".b() {}",
            &["a/1", "b/0"],
            &[("hidden-function", 7), ("hidden-function", 24)],
        );
    }

    #[test]
    fn lines_that_the_engine_does_not_count_are_reported() {
        check("fn a() { #\"x\"\ny\"# }", &["a/0"], &[("deceptive-text", 12)]);
        check("fn a() { ##\"x\"#\ny\"## }", &["a/0"], &[("deceptive-text", 13)]);
        check(&"\n".repeat(70_000), &[], &[("script-too-large", 0)]);
    }
}
