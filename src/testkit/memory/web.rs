//! The web in memory. Requests are routed by the labels of what is deployed, as by the real ingress; the app's answers
//! are scripted. It is stricter than the real one: without a scripted page the app answers 404, and a port is closed
//! unless it was opened.

use super::clock::MemoryClock;
use super::url::{Place, join, path_of};
use ccci_model::name::{ServiceName, StackName};
use ccci_model::time::Moment;
use ccci_script::limits::COOKIES;
use ccci_swarm::observed::TaskState;
use ccci_swarm::ports::clock::{Clock, Limit};
use ccci_swarm::ports::cluster::{Cluster, ClusterError};
use ccci_swarm::ports::web::{AnsweredBy, FromTask, HttpAnswer, HttpRequest, TlsFacts, Web, WebError};
use ccci_swarm::routing::middleware::{self, Edit, Head};
use ccci_swarm::routing::rule::Ask;
use ccci_swarm::routing::{Backend, Entry, Table};
use ccci_swarm::wait::{self, Look, WaitError};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Answers a request at a moment. `None` leaves it to the next program.
type Program = Box<dyn FnMut(&HttpRequest, Moment) -> Option<HttpAnswer> + Send>;
/// Whether the app leaves the requests for a path without an answer at a moment.
type Silence = Box<dyn FnMut(&str, Moment) -> bool + Send>;
/// Whether a port is open at a moment.
type Port = Box<dyn FnMut(Moment) -> bool + Send>;

const MOST_REDIRECTS: usize = 10;

/// The web in front of a cluster in memory.
pub struct MemoryWeb {
    clock: Arc<MemoryClock>,
    cluster: Arc<dyn Cluster>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stacks: BTreeMap<String, StackName>,
    programs: Vec<Program>,
    ports: BTreeMap<(String, u16), Port>,
    silences: Vec<Silence>,
    certificates: BTreeMap<(String, u16), TlsFacts>,
    requests: Vec<HttpRequest>,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// An answer of the app.
pub fn page(status: u16, body: impl Into<Vec<u8>>) -> HttpAnswer {
    HttpAnswer {
        status,
        headers: vec![],
        body: body.into(),
        url: String::new(),
        by: AnsweredBy::App,
        from: None,
    }
}

impl MemoryWeb {
    /// The web in front of this cluster.
    pub fn new(clock: Arc<MemoryClock>, cluster: Arc<dyn Cluster>) -> MemoryWeb {
        MemoryWeb { clock, cluster, state: Mutex::default() }
    }

    pub(super) fn clock(&self) -> Arc<MemoryClock> {
        self.clock.clone()
    }

    /// Sets the app's answer for a path, for every method and host name. The newest answer wins.
    pub fn page(&self, path: &str, status: u16, body: &str) {
        let (path, answer) = (path.to_string(), page(status, body));
        self.on_request(move |request, _| (path_of(&request.url) == path).then(|| answer.clone()));
    }

    /// Sets a program that answers requests that reach the app; `task` says which task is asked, from 0. If it returns `None`, the next one is asked; the newest
    /// is asked first.
    pub fn on_request(
        &self,
        program: impl FnMut(&HttpRequest, Moment) -> Option<HttpAnswer> + Send + 'static,
    ) {
        self.state().programs.push(Box::new(program));
    }

    /// Lets requests wait for their answer while the program, given path and moment, returns true.
    pub fn on_silence(&self, silent: impl FnMut(&str, Moment) -> bool + Send + 'static) {
        self.state().silences.push(Box::new(silent));
    }

    /// Opens a port of a service, while one of its tasks is running and `open` returns true.
    pub fn on_port(&self, service: &str, port: u16, open: impl FnMut(Moment) -> bool + Send + 'static) {
        self.state().ports.insert((service.to_string(), port), Box::new(open));
    }

    /// Sets what a TLS handshake with a port shows while the port is open.
    pub fn certificate(&self, service: &str, port: u16, subject: &str) {
        let facts = TlsFacts {
            protocol: "TLSv1_3".into(),
            subject: subject.into(),
            certificate: format!("certificate of {subject}").into_bytes(),
        };
        self.state().certificates.insert((service.to_string(), port), facts);
    }

    /// Every request that was sent, redirects included, with its cookies.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.state().requests.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn still(&self, what: &str, limit: &Limit) -> Result<(), WebError> {
        if limit.stop.reason().is_some() {
            return Err(WebError::Stopped);
        }
        if self.clock.now() >= limit.deadline { Err(WebError::Deadline(what.to_string())) } else { Ok(()) }
    }

    /// Waits while the app is silent.
    fn silence(&self, url: &str, limit: &Limit, go_on: &mut dyn FnMut() -> bool) -> Result<(), WebError> {
        let silent = |now| self.state().silences.iter_mut().any(|s| s(path_of(url), now));
        let waited = wait::until(&*self.clock, limit, &mut |_| (), || {
            Ok::<_, Infallible>(match silent(self.clock.now()) {
                false => Look::Done(true),
                true if !go_on() => Look::Done(false),
                true => Look::Waiting("an answer".into()),
            })
        });
        match waited {
            Ok(true) => Ok(()),
            Ok(false) => Err(WebError::GivenUp(url.to_string())),
            Err(WaitError::Stopped(_)) => Err(WebError::Stopped),
            Err(_) => Err(WebError::Deadline(url.to_string())),
        }
    }

    fn once(
        &self,
        request: &HttpRequest,
        limit: &Limit,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<HttpAnswer, WebError> {
        self.silence(&request.url, limit, go_on)?;
        self.still(&request.url, limit)?;
        let place = Place::of(&request.url)?;
        let stack =
            self.stack_of(place.host, limit).ok_or_else(|| WebError::Foreign(place.host.to_string()))?;
        let cookies = self.state().cookies.get(&request.session).map(cookie_header);
        let mut request = request.clone();
        request.headers.extend(cookies.filter(|c| !c.is_empty()).map(|c| ("cookie".to_string(), c)));
        self.state().requests.push(request.clone());
        let mut answer = self.routed(&stack, &place, &request, limit)?;
        answer.url = request.url.clone();
        if !request.session.is_empty() {
            let mut state = self.state();
            keep_cookies(state.cookies.entry(request.session).or_default(), &answer)?;
        }
        Ok(answer)
    }

    fn stack_of(&self, host: &str, limit: &Limit) -> Option<StackName> {
        let stacks = self.state().stacks.clone();
        let below = |d: &str| host == d || host.strip_suffix(d).is_some_and(|h| h.ends_with('.'));
        let by_name = stacks.iter().find(|(d, _)| below(d)).map(|(_, s)| s.clone());
        by_name.or_else(|| {
            let named =
                |s: &&StackName| self.cluster.look(s, limit).is_ok_and(|l| Table::of(&l).names_host(host));
            stacks.values().find(named).cloned()
        })
    }

    fn routed(
        &self,
        stack: &StackName,
        place: &Place<'_>,
        request: &HttpRequest,
        limit: &Limit,
    ) -> Result<HttpAnswer, WebError> {
        let observed =
            self.cluster.look(stack, limit).map_err(|e| WebError::Blind(format!("failed to {e}")))?;
        let table = Table::of(&observed);
        let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (method, headers) = (request.method.as_str(), request.headers.as_slice());
        let ask = Ask { host: place.host, path: place.path, query: place.query, method, headers, client };
        let router = match table.route(place.entry, &ask) {
            Ok(router) => router,
            Err(none) => return WebError::of_reason(&none.why).map_or(Ok(own(none.status, none.why)), Err),
        };
        let head = Head {
            method,
            secure: place.entry == Entry::WebSecure,
            host: place.host,
            path: place.path.to_string(),
            query: Some(place.query.to_string()).filter(|q| !q.is_empty()),
            headers,
            client,
        };
        let mut tasks = vec![];
        if let Backend::Tasks(targets) = &router.backend {
            for t in targets.iter().filter(|t| t.cut_off.is_none()) {
                let address = self.cluster.task_addresses(stack, &t.service, t.port, limit);
                match address {
                    Ok(places) => tasks.extend(places.into_iter().map(|place| place.task)),
                    Err(e) => WebError::of_cluster(&e).map_or(Ok(()), Err)?,
                }
            }
        }
        let passed = middleware::apply(router.middlewares.iter().map(|(n, a)| (n.as_str(), a)), head);
        if let Some(unknown) = passed.reply.as_ref().and_then(|r| WebError::of_reason(&r.why)) {
            return Err(unknown);
        }
        let mut answer = match (passed.reply, &router.backend) {
            (Some(reply), _) => HttpAnswer { headers: reply.headers, ..own(reply.status, reply.why) },
            (None, Backend::Own(status, why)) => own(*status, why.clone()),
            (None, Backend::NotEmulated(what)) => own(501, what.clone()),
            (None, Backend::Tasks(targets)) => match targets.iter().find_map(|t| t.cut_off.clone()) {
                Some(why) => own(504, why),
                None => self.of_task(&tasks, request),
            },
        };
        for edit in passed.response {
            let (Edit::Set(name, value) | Edit::Add(name, value)) = &edit;
            if matches!(edit, Edit::Set(..)) {
                answer.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
            }
            if !value.is_empty() {
                answer.headers.push((name.to_lowercase(), value.clone()));
            }
        }
        Ok(answer)
    }

    /// The answer of the task that the request asks for, or of the next one.
    fn of_task(&self, tasks: &[String], request: &HttpRequest) -> HttpAnswer {
        let turn = request.task.unwrap_or_else(|| self.state().requests.len());
        let of = tasks.len();
        let task = turn % of.max(1);
        let from = tasks.get(task).map(|name| FromTask { task: name.clone(), of });
        HttpAnswer { from, ..self.said(&HttpRequest { task: Some(task), ..request.clone() }) }
    }

    fn said(&self, request: &HttpRequest) -> HttpAnswer {
        let now = self.clock.now();
        // a program may itself send a request, so the lock must not be held
        let mut programs = std::mem::take(&mut self.state().programs);
        let answer = programs.iter_mut().rev().find_map(|p| p(request, now));
        let mut state = self.state();
        let added = std::mem::replace(&mut state.programs, programs);
        state.programs.extend(added);
        answer.unwrap_or_else(|| page(404, "nobody scripted this page"))
    }

    /// Whether a task of the service is running and the port is open.
    fn open(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<bool, WebError> {
        let url = format!("tcp://{service}:{port}");
        self.still(&url, limit)?;
        let observed = self.cluster.look(stack, limit).map_err(|e| match e {
            ClusterError::Stopped(_) => WebError::Stopped,
            ClusterError::Deadline(_) => WebError::Deadline(url.clone()),
            e => WebError::of_cluster(&e)
                .unwrap_or_else(|| WebError::NoAnswer { url: url.clone(), text: format!("failed to {e}") }),
        })?;
        let Some(found) = observed.service(service.as_str()) else { return Ok(false) };
        let running =
            observed.tasks_of(found).iter().any(|t| t.desired_running && t.state == TaskState::Running);
        let now = self.clock.now();
        let mut state = self.state();
        Ok(running && state.ports.get_mut(&(service.to_string(), port)).is_some_and(|p| p(now)))
    }
}

impl Web for MemoryWeb {
    fn serve(&self, domain: &str, stack: &StackName) {
        self.state().stacks.insert(domain.to_string(), stack.clone());
    }

    fn forget(&self, domain: &str) {
        self.state().stacks.remove(domain);
    }

    fn send_while(
        &self,
        request: &HttpRequest,
        limit: &Limit,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<HttpAnswer, WebError> {
        let mut request = request.clone();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.once(&request, limit, go_on)?;
            let moves = matches!(answer.status, 301 | 302 | 303 | 307 | 308) && request.follow;
            let Some(to) = answer.header("location").filter(|_| moves).map(|l| join(&request.url, l)) else {
                return Ok(answer);
            };
            let inside = Place::of(&to).is_ok_and(|p| self.stack_of(p.host, limit).is_some());
            if !inside {
                return Ok(answer);
            }
            if !matches!(answer.status, 307 | 308) && request.method == "POST" {
                request.method = "GET".into();
                request.body.clear();
            }
            request.url = to;
        }
        Err(WebError::NoAnswer {
            url: request.url,
            text: format!("it redirects more than {MOST_REDIRECTS} times"),
        })
    }

    fn tcp(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<bool, WebError> {
        self.open(stack, service, port, limit)
    }

    fn tls(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
        limit: &Limit,
    ) -> Result<TlsFacts, WebError> {
        let open = self.open(stack, service, port, limit)?;
        let facts = self.state().certificates.get(&(service.to_string(), port)).cloned();
        let text = if open { "the port does not speak TLS" } else { "connection refused" };
        let silent = WebError::NoAnswer { url: format!("tls://{service}:{port}"), text: text.into() };
        facts.filter(|_| open).ok_or(silent)
    }

    fn end_sessions(&self, prefix: &str) {
        self.state().cookies.retain(|name, _| !name.starts_with(prefix));
    }
}

fn own(status: u16, why: String) -> HttpAnswer {
    let body = if status == 404 { "404 page not found\n" } else { "" };
    HttpAnswer { by: AnsweredBy::of_reason(why), ..page(status, body) }
}

fn cookie_header(jar: &BTreeMap<String, String>) -> String {
    jar.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ")
}

fn keep_cookies(jar: &mut BTreeMap<String, String>, answer: &HttpAnswer) -> Result<(), WebError> {
    let set = answer.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case("set-cookie"));
    for (name, value) in set.filter_map(|(_, v)| v.split(';').next()?.split_once('=')) {
        jar.insert(name.trim().to_string(), value.trim().to_string());
    }
    let bytes: usize = jar.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > COOKIES.most {
        return Err(WebError::too_many_cookies(&answer.url, COOKIES.most));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryCluster;
    use ccci_model::name::RunId;
    use ccci_swarm::ports::clock::Stop;
    use ccci_swarm::ports::cluster::{DOMAIN_LABEL, Deploy, Owner, RUN_LABEL};
    use ccci_swarm::ports::lease::Lease;
    use std::time::Duration;

    struct Ground {
        clock: Arc<MemoryClock>,
        cluster: Arc<MemoryCluster>,
        web: MemoryWeb,
        stack: StackName,
    }

    fn ground() -> Ground {
        let clock = Arc::new(MemoryClock::default());
        let cluster = Arc::new(MemoryCluster::new(clock.clone()));
        cluster.image("app:1");
        let web = MemoryWeb::new(clock.clone(), cluster.clone());
        let stack = StackName::parse("a_ccci_test").unwrap();
        web.serve("a.ccci.test", &stack);
        Ground { clock, cluster, web, stack }
    }

    impl Ground {
        fn deploy(&self) {
            self.deploy_with("");
        }

        /// `more` stands before the labels of `deploy`.
        fn deploy_with(&self, more: &str) {
            let owner = Owner {
                run: RunId::parse("r").unwrap(),
                domain: "a.ccci.test".into(),
                lease: Lease::default(),
            };
            let labels = format!("{RUN_LABEL}: '{}', {DOMAIN_LABEL}: '{}'", owner.run, owner.domain);
            let compose = format!(
                "services:\n  app:\n    image: app:1\n    networks: [proxy]\n    deploy:\n      {more}labels:\n        {}\nnetworks:\n  proxy: {{external: true, name: proxy}}\n",
                format!(
                    "{labels}, traefik.enable: 'true', traefik.http.routers.a.tls: 'true', \
                     traefik.http.routers.a.rule: 'Host(`a.ccci.test`)', \
                     traefik.http.services.a.loadbalancer.server.port: '80'"
                )
                .replace(", ", "\n        ")
            );
            let deploy = Deploy { stack: self.stack.clone(), compose, files: Default::default() };
            self.cluster.pull("app:1", &self.limit()).unwrap();
            self.cluster.deploy(&deploy, &self.limit()).unwrap();
        }

        fn limit(&self) -> Limit {
            Limit { deadline: self.clock.now().after(Duration::from_secs(60)), stop: Stop::default() }
        }

        fn get(&self, url: &str) -> Result<HttpAnswer, WebError> {
            let request = HttpRequest {
                method: "GET".into(),
                url: url.into(),
                follow: true,
                session: "s".into(),
                ..HttpRequest::default()
            };
            self.web.send(&request, &self.limit())
        }
    }

    #[test]
    fn the_app_answers_only_while_a_task_of_it_runs() {
        let g = ground();
        g.web.page("/", 200, "hello");
        let early = g.get("https://a.ccci.test/").unwrap();
        assert!(
            matches!(&early.by, AnsweredBy::Ingress(why) if why.contains("nothing is deployed")),
            "{early:?}"
        );
        g.deploy();
        g.clock.pass(Duration::from_secs(60));
        let answer = g.get("https://a.ccci.test/").unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice(), &answer.by),
            (200, &b"hello"[..], &AnsweredBy::App)
        );
        assert_eq!(g.get("https://a.ccci.test/other").unwrap().status, 404);
        assert_eq!(g.get("http://a.ccci.test/").unwrap().status, 404, "no plain router");
        assert!(matches!(g.get("https://b.test/"), Err(WebError::Foreign(_))));
    }

    #[test]
    fn a_request_may_ask_for_one_of_several_tasks() {
        let g = ground();
        g.web.on_request(|r, _| Some(page(if r.task == Some(1) { 500 } else { 200 }, "")));
        g.deploy_with("replicas: 2\n      ");
        g.clock.pass(Duration::from_secs(60));
        let mut asked = vec![];
        for task in [Some(0), Some(1), Some(2), None, None] {
            let url = "https://a.ccci.test/".to_string();
            let request = HttpRequest { method: "GET".into(), url, task, ..HttpRequest::default() };
            let answer = g.web.send(&request, &g.limit()).unwrap();
            let from = answer.from.unwrap();
            asked.push(format!("{} {} of {}", answer.status, from.task, from.of));
        }
        let (good, bad) = ("200 app.2 of 2", "500 app.1 of 2");
        assert_eq!(asked[..3], [good, bad, good]);
        assert!(asked.contains(&good.to_string()) && asked[3] != asked[4], "in turn: {asked:?}");
    }

    #[test]
    fn answers_can_change_with_time_and_cookies_are_kept() {
        let g = ground();
        g.deploy();
        g.clock.pass(Duration::from_secs(60));
        let begin = g.clock.now();
        g.web.on_request(move |r, now| {
            (path_of(&r.url) == "/").then(|| page(if now > begin { 200 } else { 503 }, ""))
        });
        assert_eq!(g.get("https://a.ccci.test/?x").unwrap().status, 503);
        g.clock.pass(Duration::from_secs(1));
        assert_eq!(g.get("https://a.ccci.test/").unwrap().status, 200);
        g.web.on_request(|r, _| {
            let headers = vec![("location".into(), "/".into()), ("set-cookie".into(), "id=1; Path=/".into())];
            (path_of(&r.url) == "/in").then(|| HttpAnswer { headers, ..page(302, "") })
        });
        let answer = g.get("https://a.ccci.test/in").unwrap();
        assert_eq!((answer.status, answer.url.as_str()), (200, "https://a.ccci.test/"));
        let last = g.web.requests().pop().unwrap();
        assert_eq!(last.headers, [("cookie".to_string(), "id=1".to_string())]);
    }

    #[test]
    fn ports_are_open_when_scripted_and_a_task_runs() {
        let g = ground();
        let app = ServiceName::parse("app").unwrap();
        g.web.on_port("app", 64738, |_| true);
        g.web.certificate("app", 64738, "Murmur");
        assert_eq!(g.web.tcp(&g.stack, &app, 64738, &g.limit()), Ok(false));
        g.deploy();
        g.clock.pass(Duration::from_secs(60));
        assert_eq!(g.web.tcp(&g.stack, &app, 64738, &g.limit()), Ok(true));
        assert_eq!(g.web.tcp(&g.stack, &app, 80, &g.limit()), Ok(false));
        assert_eq!(g.web.tls(&g.stack, &app, 64738, &g.limit()).unwrap().subject, "Murmur");
        assert!(g.web.tls(&g.stack, &app, 80, &g.limit()).is_err());
    }
}
