//! The entry point: passes the arguments to `ccci::commands`, or to the helper processes that ccci starts. Decides
//! nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    let own = |door: fn(std::env::ArgsOs) -> Option<ExitCode>| door(std::env::args_os());
    own(ccci_adapters::volume::door)
        .or_else(|| own(ccci_adapters::browser::door))
        .or_else(|| own(ccci_adapters::child::door))
        .unwrap_or_else(|| {
            let exit = ccci::commands::main();
            ccci_adapters::child::all_ended();
            exit
        })
}
