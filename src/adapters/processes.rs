//! The processes of this machine, as the kernel lists them.

use rustix::process::Pid;
use std::fs;
use std::path::PathBuf;

/// The id of every process, and its directory below `/proc`. A process may end meanwhile.
pub(crate) fn all() -> impl Iterator<Item = (Pid, PathBuf)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)?;
        Some((id, entry.path()))
    })
}
