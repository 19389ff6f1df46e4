//! Checks statements: the types of blocks, and code that never runs.

use super::Checker;
use crate::node::{Link, Node, What};
use crate::signature::Ty;
use crate::sources::TOKEN;
use ccci_model::diag::Help;
use ccci_model::diag::codes::{ARGUMENT_TYPE, CANNOT_CHECK, UNKNOWN_MEMBER, UNREACHABLE};

impl<'a> Checker<'a> {
    /// The type of a block, which is that of its last statement. Rhai keeps the value of a last statement
    /// even if a `;` follows.
    pub(super) fn block(&mut self, nodes: &'a [Node]) -> Ty {
        let mark = self.frame.vars.len();
        let (mut ty, mut ended, mut said) = (Ty::UNIT, false, false);
        for n in nodes {
            if ended && !said && !matches!(n.what, What::Nothing) {
                let message =
                    "this is never reached, because the statement before it always leaves the block"
                        .to_string();
                let help = "remove it, or move it above the statement that leaves";
                self.report(UNREACHABLE, n.start(), TOKEN, message, Some(Help::from(help)));
                said = true;
            }
            let is = self.node(n);
            ended |= is.is_never();
            if !matches!(n.what, What::Nothing) {
                ty = is;
            }
        }
        self.leave(mark);
        if ended { Ty::NEVER } else { ty }
    }

    /// The type of a statement; none if it is an expression.
    pub(super) fn statement(&mut self, n: &'a Node) -> Option<Ty> {
        Some(match &n.what {
            What::Nothing | What::Import { .. } => Ty::UNIT,
            What::Block(nodes) => self.block(nodes),
            What::Let { name, name_at, value, .. } => {
                let ty = self.node(value);
                let quiet = self.frame.at_top;
                self.define(name, ty, *name_at, quiet);
                Ty::UNIT
            }
            What::Assign { operator, target, value } => {
                let ty = self.node(value);
                self.assign(target, ty, operator.is_some());
                Ty::UNIT
            }
            What::If { cond, then, other } => {
                self.condition(cond);
                let then = self.block(then);
                then.or(self.block(other))
            }
            What::While { cond, body } => {
                if let Some(cond) = cond {
                    self.condition(cond);
                }
                let left = self.looped(body);
                if cond.is_some() { left.or(Ty::UNIT) } else { left }
            }
            What::Do { cond, body } => {
                let left = self.looped(body);
                self.condition(cond);
                left.or(Ty::UNIT)
            }
            What::For { names, over, body } => {
                self.node(over);
                let mark = self.frame.vars.len();
                for (i, (name, at)) in names.iter().enumerate() {
                    self.define(name, if i == 0 { Ty::ANY } else { Ty::INT }, *at, true);
                }
                let left = self.looped(body);
                self.leave(mark);
                left.or(Ty::UNIT)
            }
            What::Try { body, name, handler } => {
                let tried = self.block(body);
                let mark = self.frame.vars.len();
                if let Some((name, at)) = name {
                    self.define(name, Ty::ANY, *at, true);
                }
                let caught = self.block(handler);
                self.leave(mark);
                tried.or(caught)
            }
            What::Switch { on, arms, complete } => {
                self.node(on);
                let none = if *complete { Ty::NEVER } else { Ty::UNIT };
                arms.iter().fold(none, |sum, (cond, body)| {
                    self.node(cond);
                    sum.or(self.node(body))
                })
            }
            What::Return(_) | What::Throw(_) | What::Break(_) | What::Continue => self.ending(&n.what),
            What::Unknown(what) => {
                self.report(CANNOT_CHECK, n.at, TOKEN, format!("{what} cannot be checked"), None);
                Ty::ANY
            }
            _ => return None,
        })
    }

    fn ending(&mut self, what: &'a What) -> Ty {
        match what {
            What::Return(value) => {
                let ty = value.as_ref().map_or(Ty::UNIT, |v| self.node(v));
                self.frame.rets = self.frame.rets.or(ty);
            }
            What::Break(value) => {
                let ty = value.as_ref().map_or(Ty::UNIT, |v| self.node(v));
                if let Some(left) = self.frame.breaks.last_mut() {
                    *left = left.or(ty);
                }
            }
            What::Throw(Some(value)) => {
                self.node(value);
            }
            _ => {}
        }
        Ty::NEVER
    }

    /// The types of the values that `break` gives to a loop.
    fn looped(&mut self, body: &'a [Node]) -> Ty {
        self.frame.breaks.push(Ty::NEVER);
        self.block(body);
        self.frame.breaks.pop().unwrap_or(Ty::ANY)
    }

    /// Reports a condition that cannot be a bool.
    pub(super) fn condition(&mut self, n: &'a Node) {
        let ty = self.node(n);
        if !ty.may_be(Ty::BOOL) {
            self.report(
                ARGUMENT_TYPE,
                n.start(),
                TOKEN,
                format!("a condition must be a bool, this is {ty}"),
                None,
            );
        }
    }

    fn assign(&mut self, target: &'a Node, ty: Ty, adds: bool) {
        match &target.what {
            What::Name { path, name } if path.is_empty() => {
                match self.frame.vars.iter_mut().rev().find(|v| v.name == *name) {
                    // an int may become a float; other types stay the same
                    Some(v) if adds && ty.is_any() || ty == Ty::FLOAT => v.ty = v.ty.or(ty),
                    Some(_) => {}
                    None if adds => _ = self.read(name, target.at),
                    None => self.set_without_let(name, target.at),
                }
            }
            What::Chain { head, links } => {
                if let ([Link::Property(name, at)], Some(owner)) = (links.as_slice(), self.node(head).owner())
                {
                    let message = format!("`{name}` of {} cannot be set", Ty::of(owner));
                    self.report(UNKNOWN_MEMBER, *at, name.chars().count(), message, None);
                } else {
                    self.node(target);
                }
            }
            _ => {
                self.node(target);
            }
        }
    }
}
