//! Compiles one script file, or refuses it with diagnostics.

use super::limits::{FUNCTIONS, SOURCE};
use super::node::Tree;
use super::{refusal, scan, tree};
use ccci_model::diag::codes::SCRIPT_TOO_LARGE;
use ccci_model::diag::{Diagnostic, Place, Text};
use ccci_model::tier::Tier;
use rhai::{AST, Engine, ParseError, ParseErrorType};
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
            file.refused.push(refusal::too_many_functions().at(Place::start_of(text)));
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
            file.refused.push(refusal::of(text, &e));
            if is_unknown_name(&e) {
                engine.set_strict_variables(false);
                file.tree = engine.compile(source).ok().map(|ast| tree::of(&ast));
                engine.set_strict_variables(true);
            }
        }
    }
    file
}

fn is_unknown_name(e: &ParseError) -> bool {
    matches!(e.err_type(), ParseErrorType::VariableUndefined(_) | ParseErrorType::ModuleUndefined(_))
}
