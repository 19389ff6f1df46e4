//! Connections to tasks: the only file that opens sockets to them.
#![expect(clippy::disallowed_methods, reason = "this file owns the sockets to tasks")]

use crate::tls;
use ccci_swarm::ports::cluster::{Inside, TaskAddress};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use rustls::pki_types::ServerName;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
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

/// Opens a connection to a task. Traefik dials the task's address on the network that both are on, which this machine
/// does not reach; the bridge does as well, unless the app listens on that one address only. Then the connection is made
/// inside of the container's own networks, as far as this process may do that.
pub async fn task(to: &TaskAddress) -> io::Result<TcpStream> {
    match (tcp(to.at).await, &to.inside) {
        (Err(e), Some(inside)) if e.kind() == io::ErrorKind::ConnectionRefused => {
            from_inside(inside).await.map_err(|_| e)
        }
        (done, _) => done,
    }
}

async fn from_inside(to: &Inside) -> io::Result<TcpStream> {
    let (tell, hear) = tokio::sync::oneshot::channel();
    let (pid, address) = (to.pid, to.at.ip());
    // the thread ends in the other network and is never used again
    std::thread::Builder::new()
        .name("inside".into())
        .spawn(move || tell.send(socket_inside(pid, address)))?;
    let socket = hear.await.map_err(io::Error::other)??;
    let late = |_| io::Error::from(io::ErrorKind::TimedOut);
    tokio::time::timeout(ACCEPT, socket.connect(to.at)).await.map_err(late)?
}

/// A socket in the networks of a container, bound to the container's own address: if the process is another one, for
/// instance because the engine is on another machine, there is no such address.
fn socket_inside(pid: u32, own: IpAddr) -> io::Result<TcpSocket> {
    let networks = std::fs::File::open(format!("/proc/{pid}/ns/net"))?;
    move_into_link_name_space(networks.as_fd(), Some(LinkNameSpaceType::Network))?;
    let socket = if own.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(own, 0))?;
    Ok(socket)
}

/// Opens TLS on a connection; any certificate is accepted.
pub async fn tls(
    stream: TcpStream,
    name: ServerName<'static>,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    TlsConnector::from(Arc::new(tls::client_trusting_anyone())).connect(name, stream).await
}
