//! The reporters of a call's runs. One thread receives the events of all runs, and only it writes to the terminal. So
//! lines of different runs do not mix, a terminal that blocks does not delay a run, and a broken reporter harms no run
//! (lesson 38).

use super::out::{Out, Terminal};
use ccci_adapters::clock::RealClock;
use ccci_model::event::Event;
use ccci_model::time::Moment;
use ccci_model::verdict::Outcome;
use ccci_report::forge::Forge;
use ccci_report::live::{Live, Screen};
use ccci_report::plain::Plain;
use ccci_report::progress::since_ms;
use ccci_report::reporter::{Guarded, Reporter};
use ccci_report::usual::Usual;
use ccci_swarm::ports::Clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between two ticks; elapsed time is shown in whole seconds.
const TICK: Duration = Duration::from_millis(250);

/// How runs are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Lines that are redrawn in place.
    Live,
    /// Lines in groups of the forge.
    Plain(Forge),
    /// Lines of several concurrent runs; each begins with its recipe, padded to this many columns.
    Beside(Forge, usize),
}

enum Heard {
    Reading { run: usize, name: String },
    Begins { run: usize, usual: Usual },
    Event { run: usize, event: Box<Event> },
    Over { run: usize, outcome: Option<Box<Outcome>>, text: String },
    Say(String),
    State,
    Close,
}

/// The handle of the thread. Dropping it waits until everything is written and the terminal is restored.
pub struct Reporters {
    to: Sender<Heard>,
    out: Out,
    thread: Option<JoinHandle<()>>,
}

impl Reporters {
    /// Starts the thread. From now on everything that `out` prints for people goes through it as well.
    pub fn start(out: &Out, manner: Manner) -> Reporters {
        let (to, heard) = channel();
        let stage = Stage {
            clock: Arc::new(RealClock::new(Arc::default())),
            manner,
            out: out.clone(),
            runs: BTreeMap::new(),
        };
        let thread = std::thread::spawn(move || stage.listen(&heard));
        let above = to.clone();
        out.lend(Some(Box::new(move |text: &str| above.send(Heard::Say(text.to_string())).is_ok())));
        Reporters { to, out: out.clone(), thread: Some(thread) }
    }

    /// A run's recipe is being read.
    pub fn reading(&self, run: usize, name: &str) {
        self.tell(Heard::Reading { run, name: name.to_string() });
    }

    /// Events of a run will follow.
    pub fn begins(&self, run: usize, usual: Usual) {
        self.tell(Heard::Begins { run, usual });
    }

    /// Makes the function that receives a run's events.
    pub fn of(&self, run: usize) -> Box<dyn FnMut(&Event) + Send> {
        let to = self.to.clone();
        Box::new(move |event| {
            let _ = to.send(Heard::Event { run, event: Box::new(event.clone()) });
        })
    }

    /// A run has ended; `text` is its summary.
    pub fn over(&self, run: usize, outcome: Option<&Outcome>, text: &str) {
        let outcome = outcome.map(|o| Box::new(o.clone()));
        self.tell(Heard::Over { run, outcome, text: text.to_string() });
    }

    /// The function that prints the live state, for the key and the signal.
    pub fn asker(&self) -> Box<dyn Fn() + Send + Sync> {
        let to = self.to.clone();
        Box::new(move || drop(to.send(Heard::State)))
    }

    /// Sends to the thread, which exists as long as this handle.
    fn tell(&self, what: Heard) {
        let _ = self.to.send(what);
    }
}

impl Drop for Reporters {
    fn drop(&mut self) {
        self.out.lend(None);
        self.tell(Heard::Close);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A run in progress and its reporter.
struct Playing {
    name: String,
    since: Moment,
    /// When the run began, on this thread's clock.
    zero: Option<Moment>,
    reporter: Option<Guarded>,
}

struct Stage {
    clock: Arc<dyn Clock>,
    manner: Manner,
    out: Out,
    runs: BTreeMap<usize, Playing>,
}

impl Stage {
    fn listen(mut self, heard: &Receiver<Heard>) {
        loop {
            match heard.recv_timeout(TICK) {
                Ok(Heard::Close) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(what) => self.take(what),
                Err(RecvTimeoutError::Timeout) => self.tick(),
            }
        }
    }

    fn take(&mut self, what: Heard) {
        let now = self.clock.now();
        match what {
            Heard::Reading { run, name } => {
                self.runs.insert(run, Playing { name, since: now, zero: None, reporter: None });
            }
            Heard::Begins { run, usual } => {
                let name = self.runs.get(&run).map_or("", |p| p.name.as_str());
                let reporter = Guarded::new(self.reporter(name, usual));
                if let Some(p) = self.runs.get_mut(&run) {
                    p.reporter = Some(reporter);
                }
            }
            Heard::Event { run, event } => {
                let Some(p) = self.runs.get_mut(&run) else { return };
                // an event may have waited in the queue, so the earliest of the computed beginnings is the right one
                let zero = Moment(now.0.saturating_sub(event.at.0));
                p.zero = Some(p.zero.map_or(zero, |z| z.min(zero)));
                if let Some(t) = &mut p.reporter {
                    t.event(&event);
                }
            }
            Heard::Over { run, outcome, text } => {
                if let (Some(mut p), Some(outcome)) = (self.runs.remove(&run), outcome)
                    && let Some(t) = &mut p.reporter
                {
                    t.finish(&outcome);
                }
                self.say(&text);
            }
            Heard::Say(text) => self.say(&text),
            Heard::State => self.say(&self.state()),
            Heard::Close => {}
        }
    }

    fn reporter(&self, name: &str, usual: Usual) -> Box<dyn Reporter> {
        let (writer, look) = (self.out.writer(), self.out.look);
        let width = look.width.min(120);
        match self.manner {
            Manner::Live => {
                let Terminal { width, height } = self.out.terminal();
                let screen = Screen { width, height, colour: look.colour };
                Box::new(Live::new(writer, screen).after(usual))
            }
            Manner::Plain(forge) => Box::new(Plain::new(writer, forge, width).after(usual)),
            Manner::Beside(forge, columns) => {
                let name = format!("{name:<columns$}");
                Box::new(Plain::new(writer, forge, width).beside(&name).after(usual))
            }
        }
    }

    /// Prints text above the lines that are redrawn, or simply as the next lines.
    fn say(&mut self, text: &str) {
        let text = text.trim_end_matches('\n');
        if text.is_empty() {
            return;
        }
        let playing = self.runs.values_mut().find_map(|p| p.reporter.as_mut());
        match (self.manner, playing) {
            (Manner::Live, Some(t)) if !t.is_silent() => t.say(text),
            _ => {
                let _ = self.out.writer().write_all(format!("{text}\n").as_bytes());
            }
        }
    }

    /// The live state of every run in progress: what runs, what it waits for, and since when.
    fn state(&self) -> String {
        let now = self.clock.now();
        let one = |p: &Playing| match (&p.reporter, p.zero) {
            (Some(t), Some(zero)) => t.state(Moment(now.0.saturating_sub(zero.0))),
            _ => format!("{}: reading its texts and its source ({})\n", p.name, since_ms(p.since, now)),
        };
        match self.runs.is_empty() {
            true => "no run is in progress".into(),
            false => self.runs.values().map(one).collect(),
        }
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        let terminal = (self.manner == Manner::Live).then(|| self.out.terminal());
        for p in self.runs.values_mut() {
            let (Some(t), Some(zero)) = (&mut p.reporter, p.zero) else { continue };
            if let Some(size) = terminal {
                t.resize(size.width, size.height);
            }
            t.tick(Moment(now.0.saturating_sub(zero.0)));
        }
    }
}
