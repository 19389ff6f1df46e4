//! The program's door: hands the arguments to `cli` and its code to the shell. Nothing is decided here.

use std::process::ExitCode;

fn main() -> ExitCode {
    ccci::hands::child::door(std::env::args_os()).unwrap_or_else(ccci::cli::main)
}
