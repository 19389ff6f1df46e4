//! Writes files into a container through the engine's archive endpoint, as a stream.

use super::Swarm;
use super::refusal::refused;
use bollard::body_try_stream;
use bollard::query_parameters::UploadToContainerOptionsBuilder;
use bytes::Bytes;
use ccci_swarm::ports::ClusterError;
use std::io::{self, Read};

/// Bytes that are read at once from the tar.
const PIECE: usize = 256 << 10;

impl Swarm {
    pub(super) async fn write_archive(
        &self,
        container: &str,
        dir: &str,
        tar: &mut dyn Read,
    ) -> Result<(), ClusterError> {
        let docker = self.connected().await?.docker;
        let options = UploadToContainerOptionsBuilder::default().path(dir).copy_uidgid("").build();
        let (send, mut receive) = tokio::sync::mpsc::channel::<io::Result<Bytes>>(4);
        let body = futures_util::stream::poll_fn(move |context| receive.poll_recv(context));
        let upload = docker.upload_to_container(container, Some(options), body_try_stream(body));
        let feed = async move {
            let mut piece = vec![0; PIECE];
            loop {
                match tar.read(&mut piece) {
                    Ok(0) => return Ok(()),
                    Err(e) => {
                        let _ = send.send(Err(io::Error::other("the archive ended early"))).await;
                        return Err(ClusterError::Local(format!("read the stored archive: {e}")));
                    }
                    Ok(n) => {
                        // if the receiver stopped, the upload reports why
                        if send.send(Ok(Bytes::copy_from_slice(&piece[..n]))).await.is_err() {
                            return Ok(());
                        }
                    }
                }
            }
        };
        let (fed, uploaded) = tokio::join!(feed, upload);
        fed?;
        uploaded.map_err(|e| refused("write files into a container", &e))
    }
}
