//! Checks calls: which function is called, whether its arguments fit, and whether what it needs exists at
//! this point of a run.

use super::Checker;
use crate::assertion::KEYWORD;
use crate::hooks::HOOKS;
use crate::known::{self, Native};
use crate::node::{Call, Function, Literal, Node, What};
use crate::point::Point;
use crate::point::Reach;
use crate::signature::{CallSig, Owner, Ty};
use crate::sources::TOKEN;
use crate::stdlib::{self, StdFn};
use ccci_model::diag::Help;
use ccci_model::diag::codes::{ARGUMENT_COUNT, ARGUMENT_TYPE, OUT_OF_REACH, UNKNOWN_FUNCTION};
use ccci_model::diag::nearest::did_you_mean;
use rhai::Position;

impl<'a> Checker<'a> {
    /// A call by name, or an operator.
    pub(super) fn call(&mut self, call: &'a Call, at: Position) -> Ty {
        if call.operator {
            return self.operator(call, at);
        }
        let types: Vec<Ty> = call.args.iter().map(|a| self.node(a)).collect();
        match call.path.first().map(String::as_str) {
            None => self.free(call, types, at),
            Some("std") => self.std(call, &types, at),
            Some(root) => self.imported(root, call, types, at),
        }
    }

    fn free(&mut self, call: &'a Call, types: Vec<Ty>, at: Position) -> Ty {
        let name = call.name.as_str();
        if name == "Fn" {
            self.pointed(call);
            return Ty::FN;
        }
        if let Some(f) = self.view().function(name, types.len()) {
            let path = self.frame.file.clone();
            return self.follow(&path, f, types, at);
        }
        let sigs = self.sigs;
        let rows = known::methods(sigs, Owner::Free, name);
        if !rows.is_empty() {
            return self.fit(&rows, &types, call, at);
        }
        // a member that is called as a function: `get(ctx, path)`
        if let Some(owner) = types.first().and_then(|t| t.owner()) {
            let rows = known::methods(sigs, owner, name);
            if !rows.is_empty() {
                return self.fit_args(&rows, &types[1..], &call.args[1..], name, at);
            }
        }
        match known::all_natives().get(name) {
            None if self.view().named(name).next().is_some() => self.other_count(call, at),
            Some(forms) => self.fit_native(name, &forms.iter().collect::<Vec<_>>(), &types, &call.args, at),
            None => {
                self.no_function(name, at);
                Ty::ANY
            }
        }
    }

    /// Reports a call whose number of arguments fits no function of this name in the file.
    fn other_count(&mut self, call: &'a Call, at: Position) -> Ty {
        let shapes: Vec<String> =
            self.view().named(&call.name).map(|f| format!("{}({})", f.name, f.params.join(", "))).collect();
        let message = format!("`{}` does not take {} arguments", call.name, call.args.len());
        let help = format!("it is `{}`", shapes.join("` or `"));
        self.report(ARGUMENT_COUNT, at, call.name.chars().count(), message, Some(help.into()));
        Ty::ANY
    }

    /// Checks the call of a script's function. What a function of the std library needs and does not have is
    /// reported where the recipe calls it.
    fn follow(&mut self, path: &str, f: &'a Function, types: Vec<Ty>, at: Position) -> Ty {
        let outcome = self.enter(path, f, types, self.frame.point);
        if let Some(out_of_reach) = outcome.out_of_reach {
            if self.in_std() {
                self.frame.out_of_reach.get_or_insert(out_of_reach);
            } else {
                self.report(OUT_OF_REACH, at, f.name.chars().count(), out_of_reach, None);
            }
        }
        outcome.ret
    }

    fn pointed(&mut self, call: &'a Call) {
        let Some(Node { what: What::Literal(Literal::Text(name)), at }) = call.args.first() else { return };
        if self.view().named(name).next().is_none() && !known::all_natives().contains_key(name) {
            let help = did_you_mean(name, self.view().function_names());
            // the place has the quotes too
            let help = help.map(|h| Help { instead: h.instead.map(|name| format!("\"{name}\"")), ..h });
            self.report(
                UNKNOWN_FUNCTION,
                *at,
                name.chars().count() + 2,
                format!("there is no function `{name}`"),
                help,
            );
        }
    }

    fn std(&mut self, call: &'a Call, types: &[Ty], at: Position) -> Ty {
        let full = format!("{}::{}", call.path.join("::"), call.name);
        let Some(row) = stdlib::rows().find(|r| r.full_name() == full) else {
            let names: Vec<String> = stdlib::rows().map(StdFn::full_name).collect();
            let help = did_you_mean(&full, names.iter().map(String::as_str));
            // the place has the last part of the name only
            let same_module =
                |full: &String| full.strip_prefix(&format!("{}::", call.path.join("::"))).map(str::to_string);
            let help = help.map(|h| Help { instead: h.instead.as_ref().and_then(same_module), ..h });
            let message = format!("there is no function `{full}`");
            self.report(UNKNOWN_FUNCTION, at, call.name.chars().count(), message, help);
            return Ty::ANY;
        };
        let want: Vec<Ty> = row.params.iter().map(|p| p.1).collect();
        self.note_services(row.params.iter().map(|p| p.0.as_str()), &call.args);
        if self.fits(&full, std::slice::from_ref(&want), types, &call.args, at, &row.shown())
            && let Some((path, f)) = self.std_function(row)
        {
            self.follow(&path, f, want, at);
        }
        row.ret
    }

    /// The file and the function of a row of the std library.
    pub(super) fn std_function(&self, row: &StdFn) -> Option<(String, &'a Function)> {
        let path = format!("{}.rhai", row.module.replace("::", "/"));
        let f = self.views.get(&path)?.function(&row.name, row.params.len())?;
        Some((path, f))
    }

    fn imported(&mut self, root: &str, call: &'a Call, types: Vec<Ty>, at: Position) -> Ty {
        let Some(path) = self.view().imports.get(root).cloned() else {
            self.no_module(root, at);
            return Ty::ANY;
        };
        // a file that is missing or does not compile is reported elsewhere
        let Some(view) = self.views.get(&path) else { return Ty::ANY };
        let (name, chars) = (call.name.as_str(), call.name.chars().count());
        let known: Vec<&'a Function> = view.named(name).collect();
        let public: Vec<&'a str> = view.function_names().collect();
        match known.iter().find(|f| f.params.len() == types.len()).or(known.first()) {
            None => {
                let help = did_you_mean(name, public);
                self.report(UNKNOWN_FUNCTION, at, chars, format!("`{path}` has no function `{name}`"), help);
                Ty::ANY
            }
            Some(f) if f.private => {
                let help = Some(format!("remove `private` in `{path}`").into());
                self.report(UNKNOWN_FUNCTION, at, chars, format!("`{name}` is private in `{path}`"), help);
                Ty::ANY
            }
            Some(f) if f.params.len() != types.len() => {
                let want = f.params.len();
                let message = format!("`{root}::{name}` takes {want} arguments, {} given", types.len());
                let shape = format!("{root}::{name}({})", f.params.join(", "));
                self.report(ARGUMENT_COUNT, at, chars, message, Some(format!("it is `{shape}`").into()));
                Ty::ANY
            }
            Some(f) => self.follow(&path, f, types, at),
        }
    }

    /// Checks arguments against the rows of a name, and returns the type of the form that fits.
    pub(super) fn fit(&mut self, rows: &[&'a CallSig], types: &[Ty], call: &'a Call, at: Position) -> Ty {
        self.fit_args(rows, types, &call.args, &call.name, at)
    }

    fn fit_args(
        &mut self,
        rows: &[&'a CallSig],
        types: &[Ty],
        args: &'a [Node],
        name: &str,
        at: Position,
    ) -> Ty {
        self.reach(rows[0], at, name);
        let wants: Vec<Vec<Ty>> = rows.iter().map(|r| r.params.iter().map(|p| p.ty).collect()).collect();
        let shown: Vec<String> = rows.iter().map(|r| r.shown()).collect();
        if self.fits(name, &wants, types, args, at, &shown.join(", or ")) {
            self.literal_arguments(rows, args);
        }
        let fit = |w: &[Ty]| w.len() == types.len() && w.iter().zip(types).all(|(w, t)| t.may_be(*w));
        let found = rows.iter().zip(&wants).filter(|(_, w)| fit(w)).map(|(r, _)| r.ret);
        found.reduce(Ty::or).unwrap_or(rows[0].ret)
    }

    /// Checks arguments against the forms of a native. The receiver of a member call is the first of `types`.
    pub(super) fn fit_native(
        &mut self,
        name: &str,
        forms: &[&Native],
        types: &[Ty],
        args: &'a [Node],
        at: Position,
    ) -> Ty {
        let wants: Vec<Vec<Ty>> = forms.iter().map(|f| f.params.clone()).collect();
        let own = types.len() - args.len();
        let explicit: Vec<Vec<Ty>> = wants.iter().map(|w| w[own.min(w.len())..].to_vec()).collect();
        self.fits(name, &explicit, &types[own..], args, at, "");
        let fit = |w: &[Ty]| w.len() == types.len() && w.iter().zip(types).all(|(w, t)| t.may_be(*w));
        forms.iter().filter(|f| fit(&f.params)).map(|f| f.ret).reduce(Ty::or).unwrap_or(Ty::ANY)
    }

    /// Whether the arguments fit one of the forms; reports if they do not.
    fn fits(
        &mut self,
        name: &str,
        wants: &[Vec<Ty>],
        types: &[Ty],
        args: &'a [Node],
        at: Position,
        shown: &str,
    ) -> bool {
        let help = (!shown.is_empty()).then(|| format!("it is `{shown}`"));
        let counted: Vec<&Vec<Ty>> = wants.iter().filter(|w| w.len() == types.len()).collect();
        let bare = name.rsplit("::").next().unwrap_or(name).chars().count();
        let Some(first) = counted.first() else {
            let mut counts: Vec<usize> = wants.iter().map(Vec::len).collect();
            counts.sort_unstable();
            counts.dedup();
            let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
            let message = format!("`{name}` takes {} arguments, {} given", counts.join(" or "), types.len());
            self.report(ARGUMENT_COUNT, at, bare, message, help.map(Help::from));
            return false;
        };
        if counted.iter().any(|w| w.iter().zip(types).all(|(w, t)| t.may_be(*w))) {
            return true;
        }
        let wrong = first.iter().zip(types).position(|(w, t)| !t.may_be(*w)).unwrap_or(0);
        let want = counted.iter().fold(Ty::NEVER, |sum, w| sum.or(w[wrong]));
        let message = format!("argument {} of `{name}` is {}, expected {want}", wrong + 1, types[wrong]);
        let help = help.map(|help| match types[wrong] {
            Ty::UNIT if want == Ty::MAP => format!("leave it out, or write a map, `#{{}}`; {help}"),
            _ => help,
        });
        self.report(ARGUMENT_TYPE, args[wrong].start(), TOKEN, message, help.map(Help::from));
        false
    }

    /// Checks that what the call needs exists when the hook runs.
    pub(super) fn reach(&mut self, row: &CallSig, at: Position, name: &str) {
        let Some(point) = self.frame.point.filter(|p| !p.offers(row.reach)) else { return };
        // an answer, or another value of the app, comes from a call that is told already
        if row.owner != Owner::Ctx && row.reach == Reach::App {
            return;
        }
        let needs = row.reach.row();
        let shown = row.shown();
        let shown = shown.split(['(', ' ']).next().unwrap_or(name);
        let message = format!("`{shown}` cannot be called in {}: it needs {}", called(point), needs.needs);
        if self.in_std() && !self.std_is_checked {
            self.frame.out_of_reach.get_or_insert(message);
        } else {
            self.report(OUT_OF_REACH, at, name.chars().count(), message, Some(needs.help.into()));
        }
    }

    fn no_function(&mut self, name: &str, at: Position) {
        let member = self.sigs.iter().find(|s| s.owner != Owner::Free && s.name == name && !s.is_property);
        let help = if let Some(row) = member {
            Some(format!("it is a member: `{}`", row.shown()).into())
        } else if self.frame.vars.iter().any(|v| v.name == name) {
            self.read(name, at);
            Some(format!("`{name}` is a variable; call the function in it with `{name}.call(…)`").into())
        } else if name == "sleep" {
            Some("to wait for something, use `eventually(\"30s\", || …)`".into())
        } else {
            let free = self.sigs.iter().filter(|s| s.owner == Owner::Free).map(|s| s.name);
            let natives = known::all_natives().keys().map(String::as_str);
            did_you_mean(name, self.view().function_names().chain(free).chain(natives).chain([KEYWORD]))
        };
        let message = format!("there is no function `{name}`");
        self.report(UNKNOWN_FUNCTION, at, name.chars().count(), message, help);
    }
}

/// Name of the point in messages.
fn called(point: Point) -> String {
    match HOOKS.iter().find(|h| h.point() == point) {
        Some(hook) => format!("`{}`", hook.name()),
        None => "a test".into(),
    }
}
