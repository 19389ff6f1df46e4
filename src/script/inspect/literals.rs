//! Literal texts in scripts that must match something elsewhere: names of services and secrets, which the compose files
//! define, and names of marks, which one hook remembers and another recalls.

use super::Checker;
use crate::node::{Call, Literal, Node, What};
use crate::sources::place;
use ccci_model::diag::codes::MARK_NEVER_LEFT;
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, Place};
use rhai::Position;
use std::collections::{BTreeMap, BTreeSet};

/// Name of the parameter that takes a service, in the rows of `ctx` and of the library.
const SERVICE: &str = "service";

/// What a literal text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOf {
    /// A service of the app.
    Service,
    /// A secret of the app.
    Secret,
}

/// A literal text in a script that names something of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// What it names.
    pub names: NameOf,
    /// The text.
    pub text: String,
    /// Its place.
    pub at: Place,
}

/// Names found so far, by file and position. A map is used because a function is analysed once for each
/// combination of types.
#[derive(Debug, Default)]
pub(super) struct Noted {
    spoken: BTreeMap<(String, Position), (NameOf, String)>,
    recalled: BTreeMap<(String, Position), String>,
    remembered: BTreeSet<String>,
    /// Whether a script remembers a mark under a computed name. Missing names are then not reported.
    computed: bool,
}

/// The literal text that is the n-th argument, with its position.
fn written(args: &[Node], n: usize) -> Option<(&str, Position)> {
    match args.get(n) {
        Some(Node { what: What::Literal(Literal::Text(text)), at }) => Some((text, *at)),
        _ => None,
    }
}

impl Checker<'_> {
    /// Notes the services among the arguments of a call. `names` are the names of its parameters.
    pub(super) fn note_services<'n>(&mut self, names: impl Iterator<Item = &'n str>, args: &[Node]) {
        for (n, _) in names.enumerate().filter(|(_, name)| *name == SERVICE) {
            if let Some((text, at)) = written(args, n) {
                self.note(NameOf::Service, text, at);
            }
        }
    }

    /// Notes the name of a secret. Called only where the value certainly is the `ctx`.
    pub(super) fn note_secret(&mut self, call: &Call) {
        if let ("secret" | "set_secret", Some((name, at))) = (call.name.as_str(), written(&call.args, 0)) {
            self.note(NameOf::Secret, name, at);
        }
    }

    fn note(&mut self, names: NameOf, text: &str, at: Position) {
        self.names.spoken.insert((self.frame.file.clone(), at), (names, text.into()));
    }

    /// Notes the name of a remembered mark, whatever value `remember` is called on.
    pub(super) fn note_remembered(&mut self, call: &Call) {
        if call.name == "remember" {
            match written(&call.args, 0) {
                Some((name, _)) => drop(self.names.remembered.insert(name.into())),
                None => self.names.computed = true,
            }
        }
    }

    /// Notes the name of a recalled mark. Called only where the value certainly is the `ctx`.
    pub(super) fn note_recalled(&mut self, call: &Call) {
        if let ("recall", Some((name, at))) = (call.name.as_str(), written(&call.args, 0)) {
            self.names.recalled.insert((self.frame.file.clone(), at), name.into());
        }
    }

    fn place_of(&self, file: &str, at: Position, text: &str) -> Place {
        place(self.views[file].text, at, text.chars().count() + 2)
    }

    /// Reports names that are recalled and never remembered.
    pub(super) fn never_remembered(&self) -> Vec<Diagnostic> {
        let names = &self.names;
        let missing =
            names.recalled.iter().filter(|(_, name)| !names.computed && !names.remembered.contains(*name));
        let say = |((file, at), name): (&(String, Position), &String)| {
            let message = format!("no script remembers a mark `{name}`");
            let d = Diagnostic::new(MARK_NEVER_LEFT, message).at(self.place_of(file, *at, name));
            match did_you_mean(name, names.remembered.iter().map(String::as_str)) {
                Some(help) => d.help(help),
                None => d.help(format!("remember it in an earlier hook: `ctx.remember(\"{name}\", …)`")),
            }
        };
        missing.map(say).collect()
    }

    /// What scripts name of the app.
    pub(super) fn spoken(&self) -> Vec<Spoken> {
        let one = |((file, at), (names, text)): (&(String, Position), &(NameOf, String))| Spoken {
            names: *names,
            text: text.clone(),
            at: self.place_of(file, *at, text),
        };
        self.names.spoken.iter().map(one).collect()
    }
}
