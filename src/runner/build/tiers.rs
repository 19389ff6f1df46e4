//! Reads which tiers the caller asks for.

use ccci_model::tier::{TIERS, Tier};
use std::collections::BTreeSet;

/// Parses `--tiers`. Install is always part of a run, because all other tiers depend on it.
pub fn parse_tiers(text: &str) -> Result<BTreeSet<Tier>, String> {
    let mut out = BTreeSet::from([Tier::Install]);
    for word in text.split(',').map(str::trim) {
        let row = TIERS.iter().find(|r| r.name == word).ok_or_else(|| {
            let known: Vec<&str> = TIERS.iter().map(|r| r.name).collect();
            format!("`{word}` is no tier; tiers are {}", known.join(", "))
        })?;
        out.insert(row.tier);
    }
    if out.contains(&Tier::Restore) && !out.contains(&Tier::Backup) {
        return Err("`restore` without `backup` has nothing to put back; write `backup,restore`".into());
    }
    Ok(out)
}
