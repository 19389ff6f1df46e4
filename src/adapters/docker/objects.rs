//! Makes networks and secrets, with the run's labels.

use super::refusal::refused;
use super::{Swarm, filters};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bollard::models::{Network, NetworkCreateRequest, SecretSpec};
use bollard::query_parameters::ListNetworksOptionsBuilder;
use ccci_model::name::LONGEST_SWARM_NAME;
use ccci_model::secret::Secret;
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::cluster::Owner;

/// How the engine says that an object of that name already exists.
const QUICKER: &[&str] = &["already exists", "name conflicts with an existing object"];

/// The scope of networks that stacks can use.
const SWARM: &str = "swarm";

/// Networks of each engine that a service can be given all the same.
const PREDEFINED: &[&str] = &["host", "bridge", "none"];

impl Swarm {
    pub(super) async fn network(&self, name: &str, owner: &Owner) -> Result<bool, ClusterError> {
        let docker = self.connected().await?.docker;
        let named = ListNetworksOptionsBuilder::default().filters(&filters(&[("name", name)])).build();
        let found = docker.list_networks(Some(named)).await.map_err(|e| refused("list the networks", &e))?;
        let same: Vec<_> = found.iter().filter(|n| n.name.as_deref() == Some(name)).collect();
        let usable = |n: &Network| n.scope.as_deref() == Some(SWARM) || PREDEFINED.contains(&name);
        if same.iter().any(|n| usable(n)) {
            return Ok(false);
        }
        if let Some(other) = same.first() {
            let driver = other.driver.as_deref().unwrap_or_default();
            let text = format!(
                "a network of this engine alone has that name (driver {driver}), and a stack cannot use it; free the name"
            );
            return Err(ClusterError::Refused { action: "use the network".into(), text });
        }
        let request = NetworkCreateRequest {
            name: name.to_string(),
            driver: Some("overlay".into()),
            attachable: Some(true),
            labels: Some(owner.labels().into_iter().collect()),
            ..NetworkCreateRequest::default()
        };
        match docker.create_network(request).await {
            Ok(_) => Ok(true),
            Err(e) => match refused("make the network", &e) {
                // another run was quicker; if both came at the same moment, the engine uses another message
                ClusterError::Refused { text, .. } if QUICKER.iter().any(|w| text.contains(w)) => Ok(false),
                other => Err(other),
            },
        }
    }

    pub(super) async fn secret(&self, name: &str, value: &Secret, owner: &Owner) -> Result<(), ClusterError> {
        let action = "make the secret";
        if name.len() > LONGEST_SWARM_NAME {
            let text =
                format!("its name {name} has {} characters, Swarm allows {LONGEST_SWARM_NAME}", name.len());
            return Err(ClusterError::Refused { action: action.into(), text });
        }
        let docker = self.connected().await?.docker;
        let spec = SecretSpec {
            name: Some(name.to_string()),
            labels: Some(owner.labels().into_iter().collect()),
            data: Some(base64(value.open().as_bytes())),
            ..SecretSpec::default()
        };
        docker.create_secret(spec).await.map(|_| ()).map_err(|e| refused(action, &e))
    }
}

/// Standard base64 with padding, which the engine requires for secrets.
fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_the_standard_has_it() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
