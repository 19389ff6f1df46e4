//! Finds the engine as any Docker client does: `DOCKER_HOST`, else the chosen context, else the local socket.

use super::env;
use crate::app::engine::Address;
use std::path::{Path, PathBuf};

/// The socket of a local engine.
pub const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// The engine's address, and where it was configured.
pub fn address() -> Address {
    let (host, from) = named();
    Address { host, from }
}

fn named() -> (String, String) {
    if let Some(host) = env::read(env::DOCKER_HOST) {
        return (host, "DOCKER_HOST".into());
    }
    let dir = env::read(env::DOCKER_CONFIG)
        .map(PathBuf::from)
        .or_else(|| env::read(env::HOME).map(|h| PathBuf::from(h).join(".docker")));
    let named = env::read(env::DOCKER_CONTEXT).or_else(|| dir.as_deref().and_then(current_context));
    match (named.filter(|n| n != "default"), dir) {
        (Some(name), Some(dir)) => match context_host(&dir, &name) {
            Some(host) => (host, format!("docker context `{name}`")),
            None => (
                DEFAULT_HOST.into(),
                format!("the default (docker context `{name}` has no readable meta.json)"),
            ),
        },
        _ => (DEFAULT_HOST.into(), "the default".into()),
    }
}

fn current_context(dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(dir.join("config.json")).ok()?;
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    json.get("currentContext")?.as_str().map(str::to_string)
}

/// The engine's address in a context. A context is in a directory named after the SHA-256 of its name.
fn context_host(dir: &Path, name: &str) -> Option<String> {
    let folder = ccci_model::digest::sha256(name.as_bytes());
    let text = std::fs::read_to_string(dir.join("contexts/meta").join(folder).join("meta.json")).ok()?;
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    json.pointer("/Endpoints/docker/Host")?.as_str().map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_of_a_docker_context_is_found_by_the_hash_of_its_name() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(context_host(dir.path(), "far"), None);
        // the output of `sha256sum` for `far`
        let name = "512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868";
        let folder = dir.path().join("contexts/meta").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let meta = r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://127.0.0.1:2375"}}}"#;
        std::fs::write(folder.join("meta.json"), meta).unwrap();
        assert_eq!(context_host(dir.path(), "far").as_deref(), Some("tcp://127.0.0.1:2375"));
    }
}
