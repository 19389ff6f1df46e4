//! Checks members of values along a chain: properties, functions and indexes.

use super::Checker;
use super::operators::SAME_HELP;
use crate::known;
use crate::node::{Call, Link, Literal, Node, What};
use crate::signature::{CallSig, Owner, Ty};
use crate::sources::TOKEN;
use ccci_model::diag::codes::{ALWAYS_SAME, ARGUMENT_COUNT, DATA_RACE, UNKNOWN_MEMBER};
use ccci_model::diag::nearest::did_you_mean;
use rhai::Position;

impl<'a> Checker<'a> {
    /// `head.link.link…`.
    pub(super) fn chain(&mut self, head: &'a Node, links: &'a [Link]) -> Ty {
        let raced = self.race(head, links.first());
        let mut ty = self.node(head);
        for (i, link) in links.iter().enumerate() {
            ty = match link {
                Link::Property(name, at) => self.property(ty, name, *at),
                Link::Method(call, _) if i == 0 && raced => {
                    call.args.iter().for_each(|a| {
                        self.node(a);
                    });
                    Ty::ANY
                }
                Link::Method(call, at) => self.method(ty, call, *at),
                Link::Index(index) => self.index(ty, index),
            };
        }
        ty
    }

    /// Reports a closure that captures the value whose method is called with it: Rhai locks that value during
    /// the call.
    fn race(&mut self, head: &'a Node, first: Option<&'a Link>) -> bool {
        let (What::Name { path, name }, Some(Link::Method(call, _))) = (&head.what, first) else {
            return false;
        };
        let captured = call.args.iter().find_map(|a| match &a.what {
            What::Closure { captures, .. } if path.is_empty() => captures.iter().find(|c| c.0 == *name),
            _ => None,
        });
        let Some((_, at)) = captured else { return false };
        let message = format!(
            "the closure captures `{name}` while `{}` is called on it, which is a data race",
            call.name
        );
        let free = self.sigs.iter().any(|s| s.owner == Owner::Free && s.name == call.name);
        let help = if free {
            format!("`{0}` is not a function of `{name}`: write `{0}(…)`", call.name)
        } else {
            format!("before the call of `{}`, copy what the closure needs to a variable", call.name)
        };
        self.report(DATA_RACE, *at, name.chars().count(), message, Some(help.into()));
        true
    }

    fn property(&mut self, of: Ty, name: &'a str, at: Position) -> Ty {
        if of.is_any() || of.is_never() || of.kinds().any(|k| k == Ty::MAP) {
            return Ty::ANY;
        }
        let mut found = Ty::NEVER;
        let sigs = self.sigs;
        for kind in of.kinds() {
            match kind.owner() {
                Some(owner) => {
                    let row = sigs.iter().find(|s| s.owner == owner && s.name == name && s.is_property);
                    if let Some(row) = row {
                        self.reach(row, at, name);
                        found = found.or(row.ret);
                    }
                }
                None => {
                    let getters = known::all_natives().get(&format!("get${name}"));
                    let fits = getters.into_iter().flatten().filter(|g| g.params[0].may_be(kind));
                    found = fits.fold(found, |sum, g| sum.or(g.ret));
                }
            }
        }
        if !found.is_never() {
            return found;
        }
        let is_function = of.kinds().filter_map(Ty::owner).any(|o| !known::methods(sigs, o, name).is_empty());
        let help = if is_function {
            Some(format!("it is a function: `{name}(…)`").into())
        } else {
            did_you_mean(name, sigs.iter().filter(|s| s.is_property && Ty::of(s.owner) == of).map(|s| s.name))
        };
        self.report(UNKNOWN_MEMBER, at, name.chars().count(), format!("{of} has no `{name}`"), help);
        Ty::ANY
    }

    fn index(&mut self, of: Ty, index: &'a Node) -> Ty {
        self.node(index);
        if of.owner().is_some() {
            self.report(UNKNOWN_MEMBER, index.at, TOKEN, format!("{of} cannot be indexed"), None);
        }
        if of == Ty::TEXT { Ty::CHAR } else { Ty::ANY }
    }

    fn method(&mut self, of: Ty, call: &'a Call, at: Position) -> Ty {
        let types: Vec<Ty> = call.args.iter().map(|a| self.node(a)).collect();
        let name = call.name.as_str();
        self.note_remembered(call);
        // a function of the script that uses `this`
        if let Some(f) = self.view().function(name, types.len()) {
            let (path, point) = (self.frame.file.clone(), self.frame.point);
            let outcome = self.enter(&path, f, types, point);
            return outcome.ret;
        }
        if of.is_any() || of.is_never() || name == "call" || name == "curry" {
            self.method_of_any_type(name, types.len(), at);
            return Ty::ANY;
        }
        let rows: Vec<&CallSig> =
            of.kinds().filter_map(Ty::owner).flat_map(|o| known::methods(self.sigs, o, name)).collect();
        if let Some(row) = rows.first() {
            self.note_services(row.params.iter().map(|p| p.name), &call.args);
            self.note_recalled(call);
            self.note_secret(call);
            return self.fit(&rows, &types, call, at);
        }
        if of.kinds().any(|k| k == Ty::MAP) {
            // the function may be a closure in the map
            return Ty::ANY;
        }
        let forms = known::all_natives().get(name).map(Vec::as_slice).unwrap_or_default();
        let mine: Vec<_> = forms
            .iter()
            .filter(|f| f.params.first().is_some_and(|p| of.kinds().any(|k| k.may_be(*p))))
            .filter(|f| of.owner().is_none() || f.params[0].is_any())
            .collect();
        if mine.is_empty() {
            self.no_member(of, name, at);
            return Ty::ANY;
        }
        if of == Ty::TEXT
            && matches!(name, "contains" | "starts_with" | "ends_with")
            && matches!(call.args.as_slice(), [Node { what: What::Literal(Literal::Text(t)), .. }] if t.is_empty())
        {
            let message = format!("`{name}` of the empty text is always true");
            self.report(ALWAYS_SAME, at, name.len(), message, Some(SAME_HELP.into()));
        }
        let receiver: Vec<Ty> = std::iter::once(of).chain(types).collect();
        self.fit_native(name, &mine, &receiver, &call.args, at)
    }

    /// A function that is called on a value of unknown type must exist for at least one type.
    fn method_of_any_type(&mut self, name: &str, args: usize, at: Position) {
        let of_rows = self.sigs.iter().any(|s| s.owner != Owner::Free && s.name == name && !s.is_property);
        let forms = known::all_natives().get(name).map(Vec::as_slice).unwrap_or_default();
        if of_rows || forms.iter().any(|f| f.params.len() == args + 1) {
            return;
        }
        let chars = name.chars().count();
        if forms.is_empty() {
            let names = self.sigs.iter().filter(|s| s.owner != Owner::Free).map(|s| s.name);
            let help = did_you_mean(name, names.chain(known::all_natives().keys().map(String::as_str)));
            self.report(UNKNOWN_MEMBER, at, chars, format!("no type has a function `{name}`"), help);
        } else {
            self.report(
                ARGUMENT_COUNT,
                at,
                chars,
                format!("`{name}` does not take {args} arguments here"),
                None,
            );
        }
    }

    fn no_member(&mut self, of: Ty, name: &str, at: Position) {
        let rows = || self.sigs.iter().filter(|s| Ty::of(s.owner) == of);
        let help = if rows().any(|s| s.name == name && s.is_property) {
            Some(format!("it is a property: write `.{name}` without parentheses").into())
        } else if self.sigs.iter().any(|s| s.owner == Owner::Free && s.name == name) {
            Some(format!("it is not a member: write `{name}(…)`").into())
        } else if of.owner().is_some() {
            did_you_mean(name, rows().filter(|s| !s.is_property).map(|s| s.name))
        } else {
            let natives = known::all_natives().iter();
            let mine = natives.filter(|(_, forms)| forms.iter().any(|f| f.params.first() == Some(&of)));
            did_you_mean(name, mine.map(|(n, _)| n.as_str()))
        };
        let message = format!("{of} has no function `{name}`");
        self.report(UNKNOWN_MEMBER, at, name.chars().count(), message, help);
    }
}
