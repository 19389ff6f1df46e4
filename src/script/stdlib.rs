//! The std library: Rhai modules in the binary that are called as `std::…` without an import. Its doc
//! comments are the source of the rows.

use super::node::{Function, Tree};
use super::signature::{CallSig, Ty};
use super::{engine, inspect, tree};
use ccci_model::diag::{Diagnostics, Text};
use rhai::{Engine, Module, Scope, Shared};
use std::sync::{Arc, OnceLock};

/// A file of the library.
struct Source {
    module: &'static str,
    path: &'static str,
    content: &'static str,
}

macro_rules! sources {
    ($($name:literal)*) => {
        &[$(Source {
            module: concat!("std::", $name),
            path: concat!("std/", $name, ".rhai"),
            content: include_str!(concat!("../../scripts-stdlib/", $name, ".rhai")),
        }),*]
    };
}

const SOURCES: &[Source] = sources!["browser" "dump" "http" "json" "mysql" "postgres" "sqlite"];

/// A function of the library, from its doc comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StdFn {
    /// `std::json`.
    pub module: &'static str,
    /// The function.
    pub name: String,
    /// Parameters with their types.
    pub params: Vec<(String, Ty)>,
    /// Its return type.
    pub ret: Ty,
    /// Sentences; the first is the summary.
    pub doc: String,
    /// A body of `fn test_example(ctx) { … }`.
    pub example: String,
}

impl StdFn {
    /// Its full name: `std::json::at`.
    pub fn full_name(&self) -> String {
        format!("{}::{}", self.module, self.name)
    }

    /// Its form in the reference.
    pub fn shown(&self) -> String {
        let params: Vec<String> = self.params.iter().map(|(n, t)| format!("{n}: {t}")).collect();
        format!("{}({}) -> {}", self.full_name(), params.join(", "), self.ret)
    }
}

/// The source of a module, like `std::json`.
pub fn source(module: &str) -> Option<&'static str> {
    SOURCES.iter().find(|s| s.module == module).map(|s| s.content)
}

/// One compiled module.
struct Compiled {
    source: &'static Source,
    text: Arc<Text>,
    tree: Tree,
    module: Shared<Module>,
    rows: Vec<StdFn>,
}

fn all() -> &'static [Compiled] {
    static ALL: OnceLock<Vec<Compiled>> = OnceLock::new();
    ALL.get_or_init(|| SOURCES.iter().map(compiled).collect())
}

fn compiled(source: &'static Source) -> Compiled {
    let engine = engine::compiler(roots());
    let mut ast =
        engine.compile(source.content).expect("the library compiles; every test that loads shows it");
    ast.set_source(source.path);
    let module =
        Module::eval_ast_as_new(Scope::new(), &ast, &engine).expect("the library has constants only");
    let tree = tree::of(&ast);
    let rows = tree.functions.iter().filter(|f| !f.private && !f.is_closure());
    let rows = rows.map(|f| row(source.module, f).expect("doc comments give types; tested")).collect();
    let text = Arc::new(Text { path: source.path.into(), content: source.content.into() });
    Compiled { source, text, tree, module: module.into(), rows }
}

/// Reads a doc comment: a line `(ctx: Ctx, path: text) -> text`, sentences, and after `Example:` a body.
fn row(module: &'static str, f: &Function) -> Option<StdFn> {
    let (signature, rest) = f.doc.split_once('\n')?;
    let (params, ret) = signature.trim().strip_prefix('(')?.split_once(") -> ")?;
    let params = params.split(", ").filter(|p| !p.is_empty()).map(|p| {
        let (name, ty) = p.split_once(": ")?;
        Some((name.to_string(), Ty::parse(ty)?))
    });
    let params: Vec<(String, Ty)> = params.collect::<Option<_>>()?;
    let (doc, example) = rest.split_once("Example:\n")?;
    let names_agree = params.iter().map(|p| &p.0).eq(&f.params);
    names_agree.then(|| StdFn {
        module,
        name: f.name.clone(),
        params,
        ret: Ty::parse(ret).unwrap_or(Ty::ANY),
        doc: doc.split_whitespace().collect::<Vec<_>>().join(" "),
        example: example.trim().to_string(),
    })
}

/// All functions of the library, for the checker and the reference.
pub fn rows() -> impl Iterator<Item = &'static StdFn> {
    all().iter().flat_map(|c| &c.rows)
}

/// Checks the library against what `ctx` offers, by the same rules as recipes. The result must be empty.
pub fn check(sigs: &[CallSig]) -> Diagnostics {
    Diagnostics(inspect::check_std(sigs))
}

/// The names of the modules.
pub(super) fn roots() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().map(|s| s.module)
}

/// Makes the library callable in an engine.
pub(super) fn register(engine: &mut Engine) {
    for c in all() {
        engine.register_static_module(c.source.module, c.module.clone());
    }
}

/// The texts of the library for places in errors, with their trees for the checker.
pub(super) fn sources() -> impl Iterator<Item = (&'static str, &'static Arc<Text>, &'static Tree)> {
    all().iter().map(|c| (c.source.path, &c.text, &c.tree))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_std_function_is_documented() {
        for r in rows() {
            assert!(r.doc.starts_with(char::is_uppercase) && r.doc.ends_with('.'), "{}", r.full_name());
            assert!(!r.example.is_empty(), "{}", r.full_name());
        }
        assert!(rows().any(|r| r.full_name() == "std::json::at"));
    }
}
