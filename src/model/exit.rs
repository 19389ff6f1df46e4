//! EXITS: the documented exit codes, one row for each. No other code may use a number of its own.

/// How a call of ccci ended, for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exit {
    /// Everything that was asked for was done and passed.
    Green,
    /// The recipe failed.
    Failed,
    /// What someone wrote is wrong: usage, settings, scripts.
    Wrong,
    /// ccci could not do its work: no engine, no disk, no network.
    Error,
    /// A bug in ccci.
    Bug,
    /// Stopped by SIGINT; everything was removed.
    Interrupted,
    /// Stopped by SIGTERM; everything was removed.
    Terminated,
}

/// A row of the table of exit codes.
pub struct ExitRow {
    /// The variant.
    pub exit: Exit,
    /// The number for the shell.
    pub code: u8,
    /// One sentence for the reference.
    pub doc: &'static str,
}

/// All exit codes, in the order of their numbers.
pub const EXITS: &[ExitRow] = &[
    ExitRow { exit: Exit::Green, code: 0, doc: "Green: everything that was asked for passed." },
    ExitRow { exit: Exit::Failed, code: 1, doc: "The recipe failed." },
    ExitRow { exit: Exit::Wrong, code: 2, doc: "What someone wrote is wrong: usage, settings or scripts." },
    ExitRow {
        exit: Exit::Error,
        code: 3,
        doc: "Ccci could not do its work (no engine, no disk, no network); never the recipe's fault.",
    },
    ExitRow { exit: Exit::Bug, code: 70, doc: "A bug in ccci; what the run made was still removed." },
    ExitRow { exit: Exit::Interrupted, code: 130, doc: "Interrupted by SIGINT; everything was removed." },
    ExitRow { exit: Exit::Terminated, code: 143, doc: "Interrupted by SIGTERM; everything was removed." },
];

impl Exit {
    /// The number for the shell.
    pub fn code(self) -> u8 {
        EXITS.iter().find(|r| r.exit == self).map_or(70, |r| r.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_unique() {
        let mut codes: Vec<u8> = EXITS.iter().map(|r| r.code).collect();
        codes.dedup();
        assert_eq!(codes.len(), EXITS.len());
        assert_eq!(Exit::Bug.code(), 70);
    }
}
