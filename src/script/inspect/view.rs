//! Look-up tables of a file for the checker: imports, constants, and names that are assigned to.

use crate::imports::path_of;
use crate::node::{Function, Node, Tree, What};
use ccci_model::diag::Text;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// A file with its look-up tables.
pub(super) struct View<'a> {
    pub text: &'a Arc<Text>,
    pub tree: &'a Tree,
    /// Alias to path.
    pub imports: BTreeMap<&'a str, String>,
    /// Constants, and whether other files may read them.
    pub constants: BTreeMap<&'a str, bool>,
    /// Variables that are assigned to somewhere: their type is not followed.
    pub assigned: HashSet<&'a str>,
}

impl<'a> View<'a> {
    pub(super) fn of(text: &'a Arc<Text>, tree: &'a Tree) -> View<'a> {
        let mut view = View {
            text,
            tree,
            imports: BTreeMap::new(),
            constants: BTreeMap::new(),
            assigned: HashSet::new(),
        };
        for node in &tree.top {
            match &node.what {
                What::Import { name, alias, .. } => {
                    view.imports.insert(alias, name.as_deref().map(path_of).unwrap_or_default());
                }
                What::Let { name, exported, .. } => {
                    view.constants.insert(name, *exported);
                }
                _ => {}
            }
        }
        for node in tree.top.iter().chain(tree.functions.iter().flat_map(|f| &f.body)) {
            node.visit(&mut |n| view.note(n));
        }
        view
    }

    /// Notes names inside of a function, too. An import there is refused elsewhere.
    fn note(&mut self, n: &'a Node) {
        match &n.what {
            What::Assign { operator: None, target, .. } => {
                if let What::Name { path, name } = &target.what
                    && path.is_empty()
                {
                    self.assigned.insert(name);
                }
            }
            What::Import { name, alias, .. } => {
                self.imports.entry(alias).or_insert_with(|| name.as_deref().map(path_of).unwrap_or_default());
            }
            _ => {}
        }
    }

    /// Functions with this name, whatever their number of parameters.
    pub(super) fn named<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a Function> + use<'a, 'n> {
        let functions = &self.tree.functions;
        functions.iter().filter(move |f| f.name == name)
    }

    /// The function with this name and number of parameters.
    pub(super) fn function(&self, name: &str, arity: usize) -> Option<&'a Function> {
        self.named(name).find(|f| f.params.len() == arity)
    }

    /// Names of its functions, closures left out.
    pub(super) fn function_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let functions = &self.tree.functions;
        functions.iter().filter(|f| !f.is_closure()).map(|f| f.name.as_str())
    }
}
