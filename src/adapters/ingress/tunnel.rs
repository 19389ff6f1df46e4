//! Connections that changed their protocol (WebSocket): bytes both ways until one side ends or the ingress does.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;

/// Joins two connections once both have changed. What goes wrong ends both; there is nobody to tell.
pub(super) fn join(near: OnUpgrade, far: OnUpgrade, ended: CancellationToken) {
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
