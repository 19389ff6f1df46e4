//! The words of a script with what they are, for editors: definitions, uses, renaming. It works on texts that do not
//! compile, so it reads words and signs, not Rhai's tree. Pure.

use super::scan::tokens::{self, Token};
use std::collections::BTreeMap;
use std::ops::Range;

/// A name in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its place, in bytes.
    pub range: Range<usize>,
    /// What precedes it: `std::json` of `std::json::at`, empty for none.
    pub module: String,
    /// Whether a `.` precedes it.
    pub member: bool,
    /// Whether a `(` follows it.
    pub called: bool,
    /// Whether it is the key of an object: a single `:` follows it.
    pub key: bool,
}

/// A function of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The place of its name.
    pub name: Range<usize>,
    /// The places of its parameters.
    pub params: Vec<Range<usize>>,
    /// From `fn` to its closing brace, or to the end of the text.
    pub whole: Range<usize>,
    /// Whether only its own file can call it.
    pub private: bool,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The file, as it is written.
    pub path: String,
    /// Its place, without quotes.
    pub range: Range<usize>,
    /// The name by which its functions are called.
    pub alias: String,
}

/// What a script consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// All names and words of the language, in order.
    pub words: Vec<Word>,
    /// Functions, in order.
    pub functions: Vec<Function>,
    /// Imports, in order.
    pub imports: Vec<Import>,
}

/// Reads a script.
pub fn of(text: &str) -> Outline {
    let tokens = tokens::read(text).tokens;
    let words = words(text, &tokens);
    Outline { functions: functions(text, &tokens), imports: imports(text), words }
}

impl Outline {
    /// The word at a byte, or that ends there.
    pub fn word_at(&self, at: usize) -> Option<&Word> {
        self.words.iter().find(|w| w.range.start <= at && at <= w.range.end)
    }

    /// The function whose text contains a byte.
    pub fn function_at(&self, at: usize) -> Option<&Function> {
        self.functions.iter().find(|f| f.whole.start <= at && at < f.whole.end)
    }

    /// The functions of this name.
    pub fn named<'a>(&'a self, text: &'a str, name: &'a str) -> impl Iterator<Item = &'a Function> {
        self.functions.iter().filter(move |f| &text[f.name.clone()] == name)
    }
}

fn words(text: &str, tokens: &[Token]) -> Vec<Word> {
    let sign = |n: usize, byte: u8| matches!(tokens.get(n), Some(Token::Sign(_, b)) if *b == byte);
    let mut modules: BTreeMap<usize, String> = BTreeMap::new();
    let mut out = vec![];
    for (n, token) in tokens.iter().enumerate() {
        let Token::Word(from, to) = *token else { continue };
        let own = &text[from..to];
        let module = modules.remove(&n).unwrap_or_default();
        if sign(n + 1, b':') && sign(n + 2, b':') {
            let path = if module.is_empty() { own.to_string() } else { format!("{module}::{own}") };
            modules.insert(n + 3, path);
        }
        out.push(Word {
            range: from..to,
            module,
            member: n > 0 && sign(n - 1, b'.') && !(n > 1 && sign(n - 2, b'.')),
            called: sign(n + 1, b'('),
            key: sign(n + 1, b':') && !sign(n + 2, b':'),
        });
    }
    out
}

fn functions(text: &str, tokens: &[Token]) -> Vec<Function> {
    let word = |n: usize| match tokens.get(n) {
        Some(Token::Word(from, to)) => Some((*from, *to)),
        _ => None,
    };
    let mut out = vec![];
    for n in 0..tokens.len() {
        let (Some((from, to)), Some((name_from, name_to))) = (word(n), word(n + 1)) else { continue };
        if &text[from..to] != "fn" {
            continue;
        }
        let before = n.checked_sub(1).and_then(word);
        let private = before.is_some_and(|(a, b)| &text[a..b] == "private");
        let begin = if private { before.map_or(from, |b| b.0) } else { from };
        let (params, end) = rest_of_function(text, tokens, n + 2);
        out.push(Function { name: name_from..name_to, params, whole: begin..end, private });
    }
    out
}

/// The parameters of a function, and where its body ends.
fn rest_of_function(text: &str, tokens: &[Token], from: usize) -> (Vec<Range<usize>>, usize) {
    let (mut params, mut depth, mut in_params) = (vec![], 0usize, true);
    for token in &tokens[from..] {
        match *token {
            Token::Sign(_, b')') if depth == 0 => in_params = false,
            Token::Sign(_, b'{') => depth += 1,
            Token::Sign(at, b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return (params, at + 1);
                }
            }
            // functions are never inside of others, so a brace is missing
            Token::Word(a, _) if text[a..].starts_with("fn ") => return (params, a),
            Token::Word(a, b) if in_params => params.push(a..b),
            _ => {}
        }
    }
    (params, text.len())
}

/// Imports stand alone in a line, as the checks demand.
fn imports(text: &str) -> Vec<Import> {
    let mut at = 0;
    let mut out = vec![];
    for line in text.split_inclusive('\n') {
        let begin = at;
        at += line.len();
        let Some(rest) = line.trim_start().strip_prefix("import ") else { continue };
        let mut parts = rest.splitn(3, '"');
        let (Some(_), Some(path), Some(after)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let Some(alias) = after.trim().strip_prefix("as ") else { continue };
        let alias = alias.trim().trim_end_matches(';').trim().to_string();
        let start = begin + line.find('"').map_or(0, |quote| quote + 1);
        out.push(Import { path: path.to_string(), range: start..start + path.len(), alias });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "import \"lib/wp\" as wp;\n// fn no() {}\nfn pre_backup(ctx, n) {\n    let m = #{key: 1};\n    \
                          wp::dump(ctx); std::json::at(m, \"a\"); ctx.get(`/${m}`);\n}\nprivate fn two() { if x { 1 } }\n";

    #[test]
    fn functions_parameters_and_imports_are_found() {
        let outline = of(SCRIPT);
        let names: Vec<&str> = outline.functions.iter().map(|f| &SCRIPT[f.name.clone()]).collect();
        assert_eq!(names, ["pre_backup", "two"]);
        let params: Vec<&str> = outline.functions[0].params.iter().map(|p| &SCRIPT[p.clone()]).collect();
        assert_eq!(params, ["ctx", "n"]);
        assert!(SCRIPT[outline.functions[0].whole.clone()].ends_with(");\n}"));
        assert!(
            outline.functions[1].private
                && SCRIPT[outline.functions[1].whole.clone()].starts_with("private fn")
        );
        assert_eq!((outline.imports[0].path.as_str(), outline.imports[0].alias.as_str()), ("lib/wp", "wp"));
        assert_eq!(&SCRIPT[outline.imports[0].range.clone()], "lib/wp");
    }

    #[test]
    fn a_word_knows_its_module_and_what_it_is() {
        let outline = of(SCRIPT);
        let word = |text: &str| outline.words.iter().find(|w| &SCRIPT[w.range.clone()] == text).unwrap();
        assert_eq!(word("dump").module, "wp");
        assert_eq!(word("at").module, "std::json");
        assert!(word("get").member && word("get").called);
        assert!(word("key").key && !word("wp").key);
        let of_m = outline.words.iter().filter(|w| &SCRIPT[w.range.clone()] == "m").count();
        assert_eq!(of_m, 3, "a word in a template counts");
    }

    #[test]
    fn a_text_in_progress_has_an_outline() {
        let text = "fn a(ctx) {\n    ctx.\n\nfn b() {}\n";
        let outline = of(text);
        assert_eq!(outline.functions.len(), 2);
        assert!(outline.functions[0].whole.end <= outline.functions[1].whole.start);
    }
}
