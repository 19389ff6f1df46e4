//! The whole lifecycle of `custom-html` by ccci and by hand (`by_hand.sh`), alternately.

use super::figures::{Figures, ratio, span, table};
use super::process::watch;
use std::process::{Command, Stdio};

const SOURCE: &str = "dev/lab/repos/custom-html";
/// The newest published version before the head, which ccci chooses itself.
const BASE: &str = "1.10.0+1.27.0";

/// Measures both lifecycles, `rounds` times.
pub(crate) fn run(rounds: usize) {
    println!(
        "The whole lifecycle of custom-html: by ccci, and by hand (deploy, poll in a tight loop, archive, damage, restore, remove)"
    );
    let (mut ours, mut floor, mut cpu, mut children) =
        (Figures::default(), Figures::default(), Figures::default(), Figures::default());
    let mut peak_kb = 0;
    for _ in 0..rounds {
        let hand =
            watch(Command::new("bash").args(["dev/bench/by_hand.sh", SOURCE, BASE]).stdin(Stdio::null()));
        assert!(hand.status.success(), "by_hand.sh failed");
        floor.add(hand.wall);
        let out = tempfile::tempdir().unwrap();
        let mut ccci = Command::new(env!("CARGO_BIN_EXE_ccci"));
        ccci.args(["run", "recipes/custom-html", "--out"]).arg(out.path().join("record"));
        let used = watch(ccci.stdin(Stdio::null()).stderr(Stdio::null()));
        assert!(used.status.success(), "ccci run ended with {}", used.status);
        ours.add(used.wall);
        cpu.add(used.cpu);
        children.add(used.children);
        peak_kb = peak_kb.max(used.peak_kb);
    }
    let row = |name: &str, figures: &Figures| vec![name.to_string(), figures.shown()];
    table(
        &["what", &format!("median of {rounds} (least to most)")],
        &[
            row("by hand, wall", &floor),
            row("ccci, wall", &ours),
            row("ccci, own processor time", &cpu),
            row("ccci, its children's (docker client, git)", &children),
        ],
    );
    println!("  ratio of wall times {:.2} (at most 1.25)", ratio(ours.median(), floor.median()));
    println!("  own processor time {} (at most 1 s)", span(cpu.max()));
    println!("  own memory {} MB at the maximum (at most 60 MB)", peak_kb / 1024);
}
