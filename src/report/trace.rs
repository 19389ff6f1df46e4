//! A run as a trace for Perfetto and Chrome: the run is a process, and each app a thread. Pure.
//!
//! The file is the JSON Object Format of the Trace Event Format. Tiers, steps, hooks, tests, calls and waits are
//! complete events, nested as they belong together; failures, log lines of scripts and what stopped the run are
//! instant events. A record counts milliseconds and a trace microseconds. Events of the same millisecond are written
//! one microsecond apart, so that their order is visible and no two spans overlap: Perfetto drops a span that ends
//! after the span it began in.

use ccci_model::event::What;
use ccci_model::failure::{Failure, FailureId};
use ccci_model::plan::{Action, AppPlan, Held, Plan, Role, Step};
use ccci_model::tier::Tier;
use ccci_model::verdict::Outcome;
use ccci_runner::record::Record;
use serde_json::{Map, Value, json};

/// The process id in the trace.
const PROCESS: u64 = 1;
/// Latest moment, ms; later ones are set to it. In microseconds it is still exact in a double, with which viewers
/// compute.
const LATEST: u64 = 1 << 42;

/// The file as bytes, one event a line.
pub fn render(record: &Record) -> Vec<u8> {
    let plan = &record.outcome.plan;
    let mut threads: Vec<Thread> = plan.apps.iter().map(|_| Thread::default()).collect();
    let mut last = 0;
    for event in &record.events {
        let at = event.at.0.min(LATEST);
        last = last.max(at);
        take(&record.outcome, &mut threads, at, &event.what);
    }
    let mut out = vec![named("process_name", 1, &process(plan))];
    for (n, (app, thread)) in plan.apps.iter().zip(threads).enumerate() {
        let number = n as u64 + 1;
        out.push(named("thread_name", number, app.recipe.as_str()));
        let mut free = 0;
        thread.finished(last).into_iter().for_each(|span| span.write(number, &mut free, &mut out));
    }
    let about = json!({ "run": plan.run_id.as_str(), "verdict": record.outcome.headline() });
    let events: Vec<String> = out.iter().map(Value::to_string).collect();
    let events = events.join(",\n");
    format!("{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[\n{events}\n]}}\n")
        .into_bytes()
}

/// The name of the process.
fn process(plan: &Plan) -> String {
    let app = plan.subject();
    let version = app.head.version.as_ref().map(|v| format!(" {v}")).unwrap_or_default();
    format!("{}{version}, run {}", app.recipe, plan.run_id)
}

/// A metadata event: it names the process or a thread.
fn named(what: &str, thread: u64, name: &str) -> Value {
    json!({ "name": what, "ph": "M", "pid": PROCESS, "tid": thread, "args": { "name": name } })
}

/// The kind of a span, from the outermost to the innermost; viewers show it as the category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Tier,
    Step,
    Hook,
    Test,
    Call,
    Pull,
    Wait,
    Failure,
    Log,
    Note,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Tier => "tier",
            Kind::Step => "step",
            Kind::Hook => "hook",
            Kind::Test => "test",
            Kind::Call => "call",
            Kind::Pull => "pull",
            Kind::Wait => "wait",
            Kind::Failure => "failure",
            Kind::Log => "log",
            Kind::Note => "note",
        }
    }

    /// Whether it is a moment without a duration.
    fn is_instant(self) -> bool {
        matches!(self, Kind::Failure | Kind::Log | Kind::Note)
    }
}

/// A span in ms since the run began, with the spans inside it.
#[derive(Debug)]
struct Span {
    kind: Kind,
    name: String,
    /// For a step its number; for a call or a log line the hook or test that it belongs to.
    of: String,
    begins: u64,
    ends: u64,
    args: Map<String, Value>,
    inner: Vec<Span>,
}

impl Span {
    fn new(kind: Kind, name: impl Into<String>, begins: u64, ends: u64) -> Span {
        let (name, of) = (name.into(), String::new());
        Span { kind, name, of, begins, ends, args: Map::new(), inner: vec![] }
    }

    /// A span that ends at `at` and took `ms`.
    fn over(kind: Kind, name: impl Into<String>, at: u64, ms: u64) -> Span {
        Span::new(kind, name, at.saturating_sub(ms), at)
    }

    fn of(mut self, of: &str) -> Span {
        self.of = of.to_string();
        self
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Span {
        match value.into() {
            Value::Null => {}
            value => drop(self.args.insert(name.to_string(), value)),
        }
        self
    }

    /// Writes the span and then the spans inside it. `free` is the first microsecond of the thread that is not used
    /// yet.
    fn write(self, thread: u64, free: &mut u64, out: &mut Vec<Value>) {
        let begins = (self.begins * 1_000).max(*free);
        let mut event = json!({
            "name": self.name, "cat": self.kind.name(), "ph": if self.kind.is_instant() { "i" } else { "X" },
            "ts": begins, "pid": PROCESS, "tid": thread, "args": self.args,
        });
        *free = begins + u64::from(self.kind.is_instant());
        if self.kind.is_instant() {
            event["s"] = "t".into();
            out.push(event);
            return;
        }
        let place = out.len();
        out.push(event);
        self.inner.into_iter().for_each(|span| span.write(thread, free, out));
        *free = (self.ends * 1_000).max(*free).max(begins + 1);
        out[place]["dur"] = (*free - begins).into();
    }
}

/// The trace of one app: finished spans, and spans that are still open.
#[derive(Debug, Default)]
struct Thread {
    done: Vec<Span>,
    /// The tier, the step, what it waits for, the hook, what that waits for; each is inside the one before it.
    open: Vec<Span>,
    /// The number of the step that began last.
    step: Option<usize>,
    /// Whether a failure of that step is already in the trace.
    told: bool,
}

impl Thread {
    fn put(&mut self, span: Span) {
        match self.open.last_mut() {
            Some(outer) => outer.inner.push(span),
            None => self.done.push(span),
        }
    }

    fn end_innermost(&mut self, at: u64) {
        if let Some(mut span) = self.open.pop() {
            span.ends = at.max(span.begins);
            self.put(span);
        }
    }

    /// Ends open spans from the innermost outwards, until `is_left` is true for one; that one stays open.
    fn end_until(&mut self, at: u64, is_left: impl Fn(&Span) -> bool) {
        while self.open.last().is_some_and(|span| !is_left(span)) {
            self.end_innermost(at);
        }
    }

    /// Ends the innermost open span for which `is_meant` is true, and all spans inside it. `None` if there is none.
    fn end(&mut self, at: u64, is_meant: impl Fn(&Span) -> bool) -> Option<&mut Span> {
        let place = self.open.iter().rposition(is_meant)?;
        while self.open.len() > place {
            self.end_innermost(at);
        }
        self.open.last_mut().map_or(self.done.last_mut(), |outer| outer.inner.last_mut())
    }

    fn step_begins(&mut self, at: u64, step: usize, title: &str, tier: Option<Tier>) {
        let tier = tier.map(Tier::name);
        self.end_until(at, |span| span.kind == Kind::Tier && Some(span.name.as_str()) == tier);
        if let (Some(name), true) = (tier, self.open.is_empty()) {
            self.open.push(Span::new(Kind::Tier, name, at, at));
        }
        self.open.push(Span::new(Kind::Step, title, at, at).of(&step.to_string()).with("step", step));
        (self.step, self.told) = (Some(step), false);
    }

    fn hook_begins(&mut self, at: u64, hook: &str) {
        self.end(at, |span| span.kind == Kind::Hook);
        self.open.push(Span::new(Kind::Hook, hook, at, at).of(hook));
    }

    fn waits(&mut self, at: u64, on: &str) {
        self.end_until(at, |span| span.kind != Kind::Wait);
        self.open.push(Span::new(Kind::Wait, on, at, at));
    }

    /// A step, a hook or a test has ended. If its beginning is unknown, it takes in the spans before it that belong to
    /// it.
    fn ends(&mut self, mut span: Span, failure: Option<&Failure>) {
        let mark = failure.filter(|_| span.kind != Kind::Step || !self.told).map(|f| failed(f, span.ends));
        self.told |= mark.is_some();
        if let Some(open) = self.end(span.ends, |open| open.kind == span.kind && open.of == span.of) {
            open.args.extend(span.args);
            open.inner.extend(mark);
            return;
        }
        let beside = self.open.last_mut().map_or(&mut self.done, |outer| &mut outer.inner);
        let own = beside.iter().rev().take_while(|s| s.kind > span.kind && s.of == span.of).count();
        span.inner = beside.split_off(beside.len() - own);
        span.begins = span.inner.first().map_or(span.begins, |first| first.begins.min(span.begins));
        span.inner.extend(mark);
        self.put(span);
    }

    fn finished(mut self, at: u64) -> Vec<Span> {
        self.end_until(at, |_| false);
        self.done
    }
}

/// The instant event of a failure.
fn failed(f: &Failure, at: u64) -> Span {
    Span::new(Kind::Failure, f.cause.as_str(), at, at)
        .with("blame", f.blame.to_string())
        .with("expected", f.expected())
        .with("observed", f.observed())
}

/// The thread of a hook or test, by its name: for an app other than the subject, the name begins with its recipe.
fn thread_of(plan: &Plan, name: &str) -> usize {
    let is_its = |app: &AppPlan| {
        app.role != Role::Subject
            && name.strip_prefix(app.recipe.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    plan.apps.iter().position(is_its).unwrap_or(plan.subject_at())
}

/// Adds an event to the thread of its app.
fn take(outcome: &Outcome, threads: &mut [Thread], at: u64, what: &What) {
    let plan = &outcome.plan;
    let known = |id: &Option<FailureId>| id.and_then(|id| outcome.failure(id));
    let subject = plan.subject_at();
    let by_step = |step: &usize| {
        let app = plan.steps.get(*step).map(|s| s.app);
        app.filter(|app| *app < plan.apps.len()).unwrap_or(subject)
    };
    match what {
        What::StepStarted { step, title, tier } => {
            threads[by_step(step)].step_begins(at, *step, title, *tier);
        }
        What::StepEnded { step, status, ms, failure, note } => {
            let span = Span::over(Kind::Step, format!("step {step}"), at, *ms).of(&step.to_string());
            let span = span.with("status", status.name()).with("note", note.clone());
            threads[by_step(step)].ends(span, known(failure));
        }
        What::Waiting { step, on } => threads[by_step(step)].waits(at, on),
        What::HookStarted { hook } => threads[thread_of(plan, hook)].hook_begins(at, hook),
        What::HookEnded { hook, ms, failure, .. } => {
            let span = Span::over(Kind::Hook, hook, at, *ms).of(hook);
            threads[thread_of(plan, hook)].ends(span, known(failure));
        }
        What::Called { by, function, arguments, result, ok, ms } => {
            let span = Span::over(Kind::Call, function, at, *ms).of(by).with("arguments", arguments.clone());
            threads[thread_of(plan, by)]
                .put(span.with(if *ok { "result" } else { "error" }, result.as_str()));
        }
        What::Said { by, text } => {
            let span = Span::new(Kind::Log, "log", at, at).of(by).with("text", text.as_str());
            threads[thread_of(plan, by)].put(span);
        }
        What::TestEnded { file, name, status, ms, failure, .. } => {
            let test = format!("{file} {name}");
            let span = Span::over(Kind::Test, &test, at, *ms).of(&test).with("status", status.name());
            threads[thread_of(plan, name)].ends(span, known(failure));
        }
        What::Pulled { image, present, ms, .. } => {
            let pulls = |t: &Thread| t.step.and_then(|n| plan.steps.get(n)).is_some_and(is_pull);
            let thread = threads.iter().position(pulls).unwrap_or(subject);
            let span = Span::over(Kind::Pull, format!("pull {image}"), at, *ms);
            threads[thread].put(span.with("present", *present));
        }
        other => of_run(other, at).into_iter().for_each(|span| threads[subject].put(span)),
    }
}

/// Instant events that belong to the run as a whole.
fn of_run(what: &What, at: u64) -> Vec<Span> {
    let mark = |kind, name: &str| Span::new(kind, name, at, at);
    match what {
        What::NotProved { what } => vec![mark(Kind::Note, "not proved").with("what", what.as_str())],
        What::Stopped { by } => vec![mark(Kind::Note, "stopped").with("by", by.as_str())],
        What::RecordFailed { failure } => vec![failed(failure, at)],
        What::SecretFound { file, secret } => {
            let span = mark(Kind::Failure, "secret found").with("file", file.as_str());
            vec![span.with("secret", secret.as_str())]
        }
        What::Removed { leftovers, .. } => {
            let left = |held: &Held| {
                let span = mark(Kind::Failure, "left over").with("kind", held.kind.as_str());
                span.with("name", held.name.as_str()).with("held by", held.by.as_str())
            };
            leftovers.iter().map(left).collect()
        }
        _ => vec![],
    }
}

fn is_pull(step: &Step) -> bool {
    matches!(step.action, Action::Pull { .. })
}
