//! `ccci why`: the cause chain of a failed run with its evidence, in one screen.

use super::args::WhyArgs;
use super::kept;
use super::out::Out;
use ccci_model::exit::Exit;
use ccci_report::why;

/// Prints it; a green run is told as such.
pub fn why_run(args: &WhyArgs, out: &Out) -> Exit {
    match kept::read(args.run.as_deref(), out) {
        Some((_, record)) => {
            out.data(&why::render(&record));
            Exit::Green
        }
        None => Exit::Wrong,
    }
}
