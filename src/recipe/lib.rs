//! What a recipe's authors write, read into values. No file is opened
//! here but through `files`: texts come in, values and diagnostics go out.

pub mod app_env;
pub mod compose;
pub mod compose_files;
pub mod directory;
pub mod envfile;
pub mod files;
pub mod keys;
pub mod kind;
pub mod labels;
pub mod lint;
pub mod load;
pub mod settings;
pub mod source;
