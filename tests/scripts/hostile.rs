//! How calls end: values, assertions with both sides, raised errors with their place, and hostile scripts at a limit.

use super::{call, call_hook};
use ccci::script::{ErrorKind, Guard, StopReason, Unguarded};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Stops after so many questions.
struct After(AtomicUsize, StopReason);

impl Guard for After {
    fn stop(&self) -> Option<StopReason> {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        (left == 0).then_some(self.1)
    }
}

/// The body of a hook must end as said, at this position.
fn ends(body: &str, kind: ErrorKind, place: &str) {
    let e = call_hook(&format!("fn pre_install(ctx) {{\n{body}\n}}"), "pre_install").unwrap_err();
    assert_eq!((e.kind, e.place.as_str()), (kind, place), "{body}\n{}", e.message);
}

#[test]
fn a_failed_assertion_shows_both_sides_and_its_text() {
    let e = call_hook("fn pre_install(ctx) {\n  assert(ctx.get(\"/x\").status == 200);\n}", "pre_install")
        .unwrap_err();
    assert_eq!(e.kind, ErrorKind::Assertion);
    assert_eq!(e.message, "`ctx.get(\"/x\").status == 200` does not hold: 404 == 200");
    assert_eq!(e.place, "hooks.rhai:2:3");
}

#[test]
fn an_endless_loop_ends_at_the_limit_of_operations() {
    ends("let n = 0;\nloop { n += 1; }", ErrorKind::Limit("operations"), "hooks.rhai:3:10");
}

#[test]
fn the_guard_ends_a_script() {
    for (why, kind) in
        [(StopReason::Deadline, ErrorKind::Deadline), (StopReason::Cancelled, ErrorKind::Cancelled)]
    {
        let guard = Arc::new(After(AtomicUsize::new(10), why));
        let e = call("fn pre_install(ctx) {\n loop { try { throw 1 } catch { } }\n}", "pre_install", guard)
            .unwrap_err();
        assert_eq!(e.kind, kind);
        assert!(e.place.starts_with("hooks.rhai:2:"), "{}", e.place);
    }
}

#[test]
fn values_come_back() {
    let hook = "fn ready_probe(ctx) { ctx.get(\"/\").status == 200 }";
    assert!(call(hook, "ready_probe", Arc::new(Unguarded)).unwrap().as_bool().unwrap());
}
