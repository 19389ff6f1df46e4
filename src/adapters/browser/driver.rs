//! Starts the driver of the browser behind its guard, and ends both.

use super::guard::WORD;
use crate::scratch::Scratch;
use ccci_swarm::ports::browser::BrowserError;
use std::path::Path;
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

/// A driver that runs. Its guard ends it when this is dropped.
pub(super) struct Driver {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    guard: Child,
    /// The guard ends everything when this is closed.
    alive: Option<ChildStdin>,
    scratch: Scratch,
}

impl Driver {
    /// Starts the driver. `program` is the executable of ccci itself.
    #[expect(clippy::disallowed_methods, reason = "this file starts the guard")]
    pub(super) async fn start(program: &Path, temporary: &Path) -> Result<Driver, BrowserError> {
        super::leftover::collect(temporary);
        let scratch = Scratch::new_in(temporary)
            .map_err(|e| BrowserError::Gone(format!("failed to make a directory for the browser: {e}")))?;
        let dir = scratch.path().join("browser");
        std::fs::create_dir(&dir)
            .map_err(|e| BrowserError::Gone(format!("failed to make a directory for the browser: {e}")))?;
        let mut command = tokio::process::Command::new(program);
        command.arg(WORD).arg(&dir).arg(DRIVER).args(["--port=0", "--log-level=SEVERE"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // a group of its own: the terminal's Ctrl-C is for ccci, which then ends the browser
        command.process_group(0);
        let mut guard = command
            .spawn()
            .map_err(|e| BrowserError::Gone(format!("failed to start the browser's guard: {e}")))?;
        let (alive, stdout) = (guard.stdin.take(), guard.stdout.take());
        let mut driver = Driver { url: String::new(), guard, alive, scratch };
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
    pub(super) fn dir(&self) -> std::path::PathBuf {
        self.scratch.path().join("browser")
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
