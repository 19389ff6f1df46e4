//! Compiles one script file, or refuses it with diagnostics.

use super::limits::{EXPRESSION_DEPTH, FUNCTIONS, SOURCE};
use super::node::Tree;
use super::sources::place;
use super::{scan, tree};
use ccci_model::diag::codes::{
    DUPLICATE_FUNCTION, SCRIPT_SYNTAX, SCRIPT_TOO_LARGE, UNKNOWN_MODULE, UNKNOWN_VARIABLE,
};
use ccci_model::diag::{Diagnostic, Place, Text};
use ccci_model::tier::Tier;
use rhai::{AST, Engine, LexError, ParseError, ParseErrorType};
use std::sync::Arc;

/// What a script file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `hooks.rhai`.
    Hooks,
    /// `lib/*.rhai`.
    Lib,
    /// `test_<tier>.rhai`.
    Overlay(Tier),
    /// `custom/test_*.rhai`.
    Custom,
}

/// A script file.
#[derive(Debug)]
pub(super) struct File {
    /// The kind of file.
    pub kind: Kind,
    /// Its text.
    pub text: Arc<Text>,
    /// The program that runs; none if the file does not compile.
    pub ast: Option<AST>,
    /// The tree that is checked. It exists also if the file fails to compile only because of unknown names.
    pub tree: Option<Tree>,
    /// Why the file does not compile, or why the engine reads something else than its author sees.
    pub refused: Vec<Diagnostic>,
}

/// Compiles a file. Rhai stops at the first unknown name; the file is then compiled again without checking
/// names, so that the checker can report all unknown names at once.
pub(super) fn compile(engine: &mut Engine, name: &str, kind: Kind, text: &Arc<Text>) -> File {
    let mut file = File { kind, text: text.clone(), ast: None, tree: None, refused: vec![] };
    if text.content.len() > SOURCE.most {
        let message = format!("the script has {} bytes; the limit is {}", text.content.len(), SOURCE.most);
        file.refused.push(Diagnostic::new(SCRIPT_TOO_LARGE, message).at(Place::start_of(text)));
        return file;
    }
    let scan = scan::read(&text.content);
    file.refused = scan.diagnostics(text);
    if !file.refused.is_empty() {
        return file;
    }
    // some editors begin a file with a byte order mark, which is not part of its text
    let source = text.content.strip_prefix('\u{feff}').unwrap_or(&text.content);
    match engine.compile(source) {
        // Rhai checks the number of functions only when it reaches the next `fn`
        Ok(ast) if ast.iter_fn_def().count() > FUNCTIONS.most => {
            file.refused.push(too_many_functions().at(Place::start_of(text)));
        }
        Ok(mut ast) => {
            ast.set_source(name);
            let tree = tree::of(&ast);
            file.refused = scan::differences(&scan, &tree, text);
            if file.refused.is_empty() {
                file.tree = Some(tree);
                file.ast = Some(ast);
            }
        }
        Err(e) => {
            file.refused.push(refused(text, &e));
            if is_unknown_name(&e) {
                engine.set_strict_variables(false);
                file.tree = engine.compile(source).ok().map(|ast| tree::of(&ast));
                engine.set_strict_variables(true);
            }
        }
    }
    file
}

fn too_many_functions() -> Diagnostic {
    let message = format!("the file has more than {} functions, closures included", FUNCTIONS.most);
    Diagnostic::new(SCRIPT_TOO_LARGE, message)
}

fn is_unknown_name(e: &ParseError) -> bool {
    matches!(e.err_type(), ParseErrorType::VariableUndefined(_) | ParseErrorType::ModuleUndefined(_))
}

fn refused(text: &Arc<Text>, e: &ParseError) -> Diagnostic {
    use ParseErrorType as P;
    let (code, message, chars, help) = match e.err_type() {
        P::FnDuplicatedDefinition(name, n) => {
            (DUPLICATE_FUNCTION, format!("`{name}` with {n} parameters is defined twice"), 1, None)
        }
        P::VariableUndefined(name) => {
            (UNKNOWN_VARIABLE, format!("there is no variable `{name}`"), name.len(), None)
        }
        P::ModuleUndefined(name) => {
            (UNKNOWN_MODULE, format!("there is no module `{name}`"), name.len(), None)
        }
        P::TooManyFunctions => return too_many_functions().at(place(text, e.position(), 1)),
        P::ExprTooDeep => {
            let message =
                format!("expressions or blocks are nested more than {} levels deep", EXPRESSION_DEPTH.most);
            (SCRIPT_TOO_LARGE, message, 1, Some("move parts of it to variables or functions".to_string()))
        }
        P::LiteralTooLarge(what, most) => {
            (SCRIPT_TOO_LARGE, format!("{} is over {most}", what.to_lowercase()), 1, None)
        }
        P::Reserved(word) => (
            SCRIPT_SYNTAX,
            format!("`{word}` is a reserved word and cannot be used here"),
            word.len(),
            reserved_help(word),
        ),
        P::BadInput(LexError::ImproperSymbol(word, _)) if word == "eval" => {
            (SCRIPT_SYNTAX, "there is no `eval`: scripts cannot run text as code".into(), 4, None)
        }
        P::BadInput(LexError::UnterminatedString) => {
            (SCRIPT_SYNTAX, "the text that begins here has no end".into(), 1, None)
        }
        P::WrongFnDefinition => (
            SCRIPT_SYNTAX,
            "a function is defined inside a block or another function".into(),
            "fn".len(),
            Some(
                "add the `}` that is missing before it, or move the function to the top level of the file"
                    .to_string(),
            ),
        ),
        P::UnexpectedEOF => {
            (SCRIPT_SYNTAX, "the file ends too early; a bracket or a quote may be missing".into(), 0, None)
        }
        other => (SCRIPT_SYNTAX, lower(&other.to_string()), 1, assert_help(text, e)),
    };
    let d = Diagnostic::new(code, message).at(place(text, e.position(), chars));
    match help {
        Some(help) => d.help(help),
        None => d,
    }
}

fn reserved_help(word: &str) -> Option<String> {
    match word {
        "eval" => Some("scripts cannot run text as code; write the code itself".into()),
        "goto" => Some("a page is opened with `page.open(path)`".into()),
        _ => None,
    }
}

/// `assert(x, "text")` is a common mistake, because `assert` looks like a function call.
fn assert_help(text: &Text, e: &ParseError) -> Option<String> {
    let line = text.content.lines().nth(e.position().line()?.checked_sub(1)?)?;
    let before: String = line.chars().take(e.position().position()?).collect();
    let comma = matches!(e.err_type(), ParseErrorType::MissingToken(..))
        && before.rsplit(['{', ';']).next()?.trim_start().starts_with("assert");
    comma.then(|| {
        "`assert` takes one expression, `assert(a == b);`, and shows both sides when it fails".into()
    })
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
