//! Chromium through its driver, for one test. Both end with the test, whatever it finds.

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How the page is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Width of the window in px; a phone below 500.
    pub width: u32,
    /// The colour scheme that is preferred.
    pub dark: bool,
}

impl Default for Look {
    fn default() -> Look {
        Look { width: 1280, dark: false }
    }
}

/// A session.
pub(super) struct Chromium {
    pub client: Client,
}

/// Ends the driver and with it the browser.
struct Driver {
    child: Child,
    /// Where profiles are made; removed after the driver has ended.
    _home: TempDir,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn driver() -> (Driver, u16) {
    let home = tempfile::tempdir().unwrap();
    let mut call = Command::new("chromedriver");
    call.arg("--port=0").env("HOME", home.path()).env("TMPDIR", home.path());
    let mut child = call.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = lines.map_while(Result::ok).find_map(|line| {
        line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
    });
    (Driver { child, _home: home }, port.expect("the driver names its port"))
}

/// Runs a test in a session of its own.
pub(super) fn with(look: &Look, test: impl AsyncFnOnce(&Chromium)) {
    let (_driver, port) = driver();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut args = vec![
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ^NOTFOUND, EXCLUDE 127.0.0.1",
        "--hide-scrollbars",
    ];
    let size = format!("--window-size={},1400", look.width.max(500));
    args.push(&size);
    if look.dark {
        args.push("--blink-settings=preferredColorScheme=0");
    }
    let mut options = json!({"args": args});
    if look.width < 500 {
        options["mobileEmulation"] =
            json!({"deviceMetrics": {"width": look.width, "height": 844, "pixelRatio": 1.0}});
    }
    let wanted = serde_json::from_value(json!({"goog:chromeOptions": options})).unwrap();
    runtime.block_on(async {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(wanted).connect(&format!("http://127.0.0.1:{port}")).await.unwrap();
        let browser = Chromium { client: client.clone() };
        let tested = futures_util::FutureExt::catch_unwind(AssertUnwindSafe(test(&browser))).await;
        let closed = client.close().await;
        if let Err(panic) = tested {
            std::panic::resume_unwind(panic);
        }
        closed.unwrap();
    });
}

impl Chromium {
    /// Waits until something is true.
    pub(super) async fn until(&self, what: &str, is: impl AsyncFn() -> bool) {
        let began = Instant::now();
        while !is().await {
            assert!(began.elapsed() < Duration::from_secs(20), "there is no {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Keeps a picture of the page if `CCCI_PICTURES` names a directory.
    pub(super) async fn keep_picture(&self, page: &str, look: &Look) {
        let Some(dir) = std::env::var_os("CCCI_PICTURES") else { return };
        let name: String = page.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let scheme = if look.dark { "dark" } else { "light" };
        let picture = self.client.screenshot().await.unwrap();
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(PathBuf::from(dir).join(format!("{name}-{}-{scheme}.png", look.width)), picture)
            .unwrap();
    }
}
