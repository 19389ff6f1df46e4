//! `ccci serve`: shows the kept runs, and those in progress, to a browser.

use super::args::ServeArgs;
use super::out::Out;
use super::signals::{Asked, listen};
use crate::app::Session;
use crate::app::serve::serve as serve_pages;
use ccci_model::exit::Exit;
use std::sync::Arc;

/// Serves until a signal comes.
pub fn serve(args: &ServeArgs, session: &Session, out: &Out) -> Exit {
    listen(&session.handle, &session.stop, &session.in_progress, Asked::default(), Arc::new(|_| ()));
    if !args.listen.ip().is_loopback() {
        out.say("note: everybody who reaches this address can read what is kept of runs");
    }
    let ready = |address| out.data(&format!("http://{address}/\n"));
    match serve_pages(session, args.listen, ready) {
        Ok(()) => Exit::Green,
        Err(e) => {
            out.say(&format!("error: failed to listen on {}: {e}", args.listen));
            out.say("  to do: name another address with `--listen ADDRESS:PORT`; port 0 chooses a free one");
            Exit::Error
        }
    }
}
