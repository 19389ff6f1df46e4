//! Turns errors of the ports into failures with a cause and a blame. Pure.

use ccci_model::failure::detail::Detail;
use ccci_model::failure::{Blame, Failure, causes};
use ccci_model::name::StackName;
use ccci_swarm::converge;
use ccci_swarm::ports::cluster::{ClusterError, PullError};
use ccci_swarm::wait::WaitError;
use std::any::Any;

/// A cluster error during an operation; `doing` fits after "failed to".
pub fn cluster(e: ClusterError, doing: &str) -> Failure {
    match e {
        ClusterError::Deadline(what) => {
            let observed = format!("not done before the deadline: {what}");
            Failure::new(causes::ENGINE_REFUSED, format!("to {doing}"), observed)
        }
        e => e.failure(doing, causes::ENGINE_REFUSED),
    }
}

/// A wait on the cluster that did not succeed; `doing` fits after "failed to".
pub fn wait(e: WaitError<ClusterError>, doing: &str) -> Failure {
    match e {
        WaitError::Look(e) => cluster(e, doing),
        other => wait_of(other, doing),
    }
}

/// A wait that did not succeed.
pub(crate) fn wait_of<E: std::fmt::Display>(e: WaitError<E>, doing: &str) -> Failure {
    let expected = format!("to {doing}");
    match e {
        WaitError::Hopeless(failure) => *failure,
        WaitError::Stopped(_) => Failure::new(causes::INTERRUPTED, expected, "the run was stopped"),
        WaitError::TimedOut { why, after } => {
            let observed = format!("after {} still {why}", ccci_model::time::Span(after));
            Failure::new(causes::NOT_CONVERGED, expected, observed)
        }
        WaitError::Look(e) => Failure::new(causes::INTERNAL, expected, e.to_string()),
    }
}

/// The engine refused the stack. Its message names what is wrong with the stack, so the recipe is to blame. The
/// exception is a published port that a service outside the stack already has.
pub fn deploy(e: ClusterError, stack: &StackName) -> Failure {
    let doing = "deploy the stack";
    let (refused, holder) = match (e.of_infra(doing), e) {
        (None, ClusterError::Refused { text, .. }) => (text, None),
        (None, ClusterError::PortHeld { holder, text }) => (text, Some(holder)),
        (_, other) => return cluster(other, doing),
    };
    let holder = holder.filter(|holder| !holder.starts_with(&format!("{stack}_")));
    let cause = if holder.is_some() { causes::PORT_TAKEN } else { causes::DEPLOY_REFUSED };
    let known = converge::start_failure(&refused).filter(|_| holder.is_none());
    let failure = Failure::of(cause, Detail::Refused { holder, said: refused });
    if let Some(row) = known { failure.to_do(row.cure) } else { failure }
}

/// An image that could not be pulled. If there is no such image, the image is to blame; if the registry is unreachable,
/// infra.
pub fn pull(e: PullError, image: &str) -> Failure {
    let (cause, said) = match e {
        PullError::NoSuchImage { text, .. } => (causes::MISSING_IMAGE, text),
        PullError::Unreachable { text, .. } => (causes::REGISTRY_UNREACHABLE, text),
        PullError::Refused { text, .. } => (causes::PULL_REFUSED, text),
        PullError::NoName { text, .. } => (causes::COMPOSE_INVALID, text),
        PullError::Cluster(e) => return cluster(e, &format!("pull `{image}`")),
    };
    Failure::of(cause, Detail::Image { image: image.to_string(), said })
}

/// Whether a failure can be the consequence of an earlier step that was not done. Scripts use what earlier hooks left.
pub(crate) fn stands_on_earlier_steps(failure: &Failure) -> bool {
    [causes::TEST_FAILED, causes::HOOK_FAILED, causes::EXEC_FAILED, causes::BACKUP_NOT_VERIFIED]
        .iter()
        .any(|c| c.id == failure.cause)
        && failure.blame == Blame::Recipe
}

/// A panic inside a step: a bug in ccci. The run continues with removal.
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
        assert_eq!((away.blame, away.is_error()), (Blame::Infra, true));
    }

    #[test]
    fn a_port_of_somebody_else_is_of_infra_and_one_that_the_app_publishes_twice_is_its_own() {
        let said = |holder: &str| ClusterError::PortHeld {
            holder: holder.into(),
            text: "port '28999' is in use".into(),
        };
        let stack = StackName::parse("a_ccci_test").unwrap();
        let foreign = deploy(said("shop_web"), &stack);
        assert_eq!((foreign.cause.as_str(), foreign.blame), ("port-taken", Blame::Infra));
        assert!(foreign.observed().contains("`shop_web`"), "{}", foreign.observed());
        let own = deploy(said("a_ccci_test_web"), &stack);
        assert_eq!((own.cause.as_str(), own.blame), ("deploy-refused", Blame::Recipe));
    }

    #[test]
    fn a_full_disk_is_of_infra_whoever_meets_it() {
        let text = "failed to register layer: write /usr/bin/x: no space left on device";
        let said = || ClusterError::Refused { action: "pull an image".into(), text: text.into() };
        let stack = StackName::parse("a_ccci_test").unwrap();
        for failure in [
            cluster(said(), "put a secret"),
            deploy(said(), &stack),
            pull(PullError::Cluster(said()), "nginx:1"),
        ] {
            assert_eq!((failure.cause.as_str(), failure.blame), ("disk-full", Blame::Infra));
            assert!(failure.observed().contains(text), "{}", failure.observed());
        }
    }

    #[test]
    fn an_image_name_that_is_none_blames_the_recipe() {
        let text = "no such image: nginx:: invalid reference format".into();
        let f = pull(PullError::NoName { image: "nginx:".into(), text }, "nginx:");
        assert_eq!((f.cause.as_str(), f.blame), ("compose-invalid", Blame::Recipe));
    }

    #[test]
    fn a_service_without_a_running_task_is_no_trouble_with_the_engine() {
        let f = cluster(ClusterError::NoRunningTask("db".into()), "ask the database");
        assert_eq!((f.cause.as_str(), f.blame), ("exec-failed", Blame::Recipe));
    }

    #[test]
    fn a_task_on_another_node_is_of_infra() {
        let e = ClusterError::Elsewhere { service: "db".into(), node: "worker2".into() };
        let f = cluster(e, "ask the database");
        assert_eq!((f.cause.as_str(), f.blame), ("task-elsewhere", Blame::Infra));
        assert!(
            f.observed().contains("service `db`") && f.observed().contains("node worker2"),
            "{}",
            f.observed()
        );
    }

    #[test]
    fn a_panic_is_a_bug_of_ccci_and_keeps_its_words() {
        let f = bug(Box::new("index out of bounds"));
        assert_eq!(f.blame, Blame::Ccci);
        assert_eq!(f.evidence[0].text, "index out of bounds");
    }
}
