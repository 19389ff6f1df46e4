//! Checks recipe directories: everything that loading refuses; no engine, milliseconds.

use super::prepare::{Refused, Request};
use super::session::{Config, Session};
use ccci_adapters::disk::Disk;
use ccci_model::diag::codes::Code;
use ccci_model::diag::{Diagnostic, codes};
use ccci_model::failure::Failure;
use ccci_recipe::directory::Origin;
use ccci_runner::gather;
use ccci_script::RecipeTexts;

/// Diagnostics about the source: where there is none, the texts can be checked all the same.
const OF_SOURCE: &[&Code] =
    &[codes::NO_SOURCE, codes::NOT_A_REPOSITORY, codes::NO_SUCH_REF, codes::NO_SUCH_BASE];

/// What came of a directory.
pub struct Checked {
    /// What is wrong or doubtful, in the order of files and lines.
    pub said: Vec<Diagnostic>,
    /// Whether there is a source that we could not look at.
    pub unseen: bool,
}

/// What is checked when nothing is named: all below `recipes/`, or the clone of a recipe that brings its own directory.
pub fn all_here(config: &Config) -> Vec<String> {
    let below = gather::look_up::names_below(&Disk, &config.here.join("recipes"));
    match below.is_empty() && config.here.join("ccci").is_dir() {
        true => vec![".".into()],
        false => below.iter().map(|n| format!("recipes/{n}")).collect(),
    }
}

impl Session {
    /// One directory with its source, or its texts alone if that is not at hand. A failure means that we could not look.
    pub fn check(&self, dir: &str) -> Result<Checked, Box<Failure>> {
        let observed = |said| Ok(Checked { said, unseen: false });
        match self.prepare(&Request::of(dir)) {
            Ok(prepared) => observed(prepared.warnings),
            Err(Refused::Wrong(all)) => {
                let mut of_source = all.iter().filter(|d| OF_SOURCE.contains(&d.code)).cloned().peekable();
                if of_source.peek().is_none() {
                    return observed(all);
                }
                // texts can be checked before they have a source; one that they name is missed
                let (missing, wrong): (Vec<_>, Vec<_>) = of_source.partition(|d| d.code == codes::NO_SOURCE);
                let (named, texts) = self.texts_alone(dir)?;
                let missing = missing.into_iter().filter(|_| named);
                let missing = missing.map(|d| not_checked(dir, &d.message, &d.help.unwrap_or_default()));
                observed(wrong.into_iter().chain(missing).chain(texts).collect())
            }
            // a source that is out of reach is no fault of the texts, and nothing is known of it
            Err(Refused::World(f)) => {
                let warning = not_checked(dir, &f.observed(), &format!("expected {}", f.expected()));
                let said = std::iter::once(warning).chain(self.texts_alone(dir)?.1).collect();
                Ok(Checked { said, unseen: true })
            }
        }
    }

    /// What can be said without the source, and whether the texts name one.
    fn texts_alone(&self, dir: &str) -> Result<(bool, Vec<Diagnostic>), Box<Failure>> {
        let texts = gather::texts(dir, &self.config.here, &Disk)?;
        let mut diagnostics = texts.diagnostics;
        let named = texts.value.as_ref().is_some_and(|t| t.recipe.source.is_some());
        if let Some(value) = texts.value {
            let scripts: RecipeTexts =
                value.directory.scripts.get(&Origin::Project).cloned().unwrap_or_default();
            diagnostics.0.extend(gather::load_scripts(&scripts)?.1.0);
        }
        Ok((named, diagnostics.sorted()))
    }
}

fn not_checked(dir: &str, why: &str, help: &str) -> Diagnostic {
    Diagnostic::new(codes::SOURCE_NOT_CHECKED, format!("the source of `{dir}` was not checked: {why}"))
        .help(help)
}
