//! The tests: one binary, one file for each subject. A file that is not declared here fails `tidy`.

#![allow(
    clippy::disallowed_methods,
    reason = "stories start processes, read the environment and look at clocks"
)]
#![allow(clippy::print_stdout, reason = "a story that was not run says so")]
#![allow(clippy::unwrap_used, reason = "a story that cannot be set up has failed")]

mod any_directory;
mod bad_input;
mod bounds;
mod browser;
mod canaries;
mod cli_check;
mod cli_live;
mod cli_records;
mod cli_report;
mod cli_signals;
mod compose;
mod console;
mod contract;
mod directories;
mod docker;
mod docs;
mod editor;
mod examples;
mod exchange;
mod field;
mod foreign;
mod fuzz;
mod gathering;
mod golden;
mod guide;
mod hardened;
mod host_files;
mod hostile;
mod ingress;
mod lessons;
mod lifecycles;
mod lsp;
mod mistakes;
mod mutants;
mod new;
mod page;
mod plain_stack;
mod plans;
mod planted;
mod private;
mod project;
mod public_items;
mod recipe_rules;
mod records;
mod report;
mod reporters;
mod repository;
mod run;
mod screen;
mod scripts;
mod secrets;
mod serve;
mod settings;
mod several_bases;
mod shared;
mod site;
mod site_pages;
mod sources;
mod steps;
mod storm;
mod tables;
mod tidy;
mod trace;
