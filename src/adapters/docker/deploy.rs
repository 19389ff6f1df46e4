//! Gives a stack to the engine with `docker stack deploy`, detached; ccci does the waiting.

use super::{Swarm, refusal};
use crate::{child, scratch::Scratch};
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::cluster::Deploy;
use std::path::{Component, Path};
use std::process::Stdio;
use tokio::process::Command;

impl Swarm {
    pub(super) async fn deploy_stack(&self, deploy: &Deploy) -> Result<(), ClusterError> {
        let local = |e: std::io::Error| ClusterError::Local(format!("write the stack's files: {e}"));
        let dir = Scratch::new().map_err(local)?;
        std::fs::write(dir.path().join("compose.yml"), &deploy.compose).map_err(local)?;
        for (name, bytes) in &deploy.files {
            let path = inside(dir.path(), name)?;
            std::fs::create_dir_all(path.parent().unwrap_or(dir.path())).map_err(local)?;
            std::fs::write(path, bytes).map_err(local)?;
        }
        let mut words = vec!["stack", "deploy", "--resolve-image", "never", "--with-registry-auth"];
        if self.knows_detach().await? {
            words.push("--detach=true");
        }
        words.extend(["-c", "compose.yml", deploy.stack.as_str()]);
        let mut client = self.client(&words);
        // variables that the file still names have no value; the client would take ours (`Composed::to_yaml`)
        for name in variables(&deploy.compose) {
            client.env_remove(name);
        }
        let out = client.current_dir(dir.path()).output().await.map_err(no_client)?;
        if out.status.success() {
            return Ok(());
        }
        Err(failed(out.status.code(), &String::from_utf8_lossy(&out.stderr)))
    }

    /// A call of the client. It uses this engine whatever its own settings say, and ends with ccci.
    fn client(&self, words: &[&str]) -> Command {
        let mut command = child::command("docker");
        command.arg("--host").arg(&self.host).args(words);
        command.env_remove("DOCKER_HOST").env_remove("DOCKER_CONTEXT").env_remove("DOCKER_API_VERSION");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Clients before 26 always deploy detached and refuse the flag; later ones warn if it is missing.
    async fn knows_detach(&self) -> Result<bool, ClusterError> {
        if let Some(known) = self.known().knows_detach {
            return Ok(known);
        }
        let out = self.client(&["stack", "deploy", "--help"]).output().await.map_err(no_client)?;
        if !out.status.success() {
            return Err(failed(out.status.code(), &String::from_utf8_lossy(&out.stderr)));
        }
        let knows = String::from_utf8_lossy(&out.stdout).contains("--detach");
        self.known().knows_detach = Some(knows);
        Ok(knows)
    }
}

/// What the failure of a client means: it was not started, it did not reach the engine, or the engine refused.
fn failed(code: Option<i32>, stderr: &str) -> ClusterError {
    if let Some(why) = child::not_started(code, stderr) {
        return ClusterError::Local(format!("start the docker client: {why}"));
    }
    // a client that was killed says at most what it was doing: the engine refused nothing
    let Some(text) = what_it_says(stderr).filter(|_| !matches!(code, None | Some(130 | 143))) else {
        let how = code
            .map_or("was killed".to_string(), |code| format!("ended with exit code {code} and no message"));
        return ClusterError::Local(format!("run the docker client: it {how}"));
    };
    refusal::of_words(&text).unwrap_or_else(|| refusal::deploy_refused(text))
}

/// Names of the variables in a compose text. `$$` is a plain dollar sign.
fn variables(text: &str) -> Vec<&str> {
    let mut found = vec![];
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('{').unwrap_or(rest);
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        if end > 0 {
            found.push(&name[..end]);
        }
    }
    found
}

fn no_client(e: std::io::Error) -> ClusterError {
    ClusterError::Local(format!("start the docker client: {e}"))
}

/// A relative path below the directory; an error if it leads out of it.
fn inside(dir: &Path, name: &str) -> Result<std::path::PathBuf, ClusterError> {
    let plain = Path::new(name).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if plain && !name.is_empty() {
        Ok(dir.join(name))
    } else {
        Err(ClusterError::Local(format!("keep `{name}` inside the stack's files")))
    }
}

/// Beginnings of the client's lines of progress and remarks, which are not refusals.
const REMARKS: &[&str] = &[
    "Creating ",
    "Updating ",
    "Removing ",
    "Ignoring ",
    "Since --detach",
    "In a future release",
    "container_name",
    "expose:",
];

/// What the client says about a refusal, without its progress; `None` if there is nothing else.
fn what_it_says(stderr: &str) -> Option<String> {
    let remark = |line: &&str| !line.trim().is_empty() && !REMARKS.iter().any(|r| line.starts_with(r));
    let lines: Vec<&str> = stderr.lines().filter(remark).collect();
    let text = lines.join("\n").trim_start_matches("Error response from daemon: ").to_string();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_told_without_the_clients_progress() {
        let stderr = "Ignoring unsupported options: restart\n\nCreating network x_default\nfailed to create service \
                      x_app: Error response from daemon: network x not found\n";
        assert_eq!(
            what_it_says(stderr).unwrap(),
            "failed to create service x_app: Error response from daemon: network x not found"
        );
        assert_eq!(what_it_says("Creating service x\n"), None);
    }

    #[test]
    fn a_client_that_was_killed_is_no_refusal_of_the_engine() {
        for (code, stderr) in [
            (None, "Creating network x_default\n"),
            (None, ""),
            (Some(143), "signal: terminated"),
            (Some(1), ""),
        ] {
            let got = failed(code, stderr);
            assert!(matches!(got, ClusterError::Local(_)), "{code:?} {stderr}: {got:?}");
        }
    }

    #[test]
    fn a_client_that_lost_the_engine_is_told_from_a_refusal() {
        let kind = |stderr: &str| match failed(Some(1), stderr) {
            ClusterError::Unreachable(_) => "gone",
            ClusterError::NotAManager(_) => "no manager",
            ClusterError::Refused { .. } => "refused",
            _ => "else",
        };
        for (stderr, expected) in [
            ("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", "gone"),
            (
                "Creating network a\nerror during connect: Post \"http://x/v1.41/networks/create\": EOF",
                "gone",
            ),
            (
                "failed to create service a_app: Post \"http://x\": read unix @->/run/d.sock: read: connection reset by peer",
                "gone",
            ),
            ("this node is not a swarm manager. Use \"docker swarm init\"", "no manager"),
            (
                "failed to create service a: Error response from daemon: rpc error: code = Unknown desc = The swarm does not have a leader.",
                "no manager",
            ),
            ("failed to create service x_app: Error response from daemon: network x not found", "refused"),
        ] {
            assert_eq!(kind(stderr), expected, "{stderr}");
        }
    }

    #[test]
    fn variables_that_a_file_still_names_are_found_and_dollar_signs_are_not() {
        assert_eq!(variables("a: ${STACK_NAME:-x}-$HOST, b: $$PATH $${HOME} $ ${}"), ["STACK_NAME", "HOST"]);
    }

    #[test]
    fn a_file_of_a_stack_stays_inside_its_directory() {
        let dir = Path::new("/tmp/x");
        assert_eq!(inside(dir, "a/b.conf").unwrap(), dir.join("a/b.conf"));
        for bad in ["../a", "/etc/passwd", "a/../../b", ""] {
            assert!(inside(dir, bad).is_err(), "{bad}");
        }
    }
}
