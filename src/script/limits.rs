//! LIMITS: how much a script may use, one row for each limit. A hostile or broken script ends at one of them,
//! with its position.

/// A row of the table of limits.
#[derive(Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name in messages.
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
    OPERATIONS "operations" 1_000_000, "Steps of the interpreter, callbacks included. The processor time limits what one step can do.";
    PROCESSOR "processor time" 5, "Seconds of processor time that the script's own thread may use. Waiting uses none.";
    MEMORY "memory" 64 << 20, "Bytes that the script's own thread holds.";
    CALL_DEPTH "call depth" 32, "Nested function calls, below the hook or test.";
    EXPRESSION_DEPTH "expression depth" 64, "Levels of nested expressions and blocks, as the engine counts them: parentheses and a block count two, a list, a map and an `if` three.";
    TEXT "text length" 1 << 20, "Bytes of one text.";
    ARRAY "array length" 10_000, "Elements of one array, including those inside its elements. An element that is set by index, `list[n] = …`, is counted when a native is next called on the array.";
    MAP "map size" 1_000, "Entries of one map, including those inside its values. An entry that is set in brackets, `map[key] = …`, is counted when a native is next called on the map.";
    VARIABLES "variables" 256, "Variables that exist at the same time.";
    FUNCTIONS "functions" 256, "Functions of one file, closures included.";
    MODULES "imports" 32, "Imported files.";
    SOURCE "file size" 256 << 10, "Bytes of one script file.";
    PRINTED "printed text" 64 << 10, "Bytes that `print`, `debug` and `ctx.log` may print. The rest is dropped, with a note.";
    ERROR_TEXT "error text" 4_000, "Characters of the message with which a script fails. A longer message is cut off.";
    HOOK_TIME "hook time" 300, "Seconds that a hook or test may take, waiting included.";
    CALL_TIME "call time" 120, "Seconds that one call of a ctx function may take.";
    LOAD_TIME "load time" 10, "Seconds that checking all scripts and computing their constants may take.";
    LOAD_OPERATIONS "load operations" 50_000, "Steps of the interpreter that the constants of one file may take.";
    PAGE_WAIT "page wait" 30, "Seconds that a call of `page` waits for its element, unless the call says otherwise.";
    PICTURES "pictures" 20, "Pictures that the scripts of a run may keep with `page.screenshot`.";
    CALLS "calls" 3_000, "Calls of ctx functions. More calls are a mistake, such as a loop that never waits.";
    OUTPUT "output" 8 << 20, "Bytes that are kept of the output of a command or job; of a log the last ones, and at most 1 MiB of one line. The rest is cut off, with a note. In a script the limit of texts applies as well.";
    ANSWER "answer" 8 << 20, "Bytes that are kept of the body of an HTTP answer. `body` and `json()` read as much as one text may hold.";
    LOG_LINES "log lines" 10_000, "Lines that one call of `ctx.logs` returns.";
    HEADERS "headers" 100, "Headers that a request may set.";
    SESSIONS "sessions" 64, "Sessions with cookies in a whole run.";
    COOKIES "cookies" 1 << 20, "Bytes of cookies that one session may hold. An answer that sets more is an error.";
    MARKS "marks" 1 << 20, "Bytes of all marks that hooks leave with `ctx.remember`, in a whole run.";
    RECORDED "script record" 8 << 20, "Bytes that calls and printed text of scripts may take in the record of a run. The rest is dropped, with a note.";
    STACK "stack" 512 << 20, "Bytes of stack that a script's thread may use. Freeing a chain of closures that hold each other takes one nested call for each link, so the longest chain that the limit of operations allows must fit.";
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
