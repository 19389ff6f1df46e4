//! Which stack a name belongs to, what its routers are and where its tasks are.
//! The cluster is asked at most twice a second, outside of the async threads. Tasks of another stack are never
//! returned (lesson 8).

use ccci_model::name::{ServiceName, StackName};
use ccci_model::time::Moment;
use ccci_swarm::ports::clock::{Clock, Limit, Stop, StopReason};
use ccci_swarm::ports::cluster::{Cluster, ClusterError, TaskAddress};
use ccci_swarm::routing::Table;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::runtime::Handle;

/// How old an answer of the cluster may be. A real Traefik asks every 15 s.
const FRESH: Duration = Duration::from_millis(500);
/// How long one look may take.
const LOOK: Duration = Duration::from_secs(10);

type Answer<T> = Result<Arc<T>, ClusterError>;
/// One entry for each key; it is locked while the cluster is asked, so that many requests ask only once.
type Cache<K, T> = Mutex<HashMap<K, Arc<tokio::sync::Mutex<Option<(Moment, Answer<T>)>>>>>;
type Place = (StackName, ServiceName, u16);

/// The names of the run, with their stacks, routers and tasks.
pub struct Lookup {
    cluster: Arc<dyn Cluster>,
    clock: Arc<dyn Clock>,
    handle: Handle,
    stop: Stop,
    stacks: RwLock<BTreeMap<String, StackName>>,
    /// Names from routers' rules, with their domain; a name is added when it is first asked for.
    extra: RwLock<BTreeMap<String, String>>,
    tables: Cache<StackName, Table>,
    places: Cache<Place, Vec<TaskAddress>>,
}

impl Lookup {
    pub(super) fn new(handle: Handle, cluster: Arc<dyn Cluster>, clock: Arc<dyn Clock>) -> Lookup {
        Lookup {
            cluster,
            clock,
            handle,
            stop: Stop::default(),
            stacks: RwLock::default(),
            extra: RwLock::default(),
            tables: Mutex::default(),
            places: Mutex::default(),
        }
    }

    pub(super) fn serve(&self, domain: &str, stack: &StackName) {
        let mut stacks = self.stacks.write().unwrap_or_else(PoisonError::into_inner);
        stacks.insert(domain.to_ascii_lowercase(), stack.clone());
    }

    pub(super) fn forget(&self, domain: &str) {
        let domain = domain.to_ascii_lowercase();
        let gone = self.stacks.write().unwrap_or_else(PoisonError::into_inner).remove(&domain);
        self.extra.write().unwrap_or_else(PoisonError::into_inner).retain(|_, of| *of != domain);
        if let Some(stack) = gone {
            lock(&self.tables).remove(&stack);
            lock(&self.places).retain(|(of, ..), _| *of != stack);
        }
    }

    /// The domain under which a stack is served.
    pub(crate) fn domain_of(&self, stack: &StackName) -> Option<String> {
        let stacks = self.stacks.read().unwrap_or_else(PoisonError::into_inner);
        stacks.iter().find(|(_, s)| *s == stack).map(|(d, _)| d.clone())
    }

    /// The stack that answers for a host: by its domain, a name below it, or a name in its routers' rules.
    pub async fn stack_of(&self, host: &str) -> Option<StackName> {
        let host = plain(host);
        if let Some(stack) = self.known(&host) {
            return Some(stack);
        }
        let all = self.stacks.read().unwrap_or_else(PoisonError::into_inner).clone();
        for (domain, stack) in all {
            if self.table(&stack).await.is_ok_and(|t| t.names_host(&host)) {
                self.extra.write().unwrap_or_else(PoisonError::into_inner).insert(host, domain);
                return Some(stack);
            }
        }
        None
    }

    /// The same without asking the cluster: only what is already known.
    pub fn known(&self, host: &str) -> Option<StackName> {
        let host = plain(host);
        let stacks = self.stacks.read().unwrap_or_else(PoisonError::into_inner);
        let below = |d: &str| host == d || host.strip_suffix(d).is_some_and(|h| h.ends_with('.'));
        let by_domain = stacks.iter().filter(|(d, _)| below(d)).max_by_key(|(d, _)| d.len());
        if let Some((_, stack)) = by_domain {
            return Some(stack.clone());
        }
        let extra = self.extra.read().unwrap_or_else(PoisonError::into_inner);
        extra.get(&host).and_then(|domain| stacks.get(domain)).cloned()
    }

    /// Every domain that is served, for messages.
    pub fn domains(&self) -> BTreeSet<String> {
        self.stacks.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// The routers of a stack.
    pub async fn table(&self, stack: &StackName) -> Answer<Table> {
        let of = stack.clone();
        self.fresh(&self.tables, stack.clone(), move |c, l| Ok(Table::of(&c.look(&of, l)?))).await
    }

    /// The addresses of a service's tasks.
    pub async fn places(
        &self,
        stack: &StackName,
        service: &ServiceName,
        port: u16,
    ) -> Answer<Vec<TaskAddress>> {
        let (of, name) = (stack.clone(), service.clone());
        let key = (stack.clone(), service.clone(), port);
        self.fresh(&self.places, key, move |c, l| c.task_addresses(&of, &name, port, l)).await
    }

    /// Ends the calls to the cluster that are under way: no one waits for them any more.
    pub(super) fn end(&self) {
        self.stop.set(StopReason::Interrupted);
    }

    /// Forgets what was observed of a stack, because it proved to be out of date.
    pub fn renew(&self, stack: &StackName) {
        lock(&self.tables).remove(stack);
        lock(&self.places).retain(|(of, ..), _| of != stack);
    }

    async fn fresh<K: Eq + Hash, T: Send + Sync + 'static>(
        &self,
        cache: &Cache<K, T>,
        key: K,
        ask: impl FnOnce(&dyn Cluster, &Limit) -> Result<T, ClusterError> + Send + 'static,
    ) -> Answer<T> {
        let slot = lock(cache).entry(key).or_default().clone();
        let mut slot = slot.lock().await;
        if let Some((at, answer)) = &*slot
            && self.clock.now().since(*at) < FRESH
        {
            return answer.clone();
        }
        let asked_at = self.clock.now();
        let limit = Limit { deadline: asked_at.after(LOOK), stop: self.stop.clone() };
        let cluster = self.cluster.clone();
        let asked = self.handle.spawn_blocking(move || ask(&*cluster, &limit)).await;
        let answer = asked.unwrap_or_else(|e| Err(ClusterError::Local(e.to_string()))).map(Arc::new);
        *slot = Some((asked_at, answer.clone()));
        answer
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}
