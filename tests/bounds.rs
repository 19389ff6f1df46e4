//! The limits of scripts, measured: what LIMITS says about a limit is enforced, at the limit and one above it. A limit
//! that is enforced elsewhere has its test there. Every row has a test named `bound_` and its name.

use crate::hostile::Ground;
use crate::scripts::one;
use ccci_model::diag::Text;
use ccci_runner::ctx::{self, Ctx};
use ccci_script::limits::{self, Limit};
use ccci_script::{ErrorKind, FnRef, Guard, Point, RecipeTexts, ScriptError, Scripts, StopReason, hooks};
use rhai::{Dynamic, Engine};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Observes a call: how often the guard was asked, what the script printed, and the processor time of its thread.
#[derive(Default)]
struct Eye {
    asked: Mutex<usize>,
    printed: Mutex<Vec<String>>,
    used: Mutex<Option<(Duration, Duration)>>,
    /// How many bytes the script's thread had allocated at its first and at its last print.
    held: Mutex<Option<(isize, isize)>>,
    /// Size of the stack that the script ran on, in bytes.
    stack: Mutex<usize>,
    operations: Option<usize>,
    processor: Option<Duration>,
}

impl Guard for Eye {
    fn stop(&self) -> Option<StopReason> {
        let mut asked = self.asked.lock().unwrap();
        if *asked == 0 {
            *self.stack.lock().unwrap() = size_of_this_stack();
        }
        *asked += 1;
        let mut used = self.used.lock().unwrap();
        let now = processor_time();
        *used = Some((used.map_or(now, |u| u.0), now));
        None
    }

    /// `look` is not called for operations, so it is not counted.
    fn look(&self) -> Option<StopReason> {
        None
    }

    fn printed(&self, _: &str, text: &str) {
        let mut held = self.held.lock().unwrap();
        let now = heap::held();
        *held = Some((held.map_or(now, |h| h.0), now));
        self.printed.lock().unwrap().push(text.to_string());
    }

    fn operations(&self) -> usize {
        self.operations.unwrap_or(limits::OPERATIONS.most)
    }

    fn processor(&self) -> Duration {
        self.processor.unwrap_or(Duration::from_secs(limits::PROCESSOR.most as u64))
    }
}

impl Eye {
    /// The number that was printed last.
    fn last(&self) -> usize {
        self.printed.lock().unwrap().last().map_or(0, |text| text.parse().unwrap())
    }

    fn used(&self) -> Duration {
        self.used.lock().unwrap().map_or(Duration::ZERO, |(first, last)| last - first)
    }
}

/// Processor time of the calling thread.
fn processor_time() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}

/// Size of the calling thread's stack: the memory mapping that contains one of its local variables.
fn size_of_this_stack() -> usize {
    let here = 0_u8;
    let at = (&raw const here).addr();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let ranges = maps.lines().filter_map(|line| line.split_once(' ')?.0.split_once('-'));
    let number = |hex: &str| usize::from_str_radix(hex, 16).unwrap();
    let found = ranges.map(|(from, to)| number(from)..number(to)).find(|range| range.contains(&at));
    found.map_or(0, |range| range.len())
}

/// Calls `pre_install` of a script without an app, and observes it.
fn watched(script: &str, eye: &Arc<Eye>) -> Result<Dynamic, ScriptError> {
    let (scripts, _) = Scripts::load(&one("hooks.rhai", script), &[]).unwrap();
    let what = FnRef { file: "hooks.rhai".into(), name: "pre_install".into() };
    scripts.call(&what, vec![Dynamic::UNIT], &|_| {}, eye.clone())
}

/// A hook with this body.
fn body(of: &str) -> String {
    format!("fn pre_install(ctx) {{\n{of}\n}}\n")
}

fn run(of: &str) -> Result<Dynamic, ScriptError> {
    watched(&body(of), &Arc::default())
}

/// Calls a hook of an app in memory.
fn with_app(ground: &Ground, of: &str) -> Result<Dynamic, ScriptError> {
    let (scripts, found) = Scripts::load(&one("hooks.rhai", &body(of)), &ctx::sigs()).unwrap();
    assert!(!found.has_errors(), "{found:?}");
    let ctx = ground.ctx(hooks::PRE_INSTALL, Point::Test);
    let what = FnRef { file: "hooks.rhai".into(), name: "pre_install".into() };
    let args = vec![Dynamic::from(Ctx(ctx.clone()))];
    let given = ctx.clone();
    scripts.call(&what, args, &move |e: &mut Engine| ctx::register(e, &given), ctx)
}

/// The first must succeed, the second must end at the limit.
fn holds(limit: &Limit, fits: Result<Dynamic, ScriptError>, over: Result<Dynamic, ScriptError>) {
    assert!(fits.is_ok(), "{} {}: {:?}", limit.name, limit.most, fits.unwrap_err());
    ends(limit, over);
}

fn ends(limit: &Limit, over: Result<Dynamic, ScriptError>) {
    match over {
        Err(e) => assert_eq!(e.kind, ErrorKind::Limit(limit.name), "{e}"),
        Ok(v) => panic!("nothing ended it at the limit of {}: {v:?}", limit.name),
    }
}

/// The diagnostics of loading these scripts, as code and message.
fn said(files: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let text = |path: &String, content| Arc::new(Text { path: path.clone(), content });
    let texts: RecipeTexts = files.into_iter().map(|(p, c)| (p.clone(), text(&p, c))).collect();
    let (_, found) = Scripts::load(&texts, &[]).unwrap();
    found.0.iter().map(|d| format!("{} {}", d.code.id, d.message)).collect()
}

fn said_of(content: String) -> Vec<String> {
    said([("hooks.rhai".to_string(), content)])
}

/// The greatest number for which this is true. It must be true for all smaller numbers, and false for `not`.
fn greatest(mut not: usize, holds: impl Fn(usize) -> bool) -> usize {
    let mut yes = 0;
    while not - yes > 1 {
        let middle = yes + (not - yes) / 2;
        if holds(middle) {
            yes = middle;
        } else {
            not = middle;
        }
    }
    yes
}

#[test]
fn bound_operations() {
    let eye = Arc::new(Eye::default());
    ends(limits::OPERATIONS, watched(&body("let n = 0; loop { n += 1; }"), &eye));
    // the guard is asked at the first of every 64 operations
    let counted = *eye.asked.lock().unwrap() * 64;
    assert!(counted.abs_diff(limits::OPERATIONS.most) <= 64, "{counted} operations");
}

/// The full limit is measured only by the soak, which has more time; otherwise a part of it is.
#[test]
fn bound_processor_time() {
    let full = std::env::var("CCCI_HOSTILE").is_ok_and(|how| how == "full");
    let most = Duration::from_secs(limits::PROCESSOR.most as u64);
    let part = if full { most } else { Duration::from_millis(40) };
    let copies = "let f = || 1; for i in 0..10 { f = f.curry(f); } loop { f.curry(1); }";
    // a guard may allow less than the table, but never more
    for asked in if full { vec![part, 2 * most] } else { vec![part] } {
        let eye = Arc::new(Eye { processor: Some(asked), ..Eye::default() });
        ends(limits::PROCESSOR, watched(&body(copies), &eye));
        let used = eye.used();
        assert!(used < part + Duration::from_millis(500), "{used:?} of {part:?}");
        // the last question was up to 64 operations before the end
        assert!(used > part / 2, "{used:?} of {part:?}");
    }
}

#[test]
fn bound_memory() {
    let eye = Arc::new(Eye::default());
    let hog = "let t = \"x\"; t.pad(100000, \"x\"); let f = || 1; let n = 0;
        loop { n += 1; let u = t + n; let g = f; f = || [g, u]; print(n); }";
    ends(limits::MEMORY, watched(&body(hog), &eye));
    let (first, last) = eye.held.lock().unwrap().unwrap();
    let held = usize::try_from(last - first).unwrap();
    assert!(held < limits::MEMORY.most && held > limits::MEMORY.most - 1_000_000, "{held} bytes");
}

#[test]
fn bound_call_depth() {
    let eye = Arc::new(Eye::default());
    let down = "fn pre_install(ctx) { down(1) }\nprivate fn down(n) { print(n); down(n + 1) }";
    ends(limits::CALL_DEPTH, watched(down, &eye));
    assert_eq!(eye.last(), limits::CALL_DEPTH.most);
}

#[test]
fn bound_expression_depth() {
    // what is written, and how many levels it takes; the function and the statement take four more
    let table = [
        ("- ", "", 1),
        ("(", ")", 2),
        ("{", "}", 2),
        ("[", "]", 3),
        ("#{a: ", "}", 3),
        ("if true {", "}", 3),
    ];
    for (open, close, levels) in table {
        let nested = |n: usize| body(&format!("{}1{}", open.repeat(n), close.repeat(n)));
        let too_deep = format!("nested more than {} levels deep", limits::EXPRESSION_DEPTH.most);
        let refused = |n: usize| said_of(nested(n)).iter().any(|s| s.contains(&too_deep));
        let deepest = greatest(500, |n| !refused(n));
        assert_eq!(deepest, (limits::EXPRESSION_DEPTH.most - 4) / levels, "{open}");
    }
}

#[test]
fn bound_text_length() {
    let pad = |n: usize| format!("let t = \"\"; t.pad({n}, \"x\");");
    let most = limits::TEXT.most;
    holds(limits::TEXT, run(&pad(most)), run(&pad(most + 1)));
    holds(limits::TEXT, run(&format!("{} t", pad(most))), run(&format!("{} t + \"x\"", pad(most))));
    ends(limits::TEXT, run(&format!("{} `${{t}}x`", pad(most))));
    ends(limits::TEXT, run(&format!("{} t.replace(\"x\", \"xy\");", pad(most))));
}

#[test]
fn bound_array_length() {
    let pad = |n: usize| format!("let a = []; a.pad({n}, 1);");
    let most = limits::ARRAY.most;
    holds(limits::ARRAY, run(&pad(most)), run(&pad(most + 1)));
    ends(limits::ARRAY, run(&format!("{} a.push(1);", pad(most))));
    ends(limits::ARRAY, run(&format!("{} a += 1;", pad(most))));
    // elements of inner arrays count, and so do the arrays that contain them
    let nested = |n: usize| format!("{} [a, a].len()", pad(n));
    holds(limits::ARRAY, run(&nested(most / 2 - 1)), run(&nested(most / 2)));
    // what is set by index is counted at the next native function
    let set = |n: usize| format!("{} let b = [0, 0]; b[0] = a; b[1] = a;", pad(n));
    holds(limits::ARRAY, run(&set(most - 10)), run(&format!("{} b.len()", set(most - 10))));
}

#[test]
fn bound_map_size() {
    let made = |n: usize| format!("let m = #{{}}; for i in 0..{n} {{ m.set(`k${{i}}`, i); }}");
    let most = limits::MAP.most;
    holds(limits::MAP, run(&made(most)), run(&made(most + 1)));
    ends(limits::MAP, run(&format!("{} m.more = 1;", made(most))));
    ends(limits::MAP, run(&format!("{} [m, #{{a: 1}}].len()", made(most))));
    // what is set by key is counted at the next native function
    let indexed = |n: usize| format!("let m = #{{}}; for i in 0..{n} {{ m[`k${{i}}`] = i; }} m.len()");
    holds(limits::MAP, run(&indexed(most)), run(&indexed(most + 1)));
}

#[test]
fn bound_variables() {
    let lets = |n: usize| (0..n).map(|i| format!("let v{i} = {i};\n")).collect::<String>();
    // the parameter is a variable too
    let most = limits::VARIABLES.most - 1;
    holds(limits::VARIABLES, run(&lets(most)), run(&lets(most + 1)));
}

#[test]
fn bound_functions() {
    let functions = |n: usize| (0..n).map(|i| format!("private fn f{i}() {{ 1 }}\n")).collect::<String>();
    let over = |n: usize| said_of(functions(n)).iter().any(|s| s.starts_with("script-too-large"));
    assert_eq!(greatest(1_000, |n| !over(n)), limits::FUNCTIONS.most);
    // closures are functions too
    let closures = |n: usize| body(&(0..n).map(|i| format!("let f = || {i};\n")).collect::<String>());
    let over = |n: usize| said_of(closures(n)).iter().any(|s| s.starts_with("script-too-large"));
    assert_eq!(greatest(1_000, |n| !over(n)) + 1, limits::FUNCTIONS.most);
}

#[test]
fn bound_imports() {
    let over = |n: usize| {
        let imports: String = (0..n).map(|i| format!("import \"lib/x{i}\" as x{i};\n")).collect();
        let libs = (0..n).map(|i| (format!("lib/x{i}.rhai"), "fn f() { 1 }".to_string()));
        let hooks = ("hooks.rhai".to_string(), format!("{imports}{}", body("ctx")));
        said(libs.chain([hooks])).iter().any(|s| s.contains("the limit of imports"))
    };
    assert_eq!(greatest(70, |n| !over(n)), limits::MODULES.most);
}

#[test]
fn bound_file_size() {
    let of = |bytes: usize| {
        let script = body("ctx");
        format!("{script}//{}", "x".repeat(bytes - script.len() - 2))
    };
    assert_eq!(said_of(of(limits::SOURCE.most)), [""; 0]);
    let over = said_of(of(limits::SOURCE.most + 1));
    assert!(over[0].starts_with("script-too-large"), "{over:?}");
}

#[test]
fn bound_printed_text() {
    let most = limits::PRINTED.most;
    let print = |bytes: usize| {
        let eye = Arc::new(Eye::default());
        let text = format!("let t = \"\"; t.pad(1024, \"x\"); for i in 0..{} {{ print(t); }}", bytes / 1024);
        drop(watched(&body(&text), &eye).unwrap());
        std::mem::take(&mut *eye.printed.lock().unwrap())
    };
    assert_eq!(print(most).iter().map(String::len).sum::<usize>(), most);
    let over = print(2 * most);
    assert_eq!(over.iter().take(most / 1024).map(String::len).sum::<usize>(), most);
    let note = format!("(more than {most} bytes printed; the rest is dropped)");
    assert_eq!(over[most / 1024..], [note]);
    // the output of `ctx.log` is counted in the same way, in the record
    let ground = Ground::new();
    let log = format!("let t = \"\"; t.pad(1024, \"x\"); for i in 0..{} {{ ctx.log(t); }}", 2 * most / 1024);
    drop(with_app(&ground, &log).unwrap());
    let told = ground.told();
    assert!(told > most && told < 2 * most, "{told} bytes of {most}");
}

#[test]
fn bound_error_text() {
    let thrown = |n: usize| run(&format!("let t = \"\"; t.pad({n}, \"x\"); throw t;")).unwrap_err().message;
    let most = limits::ERROR_TEXT.most;
    assert_eq!(thrown(most), "x".repeat(most));
    assert_eq!(thrown(most + 1), format!("{}…", "x".repeat(most)));
}

#[test]
fn bound_call_time() {
    let ground = Ground::new();
    let ctx = ground.ctx(hooks::PRE_INSTALL, Point::Test);
    let began = ground.world.clock.now();
    let given = ctx.call("exec", vec![], |_| String::new(), |limit| Ok(limit.deadline.since(began)));
    assert_eq!(given.unwrap(), Duration::from_secs(limits::CALL_TIME.most as u64));
}

#[test]
fn bound_load_operations() {
    let turns = |n: usize| format!("let n = 0; while n < {n} {{ n += 1; }} n");
    let constant = |n: usize| format!("const A = {{ {} }};\n{}", turns(n), body("ctx"));
    let most = greatest(50_000, |n| said_of(constant(n)).is_empty());
    let over = said_of(constant(most + 1));
    assert!(over[0].contains("exceeds the limit of operations"), "{over:?}");
    // as many turns of the loop as loading allows take as many operations as the table says
    let eye = |n| Arc::new(Eye { operations: Some(n), ..Eye::default() });
    let turns = body(&turns(most));
    assert!(watched(&turns, &eye(limits::LOAD_OPERATIONS.most + 10)).is_ok());
    ends(limits::OPERATIONS, watched(&turns, &eye(limits::LOAD_OPERATIONS.most - 20)));
}

#[test]
fn bound_calls() {
    let asks = |n: usize| format!("for i in 0..{n} {{ ctx.services(); }}");
    let most = limits::CALLS.most;
    holds(limits::CALLS, with_app(&Ground::new(), &asks(most)), with_app(&Ground::new(), &asks(most + 1)));
}

#[test]
fn bound_log_lines() {
    let ground = Ground::new();
    ground.log("app", &"line\n".repeat(limits::LOG_LINES.most + 5));
    let lines = with_app(&ground, "ctx.logs(\"app\", 999999).split(\"\\n\").len()").unwrap();
    assert_eq!(lines.as_int(), Ok(limits::LOG_LINES.most as i64));
}

#[test]
fn bound_headers() {
    let with = |n: usize| {
        let made = format!("let h = #{{}}; for i in 0..{n} {{ h.set(`x-${{i}}`, \"1\"); }}");
        with_app(&Ground::new(), &format!("{made} ctx.get(\"/\", #{{ headers: h }}).status"))
    };
    let most = limits::HEADERS.most;
    assert_eq!(with(most).unwrap().as_int(), Ok(200));
    assert_eq!(
        with(most + 1).unwrap_err().message,
        format!("{} headers; at most {most} are allowed", most + 1)
    );
}

#[test]
fn bound_sessions() {
    let opened = |n: usize| {
        with_app(
            &Ground::new(),
            &format!("for i in 0..{n} {{ ctx.session(`s${{i}}`); ctx.session(`s${{i}}`); }}"),
        )
    };
    let most = limits::SESSIONS.most;
    holds(limits::SESSIONS, opened(most), opened(most + 1));
    // the limit is for the whole run, whichever hooks open the sessions
    let ground = Ground::new();
    let open = |from: usize, to: usize| format!("for i in {from}..{to} {{ ctx.session(`s${{i}}`); }}");
    drop(with_app(&ground, &open(0, most)).unwrap());
    ends(limits::SESSIONS, with_app(&ground, &open(most, most + 1)));
}

#[test]
fn bound_marks() {
    let left = |bytes: usize| {
        // 3 bytes are for the name, which is one letter, and the quotes of a text in JSON
        let text = format!("let t = \"\"; t.pad({}, \"x\"); ctx.remember(\"a\", t);", bytes - 3);
        with_app(&Ground::new(), &text)
    };
    let most = limits::MARKS.most;
    holds(limits::MARKS, left(most), left(most + 1));
    let ground = Ground::new();
    let half = format!("let t = \"\"; t.pad({}, \"x\");", most / 2);
    drop(with_app(&ground, &format!("{half} ctx.remember(\"a\", t);")).unwrap());
    ends(limits::MARKS, with_app(&ground, &format!("{half} ctx.remember(\"b\", t);")));
}

const CHILD: &str = "CCCI_BOUND_STACK";

/// Runs in a process of its own, where no other script has a thread.
#[test]
fn bound_stack() {
    if std::env::var_os(CHILD).is_some() {
        return stacks();
    }
    let test = ["bounds::bound_stack", "--exact", "--nocapture", "--test-threads=1"];
    let child = Command::new(std::env::current_exe().unwrap()).args(test).env(CHILD, "1").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(child.status.success(), "{out}{err}");
}

fn stacks() {
    let chain = |n: usize| body(&format!("let f = || 1; for i in 0..{n} {{ let g = f; f = || g; }}"));
    let eye = Arc::new(Eye::default());
    drop(watched(&chain(10), &eye).unwrap());
    assert_eq!(*eye.stack.lock().unwrap(), limits::STACK.most);
    let (threads, kept) = kept_stacks();
    assert!(threads == 1 && kept < 1 << 20, "{threads} threads, {kept} bytes");
    // the longest chain that the operations allow is freed link by link: the stack is big enough, and its memory is
    // released
    ends(limits::OPERATIONS, watched(&chain(limits::OPERATIONS.most), &Arc::default()));
    assert_eq!(kept_stacks(), (0, 0));
    drop(watched(&chain(10), &Arc::default()).unwrap());
    // a thread is kept only after calls that did not use much of its stack
    for n in [100, 500, 1_000, 2_000, 5_000] {
        drop(watched(&chain(n), &Arc::default()).unwrap());
        let (_, kept) = kept_stacks();
        assert!(kept < 1 << 20, "{kept} bytes after {n} links");
    }
}

/// How many stacks of script threads exist, and how many of their bytes are in memory.
fn kept_stacks() -> (usize, usize) {
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut size = 0;
    let mut kept = (0, 0);
    for line in smaps.lines() {
        let bytes = || line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10;
        if line.starts_with("Size:") {
            size = bytes();
        } else if line.starts_with("Rss:") && size == limits::STACK.most {
            kept = (kept.0 + 1, kept.1 + bytes());
        }
    }
    kept
}
