//! The program: its commands, and the reference made from the tables.

pub mod commands;
pub mod docs;
