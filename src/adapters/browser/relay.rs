//! The relay: carries what the browser sends from its own network to the proxy of the run's ingress. It runs in the guard.
#![expect(clippy::disallowed_methods, reason = "this file opens sockets")]

use super::network::{SOCKET, short};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::net::Ipv4Addr;
use std::path::Path;
use tokio::io::{Interest, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::{AbortHandle, JoinSet};

/// Starts the relay in a thread of its own. It ends with this process. `proxy` is the ingress's port on loopback.
pub(super) fn start(dir: &Path, proxy: u16) -> io::Result<()> {
    let dir = File::open(dir)?;
    let door = std::os::unix::net::UnixListener::bind(short(&dir, SOCKET))?;
    door.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let serve = async move {
        if let Ok(door) = UnixListener::from_std(door) {
            serve(door, proxy).await;
        }
    };
    std::thread::Builder::new().name("relay".into()).spawn(move || runtime.block_on(serve))?;
    Ok(())
}

/// There is one browser at a time: the next one's network takes the place of the last one's, whose listener is closed.
async fn serve(door: UnixListener, proxy: u16) {
    let mut last: Option<AbortHandle> = None;
    while let Ok((browser, _)) = door.accept().await {
        let Ok(listener) = received(&browser).await else { continue };
        if let Some(last) = last.replace(tokio::spawn(carry(listener, proxy)).abort_handle()) {
            last.abort();
        }
    }
}

/// Takes the listener that a browser hands over.
async fn received(browser: &UnixStream) -> io::Result<TcpListener> {
    let take = || {
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut messages = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        recvmsg(browser, &mut [IoSliceMut::new(&mut byte)], &mut messages, RecvFlags::CMSG_CLOEXEC)?;
        let handed = messages.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut all) => all.next(),
            _ => None,
        });
        handed.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    };
    let listener = std::net::TcpListener::from(browser.async_io(Interest::READABLE, take).await?);
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Carries all connections until it is aborted, which closes them.
async fn carry(listener: TcpListener, proxy: u16) {
    let mut all = JoinSet::new();
    while let Ok((mut browser, _)) = listener.accept().await {
        all.spawn(async move {
            // the browser sees a connection that ends, and says so
            let mut ingress = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy)).await?;
            copy_bidirectional(&mut browser, &mut ingress).await
        });
        while all.try_join_next().is_some() {}
    }
}
