//! The key `t` on a terminal prints the live state. Only while this listener exists does the terminal deliver single
//! keys. A run in the background never changes the terminal: the system would stop it for trying.

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use std::io::{self, IsTerminal, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Timeout of a read without a key, in tenths of a second.
const PATIENCE: u8 = 2;
/// How often a run in the background checks whether it is in the foreground.
const AWAY: Duration = Duration::from_millis(250);

/// Listens until it is dropped; dropping it restores the terminal's settings.
pub struct Key {
    end: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Key {
    /// Starts to listen; `None` if standard input is no terminal.
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
            // the process in the foreground has set the terminal as it needs it
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

/// Whether this process is in the foreground of the terminal.
fn in_front() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// A terminal that delivers keys at once and does not echo them. Keys that send signals still work.
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
