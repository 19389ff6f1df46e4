//! `ccci why`: the chain of causes of a failed run with its evidence, on one screen.

use super::args::WhyArgs;
use super::out::Out;
use super::report::read;
use crate::app::Config;
use ccci_model::exit::Exit;
use ccci_report::why;

/// Prints the chain; for a green run it says that nothing failed.
pub fn why_run(args: &WhyArgs, config: &Config, out: &Out) -> Exit {
    match read(args.run.as_deref(), config, out) {
        Some((_, record)) => {
            out.data(&why::render(&record));
            Exit::Green
        }
        None => Exit::Wrong,
    }
}
