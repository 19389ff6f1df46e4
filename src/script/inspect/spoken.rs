//! Texts that scripts write down and that must agree with something elsewhere: services with the compose files, and what
//! one hook leaves with what another asks for.

use super::Checker;
use crate::node::{Call, Literal, Node, What};
use crate::sources::place;
use ccci_model::diag::codes::MARK_NEVER_LEFT;
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, Place};
use rhai::Position;
use std::collections::{BTreeMap, BTreeSet};

/// The parameter that takes a service, in the rows of `ctx` and of the library.
const SERVICE: &str = "service";

/// A text of a script and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// What it says.
    pub text: String,
    /// Where.
    pub at: Place,
}

/// What was heard so far, by file and position: a function is looked at once for each way it is called.
#[derive(Debug, Default)]
pub(super) struct Heard {
    services: BTreeMap<(String, Position), String>,
    asked: BTreeMap<(String, Position), String>,
    left: BTreeSet<String>,
    /// Whether something is left under a name that is computed: then nothing can be said of what is missing.
    computed: bool,
}

/// A text written down as the argument at a place of a call.
fn written(args: &[Node], n: usize) -> Option<(&str, Position)> {
    match args.get(n) {
        Some(Node { what: What::Literal(Literal::Text(text)), at }) => Some((text, *at)),
        _ => None,
    }
}

impl Checker<'_> {
    /// Services among the arguments of a call, by the names of what takes them.
    pub(super) fn hear_services<'n>(&mut self, names: impl Iterator<Item = &'n str>, args: &[Node]) {
        for (n, _) in names.enumerate().filter(|(_, name)| *name == SERVICE) {
            if let Some((text, at)) = written(args, n) {
                self.heard.services.insert((self.frame.file.clone(), at), text.into());
            }
        }
    }

    /// What is left for later, whatever it is called on: one who may leave it is believed.
    pub(super) fn hear_left(&mut self, call: &Call) {
        if call.name == "remember" {
            match written(&call.args, 0) {
                Some((name, _)) => drop(self.heard.left.insert(name.into())),
                None => self.heard.computed = true,
            }
        }
    }

    /// What is asked for of what was left; only on what surely is the `ctx`.
    pub(super) fn hear_asked(&mut self, call: &Call) {
        if let ("recall", Some((name, at))) = (call.name.as_str(), written(&call.args, 0)) {
            self.heard.asked.insert((self.frame.file.clone(), at), name.into());
        }
    }

    fn place_of(&self, file: &str, at: Position, text: &str) -> Place {
        place(self.views[file].text, at, text.chars().count() + 2)
    }

    /// Names that are asked for and that nobody leaves.
    pub(super) fn never_left(&self) -> Vec<Diagnostic> {
        let heard = &self.heard;
        let missing = heard.asked.iter().filter(|(_, name)| !heard.computed && !heard.left.contains(*name));
        let say = |((file, at), name): (&(String, Position), &String)| {
            let message = format!("no script remembers `{name}`");
            let d = Diagnostic::new(MARK_NEVER_LEFT, message).at(self.place_of(file, *at, name));
            match did_you_mean(name, heard.left.iter().map(String::as_str)) {
                Some(help) => d.help(help),
                None => d.help(format!("leave it in an earlier hook: `ctx.remember(\"{name}\", …)`")),
            }
        };
        missing.map(say).collect()
    }

    /// Services that scripts name.
    pub(super) fn services(&self) -> Vec<Spoken> {
        let spoken = self.heard.services.iter();
        spoken
            .map(|((file, at), text)| Spoken { text: text.clone(), at: self.place_of(file, *at, text) })
            .collect()
    }
}
