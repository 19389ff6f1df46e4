//! The proxy of the browser: passes on what is asked of the run's names, and refuses every other name.
#![expect(clippy::disallowed_methods, reason = "this file connects to the ingress itself")]

use super::forward::{Shared, Visitor, answer};
use super::reply::{Body, Own};
use super::tunnel;
use ccci_swarm::routing::Entry;
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;

/// Most refused names that are kept.
const MOST_REFUSED: usize = 200;

/// What the connections of the proxy share.
pub(super) struct Fence {
    shared: Arc<Shared>,
    /// The ingress for plain HTTP.
    http: SocketAddr,
    /// The ingress for HTTPS.
    https: SocketAddr,
    refused: Mutex<BTreeSet<String>>,
}

impl Fence {
    pub(super) fn new(shared: Arc<Shared>, http: SocketAddr, https: SocketAddr) -> Fence {
        Fence { shared, http, https, refused: Mutex::default() }
    }

    /// The names that were refused since the last call, with their ports.
    pub(super) fn take_refused(&self) -> Vec<String> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *refused).into_iter().collect()
    }

    /// Handles one request of the browser.
    pub(super) async fn pass(
        self: Arc<Fence>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Infallible> {
        let tunnel = request.method() == Method::CONNECT;
        let uri = request.uri();
        let port = uri.port_u16().unwrap_or(if tunnel { 443 } else { 80 });
        let host = uri.host().unwrap_or_default().to_string();
        let plain = uri.scheme_str().is_none_or(|scheme| scheme == "http");
        let known = self.shared.lookup.stack_of(&host).await.is_some();
        let place = match (known && plain, tunnel, port) {
            (true, true, 443) => Some(self.https),
            (true, _, 80) => Some(self.http),
            _ => None,
        };
        Ok(match place {
            None => self.refuse(&format!("{host}:{port}")),
            Some(place) if tunnel => self.tunnel(request, place),
            Some(_) => return answer(self.visitor(), in_origin_form(request)).await,
        })
    }

    fn visitor(&self) -> Visitor {
        Visitor { shared: self.shared.clone(), entry: Entry::Web, client: IpAddr::V4(Ipv4Addr::LOCALHOST) }
    }

    fn refuse(&self, name: &str) -> Response<Body> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() < MOST_REFUSED {
            refused.insert(name.chars().take(300).collect());
        }
        Own::new(StatusCode::FORBIDDEN, format!("`{name}` is no name of this run")).response(false)
    }

    /// Joins the browser with the ingress.
    fn tunnel(&self, request: Request<Incoming>, place: SocketAddr) -> Response<Body> {
        let near = async { hyper::upgrade::on(request).await.map(TokioIo::new) };
        tunnel::join(near, TcpStream::connect(place), self.shared.ended.clone());
        Response::new(super::reply::text(String::new()))
    }
}

/// The request as the ingress would get it without a proxy: with the path alone.
fn in_origin_form(mut request: Request<Incoming>) -> Request<Incoming> {
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_string();
    if let Ok(uri) = path.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request.headers_mut().remove("proxy-connection");
    request
}
