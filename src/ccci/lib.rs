//! The program: the application layer, its commands, and the reference made from the tables.

pub mod app;
pub mod commands;
pub mod docs;
mod lsp;
