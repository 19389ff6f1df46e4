//! The checker: an abstract interpreter that runs scripts on types instead of values. It starts at hooks and
//! tests, with the types of their rows; every call of a script's function analyses its body with the types of
//! that call. Whether a value is the `ctx` therefore follows from where it comes from and not from its name.
//! Nothing is reported about values of unknown type.

mod arguments;
mod calls;
mod can_fail;
mod expressions;
mod literals;
mod members;
mod names;
mod operators;
mod statements;
mod view;

use super::compile::{File, Kind};
use super::hooks;
use super::node::{Function, Node};
use super::point::Point;
use super::signature::{CallSig, Ty};
use super::sources::{TOKEN, function_place, place};
use super::{conventions, stdlib};
use ccci_model::diag::codes::{CANNOT_CHECK, HOOK_RETURN, TEST_ASKS, TEST_EMPTY, TEST_RETURN};
use ccci_model::diag::{Code, Diagnostic, Help};
use literals::Noted;
pub use literals::{NameOf, Spoken};
use names::Var;
use rhai::Position;
use std::collections::{BTreeMap, HashMap, HashSet};
use view::View;

/// Nodes that the checker visits before it gives up on files that are written to exhaust it.
const MOST_STEPS: usize = 200_000;
/// Findings after which the checker stops reporting: more would not be read, and each costs a walk through
/// its file.
const MOST_FOUND: usize = 300;
/// Depth of nested calls at which the checker stops following them; scripts may go 32 deep.
const DEEPEST: usize = 40;

/// Checks all files of a recipe. Returns the diagnostics, and what the scripts name of the app.
pub(super) fn check(files: &BTreeMap<String, File>, sigs: &[CallSig]) -> (Vec<Diagnostic>, Vec<Spoken>) {
    let mut c = Checker::new(files, sigs);
    for (path, file) in files {
        let Some(tree) = &file.tree else { continue };
        c.top(path);
        for f in &tree.functions {
            match file.kind {
                Kind::Hooks => c.hook(path, file, f),
                Kind::Overlay(_) | Kind::Custom if conventions::is_test(f) => {
                    c.test(path, file, f);
                }
                _ => {}
            }
        }
    }
    // functions that nobody calls are checked as well, with unknown types
    for (path, file) in files {
        for f in file.tree.iter().flat_map(|t| &t.functions) {
            if !c.called.contains(&(path.clone(), f.name.clone(), f.params.len())) {
                c.enter(path, f, vec![Ty::ANY; f.params.len()], None);
            }
        }
    }
    let (never_remembered, spoken) = (c.never_remembered(), c.spoken());
    (c.finish().into_iter().chain(never_remembered).collect(), spoken)
}

/// Checks the std library itself, every function with its documented types.
pub(super) fn check_std(sigs: &[CallSig]) -> Vec<Diagnostic> {
    let none = BTreeMap::new();
    let mut c = Checker::new(&none, sigs);
    c.std_is_checked = true;
    for row in stdlib::rows() {
        let (path, f) = c.std_function(row).expect("rows are made of functions");
        let types = row.params.iter().map(|p| p.1).collect();
        let ret = c.enter(&path, f, types, Some(Point::Test)).ret;
        let wrong = ret.beyond(row.ret);
        if !wrong.is_never() {
            let message = format!("`{}` must return {}, but can return {wrong}", row.full_name(), row.ret);
            let at = function_place(c.views[&path].text, &f.name, f.body_at);
            c.found.push(Diagnostic::new(HOOK_RETURN, message).at(at));
        }
    }
    c.finish()
}

/// Result of analysing a call of a script's function.
#[derive(Debug, Clone, Default)]
struct Outcome {
    ret: Ty,
    /// The first call in the std library whose needs are not met. It is reported where the recipe calls into
    /// the library.
    out_of_reach: Option<String>,
}

/// Key of a stored analysis: file, function, types, point.
type Key = (String, String, Vec<Ty>, Option<Point>);

struct Checker<'a> {
    sigs: &'a [CallSig],
    views: BTreeMap<String, View<'a>>,
    found: Vec<Diagnostic>,
    /// Places that already have a finding; only the first one of a place is reported.
    reported: HashSet<(String, Position)>,
    /// Comparisons with what to report of each; nothing, if the comparison makes sense in some call of the
    /// function.
    compared: BTreeMap<(String, Position), Option<Diagnostic>>,
    names: Noted,
    memo: HashMap<Key, Option<Outcome>>,
    called: HashSet<(String, String, usize)>,
    steps: usize,
    std_is_checked: bool,
    frame: Frame,
    depth: usize,
}

/// The checker's position.
#[derive(Debug, Default)]
struct Frame {
    file: String,
    point: Option<Point>,
    vars: Vec<Var>,
    rets: Ty,
    breaks: Vec<Ty>,
    out_of_reach: Option<String>,
    /// At the top of a file its constants are visible by their bare names.
    at_top: bool,
}

impl<'a> Checker<'a> {
    fn new(files: &'a BTreeMap<String, File>, sigs: &'a [CallSig]) -> Checker<'a> {
        let own =
            files.iter().filter_map(|(path, f)| Some((path.clone(), View::of(&f.text, f.tree.as_ref()?))));
        let std = stdlib::sources().map(|(path, text, tree)| (path.to_string(), View::of(text, tree)));
        Checker {
            sigs,
            views: own.chain(std).collect(),
            found: vec![],
            reported: HashSet::new(),
            compared: BTreeMap::new(),
            names: Noted::default(),
            memo: HashMap::new(),
            called: HashSet::new(),
            steps: 0,
            std_is_checked: false,
            frame: Frame::default(),
            depth: 0,
        }
    }

    /// All findings; only those in the recipe's files, unless the library itself is checked.
    fn finish(self) -> Vec<Diagnostic> {
        let of_std = |file: &str| file.starts_with("std/");
        let compared = self.compared.into_iter().filter(|((f, _), _)| self.std_is_checked || !of_std(f));
        self.found.into_iter().chain(compared.filter_map(|(_, d)| d)).collect()
    }

    /// The file that is being checked.
    fn view(&self) -> &View<'a> {
        &self.views[&self.frame.file]
    }

    fn in_std(&self) -> bool {
        self.frame.file.starts_with("std/")
    }

    /// Reports a finding at a position of the file that is being checked, if it is the first at that place.
    fn report(
        &mut self,
        code: &'static Code,
        at: Position,
        chars: usize,
        message: String,
        help: Option<Help>,
    ) {
        if (self.in_std() && !self.std_is_checked) || !self.reported.insert((self.frame.file.clone(), at)) {
            return;
        }
        if self.found.len() >= MOST_FOUND {
            return;
        }
        let d = Diagnostic::new(code, message).at(place(self.view().text, at, chars));
        self.found.push(match help {
            Some(help) => d.help(help),
            None => d,
        });
    }

    /// Checks constants and code outside of functions.
    fn top(&mut self, path: &str) {
        let tree = self.views[path].tree;
        let before =
            std::mem::replace(&mut self.frame, Frame { file: path.into(), at_top: true, ..Frame::default() });
        for node in &tree.top {
            self.node(node);
        }
        self.frame = before;
    }

    fn hook(&mut self, path: &str, file: &File, f: &'a Function) {
        let Some(row) = hooks::by_name(&f.name).filter(|r| r.params().len() == f.params.len()) else {
            return;
        };
        let types = row.params().iter().map(|p| p.ty()).collect();
        let ret = self.enter(path, f, types, Some(row.point())).ret;
        let wrong = ret.beyond(row.ty());
        if !wrong.is_never() {
            let message = format!("`{}` must return {}, but can return {wrong}", f.name, row.noun());
            let d = Diagnostic::new(HOOK_RETURN, message).at(function_place(&file.text, &f.name, f.body_at));
            let help = if wrong == Ty::UNIT {
                "one of its branches ends without a value; a function returns its last expression"
            } else {
                "a function returns the last expression of the branch that runs"
            };
            self.found.push(d.help(help));
        }
    }

    /// Reports tests that cannot fail. A test that ends in a bool was probably meant to assert it, as the
    /// result of a test is not used. An empty test would pass.
    fn test(&mut self, path: &str, file: &File, f: &'a Function) {
        let types = if conventions::takes_page(f) { vec![Ty::PAGE, Ty::CTX] } else { vec![Ty::CTX] };
        let ret = self.enter(path, f, types, Some(Point::Test)).ret;
        let (code, what) = match (f.body.is_empty(), ret == Ty::BOOL) {
            (true, _) => (TEST_EMPTY, "is empty, so it cannot fail"),
            (_, true) => (TEST_RETURN, "ends in a bool that is not used"),
            _ if !can_fail::can_fail(&f.body) => {
                (TEST_ASKS, "asserts nothing: it passes whatever the app answers")
            }
            _ => return,
        };
        let at = function_place(&file.text, &f.name, f.body_at);
        let d = Diagnostic::new(code, format!("`{}` {what}", f.name)).at(at);
        self.found.push(d.help("a test fails by an assertion: `assert(…);`"));
    }

    /// Analyses a function for these types, once.
    fn enter(&mut self, path: &str, f: &'a Function, types: Vec<Ty>, point: Option<Point>) -> Outcome {
        self.called.insert((path.to_string(), f.name.clone(), f.params.len()));
        let key = (path.to_string(), format!("{}/{}", f.name, f.params.len()), types.clone(), point);
        match self.memo.get(&key) {
            Some(Some(known)) => return known.clone(),
            // the analysis is under way: the result of a recursive call is not followed
            Some(None) => return Outcome { ret: Ty::ANY, out_of_reach: None },
            None => {}
        }
        if self.depth >= DEEPEST {
            return Outcome { ret: Ty::ANY, out_of_reach: None };
        }
        self.memo.insert(key.clone(), None);
        let vars = f.params.iter().zip(types).map(|(name, ty)| Var::parameter(name, ty)).collect();
        let frame = Frame { file: path.to_string(), point, vars, ..Frame::default() };
        let before = std::mem::replace(&mut self.frame, frame);
        self.depth += 1;
        let last = self.block(&f.body);
        self.depth -= 1;
        let done = std::mem::replace(&mut self.frame, before);
        let outcome = Outcome { ret: last.or(done.rets), out_of_reach: done.out_of_reach };
        self.memo.insert(key, Some(outcome.clone()));
        outcome
    }

    /// The type of a statement or expression.
    fn node(&mut self, n: &'a Node) -> Ty {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            if self.steps == MOST_STEPS + 1 {
                let message =
                    "the scripts call each other in too many ways to be checked completely".to_string();
                self.report(CANNOT_CHECK, n.at, TOKEN, message, None);
            }
            return Ty::ANY;
        }
        self.statement(n).unwrap_or_else(|| self.expression(n))
    }
}
