//! `ccci site` with the real program: what it writes is valid, links to nothing that is missing, publishes no record whose
//! scan failed, and is renewed at the cost of what changed.

use crate::bad_input::ground::{Ground, program};
use crate::foreign::markup;
use ccci_model::event::{Event, Shown, What};
use ccci_testkit::kept;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many recipes the runs of most tests have.
pub(crate) const RECIPES: usize = 8;

/// A project with the records of these runs.
pub(crate) fn ground(runs: std::ops::Range<usize>) -> Ground {
    runs.fold(Ground::new(), keep)
}

/// Adds the record of the n-th run.
pub(crate) fn keep(ground: Ground, n: usize) -> Ground {
    let (id, events) = kept::run(n, RECIPES);
    let lines: String = events.iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
    ground.write(&format!("home/runs/{id}/events.jsonl"), lines)
}

/// Adds a record of the suite, with a run id of its own.
fn keep_as(ground: Ground, name: &str, id: &str) -> Ground {
    let text = fs::read_to_string(format!("tests/records/{name}.jsonl")).unwrap();
    ground.write(&format!("home/runs/{id}/events.jsonl"), text.replace("20260131-120000-4f1c2e", id))
}

/// Calls `ccci site` and returns what it says: the numbers of files in all, written and removed.
fn build(ground: &Ground) -> (usize, usize, usize) {
    let done = ground.ccci(&["site", "public"]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let line = done.out.lines().find(|l| l.starts_with("files ")).unwrap();
    let numbers: Vec<usize> =
        line.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    (numbers[0], numbers[1], numbers[2])
}

/// All files below a directory with their bytes.
pub(crate) fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut dirs = vec![dir.to_path_buf()];
    while let Some(next) = dirs.pop() {
        for path in fs::read_dir(next).unwrap().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                dirs.push(path);
            } else {
                out.insert(path.strip_prefix(dir).unwrap().to_path_buf(), fs::read(&path).unwrap());
            }
        }
    }
    out
}

fn text(ground: &Ground, page: &str) -> String {
    fs::read_to_string(ground.path("public").join(page)).unwrap()
}

/// Values of an attribute, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!(" {attribute}=\"");
    page.split(begin.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_page_is_valid_and_every_link_leads_somewhere() {
    let ground = ground(0..90);
    let ground = keep_as(ground, "red_install", "20260131-120000-000001");
    let ground = keep_as(ground, "green", "20260131-110000-000002");
    build(&ground);
    let all = files(&ground.path("public"));
    let pages = || all.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "html"));
    assert_eq!(pages().count(), 92 + RECIPES + 1 + 2, "runs, recipes, overview, comparison");
    for (path, bytes) in pages() {
        let page = std::str::from_utf8(bytes).unwrap();
        markup::html(page);
        assert!(page.contains("http-equiv=\"Content-Security-Policy\""), "{}", path.display());
        for bad in
            ["<script>", "<style", " style=", "javascript:", " onclick", "http://", "https://", "\u{1b}"]
        {
            let shown = page.replace("http://www.w3.org/", "");
            assert!(!shown.contains(bad), "{} holds {bad}", path.display());
        }
        for link in values(page, "href").into_iter().chain(values(page, "src")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = file.split('?').next().unwrap();
            let target = match file {
                "" => path.clone(),
                file => {
                    path.parent().unwrap().join(file).components().fold(PathBuf::new(), |mut all, part| {
                        if part.as_os_str() == ".." {
                            all.pop();
                        } else {
                            all.push(part);
                        }
                        all
                    })
                }
            };
            let found =
                all.get(&target).unwrap_or_else(|| panic!("{}: {link} leads nowhere", path.display()));
            let there = String::from_utf8_lossy(found);
            let has = anchor.is_empty() || there.contains(&format!("id=\"{anchor}\""));
            assert!(has, "{}: {link} has no such place", path.display());
        }
        let ids = values(page, "id");
        assert_eq!(
            ids.len(),
            ids.iter().collect::<BTreeSet<_>>().len(),
            "{}: ids are unique",
            path.display()
        );
    }
    let feed = roxmltree::Document::parse(std::str::from_utf8(&all[Path::new("feed.xml")]).unwrap()).unwrap();
    let entries: Vec<String> = feed
        .descendants()
        .filter(|n| n.has_tag_name(("http://www.w3.org/2005/Atom", "entry")))
        .map(|n| {
            n.descendants().find(|c| c.tag_name().name() == "title").unwrap().text().unwrap().to_string()
        })
        .collect();
    assert!(entries.iter().any(|t| t.contains("turned red")), "{entries:?}");
}

#[test]
fn renewing_costs_what_changed_and_removed_records_lose_their_pages() {
    let ground = ground(0..64);
    let (all, written, removed) = build(&ground);
    assert_eq!((written, removed), (all, 0));
    assert_eq!(build(&ground), (all, 0, 0), "nothing changed");
    let ground = keep(ground, 64);
    let (more, written, _) = build(&ground);
    assert_eq!(more, all + 2, "a page and its data");
    assert!(written <= 6, "{written} files were written after one new run");
    let (gone, _) = kept::run(8, RECIPES);
    fs::remove_dir_all(ground.path("home/runs").join(&gone)).unwrap();
    let (fewer, _, removed) = build(&ground);
    assert_eq!((fewer, removed), (all, 2));
    assert!(files(&ground.path("public")).keys().all(|path| !path.display().to_string().contains(&gone)));
}

#[test]
fn an_interrupted_build_leaves_a_site_that_the_next_one_completes() {
    let ground = ground(0..64);
    // a fresh site as it should be
    let done = ground.ccci(&["site", "fresh"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    for after in [2, 10, 20, 40, 80] {
        let mut call = Command::new(program());
        ground.surround(call.args(["site", "public"]));
        let mut child = call.stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(after));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    build(&ground);
    let (public, fresh) = (files(&ground.path("public")), files(&ground.path("fresh")));
    assert!(public.keys().eq(fresh.keys()), "the same files");
    assert!(public == fresh, "with the same content");
}

#[test]
fn a_record_whose_scan_failed_is_named_and_not_published() {
    let ground = keep_as(Ground::new(), "secret", "20260131-120000-000001");
    let ground = keep_as(ground, "killed", "20260131-120000-000002");
    let ground = keep_as(ground, "green", "20260131-120000-000003");
    let ground = ground.write("home/runs/broken/events.jsonl", "nonsense\n");
    let done = ground.ccci(&["site", "public"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    for told in [
        "20260131-120000-000001: only its verdict is shown: its last scan found a secret",
        "20260131-120000-000002: only its verdict is shown: it was killed",
        "broken: line 1 is no event",
        "archives of backups",
    ] {
        assert!(done.out.contains(told), "{told} is missing:\n{}", done.out);
    }
    for (id, published) in [("000001", false), ("000002", false), ("000003", true)] {
        let page = text(&ground, &format!("run/20260131-120000-{id}.html"));
        assert_eq!(page.contains("Its texts are not published"), !published, "{id}");
        assert_eq!(page.contains("nginx"), published, "{id}");
    }
    for page in ["run/20260131-120000-000001.js", "feed.xml"] {
        assert!(!text(&ground, page).contains("secret-leaked"), "{page}");
    }
}

#[test]
fn a_directory_of_somebody_else_is_refused_with_exit_2() {
    let ground = ground(0..2).write("public/letter.txt", "mine");
    let done = ground.ccci(&["site", "public"]);
    assert_eq!(done.code, Some(2), "{}", done.err);
    assert!(done.err.contains("failed to publish in `public`: it is not empty"), "{}", done.err);
    assert!(done.err.contains("to do: name a directory"), "{}", done.err);
    assert_eq!(files(&ground.path("public")).len(), 1);
    let done = ground.ccci(&["site", "recipes/ghost/recipe.toml"]);
    assert_eq!(done.code, Some(2), "{}", done.err);
    let done = ground.ccci(&["site", "/proc/nothing"]);
    assert_eq!(done.code, Some(3), "{}", done.err);
}

#[test]
fn no_runs_at_all_are_a_site_too() {
    let ground = Ground::new();
    build(&ground);
    let page = text(&ground, "index.html");
    assert!(page.contains("No run is kept yet"), "{page}");
    markup::html(&page);
}

#[test]
fn a_red_recipe_says_since_when_and_what_changed() {
    // recipe 3 breaks at round 7 and is mended three rounds later
    let ground = ground(0..RECIPES * 9);
    build(&ground);
    let page = text(&ground, "recipe/app-003.html");
    assert!(page.contains("Red since "), "{page}");
    let (first, _) = kept::run(RECIPES * 7 + 3, RECIPES);
    let (green, _) = kept::run(RECIPES * 6 + 3, RECIPES);
    for expected in [first, green, "crash-loop".into(), "The same: ".into(), "still failing".into()] {
        assert!(page.contains(&expected), "{expected} is missing");
    }
    let overview = text(&ground, "index.html");
    assert!(overview.contains("Still red: 1") && overview.contains("app-003"));
    let mut badge = String::new();
    let file = fs::File::open(ground.path("public/badge/app-003.svg")).unwrap();
    file.take(2_000).read_to_string(&mut badge).unwrap();
    assert!(badge.contains("red, level 1"), "{badge}");
}

/// Adds the n-th run with a plan that is changed.
fn keep_changed(ground: Ground, n: usize, change: impl Fn(&mut ccci_model::plan::Plan)) -> Ground {
    let (id, mut events) = kept::run(n, RECIPES);
    if let What::RunStarted { plan, .. } = &mut events[0].what {
        change(plan);
    }
    let lines: String = events.iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
    ground.write(&format!("home/runs/{id}/events.jsonl"), lines)
}

#[test]
fn proposed_changes_stand_apart_and_decide_nothing() {
    // recipe 3 is green at round 6 and red at round 7; here the red run is of a branch
    let propose = |plan: &mut ccci_model::plan::Plan| {
        let head = &mut plan.subject_mut().head;
        (head.published, head.found_as) = (Some(false), "branch topic".into());
    };
    let red = RECIPES * 7 + 3;
    let ground = keep_changed(ground(0..RECIPES * 7), red, propose);
    build(&ground);
    let (id, _) = kept::run(red, RECIPES);
    let overview = text(&ground, "index.html");
    assert!(
        overview.contains("0</b> red") && overview.contains("data-states=\"green proposed\""),
        "{overview}"
    );
    assert!(overview.contains(&format!("proposed: <a href=\"run/{id}.html\"")));
    let recipe = text(&ground, "recipe/app-003.html");
    assert!(recipe.contains("Proposed changes") && recipe.contains("proposed (branch topic): crash-loop"));
    assert!(!recipe.contains("Red since"));
    assert!(text(&ground, &format!("run/{id}.html")).contains("not a published version"));
    assert!(!text(&ground, "feed.xml").contains(&id));
    assert!(!text(&ground, "badge/app-003.svg").contains("red"));
    // without a published version the change is all that is known
    let ground = keep_changed(Ground::new(), red, propose);
    build(&ground);
    assert!(text(&ground, "index.html").contains("data-states=\"red still-red proposed\""));
    assert!(text(&ground, "recipe/app-003.html").contains("No published version of it was run"));
}

#[test]
fn the_overview_groups_by_what_changed_and_by_cause() {
    let broken = RECIPES * 7 + 3;
    let ground = ground(0..broken + 1);
    build(&ground);
    let overview = text(&ground, "index.html");
    assert!(overview.contains("Newly red: 1") && !overview.contains("Still red"), "{overview}");
    let mended = RECIPES * 10 + 3;
    let ground = (broken + 1..=broken + RECIPES).fold(ground, keep);
    build(&ground);
    assert!(text(&ground, "index.html").contains("Still red: 1"));
    let ground = (broken + RECIPES + 1..=mended).fold(ground, keep);
    build(&ground);
    let overview = text(&ground, "index.html");
    assert!(overview.contains("Newly green: 1") && overview.contains(", last red "), "{overview}");
    // the same record under the names of three recipes: one row
    let same = (0..3).fold(ground, |ground, n| {
        let events = fs::read_to_string("tests/records/red_install.jsonl").unwrap();
        let id = format!("20260601-120000-00000{n}");
        let events = events.replace("20260131-120000-4f1c2e", &id);
        let recipe = format!("\"recipe\":\"other-{n}\"");
        ground
            .write(&format!("home/runs/{id}/events.jsonl"), events.replace("\"recipe\":\"fullest\"", &recipe))
    });
    build(&same);
    let overview = text(&same, "index.html");
    assert!(overview.contains("<summary><b>3 recipes</b>: "), "{overview}");
}

/// Adds the n-th run, with the log of a service and a picture, or another file where it says that the picture lies.
fn keep_with_files(ground: Ground, n: usize, picture: &str) -> (Ground, String) {
    let (id, mut events) = kept::run(n, RECIPES);
    let shows = ccci_model::event::Shows::Landing;
    let shown = Shown { app: 0, by: "screenshot".into(), shows, file: picture.into(), bytes: 8 };
    let log = What::Kept { file: "logs/app.log".into(), sha256: None, bytes: 8 };
    let end = events.len() - 1;
    for what in [log, What::Shown(shown)] {
        events.insert(end, Event { at: events[end].at, what });
    }
    let lines: String = events.iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect();
    let dir = format!("home/runs/{id}");
    let ground = ground
        .write(&format!("{dir}/events.jsonl"), lines)
        .write(&format!("{dir}/seen/landing.png"), format!("picture of {id}"))
        .write(&format!("{dir}/logs/app.log"), format!("<b>log of {id}</b>"));
    (ground, id)
}

#[test]
fn pictures_and_logs_of_the_newest_runs_are_published_and_no_file_from_elsewhere() {
    let (mut ground, mut ids) = (Ground::new(), vec![]);
    for round in 0..6 {
        let (next, id) = keep_with_files(ground, 1 + round * RECIPES, "seen/landing.png");
        ground = next;
        ids.push(id);
    }
    build(&ground);
    for (n, id) in ids.iter().enumerate() {
        let page = text(&ground, &format!("run/{id}.html"));
        // five of six
        let published = n > 0;
        for (file, content) in [
            (format!("{id}-0.txt"), format!("<b>log of {id}</b>")),
            (format!("{id}-1.png"), format!("picture of {id}")),
        ] {
            assert_eq!(page.contains(&format!("\"{file}\"")), published, "{file} on the page");
            let there = fs::read_to_string(ground.path("public/run").join(&file)).ok();
            assert_eq!(there, published.then_some(content), "{file}");
        }
        assert_eq!(page.contains("it is only in the record"), !published, "{id}");
    }
    assert!(text(&ground, "index.html").contains(&format!("run/{}-1.png", ids[5])));
    // a file that is gone is left out, and that is told
    fs::remove_file(ground.path("home/runs").join(&ids[5]).join("seen/landing.png")).unwrap();
    let done = ground.ccci(&["site", "public"]);
    assert!(
        done.out.contains(&format!("left out   {}: seen/landing.png: it is gone", ids[5])),
        "{}",
        done.out
    );
    assert!(!ground.path("public/run").join(format!("{}-1.png", ids[5])).exists());
    assert!(!text(&ground, &format!("run/{}.html", ids[5])).contains("<img"));
    // neither a path nor a link leads out of a record
    let (ground, led) = keep_with_files(ground, 1 + 6 * RECIPES, "../../../recipes/ghost/recipe.toml");
    let log = ground.path("home/runs").join(&led).join("logs/app.log");
    fs::remove_file(&log).unwrap();
    std::os::unix::fs::symlink(ground.path("recipes/ghost/recipe.toml"), &log).unwrap();
    build(&ground);
    let of_led =
        files(&ground.path("public/run")).into_keys().filter(|p| p.to_string_lossy().starts_with(&led));
    assert_eq!(of_led.count(), 2, "its page and its data");
}

#[test]
fn the_guide_shows_what_the_calls_print() {
    let guide = fs::read_to_string("docs/guide/site.md").unwrap();
    let shown = |command: &str| -> Vec<String> {
        let block = guide.split(&format!("$ {command}\n")).nth(1).unwrap_or_else(|| panic!("no `{command}`"));
        block.split("```").next().unwrap().lines().map(str::to_string).collect()
    };
    let numbers = |line: &str| {
        line.split(|c: char| c.is_ascii_digit()).filter(|p| !p.is_empty()).collect::<Vec<_>>().join("#")
    };
    let printed = ground(0..2).ccci(&["site", "public"]).out;
    let (shown_lines, printed_lines) = (shown("ccci site public"), printed.lines().collect::<Vec<_>>());
    assert_eq!(shown_lines.len(), printed_lines.len(), "{printed}");
    for (shown, printed) in shown_lines.iter().zip(printed_lines) {
        let begin = shown.split("[..]").next().unwrap();
        assert!(numbers(printed).starts_with(&numbers(begin)), "{shown}\n{printed}");
    }
    let address = &crate::serve::Served::start(&Ground::new()).address;
    assert_eq!(numbers(&format!("{address}/")), numbers(&shown("ccci serve")[0]));
}
