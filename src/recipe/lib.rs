//! Parses what authors of recipes write. Takes texts, returns values and diagnostics; only `files` opens files.

mod accept_comments;
pub mod acceptance;
pub mod app_env;
pub mod compose;
pub mod compose_files;
pub mod directory;
mod entries;
pub mod envfile;
pub mod files;
pub mod keys;
pub mod kind;
pub mod labels;
pub mod lint;
pub mod load;
pub(crate) mod removal;
pub mod rule;
pub mod settings;
pub mod source;
