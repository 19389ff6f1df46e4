//! Mistakes that the engine accepts without a message: a name that is defined twice, an import that hides the
//! library, a hook or test in a file where it is never called, a file without anything that is called.

use super::compile::{File, Kind};
use super::node::{Call, Function, Link, Literal, Node, Tree, What};
use super::sources::{function_place, place};
use super::{conventions, hooks};
use ccci_model::diag::codes::{DUPLICATE_NAME, HIDDEN_FUNCTION, IMPORT_FORM, NOTHING_CALLED};
use ccci_model::diag::{Diagnostic, Diagnostics, Place};
use std::collections::{BTreeMap, BTreeSet};

/// Modules that exist without an import.
const OWN_MODULES: &[(&str, &str)] = &[("std", "the std library"), ("global", "the file's own constants")];

/// Checks all files.
pub(super) fn check(files: &BTreeMap<String, File>, out: &mut Diagnostics) {
    let called = called(files);
    for (path, file) in files {
        let Some(tree) = &file.tree else { continue };
        names(file, tree, out);
        for f in tree.functions.iter().filter(|f| !called.contains(f.name.as_str())) {
            out.0.extend(never_read(path, file, f));
        }
        if !has_calls(file.kind, tree) {
            let d = Diagnostic::new(NOTHING_CALLED, format!("nothing in `{path}` is ever called"));
            out.push(d.at(Place::start_of(&file.text)).help("write a function, or remove the file"));
        }
    }
}

/// Names of functions that are called somewhere or used as a value.
fn called(files: &BTreeMap<String, File>) -> BTreeSet<&str> {
    let mut out = BTreeSet::new();
    let trees = files.values().filter_map(|f| f.tree.as_ref());
    for node in trees.flat_map(|t| t.top.iter().chain(t.functions.iter().flat_map(|f| &f.body))) {
        node.visit(&mut |n| match &n.what {
            What::Call(call) => note(call, &mut out),
            What::Chain { links, .. } => links.iter().for_each(|link| {
                if let Link::Method(call, _) = link {
                    note(call, &mut out);
                }
            }),
            _ => {}
        });
    }
    out
}

fn note<'a>(call: &'a Call, out: &mut BTreeSet<&'a str>) {
    out.insert(&call.name);
    if let [Node { what: What::Literal(Literal::Text(name)), .. }] = call.args.as_slice()
        && call.name == "Fn"
    {
        out.insert(name);
    }
}

/// Two constants or imports with the same name: the engine uses the last one.
fn names(file: &File, tree: &Tree, out: &mut Diagnostics) {
    let mut seen = BTreeSet::new();
    for node in &tree.top {
        let (what, name, at) = match &node.what {
            What::Import { alias, .. } if !alias.is_empty() => ("import", alias, node.at),
            What::Let { name, name_at, constant: true, .. } => ("constant", name, *name_at),
            _ => continue,
        };
        let own = OWN_MODULES.iter().find(|own| what == "import" && own.0 == name);
        if let Some((_, hidden)) = own {
            let d = Diagnostic::new(IMPORT_FORM, format!("an import as `{name}` would hide {hidden}"));
            out.push(d.at(place(&file.text, at, what.len())).help("give the import another name"));
        }
        if !seen.insert((what, name)) {
            let message = format!("there is an earlier {what} `{name}`; only the last one would be used");
            let d = Diagnostic::new(DUPLICATE_NAME, message).at(place(&file.text, at, name.len()));
            out.push(d.help("rename one of them"));
        }
    }
}

/// A function that looks like a hook or a test, in a file where ccci does not look for one, and that is never
/// called.
fn never_read(path: &str, file: &File, f: &Function) -> Option<Diagnostic> {
    let is_hook = hooks::by_name(&f.name).is_some_and(|row| row.params().len() == f.params.len());
    let is_test = f.name.starts_with("test_") && conventions::has_shape_of_test(f);
    let (what, home) = match file.kind {
        // public functions in such files are reported elsewhere, as hooks or tests of a wrong form
        Kind::Hooks if is_test && f.private => ("test", "`custom/test_*.rhai` or the overlay of a tier"),
        Kind::Overlay(_) | Kind::Custom if is_hook && f.private => ("hook", "`hooks.rhai`"),
        Kind::Lib if is_test => ("test", "`custom/test_*.rhai` or the overlay of a tier"),
        Kind::Lib if is_hook => ("hook", "`hooks.rhai`"),
        _ => return None,
    };
    let message = format!(
        "`{}` looks like a {what}, but ccci calls no {what}s in `{path}`, and no script calls it",
        f.name
    );
    let d = Diagnostic::new(HIDDEN_FUNCTION, message).at(function_place(&file.text, &f.name, f.body_at));
    Some(d.help(format!("move it to {home}, call it, or rename it")))
}

/// Whether anything in the file can be called or read from outside. Test files are checked elsewhere.
fn has_calls(kind: Kind, tree: &Tree) -> bool {
    let named = || tree.functions.iter().filter(|f| !f.is_closure());
    match kind {
        Kind::Hooks => named().any(|f| !f.private || hooks::by_name(&f.name).is_some()),
        Kind::Lib => named().next().is_some() || tree.top.iter().any(|n| !matches!(n.what, What::Nothing)),
        Kind::Overlay(_) | Kind::Custom => true,
    }
}
