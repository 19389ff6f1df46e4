//! The cost of the declarative part: loading and checking a recipe directory, planning from its source, calling a
//! hook. For comparison: the start of a process, which a harness in shell or Python needs for the same work.

use super::figures::{Figures, ratio, table};
use ccci_model::diag::Text;
use ccci_script::{FnRef, RecipeTexts, Scripts, Unguarded};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

const ENV_HOOK: &str =
    "fn extra_env(ctx) { let m = #{}; for i in 0..20 { m[\"KEY_\" + i] = \"value \" + i * 2; } m }";
/// Repetitions in a round of work that takes microseconds.
const MANY: u32 = 200;

/// Makes each measurement, `rounds` times.
pub(crate) fn run(rounds: usize) {
    println!("Words: loading, planning and calling, against starting a process");
    let shell = times(rounds, 20, || end(Command::new("sh").args(["-c", ":"])));
    let text = |content: &str| Arc::new(Text { path: "hooks.rhai".into(), content: content.into() });
    let texts = |content: &str| RecipeTexts::from([("hooks.rhai".to_string(), text(content))]);
    let wordpress = std::fs::read_to_string("recipes/wordpress/hooks.rhai").unwrap();
    let loading = texts(&wordpress);
    let load = times(rounds, MANY, || drop(Scripts::load(&loading, &ccci_runner::ctx::sigs()).unwrap()));
    let (scripts, said) = Scripts::load(&texts(ENV_HOOK), &ccci_runner::ctx::sigs()).unwrap();
    assert!(!said.has_errors(), "the hook of the bench does not load");
    let what = FnRef { file: "hooks.rhai".into(), name: "extra_env".into() };
    let hook = times(rounds, MANY, || {
        let done = scripts.call(&what, vec![rhai::Dynamic::UNIT], &|_| (), Arc::new(Unguarded));
        assert!(done.is_ok());
    });
    let check = times(rounds, 5, || ccci(&["check", "recipes/wordpress"]));
    let plan = times(rounds, 5, || ccci(&["plan", "recipes/wordpress"]));
    let row = |name: &str, f: &Figures| {
        vec![name.to_string(), f.shown(), format!("{:.2}", ratio(f.median(), shell.median()))]
    };
    table(
        &["what", &format!("median of {rounds} (least to most)"), "against `sh -c :`"],
        &[
            row("start `sh -c :` (floor)", &shell),
            row("load and check wordpress/hooks.rhai", &load),
            row("call a hook that makes an env of 20", &hook),
            row("ccci check recipes/wordpress", &check),
            row("ccci plan recipes/wordpress (at most 100 ms)", &plan),
        ],
    );
}

/// Time of one call, from `many` in a row, for each round.
fn times(rounds: usize, many: u32, mut what: impl FnMut()) -> Figures {
    let mut out = Figures::default();
    for _ in 0..rounds {
        let began = Instant::now();
        (0..many).for_each(|_| what());
        out.add(began.elapsed() / many);
    }
    out
}

fn ccci(words: &[&str]) {
    end(Command::new(env!("CARGO_BIN_EXE_ccci")).args(words));
}

fn end(command: &mut Command) {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(quiet.status().unwrap().success());
}
