//! Sorts the scripts of a recipe directory by kind. A script in the wrong place is an error.

use super::compile::Kind;
use super::load::RecipeTexts;
use ccci_model::diag::codes::{MISPLACED_TEST, UNKNOWN_FILE};
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, Diagnostics, Place};
use ccci_model::tier::TIERS;
use ccci_recipe::directory::merged::OF_REPOSITORY;

/// The scripts of a directory with their kinds, sorted by path.
pub(super) fn sort<'a>(texts: &'a RecipeTexts, out: &mut Diagnostics) -> Vec<(&'a str, Kind)> {
    let mut found = vec![];
    for (path, text) in texts.iter().filter(|(p, _)| p.ends_with(".rhai")) {
        match kind_of(path) {
            Ok(kind) => found.push((path.as_str(), kind)),
            Err(d) => out.push(d.at(Place::start_of(text))),
        }
    }
    found
}

fn kind_of(path: &str) -> Result<Kind, Diagnostic> {
    // an overlay from the recipe's own repository, next to one of the project
    let plain = |name: &str| name.replace(OF_REPOSITORY, "");
    let overlay = |name: &str| TIERS.iter().find(|t| t.overlay == Some(&*plain(name))).map(|t| t.tier);
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["hooks.rhai"] => Ok(Kind::Hooks),
        ["lib", name] if !name.starts_with("test_") => Ok(Kind::Lib),
        ["custom", name] if name.starts_with("test_") && overlay(name).is_none() => Ok(Kind::Custom),
        [name] if overlay(name).is_some() => Ok(Kind::Overlay(overlay(name).expect("just asked"))),
        ["custom", name] if overlay(name).is_some() => Err(misplaced(
            path,
            format!("`{name}` is an overlay of a tier and belongs to the top level of the recipe directory"),
        )),
        [.., name] if name.starts_with("test_") => {
            let overlays = TIERS.iter().filter_map(|t| t.overlay);
            Err(misplaced(
                path,
                did_you_mean(name, overlays).map_or(format!("move it to `custom/{name}`"), |h| h.text),
            ))
        }
        ["custom", name] => Err(unknown(
            path,
            format!("rename it to `custom/test_{name}`, or move it to `lib/` if it contains helpers"),
        )),
        _ => {
            let known = ["hooks.rhai"];
            Err(unknown(
                path,
                did_you_mean(path, known)
                    .map_or("move it to `lib/` if it contains helpers".into(), |h| h.text),
            ))
        }
    }
}

fn misplaced(path: &str, help: String) -> Diagnostic {
    Diagnostic::new(MISPLACED_TEST, format!("the tests in `{path}` would never be run")).help(help)
}

fn unknown(path: &str, help: String) -> Diagnostic {
    Diagnostic::new(UNKNOWN_FILE, format!("the script `{path}` is never read")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::tier::Tier;

    fn check(path: &str, want: Result<Kind, &str>) {
        assert_eq!(kind_of(path).map_err(|d| d.code.id), want, "{path}");
    }

    #[test]
    fn each_path_has_one_kind_or_an_error() {
        check("hooks.rhai", Ok(Kind::Hooks));
        check("test_backup.rhai", Ok(Kind::Overlay(Tier::Backup)));
        check("test_backup@repository.rhai", Ok(Kind::Overlay(Tier::Backup)));
        check("custom/test_login.rhai", Ok(Kind::Custom));
        check("lib/wizard.rhai", Ok(Kind::Lib));
        check("test_login.rhai", Err("misplaced-test"));
        check("custom/test_install.rhai", Err("misplaced-test"));
        check("custom/deep/test_x.rhai", Err("misplaced-test"));
        check("lib/test_x.rhai", Err("misplaced-test"));
        check("hook.rhai", Err("unknown-file"));
        check("custom/login.rhai", Err("unknown-file"));
        check("lib/deep/x.rhai", Err("unknown-file"));
    }
}
