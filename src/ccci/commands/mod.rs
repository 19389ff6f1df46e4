//! The command line: reads the arguments, calls a command, and turns its result into an exit code.

pub mod args;
pub mod check;
pub mod clean;
pub mod doctor;
pub mod engine;
pub mod env;
pub mod explain;
pub mod generated;
pub mod key;
mod list_tests;
pub mod log;
pub mod lsp;
pub mod new;
mod open;
pub mod out;
pub mod plan;
pub mod record_args;
pub mod records;
pub mod report;
pub mod reporters;
pub mod run;
pub mod serve;
pub mod shell;
pub mod signals;
pub mod site;
mod watch;
pub mod why;
mod words;

use crate::app::Session;
use crate::app::campaign::exit_of;
use args::{Call, Command};
use ccci_adapters::mask;
use ccci_model::exit::Exit;
use clap::Parser;
use out::Out;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;

/// Runs the program.
pub fn main() -> ExitCode {
    mask::set(env::read(env::CCCI_GROUP).is_some());
    let out = Out::new();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            out.say(&format!("error: failed to start threads: {e}"));
            return ExitCode::from(Exit::Error.code());
        }
    };
    signals::survive_limits(runtime.handle());
    let call = match Call::try_parse() {
        Ok(call) => call,
        Err(e) => return ExitCode::from(not_called(&e, &out).code()),
    };
    if let Err(why) = log::start(call.verbose, &out) {
        out.say(&why);
        return ExitCode::from(Exit::Wrong.code());
    }
    let session =
        Session { redactor: out.redactor.clone(), ..Session::new(env::config(), runtime.handle().clone()) };
    let asked = signals::Asked::default();
    let said = out.clone();
    if call.command.has_something_to_undo() {
        let say = Arc::new(move |text: &str| said.say(text));
        signals::listen(runtime.handle(), &session.stop, &session.in_progress, asked.clone(), say);
    }
    // a panic message may contain a secret, and must not disturb what is drawn on the terminal
    let (said, of_panic) = (out.clone(), out.clone());
    std::panic::set_hook(Box::new(move |panic| {
        of_panic.say(&format!("a bug in ccci, please report it: {panic}"))
    }));
    let (stop, runs) = (session.stop.clone(), session.in_progress.clone());
    let (ended, end) = channel();
    let work = move || {
        let calling = || called(&call, &session, &asked, &out);
        let exit = std::panic::catch_unwind(std::panic::AssertUnwindSafe(calling));
        let _ = ended.send(exit.unwrap_or(Exit::Bug));
    };
    let exit = match std::thread::Builder::new().stack_size(crate::app::pool::STACK).spawn(work) {
        Ok(_) => signals::end(&end, &stop, &runs),
        Err(e) => {
            said.say(&format!("error: failed to start a thread: {e}"));
            Exit::Error
        }
    };
    runtime.shutdown_background();
    ExitCode::from(exit.code())
}

/// Arguments that are no call: prints help or the version, which are data, or what is wrong with the arguments.
fn not_called(e: &clap::Error, out: &Out) -> Exit {
    let printed = e.print();
    if e.use_stderr() {
        return Exit::Wrong;
    }
    out.sent(printed);
    out.data("");
    whole(Exit::Green, out)
}

/// Makes the call and returns its exit code, also if a signal ended it.
fn called(call: &Call, session: &Session, asked: &signals::Asked, out: &Out) -> Exit {
    let exit = whole(dispatch(call, session, asked, out), out);
    match session.stop.reason() {
        // a run reports its own end, because it may have ended before the signal came
        Some(reason) if !matches!(call.command, Command::Run(_)) => exit_of(reason),
        _ => exit,
    }
}

/// A call whose output could not be written is not green.
fn whole(exit: Exit, out: &Out) -> Exit {
    let Some(e) = out.unsaid() else { return exit };
    out.say(&format!("error: failed to write to standard output: {e}"));
    if exit == Exit::Green { Exit::Error } else { exit }
}

/// Checks that there is a place for records. If the system had to be asked for it, prints where it is.
fn has_home(command: &Command, out: &Out) -> Result<(), String> {
    if matches!(command, Command::Explain(_) | Command::Man(_) | Command::Completions(_)) {
        return Ok(());
    }
    let Some(home) = env::known_home() else {
        return Err("error: there is no place for records: HOME is not set and the system knows no home of this user\n  \
                    to do: set CCCI_HOME to a directory of your own"
            .into());
    };
    if env::is_home_looked_up() {
        out.say(&format!("note: HOME is not set; records are kept in {}", home.display()));
    }
    Ok(())
}

fn dispatch(call: &Call, session: &Session, asked: &signals::Asked, out: &Out) -> Exit {
    if let Err(why) = has_home(&call.command, out) {
        out.say(&why);
        return Exit::Error;
    }
    match &call.command {
        Command::Run(args) => run::run(args, session, asked, out),
        Command::Check(args) => check::check(args, session, out),
        Command::Plan(args) => plan::plan(args, session, out),
        Command::Explain(args) => explain::explain_name(args, out),
        Command::New(args) => new::new(args, session, out),
        Command::Completions(args) => shell::completions(args, out),
        Command::Man(args) => shell::man(args, out),
        Command::Lsp => lsp::lsp(session, out),
        Command::Open(args) => open::open(args, session, out),
        Command::Clean(args) => clean::clean(session, args, out),
        Command::Doctor => doctor::doctor(session, out),
        Command::Why(args) => why::why_run(args, &session.config, out),
        Command::Report(args) => report::report(args, &session.config, out),
        Command::Records(args) => records::records(args, &session.config, out),
        Command::Serve(args) => serve::serve(args, session, out),
        Command::Site(args) => site::site(args, &session.config, out),
    }
}
