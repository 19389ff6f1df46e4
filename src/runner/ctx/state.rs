//! What a hook or a test gets: facts, the world with a limit, and a sink for the events of its calls.

use super::marks::{Marks, Room};
use ccci_model::event::What;
use ccci_model::failure::Failure;
use ccci_model::name::StackName;
use ccci_model::redact::Redactor;
use ccci_model::secret::Secret;
use ccci_script::limits::{CALL_TIME, CALLS, ERROR_TEXT, PRINTED, RECORDED};
use ccci_script::point::{Point, Reach};
use ccci_script::raised::Raised;
use ccci_script::{Guard, StopReason, exceeded, head, stopped};
use ccci_swarm::ports::clock;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::cluster::Owner;
use ccci_swarm::ports::{ClusterError, World};
use rhai::EvalAltResult;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Maximum duration of one call of a native function. The hook's own deadline applies as well.
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(CALL_TIME.most as u64);
/// Characters of an argument or a result that an event shows.
pub(crate) const TOLD: usize = 200;
/// Bytes of a text that are processed to show it. To hide secrets in all of a long text would take longer than the
/// call.
const LOOKED_AT: usize = 16 << 10;
/// Calls of a page that the evidence of a failing test shows.
const LAST_CALLS: usize = 10;
/// Estimated bytes that an event takes in the record, without its texts.
const EVENT: usize = 150;

/// Read-only facts.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The recipe.
    pub recipe: String,
    /// The run's domain.
    pub domain: String,
    /// What the run is doing: `install`, `upgrade`, …
    pub op: String,
    /// Version of what is deployed, or is about to be.
    pub version: String,
    /// Version that was installed first, empty if none.
    pub base_version: String,
    /// The app env.
    pub env: BTreeMap<String, String>,
    /// The settings, as TOML text by key.
    pub settings: BTreeMap<String, String>,
    /// The run's id.
    pub run_id: String,
    /// The deps of the app, by recipe: `domain`, `base_url` and what each one provided.
    pub deps: BTreeMap<String, BTreeMap<String, String>>,
    /// What the last operation did.
    pub last: BTreeMap<String, serde_json::Value>,
}

/// Everything that one call of a hook or test works with.
pub struct HookCtx {
    /// What it may read.
    pub facts: Facts,
    /// The place of its app in the plan.
    pub app: usize,
    /// The stack.
    pub stack: StackName,
    /// The labels that a job gets.
    pub owner: Owner,
    /// What it may act on.
    pub world: World,
    /// Hides secrets.
    pub redactor: Redactor,
    /// Secret values by their name in the compose file.
    pub secrets: Arc<Mutex<BTreeMap<String, Secret>>>,
    /// Values that hooks leave for later hooks and tests.
    pub marks: Marks,
    /// Takes the events of its calls.
    pub tell: Arc<dyn Fn(What) + Send + Sync>,
    /// Its name in events.
    pub by: String,
    /// When it is called.
    pub point: Point,
    /// Its deadline and stop.
    pub limit: Limit,
    /// What this call of a hook or test has used.
    pub used: Used,
}

/// Counters for one call of a hook or test.
#[derive(Debug, Default)]
pub struct Used {
    calls: AtomicUsize,
    said: AtomicUsize,
    checks: AtomicUsize,
    /// The last calls that concern the page, one line each.
    last: Mutex<VecDeque<String>>,
}

impl Used {
    /// The last calls that concern the page, one line each.
    pub(crate) fn last_calls(&self) -> Vec<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Notes that something is done which fails unless the app is as the script expects.
    pub(super) fn check(&self) {
        self.checks.fetch_add(1, Relaxed);
    }

    /// Whether anything of that kind was done.
    pub(crate) fn checked(&self) -> bool {
        self.checks.load(Relaxed) > 0
    }

    fn remember(&self, line: String) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= LAST_CALLS {
            last.pop_front();
        }
        last.push_back(line);
    }
}

/// The ctx, as scripts see it.
#[derive(Clone)]
pub struct Ctx(pub Arc<HookCtx>);

/// What a native function returns to Rhai.
pub type Native<T> = Result<T, Box<EvalAltResult>>;

impl HookCtx {
    /// Makes one call: counts it, limits its time and sends an event. `told` makes the text of the result. Arguments
    /// and result are redacted and cut in the event.
    pub fn call<T>(
        &self,
        function: &str,
        arguments: Vec<String>,
        told: impl FnOnce(&T) -> String,
        work: impl FnOnce(&Limit) -> Result<T, Raised>,
    ) -> Native<T> {
        self.count()?;
        let began = self.world.clock.now();
        let result = work(&self.limit.within(&*self.world.clock, CALL_LIMIT));
        let ms = self.world.clock.now().since(began).as_millis() as u64;
        let (ok, text) = match &result {
            Ok(value) => (true, told(value)),
            Err(raised) => (false, raised.message.clone()),
        };
        if function.starts_with("page.") {
            let given: Vec<String> = arguments.iter().map(|a| self.cut(a)).collect();
            self.used.remember(format!("{function}({}): {} ({ms} ms)", given.join(", "), self.cut(&text)));
        }
        self.record(What::Called {
            by: self.by.clone(),
            function: function.to_string(),
            arguments: arguments.iter().map(|a| self.cut(a)).collect(),
            result: self.cut(&text),
            ok,
            ms,
        });
        // when the run's stop has interrupted a call, the script ends here, and no `try` in it can catch this
        match (result, self.stop()) {
            (Err(_), Some(why)) => Err(stopped(why)),
            (Err(raised), None) => Err(raised.into()),
            (Ok(value), _) => Ok(value),
        }
    }

    /// Counts a call. An error when there are too many, or when the hook has to end.
    pub fn count(&self) -> Native<()> {
        match self.stop() {
            Some(why) => Err(stopped(why)),
            None if self.used.calls.fetch_add(1, Relaxed) >= CALLS.most => Err(exceeded(CALLS)),
            None => Ok(()),
        }
    }

    /// Sends a message of the script as an event, up to a limit for each call of a hook or test.
    pub fn say(&self, text: &str) {
        let before = self.used.said.fetch_add(text.len(), Relaxed);
        let text = match (before, before + text.len()) {
            (_, after) if after <= PRINTED.most => self.redactor.hide(text),
            (before, _) if before <= PRINTED.most => {
                format!("(more than {} bytes of messages; the rest is dropped)", PRINTED.most)
            }
            _ => return,
        };
        self.record(What::Said { by: self.by.clone(), text });
    }

    /// Puts an event of a script into the record, up to a limit for the whole run.
    fn record(&self, what: What) {
        let text = match &what {
            What::Called { arguments, result, .. } => {
                arguments.iter().map(String::len).sum::<usize>() + result.len()
            }
            What::Said { text, .. } => text.len(),
            _ => 0,
        };
        match self.marks.tell(EVENT + self.by.len() + text) {
            Room::There => (self.tell)(what),
            Room::JustFull => {
                let text = format!(
                    "(scripts have put {} bytes into the record; their further calls and messages are left out)",
                    RECORDED.most
                );
                (self.tell)(What::Said { by: self.by.clone(), text });
            }
            Room::Full => {}
        }
    }

    /// Refuses a call that makes no sense at this point.
    pub fn needs(&self, function: &str, reach: Reach) -> Result<(), Raised> {
        if self.point.offers(reach) {
            return Ok(());
        }
        let message = format!("`{function}` needs {}; it cannot be called here", reach.row().needs);
        Err(Raised { message, failure: None })
    }

    /// The text for an event: redacted, on one line and cut.
    pub fn cut(&self, text: &str) -> String {
        head(&self.redactor.hide(&looked_at(text)), TOLD).replace('\n', "\\n")
    }
}

impl Guard for HookCtx {
    fn stop(&self) -> Option<StopReason> {
        match self.limit.stop.reason() {
            Some(clock::StopReason::Deadline) => Some(StopReason::Deadline),
            Some(_) => Some(StopReason::Cancelled),
            None if self.world.clock.now() >= self.limit.deadline => Some(StopReason::Deadline),
            None => None,
        }
    }

    fn printed(&self, place: &str, text: &str) {
        self.say(&format!("{place}: {text}"));
    }

    fn asserts(&self) {
        self.used.check();
    }
}

/// The beginning of a text: as much as is processed to show it in an event.
pub(crate) fn looked_at(text: &str) -> String {
    let cut = text.floor_char_boundary(LOOKED_AT);
    if cut < text.len() { format!("{}…", &text[..cut]) } else { text.to_string() }
}

/// An error with this message, which blames the app: it carries no failure of its own.
pub fn raised(message: impl Into<String>) -> Raised {
    Raised { message: head(&message.into(), ERROR_TEXT.most), failure: None }
}

/// A failure of a port, raised so that its blame is kept.
pub(crate) fn port_failure(failure: Failure, doing: &str) -> Raised {
    let message = format!("could not {doing}: {}", failure.observed());
    Raised { message, failure: Some(Box::new(failure)) }
}

/// A cluster error, as scripts see it. If infra is to blame, it keeps that blame.
pub(crate) fn cluster_raised(e: ClusterError, doing: &str) -> Raised {
    match e.of_infra(doing) {
        Some(failure) => port_failure(failure, doing),
        None => raised(format!("could not {doing}: failed to {e}")),
    }
}
