//! The key `t` on a terminal: prints the live state. The terminal gives single keys only while this is there, and never
//! to a run in the background, which the system would stop for asking.

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use std::io::{self, IsTerminal, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// A read comes back after so many tenths of a second without a key.
const PATIENCE: u8 = 2;
/// Between two looks whether a run in the background has come to the foreground.
const AWAY: Duration = Duration::from_millis(250);

/// Listens while it lives; dropping it gives the terminal back as it was.
pub struct Key {
    end: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Key {
    /// Starts listening, if there is a terminal to listen to.
    pub fn listen(asked: Box<dyn Fn() + Send + Sync>) -> Option<Key> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let (end, ended) = channel();
        let thread = std::thread::spawn(move || watch(&ended, &*asked));
        Some(Key { end, thread: Some(thread) })
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        let _ = self.end.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn watch(ended: &Receiver<()>, asked: &dyn Fn()) {
    let mut single: Option<SingleKeys> = None;
    loop {
        let pause = if single.is_some() { Duration::ZERO } else { AWAY };
        match ended.recv_timeout(pause) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if !in_front() {
            // whoever is in front has set the terminal as it wants it
            if let Some(gone) = single.take() {
                gone.forget();
            }
            continue;
        }
        if single.is_none() {
            single = SingleKeys::begin();
        }
        let mut keys = [0; 16];
        match io::stdin().lock().read(&mut keys) {
            Ok(n) if keys[..n].contains(&b't') => asked(),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            // the terminal is gone
            Err(_) => return,
        }
    }
}

/// Whether the terminal listens to this process.
fn in_front() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// A terminal that gives keys at once and does not show them; signals by key stay.
struct SingleKeys {
    before: Option<Termios>,
}

impl SingleKeys {
    fn begin() -> Option<SingleKeys> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut now = before.clone();
        now.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        now.special_codes[SpecialCodeIndex::VMIN] = 0;
        now.special_codes[SpecialCodeIndex::VTIME] = PATIENCE;
        tcsetattr(io::stdin(), OptionalActions::Now, &now).ok()?;
        Some(SingleKeys { before: Some(before) })
    }

    fn forget(mut self) {
        self.before = None;
    }
}

impl Drop for SingleKeys {
    fn drop(&mut self) {
        if let Some(before) = self.before.take().filter(|_| in_front()) {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
        }
    }
}
