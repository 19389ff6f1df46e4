//! Which bases a run may upgrade from, by the flag or the settings, and the repair under `previous/` for them.

use super::{Asked, Texts};
use crate::build::upgrade_base::{self, Choice, Wish};
use ccci_model::diag::{Diagnostic, Diagnostics, Text, codes};
use ccci_model::event::DecidedBy;
use ccci_model::name::Version;
use ccci_recipe::settings::UpgradeBase;
use std::sync::Arc;

/// The bases that were asked for: the one of the flag, or otherwise those of the settings.
pub(super) fn wishes(asked: &Asked<'_>, texts: &Texts) -> Result<Vec<Wish>, Box<Diagnostic>> {
    match asked.base {
        Some(flag) => Ok(vec![flagged(flag, texts.recipe.versions.as_deref())?]),
        None => texts.recipe.upgrade_bases.iter().map(|base| listed(base, texts)).collect(),
    }
}

fn listed(base: &UpgradeBase, texts: &Texts) -> Result<Wish, Box<Diagnostic>> {
    let place = texts.spans.of("upgrade.base").cloned();
    let base = match (base, texts.recipe.versions.as_deref()) {
        (UpgradeBase::Version(v), Some(scheme)) => {
            let read = Version::in_scheme(scheme, v.as_str()).ok_or_else(|| {
                let message = format!("`upgrade.base`: `{v}` does not fit `versions`, which is `{scheme}`");
                let mut d = Diagnostic::new(codes::IMPOSSIBLE_VALUE, message).help("write the name of a tag");
                d.place = place.clone();
                Box::new(d)
            });
            UpgradeBase::Version(read?)
        }
        (base, _) => base.clone(),
    };
    Ok(Wish { base, by: DecidedBy::Recipe, place })
}

fn flagged(flag: &str, scheme: Option<&str>) -> Result<Wish, Box<Diagnostic>> {
    if let Some(version) = scheme.and_then(|scheme| Version::in_scheme(scheme, flag)) {
        return Ok(Wish { base: UpgradeBase::Version(version), by: DecidedBy::Caller, place: None });
    }
    let base = match flag {
        "auto" => UpgradeBase::Auto,
        "none" => UpgradeBase::None,
        version => UpgradeBase::Version(Version::parse(version).map_err(|e| {
            Diagnostic::new(codes::BAD_FLAG, format!("--base: {e}, nor `none`"))
                .help("write a published version, `none`, or leave it out")
        })?),
    };
    Ok(Wish { base, by: DecidedBy::Caller, place: None })
}

/// The repair under `previous/`, if it is for this base.
pub(super) fn repair(
    texts: &Texts,
    base: Option<&Version>,
    all: &[Choice],
    diagnostics: &mut Diagnostics,
) -> Vec<Arc<Text>> {
    let Some(previous) = &texts.directory.previous else { return vec![] };
    match upgrade_base::repairs(previous, base, all) {
        Ok(true) => vec![previous.compose.clone()],
        Ok(false) => vec![],
        Err(stale) => {
            diagnostics.push(*stale);
            vec![]
        }
    }
}
