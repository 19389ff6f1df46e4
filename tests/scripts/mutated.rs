//! Typing mistakes: in one of the project's own scripts a character is removed, doubled or moved, or something is
//! inserted that begins or ends a comment, a text or a line. Each such script is either refused with its place, or has
//! every function that a person reads in it.
//!
//! The suite tries the same 240 every time; `CCCI_SLIPS` sets another number, and `cargo test slips -- --nocapture`
//! prints the results.

use super::texts_of;
use ccci_model::diag::{Severity, Text, render};
use ccci_runner::ctx::sigs;
use ccci_script::{NamedFn, RecipeTexts, Scripts};
use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

const SLIPS: usize = 240;

/// The scripts of the project, one item for each recipe directory.
fn originals() -> Vec<RecipeTexts> {
    let below = |dir: &str, inner: &str| -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> =
            fs::read_dir(dir).unwrap().flatten().map(|e| e.path().join(inner)).collect();
        all.sort();
        all
    };
    let mut dirs = below("recipes", "");
    dirs.extend(below("tests/canaries", "ccci"));
    dirs.push("tests/fixtures/fullest/recipe".into());
    let scripts = |dir: &Path| -> RecipeTexts {
        let all = if dir.is_dir() { texts_of(dir) } else { RecipeTexts::new() };
        all.into_iter().filter(|(path, _)| path.ends_with(".rhai")).collect()
    };
    let mut out: Vec<RecipeTexts> = dirs.iter().map(|dir| scripts(dir)).filter(|t| !t.is_empty()).collect();
    // the files of the library, as if they belonged to a recipe
    let library = texts_of(Path::new("scripts-stdlib"));
    out.extend(library.into_iter().map(|(path, text)| RecipeTexts::from([(format!("lib/{path}"), text)])));
    out
}

/// Random numbers that are the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// What is inserted: small texts that a reader easily overlooks.
const PUT_IN: &[&str] = &[
    "/*", "*/", "//", "\"", "`", "'", "#\"", "${", "\\", "}", "{", "\n", "\r", "\0", "\u{2028}", "\u{200b}",
];

/// A text with one mistake, and what the mistake was. Half of the mistakes are at punctuation, which is rarer than
/// letters and has more effect.
fn slip(text: &str, chance: &mut Chance) -> (String, String) {
    let mut letters: Vec<char> = text.chars().collect();
    let is_sign = |at: &usize| !letters[*at].is_alphanumeric() && letters[*at] != ' ';
    let signs: Vec<usize> = (0..letters.len()).filter(is_sign).collect();
    let at =
        if chance.below(2) == 0 { signs[chance.below(signs.len())] } else { chance.below(letters.len()) };
    let letter = letters[at];
    let what = match chance.below(4) {
        0 => {
            letters.remove(at);
            "cut".to_string()
        }
        1 => {
            letters.insert(at, letter);
            "doubled".to_string()
        }
        2 => {
            letters.remove(at);
            let to = chance.below(letters.len() + 1);
            letters.insert(to, letter);
            format!("moved to {to}")
        }
        _ => {
            let new = PUT_IN[chance.below(PUT_IN.len())];
            letters.splice(at..at, new.chars());
            format!("behind {new:?}")
        }
    };
    (letters.into_iter().collect(), format!("{letter:?} at {at} {what}"))
}

/// The functions that a person reads in a file: `fn name(…)` outside of quotes and comments.
fn as_read(file: &str, text: &str) -> BTreeSet<NamedFn> {
    static FUNCTION: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:\b(private)\s+)?\bfn\s+(\w+)\s*\(([^)]*)\)").unwrap());
    let code = |line: &str| match line.find("//") {
        Some(at) if !quoted(&line[..at]) => line[..at].to_string(),
        _ => line.to_string(),
    };
    let code = text.lines().map(code).collect::<Vec<_>>().join("\n");
    let found = FUNCTION.captures_iter(&code);
    let shown = found.filter(|c| {
        let before = &code[..c.get_match().start()];
        !quoted(before.rsplit('\n').next().unwrap_or_default())
    });
    shown
        .map(|c| NamedFn {
            file: file.into(),
            name: c[2].into(),
            params: c[3].split(',').filter(|p| !p.trim().is_empty()).count(),
            private: c.get(1).is_some(),
        })
        .collect()
}

/// Whether a quote is still open at the end of this part of a line.
fn quoted(before: &str) -> bool {
    before.matches('"').count() % 2 == 1
}

fn loaded(texts: &RecipeTexts) -> Result<BTreeSet<NamedFn>, Vec<String>> {
    let (scripts, found) = Scripts::load(texts, &sigs()).unwrap();
    let errors: Vec<_> = found.0.iter().filter(|d| d.severity == Severity::Error).collect();
    for d in &errors {
        assert!(d.place.is_some(), "refused without a place: {}", render::one_line(d));
    }
    if errors.is_empty() {
        Ok(scripts.functions().into_iter().collect())
    } else {
        Err(errors.iter().map(|d| render::one_line(d)).collect())
    }
}

/// Checks a script with a mistake; returns whether it was accepted.
fn check(texts: &RecipeTexts, file: &str, before: &str, what: &str) -> bool {
    let Ok(functions) = loaded(texts) else { return false };
    let after = &texts[file].content;
    let case = || format!("{}: {what}\n{after}", texts[file].path);
    let own: BTreeSet<NamedFn> = functions.into_iter().filter(|f| f.file == file).collect();
    assert_eq!(own, as_read(file, after), "{}", case());
    for gone in as_read(file, before).difference(&own) {
        let line = before.lines().find(|l| l.contains(&format!("fn {}(", gone.name))).unwrap();
        assert!(!after.lines().any(|l| l == line), "`{}` is gone and reads as before\n{}", gone.name, case());
    }
    true
}

#[test]
fn slips_of_the_hand_are_refused_or_leave_every_function_that_is_read() {
    let originals = originals();
    let files: usize = originals.iter().map(RecipeTexts::len).sum();
    assert!(originals.len() >= 20 && files >= 40, "{} directories, {files} files", originals.len());
    for texts in &originals {
        let functions = loaded(texts).unwrap_or_else(|e| panic!("{e:#?}"));
        let read = texts.iter().flat_map(|(path, text)| as_read(path, &text.content)).collect();
        assert_eq!(functions, read, "the scripts as they are");
    }
    let count = std::env::var("CCCI_SLIPS").map_or(SLIPS, |n| n.parse().unwrap());
    let (mut chance, mut agreeing) = (Chance(1), 0);
    for n in 0..count {
        let texts = &originals[n % originals.len()];
        let (file, text) = texts.iter().nth(chance.below(texts.len())).unwrap();
        let (content, what) = slip(&text.content, &mut chance);
        let mut changed = texts.clone();
        changed.insert(file.clone(), Arc::new(Text { path: text.path.clone(), content }));
        agreeing += usize::from(check(&changed, file, &text.content, &what));
    }
    println!("{count} slips in {files} files: {agreeing} agreeing, {} refused", count - agreeing);
    assert!(agreeing * 5 > count && (count - agreeing) * 5 > count, "{agreeing} of {count} agree");
}
