//! Connections to tasks: the only file that opens sockets to them.
#![expect(clippy::disallowed_methods, reason = "this file owns the sockets to tasks")]

use crate::tls;
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long a task may take to accept. Tasks are near; Traefik's 30 s would only cost time.
pub(crate) const ACCEPT: Duration = Duration::from_secs(5);

/// A connection: bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Opens a connection.
pub async fn tcp(to: SocketAddr) -> io::Result<TcpStream> {
    let late = || {
        io::Error::new(io::ErrorKind::TimedOut, format!("no answer from {to} within {} s", ACCEPT.as_secs()))
    };
    let stream = tokio::time::timeout(ACCEPT, TcpStream::connect(to)).await.map_err(|_| late())??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens a TLS connection that accepts any certificate.
pub async fn tls(
    to: SocketAddr,
    name: ServerName<'static>,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = tcp(to).await?;
    TlsConnector::from(Arc::new(tls::client_trusting_anyone())).connect(name, stream).await
}
