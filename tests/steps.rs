//! Single operations of scripts: no native function takes long in one operation, whatever its arguments are. Nothing
//! can end a script between two operations, so each native of the language is called with the largest values of every
//! kind that the limits allow.
//!
//! The suite tries every hundredth call; `CCCI_HOSTILE=full` tries all of them, some thousands.

use crate::scripts::one;
use ccci_script::{FnRef, Guard, Scripts, StopReason};
use rhai::{Array, Dynamic, Engine, FLOAT, FnPtr, INT, ImmutableString, Map};
use rustix::time::{ClockId, clock_gettime};
use std::any::TypeId;
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longest time for one operation, also in a debug build.
const LONGEST: Duration = Duration::from_secs(1);
/// The suite tries one call out of this many.
const EVERY: usize = 100;

/// Large values: the name of a variable, and the statements that make it.
const LARGE: &[(&str, &str)] = &[
    ("long", "let long = \"a\"; long.pad(1000000, \"a\");"),
    ("pattern", "let pattern = \"a\"; pattern.pad(400000, \"a\"); pattern += \"b\";"),
    ("list", "let list = []; list.pad(9990, 1);"),
    ("lists", "let lists = []; lists.pad(99, \"x\"); lists = [lists]; lists.pad(99, lists[0]);"),
    (
        "closures",
        "let c = |x| 1; for i in 0..3 { c = c.curry(c); } let closures = []; closures.pad(9990, c);",
    ),
    ("map", "let map = #{}; for i in 0..990 { map[`key${i}`] = i; }"),
    ("yes", "let yes = |x| true;"),
    ("less", "let less = |x, y| 0;"),
    ("deep", "let deep = |x| 1; for i in 0..17 { deep = deep.curry(deep); }"),
];

fn forms(kind: TypeId) -> &'static [&'static str] {
    let table: [(TypeId, &[&str]); 11] = [
        (TypeId::of::<INT>(), &["1", "900000", "-1", "9223372036854775807"]),
        (TypeId::of::<FLOAT>(), &["1e300"]),
        (TypeId::of::<bool>(), &["true"]),
        (TypeId::of::<char>(), &["'a'"]),
        (TypeId::of::<()>(), &["()"]),
        (TypeId::of::<ImmutableString>(), &["long", "\"b\"", "pattern"]),
        (TypeId::of::<Array>(), &["list", "lists", "closures"]),
        (TypeId::of::<Map>(), &["map"]),
        (TypeId::of::<FnPtr>(), &["yes", "less", "Fn(\"max\")", "deep"]),
        (TypeId::of::<Range<INT>>(), &["0..9223372036854775807", "0..900000"]),
        (TypeId::of::<RangeInclusive<INT>>(), &["0..=9223372036854775806"]),
    ];
    let any: &[&str] = &["long", "list", "map", "1", "yes", "deep"];
    let found = table.iter().find(|row| row.0 == kind).map(|row| row.1);
    found.unwrap_or(if kind == TypeId::of::<Dynamic>() { any } else { &[] })
}

/// All native functions of a script's engine, with the types of their parameters.
fn natives() -> Vec<(String, Vec<TypeId>)> {
    let found: Arc<Mutex<Vec<_>>> = Arc::default();
    let into = found.clone();
    let list = move |e: &mut Engine| {
        let row =
            |f: rhai::FuncInfo<'_>| Some((f.metadata.name.to_string(), f.metadata.param_types.to_vec()));
        into.lock().unwrap().extend(e.collect_fn_metadata(None, row, true));
    };
    called("1", &list);
    std::mem::take(&mut *found.lock().unwrap())
}

/// A call of a native function with these arguments; `None` if it cannot be called.
fn call(name: &str, args: &[&str]) -> Option<String> {
    let is_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    match args {
        _ if name.contains('$') => None,
        _ if is_word => Some(format!("{name}({})", args.join(", "))),
        [left, right] => Some(format!("{left} {name} {right}")),
        _ => None,
    }
}

fn calls() -> Vec<String> {
    let mut out = vec![];
    for (name, kinds) in natives() {
        let mut rows: Vec<Vec<&str>> = vec![vec![]];
        for kind in kinds {
            let longer = |row: Vec<&'static str>| forms(kind).iter().map(move |f| [&*row, &[*f]].concat());
            rows = rows.into_iter().flat_map(longer).collect();
        }
        for row in rows {
            let used = LARGE.iter().filter(|(name, _)| row.contains(name));
            let made: Vec<&str> = used.map(|(_, statements)| *statements).collect();
            // native functions change their first argument in place
            let names: Vec<String> = (0..row.len()).map(|i| format!("x{i}")).collect();
            let lets: String = row.iter().zip(&names).map(|(v, n)| format!("let {n} = {v}; ")).collect();
            let args: Vec<&str> = names.iter().map(String::as_str).collect();
            let call = call(&name, &args);
            out.extend(call.map(|call| {
                format!("{}\n{lets}\n{REST} try {{ {call}; }} catch {{ }} {REST}", made.join("\n"))
            }));
        }
    }
    out.sort();
    out.dedup();
    out
}

/// Enough operations that the guard is asked.
const REST: &str = "for i in 0..64 { }";

/// Measures the longest processor time between two questions on the script's own thread.
#[derive(Default)]
struct Gap(Mutex<(Option<Duration>, Duration)>);

impl Guard for Gap {
    fn stop(&self) -> Option<StopReason> {
        let used = clock_gettime(ClockId::ThreadCPUTime);
        let now = Duration::new(used.tv_sec as u64, used.tv_nsec as u32);
        let mut gap = self.0.lock().unwrap();
        let longest = gap.0.map_or(Duration::ZERO, |last| now - last).max(gap.1);
        *gap = (Some(now), longest);
        None
    }

    fn look(&self) -> Option<StopReason> {
        None
    }
}

/// Calls a body and returns the time of its longest operation.
fn called(body: &str, setup: &dyn Fn(&mut Engine)) -> Duration {
    let texts = one("hooks.rhai", &format!("fn pre_install(ctx) {{ {body} }}"));
    let (scripts, _) = Scripts::load(&texts, &[]).unwrap();
    let gap = Arc::new(Gap::default());
    let what = FnRef { file: "hooks.rhai".into(), name: "pre_install".into() };
    // most calls make no sense and end with an error
    let _ = scripts.call(&what, vec![Dynamic::UNIT], setup, gap.clone());
    gap.0.lock().unwrap().1
}

#[test]
fn no_native_takes_long_in_one_step_whatever_it_is_given() {
    let all = calls();
    assert!(all.len() > 2_000, "{} calls", all.len());
    let every = if std::env::var("CCCI_HOSTILE").is_ok_and(|how| how == "full") { 1 } else { EVERY };
    let tried = all.iter().step_by(every).map(|body| (called(body, &|_| ()), body));
    let mut steps: Vec<(Duration, &String)> = tried.collect();
    steps.sort();
    let (longest, body) = steps.last().unwrap();
    println!("{} of {} calls; the longest step took {longest:?}:\n{body}", steps.len(), all.len());
    assert!(*longest < LONGEST, "{longest:?}: {body}");
}
