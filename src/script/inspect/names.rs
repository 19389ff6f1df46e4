//! Checks variables: which exist, what types they have, and which are never used.

use super::Checker;
use crate::refusal::made_first;
use crate::signature::Ty;
use ccci_model::diag::Help;
use ccci_model::diag::codes::{SHADOWED_VARIABLE, UNKNOWN_MODULE, UNKNOWN_VARIABLE, UNUSED_VARIABLE};
use ccci_model::diag::nearest::did_you_mean;
use rhai::Position;

/// A variable in scope.
#[derive(Debug)]
pub(super) struct Var {
    pub name: String,
    pub ty: Ty,
    at: Position,
    used: bool,
    /// Not reported when unused: parameters, names of loops and of `catch`.
    quiet: bool,
}

impl Var {
    pub(super) fn parameter(name: &str, ty: Ty) -> Var {
        Var { name: name.to_string(), ty, at: Position::NONE, used: false, quiet: true }
    }
}

impl<'a> Checker<'a> {
    /// Adds a variable. If it is assigned to anywhere in the file, its type is unknown.
    pub(super) fn define(&mut self, name: &str, ty: Ty, at: Position, quiet: bool) {
        let ty = if self.view().assigned.contains(name) { Ty::ANY } else { ty };
        let hides = !name.starts_with('_') && self.frame.vars.iter().any(|v| v.name == name);
        if hides && !self.frame.at_top {
            let message = format!("there is an earlier `{name}`, which cannot be used from here on");
            let help = "give one of them another name".to_string();
            self.report(SHADOWED_VARIABLE, at, name.chars().count(), message, Some(help.into()));
        }
        self.frame.vars.push(Var { name: name.to_string(), ty, at, used: false, quiet });
    }

    /// Removes the variables of a block, and reports the unused ones.
    pub(super) fn leave(&mut self, mark: usize) {
        let gone: Vec<Var> = self.frame.vars.drain(mark..).collect();
        for v in gone.into_iter().filter(|v| !v.used && !v.quiet && !v.name.starts_with('_')) {
            let message = format!("`{}` is never used", v.name);
            let help = format!("remove it, or rename it to `_{}`", v.name);
            self.report(UNUSED_VARIABLE, v.at, v.name.chars().count(), message, Some(help.into()));
        }
    }

    /// Type of a variable; reports if there is none.
    pub(super) fn read(&mut self, name: &str, at: Position) -> Ty {
        if let Some(v) = self.frame.vars.iter_mut().rev().find(|v| v.name == name) {
            v.used = true;
            return v.ty;
        }
        let constant = self.view().constants.contains_key(name);
        if constant && self.frame.at_top {
            return Ty::ANY;
        }
        let help = if constant {
            Some(format!("constants of the file are written as `global::{name}`").into())
        } else {
            let near = did_you_mean(name, self.frame.vars.iter().map(|v| v.name.as_str()));
            near.or_else(|| Some(made_first(name).into()))
        };
        let message = format!("there is no variable `{name}` here");
        self.report(UNKNOWN_VARIABLE, at, name.chars().count(), message, help);
        Ty::ANY
    }

    /// Reports that a variable is set that does not exist, once: from here on it does.
    pub(super) fn set_without_let(&mut self, name: &str, at: Position) {
        if self.view().constants.contains_key(name) {
            self.read(name, at);
            return;
        }
        let near = did_you_mean(name, self.frame.vars.iter().map(|v| v.name.as_str()));
        let help = near.unwrap_or_else(|| Help {
            text: format!("a new variable is made by `let {name} = …`"),
            instead: Some(format!("let {name}")),
        });
        let message = format!("there is no variable `{name}` here");
        self.report(UNKNOWN_VARIABLE, at, name.chars().count(), message, Some(help));
        self.frame.vars.push(Var { name: name.to_string(), ty: Ty::ANY, at, used: true, quiet: true });
    }

    /// Type of a constant of this file (`global::NAME`) or of an imported one.
    pub(super) fn constant(&mut self, root: &str, name: &str, at: Position) -> Ty {
        let missing = if root == "global" {
            (!self.view().constants.contains_key(name)).then(|| format!("the file has no constant `{name}`"))
        } else if let Some(path) = self.view().imports.get(root) {
            match self.views.get(path).map(|v| v.constants.get(name)) {
                None | Some(Some(true)) => None,
                Some(None) => Some(format!("`{path}` has no constant `{name}`")),
                Some(Some(false)) => Some(format!("`{name}` of `{path}` is not exported")),
            }
        } else {
            self.no_module(root, at);
            return Ty::ANY;
        };
        if let Some(message) = missing {
            let help = "write `export const` where it is defined, at the top of the file".to_string();
            self.report(UNKNOWN_VARIABLE, at, name.chars().count(), message, Some(help.into()));
        }
        Ty::ANY
    }

    /// Reports that there is no import of this name.
    pub(super) fn no_module(&mut self, root: &str, at: Position) {
        let imports: Vec<String> = self.view().imports.keys().map(ToString::to_string).collect();
        let help = did_you_mean(root, imports.iter().map(String::as_str).chain(["std"]));
        let help = help.unwrap_or_else(|| {
            format!("write `import \"lib/{root}\" as {root};` at the top of the file").into()
        });
        self.report(
            UNKNOWN_MODULE,
            at,
            root.chars().count(),
            format!("there is no module `{root}`"),
            Some(help),
        );
    }
}
