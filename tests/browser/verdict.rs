//! Broken pages at the level of a run: a recipe with twelve page tests on a real Swarm, each of a page with which something
//! is wrong.

use crate::bad_input::ground::program;
use crate::repository::Repository;
use ccci_model::event::{GENERIC, Shows};
use ccci_model::failure::Blame;
use ccci_model::tier::{Status, Tier};
use ccci_model::verdict::Verdict;
use ccci_runner::record::Record;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FILES: &str = "tests/fixtures/broken_pages";
/// The run's own deadline; the test of the covered button alone waits for half a minute.
const DEADLINE: Duration = Duration::from_secs(480);

/// Each test with words of its failure.
const TESTS: &[(&str, &str)] = &[
    ("test_01_blank", "`h1` is not on the page"),
    ("test_02_script_error", "the text `Ready` is not on the page"),
    ("test_03_endless_redirect", "redirects again and again"),
    ("test_04_login_loop", "redirects again and again"),
    ("test_05_mixed_content", "the text `Loaded` is not on the page"),
    ("test_06_slow_first_paint", "the text `At last` is not on the page"),
    ("test_07_wrong_element", "Something else"),
    ("test_08_covered_element", "covered"),
    ("test_09_alert_dialog", "the text `Answered` is not on the page"),
    ("test_10_frame", "`button` is not on the page"),
    ("test_11_download", "the text `data` is not on the page"),
    ("test_12_secret", "`h1` is not on the page"),
];

fn files(dir: &str) -> Vec<(String, Vec<u8>)> {
    let all = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).filter(|path| path.is_file());
    all.map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), fs::read(p).unwrap())).collect()
}

/// The repository of an app with twelve broken pages, and the recipe directory with a test of each.
pub(crate) fn broken_pages() -> (Repository, PathBuf) {
    let source = Repository::new();
    for (name, content) in files(&format!("{FILES}/repository")) {
        source.write(&name, content);
    }
    source.commit("the pages");
    let recipe = source.around().join("broken-pages");
    fs::create_dir_all(recipe.join("custom")).unwrap();
    for (inside, at) in [("", recipe.clone()), ("/custom", recipe.join("custom"))] {
        for (name, content) in files(&format!("{FILES}/recipe{inside}")) {
            fs::write(at.join(name), content).unwrap();
        }
    }
    (source, recipe)
}

#[test]
fn a_run_is_red_with_evidence_of_each_of_twelve_broken_pages() {
    if std::env::var_os("CCCI_SWARM").is_none() {
        return println!("twelve broken pages: need a Swarm and a browser; CCCI_SWARM=1 runs it");
    }
    let (source, recipe) = broken_pages();
    let out = source.around().join("record");
    let mut call = Command::new(program());
    call.arg("run").arg(&recipe).args(["--base", "none", "--tiers", "custom", "--source"]).arg(source.path());
    call.args(["--deadline", &format!("{}s", DEADLINE.as_secs()), "--out"]).arg(&out);
    let began = Instant::now();
    let done = call.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(began.elapsed() < DEADLINE, "{:?}", began.elapsed());
    let record = Record::read(&out).unwrap();
    let o = &record.outcome;
    assert_eq!(o.verdict, Verdict::Red);
    assert!(o.leftovers.is_empty(), "{:?}", o.leftovers);
    let custom = o.tiers.iter().find(|t| t.tier == Tier::Custom).unwrap();
    assert_eq!(custom.tests.iter().filter(|t| t.file != GENERIC).count(), TESTS.len());
    for (test, words) in TESTS {
        let found = custom.tests.iter().find(|t| t.name == *test).unwrap();
        assert_eq!(found.status, Status::Fail, "{test}");
        let failure = o.failure(found.failure.unwrap()).unwrap();
        assert_eq!(failure.blame, Blame::Recipe, "{test}");
        assert!(failure.observed().contains(words), "{test}: {}", failure.observed());
        let kept = |shows: Shows| {
            o.shown.iter().filter(|s| s.shows == shows && s.by.ends_with(test)).collect::<Vec<_>>()
        };
        for shows in [Shows::Calls, Shows::Source] {
            assert_eq!(kept(shows).len(), 1, "{test}: {shows:?}");
        }
        // a page that shows a secret is never kept as a picture
        assert_eq!(kept(Shows::Failing).len(), usize::from(*test != "test_12_secret"), "{test}");
        assert!(kept(Shows::Named).is_empty(), "{test}");
        for shown in o.shown.iter().filter(|s| s.by.ends_with(test)) {
            let bytes =
                fs::metadata(out.join(&shown.file)).unwrap_or_else(|e| panic!("{}: {e}", shown.file)).len();
            assert!(bytes == shown.bytes && bytes > 0, "{test}: {}", shown.file);
        }
    }
    println!("twelve broken pages: {:.1} s, {} files kept", began.elapsed().as_secs_f64(), o.shown.len());
}
