//! `ccci serve`: the pages of the site made on request, and runs in progress as streams of events. It reads and never
//! writes. What may be asked for stands in a table that is made from the records; an address is looked up there and
//! never becomes a path.

mod connections;
mod followed;
mod rendered;

use super::site::{made, record, runs, with_files};
use super::{Session, records};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response, sse};
use ccci_adapters::records::DirRecords;
use ccci_report::site::{Page, Site, missing};
use ccci_runner::record::index::Summary;
use ccci_runner::record::{EVENTS, MOST_BYTES, Record};
use ccci_swarm::ports::Clock;
use ccci_swarm::ports::records::{Records, Stamp};
use followed::{AllFollowed, Followed};
use futures_util::stream;
use rendered::{Rendered, RenderedPages};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How old the table of pages may be, ms.
const FRESH_MS: u64 = 2_000;
/// Most streams at the same time; each keeps a connection.
const STREAMS: usize = 400;
/// How often a stream without events says that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What can be asked for at the moment.
struct Table {
    listed: Vec<(String, Stamp)>,
    site: Site,
    pages: HashMap<String, Page>,
    /// Pages that were asked for since the table was made.
    rendered: RenderedPages,
}

/// The state of the server.
struct Server {
    session: Session,
    clock: Arc<dyn Clock>,
    records: DirRecords,
    table: Mutex<Option<(u64, Arc<Table>)>>,
    followed: AllFollowed,
    streams: Arc<Semaphore>,
    /// Whether only names of this machine may be asked for: another name would let a page of the web read ours.
    local: bool,
}

/// Serves until the session is stopped. `ready` gets the address once requests are answered.
pub fn serve(session: &Session, listen: SocketAddr, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let records = DirRecords::new(session.config.records(), EVENTS, MOST_BYTES);
    let server = Arc::new(Server {
        session: session.clone(),
        clock: super::session::clock(),
        records,
        table: Mutex::default(),
        followed: AllFollowed::default(),
        streams: Arc::new(Semaphore::new(STREAMS)),
        local: listen.ip().is_loopback(),
    });
    let router = Router::new().fallback(answer).with_state(server);
    session.handle.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        ready(listener.local_addr()?);
        connections::accept(listener, router, session.stop.token().clone()).await;
        Ok(())
    })
}

/// What becomes of a request.
enum Answer {
    Page(&'static str, Rendered),
    Stream(Arc<Followed>),
    Missing,
}

async fn answer(State(server): State<Arc<Server>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    if server.local && !is_local(&headers) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    let path = uri.path().to_string();
    let asked = server.clone();
    // reading and rendering block
    let found = tokio::task::spawn_blocking(move || asked.find(&path)).await;
    match found {
        Ok(Answer::Page(kind, rendered)) => known_or_page(&headers, kind, rendered),
        Ok(Answer::Stream(followed)) if method == Method::GET => {
            match server.streams.clone().try_acquire_owned() {
                Ok(permit) => follow(followed, position(&uri, &headers), permit),
                Err(_) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")]).into_response(),
            }
        }
        Ok(Answer::Stream(_)) => page("text/event-stream", Bytes::new()),
        Ok(Answer::Missing) => {
            let mut response = page("text/html; charset=utf-8", missing("/").into());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether the name that was asked for is one of this machine itself.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The page, or only that the reader has it already.
fn known_or_page(headers: &HeaderMap, kind: &'static str, rendered: Rendered) -> Response {
    let known = headers.get(header::IF_NONE_MATCH) == Some(&rendered.tag);
    let mut response = page(kind, if known { Bytes::new() } else { rendered.bytes });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response.headers_mut().insert(header::ETAG, rendered.tag);
    response
}

fn page(kind: &'static str, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// After which event the stream begins: what the browser saw last, or what the page says.
fn position(uri: &Uri, headers: &HeaderMap) -> usize {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let from = || uri.query().and_then(|q| q.strip_prefix("from=")?.parse().ok());
    last.or_else(from).unwrap_or(0)
}

fn follow(followed: Arc<Followed>, position: usize, permit: OwnedSemaphorePermit) -> Response {
    let count = followed.count();
    let events = stream::unfold(
        (followed, count, position, permit),
        |(followed, mut count, position, permit)| async move {
            loop {
                count.borrow_and_update();
                if let Some((at, text)) = followed.after(position) {
                    let event = sse::Event::default().id(at.to_string()).data(text);
                    return Some((Ok::<_, Infallible>(event), (followed, count, at, permit)));
                }
                // closed when the reader has ended
                count.changed().await.ok()?;
            }
        },
    );
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

impl Server {
    fn find(&self, path: &str) -> Answer {
        let Some(name) = path.strip_prefix('/') else { return Answer::Missing };
        let Ok(table) = self.table() else { return Answer::Missing };
        if let Some(id) = name.strip_prefix("live/") {
            return self.followed(&table, id).map_or(Answer::Missing, Answer::Stream);
        }
        let name = if name.is_empty() { "index.html" } else { name };
        self.rendered(&table, name).map_or(Answer::Missing, |page| Answer::Page(kind(name), page))
    }

    /// A page of the table.
    fn rendered(&self, table: &Table, name: &str) -> Option<Rendered> {
        let page = *table.pages.get(name)?;
        let ended = |table: &Table, page| {
            table.rendered.get(page, || made(&table.site, &self.records, page).map(Rendered::of))
        };
        if !matches!(page, Page::Live(_)) {
            return ended(table, page);
        }
        let record = table.site.record(page).and_then(|name| record(&self.records, name));
        let is_over = |record: &Record| !records::goes_on(&self.session.config, &Summary::of(record));
        if record.as_ref().is_some_and(is_over) {
            // it ended after the table was made
            *self.kept() = None;
            let table = self.table().ok()?;
            let page = *table.pages.get(name).filter(|page| !matches!(page, Page::Live(_)))?;
            return ended(&table, page);
        }
        Some(Rendered::of(table.site.render(page, record.as_ref())))
    }

    fn followed(&self, table: &Table, id: &str) -> Option<Arc<Followed>> {
        let run = table.site.going().iter().find(|run| run.summary.run_id.as_str() == id)?;
        let events = self.session.config.records().join(&run.record).join(EVENTS);
        let (config, summary) = (self.session.config.clone(), run.summary.clone());
        let goes_on = move || records::goes_on(&config, &summary);
        self.followed.follow(id, &events, goes_on, &self.session.stop).ok()
    }

    fn kept(&self) -> MutexGuard<'_, Option<(u64, Arc<Table>)>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table, made anew if records changed. Those who ask at the same time wait for one another.
    fn table(&self) -> io::Result<Arc<Table>> {
        let mut kept = self.kept();
        let now = self.clock.now().0;
        if let Some((made, table)) = &*kept
            && now.saturating_sub(*made) < FRESH_MS
        {
            return Ok(table.clone());
        }
        let listed = self.records.list()?;
        let fresh = kept.take().map(|(_, table)| table).filter(|table| self.still_holds(table, &listed));
        let table = match fresh {
            Some(table) => table,
            None => Arc::new(self.look(listed)?),
        };
        *kept = Some((self.clock.now().0, table.clone()));
        Ok(table)
    }

    fn still_holds(&self, table: &Table, listed: &[(String, Stamp)]) -> bool {
        let goes_on = |run: &ccci_report::site::Run| records::goes_on(&self.session.config, &run.summary);
        table.listed == listed && table.site.going().iter().all(goes_on)
    }

    fn look(&self, listed: Vec<(String, Stamp)>) -> io::Result<Table> {
        let shown = runs(&self.session.config)?;
        let site = with_files(&self.records, shown.ended).0.with(shown.going);
        let pages = site.pages().into_iter().map(|planned| (planned.path, planned.page)).collect();
        Ok(Table { listed, site, pages, rendered: RenderedPages::default() })
    }
}

/// The media type of a file.
fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        Some("xml") => "application/atom+xml",
        _ => "application/octet-stream",
    }
}
