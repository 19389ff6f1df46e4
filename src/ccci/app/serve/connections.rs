//! Connections to the server: how many there may be, and how long each may take.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Most connections at the same time; more wait to be accepted.
const MOST: usize = 500;
/// How long a client may take to send the head of a request.
const HEAD: Duration = Duration::from_secs(15);
/// How long a client may take to read anything of what was sent.
const READ: Duration = Duration::from_secs(30);
/// Longest life of a connection; a stream is opened again by the browser and goes on where it was.
const LIFE: Duration = Duration::from_secs(3_600);

/// Serves connections until the token is cancelled, which ends them too.
pub(super) async fn accept(listener: TcpListener, router: Router, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(MOST));
    loop {
        let accepted = tokio::select! {
            accepted = async {
                let slot = slots.clone().acquire_owned().await;
                (listener.accept().await, slot)
            } => accepted,
            () = stop.cancelled() => return,
        };
        let (Ok((stream, _)), Ok(slot)) = accepted else {
            // no descriptor is free, for example: let some connections end
            let _ = tokio::time::timeout(Duration::from_millis(50), stop.cancelled()).await;
            continue;
        };
        let (router, stop) = (router.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = talk(stream, router) => {}
                () = stop.cancelled() => {}
            }
            drop(slot);
        });
    }
}

async fn talk(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    // the kernel ends the connection if the client reads nothing for so long
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(READ));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let _ = tokio::time::timeout(LIFE, connection).await;
}
