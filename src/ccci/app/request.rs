//! What a caller requests of one recipe.

use ccci_model::name::CallId;
use std::time::Duration;

/// What a caller requests: one run, or its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The call that it is part of; a campaign names one for all its runs.
    pub call: Option<CallId>,
    /// A name under `recipes/`, or the path of a recipe directory.
    pub recipe: String,
    /// Git URL or path of the recipe repository; overrides the settings.
    pub source: Option<String>,
    /// The revision under test; default: what is checked out.
    pub rev: Option<String>,
    /// The version to upgrade from, or `none`; default: chosen by the rules.
    pub base: Option<String>,
    /// Which of the bases that the settings list, from 0. A campaign runs all of them.
    pub path: usize,
    /// Names of tiers, joined by commas; default: all.
    pub tiers: Option<String>,
    /// Patterns of the recipe's own tests; default: all.
    pub tests: Vec<String>,
    /// Whether settings and scripts in the recipe's own repository are ignored.
    pub no_local: bool,
    /// Timeout of the whole run, from its start.
    pub deadline: Duration,
    /// Whether the app is left running.
    pub keep: bool,
    /// Whether a browser may be used.
    pub browser: bool,
    /// Whether archives of backups are kept also after a run that found nothing wrong with them.
    pub keep_archives: bool,
}

impl Request {
    /// The request for a run without any option: the whole lifecycle, with a timeout of one hour.
    pub fn of(recipe: &str) -> Request {
        Request {
            call: None,
            recipe: recipe.into(),
            source: None,
            rev: None,
            base: None,
            path: 0,
            tiers: None,
            tests: vec![],
            no_local: false,
            deadline: Duration::from_secs(3_600),
            keep: false,
            browser: true,
            keep_archives: false,
        }
    }
}
