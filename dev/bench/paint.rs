//! When a browser has painted the first words of a page.

use super::figures::Figures;
use fantoccini::ClientBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Ends with the measurement, whatever becomes of it.
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

/// The first contentful paint of a page on the disk in headless Chromium, `rounds` times; `None` without a driver.
pub(crate) fn first(page: &Path, rounds: usize) -> Option<Figures> {
    let home = tempfile::tempdir().unwrap();
    let mut call = Command::new("chromedriver");
    call.arg("--port=0").env("HOME", home.path()).env("TMPDIR", home.path());
    let child = call.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut driver = Driver { child, _home: home };
    let lines = BufReader::new(driver.child.stdout.take().unwrap()).lines();
    let port: u16 = lines.map_while(Result::ok).find_map(|line| {
        line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
    })?;
    let args = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1280,800",
    ];
    let wanted = serde_json::from_value(json!({"goog:chromeOptions": {"args": args}})).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(wanted).connect(&format!("http://127.0.0.1:{port}")).await.unwrap();
        let mut all = Figures::default();
        for _ in 0..rounds {
            client.goto(&format!("file://{}", page.display())).await.unwrap();
            // the entry appears a moment after the paint
            let code = "const done = arguments[arguments.length - 1]; new PerformanceObserver((list) => { \
                        for (const e of list.getEntries()) if (e.name === 'first-contentful-paint') done(e.startTime); \
                        }).observe({ type: 'paint', buffered: true });";
            let ms = client.execute_async(code, vec![]).await.unwrap().as_f64().unwrap();
            all.add(Duration::from_secs_f64(ms / 1e3));
        }
        client.close().await.unwrap();
        Some(all)
    })
}
