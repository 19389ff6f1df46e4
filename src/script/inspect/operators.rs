//! Checks operators: their types, and comparisons whose result is always the same. Rhai compares values of
//! different types without an error.

use super::Checker;
use crate::node::Call;
use crate::signature::Ty;
use crate::sources::place;
use ccci_model::diag::Diagnostic;
use ccci_model::diag::codes::{ALWAYS_SAME, ARGUMENT_TYPE};
use rhai::Position;

impl<'a> Checker<'a> {
    /// The type of an operator's result.
    pub(super) fn operator(&mut self, call: &'a Call, at: Position) -> Ty {
        let types: Vec<Ty> = call.args.iter().map(|a| self.node(a)).collect();
        match (call.name.as_str(), types.as_slice()) {
            (op @ ("==" | "!=" | "<" | ">" | "<=" | ">="), [left, right]) => {
                self.compared(op, *left, *right, at);
                Ty::BOOL
            }
            ("!", [one]) => {
                if !one.may_be(Ty::BOOL) {
                    self.report(ARGUMENT_TYPE, at, 1, format!("`!` needs a bool, this is {one}"), None);
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
                false if left.owner().or(right.owner()).is_some() => "compare one of its members",
                false => "convert one side: `parse_int(text)`, `to_string()`",
            };
            let d = Diagnostic::new(ALWAYS_SAME, message).at(place(self.view().text, at, op.len()));
            self.compared.insert(here, Some(d.help(help)));
        }
    }
}

/// The type as far as comparisons distinguish it: numbers compare with numbers, and a character with a text.
fn alike(t: Ty) -> Ty {
    let pair = |t: Ty, a: Ty, b: Ty| if t.kinds().any(|k| k == a || k == b) { t.or(a).or(b) } else { t };
    pair(pair(t, Ty::INT, Ty::FLOAT), Ty::TEXT, Ty::CHAR)
}
