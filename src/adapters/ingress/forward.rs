//! Handles one request: finds its stack and router, applies middlewares, asks a task, and sends the answer back.

use super::heads;
use super::lookup::Lookup;
use super::reply::{ASKS, BECAUSE, Body, FROM, Own, TASK, text};
use super::{dial, tunnel};
use ccci_model::name::StackName;
use ccci_swarm::ports::cluster::{ClusterError, TaskAddress};
use ccci_swarm::ports::web::WebError;
use ccci_swarm::routing::middleware::{self, Head, Passed, Reply};
use ccci_swarm::routing::rule::Ask;
use ccci_swarm::routing::{Backend, Entry, Router, Scheme, Target, tidy};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode, Uri, Version};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_util::sync::CancellationToken;

/// What all requests share.
pub(super) struct Shared {
    /// Names, routers, tasks.
    pub lookup: Lookup,
    /// The token that `Web` sends to learn who answered.
    pub token: String,
    /// Cancelled to end tunnels.
    pub ended: CancellationToken,
    /// Counts requests, to choose the next task.
    pub turn: AtomicUsize,
}

/// One connection of a client.
#[derive(Clone)]
pub(super) struct Visitor {
    /// What all share.
    pub shared: Arc<Shared>,
    /// The entry point of the connection.
    pub entry: Entry,
    /// The client's address.
    pub client: IpAddr,
}

/// Answers one request.
pub(super) async fn answer(
    visitor: Visitor,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let asks = request.headers_mut().remove(ASKS);
    let told = asks.is_some_and(|t| t.as_bytes() == visitor.shared.token.as_bytes());
    let number = request.headers_mut().remove(TASK).filter(|_| told);
    let number = number.and_then(|n| n.to_str().ok()?.parse().ok());
    Ok(match visitor.serve(request, number).await {
        Ok(mut response) => {
            if !told {
                response.headers_mut().remove(FROM);
            }
            response
        }
        Err(own) => own.response(told),
    })
}

/// A connection to the task that is asked.
struct Reached<'a> {
    target: &'a Target,
    place: TaskAddress,
    /// Number of tasks that could have been asked.
    of: usize,
    sender: SendRequest<Incoming>,
}

impl Visitor {
    /// Serves one request; `number` is the task that it asks for, if one in particular.
    async fn serve(&self, request: Request<Incoming>, number: Option<usize>) -> Result<Response<Body>, Own> {
        let host = host_of(&request)
            .ok_or_else(|| Own::new(StatusCode::BAD_REQUEST, "the request names no host"))?;
        let headers = heads::readable(request.headers());
        let path = tidy(request.uri().path()).map_err(|e| Own::new(StatusCode::BAD_REQUEST, e.0))?;
        let query = request.uri().query().map(|q| q.replace(';', "&"));
        let ask = Ask {
            host: heads::split_port(&host).0,
            path: &path,
            query: query.as_deref().unwrap_or_default(),
            method: request.method().as_str(),
            headers: &headers,
            client: self.client,
        };
        let stack = self.shared.lookup.stack_of(ask.host).await.ok_or_else(|| self.nobody(ask.host))?;
        let table = self.shared.lookup.table(&stack).await;
        let table = table.map_err(|e| blind(WebError::Blind(format!("failed to {e}")).to_string()))?;
        let router = table.route(self.entry, &ask).map_err(|none| Own::new(status(none.status), none.why))?;
        let head = Head {
            method: ask.method,
            secure: self.entry == Entry::WebSecure,
            host: &host,
            path: path.clone(),
            query: query.clone(),
            headers: &headers,
            client: self.client,
        };
        let mut passed = middleware::apply(router.middlewares.iter().map(|(n, a)| (n.as_str(), a)), head);
        let done = match (passed.reply.take(), &router.backend) {
            (Some(reply), _) => Err(replied(reply)),
            (None, Backend::Own(own, why)) => Err(Own::new(status(*own), why.clone())),
            (None, Backend::NotEmulated(what)) => Err(Own::new(StatusCode::NOT_IMPLEMENTED, what.clone())),
            (None, Backend::Tasks(targets)) => match self.reach(&stack, router, targets, number).await {
                Ok(reached) => self.forward(reached, &passed, request).await,
                Err(own) => Err(own),
            },
        };
        // middlewares change every answer last, the ingress's own too
        match done {
            Ok(mut response) => {
                heads::edit(response.headers_mut(), &passed.response);
                Ok(response)
            }
            Err(mut own) => {
                heads::edit(&mut own.headers, &passed.response);
                Err(own)
            }
        }
    }

    fn nobody(&self, host: &str) -> Own {
        let served: Vec<String> = self.shared.lookup.domains().into_iter().collect();
        let all = if served.is_empty() { "none".into() } else { served.join(", ") };
        Own::new(StatusCode::NOT_FOUND, format!("no app is served as `{host}` (served: {all})"))
    }

    async fn forward(
        &self,
        reached: Reached<'_>,
        passed: &Passed,
        mut request: Request<Incoming>,
    ) -> Result<Response<Body>, Own> {
        let Reached { target, place, of, mut sender } = reached;
        let upgrade = heads::upgrade(request.headers());
        let near = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
        self.rewrite(&mut request, target, place.at, passed, upgrade.as_ref())?;
        let what = named(target, &place, of);
        let mut response = sender.send_request(request).await.map_err(|e| broken(&what, &e))?;
        response.headers_mut().remove(BECAUSE);
        response.headers_mut().remove(FROM);
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let Some(near) = near else {
                return Err(Own::new(
                    StatusCode::BAD_GATEWAY,
                    format!("{what} changes the protocol, but the client did not ask for it"),
                ));
            };
            let far = hyper::upgrade::on(&mut response);
            let stream = |upgrade: OnUpgrade| async { upgrade.await.map(TokioIo::new) };
            tunnel::join(stream(near), stream(far), self.shared.ended.clone());
            let agreed = heads::upgrade(response.headers());
            heads::drop_hops(response.headers_mut(), agreed.as_ref());
            return Ok(response.map(|_| text(String::new())));
        }
        heads::drop_hops(response.headers_mut(), None);
        if let Ok(from) = HeaderValue::from_str(&format!("{of} {}", place.task)) {
            response.headers_mut().insert(FROM, from);
        }
        Ok(response.map(BodyExt::boxed))
    }

    /// Connects to the next task, or to the one with this number. What was observed may be half a second old, so after
    /// one refusal it looks again.
    async fn reach<'a>(
        &self,
        stack: &StackName,
        router: &Router,
        targets: &'a [Target],
        number: Option<usize>,
    ) -> Result<Reached<'a>, Own> {
        let turn = number.unwrap_or_else(|| self.shared.turn.fetch_add(1, Ordering::Relaxed));
        let mut last = None;
        for _ in 0..2 {
            let mut places = self.places(stack, targets).await?;
            if number.is_some() {
                // the engine lists tasks in no certain order, and a number must mean the same task each time
                places.sort_by(|(_, a), (_, b)| a.task.cmp(&b.task));
            }
            let of = places.len();
            let Some((target, place)) = places.into_iter().nth(turn % of.max(1)) else {
                let why = format!("router `{}` has no running task to ask", router.name);
                return Err(Own::new(StatusCode::NOT_FOUND, why));
            };
            if let Some(why) = &target.cut_off {
                return Err(Own::new(StatusCode::GATEWAY_TIMEOUT, why.clone()));
            }
            match connect(target, &place).await {
                Ok(sender) => return Ok(Reached { target, place, of, sender }),
                Err(e) => {
                    let again = e.kind() == io::ErrorKind::ConnectionRefused && last.is_none();
                    last = Some(unreached(target, &named(target, &place, of), &e));
                    if !again {
                        break;
                    }
                    self.shared.lookup.renew(stack);
                }
            }
        }
        Err(last.unwrap_or_else(|| blind("no task was tried".into())))
    }

    async fn places<'a>(
        &self,
        stack: &StackName,
        targets: &'a [Target],
    ) -> Result<Vec<(&'a Target, TaskAddress)>, Own> {
        let mut all = vec![];
        let mut occurrence = None;
        for target in targets {
            match self.shared.lookup.places(stack, &target.service, target.port).await {
                Ok(places) => all.extend(places.iter().map(|p| (target, p.clone()))),
                // this says nothing about the other targets and must not hide an error of theirs
                Err(ClusterError::NoRunningTask(_)) => {}
                Err(e) => occurrence = Some(e),
            }
        }
        match occurrence.filter(|_| all.is_empty()) {
            None => Ok(all),
            Some(e) => {
                let ours = WebError::of_cluster(&e).map(|ours| ours.to_string());
                Err(blind(ours.unwrap_or_else(|| format!("failed to {e}"))))
            }
        }
    }

    fn rewrite(
        &self,
        request: &mut Request<Incoming>,
        target: &Target,
        address: SocketAddr,
        passed: &Passed,
        upgrade: Option<&HeaderValue>,
    ) -> Result<(), Own> {
        if !request.headers().contains_key(HOST)
            && let Some(host) = host_of(request).and_then(|h| HeaderValue::from_str(&h).ok())
        {
            request.headers_mut().insert(HOST, host);
        }
        let query = passed.query.as_ref().map_or(String::new(), |q| format!("?{q}"));
        let uri = format!("{}{query}", passed.path);
        let odd = |_| {
            Own::new(
                StatusCode::BAD_REQUEST,
                format!("middlewares changed the path to `{uri}`, which is not valid"),
            )
        };
        *request.uri_mut() = uri.parse::<Uri>().map_err(odd)?;
        *request.version_mut() = Version::HTTP_11;
        let headers: &mut HeaderMap = request.headers_mut();
        heads::drop_hops(headers, upgrade);
        heads::forwarded(headers, self.client, self.entry == Entry::WebSecure, upgrade);
        heads::edit(headers, &passed.request);
        if !target.pass_host
            && let Ok(host) = HeaderValue::from_str(&address.to_string())
        {
            headers.insert(HOST, host);
        }
        Ok(())
    }
}

fn host_of(request: &Request<Incoming>) -> Option<String> {
    let header = request.headers().get(HOST).and_then(|h| h.to_str().ok()).map(str::to_string);
    request.uri().authority().map(ToString::to_string).or(header).filter(|h| !h.is_empty())
}

async fn connect(target: &Target, place: &TaskAddress) -> io::Result<SendRequest<Incoming>> {
    let stream: Box<dyn dial::Stream> = match target.scheme {
        Scheme::Http => Box::new(dial::task(place).await?),
        Scheme::Https(false) => return Err(io::Error::new(io::ErrorKind::InvalidData, "certificate")),
        Scheme::Https(true) => {
            let name = ServerName::IpAddress(place.at.ip().into());
            Box::new(dial::tls(dial::task(place).await?, name).await?)
        }
    };
    let (sender, connection) =
        Builder::new().handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(async move {
        let _ = connection.with_upgrades().await;
    });
    Ok(sender)
}

/// A task in messages; its name only if there are several.
fn named(target: &Target, place: &TaskAddress, of: usize) -> String {
    match of {
        1 => format!("service `{}` at {}", target.service, place.at),
        _ => format!("service `{}` at {} (task `{}`)", target.service, place.at, place.task),
    }
}

fn unreached(target: &Target, what: &str, e: &io::Error) -> Own {
    match e.kind() {
        io::ErrorKind::TimedOut => Own::new(StatusCode::GATEWAY_TIMEOUT, format!("{what}: {e}")),
        io::ErrorKind::InvalidData if target.scheme == Scheme::Https(false) => Own::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!(
                "requests to {what} use https, and Traefik trusts no certificate of a task: the label \
                 `loadbalancer.serverstransport` must name a transport with `insecureSkipVerify`"
            ),
        ),
        _ => Own::new(StatusCode::BAD_GATEWAY, format!("{what}: {e}")),
    }
}

fn broken(what: &str, e: &hyper::Error) -> Own {
    let cause = std::error::Error::source(e).map_or(String::new(), |c| format!(": {c}"));
    Own::new(StatusCode::BAD_GATEWAY, format!("{what} ended the connection early: {e}{cause}"))
}

fn blind(why: String) -> Own {
    Own::new(StatusCode::SERVICE_UNAVAILABLE, why)
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn replied(reply: Reply) -> Own {
    let mut own = Own::new(status(reply.status), reply.why);
    own.body = reply.body;
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            own.headers.insert(name, value);
        }
    }
    own
}
