//! The checker: an abstract interpreter that runs scripts on types instead of values. Hooks and tests are entered with the
//! types of their rows; every call of a script's function analyses its body with the types of that call, so "is this the
//! ctx?" follows from where a value comes from and not from its name. What is not known is not reported.

mod calls;
mod expressions;
mod members;
mod names;
mod operators;
mod proof;
mod spoken;
mod statements;
mod view;

use super::compile::{File, Kind};
use super::hooks;
use super::node::{Function, Node};
use super::point::Point;
use super::signature::{CallSig, Ty};
use super::sources::{function_place, place};
use super::{conventions, stdlib};
use ccci_model::diag::codes::{CANNOT_CHECK, HOOK_RETURN, TEST_ASKS, TEST_EMPTY, TEST_RETURN};
use ccci_model::diag::{Code, Diagnostic};
use names::Var;
use rhai::Position;
use spoken::Heard;
pub use spoken::Spoken;
use std::collections::{BTreeMap, HashMap, HashSet};
use view::View;

/// Nodes looked at before the checker gives up on a file set that is built to exhaust it.
const MOST_STEPS: usize = 200_000;
/// Findings before the checker keeps silent: nobody reads more, and each costs a walk through its file.
const MOST_FOUND: usize = 300;
/// Functions that call each other before the checker stops to follow; scripts may go 32 deep.
const DEEPEST: usize = 40;

/// Checks all files of a recipe; gives what is wrong, and the services that they name.
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
    // what nobody calls is looked at as well, with unknown types
    for (path, file) in files {
        for f in file.tree.iter().flat_map(|t| &t.functions) {
            if !c.called.contains(&(path.clone(), f.name.clone(), f.params.len())) {
                c.enter(path, f, vec![Ty::ANY; f.params.len()], None);
            }
        }
    }
    let (never_left, services) = (c.never_left(), c.services());
    (c.finish().into_iter().chain(never_left).collect(), services)
}

/// Checks the std library itself: every function with the types it is documented with.
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
            let message = format!("`{}` must return {}, and can return {wrong}", row.full_name(), row.ret);
            let at = function_place(c.views[&path].text, &f.name, f.body_at);
            c.found.push(Diagnostic::new(HOOK_RETURN, message).at(at));
        }
    }
    c.finish()
}

/// What a call of a script's function comes to.
#[derive(Debug, Clone, Default)]
struct Outcome {
    ret: Ty,
    /// The first call in the std library that is out of reach: reported where the recipe calls into it.
    lacks: Option<String>,
}

/// What a memoized analysis was made for: file, function, types, point.
type Key = (String, String, Vec<Ty>, Option<Point>);

struct Checker<'a> {
    sigs: &'a [CallSig],
    views: BTreeMap<String, View<'a>>,
    found: Vec<Diagnostic>,
    /// Places that have a finding: the first one is the one to mend.
    told: HashSet<(String, Position)>,
    /// Comparisons: what to say of each, unless some call of the function makes sense of it.
    compared: BTreeMap<(String, Position), Option<Diagnostic>>,
    heard: Heard,
    memo: HashMap<Key, Option<Outcome>>,
    called: HashSet<(String, String, usize)>,
    steps: usize,
    std_is_checked: bool,
    frame: Frame,
    depth: usize,
}

/// Where the checker stands.
#[derive(Debug, Default)]
struct Frame {
    file: String,
    point: Option<Point>,
    vars: Vec<Var>,
    rets: Ty,
    breaks: Vec<Ty>,
    lacks: Option<String>,
    /// At the top of a file its constants are seen by their bare names.
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
            told: HashSet::new(),
            compared: BTreeMap::new(),
            heard: Heard::default(),
            memo: HashMap::new(),
            called: HashSet::new(),
            steps: 0,
            std_is_checked: false,
            frame: Frame::default(),
            depth: 0,
        }
    }

    /// Everything found; of the recipe's files only, unless the library itself is checked.
    fn finish(self) -> Vec<Diagnostic> {
        let of_std = |file: &str| file.starts_with("std/");
        let compared = self.compared.into_iter().filter(|((f, _), _)| self.std_is_checked || !of_std(f));
        self.found.into_iter().chain(compared.filter_map(|(_, d)| d)).collect()
    }

    /// The file the checker stands in.
    fn view(&self) -> &View<'a> {
        &self.views[&self.frame.file]
    }

    fn in_std(&self) -> bool {
        self.frame.file.starts_with("std/")
    }

    /// Reports something at a position of the file the checker stands in; the first finding of a place counts.
    fn say(
        &mut self,
        code: &'static Code,
        at: Position,
        chars: usize,
        message: String,
        help: Option<String>,
    ) {
        if (self.in_std() && !self.std_is_checked) || !self.told.insert((self.frame.file.clone(), at)) {
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

    /// Constants and stray code.
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
            let message = format!("`{}` must return {}, and can return {wrong}", f.name, row.noun());
            let d = Diagnostic::new(HOOK_RETURN, message).at(function_place(&file.text, &f.name, f.body_at));
            let help = if wrong == Ty::UNIT {
                "a path through it ends without a value; the last expression is what it returns"
            } else {
                "the last expression of each path is what it returns"
            };
            self.found.push(d.help(help));
        }
    }

    /// A test that ends in a bool was meant to assert it: nobody looks at what a test returns. One with nothing in it
    /// would pass.
    fn test(&mut self, path: &str, file: &File, f: &'a Function) {
        let ret = self.enter(path, f, vec![Ty::CTX], Some(Point::Test)).ret;
        let (code, what) = match (f.body.is_empty(), ret == Ty::BOOL) {
            (true, _) => (TEST_EMPTY, "has nothing in it, so it could not fail"),
            (_, true) => (TEST_RETURN, "ends in a bool that nobody looks at"),
            _ if !proof::can_fail(&f.body) => (TEST_ASKS, "asserts nothing: it passes whatever is answered"),
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
            // under way: what a recursive call gives is not followed
            Some(None) => return Outcome { ret: Ty::ANY, lacks: None },
            None => {}
        }
        if self.depth >= DEEPEST {
            return Outcome { ret: Ty::ANY, lacks: None };
        }
        self.memo.insert(key.clone(), None);
        let vars = f.params.iter().zip(types).map(|(name, ty)| Var::parameter(name, ty)).collect();
        let frame = Frame { file: path.to_string(), point, vars, ..Frame::default() };
        let before = std::mem::replace(&mut self.frame, frame);
        self.depth += 1;
        let last = self.block(&f.body);
        self.depth -= 1;
        let done = std::mem::replace(&mut self.frame, before);
        let outcome = Outcome { ret: last.or(done.rets), lacks: done.lacks };
        self.memo.insert(key, Some(outcome.clone()));
        outcome
    }

    /// The type of a statement or expression.
    fn node(&mut self, n: &'a Node) -> Ty {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            if self.steps == MOST_STEPS + 1 {
                let message = "the scripts are too entangled to be checked to the end".to_string();
                self.say(CANNOT_CHECK, n.at, 1, message, None);
            }
            return Ty::ANY;
        }
        self.statement(n).unwrap_or_else(|| self.expression(n))
    }
}
