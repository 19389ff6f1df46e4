//! LIMITS: what a script may use, one row each. A hostile or broken script ends at one of them, with its position.

/// A row of the table of limits.
#[derive(Debug, PartialEq, Eq)]
pub struct Limit {
    /// As messages call it.
    pub name: &'static str,
    /// How much is allowed in one call of a hook or test, unless the sentences say otherwise.
    pub most: usize,
    /// Sentences; the first is the summary.
    pub doc: &'static str,
}

macro_rules! limits {
    ($($konst:ident $name:literal $most:expr, $doc:literal;)*) => {
        $(#[doc = $doc] pub const $konst: &Limit = &Limit { name: $name, most: $most, doc: $doc };)*
        /// All limits.
        pub const LIMITS: &[&Limit] = &[$($konst),*];
    };
}

limits! {
    OPERATIONS "operations" 1_000_000, "Steps of the interpreter, callbacks included; what happens in one of them is bounded by the processor time.";
    PROCESSOR "processor time" 5, "Seconds of a processor that the script's own thread may use; waiting costs none.";
    MEMORY "memory" 64 << 20, "Bytes that the script's own thread holds.";
    CALL_DEPTH "call depth" 32, "Functions that are called inside each other, below the hook or test.";
    EXPRESSION_DEPTH "expression depth" 64, "Levels of expressions and blocks inside each other, as the engine counts them: parentheses and a block take two, a list, a map and an `if` three.";
    TEXT "text length" 1 << 20, "Bytes of one text.";
    ARRAY "array length" 10_000, "Elements of one array, those inside its elements included. What is set by its place, `list[n] = …`, is counted when a native is next called on the list.";
    MAP "map size" 1_000, "Entries of one map, those inside its values included. What is set by its key in brackets, `map[key] = …`, is counted when a native is next called on the map.";
    VARIABLES "variables" 256, "Variables at one time.";
    FUNCTIONS "functions" 256, "Functions of one file, closures included.";
    MODULES "imports" 32, "Imported files.";
    SOURCE "file size" 256 << 10, "Bytes of one script file.";
    PRINTED "printed text" 64 << 10, "Bytes that print, debug and `ctx.log` may say; what comes after is dropped, with a note.";
    ERROR_TEXT "error text" 4_000, "Characters of what a script ends with; the rest of a longer one is cut off.";
    HOOK_TIME "hook time" 300, "Seconds that a hook or test may take, waiting included.";
    CALL_TIME "call time" 120, "Seconds that one call of a ctx function may take.";
    LOAD_TIME "load time" 10, "Seconds that checking all scripts and computing their constants may take.";
    LOAD_OPERATIONS "load operations" 50_000, "Steps of the interpreter that the constants of one file may take.";
    CALLS "calls" 3_000, "Calls of ctx functions: a loop that never waits is a mistake long before.";
    OUTPUT "output" 8 << 20, "Bytes of what a command or job writes that are kept, and of a log the last ones, 1 MiB of one line; the rest is cut off, with a note. As a text in a script the limit of texts holds.";
    ANSWER "answer" 8 << 20, "Bytes of the body of an HTTP answer that are kept; `body` and `json()` read as much as one text may hold.";
    LOG_LINES "log lines" 10_000, "Lines that one call of `ctx.logs` gives.";
    HEADERS "headers" 100, "Headers that a request may set.";
    SESSIONS "sessions" 64, "Sessions with cookies, over the whole run.";
    COOKIES "cookies" 1 << 20, "Bytes of cookies that one session may hold; an answer that sets more is an error.";
    MARKS "marks" 1 << 20, "Bytes of all that hooks leave with `ctx.remember`, over the whole run.";
    RECORDED "script record" 8 << 20, "Bytes of calls and words of scripts in the record of a run; what comes after is dropped, with a note.";
    STACK "stack" 512 << 20, "Bytes of stack that a script's thread may grow to. A chain of closures that hold each other is freed link by link inside each other: what the limit of operations lets a script build must fit.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_unique_and_their_docs_are_sentences() {
        for (i, l) in LIMITS.iter().enumerate() {
            assert!(!LIMITS[..i].iter().any(|o| o.name == l.name), "{} twice", l.name);
            assert!(
                l.doc.starts_with(char::is_uppercase) && l.doc.ends_with('.') && l.most > 0,
                "{}",
                l.name
            );
        }
    }
}
