//! The program's door: hands the arguments to `cli` and its code to the shell. Nothing is decided here.

use std::process::ExitCode;

fn main() -> ExitCode {
    ccci::cli::main()
}
