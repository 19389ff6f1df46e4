//! Anonymous volumes: the engine makes one for each `VOLUME` of an image on which nothing is mounted.
//! They have no labels, so ccci knows them by the containers in which it observed them. The engine removes them
//! with their container, unless it ends in between (observed on 20.10, killed during a run of wordpress); then ccci
//! removes them.

use super::Swarm;
use super::refusal::refused;
use super::removal::Found;
use bollard::Docker;
use bollard::models::{ContainerInspectResponse, MountPoint};
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::cluster::DOMAIN_LABEL;
use std::collections::HashMap;

/// Length of their names: the hex form of 32 random bytes.
const DIGITS: usize = 64;

/// The anonymous volumes of a container.
pub(super) fn of(mounts: Option<&Vec<MountPoint>>) -> Vec<String> {
    let volumes = mounts.into_iter().flatten().filter(|m| m.typ.as_deref() == Some("volume"));
    let is_theirs = |n: &&String| n.len() == DIGITS && n.bytes().all(|b| b.is_ascii_hexdigit());
    volumes.filter_map(|m| m.name.as_ref()).filter(is_theirs).cloned().collect()
}

impl Swarm {
    /// Remembers those of a container that was inspected.
    pub(super) fn remember_volumes_of(&self, container: &ContainerInspectResponse) {
        let labels = container.config.as_ref().and_then(|c| c.labels.as_ref());
        let Some(domain) = labels.and_then(|l| l.get(DOMAIN_LABEL)) else { return };
        self.remember_volumes(domain, of(container.mounts.as_ref()));
    }

    /// Remembers volumes for the removal of this domain.
    pub(super) fn remember_volumes(&self, domain: &str, volumes: impl IntoIterator<Item = String>) {
        self.known().anonymous.entry(domain.to_string()).or_default().extend(volumes);
    }

    /// Those of a domain that still exist; the others are forgotten.
    pub(super) async fn anonymous(&self, docker: &Docker, domain: &str) -> Result<Vec<Found>, ClusterError> {
        let remembered = self.known().anonymous.get(domain).cloned().unwrap_or_default();
        let mut there = vec![];
        for name in remembered {
            match docker.inspect_volume(&name).await.map_err(|e| refused("look at a volume", &e)) {
                Ok(_) => {
                    let labels = HashMap::from([(DOMAIN_LABEL.to_string(), domain.to_string())]);
                    there.push(Found { kind: "volume", id: name.clone(), name, labels, volumes: vec![] });
                }
                Err(ClusterError::Missing(_)) => {
                    self.known().anonymous.entry(domain.to_string()).or_default().remove(&name);
                }
                Err(lost) => return Err(lost),
            }
        }
        Ok(there)
    }
}
