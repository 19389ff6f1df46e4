//! Nothing of the browser stays, whatever ends it.

use super::ground::with_browser;
use ccci_swarm::ports::Browser;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The processes that name a directory in their arguments, and what is in the directory.
fn left(directory: &Path) -> Vec<String> {
    let named = directory.display().to_string();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let mut all: Vec<String> = entries
        .filter_map(|e| {
            let id: u32 = e.file_name().to_str()?.parse().ok()?;
            let line = fs::read(e.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let at = fs::read_link(e.path().join("cwd")).unwrap_or_default();
            let ours = line.contains(&named) || at.starts_with(directory);
            (id != std::process::id() && ours).then_some(line)
        })
        .collect();
    all.extend(
        fs::read_dir(directory).into_iter().flatten().flatten().map(|e| e.path().display().to_string()),
    );
    all
}

fn nothing_is_left(directory: &Path) {
    let began = Instant::now();
    while !left(directory).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(15), "{:#?}", left(directory));
        std::thread::sleep(Duration::from_millis(50));
    }
}

const WORK: &str = r##"page.open("/site"); assert(page.text("h1") == "Welcome");"##;

#[test]
fn the_end_of_the_browser_leaves_nothing() {
    with_browser("the_end_of_the_browser_leaves_nothing", |ground| {
        assert_eq!(ground.test(WORK).failure, None);
        assert!(left(ground.directory.path()).len() > 3, "it runs");
        ground.browser.end();
        assert_eq!(left(ground.directory.path()), Vec::<String>::new());
        assert_eq!(ground.test(WORK).failure, None, "it can be started again");
        ground.browser.end();
        assert_eq!(left(ground.directory.path()), Vec::<String>::new());
    });
}

#[test]
fn a_browser_that_was_killed_is_an_error_and_the_next_page_has_another() {
    with_browser("a_browser_that_was_killed_is_an_error_and_the_next_page_has_another", |ground| {
        assert_eq!(ground.test(WORK).failure, None);
        kill_named(ground.directory.path(), "chromedriver");
        let done = ground.test(WORK);
        let said = done.failure.unwrap_or_default();
        assert!(said.is_empty() || said.contains("browser"), "{said}");
        assert_eq!(ground.test(WORK).failure, None);
        ground.browser.end();
        nothing_is_left(ground.directory.path());
    });
}

/// Kills the processes whose arguments name a directory and a word.
fn kill_named(directory: &Path, word: &str) {
    let named = directory.display().to_string();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|n| n.parse::<i32>().ok()) else { continue };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        let at = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        let ours = line.contains(&named) || at.starts_with(directory);
        if ours && line.contains(word) {
            let id = rustix::process::Pid::from_raw(id).unwrap();
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
    }
}
