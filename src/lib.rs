//! ccci lives the whole life of a Co-op Cloud recipe on a real Docker Swarm and says what that proved.
//!
//! The modules stand on floors; each uses only lower ones (`docs/ARCHITECTURE.md`, held by `tests/tidy.rs`).

// floor 0: words
pub mod diag;
pub mod digest;
pub mod exit;
pub mod failure;
pub mod name;
pub mod redact;
pub mod secret;
pub mod tier;
pub mod time;
// floor 1: texts
pub mod recipe;
pub mod script;
// floor 2: decisions
pub mod event;
pub mod plan;
pub mod verdict;
// floor 3: ports
pub mod world;
// floor 4: hands
pub mod ctx;
pub mod hands;
// floor 5: doing
pub mod gather;
pub mod run;
// floor 6: telling
pub mod docs;
pub mod report;
// floor 7: door
pub mod cli;
