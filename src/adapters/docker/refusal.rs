//! Translates the engine's refusals into errors of the port. Pure.

use bollard::errors::Error;
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::cluster::{DISK_FULL, PullError};
use std::error::Error as _;

/// What a failed call means. `action` is what was asked; it follows "failed to".
pub(crate) fn refused(action: &str, error: &Error) -> ClusterError {
    match error {
        Error::DockerResponseServerError { status_code, message } => of_status(action, *status_code, message),
        Error::DockerStreamError { error } => {
            ClusterError::Refused { action: action.into(), text: error.clone() }
        }
        Error::RequestTimeoutError => ClusterError::Unreachable(format!("no answer when asked to {action}")),
        Error::JsonDataError { message, .. } => ClusterError::Refused {
            action: action.into(),
            text: format!("the engine's answer cannot be read: {message}"),
        },
        other => of_connection(&chain(other)),
    }
}

fn of_status(action: &str, status: u16, message: &str) -> ClusterError {
    let text = message.trim().to_string();
    match status {
        404 => ClusterError::Missing(text),
        _ if NO_MANAGER.iter().any(|words| text.contains(words)) => ClusterError::NotAManager(text),
        503 if text.contains("swarm manager") || text.contains("swarm") => ClusterError::NotAManager(text),
        _ => ClusterError::Refused { action: action.into(), text },
    }
}

/// Messages of an engine whose swarm is not there, or not yet there after a restart.
const NO_MANAGER: &[&str] =
    &["not a swarm manager", "does not have a leader", "code = Unavailable", "context deadline exceeded"];
/// Messages of the docker client if the engine was lost or not there.
const GONE: &[&str] = &[
    "Cannot connect to the Docker daemon",
    "error during connect",
    ": EOF",
    "connection reset by peer",
    "connection refused",
    "broken pipe",
];

/// What the docker client's message means if the engine did not refuse the stack.
pub(crate) fn of_words(text: &str) -> Option<ClusterError> {
    let any = |words: &[&str]| words.iter().any(|w| text.contains(w));
    match () {
        () if any(NO_MANAGER) => Some(ClusterError::NotAManager(text.to_string())),
        () if any(GONE) => Some(ClusterError::Unreachable(text.to_string())),
        () => None,
    }
}

/// What the engine's refusal of a stack means.
pub(crate) fn deploy_refused(text: String) -> ClusterError {
    match port_holder(&text) {
        Some(holder) => ClusterError::PortHeld { holder: holder.to_string(), text },
        None => ClusterError::Refused { action: "deploy the stack".into(), text },
    }
}

/// The service that already has the published port, from the engine's message (20.10 to 29): `port '80' is already in
/// use by service 'web' (ID) as an ingress port`.
fn port_holder(text: &str) -> Option<&str> {
    text.split_once("is already in use by service '")?.1.split('\'').next()
}

fn of_connection(text: &str) -> ClusterError {
    let text = text.to_string();
    if text.contains("Permission denied") {
        ClusterError::NoPermission(text)
    } else {
        ClusterError::Unreachable(text)
    }
}

/// The innermost message of an error; the outer ones only say that there was an error.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}

/// Messages of registries and of the engine's resolver, the most specific first.
const PULL_WORDS: &[(&str, Kind)] = &[
    (DISK_FULL, Kind::Engine),
    // an empty variable leaves `nginx:`, which no engine accepts as an image
    ("invalid reference format", Kind::NoName),
    ("toomanyrequests", Kind::Unreachable),
    ("no such host", Kind::Unreachable),
    ("server misbehaving", Kind::Unreachable),
    ("dial tcp", Kind::Unreachable),
    ("connection refused", Kind::Unreachable),
    ("connection reset", Kind::Unreachable),
    ("broken pipe", Kind::Unreachable),
    ("http2: ", Kind::Unreachable),
    ("stream error", Kind::Unreachable),
    ("network is unreachable", Kind::Unreachable),
    ("no route to host", Kind::Unreachable),
    ("i/o timeout", Kind::Unreachable),
    ("Client.Timeout", Kind::Unreachable),
    ("deadline exceeded", Kind::Unreachable),
    ("timed out", Kind::Unreachable),
    ("429 Too Many Requests", Kind::Unreachable),
    ("502 Bad Gateway", Kind::Unreachable),
    ("503 Service Unavailable", Kind::Unreachable),
    ("504 Gateway", Kind::Unreachable),
    ("TLS handshake", Kind::Unreachable),
    ("x509", Kind::Unreachable),
    ("unexpected HTTP status: 5", Kind::Unreachable),
    ("500 Internal Server Error", Kind::Unreachable),
    ("EOF", Kind::Unreachable),
    ("manifest unknown", Kind::NoSuchImage),
    ("manifest for", Kind::NoSuchImage),
    ("no matching manifest", Kind::NoSuchImage),
    ("name unknown", Kind::NoSuchImage),
    ("repository does not exist", Kind::NoSuchImage),
    ("not found", Kind::NoSuchImage),
    ("No such image", Kind::NoSuchImage),
];

#[derive(Clone, Copy)]
enum Kind {
    NoName,
    NoSuchImage,
    Unreachable,
    Engine,
}

/// Why a pull failed (lesson 48): the image, infra, the engine's own disk, or a refusal.
pub(crate) fn pull_refused(image: &str, error: &Error) -> PullError {
    let text = match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_string(),
        Error::DockerStreamError { error } => error.clone(),
        other => return PullError::Cluster(refused("pull an image", other)),
    };
    let image = image.to_string();
    match PULL_WORDS.iter().find(|(words, _)| text.contains(words)) {
        Some((_, Kind::NoName)) => PullError::NoName { image, text },
        Some((_, Kind::NoSuchImage)) => PullError::NoSuchImage { image, text },
        Some((_, Kind::Unreachable)) => PullError::Unreachable { image, text },
        Some((_, Kind::Engine)) => PullError::Cluster(refused("pull an image", error)),
        None => PullError::Refused { image, text },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(status_code: u16, message: &str) -> Error {
        Error::DockerResponseServerError { status_code, message: message.into() }
    }

    #[test]
    fn lesson_48_a_failed_pull_tells_the_image_from_the_world() {
        let kind = |text: &str| match pull_refused("i:1", &server(500, text)) {
            PullError::NoName { .. } => "name",
            PullError::NoSuchImage { .. } => "image",
            PullError::Unreachable { .. } => "infra",
            PullError::Refused { .. } => "refused",
            PullError::Cluster(_) => "engine",
        };
        for (text, expected) in [
            ("manifest for nginx:nope not found: manifest unknown: manifest unknown", "image"),
            (
                "pull access denied for x, repository does not exist or may require 'docker login': denied",
                "image",
            ),
            ("no such image: nginx:: invalid reference format", "name"),
            ("no matching manifest for linux/amd64 in the manifest list entries", "image"),
            (
                "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host",
                "infra",
            ),
            ("Get \"http://127.0.0.1:9/v2/\": dial tcp 127.0.0.1:9: connect: connection refused", "infra"),
            ("Get \"https://r/v2/\": net/http: TLS handshake timeout", "infra"),
            ("received unexpected HTTP status: 502 Bad Gateway", "infra"),
            ("read tcp 10.0.0.2:443->10.0.0.1:34034: read: connection reset by peer", "infra"),
            (
                "Head \"https://r/v2/x/manifests/1\": dial tcp 10.0.0.1:443: connect: operation timed out",
                "infra",
            ),
            ("http2: client connection lost", "infra"),
            ("stream error: stream ID 9; INTERNAL_ERROR; received from peer", "infra"),
            (
                "Error response from daemon: error parsing HTTP 503 response body: 503 Service Unavailable",
                "infra",
            ),
            ("toomanyrequests: You have reached your pull rate limit", "infra"),
            ("failed to register layer: write /x: no space left on device", "engine"),
            ("Get \"https://r/v2/\": no basic auth credentials", "refused"),
            ("unauthorized: authentication required", "refused"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn the_service_that_has_the_port_is_named() {
        let text = "failed to create service a_ccci_test_app: Error response from daemon: rpc error: code = InvalidArgument \
                    desc = port '28999' is already in use by service 'shop_web' (62tflnqgpciiy5md8a5fdbrrh) as an ingress port";
        let held = deploy_refused(text.into());
        assert!(matches!(&held, ClusterError::PortHeld { holder, .. } if holder == "shop_web"), "{held:?}");
        let other = deploy_refused("invalid mount config for type \"bind\"".into());
        assert!(matches!(other, ClusterError::Refused { .. }), "{other:?}");
    }

    #[test]
    fn the_engines_status_is_put_into_the_ports_words() {
        assert!(matches!(refused("x", &server(404, "no such service")), ClusterError::Missing(_)));
        let not_a_manager = "This node is not a swarm manager. Use \"docker swarm init\"";
        assert!(matches!(refused("x", &server(503, not_a_manager)), ClusterError::NotAManager(_)));
        let conflict = refused("make a secret", &server(409, "secret x already exists"));
        assert_eq!(conflict.to_string(), "make a secret: secret x already exists");
    }
}
