//! The site in a real browser, from a disk and from `ccci serve`: filter, search, sort, comparison, keyboard, both colour
//! schemes, a phone, `axe-core` and the validator of the W3C without a finding, and no request to another host. Needs Chromium, its driver, npm and java;
//! runs if `CCCI_SWARM` is set, like everything that needs more than this repository.

mod chromium;

use crate::bad_input::ground::Ground;
use crate::report::{RECORDS, record};
use crate::serve::Served;
use crate::site::{RECIPES, files, ground};
use ccci_report::format;
use ccci_testkit::kept;
use chromium::{Chromium, Look};
use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

/// The checker of accessibility.
const AXE: &str = "axe-core@4.14.1";
/// The Nu Html Checker, the validator of the W3C.
const NU: &str = "vnu-jar@26.9.27";

fn is_asked(test: &str) -> bool {
    let asked = std::env::var_os("CCCI_SWARM").is_some();
    if !asked {
        println!("{test}: needs a real browser and was not run; CCCI_SWARM=1 runs it");
    }
    asked
}

/// What has to be scrolled sideways to be read when everything is unfolded; the history of many runs is as wide as it is.
const SIDEWAYS: &str = "document.querySelectorAll('details').forEach((d) => { d.open = true; }); \
    return [...document.querySelectorAll('.wide, .scroll, pre')].filter((e) => e.scrollWidth > e.clientWidth + 1) \
    .filter((e) => !e.querySelector('.grid, .chart')).map((e) => e.getAttribute('aria-label') || e.getAttribute('aria-labelledby'))";

/// A site with red, flaky and green recipes, and the address of its directory.
fn site() -> (Ground, String) {
    let ground = ground(0..RECIPES * 9);
    let done = ground.ccci(&["site", "public"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    let address = format!("file://{}", ground.path("public").display());
    (ground, address)
}

async fn js(browser: &Chromium, code: &str) -> Value {
    browser.client.execute(code, vec![]).await.unwrap()
}

async fn shown(browser: &Chromium) -> Vec<String> {
    let code = "return [...document.querySelectorAll('#recipes tbody tr')].filter((r) => !r.hidden).map((r) => r.cells[0].textContent)";
    serde_json::from_value(js(browser, code).await).unwrap()
}

/// A file of a package of npm, which is fetched once into the build directory.
fn of_package(package: &str, file: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(package);
    let file = dir.join("package").join(file);
    if !file.exists() {
        std::fs::create_dir_all(&dir).unwrap();
        let packed =
            Command::new("npm").args(["pack", "--silent", package]).current_dir(&dir).output().unwrap();
        let name = String::from_utf8(packed.stdout).unwrap();
        let unpacked = Command::new("tar").arg("xzf").arg(name.trim()).current_dir(&dir).status().unwrap();
        assert!(unpacked.success(), "npm gave no {package}: {}", String::from_utf8_lossy(&packed.stderr));
    }
    file
}

/// What the validator says of these files, but for its notes on the policy of pages, which it reads as if they came from
/// a server.
fn invalid(files: &[PathBuf]) -> Vec<String> {
    let mut call = Command::new("java");
    call.arg("-jar").arg(of_package(NU, "build/dist/vnu.jar")).args([
        "--format",
        "gnu",
        "--exit-zero-always",
    ]);
    let done = call.args(["--also-check-css", "--also-check-svg", "--stdout"]).args(files).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8(done.stdout).unwrap();
    said.lines().filter(|line| !line.contains("Content Security Policy")).map(str::to_string).collect()
}

#[test]
fn every_kind_of_page_is_valid_for_the_validator_of_the_w3c() {
    if !is_asked("valid") {
        return;
    }
    if Command::new("java").arg("-version").output().is_err() {
        println!("valid: the validator needs java, which is not here, and was not run");
        return;
    }
    let (ground, _) = site();
    let bad = ground.write("bad.html", "<!doctype html><title>x</title><p><ul><li>y</ul></p>");
    assert_eq!(invalid(&[bad.path("bad.html")]).len(), 2, "it finds what is wrong");
    let mut all: Vec<PathBuf> =
        files(&bad.path("public")).into_keys().map(|p| bad.path("public").join(p)).collect();
    all.retain(|path| path.extension().is_some_and(|e| e == "html" || e == "css" || e == "svg"));
    let served = Served::start(&bad);
    let run = served.begin_run(RECIPES * 9);
    std::fs::write(bad.path("live.html"), served.get(&format!("/run/{}.html", run.id)).1).unwrap();
    all.push(bad.path("live.html"));
    for (name, ..) in RECORDS {
        let page = (format("html").unwrap().render)(&record(name));
        std::fs::write(bad.path(&format!("{name}.html")), page).unwrap();
        all.push(bad.path(&format!("{name}.html")));
    }
    assert!(all.len() > 90, "{}", all.len());
    assert_eq!(invalid(&all), Vec::<String>::new());
}

/// The pages of a site of which each kind is looked at once.
fn kinds(ground: &Ground) -> Vec<String> {
    let (red, _) = kept::run(RECIPES * 8 + 3, RECIPES);
    let (green, _) = kept::run(RECIPES * 8 + 1, RECIPES);
    assert!(ground.path("public/run").join(format!("{red}.html")).exists());
    let pages = ["index.html", "recipe/app-003.html", "recipe/app-005.html", "recipe/app-001.html"];
    let compared = format!("compare.html?a={green}&b={red}");
    pages
        .iter()
        .map(|p| (*p).to_string())
        .chain([red, green].map(|id| format!("run/{id}.html")))
        .chain([compared])
        .collect()
}

#[test]
fn the_table_is_filtered_searched_and_sorted_and_the_address_holds_the_query() {
    if !is_asked("table") {
        return;
    }
    let (_ground, address) = site();
    chromium::with(&Look::default(), async |browser| {
        browser.client.goto(&format!("{address}/index.html")).await.unwrap();
        assert_eq!(shown(browser).await.len(), RECIPES);
        let search = browser.client.find(Locator::Css("#q")).await.unwrap();
        search.send_keys("app-003").await.unwrap();
        assert_eq!(shown(browser).await, ["app-003"]);
        let here = browser.client.current_url().await.unwrap().to_string();
        assert!(here.contains("q=app-003"), "{here}");
        browser.client.goto(&format!("{address}/index.html?state=red")).await.unwrap();
        assert_eq!(shown(browser).await, ["app-003"], "the query of an address is obeyed");
        browser.client.goto(&format!("{address}/index.html")).await.unwrap();
        let head = browser.client.find(Locator::Css("#recipes th button")).await.unwrap();
        head.click().await.unwrap();
        let up = shown(browser).await;
        head.click().await.unwrap();
        let down = shown(browser).await;
        assert!(up.is_sorted() && down.iter().rev().is_sorted(), "{up:?} {down:?}");
        let sort =
            js(browser, "return document.querySelector('#recipes th').getAttribute('aria-sort')").await;
        assert_eq!(sort, json!("descending"));
    });
}

#[test]
fn two_runs_are_chosen_and_compared_by_the_keyboard_alone() {
    if !is_asked("compare") {
        return;
    }
    let (_ground, address) = site();
    chromium::with(&Look::default(), async |browser| {
        browser.client.goto(&format!("{address}/index.html")).await.unwrap();
        // the first stop of the keyboard skips the navigation
        let press = async |key: Key| {
            browser
                .client
                .active_element()
                .await
                .unwrap()
                .send_keys(&char::from(key).to_string())
                .await
                .unwrap()
        };
        press(Key::Tab).await;
        let focused = js(browser, "return document.activeElement.className").await;
        assert_eq!(focused, json!("to-content"));
        browser.client.goto(&format!("{address}/recipe/app-003.html")).await.unwrap();
        let stops = js(
            browser,
            "return document.querySelectorAll('a[href], button, input, [tabindex=\"0\"]').length",
        )
        .await;
        for _ in 0..stops.as_u64().unwrap() {
            press(Key::Tab).await;
            if js(browser, "return document.activeElement.name === 'a'").await == json!(true) {
                break;
            }
        }
        press(Key::Down).await;
        press(Key::Enter).await;
        browser
            .client
            .wait()
            .at_most(std::time::Duration::from_secs(10))
            .for_element(Locator::Css("#result table"))
            .await
            .unwrap();
        let here = browser.client.current_url().await.unwrap().to_string();
        assert!(
            here.contains("compare.html?") && here.contains("a=2026") && here.contains("b=2026"),
            "{here}"
        );
        let parts =
            js(browser, "return [...document.querySelectorAll('.part')].map((p) => p.textContent).join()")
                .await;
        assert!(parts.as_str().is_some_and(|p| !p.is_empty()), "{parts}");
        browser
            .client
            .goto(&format!("{address}/compare.html?a=20200101-000000-000000&b=../../x"))
            .await
            .unwrap();
        assert_eq!(js(browser, "return document.querySelector('#result').textContent").await, json!(""));
    });
}

#[test]
fn every_kind_of_page_is_accessible_fits_a_phone_and_asks_no_other_host() {
    if !is_asked("accessible") {
        return;
    }
    let (ground, address) = site();
    let axe = std::fs::read_to_string(of_package(AXE, "axe.min.js")).unwrap();
    for look in
        [(1280, false), (1280, true), (390, false), (390, true)].map(|(width, dark)| Look { width, dark })
    {
        chromium::with(&look, async |browser| {
            for page in kinds(&ground) {
                browser.client.goto(&format!("{address}/{page}")).await.unwrap();
                js(browser, &axe).await;
                let run = "const done = arguments[arguments.length - 1]; axe.run().then((r) => done(r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).slice(0, 3).join(' | '))))";
                let found = browser.client.execute_async(run, vec![]).await.unwrap();
                assert_eq!(found, json!([]), "{page} {look:?}");
                let wide = js(
                    browser,
                    "return document.documentElement.scrollWidth - document.documentElement.clientWidth",
                )
                .await;
                assert_eq!(wide, json!(0), "{page} is wider than {}", look.width);
                if look.width < 500 {
                    assert_eq!(js(browser, SIDEWAYS).await, json!([]), "{page}");
                }
                let loaded =
                    js(browser, "return performance.getEntriesByType('resource').map((e) => e.name)").await;
                for name in loaded.as_array().unwrap() {
                    assert!(name.as_str().unwrap().starts_with(&address), "{page} asks for {name}");
                }
                let back = js(browser, "return getComputedStyle(document.body).backgroundColor").await;
                assert_eq!(back == json!("rgb(255, 255, 255)"), !look.dark, "{page}: {back}");
                browser.keep_picture(&page, &look).await;
            }
        });
    }
}

#[test]
fn a_run_is_followed_live_from_its_start_to_its_verdict() {
    if !is_asked("live") {
        return;
    }
    let ground = ground(0..RECIPES);
    let served = Served::start(&ground);
    let run = served.begin_run(RECIPES);
    chromium::with(&Look::default(), async |browser| {
        browser.client.goto(&format!("{}/index.html", served.address)).await.unwrap();
        let link = browser.client.find(Locator::Css(".going a")).await.unwrap();
        link.click().await.unwrap();
        let state = async || {
            js(browser, "return document.querySelectorAll('.steps .pass').length").await.as_u64().unwrap()
        };
        let before = state().await;
        run.write(120);
        browser.until("more steps", async || state().await > before).await;
        let at = js(browser, "return document.querySelector('#at').textContent").await;
        assert!(at.as_str().unwrap().starts_with("Step "), "{at}");
        let bar = js(browser, "return document.querySelector('#done').value").await;
        assert!(bar.as_f64().unwrap() >= state().await as f64, "{bar}");
        run.finish();
        browser
            .until("the verdict", async || {
                let head = js(browser, "return document.title").await;
                head.as_str().is_some_and(|h| h.contains("green"))
            })
            .await;
    });
}
