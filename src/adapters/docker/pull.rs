//! Makes sure that the engine has an image.
//! The registry is asked first, because a tag may have moved; an image that exists only on the engine is accepted.

use super::Swarm;
use super::refusal::{pull_refused, refused};
use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use ccci_swarm::ports::ClusterError;
use ccci_swarm::ports::cluster::{PullError, Pulled};
use futures_util::StreamExt;

impl Swarm {
    pub(super) async fn pull_image(&self, image: &str) -> Result<Pulled, PullError> {
        let docker = self.connected().await?.docker;
        let before = here(&docker, image).await?;
        // an image that is named by its digest cannot have changed
        if let (true, Some(here)) = (image.contains("@sha256:"), &before) {
            return Ok(here.clone());
        }
        match fetch(&docker, image).await {
            Ok(()) => {
                let after = here(&docker, image).await?;
                let present = before.as_ref().map(|b| &b.id) == after.as_ref().map(|a| &a.id);
                Ok(Pulled { present, ..after.unwrap_or_default() })
            }
            Err(e @ PullError::Cluster(_)) => Err(e),
            Err(e) => before.ok_or(e),
        }
    }
}

/// The image, if the engine has it.
async fn here(docker: &Docker, image: &str) -> Result<Option<Pulled>, PullError> {
    match docker.inspect_image(image).await {
        Ok(found) => {
            let digest = found.repo_digests.unwrap_or_default().into_iter().next();
            let volumes = found.config.and_then(|c| c.volumes).unwrap_or_default();
            let id = found.id.unwrap_or_default();
            Ok(Some(Pulled { id, digest, present: true, volumes }))
        }
        Err(e) => match (refused("look for an image", &e), pull_refused(image, &e)) {
            (_, no_name @ PullError::NoName { .. }) => Err(no_name),
            (ClusterError::Missing(_), _) => Ok(None),
            (other, _) => Err(PullError::Cluster(other)),
        },
    }
}

async fn fetch(docker: &Docker, image: &str) -> Result<(), PullError> {
    let whole = with_tag(image);
    let options = CreateImageOptionsBuilder::default().from_image(&whole).build();
    let mut progress = docker.create_image(Some(options), None, None);
    while let Some(step) = progress.next().await {
        step.map_err(|e| pull_refused(image, &e))?;
    }
    Ok(())
}

/// Adds `latest` to an image without a tag, for which the engine would fetch all tags.
fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || image.contains('@') { image.to_string() } else { format!("{image}:latest") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_tag_means_latest_and_not_all_of_them() {
        assert_eq!(with_tag("nginx"), "nginx:latest");
        assert_eq!(with_tag("127.0.0.1:5000/nginx"), "127.0.0.1:5000/nginx:latest");
        assert_eq!(with_tag("127.0.0.1:5000/nginx:1"), "127.0.0.1:5000/nginx:1");
        assert_eq!(with_tag("nginx@sha256:ab"), "nginx@sha256:ab");
    }
}
