//! What a run leaves out because its caller or the recipe's settings say so: tiers, and tests.

use super::{Asked, Builder, TestFile};
use ccci_model::event::DecidedBy;
use ccci_model::glob;
use ccci_model::plan::partial::{NOT_ASKED, TestName};
use ccci_model::tier::{TIERS, Tier};
use std::collections::BTreeSet;

/// Whether a pattern means a test: by its function, by its file, or by `file::function`.
pub fn means(pattern: &str, file: &str, name: &str) -> bool {
    [name, file, &format!("{file}::{name}")].iter().any(|text| glob::fits(pattern, text))
}

impl Asked {
    fn asks_for(&self, file: &str, name: &str) -> bool {
        self.tests.is_empty() || self.tests.iter().any(|pattern| means(pattern, file, name))
    }
}

impl Builder<'_> {
    /// The tests of a tier that were asked for, by file; the others are noted as left out.
    pub(super) fn asked_tests(&mut self, tier: Tier) -> Vec<TestFile> {
        let asked = &self.i.asked;
        let (mut files, mut unasked) = (vec![], vec![]);
        for f in self.i.tests.iter().filter(|t| t.tier == tier) {
            let (names, others): (Vec<_>, Vec<_>) =
                f.names.iter().cloned().partition(|name| asked.asks_for(&f.file, name));
            if !names.is_empty() {
                files.push(TestFile { names, ..f.clone() });
            }
            unasked.extend(others.into_iter().map(|name| TestName { tier, file: f.file.clone(), name }));
        }
        if !unasked.is_empty() {
            let names: Vec<&str> = unasked.iter().map(|t| t.name.as_str()).collect();
            self.not_proved.push(format!("what tests assert ({}): {NOT_ASKED}", names.join(", ")));
        }
        self.unasked.extend(unasked);
        files
    }

    /// The tiers that the asked tests need: their own, and what comes before them.
    fn needed(&self) -> BTreeSet<Tier> {
        let has = |f: &&TestFile| f.names.iter().any(|name| self.i.asked.asks_for(&f.file, name));
        let mut needed: BTreeSet<Tier> = self.i.tests.iter().filter(has).map(|f| f.tier).collect();
        needed.insert(Tier::Install);
        if needed.contains(&Tier::Restore) {
            needed.insert(Tier::Backup);
        }
        needed
    }

    /// Why the caller or the settings leave a tier out, and which of them.
    pub(super) fn left_out(&self, tier: Tier) -> Option<(String, DecidedBy)> {
        let asked = &self.i.asked;
        if asked.tiers.as_ref().is_some_and(|tiers| !tiers.contains(&tier)) {
            return Some(("not among the tiers asked for".into(), DecidedBy::Caller));
        }
        // of custom tests nothing remains without them
        let of_tests = asked.tiers.is_none() || tier == Tier::Custom;
        if !asked.tests.is_empty() && of_tests && !self.needed().contains(&tier) {
            return Some(("the tests asked for do not need it".into(), DecidedBy::Caller));
        }
        let reason = self.i.expected_na.get(tier.row().rung.name())?;
        Some((reason.clone(), DecidedBy::Recipe))
    }
}

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

#[cfg(test)]
mod tests {
    use super::super::{build, example};
    use super::*;
    use ccci_model::plan::{Action, Plan, Step};

    fn planned(patterns: &[&str], tiers: Option<&str>) -> Plan {
        let mut inputs = example::inputs();
        inputs.asked.tests = patterns.iter().map(|p| (*p).to_string()).collect();
        inputs.asked.tiers = tiers.map(|t| parse_tiers(t).unwrap());
        build(&inputs)
    }

    fn tests<'a>(plan: &'a Plan) -> Vec<&'a str> {
        let file = |s: &'a Step| match &s.action {
            Action::Tests { file, .. } => Some(file.as_str()),
            _ => None,
        };
        plan.steps.iter().filter_map(file).collect()
    }

    #[test]
    fn a_pattern_means_a_function_a_file_or_both() {
        for pattern in ["test_it", "custom/*", "*::test_it", "custom/test_page.rhai::test_it", "*"] {
            assert!(means(pattern, "custom/test_page.rhai", "test_it"), "{pattern}");
        }
        assert!(!means("test", "custom/test_page.rhai", "test_it"));
    }

    #[test]
    fn asked_tests_bring_the_tiers_that_they_need() {
        for (pattern, tiers, files, partial) in [
            ("custom/*", None, vec!["custom/test_page.rhai"], "partial: install, custom; tests 1 of 2"),
            (
                "test_restore*",
                None,
                vec!["test_restore.rhai"],
                "partial: install, backup, restore; tests 1 of 3",
            ),
            ("test_upgrade*", None, vec!["test_upgrade.rhai"], "partial: install, upgrade; tests 1 of 2"),
            (
                "custom/*",
                Some("upgrade,custom"),
                vec!["custom/test_page.rhai"],
                "partial: install, upgrade, custom; tests 1 of 3",
            ),
            ("test_install*", Some("custom"), vec!["test_install.rhai"], "partial: install"),
        ] {
            let plan = planned(&[pattern], tiers);
            let partial_of = plan.partial().map(|p| p.to_string()).unwrap_or_default();
            assert_eq!((tests(&plan), partial_of.as_str()), (files, partial), "{pattern} {tiers:?}");
        }
    }

    #[test]
    fn tests_that_are_all_asked_for_make_a_whole_run() {
        let plan = planned(&["*"], None);
        assert_eq!((plan.partial(), tests(&plan).len()), (None, 5));
    }

    #[test]
    fn restore_without_backup_makes_no_sense() {
        assert!(parse_tiers("restore").unwrap_err().contains("backup,restore"));
        assert!(parse_tiers("instal").unwrap_err().contains("`instal` is no tier"));
        assert!(parse_tiers("").is_err());
        assert_eq!(parse_tiers("upgrade").unwrap(), BTreeSet::from([Tier::Install, Tier::Upgrade]));
    }
}
