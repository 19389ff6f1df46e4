//! Checks expressions and determines their types.

use super::Checker;
use crate::node::{Literal, Node, What};
use crate::signature::Ty;
use crate::sources::TOKEN;
use ccci_model::diag::codes::ARGUMENT_TYPE;

impl<'a> Checker<'a> {
    /// The type of an expression.
    pub(super) fn expression(&mut self, n: &'a Node) -> Ty {
        match &n.what {
            What::Literal(literal) => literal_type(literal),
            What::Text(parts) => {
                self.all(parts);
                Ty::TEXT
            }
            What::List(parts) => {
                self.all(parts);
                Ty::ARRAY
            }
            What::Table(entries) => {
                entries.iter().for_each(|(.., value)| {
                    self.node(value);
                });
                Ty::MAP
            }
            What::Logic(parts) => {
                parts.iter().for_each(|p| self.condition(p));
                Ty::BOOL
            }
            What::Coalesce(parts) => parts.iter().fold(Ty::ANY, |sum, p| sum.or(self.node(p))),
            What::Name { path, name } => match path.first() {
                Some(root) => self.constant(root, name, n.at),
                None => self.read(name, n.at),
            },
            What::This => Ty::ANY,
            What::Call(call) => self.call(call, n.at),
            What::Closure { function, captures } => {
                let held = captures.iter().map(|(name, at)| self.read(name, *at)).collect();
                self.closure(function, held);
                Ty::FN
            }
            What::Chain { head, links } => self.chain(head, links),
            What::Assert(expected) => {
                let ty = self.node(expected);
                self.asserted(expected);
                if !ty.may_be(Ty::BOOL) {
                    let help = Some("compare it with the expected value".to_string());
                    self.report(
                        ARGUMENT_TYPE,
                        expected.at,
                        TOKEN,
                        format!("`assert` needs a bool, this is {ty}"),
                        help.map(Into::into),
                    );
                }
                Ty::UNIT
            }
            // statements were handled before
            _ => Ty::ANY,
        }
    }

    fn all(&mut self, parts: &'a [Node]) {
        for p in parts {
            self.node(p);
        }
    }

    /// Checks a closure where it is made, with the types of what it captures. The types of its own parameters
    /// are not known.
    fn closure(&mut self, function: &str, mut held: Vec<Ty>) {
        let path = self.frame.file.clone();
        let Some(f) = self.view().named(function).max_by_key(|f| f.params.len()) else { return };
        held.resize(f.params.len(), Ty::ANY);
        let point = self.frame.point;
        let outcome = self.enter(&path, f, held, point);
        self.frame.out_of_reach = self.frame.out_of_reach.take().or(outcome.out_of_reach);
    }
}

fn literal_type(literal: &Literal) -> Ty {
    match literal {
        Literal::Unit => Ty::UNIT,
        Literal::Bool => Ty::BOOL,
        Literal::Int(_) => Ty::INT,
        Literal::Float => Ty::FLOAT,
        Literal::Text(_) => Ty::TEXT,
        Literal::Char => Ty::CHAR,
        Literal::Array => Ty::ARRAY,
        Literal::Map => Ty::MAP,
        Literal::Other => Ty::ANY,
    }
}
