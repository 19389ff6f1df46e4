//! The documented exit codes. One row each; nothing else in the program may invent a number.

/// How a call of ccci ended, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exit {
    /// Everything asked for was done and is good.
    Green,
    /// The recipe failed.
    Failed,
    /// What someone wrote is wrong: usage, settings, scripts.
    Wrong,
    /// ccci could not do or look: engine gone, no disk, no network.
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
    /// The number the shell sees.
    pub code: u8,
    /// One sentence for the reference.
    pub doc: &'static str,
}

/// All exit codes, in the order of their numbers.
pub const EXITS: &[ExitRow] = &[
    ExitRow { exit: Exit::Green, code: 0, doc: "Green: everything that was asked for is good." },
    ExitRow { exit: Exit::Failed, code: 1, doc: "The recipe failed." },
    ExitRow { exit: Exit::Wrong, code: 2, doc: "What someone wrote is wrong: usage, settings or scripts." },
    ExitRow {
        exit: Exit::Error,
        code: 3,
        doc: "Ccci could not do or look (engine gone, no disk, no network); never the recipe's fault.",
    },
    ExitRow { exit: Exit::Bug, code: 70, doc: "A bug in ccci; removal was still done." },
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
    fn every_exit_code_is_a_number_of_its_own() {
        let mut codes: Vec<u8> = EXITS.iter().map(|r| r.code).collect();
        codes.dedup();
        assert_eq!(codes.len(), EXITS.len());
        assert_eq!(Exit::Bug.code(), 70);
    }
}
