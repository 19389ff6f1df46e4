//! A small web app on loopback; it is a task of the fake cluster.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::browser::pages::html;

type Body = BoxBody<Bytes, Infallible>;

pub(crate) struct App {
    pub address: SocketAddr,
    stop: CancellationToken,
}

impl App {
    pub(crate) fn start(runtime: &Runtime, name: &'static str) -> App {
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let app = App { address: listener.local_addr().unwrap(), stop: CancellationToken::new() };
        let stop = app.stop.clone();
        runtime.spawn(async move {
            loop {
                let (stream, _) = tokio::select! {
                    accepted = listener.accept() => accepted.unwrap(),
                    () = stop.cancelled() => return,
                };
                tokio::spawn(async move {
                    let service = service_fn(move |r| answer(name, r));
                    let talk = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service);
                    let _ = talk.with_upgrades().await;
                });
            }
        });
        app
    }

    /// Closes the listener; returns when nobody can connect any more.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
        while std::net::TcpStream::connect(self.address).is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn text(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).boxed()
}

async fn answer(name: &str, mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_string();
    let query = request.uri().query().unwrap_or_default().to_string();
    let moved = |to: &str| Response::builder().status(302).header("location", to).body(text("")).unwrap();
    Ok(match path.as_str() {
        "/hello" => Response::new(text(format!("hello from {name}"))),
        "/echo" => Response::new(text(echo(&request))),
        "/forged" => {
            let forged = Response::builder().header("x-ccci-because", "lies").header("x-ccci-from", "9 liar");
            forged.body(text("")).unwrap()
        }
        "/length" => Response::new(text(length(request.into_body()).await.to_string())),
        "/big" => Response::new(big()),
        "/login" => Response::builder().header("set-cookie", "id=42; Path=/; Secure").body(text("")).unwrap(),
        "/to" => moved(&query),
        "/circle" => moved("/circle"),
        "/events" => {
            let first = stream::once(async { Ok(Frame::data(Bytes::from("data: 1\n\n"))) });
            Response::new(BodyExt::boxed(StreamBody::new(first.chain(stream::pending()))))
        }
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Response::new(text(""))
        }
        "/ws" => {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let (mut from, mut to) = tokio::io::split(TokioIo::new(upgrade.await.unwrap()));
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
            let head = Response::builder()
                .status(101)
                .header("connection", "Upgrade")
                .header("upgrade", "websocket");
            head.body(text("")).unwrap()
        }
        "/loop" => moved("/loop/on"),
        "/loop/on" => moved("/loop"),
        "/files/get" => {
            let head = Response::builder().header("content-disposition", "attachment; filename=x.bin");
            head.body(text("data")).unwrap()
        }
        "/guarded" if !signed_in(&request) => moved("/guarded/login"),
        "/guarded/login" => moved("/guarded"),
        page if html(page).is_some() => {
            let head = Response::builder().header("content-type", "text/html; charset=utf-8");
            head.body(text(html(page).unwrap())).unwrap()
        }
        _ => Response::builder().status(404).body(text("the app knows no such page")).unwrap(),
    })
}

/// Nobody ever is: the login sends back where it came from.
fn signed_in(request: &Request<Incoming>) -> bool {
    request.headers().contains_key("x-signed-in")
}

fn echo(request: &Request<Incoming>) -> String {
    let mut out = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        out.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
    }
    out
}

async fn length(mut body: Incoming) -> usize {
    let mut sum = 0;
    while let Some(frame) = body.frame().await {
        sum += frame.unwrap().data_ref().map_or(0, Bytes::len);
    }
    sum
}

fn big() -> Body {
    let chunks = (0..40).map(|_| Ok(Frame::data(Bytes::from(vec![b'x'; 1024 * 1024]))));
    BodyExt::boxed(StreamBody::new(stream::iter(chunks)))
}
