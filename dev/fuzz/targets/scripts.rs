//! Scripts of a recipe: an input is `hooks.rhai`; a line `=== lib/x.rhai` begins another file.

use super::{parts, said, text};
use ccci_model::tier::TIERS;
use ccci_runner::ctx;
use ccci_script::{FnRef, HOOKS, RecipeTexts, Scripts, Unguarded};
use rhai::Dynamic;
use std::sync::Arc;

pub(super) const WORDS: &[&str] = &[
    "fn pre_install(ctx) {\n",
    "fn extra_env(ctx) { #{} }\n",
    "private fn f(a) {\n",
    "}\n",
    "let x = 1;\n",
    "const X = 1;\n",
    "import \"lib/x\" as x;\n",
    "=== lib/x.rhai\n",
    "=== custom/test_a.rhai\nfn test_a(ctx) {}\n",
    "x::f()",
    "ctx.get(\"/\")",
    "ctx.exec(\"app\", [\"x\"])",
    "assert(1 == 2);",
    "fail(\"x\");",
    "eventually(\"1s\", || true);",
    "throw 1;",
    "try {",
    "} catch (e) {",
    "loop {",
    "while true {",
    "for i in 0..9 {",
    "return ",
    "|x| x",
    "#{a: 1}",
    "[1, 2]",
    "switch x {",
    "=> ",
    "`${x}`",
    "std::",
    "?.",
    "??",
    "in ",
    "+= ",
    "this",
    "is_def_var(\"x\")",
    "curry(",
    ".call()",
    "\"\\u{1f600}\"",
    "/*",
    "*/",
    "/**/",
    "///",
    "//!",
    "\"",
    "`",
    "#\"",
    "\"#",
    "\\\n",
    "fn int.f(a) { 1 }\n",
];

pub(super) fn run(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let texts: RecipeTexts =
        parts("hooks.rhai", &input).iter().map(|(path, c)| ((*path).to_string(), text(path, c))).collect();
    let sigs = ctx::sigs();
    let (scripts, found) = Scripts::load(&texts, &sigs).unwrap();
    let lines = said(&found);
    assert_eq!(lines, said(&Scripts::load(&texts, &sigs).unwrap().1));
    // the scanner and the engine read the same functions, unless the scanner reports a mistake in the text
    let differ =
        |l: &&String| l.contains("the engine reads") || l.contains("the engine counts a different number");
    assert_eq!(lines.iter().find(differ), None);
    let tests =
        TIERS.iter().flat_map(|t| scripts.tests(t.tier)).map(|t| FnRef { file: t.file, name: t.name });
    let hooks = HOOKS.iter().filter(|h| scripts.defines(h.name()));
    let hooks = hooks.map(|h| (h.params().len(), FnRef { file: "hooks.rhai".into(), name: h.name().into() }));
    let all: Vec<(usize, FnRef)> = hooks.chain(tests.map(|t| (1, t))).collect();
    if found.has_errors() {
        return;
    }
    // no functions are registered and ctx is `()`, so only the language and its limits are tested
    for (params, what) in all.into_iter().take(3) {
        let args = vec![Dynamic::UNIT; params];
        if let Err(e) = scripts.call(&what, args, &|_| {}, Arc::new(Unguarded)) {
            assert!(!e.place.is_empty() && !e.message.is_empty(), "{e:?}");
            assert!(!e.message.contains("bug in ccci"), "{e:?}");
        }
    }
}
