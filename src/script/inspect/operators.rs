//! Checks operators: their types, and comparisons whose result is always the same. Rhai compares values of
//! different types without an error.

use super::Checker;
use crate::node::{Call, Link, Literal, Node, What};
use crate::signature::Ty;
use crate::sources::{TOKEN, place};
use ccci_model::diag::Diagnostic;
use ccci_model::diag::codes::{ALWAYS_SAME, ARGUMENT_TYPE};
use rhai::Position;

impl<'a> Checker<'a> {
    /// The type of an operator's result.
    pub(super) fn operator(&mut self, call: &'a Call, at: Position) -> Ty {
        let types: Vec<Ty> = call.args.iter().map(|a| self.node(a)).collect();
        match (call.name.as_str(), types.as_slice()) {
            (op @ ("==" | "!=" | "<" | ">" | "<=" | ">="), [left, right]) => {
                if let [a, b] = call.args.as_slice()
                    && let Some(why) = same_for_all_answers(op, a, b, *left)
                {
                    self.report(ALWAYS_SAME, at, op.len(), why, Some(SAME_HELP.into()));
                } else {
                    self.compared(op, *left, *right, at);
                }
                Ty::BOOL
            }
            ("!", [one]) => {
                if !one.may_be(Ty::BOOL) {
                    self.report(ARGUMENT_TYPE, at, TOKEN, format!("`!` needs a bool, this is {one}"), None);
                }
                Ty::BOOL
            }
            ("in" | "!in", _) => Ty::BOOL,
            ("+", [left, right]) if *left == Ty::TEXT || *right == Ty::TEXT => Ty::TEXT,
            ("+" | "-" | "*" | "/" | "%" | "**", [left, right]) => match (*left, *right) {
                (Ty::INT, Ty::INT) => Ty::INT,
                (Ty::INT | Ty::FLOAT, Ty::INT | Ty::FLOAT) => Ty::FLOAT,
                _ => Ty::ANY,
            },
            ("-" | "+", [one]) => *one,
            _ => Ty::ANY,
        }
    }

    /// Notes a comparison. A helper may be called with several types; its comparison is reported only if the
    /// result is fixed for all of them.
    fn compared(&mut self, op: &str, left: Ty, right: Ty, at: Position) {
        let here = (self.frame.file.clone(), at);
        if alike(left).may_be(alike(right)) {
            self.compared.insert(here, None);
        } else if !self.compared.contains_key(&here) {
            let message = format!("{left} is compared with {right}: always {}", op == "!=");
            let help = match (left == Ty::UNIT) ^ (right == Ty::UNIT) {
                true => {
                    "a function that changes its text in place returns `()`: use `trimmed()`, `to_lower()`, …"
                }
                false if left == Ty::BOOL || right == Ty::BOOL => "compare it with `true` or `false`",
                false if left.owner().or(right.owner()).is_some() => "compare one of its members",
                false => "convert one side: `parse_int(text)`, `to_string()`",
            };
            let d = Diagnostic::new(ALWAYS_SAME, message).at(place(self.view().text, at, op.len()));
            self.compared.insert(here, Some(d.help(help)));
        }
    }
}

/// What to do about a comparison that has the same result whatever the app does.
pub(super) const SAME_HELP: &str = "compare what the app answers with what it must answer";

/// Why a comparison has the same result whatever its values are. `of` is the type of the left one.
fn same_for_all_answers(op: &str, a: &Node, b: &Node, of: Ty) -> Option<String> {
    if is_same(a, b) && !matches!(a.what, What::Literal(_)) {
        // a float that is no number is not equal to itself; this is how scripts find it
        if of.may_be(Ty::FLOAT) && !matches!(op, "<" | ">") {
            return None;
        }
        let is = matches!(op, "==" | "<=" | ">=");
        return Some(format!("both sides are the same value: always {is}"));
    }
    let is = match (op, &a.what, &b.what) {
        (">=" | "<", What::Chain { links, .. }, What::Literal(Literal::Int(0))) if is_length(links) => {
            op == ">="
        }
        ("<=" | ">", What::Literal(Literal::Int(0)), What::Chain { links, .. }) if is_length(links) => {
            op == "<="
        }
        _ => return None,
    };
    Some(format!("a length is never below 0: always {is}"))
}

fn is_length(links: &[Link]) -> bool {
    match links.last() {
        Some(Link::Method(call, _)) => call.name == "len",
        Some(Link::Property(name, _)) => name == "len",
        _ => false,
    }
}

/// Whether both are the same variable, or the same member of one. Two calls may give different values.
fn is_same(a: &Node, b: &Node) -> bool {
    match (&a.what, &b.what) {
        (What::Name { path, name }, What::Name { path: other_path, name: other }) => {
            name == other && path == other_path
        }
        (What::Literal(a), What::Literal(b)) => a == b && matches!(a, Literal::Int(_) | Literal::Text(_)),
        (What::Chain { head, links }, What::Chain { head: other, links: others }) => {
            let pairs = || links.iter().zip(others);
            is_same(head, other) && links.len() == others.len() && pairs().all(|(a, b)| is_same_link(a, b))
        }
        _ => false,
    }
}

fn is_same_link(a: &Link, b: &Link) -> bool {
    match (a, b) {
        (Link::Property(a, _), Link::Property(b, _)) => a == b,
        (Link::Index(a), Link::Index(b)) => is_same(a, b),
        _ => false,
    }
}

/// The type as far as comparisons distinguish it: numbers compare with numbers, and a character with a text.
fn alike(t: Ty) -> Ty {
    let pair = |t: Ty, a: Ty, b: Ty| if t.kinds().any(|k| k == a || k == b) { t.or(a).or(b) } else { t };
    pair(pair(t, Ty::INT, Ty::FLOAT), Ty::TEXT, Ty::CHAR)
}
