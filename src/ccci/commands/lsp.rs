//! `ccci lsp`: serves an editor on standard streams.

use super::out::Out;
use crate::app::Session;
use crate::lsp::serve;
use ccci_model::exit::Exit;
use lsp_server::Connection;

/// Serves until the editor ends the connection.
pub fn lsp(session: &Session, out: &Out) -> Exit {
    let (connection, threads) = Connection::stdio();
    let served = serve(session, &connection);
    // the writer ends when the last sender is gone
    drop(connection);
    match served {
        Ok(()) => match threads.join() {
            Ok(()) => Exit::Green,
            Err(e) => said(&format!("failed to talk to the editor: {e}"), out),
        },
        Err(e) => said(&format!("failed to {e}"), out),
    }
}

fn said(text: &str, out: &Out) -> Exit {
    out.say(&format!("error: {text}"));
    Exit::Error
}
