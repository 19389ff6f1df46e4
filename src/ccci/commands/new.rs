//! `ccci new`: writes a recipe directory to begin with, from what the source shows.

use super::args::NewArgs;
use super::out::Out;
use super::plan::refusal;
use crate::app::Session;
use crate::app::new::New;
use ccci_model::exit::Exit;
use std::io::{self, BufRead, IsTerminal};

/// Looks at the source, asks what cannot be seen, and writes the files.
pub fn new(args: &NewArgs, session: &Session, out: &Out) -> Exit {
    let asks = !args.yes && io::stdin().is_terminal() && io::stderr().is_terminal();
    let source = args.source.clone().or_else(|| match (&args.name, asks) {
        (Some(_), true) => {
            Some(answer("source of the recipe (path or git URL)", "", out)).filter(|s| !s.is_empty())
        }
        _ => None,
    });
    let mut new = match session.look_for_new(args.name.as_deref(), source.as_deref()) {
        Ok(new) => new,
        Err(refused) => {
            out.say(&refusal(&refused, out));
            return refused.exit();
        }
    };
    if asks {
        ask(&mut new, out);
    }
    if let Err(e) = new.write() {
        out.say(&format!("error: failed to write `{}`: {e}", new.directory.display()));
        return Exit::Error;
    }
    let shown = new.directory.strip_prefix(&session.config.here).unwrap_or(&new.directory);
    for (path, _) in new.facts.files() {
        out.say(&format!("wrote {}", shown.join(path).display()));
    }
    let shown = if args.name.is_some() { shown.display().to_string() } else { ".".into() };
    let named = args.name.clone().filter(|name| !name.contains('/'));
    let run = named.unwrap_or_else(|| shown.clone());
    out.say(&format!("next  ccci check {shown}; ccci run {run}"));
    Exit::Green
}

/// Asks what only the author knows. An empty answer keeps what is proposed.
fn ask(new: &mut New, out: &Out) {
    if let Some((path, from)) = &mut new.facts.health {
        let said = answer("path that answers when the app is well", path, out);
        if said.starts_with('/') && said != *path {
            (*path, *from) = (said, Some("app".into()));
        }
    }
    if let Some((service, directory)) = &new.facts.planted {
        let question =
            format!("plant a file in {directory} of `{service}` to prove upgrade and restore (yes, no)");
        if answer(&question, "yes", out).starts_with('n') {
            new.facts.planted = None;
        }
    }
}

fn answer(question: &str, proposed: &str, out: &Out) -> String {
    let shown = if proposed.is_empty() { String::new() } else { format!(" [{proposed}]") };
    out.say(&format!("{question}{shown}:"));
    let mut line = String::new();
    let _ = io::stdin().lock().read_line(&mut line);
    match line.trim() {
        "" => proposed.to_string(),
        text => text.to_string(),
    }
}
