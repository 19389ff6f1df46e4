//! WORDS: words of reports and scripts that have no row in another table, for the reference and `ccci explain`.

/// A word, its meaning, and how a script uses it.
pub(crate) struct Word {
    /// The word.
    pub name: &'static str,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
    /// An example, if scripts use the word.
    pub example: Option<&'static str>,
}

const fn said(name: &'static str, doc: &'static str) -> Word {
    Word { name, doc, example: None }
}

/// All words.
pub(crate) const WORDS: &[Word] = &[
    said("green", "A verdict: everything that was planned was looked at and is good; exit code 0."),
    said("red", "A verdict: the recipe, or an image it names, failed; exit code 1."),
    said(
        "error",
        "A verdict: something could not be done or looked at, so there is no verdict on the recipe; exit code 3.",
    ),
    said(
        "interrupted",
        "A verdict: a signal ended the run, which removed what it had made; exit code 130 or 143.",
    ),
    said("pass", "A status: checked and good."),
    said("skip", "A status: does not apply; the reason is given with it. It never raises a level."),
    said("unver", "A status: should have been checked and was not. It ends the level and forbids green."),
    said("level", "The highest rung that passed with every rung below it passed or skipped, 0 to 5."),
    said(
        "rung",
        "A step of the ladder that levels count: install, upgrade, backup_restore, functional, lint.",
    ),
    said("backup_restore", "A rung: the tiers backup and restore together; the worse of the two counts."),
    said("functional", "A rung: the recipe's own tests under `custom/`."),
    said("lint", "A rung: the recipe rules. It lowers the level, never the verdict."),
    said(
        "blame",
        "Who has to act on a failure: the recipe, the image, infra (this machine and what it reaches) or ccci.",
    ),
    said("not proved", "What a run does not prove, even if it is green; every report lists it."),
    Word {
        name: "assert",
        doc: "Ends a test or hook if what it is given is not true, and shows both sides of a comparison.",
        example: Some("assert(ctx.get(\"/\").status == 200);"),
    },
    Word {
        name: "fail",
        doc: "Ends a test or hook with a text. As a status it means: checked and bad.",
        example: Some("fail(\"the wizard did not answer\");"),
    },
    said(
        "sleep",
        "There is none: a script waits for a condition with `eventually`, or with `ready_probe` for the whole app.",
    ),
];
