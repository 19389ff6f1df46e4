//! Starts the driver of the browser behind its guard, and ends both.

use super::guard::WORD;
use super::network;
use crate::scratch::Scratch;
use ccci_swarm::ports::browser::BrowserError;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdin};

/// The driver, looked for on the PATH.
const DRIVER: &str = "chromedriver";
/// How a missing browser is installed.
pub const CURE: &str = "install Chromium and its driver (Debian: `apt-get install chromium chromium-driver`), or run with `--no-browser`";
/// Time for the guard to end the browser and remove what it wrote.
const END: Duration = Duration::from_secs(10);
/// How the driver announces the port that the kernel gave it.
const STARTED: &str = "started successfully on port ";
/// Most bytes of the guard's message that are read.
const MESSAGE: u64 = 4_096;

/// This program as another process can start it, for which `/proc/self` is something else.
fn for_others(program: &Path) -> PathBuf {
    match program.strip_prefix("/proc/self") {
        Ok(rest) => Path::new("/proc").join(std::process::id().to_string()).join(rest),
        Err(_) => program.to_path_buf(),
    }
}

/// A driver that runs. Its guard ends it when this is dropped.
pub(super) struct Driver {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// What it starts as the browser, if that is not its own choice.
    browser: Option<PathBuf>,
    guard: Child,
    /// The guard ends everything when this is closed.
    alive: Option<ChildStdin>,
    scratch: Scratch,
}

impl Driver {
    /// Starts the driver. `program` is the executable of ccci itself, `proxy` the ingress's port on loopback.
    #[expect(clippy::disallowed_methods, reason = "this file starts the guard")]
    pub(super) async fn start(program: &Path, temporary: &Path, proxy: u16) -> Result<Driver, BrowserError> {
        super::leftover::collect(temporary);
        let no_directory =
            |e: io::Error| BrowserError::Gone(format!("failed to make a directory for the browser: {e}"));
        let scratch = Scratch::new_in(temporary).map_err(no_directory)?;
        let dir = scratch.path().join("browser");
        std::fs::create_dir(&dir).map_err(no_directory)?;
        let mut browser = None;
        if network::try_own(program).is_ok() {
            let named = dir.join(network::NAME);
            std::os::unix::fs::symlink(for_others(program), &named).map_err(no_directory)?;
            browser = Some(named);
        }
        let mut command = tokio::process::Command::new(program);
        command
            .arg(WORD)
            .arg(&dir)
            .arg(proxy.to_string())
            .arg(DRIVER)
            .args(["--port=0", "--log-level=SEVERE"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // a group of its own: the terminal's Ctrl-C is for ccci, which then ends the browser
        command.process_group(0);
        let mut guard = command
            .spawn()
            .map_err(|e| BrowserError::Gone(format!("failed to start the browser's guard: {e}")))?;
        let (alive, stdout) = (guard.stdin.take(), guard.stdout.take());
        let mut driver = Driver { url: String::new(), browser, guard, alive, scratch };
        let mut lines = BufReader::new(stdout.expect("it is piped")).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let port = line.split_once(STARTED).map(|(_, port)| port.trim_end_matches('.').trim());
            if let Some(port) = port.filter(|p| p.parse::<u16>().is_ok()) {
                driver.url = format!("http://127.0.0.1:{port}");
                // the driver must not wait for a reader of what it goes on to write
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Ok(driver);
            }
        }
        let why = driver.end().await;
        Err(BrowserError::Missing(format!(
            "no browser: {}",
            why.unwrap_or_else(|| "its driver says nothing".into())
        )))
    }

    /// Whether it has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.guard.try_wait(), Ok(None))
    }

    /// The directory that the browser may write to.
    pub(super) fn dir(&self) -> PathBuf {
        self.scratch.path().join("browser")
    }

    /// What is to be started so that the browser has a network of its own; `None` where this machine has no such networks.
    pub(super) fn browser(&self) -> Option<&Path> {
        self.browser.as_deref()
    }

    /// Ends the browser and waits until nothing of it is left. Returns the guard's message, if it had one.
    pub(super) async fn end(mut self) -> Option<String> {
        self.alive.take();
        let stderr = self.guard.stderr.take();
        let mut said = String::new();
        let over = async {
            if let Some(stderr) = stderr {
                let _ = stderr.take(MESSAGE).read_to_string(&mut said).await;
            }
            let _ = self.guard.wait().await;
        };
        let _ = tokio::time::timeout(END, over).await;
        let last = said.lines().map(str::trim).rfind(|line| !line.is_empty());
        last.map(str::to_string)
    }
}
