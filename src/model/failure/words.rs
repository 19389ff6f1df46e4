//! The words of a failure, made from its data each time it is shown: the only place where they come about. Nothing stores them
//! and nothing reads them.

use super::detail::{CommandOf, Detail};
use super::{Evidence, Failure, causes};
use crate::plan::{Held, Side};
use crate::time::Span;
use std::time::Duration;

/// Lines of what a command said that stand in a sentence; all that is known of it is evidence.
const SAID_LINES: usize = 5;

impl Failure {
    /// What should have been.
    pub fn expected(&self) -> String {
        match &self.detail {
            Detail::Told { expected, .. } => expected.clone(),
            Detail::Assertion { expression, .. } => format!("`{expression}`"),
            Detail::Exec { role, service, .. } => match role {
                CommandOf::Script => format!("the command in service `{service}` to exit with 0"),
                CommandOf::Job => format!("the command of the job `{service}` to exit with 0"),
                hook => format!("the {} of service `{service}` to succeed", hook.name()),
            },
            Detail::Answer { accepted, .. } => {
                let accepted: Vec<String> = accepted.iter().map(u16::to_string).collect();
                format!("an answer of the app with status {}", accepted.join(", "))
            }
            Detail::Refused { .. } => "the engine to take the stack".into(),
            Detail::Image { image, .. } => format!("image `{image}` on the engine"),
            Detail::Left { .. } => "nothing of the run left on the engine".into(),
            Detail::Deadline { .. } => "the run to end within its deadline".into(),
            Detail::Interrupted { .. } => "the run to go on".into(),
            Detail::EngineLost { .. } => "the engine to stay during the run".into(),
            Detail::EngineSilent { .. } => "the engine to answer during the run".into(),
            Detail::NotReady { stable, .. } => format!("ready_probe to be true {stable} times in a row"),
            Detail::Ended { service, .. } => format!("service `{service}` to stay up"),
            Detail::SecretFound { .. } => "no secret value in the record".into(),
            Detail::DeployCount { app, side, planned, .. } => {
                let side = if *side == Side::Base { "base" } else { "head" };
                format!("deploys of the {side} of {app}, as the plan says: {planned}")
            }
        }
    }

    /// What was.
    pub fn observed(&self) -> String {
        match &self.detail {
            Detail::Told { observed, .. } | Detail::Assertion { observed, .. } => observed.clone(),
            Detail::Exec { role, service, code, stdout, stderr, .. } => match role {
                CommandOf::Script => {
                    let said = said(stdout, stderr);
                    format!("the command in service `{service}` exited with {code}: {said}")
                }
                CommandOf::Job => {
                    format!("the command of the job exited with {code}: {}", said(stdout, stderr))
                }
                _ => format!("it exited with {code}"),
            },
            Detail::Answer { status, proxy: Some(why), .. } => {
                format!("{status} from the proxy itself: {why}")
            }
            Detail::Answer { status, url, task: Some(task), .. } => {
                format!("status {status} from {url}: task `{task}` answers so")
            }
            Detail::Answer { status, url, .. } => format!("status {status} from {url}"),
            Detail::Refused { holder: Some(other), .. } => {
                format!("service `{other}` of this swarm publishes its port")
            }
            Detail::Refused { .. } => "it refused".into(),
            Detail::Image { image, .. } => self.of_image(image),
            Detail::Left { held } => {
                let names: Vec<String> = held.iter().map(|h| format!("{} {}", h.kind, h.name)).collect();
                format!("still there: {}", names.join(", "))
            }
            Detail::Deadline { deadline_ms, .. } => format!("{} were over", span(*deadline_ms)),
            Detail::Interrupted { .. } => "it was interrupted".into(),
            Detail::EngineLost { .. } => "it went away".into(),
            Detail::EngineSilent { silent_ms, .. } => {
                format!("it gave no answer for {}, and Swarm may have replaced tasks then", span(*silent_ms))
            }
            Detail::NotReady { in_a_row, asked, ms, .. } => {
                format!("{in_a_row} in a row after {asked} questions in {}", span(*ms))
            }
            Detail::Ended { how, after_ms, .. } => {
                format!("a task of it ended {how}, {} after the service had converged", span(*after_ms))
            }
            Detail::SecretFound { file, secret } => format!("`{secret}` stands in `{file}`"),
            Detail::DeployCount { taken, .. } => format!("deploys that the engine took: {taken}"),
        }
    }

    fn of_image(&self, image: &str) -> String {
        let id = self.cause.as_str();
        if id == causes::MISSING_IMAGE.id {
            "the registry has no such image".into()
        } else if id == causes::REGISTRY_UNREACHABLE.id {
            "its registry does not answer".into()
        } else if id == causes::COMPOSE_INVALID.id {
            format!("`{image}` is no name of an image")
        } else {
            "the registry refused it".into()
        }
    }

    /// What shows it: from its data, and what was found beside.
    pub fn shown(&self) -> Vec<Evidence> {
        let mut out: Vec<Evidence> = vec![];
        let mut add = |what: &str, text: String| {
            if !text.trim().is_empty() {
                out.push(Evidence { what: what.into(), text, log: false });
            }
        };
        match &self.detail {
            Detail::Exec { argv, stdout, stderr, .. } => {
                add("command", command(argv));
                add("its errors", stderr.clone());
                add("its output", stdout.clone());
            }
            Detail::Answer { body, proxy: None, .. } => add("the answer begins", body.clone()),
            Detail::Refused { said, .. } | Detail::Image { said, .. } => {
                add("the engine's words", said.clone())
            }
            Detail::Left { held } => {
                let one = |h: &Held| format!("{} {}: {}", h.kind, h.name, h.by);
                add("who holds it", held.iter().map(one).collect::<Vec<_>>().join("\n"));
            }
            Detail::Deadline { during: Some(f), .. } | Detail::Interrupted { during: Some(f) } => {
                add("what was going on", f.to_string());
            }
            Detail::EngineLost { then: Some(f) } => add("what failed after that", f.to_string()),
            Detail::EngineSilent { then, .. } => add("what failed after that", then.to_string()),
            Detail::NotReady { raised: Some(f), .. } => add("the probe last raised", f.observed()),
            _ => {}
        }
        out.extend(self.evidence.iter().cloned());
        out
    }
}

/// The last lines that a command wrote.
fn said(stdout: &str, stderr: &str) -> String {
    let text = if stderr.trim().is_empty() { stdout } else { stderr };
    let lines: Vec<&str> = text.trim().lines().collect();
    match lines.as_slice() {
        [] => "it wrote nothing".into(),
        lines => lines[lines.len().saturating_sub(SAID_LINES)..].join("\n"),
    }
}

/// A command as its author wrote it: what follows `sh -c` is the whole of it.
fn command(argv: &[String]) -> String {
    match argv {
        [shell, .., option, line] if option == "-c" && (shell == "sh" || shell == "bash") => line.clone(),
        _ => argv.join(" "),
    }
}

fn span(ms: u64) -> Span {
    Span(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(role: CommandOf, stdout: &str, stderr: &str) -> Failure {
        let (stdout, stderr) = (stdout.to_string(), stderr.to_string());
        let argv = ["sh", "-c", "dump > /x"].map(str::to_string).to_vec();
        let detail = Detail::Exec { role, service: "db".into(), argv, code: 3, stdout, stderr };
        Failure::of(causes::EXEC_FAILED, detail)
    }

    #[test]
    fn a_command_that_failed_shows_its_code_its_errors_or_else_its_output() {
        let f = exec(CommandOf::Script, "out", "1\n2\n3\n4\n5\n6\n");
        assert_eq!(f.observed(), "the command in service `db` exited with 3: 2\n3\n4\n5\n6");
        let shown: Vec<(String, String)> = f.shown().into_iter().map(|e| (e.what, e.text)).collect();
        let texts = [("command", "dump > /x"), ("its errors", "1\n2\n3\n4\n5\n6\n"), ("its output", "out")];
        assert_eq!(shown, texts.map(|(a, b)| (a.to_string(), b.to_string())));
        assert!(exec(CommandOf::Job, "out", " \n").observed().ends_with("exited with 3: out"));
        assert!(exec(CommandOf::Script, "", "").observed().ends_with("exited with 3: it wrote nothing"));
        let hook = exec(CommandOf::RestorePostHook, "", "no such table");
        assert_eq!(hook.expected(), "the restore post-hook of service `db` to succeed");
        assert_eq!(hook.observed(), "it exited with 3");
    }

    #[test]
    fn what_kept_a_run_from_its_end_shows_what_failed_because_of_it() {
        let during = Some(Box::new(Failure::new(causes::HOOK_FAILED, "a", "b")));
        let f = Failure::of(causes::RUN_DEADLINE, Detail::Deadline { deadline_ms: 5_000, during });
        assert_eq!(
            (f.observed().as_str(), f.shown()[0].text.as_str()),
            ("5s were over", "expected a, observed b")
        );
    }
}
