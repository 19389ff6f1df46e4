//! Checks imports between the files of a recipe: literal, at the top of the file, existing, without cycles.
//! Returns the order in which to load the files.

use super::compile::File;
use super::node::{Node, What};
use super::sources::place;
use ccci_model::diag::codes::{IMPORT_CIRCLE, IMPORT_FORM, UNKNOWN_MODULE};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, Diagnostics};
use std::collections::BTreeMap;

/// The file an import names.
pub(super) fn path_of(import: &str) -> String {
    format!("{import}.rhai")
}

/// Checks all imports and returns the files in an order in which each file comes after those that it imports.
pub(super) fn check(files: &BTreeMap<String, File>, out: &mut Diagnostics) -> Vec<String> {
    for file in files.values() {
        forms(file, out);
    }
    let mut walk = Walk { files, way: vec![], order: vec![], out };
    for name in files.keys() {
        walk.visit(name);
    }
    walk.order
}

/// Imports must be at the top of a file: one inside of a function would be looked up at every call.
fn forms(file: &File, out: &mut Diagnostics) {
    let Some(tree) = &file.tree else { return };
    let mut refuse = |node: &Node, message: &str| {
        let d = Diagnostic::new(IMPORT_FORM, message).at(place(&file.text, node.at, "import".len()));
        out.push(d.help("write `import \"lib/name\" as name;` at the top of the file"));
    };
    for node in &tree.top {
        match &node.what {
            What::Import { name: None, .. } => refuse(node, "the path of an import must be a literal text"),
            What::Import { alias, .. } if alias.is_empty() => refuse(node, "an import needs a name: `as …`"),
            _ => {}
        }
    }
    for node in tree.functions.iter().flat_map(|f| &f.body) {
        node.visit(&mut |n| {
            if matches!(n.what, What::Import { .. }) {
                refuse(n, "imports must stand at the top of the file");
            }
        });
    }
}

struct Walk<'a> {
    files: &'a BTreeMap<String, File>,
    way: Vec<String>,
    order: Vec<String>,
    out: &'a mut Diagnostics,
}

impl Walk<'_> {
    fn visit(&mut self, name: &str) {
        if self.order.iter().any(|n| n == name) {
            return;
        }
        self.way.push(name.to_string());
        let file = &self.files[name];
        let tops = file.tree.iter().flat_map(|t| &t.top);
        for node in tops {
            if let What::Import { name: Some(import), name_at, .. } = &node.what {
                let at = place(&file.text, *name_at, import.chars().count() + 2);
                match self.follow(import) {
                    Ok(next) => self.visit(&next),
                    Err(d) => self.out.push(d.at(at)),
                }
            }
        }
        self.way.pop();
        self.order.push(name.to_string());
    }

    /// The file of an import, or why there is none.
    fn follow(&self, import: &str) -> Result<String, Diagnostic> {
        let path = path_of(import);
        if let Some(i) = self.way.iter().position(|w| *w == path) {
            let circle: Vec<&str> = self.way[i..].iter().chain([&path]).map(String::as_str).collect();
            let message = format!("imports form a cycle: {}", circle.join(" → "));
            return Err(Diagnostic::new(IMPORT_CIRCLE, message)
                .help("move what both files need to a third file that imports neither of them"));
        }
        let libs =
            || self.files.keys().filter_map(|k| k.strip_suffix(".rhai")).filter(|k| k.starts_with("lib/"));
        if path.starts_with("lib/") && self.files.contains_key(&path) {
            return Ok(path);
        }
        let d = Diagnostic::new(UNKNOWN_MODULE, format!("there is no file `{path}` under `lib/`"));
        let bare = format!("lib/{}", import.trim_end_matches(".rhai").trim_start_matches("lib/"));
        Err(
            match libs()
                .find(|l| *l == bare)
                .map(|l| format!("write `{l}`"))
                .or_else(|| did_you_mean(&bare, libs()).map(|h| h.text))
            {
                Some(help) => d.help(help),
                None => d,
            },
        )
    }
}
