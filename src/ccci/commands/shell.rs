//! `ccci completions` and `ccci man`: made from the table of commands and flags.

use super::args::{Call, CompletionsArgs, ManArgs};
use super::out::Out;
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::diag::{Diagnostic, codes};
use ccci_model::exit::Exit;
use clap::CommandFactory;

/// Prints the completions of a shell.
pub fn completions(args: &CompletionsArgs, out: &Out) -> Exit {
    let mut text = vec![];
    clap_complete::generate(args.shell, &mut Call::command(), "ccci", &mut text);
    out.data(&String::from_utf8_lossy(&text));
    Exit::Green
}

/// Prints a manual page, in the form that `man` reads.
pub fn man(args: &ManArgs, out: &Out) -> Exit {
    let call = Call::command();
    let page = match &args.command {
        None => call,
        Some(name) => match call.find_subcommand(name) {
            Some(command) => {
                command.clone().display_name(format!("ccci-{name}")).bin_name(format!("ccci {name}"))
            }
            None => {
                let known: Vec<&str> = call.get_subcommands().map(clap::Command::get_name).collect();
                let mut d = Diagnostic::new(codes::BAD_FLAG, format!("there is no command `{name}`"));
                did_you_mean(name, known).into_iter().for_each(|help| d.set_help(help));
                out.diagnostics(&[d]);
                return Exit::Wrong;
            }
        },
    };
    let mut text = vec![];
    match clap_mangen::Man::new(page).render(&mut text) {
        Ok(()) => out.data(&String::from_utf8_lossy(&text)),
        Err(e) => {
            out.say(&format!("error: failed to make the page: {e}"));
            return Exit::Error;
        }
    }
    Exit::Green
}
