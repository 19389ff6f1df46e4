//! Turns what the ports could not do into failures with a cause and a blame. Pure.

use crate::failure::{Blame, Failure, causes};
use crate::world::cluster::{ClusterError, PullError};
use crate::world::wait::WaitError;
use std::any::Any;

/// A cluster error while doing something; `doing` fits after "failed to".
pub fn cluster(e: ClusterError, doing: &str) -> Failure {
    let expected = format!("to {doing}");
    match e {
        ClusterError::Unreachable(text) => {
            Failure::new(causes::ENGINE_GONE, expected, "the engine does not answer").evidence("engine", text)
        }
        ClusterError::Stopped(what) => {
            Failure::new(causes::INTERRUPTED, expected, format!("stopped: {what}"))
        }
        ClusterError::Deadline(what) => {
            Failure::new(causes::ENGINE_REFUSED, expected, format!("not done before the deadline: {what}"))
        }
        ClusterError::NoRunningTask(service) => {
            Failure::new(causes::EXEC_FAILED, expected, format!("service `{service}` has no running task"))
        }
        e @ ClusterError::Elsewhere { .. } => {
            Failure::new(causes::TASK_ELSEWHERE, expected, format!("failed to {e}"))
        }
        other => Failure::new(causes::ENGINE_REFUSED, expected, format!("failed to {other}")),
    }
}

/// A wait on the cluster that did not get there; `doing` fits after "failed to".
pub fn wait(e: WaitError<ClusterError>, doing: &str) -> Failure {
    match e {
        WaitError::Look(e) => cluster(e, doing),
        other => wait_of(other, doing),
    }
}

/// A wait that did not get there.
pub fn wait_of<E: std::fmt::Display>(e: WaitError<E>, doing: &str) -> Failure {
    let expected = format!("to {doing}");
    match e {
        WaitError::Hopeless(failure) => *failure,
        WaitError::Stopped(_) => Failure::new(causes::INTERRUPTED, expected, "the run was stopped"),
        WaitError::TimedOut { why, after } => {
            let seen = format!("after {} still {why}", crate::time::Span(after));
            Failure::new(causes::NOT_CONVERGED, expected, seen)
        }
        WaitError::Look(e) => Failure::new(causes::INTERNAL, expected, e.to_string()),
    }
}

/// The engine refused the stack: its words name what is wrong with it, so the recipe is to blame.
pub fn deploy(e: ClusterError) -> Failure {
    match e {
        ClusterError::Refused { text, .. } => {
            let lower = text.to_lowercase();
            let world =
                ["port", "already allocated", "address already in use"].iter().all(|w| lower.contains(w));
            let failure = Failure::new(causes::DEPLOY_REFUSED, "the engine to take the stack", "it refused")
                .evidence("the engine's words", text);
            if world { failure.blame(Blame::World) } else { failure }
        }
        other => cluster(other, "hand the stack to the engine"),
    }
}

/// An image that could not be had: no such image blames the image, an unreachable registry the world.
pub fn pull(e: PullError, image: &str) -> Failure {
    let expected = format!("image `{image}` on the engine");
    match e {
        PullError::NoSuchImage { text, .. } => {
            Failure::new(causes::MISSING_IMAGE, expected, "the registry has no such image")
                .evidence("the engine's words", text)
        }
        PullError::Unreachable { text, .. } => {
            Failure::new(causes::REGISTRY_UNREACHABLE, expected, "its registry does not answer")
                .evidence("the engine's words", text)
        }
        PullError::Refused { text, .. } => {
            Failure::new(causes::PULL_REFUSED, expected, "the registry refused it")
                .evidence("the engine's words", text)
        }
        // a variable that is empty leaves `nginx:`, which no engine takes for an image
        PullError::Cluster(ClusterError::Refused { text, .. })
            if text.contains("invalid reference format") =>
        {
            let seen = format!("`{image}` is no name of an image");
            Failure::new(causes::COMPOSE_INVALID, expected, seen).evidence("the engine's words", text)
        }
        PullError::Cluster(e) => cluster(e, &format!("pull `{image}`")),
    }
}

/// Whether a failure can be the consequence of an earlier step that was not done: scripts read what hooks left.
pub fn stands_on_earlier_steps(failure: &Failure) -> bool {
    [causes::TEST_FAILED, causes::HOOK_FAILED, causes::BACKUP_NOT_VERIFIED]
        .iter()
        .any(|c| c.id == failure.cause)
        && failure.blame == Blame::Recipe
}

/// A panic inside a step: a bug of ours; the run goes on to removal.
pub fn bug(panic: Box<dyn Any + Send>) -> Failure {
    let text = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_string()))
        .unwrap_or_else(|| "no message".into());
    Failure::new(causes::INTERNAL, "no bug in ccci", "a step panicked").evidence("panic", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lesson_48_a_failed_pull_tells_image_from_world() {
        let (image, text) = ("x:1".to_string(), "manifest unknown".to_string());
        let gone = pull(PullError::NoSuchImage { image: image.clone(), text: text.clone() }, "x:1");
        assert_eq!((gone.blame, gone.cause.as_str()), (Blame::Image, "missing-image"));
        let away = pull(PullError::Unreachable { image, text }, "x:1");
        assert_eq!((away.blame, away.is_error()), (Blame::World, true));
    }

    #[test]
    fn an_image_name_that_is_none_blames_the_recipe() {
        let said = ClusterError::Refused {
            action: "look for an image".into(),
            text: "no such image: nginx:: invalid reference format".into(),
        };
        let f = pull(PullError::Cluster(said), "nginx:");
        assert_eq!((f.cause.as_str(), f.blame), ("compose-invalid", Blame::Recipe));
    }

    #[test]
    fn a_service_without_a_running_task_is_no_trouble_with_the_engine() {
        let f = cluster(ClusterError::NoRunningTask("db".into()), "ask the database");
        assert_eq!((f.cause.as_str(), f.blame), ("exec-failed", Blame::Recipe));
    }

    #[test]
    fn a_task_on_another_node_is_the_worlds() {
        let e = ClusterError::Elsewhere { service: "db".into(), node: "worker2".into() };
        let f = cluster(e, "ask the database");
        assert_eq!((f.cause.as_str(), f.blame), ("task-elsewhere", Blame::World));
        assert!(f.observed.contains("service `db`") && f.observed.contains("node worker2"), "{}", f.observed);
    }

    #[test]
    fn a_panic_is_a_bug_of_ccci_and_keeps_its_words() {
        let f = bug(Box::new("index out of bounds"));
        assert_eq!(f.blame, Blame::Ccci);
        assert_eq!(f.evidence[0].text, "index out of bounds");
    }
}
