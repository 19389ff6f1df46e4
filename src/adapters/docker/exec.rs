//! Runs a command in a container. Empty output never stands for a command that did not run (lesson 10).

use super::refusal::refused;
use super::{MOST_OUTPUT, Swarm};
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use bollard::query_parameters::InspectContainerOptions;
use ccci_swarm::log::whole_letters;
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::cluster::{ExecOutput, ExecRequest};
use futures_util::{Stream, StreamExt};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Follows output that was cut. Its first character tells redaction that a secret may be cut there.
const CUT: &str = "…\n[cut at 8 MiB]\n";
/// How the message of the engine's runtime begins if it could not start the command.
const NOT_STARTED: &str = "OCI runtime exec failed";
/// How the engine says that a container has ended.
const NOT_RUNNING: &str = "is not running";
/// How its runtime says this if the container ended between the request and the start.
const NO_LONGER: &str = "cannot exec in a ";
/// Exit codes of a command that was killed; the container is then inspected, because it may have ended too.
const KILLED: &[i64] = &[129, 130, 137, 143, 255];

impl Swarm {
    /// Runs a command; `None` if the container had already ended, though its task still counted as running.
    pub(super) async fn exec_in(
        &self,
        container: &str,
        what: &ExecRequest,
    ) -> Result<Option<ExecOutput>, ClusterError> {
        let docker = self.connected().await?.docker;
        let action = "run a command in a container";
        let config = ExecConfig {
            attach_stdin: Some(!what.stdin.is_empty()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(what.argv.clone()),
            env: (!what.env.is_empty()).then(|| what.env.clone()),
            user: (!what.user.is_empty()).then(|| what.user.clone()),
            ..ExecConfig::default()
        };
        let started = async {
            let made = docker.create_exec(container, config).await?;
            Ok((docker.start_exec(&made.id, None).await?, made.id))
        };
        let (started, id) = match started.await.map_err(|e: bollard::errors::Error| refused(action, &e)) {
            Err(ClusterError::Missing(_)) => return Ok(None),
            Err(ClusterError::Refused { text, .. }) if text.contains(NOT_RUNNING) => return Ok(None),
            other => other?,
        };
        let StartExecResults::Attached { output, mut input } = started else {
            return Err(refusal(action, "the engine ran it detached"));
        };
        let feed = async {
            // a command that does not read its input has not failed
            let _ = input.write_all(&what.stdin).await;
            let _ = input.shutdown().await;
        };
        let ((), output) = tokio::join!(feed, collected(output));
        let (stdout, stderr) = output.map_err(|e| refused(action, &e))?;
        let code = exit_code(&docker, &id, action).await?;
        let out = ExecOutput { code, stdout, stderr };
        let said = |words| [&out.stdout, &out.stderr].into_iter().find(|text| text.starts_with(words));
        match (code, said(NOT_STARTED)) {
            (126, None) if said(NO_LONGER).is_some() => return Ok(None),
            (126 | 127, Some(text)) => return Err(refusal(action, text.trim())),
            _ => {}
        }
        if KILLED.contains(&code) {
            still_there(&docker, container, action).await?;
        }
        Ok(Some(out))
    }
}

fn ended(action: &str) -> ClusterError {
    ClusterError::Ended(action.into())
}

fn refusal(action: &str, text: &str) -> ClusterError {
    ClusterError::Refused { action: action.into(), text: text.into() }
}

/// Both outputs, each cut at the limit. Everything is read, so that the command never blocks.
pub(super) async fn collected(
    mut output: impl Stream<Item = Result<LogOutput, bollard::errors::Error>> + Unpin,
) -> Result<(String, String), bollard::errors::Error> {
    let (mut stdout, mut stderr) = (vec![], vec![]);
    let mut cut = [false, false];
    while let Some(piece) = output.next().await {
        let (to, bytes, cut) = match piece? {
            LogOutput::StdErr { message } => (&mut stderr, message, &mut cut[1]),
            LogOutput::StdOut { message } | LogOutput::Console { message } => {
                (&mut stdout, message, &mut cut[0])
            }
            LogOutput::StdIn { .. } => continue,
        };
        let room = MOST_OUTPUT.saturating_sub(to.len());
        to.extend_from_slice(&bytes[..bytes.len().min(room)]);
        *cut |= bytes.len() > room;
    }
    let text = |bytes: Vec<u8>, cut: bool| {
        let whole = if cut { whole_letters(&bytes) } else { bytes.len() };
        let mut text = String::from_utf8_lossy(&bytes[..whole]).into_owned();
        if cut {
            text.push_str(CUT);
        }
        text
    };
    Ok((text(stdout, cut[0]), text(stderr, cut[1])))
}

/// The exit code, as soon as the engine has it: the output may end a moment before the command does.
pub(super) async fn exit_code(docker: &Docker, exec: &str, action: &str) -> Result<i64, ClusterError> {
    for _ in 0..100 {
        let state = match docker.inspect_exec(exec).await.map_err(|e| refused(action, &e)) {
            Err(ClusterError::Missing(_)) => return Err(ended(action)),
            other => other?,
        };
        match (state.running, state.exit_code) {
            (Some(true), _) | (_, None) => shortly().await,
            (_, Some(code)) => return Ok(code),
        }
    }
    Err(ended(action))
}

/// Fails if the container ended too: a command that was killed with its container did not fail by itself. The
/// command ends a moment before the engine notices the end of the container.
async fn still_there(docker: &Docker, container: &str, action: &str) -> Result<(), ClusterError> {
    for _ in 0..20 {
        let state = docker.inspect_container(container, None::<InspectContainerOptions>).await;
        let running = match state.map_err(|e| refused(action, &e)) {
            Err(ClusterError::Missing(_)) => false,
            other => other?.state.and_then(|s| s.running).unwrap_or(false),
        };
        if !running {
            return Err(ended(action));
        }
        shortly().await;
    }
    Ok(())
}

/// A short pause. It does not wait for a change: the engine is only about to record what has already happened.
async fn shortly() {
    let _ = tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>()).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    /// The output of a command or job, in the pieces in which the engine sends it.
    fn output(pieces: &[(bool, &[u8])]) -> (String, String) {
        let piece = |(err, bytes): &(bool, &[u8])| {
            let message = Bytes::copy_from_slice(bytes);
            Ok(if *err { LogOutput::StdErr { message } } else { LogOutput::StdOut { message } })
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(collected(futures_util::stream::iter(pieces.iter().map(piece)))).unwrap()
    }

    #[test]
    fn output_is_whole_wherever_the_engine_parts_it() {
        let text = format!("{}correct hörse battery{}", "x".repeat(16_384 - 64), "y".repeat(128));
        for at in 16_384 - 64..=16_384 + 64 {
            let (a, b) = text.as_bytes().split_at(at);
            let (out, err) = output(&[(false, a), (true, a), (false, b), (true, b)]);
            assert!(out == text && err == text, "parted after {at}");
        }
    }

    #[test]
    fn no_letter_is_halved_where_output_is_cut() {
        let long = "ä".repeat(MOST_OUTPUT / 2);
        let (out, _) = output(&[(false, b"x"), (false, long.as_bytes())]);
        assert!(out.ends_with(&format!("ä{CUT}")), "{:?}", &out[out.len() - 40..]);
    }

    #[test]
    fn bound_output_is_kept_of_each_stream_and_the_cut_is_said() {
        let long = vec![b'x'; MOST_OUTPUT - 1];
        let (stdout, stderr) = output(&[(false, &long), (true, b"err"), (false, b"abc")]);
        assert_eq!(stderr, "err");
        assert_eq!(stdout.len(), MOST_OUTPUT + CUT.len());
        assert!(stdout.ends_with(&format!("xa{CUT}")));
    }
}
