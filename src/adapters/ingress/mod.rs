//! The embedded ingress: answers for the run's names on loopback, over HTTP and over HTTPS with its own CA.
//! It sends requests to the running tasks of the right stack. It never listens beyond this machine and keeps
//! nothing on disk.
#![expect(clippy::disallowed_methods, reason = "this file owns the listeners")]

mod ca;
pub mod dial;
mod fence;
mod forward;
mod heads;
mod lookup;
mod reply;
mod tunnel;

pub use lookup::Lookup;
pub(crate) use reply::{ASKS, BECAUSE, FROM, TASK};

use ca::Ca;
use ccci_model::name::StackName;
use ccci_swarm::ports::clock::Clock;
use ccci_swarm::ports::cluster::Cluster;
use ccci_swarm::routing::Entry;
use fence::Fence;
use forward::{Shared, Visitor, answer};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use reply::Body;
use rustls::pki_types::CertificateDer;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How long a client may take for a TLS handshake or the head of a request.
const HELLO: Duration = Duration::from_secs(15);

/// The ingress of a run. Dropping it closes the listeners and ends tunnels.
pub struct Ingress {
    shared: Arc<Shared>,
    ca: Arc<Ca>,
    http: SocketAddr,
    https: SocketAddr,
    proxy: SocketAddr,
    fence: Arc<Fence>,
}

impl Ingress {
    /// Starts it on free ports of loopback. Must not be called from a thread of `handle`'s runtime.
    pub fn start(handle: &Handle, cluster: Arc<dyn Cluster>, clock: Arc<dyn Clock>) -> io::Result<Ingress> {
        let ca = Arc::new(Ca::new(clock.wall_ms())?);
        let tls = TlsAcceptor::from(Arc::new(ca.server()));
        let shared = Arc::new(Shared {
            lookup: Lookup::new(handle.clone(), cluster, clock),
            token: format!("{:032x}", rand::random::<u128>()),
            ended: CancellationToken::new(),
            turn: AtomicUsize::new(0),
        });
        let open = || handle.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let (plain, secure, proxy) = (open()?, open()?, open()?);
        let (http, https) = (plain.local_addr()?, secure.local_addr()?);
        let fence = Arc::new(Fence::new(shared.clone(), http, https));
        let ingress = Ingress { shared, ca, http, https, proxy: proxy.local_addr()?, fence };
        ingress.open(handle, plain, Entry::Web, None);
        ingress.open(handle, secure, Entry::WebSecure, Some(tls));
        let (fence, ended) = (ingress.fence.clone(), ingress.shared.ended.clone());
        handle.spawn(listen(proxy, ended.clone(), move |stream, _| {
            let fence = fence.clone();
            converse(stream, ended.clone(), move |request| fence.clone().pass(request))
        }));
        Ok(ingress)
    }

    /// Opens an entry point.
    fn open(&self, handle: &Handle, listener: TcpListener, entry: Entry, tls: Option<TlsAcceptor>) {
        let shared = self.shared.clone();
        handle.spawn(listen(listener, shared.ended.clone(), move |stream, from| {
            greet(stream, Visitor { shared: shared.clone(), entry, client: from.ip() }, tls.clone())
        }));
    }

    /// The address for plain HTTP.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// The address for HTTPS.
    pub fn https(&self) -> SocketAddr {
        self.https
    }

    /// The address of the proxy that the browser uses. It passes on what is asked of the run's names only.
    pub fn proxy(&self) -> SocketAddr {
        self.proxy
    }

    /// The names, with their ports, that the proxy has refused since the last call.
    pub fn refused(&self) -> Vec<String> {
        self.fence.take_refused()
    }

    /// The public key of the run's authority, DER (SubjectPublicKeyInfo).
    pub(crate) fn ca_key(&self) -> Vec<u8> {
        self.ca.key()
    }

    /// The certificate of the run's authority.
    pub fn ca(&self) -> CertificateDer<'static> {
        self.ca.certificate()
    }

    /// The same as PEM.
    pub fn ca_pem(&self) -> String {
        self.ca.pem()
    }

    /// Answers for a stack's names from now on.
    pub fn serve(&self, domain: &str, stack: &StackName) {
        self.shared.lookup.serve(domain, stack);
    }

    /// No longer answers for a domain.
    pub fn forget(&self, domain: &str) {
        self.shared.lookup.forget(domain);
    }

    /// The names, with their stacks, routers and tasks.
    pub fn lookup(&self) -> &Lookup {
        &self.shared.lookup
    }

    /// The token that a request must carry in `ASKS` to get, in `BECAUSE`, the reason of the ingress's own answer.
    pub fn token(&self) -> &str {
        &self.shared.token
    }
}

impl Drop for Ingress {
    fn drop(&mut self) {
        self.shared.ended.cancel();
        self.shared.lookup.end();
    }
}

/// Accepts connections until the ingress ends, and meets each in a task of its own.
async fn listen<M>(listener: TcpListener, ended: CancellationToken, meet: impl Fn(TcpStream, SocketAddr) -> M)
where
    M: Future<Output = ()> + Send + 'static,
{
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ended.cancelled() => return,
        };
        match accepted {
            Ok((stream, from)) => {
                let _ = stream.set_nodelay(true);
                tokio::spawn(meet(stream, from));
            }
            // most likely no file descriptors are left: let some connections end
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn greet(stream: TcpStream, visitor: Visitor, tls: Option<TlsAcceptor>) {
    match tls {
        None => talk(stream, visitor).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HELLO, tls.accept(stream)).await {
                talk(stream, visitor).await;
            }
        }
    }
}

async fn talk(stream: impl dial::Stream + 'static, visitor: Visitor) {
    let ended = visitor.shared.ended.clone();
    converse(stream, ended, move |request| answer(visitor.clone(), request)).await;
}

/// Answers the requests of one connection until it or the ingress ends.
async fn converse<A>(
    stream: impl dial::Stream + 'static,
    ended: CancellationToken,
    answer: impl Fn(Request<Incoming>) -> A,
) where
    A: Future<Output = Result<Response<Body>, Infallible>>,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HELLO)
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .with_upgrades();
    tokio::select! {
        _ = connection => {}
        () = ended.cancelled() => {}
    }
}
