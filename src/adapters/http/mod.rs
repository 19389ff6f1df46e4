//! The app's answers over real sockets: HTTP by name through the run's ingress, TCP and TLS to its tasks.
//! Nothing else can be reached: any name that is not the run's own is refused, and no proxy of the environment is used.

mod cookies;
mod probe;
mod redirect;
mod request;

use super::bound::{Ended, bound};
use super::ingress::Ingress;
use ccci_model::name::{ServiceName, StackName};
use ccci_swarm::ports::clock::{Clock, Limit};
use ccci_swarm::ports::cluster::Cluster;
use ccci_swarm::ports::web::{HttpAnswer, HttpRequest, TlsFacts, Web, WebError};
use request::Browser;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

/// Time after which the caller is asked whether it still wants an answer.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// A request under way. It ends when this is dropped.
struct Asking(JoinHandle<Result<HttpAnswer, WebError>>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The error for a request whose task panicked.
fn lost(url: &str, e: &JoinError) -> WebError {
    WebError::NoAnswer { url: url.to_string(), text: e.to_string() }
}

/// The web as a run may use it. Its calls block and must not come from async code.
pub struct RealWeb {
    ingress: Arc<Ingress>,
    cluster: Arc<dyn Cluster>,
    clock: Arc<dyn Clock>,
    handle: Handle,
    browser: Arc<Browser>,
}

impl RealWeb {
    /// A web behind this ingress; its sockets use the runtime of `handle`.
    pub fn new(
        handle: Handle,
        ingress: Arc<Ingress>,
        cluster: Arc<dyn Cluster>,
        clock: Arc<dyn Clock>,
    ) -> io::Result<RealWeb> {
        let browser = Arc::new(Browser::new(ingress.clone())?);
        Ok(RealWeb { ingress, cluster, clock, handle, browser })
    }

    /// Works until the work is done, the deadline passes or the run is stopped.
    fn bound<T>(
        &self,
        what: &str,
        limit: &Limit,
        work: impl Future<Output = Result<T, WebError>>,
    ) -> Result<T, WebError> {
        bound(&self.handle, &*self.clock, limit, work, |ended| match ended {
            Ended::Stopped => WebError::Stopped,
            Ended::Late => WebError::Deadline(what.to_string()),
        })
    }
}

impl Web for RealWeb {
    fn serve(&self, domain: &str, stack: &StackName) {
        self.ingress.serve(domain, stack);
    }

    fn forget(&self, domain: &str) {
        self.ingress.forget(domain);
    }

    fn send_while(
        &self,
        request: &HttpRequest,
        limit: &Limit,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<HttpAnswer, WebError> {
        let (browser, asked) = (self.browser.clone(), request.clone());
        let mut asking = Asking(self.handle.spawn(async move { browser.fetch(&asked).await }));
        loop {
            let slice = limit.within(&*self.clock, BETWEEN_LOOKS);
            let answer = self.bound(&request.url, &slice, async {
                (&mut asking.0).await.unwrap_or_else(|e| Err(lost(&request.url, &e)))
            });
            match answer {
                Err(WebError::Deadline(_)) if self.clock.now() < limit.deadline => {}
                answer => return answer,
            }
            if !go_on() {
                return Err(WebError::GivenUp(request.url.clone()));
            }
        }
    }

    fn tcp(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<bool, WebError> {
        let places = probe::places(&*self.cluster, stack, service, port, limit)?;
        self.bound(&probe::url("tcp", service, port), limit, probe::opens(&places))
    }

    fn tls(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<TlsFacts, WebError> {
        let places = probe::places(&*self.cluster, stack, service, port, limit)?;
        let name = self.ingress.lookup().domain_of(stack);
        let url = probe::url("tls", service, port);
        self.bound(&url, limit, probe::shakes(&url, &places, name))
    }

    fn end_sessions(&self, prefix: &str) {
        self.browser.end_sessions(prefix);
    }
}
