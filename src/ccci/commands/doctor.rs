//! `ccci doctor`: reports whether this machine can run recipes. Each finding says what to do.

use super::out::Out;
use crate::app::Session;
use ccci_model::exit::Exit;

/// Prints the findings.
pub fn doctor(session: &Session, out: &Out) -> Exit {
    let findings = match session.doctor() {
        Ok(findings) => findings,
        Err(e) => {
            out.say(&format!("error: failed to {e}"));
            return Exit::Error;
        }
    };
    for f in &findings {
        let word = match (f.good, f.needed) {
            (true, _) => "good",
            (false, true) => "BAD ",
            (false, false) => "note",
        };
        out.say(&format!("{word} {}", f.what));
        if !f.good {
            out.say(&format!("     to do: {}", f.cure));
        }
    }
    if findings.iter().all(|f| f.good || !f.needed) { Exit::Green } else { Exit::Error }
}
