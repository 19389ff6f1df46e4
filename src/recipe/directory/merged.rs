//! Combines the scripts of both directories: the tests of both run. Of other scripts with the same path the
//! project's is used instead of the recipe repository's, and that is reported. Pure.

use super::{Directory, Origin, is_test};
use ccci_model::diag::{Diagnostic, Diagnostics, Place, Text, codes};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Inserted before the ending of a test of the repository if the project has one with the same path.
pub const OF_REPOSITORY: &str = "@repository";

/// The scripts of both directories.
#[derive(Debug, Clone, Default)]
pub struct Merged {
    /// Texts by path in the recipe directory.
    pub texts: BTreeMap<String, Arc<Text>>,
    /// Origin of each text.
    pub whose: BTreeMap<String, Origin>,
}

impl Directory {
    /// Combines the scripts of the project with those of the recipe's repository.
    pub fn merged(&self) -> (Merged, Diagnostics) {
        let (mut all, mut diagnostics) = (Merged::default(), Diagnostics::default());
        let none = BTreeMap::new();
        let project = self.scripts.get(&Origin::Project).unwrap_or(&none);
        for (path, text) in project {
            all.add(path.clone(), text, Origin::Project);
        }
        for (path, text) in self.scripts.get(&Origin::Repository).unwrap_or(&none) {
            match project.get(path) {
                None => all.add(path.clone(), text, Origin::Repository),
                Some(_) if is_test(path) => {
                    let beside = path.replace(".rhai", &format!("{OF_REPOSITORY}.rhai"));
                    all.add(beside, text, Origin::Repository);
                }
                Some(other) => diagnostics.push(hidden(path, text, other)),
            }
        }
        (all, diagnostics)
    }
}

impl Merged {
    fn add(&mut self, path: String, text: &Arc<Text>, origin: Origin) {
        self.whose.insert(path.clone(), origin);
        self.texts.insert(path, text.clone());
    }
}

fn hidden(path: &str, text: &Arc<Text>, other: &Arc<Text>) -> Diagnostic {
    let message = format!("`{}` is used instead of the `{path}` of the recipe's own repository", other.path);
    Diagnostic::new(codes::HIDDEN_SCRIPT, message)
        .at(Place::start_of(text))
        .help("remove one of the two; --no-local ignores those of the repository")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_of_both_directories_run_and_a_hidden_script_is_said() {
        let scripts = |origin: &str, paths: &[&str]| -> BTreeMap<String, Arc<Text>> {
            let text = |p: &str| Arc::new(Text { path: format!("{origin}/{p}"), content: String::new() });
            paths.iter().map(|p| ((*p).to_string(), text(p))).collect()
        };
        let both = ["hooks.rhai", "test_install.rhai", "custom/test_a.rhai"];
        let own = ["hooks.rhai", "test_install.rhai", "custom/test_a.rhai", "lib/x.rhai"];
        let directory = Directory {
            scripts: BTreeMap::from([
                (Origin::Project, scripts("recipes/x", &both)),
                (Origin::Repository, scripts("ccci", &own)),
            ]),
            ..Directory::default()
        };
        let (merged, diagnostics) = directory.merged();
        let paths: Vec<(&str, &str)> =
            merged.texts.iter().map(|(p, t)| (p.as_str(), t.path.as_str())).collect();
        assert_eq!(
            paths,
            [
                ("custom/test_a.rhai", "recipes/x/custom/test_a.rhai"),
                ("custom/test_a@repository.rhai", "ccci/custom/test_a.rhai"),
                ("hooks.rhai", "recipes/x/hooks.rhai"),
                ("lib/x.rhai", "ccci/lib/x.rhai"),
                ("test_install.rhai", "recipes/x/test_install.rhai"),
                ("test_install@repository.rhai", "ccci/test_install.rhai"),
            ]
        );
        assert_eq!(merged.whose["lib/x.rhai"], Origin::Repository);
        let said: Vec<&str> = diagnostics.0.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(
            said,
            ["`recipes/x/hooks.rhai` is used instead of the `hooks.rhai` of the recipe's own repository"]
        );
    }
}
