//! The whole lifecycle of a recipe by ccci and by hand (`by_hand/`), alternately. Nobody who does it by hand has a browser, so
//! ccci is measured without its page tests and its picture as well.

use super::figures::{Figures, ratio, span, table};
use super::folder::copy;
use super::process::{Used, watch};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A recipe, and the newest published version before its head, which ccci chooses itself.
const LIVES: &[(&str, &str)] = &[("custom-html", "1.10.0+1.27.0"), ("wordpress", "1.0.0+6.4.3")];
/// The file with page tests.
const PAGE_TESTS: &str = "custom/test_in_a_browser.rhai";

/// Measures all lives, `rounds` times each.
pub(crate) fn run(rounds: usize) {
    for (recipe, base) in LIVES {
        life(recipe, base, rounds);
        println!();
    }
}

fn life(recipe: &str, base: &str, rounds: usize) {
    println!(
        "The whole lifecycle of {recipe}: by ccci, and by hand (deploy, poll in a tight loop, write, upgrade, archive, damage, restore, remove)"
    );
    let source = format!("dev/lab/repos/{recipe}");
    let own = tempfile::tempdir().unwrap();
    let plain = own.path().join(recipe);
    copy(&PathBuf::from("recipes").join(recipe), &plain);
    fs::remove_file(plain.join(PAGE_TESTS)).unwrap();
    let (mut floor, mut same, mut whole) = <(Figures, Figures, Figures)>::default();
    let (mut cpu, mut children, mut peak_kb) = (Figures::default(), Figures::default(), 0);
    for _ in 0..rounds {
        let script = format!("dev/bench/by_hand/{recipe}.sh");
        let hand = watch(Command::new("bash").args([&script, &source, base]).stdin(Stdio::null()));
        assert!(hand.status.success(), "{script} failed");
        floor.add(hand.wall);
        same.add(by_ccci(&[&plain.display().to_string(), "--source", &source, "--no-browser"]).wall);
        let used = by_ccci(&[&format!("recipes/{recipe}")]);
        whole.add(used.wall);
        cpu.add(used.cpu);
        children.add(used.children);
        peak_kb = peak_kb.max(used.peak_kb);
    }
    let row = |name: &str, figures: &Figures| vec![name.to_string(), figures.shown()];
    table(
        &["what", &format!("median of {rounds} (least to most)")],
        &[
            row("by hand, wall", &floor),
            row("ccci without a browser, wall", &same),
            row("ccci with a picture and page tests, wall", &whole),
            row("ccci, own processor time", &cpu),
            row("ccci, its children's (docker client, git, browser)", &children),
        ],
    );
    println!("  ratio of wall times {:.2} (at most 1.15)", ratio(same.median(), floor.median()));
    println!("  ratio with the browser {:.2}", ratio(whole.median(), floor.median()));
    println!("  own processor time {} (at most 1 s)", span(cpu.max()));
    println!("  own memory {} MB at the maximum (at most 60 MB)", peak_kb / 1024);
}

fn by_ccci(words: &[&str]) -> Used {
    let out = tempfile::tempdir().unwrap();
    let mut ccci = Command::new(env!("CARGO_BIN_EXE_ccci"));
    ccci.arg("run").args(words).arg("--out").arg(out.path().join("record"));
    let used = watch(ccci.stdin(Stdio::null()).stderr(Stdio::null()));
    assert!(used.status.success(), "ccci run {words:?} ended with {}", used.status);
    used
}
