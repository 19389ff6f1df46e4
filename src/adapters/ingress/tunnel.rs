//! Connections that are no longer HTTP (WebSocket, the browser's proxy): copies bytes both ways until one side or the
//! ingress ends.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

/// Joins two connections once both are there. An error ends both; it cannot be reported to anyone.
pub(crate) fn join<N, F, E, G>(
    near: impl Future<Output = Result<N, E>> + Send + 'static,
    far: impl Future<Output = Result<F, G>> + Send + 'static,
    ended: CancellationToken,
) where
    N: AsyncRead + AsyncWrite + Send + Unpin,
    F: AsyncRead + AsyncWrite + Send + Unpin,
    E: Send,
    G: Send,
{
    tokio::spawn(async move {
        let tunnel = async {
            if let (Ok(mut near), Ok(mut far)) = tokio::join!(near, far) {
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            }
        };
        tokio::select! {
            () = tunnel => {}
            () = ended.cancelled() => {}
        }
    });
}
