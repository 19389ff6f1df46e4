//! Calls to the ports as spans of `tracing`: what was asked, how long it took and how it ended.
//! They contain no secret and no output of an app.

use super::call::{Call, Calls, Reply};
use super::cluster::{Cluster, ClusterError};
use super::web::{HttpAnswer, HttpRequest, TlsFacts, Web, WebError};
use super::{Limit, World};
use ccci_model::name::{ServiceName, StackName};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tracing::field::{Empty, display};
use tracing::level_filters::LevelFilter;
use tracing::{Span, debug_span};

impl World {
    /// The same world with spans for its calls to the Swarm and to the app. If `tracing` is not at debug level, the
    /// world itself.
    #[must_use]
    pub fn traced(&self) -> World {
        let mut world = self.clone();
        if LevelFilter::current() >= LevelFilter::DEBUG {
            world.cluster = Arc::new(TracedCluster(self.cluster.clone()));
            world.web = Arc::new(TracedWeb(self.web.clone()));
        }
        world
    }
}

struct TracedCluster(Arc<dyn Cluster>);

impl Calls for TracedCluster {
    fn call(&self, call: Call<'_, '_>, limit: &Limit) -> Result<Reply, ClusterError> {
        let span = debug_span!("swarm", %call, ended = Empty).entered();
        let reply = call.on(&*self.0, limit);
        match &reply {
            Ok(Reply::Pulled(Err(e))) => ended(&span, e),
            Ok(Reply::Output(output)) => ended(&span, format_args!("exit code {}", output.code)),
            Ok(_) => ended(&span, "ok"),
            Err(e) => ended(&span, e),
        }
        reply
    }

    fn losses(&self) -> u64 {
        self.0.losses()
    }

    fn silence(&self) -> Duration {
        self.0.silence()
    }
}

struct TracedWeb(Arc<dyn Web>);

impl Web for TracedWeb {
    fn serve(&self, domain: &str, stack: &StackName) {
        self.0.serve(domain, stack);
    }

    fn forget(&self, domain: &str) {
        self.0.forget(domain);
    }

    fn send_while(
        &self,
        request: &HttpRequest,
        limit: &Limit,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<HttpAnswer, WebError> {
        let HttpRequest { method, url, .. } = request;
        let span = debug_span!("web", call = "send", method, url, ended = Empty).entered();
        let answer = self.0.send_while(request, limit, go_on);
        match &answer {
            Ok(answer) => ended(&span, format_args!("status {}", answer.status)),
            Err(e) => ended(&span, e),
        }
        answer
    }

    fn tcp(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<bool, WebError> {
        let span = debug_span!("web", call = "tcp", %stack, %service, port, ended = Empty).entered();
        let open = self.0.tcp(stack, service, port, limit);
        match &open {
            Ok(open) => ended(&span, format_args!("open: {open}")),
            Err(e) => ended(&span, e),
        }
        open
    }

    fn tls(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<TlsFacts, WebError> {
        let span = debug_span!("web", call = "tls", %stack, %service, port, ended = Empty).entered();
        let facts = self.0.tls(stack, service, port, limit);
        match &facts {
            Ok(facts) => ended(&span, &facts.protocol),
            Err(e) => ended(&span, e),
        }
        facts
    }

    fn end_sessions(&self, prefix: &str) {
        self.0.end_sessions(prefix);
    }
}

fn ended(span: &Span, how: impl Display) {
    span.record("ended", display(how));
}
