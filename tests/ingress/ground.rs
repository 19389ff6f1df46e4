//! A fake cluster whose answers the tests set, with an ingress and a web.

use super::app::App;
use ccci_adapters::clock::RealClock;
use ccci_adapters::http::RealWeb;
use ccci_adapters::ingress::Ingress;
use ccci_model::name::{ServiceName, StackName};
use ccci_swarm::observed::{Mode, Observed, ObservedService, ObservedTask, Restart, TaskState};
use ccci_swarm::ports::clock::{Clock, Limit, Stop};
use ccci_swarm::ports::cluster::TaskAddress;
use ccci_swarm::ports::web::{HttpAnswer, HttpRequest, Web, WebError};
use ccci_swarm::ports::{Call, Calls, ClusterError, Reply};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

/// What the cluster shows of a stack, and the addresses of its tasks.
type Told = Result<(Observed, Vec<SocketAddr>), ClusterError>;

#[derive(Default)]
pub(crate) struct FakeCluster {
    stacks: Mutex<HashMap<StackName, Told>>,
    asked: AtomicUsize,
    /// Whether the task of `app` is on another node; then no other service has a task.
    pub far: AtomicBool,
}

impl FakeCluster {
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn stack(&self, stack: &StackName) -> Told {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.stacks.lock().unwrap().get(stack).cloned().unwrap_or(Ok(Default::default()))
    }
}

pub(crate) struct Ground {
    pub cluster: Arc<FakeCluster>,
    pub ingress: Arc<Ingress>,
    pub stack: StackName,
    pub app: App,
    web: Option<RealWeb>,
    clock: Arc<RealClock>,
    // the last field: what runs on the runtime must be dropped before it
    pub runtime: Runtime,
}

pub(crate) fn request(url: &str) -> HttpRequest {
    HttpRequest { method: "GET".into(), url: url.into(), ..HttpRequest::default() }
}

fn service(labels: &[(&str, &str)]) -> ObservedService {
    ObservedService {
        id: "id".into(),
        name: ServiceName::parse("app").unwrap(),
        mode: Mode::Replicated(1),
        image: "app:1".into(),
        labels: labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        env: vec![],
        restart: Restart::Any,
        max_attempts: 0,
        start_first: false,
        update: None,
        volumes: vec![],
        networks: vec!["proxy".into()],
        ports: vec![],
        template: String::new(),
        template_but_image: String::new(),
        has_healthcheck: false,
    }
}

fn task((n, (state, desired_running)): (usize, &(TaskState, bool))) -> ObservedTask {
    ObservedTask {
        id: format!("t{n}"),
        service: "id".into(),
        slot: 1,
        node: "n".into(),
        state: *state,
        desired_running: *desired_running,
        exit_code: None,
        error: String::new(),
        message: String::new(),
        created_ms: n as u64,
        changed_ms: 0,
        container: String::new(),
        oom_killed: None,
        unhealthy: None,
        check: String::new(),
        template: String::new(),
    }
}

impl Ground {
    /// One stack with one service `app`, served as `a.ccci.test`.
    pub(crate) fn with_app() -> Ground {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (cluster, clock) = (Arc::new(FakeCluster::default()), Arc::new(RealClock::new(Arc::default())));
        let handle = runtime.handle().clone();
        let ingress = Arc::new(Ingress::start(&handle, cluster.clone(), clock.clone()).unwrap());
        let web = RealWeb::new(handle, ingress.clone(), cluster.clone(), clock.clone()).unwrap();
        let app = App::start(&runtime, "app");
        let stack = StackName::parse("a_ccci_test").unwrap();
        web.serve("a.ccci.test", &stack);
        let ground = Ground { cluster, ingress, stack, app, web: Some(web), clock, runtime };
        ground.put("a.ccci.test", ground.app.address);
        ground
    }

    fn put(&self, domain: &str, address: SocketAddr) {
        let labels = [
            ("traefik.enable", "true"),
            ("traefik.http.routers.a.rule", "Host(`a.ccci.test`)"),
            ("traefik.http.routers.a.entrypoints", "web-secure"),
            ("traefik.http.routers.a.tls.certresolver", "production"),
            ("traefik.http.services.a.loadbalancer.server.port", "80"),
        ];
        let tasks = vec![task((0, &(TaskState::Running, true)))];
        let observed = Observed { services: vec![service(&labels)], tasks };
        let stack = StackName::parse(&domain.replace('.', "_")).unwrap();
        self.cluster.stacks.lock().unwrap().insert(stack, Ok((observed, vec![address])));
    }

    /// Adds a second stack with the same labels under another name.
    pub(crate) fn second_stack(&self, domain: &str, address: SocketAddr) {
        self.put(domain, address);
        self.web().serve(domain, &StackName::parse(&domain.replace('.', "_")).unwrap());
    }

    /// Adds a second service with the same labels: requests go to the tasks of both.
    pub(crate) fn twin(&self) {
        self.change(|observed, _| {
            let twin =
                ObservedService { name: ServiceName::parse("twin").unwrap(), ..observed.services[0].clone() };
            observed.services.push(ObservedService { id: "twin".into(), ..twin });
            observed.tasks.push(ObservedTask {
                id: "t".into(),
                service: "twin".into(),
                ..observed.tasks[0].clone()
            });
        });
    }

    pub(crate) fn web(&self) -> &RealWeb {
        self.web.as_ref().unwrap()
    }

    fn change(&self, how: impl FnOnce(&mut Observed, &mut Vec<SocketAddr>)) {
        let mut stacks = self.cluster.stacks.lock().unwrap();
        let (observed, addresses) = stacks.get_mut(&self.stack).unwrap().as_mut().unwrap();
        how(observed, addresses);
    }

    pub(crate) fn label(&self, key: &str, value: Option<&str>) {
        self.change(|observed, _| {
            let labels = &mut observed.services[0].labels;
            match value {
                Some(value) => labels.insert(key.into(), value.into()),
                None => labels.remove(key),
            };
        });
    }

    pub(crate) fn networks(&self, names: &[&str]) {
        self.change(|observed, _| {
            observed.services[0].networks = names.iter().map(|n| n.to_string()).collect()
        });
    }

    pub(crate) fn ports(&self, ports: &[(u16, u16, &str)]) {
        self.change(|observed, _| {
            observed.services[0].ports = ports.iter().map(|(a, b, c)| (*a, *b, c.to_string())).collect();
        });
    }

    pub(crate) fn tasks(&self, tasks: &[(TaskState, bool)]) {
        self.change(|observed, _| {
            observed.services[0].mode = Mode::Replicated(tasks.len() as u64);
            observed.tasks = tasks.iter().enumerate().map(task).collect();
        });
    }

    pub(crate) fn addresses(&self, all: &[SocketAddr]) {
        self.change(|_, addresses| *addresses = all.to_vec());
    }

    pub(crate) fn remove(&self) {
        self.change(|observed, addresses| (*observed, *addresses) = Default::default());
    }

    pub(crate) fn break_looking(&self, e: ClusterError) {
        self.cluster.stacks.lock().unwrap().insert(self.stack.clone(), Err(e));
    }

    /// Makes the ingress look at the stack again.
    pub(crate) fn settle(&self) {
        self.ingress.lookup().renew(&self.stack);
    }

    pub(crate) fn limit(&self, ms: u64) -> Limit {
        Limit { deadline: self.clock.now().after(Duration::from_millis(ms)), stop: Stop::default() }
    }

    pub(crate) fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, WebError> {
        self.web().send(request, &self.limit(20_000))
    }

    pub(crate) fn get(&self, url: &str) -> HttpAnswer {
        self.send(&request(url)).unwrap()
    }
}

impl FakeCluster {
    fn addresses(&self, stack: &StackName, service: &ServiceName) -> Result<Vec<SocketAddr>, ClusterError> {
        if self.far.load(Ordering::SeqCst) {
            if service.as_str() != "app" {
                return Err(ClusterError::NoRunningTask(service.to_string()));
            }
            return Err(ClusterError::Elsewhere { service: service.to_string(), node: "worker2".into() });
        }
        self.stack(stack).map(|(_, addresses)| addresses)
    }
}

impl Calls for FakeCluster {
    fn call(&self, call: Call<'_, '_>, _: &Limit) -> Result<Reply, ClusterError> {
        match call {
            Call::Look { stack } => self.stack(stack).map(|(observed, _)| Reply::Observed(observed)),
            Call::TaskAddresses { stack, service, .. } => {
                let named = |(n, at)| TaskAddress { task: format!("{service}.{}", n + 1), at, inside: None };
                let all = self.addresses(stack, service)?;
                Ok(Reply::Addresses(all.into_iter().enumerate().map(named).collect()))
            }
            other => Err(ClusterError::Local(format!("{other}: the fake cluster cannot do that"))),
        }
    }

    fn losses(&self) -> u64 {
        0
    }

    fn silence(&self) -> Duration {
        Duration::ZERO
    }
}
