//! Rules for each kind of script file: which functions may be public, with which parameters, and that no code
//! is outside of functions.

use super::compile::{File, Kind};
use super::hooks::{self, HOOKS};
use super::known;
use super::node::{Function, Tree, What};
use super::signature::CallSig;
use super::sources::{TOKEN, function_place, place};
use ccci_model::diag::codes::{
    DUPLICATE_FUNCTION, HIDES_BUILTIN, HOOK_ARITY, NO_TESTS, STRAY_CODE, TEST_SIGNATURE, UNKNOWN_HOOK,
};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Code, Diagnostic, Diagnostics, Place};

/// Checks one file.
pub(super) fn check(file: &File, sigs: &[CallSig], out: &mut Diagnostics) {
    let Some(tree) = &file.tree else { return };
    stray_code(file, tree, out);
    duplicates(file, tree, out);
    for f in tree.functions.iter().filter(|f| !f.is_closure()) {
        let is_hook = file.kind == Kind::Hooks && hooks::by_name(&f.name).is_some();
        if let Some(what) = known::hidden(sigs, &f.name, f.params.len()).filter(|_| !is_hook) {
            let d = at(file, f, HIDES_BUILTIN, format!("`{}` would hide {what}", f.name));
            out.push(d.help("give the function another name"));
        }
        match file.kind {
            Kind::Hooks => hook(file, f, out),
            Kind::Overlay(_) | Kind::Custom => test(file, f, out),
            Kind::Lib => {}
        }
    }
    if matches!(file.kind, Kind::Overlay(_) | Kind::Custom) && tests(tree).next().is_none() {
        let d = Diagnostic::new(NO_TESTS, "the file has no test: no public `fn test_…(ctx)`");
        out.push(d.at(Place::start_of(&file.text)));
    }
}

/// The tests of a tree, in the order of the lines.
pub(super) fn tests(tree: &Tree) -> impl Iterator<Item = &Function> {
    tree.functions.iter().filter(|f| is_test(f))
}

/// Whether its parameters are those of a test: `ctx`, or `page, ctx`. The names are the author's choice, except that what
/// is called `page` must be one.
pub(super) fn has_shape_of_test(f: &Function) -> bool {
    match f.params.as_slice() {
        [ctx] => ctx != "page",
        [page, ctx] => page != "ctx" && ctx != "page",
        _ => false,
    }
}

/// Whether a test gets a page of the browser.
pub(super) fn takes_page(f: &Function) -> bool {
    f.params.len() == 2
}

/// Whether it is run as a test.
pub(super) fn is_test(f: &Function) -> bool {
    f.name.starts_with("test_") && !f.private && has_shape_of_test(f)
}

fn at(file: &File, f: &Function, code: &'static Code, message: String) -> Diagnostic {
    Diagnostic::new(code, message).at(function_place(&file.text, &f.name, f.body_at))
}

fn stray_code(file: &File, tree: &Tree, out: &mut Diagnostics) {
    for node in &tree.top {
        let help = match &node.what {
            What::Nothing | What::Import { .. } | What::Let { constant: true, .. } => continue,
            What::Let { .. } => "write `const` and read it as `global::NAME`",
            _ => "put it into a function",
        };
        let d = Diagnostic::new(
            STRAY_CODE,
            "only functions, constants and imports may stand at the top of a file",
        );
        out.push(d.at(place(&file.text, node.start(), TOKEN)).help(help));
    }
}

/// Rhai itself refuses two functions with the same name and the same number of parameters; with different
/// numbers of parameters it would accept both without a message.
fn duplicates(file: &File, tree: &Tree, out: &mut Diagnostics) {
    for (i, f) in tree.functions.iter().enumerate().filter(|(_, f)| !f.is_closure()) {
        if tree.functions[..i].iter().any(|other| other.name == f.name) {
            out.push(at(file, f, DUPLICATE_FUNCTION, format!("`{}` is defined more than once", f.name)));
        }
    }
}

fn hook(file: &File, f: &Function, out: &mut Diagnostics) {
    let Some(row) = hooks::by_name(&f.name) else {
        if !f.private {
            let d = at(file, f, UNKNOWN_HOOK, format!("`{}` is not a hook", f.name));
            let hint = did_you_mean(&f.name, HOOKS.iter().map(|h| h.name()));
            out.push(d.help(
                hint.unwrap_or_else(|| "make a helper function `private fn`, or move it to `lib/`".into()),
            ));
        }
        return;
    };
    let shape = hooks::shape(row);
    if f.params.len() != row.params().len() {
        let there = format!("{}({})", f.name, f.params.join(", "));
        let d = at(file, f, HOOK_ARITY, format!("`{there}` should be `{shape}`"));
        out.push(d.help(format!("see `ccci explain {}`", f.name)));
    } else if f.private {
        let d =
            at(file, f, UNKNOWN_HOOK, format!("`{}` is private, so the hook would never be called", f.name));
        out.push(d.help(format!("write `fn {shape}`")));
    }
}

fn test(file: &File, f: &Function, out: &mut Diagnostics) {
    let named = f.name.starts_with("test_");
    let there = format!("{}({})", f.name, f.params.join(", "));
    let with_page = f.params.iter().any(|p| p == "page");
    if named && (f.private || !has_shape_of_test(f)) {
        let why = if f.private { "is private and would never be run" } else { "has the wrong parameters" };
        let d = at(file, f, TEST_SIGNATURE, format!("`{there}` {why}"));
        let shape = if with_page { "(page, ctx)" } else { "(ctx)" };
        out.push(d.help(format!("write `fn {}{shape}`", f.name)));
    } else if !named && !f.private {
        let d = at(file, f, TEST_SIGNATURE, format!("`{there}` is public but not a test"));
        out.push(d.help("name it `test_…(ctx)`, or make a helper function `private fn`"));
    }
}
