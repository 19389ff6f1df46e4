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
    said(
        "verdict",
        "The result of a run in one word: green, red, error or interrupted. It decides the exit code.",
    ),
    said(
        "partial",
        "A run that was asked for less than the whole lifecycle, by `--tiers` or `--test`. It never counts for more than it looked at.",
    ),
    said(
        "tier",
        "A part of a run with assertions of its own: install, upgrade, backup, restore, custom. `ccci explain tiers` lists them.",
    ),
    said("step", "One thing that a run does, in the order of the plan. It has a time limit of its own."),
    said(
        "hook",
        "A function of `hooks.rhai` that ccci calls at a fixed point of a run. `ccci explain hooks` lists them.",
    ),
    said(
        "overlay",
        "Tests that belong to a tier, such as `test_upgrade.rhai`; also `compose.ccci.yml`, which is merged over the recipe's compose files.",
    ),
    said(
        "serving",
        "The generic assertions of a tier: every service is at its desired count, and each task of the app gives an accepted answer at `health.path`.",
    ),
    said(
        "dnsrr",
        "A way in which Swarm leads to a service: its name resolves to the addresses of its tasks, instead of to one virtual address. On an engine without IPVS ccci deploys with it, and publishes ports on the host.",
    ),
    said("cause", "Why something failed, by a name. `ccci explain causes` lists them."),
    said("first cause", "The failure that decided the verdict; the others may be its consequences."),
    said("likewise", "Failures with the same cause as an earlier one."),
    said("expected", "What should have been, of a failure; `observed` is what was."),
    said("observed", "What was, of a failure; `expected` is what should have been."),
    said("to do", "What most likely mends a failure."),
    said("where", "The place in a script or a file at which a failure happened."),
    said("not run", "Tests that were planned and not run, each with the reason if the run recorded one."),
    said("source", "The recipe's repository, with the revisions of a run."),
    said("head", "The revision under test."),
    said("base", "The revision that is installed first and upgraded to the head."),
    said("time", "How long a run took, and what took the most of it."),
    said("hooks", "Functions of `hooks.rhai` that ccci calls. In a report: how long each took."),
    said("versions", "The versions of ccci, of the set of its rules, of the engine and of its API."),
    said("run", "One execution of the lifecycle. Its id finds it again: `ccci why ID`, `ccci report ID`."),
    said("next", "The call that shows the most about a run that was not green."),
    said("record", "The directory of a run: its events, and every report made from them."),
    said(
        "left",
        "What is still on the engine after a run, which makes it red; or what the app may have left where ccci never removes anything.",
    ),
    said("accepted", "A finding that stays, because `check.accept` or a comment gives a reason."),
    said("converge", "To wait until Swarm has reached what a deploy asked for."),
    said("settle", "To wait until the stack is quiet before a backup."),
    said(
        "slow",
        "A step that takes three times as long as in earlier runs, and at least ten seconds longer.",
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
        doc: "Ends a test or hook if what it is given is not true, and shows both sides of a comparison. A `catch` does not undo that: the test fails unless the assertion holds later at the same place; `eventually` asks again.",
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
