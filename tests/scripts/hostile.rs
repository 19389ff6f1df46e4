//! How calls end: values, assertions with both sides, raised errors with their place, and hostile scripts at a limit.

use super::{call, call_hook, load, one, run, sample};
use ccci_model::diag::Text;
use ccci_script::{ErrorKind, FnRef, Guard, RecipeTexts, StopReason, Unguarded};
use rhai::Dynamic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Stops the script after it was asked so many times.
struct After(AtomicUsize, StopReason);

impl Guard for After {
    fn stop(&self) -> Option<StopReason> {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        (left == 0).then_some(self.1)
    }
}

/// Allows fewer operations than a real run, so that the limits are reached sooner.
struct Few;

impl Guard for Few {
    fn stop(&self) -> Option<StopReason> {
        None
    }

    fn operations(&self) -> usize {
        50_000
    }
}

/// Checks that the body of a hook ends like this, on this line of the body (the first is 1).
fn ends(body: &str, kind: ErrorKind, line: usize) {
    ends_under(Arc::new(Few), body, kind, line);
}

fn ends_under(guard: Arc<dyn Guard>, body: &str, kind: ErrorKind, line: usize) {
    let hook = format!("fn pre_install(ctx) {{\n{body}\n}}\n{HELPERS}");
    let e = call(&hook, "pre_install", guard).unwrap_err();
    let place = format!("hooks.rhai:{}:", line + 1);
    assert!(
        e.kind == kind && e.place.starts_with(&place),
        "{body}\n{:?} at {}: {}",
        e.kind,
        e.place,
        e.message
    );
}

/// Functions that bodies call by name; they come after the last line on which a body ends.
const HELPERS: &str = "private fn down(n) { down(n + 1) }\nprivate fn spin() { loop { } }\n";

const OPERATIONS: ErrorKind = ErrorKind::Limit("operations");
const MEMORY: ErrorKind = ErrorKind::Limit("memory");

#[test]
fn a_failed_assertion_shows_both_sides_and_its_text() {
    let e = call_hook("fn pre_install(ctx) {\n  assert(ctx.get(\"/x\").status == 200);\n}", "pre_install")
        .unwrap_err();
    assert_eq!(e.kind, ErrorKind::Assertion);
    assert_eq!(e.message, "`ctx.get(\"/x\").status == 200` does not hold: 404 == 200");
    assert_eq!(e.place, "hooks.rhai:2:3");
}

/// What was looked for, and what was there, shortened.
#[test]
fn an_assertion_about_a_part_shows_the_whole_and_the_part() {
    for (assertion, shown) in [
        ("ctx.get(\"/x\").body.contains(\"Welcome\")", "\"you asked /x\" does not contain \"Welcome\""),
        ("t.starts_with(\"b\")", "\"abc\" does not start with \"b\""),
        ("t.ends_with(\"b\")", "\"abc\" does not end with \"b\""),
        ("!t.contains(\"b\")", "\"abc\" contains \"b\""),
        ("!(t.starts_with(\"a\"))", "\"abc\" starts with \"a\""),
        ("list.contains(3)", "[1,2] does not contain 3"),
        ("3 in list", "[1,2] does not contain 3"),
        ("2 !in list", "[1,2] contains 2"),
        ("t in #{ a: 1 }", "{\"a\":1} does not contain \"abc\""),
        ("list.len() == 2 && t.contains(\"x\")", "\"abc\" does not contain \"x\""),
        ("[t][0].contains(\"x\")", "false"),
        ("list.is_empty()", "false"),
    ] {
        let hook = format!(
            "fn pre_install(ctx) {{\n  let t = \"abc\"; let list = [1, 2];\n  assert({assertion});\n}}"
        );
        let e = call_hook(&hook, "pre_install").unwrap_err();
        assert_eq!(e.kind, ErrorKind::Assertion, "{assertion}");
        assert_eq!(e.message, format!("`{assertion}` does not hold: {shown}"));
        assert_eq!(e.place, "hooks.rhai:3:3");
    }
    let long = "let t = \"x\"; t.pad(5000, \"x\"); assert(t.contains(\"y\"));";
    let e = call_hook(&format!("fn pre_install(ctx) {{ {long} }}"), "pre_install").unwrap_err();
    assert!(e.message.contains("… (5000 characters)\" does not contain \"y\""), "{}", e.message);
    let met = "let t = \"abc\"; assert(t.contains(\"b\") && !(t in #{ a: 1 }) && t in [1, t] && !t.ends_with(\"b\"));";
    assert!(call_hook(&format!("fn pre_install(ctx) {{ {met} }}"), "pre_install").is_ok());
}

#[test]
fn endless_loops_end_at_the_limit_of_operations() {
    ends_under(Arc::new(Unguarded), "let n = 0;\nloop { n += 1; }", OPERATIONS, 2);
    ends("for i in 0..9999999999 {\n ctx.domain; }", OPERATIONS, 2);
    ends("let f = || { loop { } };\nf.call();", OPERATIONS, 1);
}

#[test]
fn callbacks_and_try_do_not_start_the_count_anew() {
    ends("loop { [1, 2, 3].for_each(|| { let n = 0;\n while n < 50 { n += 1; } }); }", OPERATIONS, 2);
    ends("loop { try {\n [1].for_each(|| loop { }); } catch { } }", OPERATIONS, 2);
    ends(
        "loop { try { eventually(\"1s\", ||\n { let n = 0; while n < 9 { n += 1; } false }); } catch { } }",
        OPERATIONS,
        2,
    );
}

#[test]
fn deep_recursion_ends_at_the_limit_of_calls() {
    let depth = ErrorKind::Limit("call depth");
    let past =
        call_hook(&format!("fn pre_install(ctx) {{ down(0); }}\n{HELPERS}"), "pre_install").unwrap_err();
    assert_eq!((past.kind, past.place.split(':').nth(1)), (depth, Some("2")));
    ends("try { down(0); } catch { 1 }", depth, 3);
    ends("let f = || 1;\nf = |g| g.call(g);\nf.call(f);", depth, 2);
    ends("[1].for_each(|| [1].for_each(|| [1].for_each(|| down(0))));", depth, 3);
}

#[test]
fn hogs_of_memory_end_at_a_limit() {
    ends("let a = [1];\nloop { a += a; }", ErrorKind::Limit("array length"), 2);
    ends("let a = [];\na.pad(99999999999, 0);", ErrorKind::Limit("array length"), 2);
    ends("let a = [];\nloop { a = [a, a]; }", ErrorKind::Limit("array length"), 2);
    ends("let t = \"x\";\nloop { t += t; }", ErrorKind::Limit("text length"), 2);
    ends("let t = \"x\";\nt.pad(999999999999, \"y\");", ErrorKind::Limit("text length"), 2);
    ends("let t = \"x\"; t.pad(100000, \"x\");\nt.replace(\"x\", t);", ErrorKind::Limit("text length"), 2);
    ends("let t = \"x\"; t.pad(100000, \"x\");\nt.replace('x', t);", ErrorKind::Limit("text length"), 2);
    ends("let m = #{}; let n = 0;\nloop { n += 1; m[`k${n}`] = n; }", OPERATIONS, 2);
    ends("let t = \"a,\"; t.pad(900000, \"a,\");\nt.split(\",\");", ErrorKind::Limit("array length"), 2);
    ends(
        "let t = \"x\"; t.pad(900000, \"x\"); let a = [t];\nloop { a.push(t); }",
        ErrorKind::Limit("text length"),
        2,
    );
    // Rhai does not measure what closures capture: only our own count of the thread's memory includes it
    let hog = "let t = \"x\"; t.pad(100000, \"x\"); let f = || 1; let n = 0;\nloop { n += 1; let u = t + n; let g = f; f = || [g, u]; }";
    ends(hog, MEMORY, 2);
}

#[test]
fn chains_of_closures_end_without_breaking_the_stack() {
    let e =
        call_hook("fn pre_install(ctx) {\n let f = || 1;\n loop { let g = f; f = || g; }\n}", "pre_install")
            .unwrap_err();
    assert!(matches!(e.kind, ErrorKind::Limit(_)), "{e:?}");
    let e = call_hook("fn pre_install(ctx) {\n let f = || 1;\n loop { f = f.curry(f); }\n}", "pre_install")
        .unwrap_err();
    assert!(matches!(e.kind, ErrorKind::Limit(_)), "{e:?}");
}

#[test]
fn wrong_arithmetic_is_an_error_with_its_place() {
    for body in [
        "let n = 0;\n1 / n",
        "let n = 9223372036854775807;\nn + 1",
        "let a = [1];\na[5]",
        "let t = \"x\";\nparse_int(t)",
        "let m = #{};\nm.missing",
    ] {
        ends(body, ErrorKind::Raised, 2);
    }
}

#[test]
fn a_thread_counts_what_it_holds_and_nothing_else() {
    let before = heap::held();
    let mine = vec![0_u8; 1 << 20];
    assert!(heap::held() - before >= 1 << 20);
    let other = std::thread::spawn(|| {
        let start = heap::held();
        let its = vec![0_u8; 4 << 20];
        let grown = heap::held() - start;
        drop(its);
        grown
    });
    assert!(other.join().unwrap() >= 4 << 20);
    drop(mine);
    assert!(heap::held() - before < 1 << 20);
}

#[test]
fn a_native_that_breaks_does_not_take_the_process_along() {
    let broken = "fn pre_install(ctx) {\n  recall(ctx);\n}\nprivate fn recall(c) { c.boom() }";
    let e = run(broken, Arc::new(Unguarded));
    assert_eq!((e.kind, e.place.as_str()), (ErrorKind::Panic, "hooks.rhai:4:26"));
    assert!(e.message.contains("the native broke"), "{}", e.message);
}

/// Called by `tests/hostile.rs`, whose tests start early, because it waits for seconds.
pub(crate) fn a_native_that_hangs_is_left_behind() {
    let guard = Arc::new(After(AtomicUsize::new(3), StopReason::Deadline));
    let e = run("fn pre_install(ctx) {\n  ctx.hang();\n}", guard);
    assert_eq!((e.kind, e.place.as_str()), (ErrorKind::Deadline, "hooks.rhai:2:7"));
    // the next call uses another thread than the one that hangs
    assert!(call_hook("fn ready_probe(ctx) { true }", "ready_probe").unwrap().as_bool().unwrap());
}

#[test]
fn what_the_sandbox_leaves_out_cannot_be_called() {
    for body in [
        "eval(\"1\")",
        "sleep(1)",
        "timestamp()",
        "exit()",
        "blob(9)",
        "import \"x\" as x;",
        "open(\"/etc/passwd\")",
        "get_fn_metadata_list()",
    ] {
        let text = format!("fn pre_install(ctx) {{ {body} }}");
        let (scripts, found) = load(&one("hooks.rhai", &text));
        assert!(found.has_errors(), "{body}");
        let what = FnRef { file: "hooks.rhai".into(), name: "pre_install".into() };
        let args = vec![Dynamic::from(sample::Ctx)];
        assert!(scripts.call(&what, args, &sample::register, Arc::new(Unguarded)).is_err(), "{body}");
    }
}

#[test]
fn a_byte_order_mark_is_no_letter_of_a_script() {
    let (scripts, found) = load(&one("hooks.rhai", "\u{feff}fn ready_probe(ctx) { true }"));
    assert!(!found.has_errors(), "{:?}", found.0);
    assert_eq!(scripts.hooks().len(), 1);
}

#[test]
fn scripts_built_to_break_the_loader_are_refused() {
    let deep = |open: &str, close: &str| {
        format!("fn ready_probe(ctx) {{ {}1{} }}", open.repeat(5000), close.repeat(5000))
    };
    let long = format!("fn ready_probe(ctx) {{ let t = \"{}\"; t == \"\" }}", "x".repeat(250_000));
    let many = format!("fn ready_probe(ctx) {{ {} true }}", "let a = 1; ".repeat(20_000));
    let chain = format!("fn ready_probe(ctx) {{ ctx{} }}", ".get(\"/\")".repeat(5000));
    let sum = format!("fn ready_probe(ctx) {{ 1{} }}", " + 1".repeat(50_000));
    let texts = [
        deep("(", ")"),
        deep("[", "]"),
        deep("#{a:", "}"),
        deep("{", "}"),
        deep("|| ", ""),
        deep("-", ""),
        deep("if true {", "}"),
        chain,
        sum,
    ];
    for text in &texts {
        let (_, found) = load(&one("hooks.rhai", text));
        assert!(found.has_errors(), "{}", &text[..60]);
    }
    for text in [&long, &many] {
        load(&one("hooks.rhai", text));
    }
    load(&one("hooks.rhai", "\u{0}\u{feff}fn \u{202e}\r\r\r"));
}

#[test]
fn what_is_printed_is_heard_and_bounded() {
    #[derive(Default)]
    struct Ear(Mutex<Vec<String>>);
    impl Guard for Ear {
        fn stop(&self) -> Option<StopReason> {
            None
        }
        fn printed(&self, place: &str, text: &str) {
            self.0.lock().unwrap().push(format!("{place} {text}"));
        }
    }
    let ear = Arc::new(Ear::default());
    let _unit = call("fn pre_install(ctx) {\n print(\"hello\");\n for i in 0..5000 { print(\"0123456789012345678901234567890\"); }\n}", "pre_install", ear.clone()).unwrap();
    let heard = ear.0.lock().unwrap();
    assert_eq!(heard[0], "hooks.rhai:2 hello");
    assert!(
        heard.len() < 2500 && heard.last().unwrap().contains("the rest is dropped"),
        "{:?}",
        heard.last()
    );
}

#[test]
fn errors_are_told_with_their_frames_and_files() {
    let texts = RecipeTexts::from([
        ("hooks.rhai", "import \"lib/x\" as x;\nfn pre_install(ctx) {\n  x::outer(ctx);\n}\n"),
        ("lib/x.rhai", "fn outer(c) {\n  [1].for_each(|| inner(c));\n}\nprivate fn inner(c) {\n  c.exec(\"app\", [\"false\"]);\n}\n"),
    ].map(|(p, c)| (p.to_string(), Arc::new(Text { path: format!("recipes/r/{p}"), content: c.into() }))));
    let (scripts, found) = load(&texts);
    assert!(found.0.is_empty(), "{found:?}");
    let what = FnRef { file: "hooks.rhai".into(), name: "pre_install".into() };
    let e = scripts
        .call(&what, vec![Dynamic::from(sample::Ctx)], &sample::register, Arc::new(Unguarded))
        .unwrap_err();
    assert_eq!(e.place, "recipes/r/lib/x.rhai:5:5");
    assert_eq!(e.message, "expected exit 0 in app, observed exit 1");
    let frames: Vec<String> = e.frames.iter().map(|f| format!("{} {}", f.name, f.place)).collect();
    assert_eq!(
        frames,
        [
            "outer recipes/r/hooks.rhai:3:6",
            "for_each recipes/r/lib/x.rhai:2:7",
            "closure recipes/r/lib/x.rhai:2:7",
            "inner recipes/r/lib/x.rhai:2:19"
        ]
    );
}

#[test]
fn rust_types_do_not_leak_into_messages() {
    for (body, want) in [
        ("let m = #{ r: ctx.get(\"/\") }; m.r.nope", "Response has no `nope`"),
        ("let m = #{ r: ctx.get(\"/\") }; m.r - 1", "`-` does not work between Response and int"),
        ("let a = [ctx]; a[0].tcp(1, 2, 3)", "there is no function `tcp` for (Ctx, int, int, int)"),
    ] {
        let e = run(&format!("fn pre_install(ctx) {{ {body} }}"), Arc::new(Unguarded));
        assert_eq!(e.message, want);
    }
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
