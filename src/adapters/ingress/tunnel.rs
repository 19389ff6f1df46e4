//! Connections that changed their protocol (WebSocket): copies bytes both ways until one side or the ingress ends.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;

/// Joins two connections once both have changed. An error ends both; it cannot be reported to anyone.
pub(crate) fn join(near: OnUpgrade, far: OnUpgrade, ended: CancellationToken) {
    tokio::spawn(async move {
        let tunnel = async {
            if let (Ok(near), Ok(far)) = tokio::join!(near, far) {
                let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(near), &mut TokioIo::new(far)).await;
            }
        };
        tokio::select! {
            () = tunnel => {}
            () = ended.cancelled() => {}
        }
    });
}
