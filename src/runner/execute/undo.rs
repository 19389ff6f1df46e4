//! Removal by label. Everything carries the run's labels from the moment it is made, so nothing has to be registered
//! for removal. Removal repeats until nothing is left or the deadline is reached, and then says what holds the rest. An
//! engine that does not answer is asked again until the deadline, because it may come back.

use ccci_model::failure::detail::Detail;
use ccci_model::failure::{Failure, causes};
use ccci_model::plan::Held;
use ccci_model::time::Moment;
use ccci_swarm::ports::World;
use ccci_swarm::ports::clock::{Limit, Stop};
use ccci_swarm::ports::cluster::{ClusterError, Leftover, TASK};
use ccci_swarm::ports::lease::Standing;
use ccci_swarm::ports::locks::Held as Lock;
use ccci_swarm::wait::{self, Look};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What removal removed and what it left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removal {
    /// How many objects were removed, by kind.
    pub counts: BTreeMap<String, u64>,
    /// What is still there, and what holds it.
    pub held: Vec<Held>,
}

/// A removal that could not continue: the engine did not answer until the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The first error since the engine stopped answering. Later ones are only consequences.
    pub error: ClusterError,
    /// What the last successful look showed.
    pub left: Vec<Held>,
}

/// Time limit of one attempt, so that a call that hangs does not use up the whole deadline.
const ONE_ATTEMPT: Duration = Duration::from_secs(30);
/// How long the removal waits for volumes that containers of other people use. Such a container ends when its owner
/// wants it to, so waiting longer does not help.
const HELD: Duration = Duration::from_secs(30);
/// Time limit for the domain of one dead run, so that one that is held does not keep the others from being removed.
const ONE_DOMAIN: Duration = Duration::from_secs(60);

/// Removes everything of a domain and checks that nothing is left. It has a stop of its own, so a second signal neither
/// restarts nor interrupts it (lesson 33). If `patient`, an engine that does not answer is asked again until the
/// deadline.
pub fn remove_domain(
    world: &World,
    domain: &str,
    deadline: Moment,
    patient: bool,
    said: &mut dyn FnMut(&str),
) -> Result<Removal, Lost> {
    let limit = Limit { deadline, stop: Stop::default() };
    let mut observed: BTreeSet<(String, String)> = BTreeSet::new();
    let mut left: Vec<Leftover> = vec![];
    let mut lost: Option<ClusterError> = None;
    let mut held_since: Option<Moment> = None;
    let done = wait::until(&*world.clock, &limit, said, || {
        let looked = attempt(world, domain, &limit.within(&*world.clock, ONE_ATTEMPT), &mut left);
        observed.extend(left.iter().filter(|l| l.kind != TASK).map(|l| (l.kind.clone(), l.name.clone())));
        let to_be_gone = format!("{} to be gone", named(&left));
        let now = world.clock.now();
        held_since = is_held(&left).then(|| held_since.unwrap_or(now));
        let given_up = held_since.is_some_and(|since| now.since(since) >= HELD);
        match looked {
            Ok(()) => {
                lost = None;
                Ok(if left.is_empty() || given_up { Look::Done(()) } else { Look::Waiting(to_be_gone) })
            }
            // the last look was cut by the deadline, so what the one before showed is what is left
            Err(ClusterError::Deadline(_)) if !left.is_empty() => Ok(Look::Waiting(to_be_gone)),
            Err(e) if patient && (e.may_pass() || matches!(e, ClusterError::Deadline(_))) => {
                let why = format!("the engine: could not {e}");
                lost.get_or_insert(e);
                Ok(Look::Waiting(why))
            }
            Err(e) => Err(e),
        }
    });
    world.web.forget(domain);
    let removal = tally(&observed, &left);
    match (done, lost) {
        (Err(wait::WaitError::Look(error)), _) | (Err(_), Some(error)) => Err(removal.lost(error)),
        (Ok(()) | Err(_), _) => Ok(removal),
    }
}

/// Whether only volumes are left, each in use by a container that is not of this domain: all of its own are gone.
fn is_held(left: &[Leftover]) -> bool {
    !left.is_empty() && left.iter().all(|l| l.kind == "volume" && !l.held_by.is_empty())
}

impl Removal {
    /// The same removal, when the engine did not answer at the end.
    fn lost(self, error: ClusterError) -> Lost {
        let by = format!("unknown: the engine did not answer (could not {error})");
        Lost { error, left: self.held.into_iter().map(|h| Held { by: by.clone(), ..h }).collect() }
    }
}

/// Removes everything of a run, and what it shared with other runs if no other run uses that any more. Entries are
/// removed from `shared` one by one, so that a second call continues with the rest.
pub(crate) fn remove_run(
    world: &World,
    domain: &str,
    shared: &mut BTreeMap<String, Box<dyn Lock>>,
    deadline: Moment,
    patient: bool,
    said: &mut dyn FnMut(&str),
) -> Result<Removal, Lost> {
    let mut removal = remove_domain(world, domain, deadline, patient, said)?;
    let others = !shared.is_empty() && others_can_be_there(world);
    while let Some((domain, used)) = shared.pop_first() {
        drop(used);
        // a run whose locks are elsewhere can use it as well; the collection after the end of the lease removes it
        if others {
            continue;
        }
        // the unreadable mark may be for this domain; the next collection of leftovers reports it
        if world.locks.kept().map_or(true, |kept| kept.contains(&domain)) {
            continue;
        }
        // if the lock cannot be taken, the thing is in use; or the next collection removes it or reports the error
        let Ok(Some(_alone)) = world.locks.take(&domain) else { continue };
        // if the run's own things took long, there must still be time for the shared ones
        let deadline = deadline.max(world.clock.now().after(ONE_ATTEMPT));
        let more = match remove_domain(world, &domain, deadline, patient, said) {
            Ok(more) => more,
            Err(mut lost) => {
                // what the run itself has left is told as well
                lost.left.splice(0..0, removal.held);
                return Err(lost);
            }
        };
        removal.held.extend(more.held);
        for (kind, n) in more.counts {
            *removal.counts.entry(kind).or_insert(0) += n;
        }
    }
    Ok(removal)
}

/// Whether an app of a run with locks elsewhere can be on this engine. False if that cannot be seen: what such an app uses
/// cannot be removed anyway.
fn others_can_be_there(world: &World) -> bool {
    let limit = Limit { deadline: world.clock.now().after(ONE_ATTEMPT), stop: Stop::default() };
    let (Ok(place), Ok(all)) = (world.locks.place(), world.cluster.leftovers(None, &limit)) else {
        return false;
    };
    !elsewhere(&all, &place, world).is_empty()
}

/// The domain of a network that several runs use. All of them share its lock, and the last one removes the network.
pub fn domain_of_network(name: &str) -> String {
    format!("{NETWORK}{name}")
}

/// Prefix of the domain of a shared network. The domain of a run has four letters before its dash.
const NETWORK: &str = "network-";

/// Looks once at what is left, and tries once to remove it.
fn attempt(world: &World, domain: &str, limit: &Limit, left: &mut Vec<Leftover>) -> Result<(), ClusterError> {
    *left = world.cluster.leftovers(Some(domain), limit)?;
    if left.is_empty() { Ok(()) } else { world.cluster.remove(domain, limit) }
}

/// What is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// What dead runs left.
    Dead,
    /// That, and the apps that runs kept on purpose.
    Kept,
    /// That, and what is of this domain, whose run has its locks elsewhere, whether it is alive or not.
    Elsewhere(&'a str),
}

/// What a look at all leftovers led to, by domain.
#[derive(Debug, Default)]
pub struct Collected {
    /// What was removed. Where something is left, it says what holds it.
    pub removed: BTreeMap<String, Removal>,
    /// What was not touched, because only the locks of another place can show whether its run is alive.
    pub elsewhere: BTreeMap<String, Standing>,
}

/// Removes what dead runs left. A domain whose lock is free belongs to a dead run; a locked one is never touched
/// (lesson 33), and neither is one whose lease says that its lock is elsewhere. An error of the locks is an error here:
/// to treat them as held would hide leftovers, and to treat them as free would end other runs.
pub fn collect(
    world: &World,
    own: &str,
    scope: Scope<'_>,
    limit: &Limit,
    said: &mut dyn FnMut(&str),
) -> Result<Collected, ClusterError> {
    let local = |e: std::io::Error| ClusterError::Local(format!("look for apps that are kept: {e}"));
    let place = world.locks.place().map_err(local)?;
    let marked = world.locks.kept().map_err(local)?;
    let all = world.cluster.leftovers(None, &limit.within(&*world.clock, ONE_ATTEMPT))?;
    // the marks were read before the leftovers, so a mark without objects is of an app that was removed by hand. A mark
    // that cannot be removed belongs to another user and does no harm
    let of_nothing = marked.iter().filter(|d| all.iter().all(|l| l.domain != **d));
    of_nothing.for_each(|domain| drop(world.locks.forget(domain)));
    let mut out = Collected { elsewhere: elsewhere(&all, &place, world), ..Collected::default() };
    out.elsewhere.retain(|domain, standing| match standing {
        Standing::KeptElsewhere => scope == Scope::Dead,
        _ => scope != Scope::Elsewhere(domain),
    });
    let free = |d: &String| d != own && !out.elsewhere.contains_key(d);
    let mut domains: Vec<String> = all.into_iter().map(|l| l.domain).filter(free).collect();
    // what runs share cannot be removed before the apps that use it
    domains.sort_by_key(|d| (d.starts_with(NETWORK), d.clone()));
    domains.dedup();
    for domain in domains {
        // after a stop, a removal that began is finished, and no other one begins
        if limit.stop.reason().is_some() {
            return Err(ClusterError::Stopped("remove what dead runs left".into()));
        }
        // the marks are read again for each domain: an app that was just removed keeps nothing any more
        if scope == Scope::Dead && world.locks.kept().map_err(local)?.contains(&domain) {
            continue;
        }
        let taken = world.locks.take(&domain);
        let taken = taken.map_err(|e| ClusterError::Local(format!("look at the lock of `{domain}`: {e}")))?;
        let Some(_held) = taken else { continue };
        let deadline = limit.within(&*world.clock, ONE_DOMAIN).deadline;
        let removal = remove_domain(world, &domain, deadline, true, said).map_err(|lost| lost.error)?;
        if removal.held.is_empty() {
            let _ = world.locks.forget(&domain);
        }
        out.removed.insert(domain, removal);
    }
    Ok(out)
}

/// The domains whose leases say that the lock here does not decide about them.
fn elsewhere(all: &[Leftover], place: &str, world: &World) -> BTreeMap<String, Standing> {
    let now = world.clock.wall_ms() / 1_000;
    let standings = all.iter().filter_map(|l| Some((&l.domain, l.lease.as_ref()?.standing(place, now))));
    let elsewhere = standings.filter(|(_, standing)| *standing != Standing::ByLock);
    elsewhere.map(|(domain, standing)| (domain.clone(), standing)).collect()
}

/// The failure of a removal that left something.
pub fn leak(left: &[Held]) -> Option<Failure> {
    if left.is_empty() {
        return None;
    }
    Some(Failure::of(causes::LEFTOVER, Detail::Left { held: left.to_vec() }))
}

fn tally(observed: &BTreeSet<(String, String)>, left: &[Leftover]) -> Removal {
    let mut counts = BTreeMap::new();
    for (kind, name) in observed {
        if !left.iter().any(|l| l.kind == *kind && l.name == *name) {
            *counts.entry(kind.clone()).or_insert(0) += 1;
        }
    }
    let held = left
        .iter()
        .map(|l| Held { kind: l.kind.clone(), name: l.name.clone(), by: l.held_by.clone() })
        .collect();
    Removal { counts, held }
}

fn named(left: &[Leftover]) -> String {
    // the engine's words about other kinds change from look to look
    let one = |l: &Leftover| match l.held_by.as_str() {
        by if l.kind == "volume" && !by.is_empty() => format!("{} {} ({by})", l.kind, l.name),
        _ => format!("{} {}", l.kind, l.name),
    };
    let names: Vec<String> = left.iter().take(3).map(one).collect();
    let more = left.len().saturating_sub(3);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::name::RunId;
    use ccci_swarm::ports::clock::StopReason;
    use ccci_swarm::ports::cluster::Owner;
    use ccci_swarm::ports::lease::Lease;
    use ccci_swarm::ports::locks::Locks;
    use ccci_testkit::layers::{self, Saboteur};
    use ccci_testkit::memory::{
        Fault, MemoryBrowser, MemoryClock, MemoryCluster, MemoryLocks, MemoryStore, MemoryWeb,
    };
    use std::sync::Arc;

    const DOMAIN: &str = "a.ccci.test";

    fn ground(locks: impl Locks + 'static) -> (Arc<MemoryCluster>, World) {
        let clock = Arc::new(MemoryClock::default());
        let cluster = Arc::new(MemoryCluster::new(clock.clone()));
        let web = Arc::new(MemoryWeb::new(clock.clone(), cluster.clone()));
        let store = Arc::new(MemoryStore::default());
        (
            cluster.clone(),
            World {
                cluster,
                browser: Arc::new(MemoryBrowser::new(web.clone())),
                web,
                clock,
                store,
                locks: Arc::new(locks),
            },
        )
    }

    fn network(world: &World, name: &str, domain: &str) {
        let owner = Owner { run: RunId::parse("r").unwrap(), domain: domain.into(), lease: Lease::default() };
        let limit =
            Limit { deadline: world.clock.now().after(Duration::from_secs(9)), stop: Stop::default() };
        world.cluster.ensure_network(name, &owner, &limit).unwrap();
    }

    fn a_minute(world: &World) -> Limit {
        Limit { deadline: world.clock.now().after(Duration::from_secs(60)), stop: Stop::default() }
    }

    /// A world whose cluster makes the calls with these numbers fail from now on.
    fn spoilt(
        world: World,
        calls: impl Fn(usize) -> bool + Send + Sync + 'static,
        fault: layers::Fault,
    ) -> World {
        let swarm = Saboteur::new(world.cluster, world.clock.clone());
        swarm.spoil(move |n, _| calls(n), fault);
        World { cluster: Arc::new(swarm), ..world }
    }

    fn removed(world: &World) -> Result<Removal, ClusterError> {
        let deadline = world.clock.now().after(Duration::from_secs(60));
        remove_domain(world, DOMAIN, deadline, true, &mut |_| ()).map_err(|lost| lost.error)
    }

    #[test]
    fn a_removal_goes_on_when_the_engine_was_away() {
        let (_, world) = ground(MemoryLocks::default());
        network(&world, "n", DOMAIN);
        let world = spoilt(world, |n| n < 3, layers::Fault::Fails(layers::reset()));
        assert_eq!(removed(&world).unwrap().counts, BTreeMap::from([("network".to_string(), 1)]));
    }

    #[test]
    fn a_removal_whose_engine_stays_away_says_so_at_its_deadline_and_not_before() {
        let (_, world) = ground(MemoryLocks::default());
        network(&world, "n", DOMAIN);
        let world = spoilt(world, |_| true, layers::Fault::Fails(layers::gone()));
        let got = removed(&world);
        assert!(matches!(got, Err(ClusterError::Unreachable(_))), "{got:?}");
        assert!(world.clock.now().0 >= 60_000, "given up after {:?}", world.clock.now());
    }

    #[test]
    fn a_removal_that_could_not_look_once_does_not_say_that_nothing_is_left() {
        let (_, world) = ground(MemoryLocks::default());
        network(&world, "n", DOMAIN);
        let world = spoilt(world, |n| n < 8, layers::Fault::Hangs);
        let got = removed(&world);
        assert!(matches!(got, Err(ClusterError::Deadline(_))), "{got:?}");
        let at_once = remove_domain(&world, DOMAIN, Moment(70_000), false, &mut |_| ());
        assert!(matches!(at_once, Err(Lost { error: ClusterError::Deadline(_), .. })), "{at_once:?}");
    }

    #[test]
    fn of_what_was_there_when_the_engine_fell_silent_it_is_not_known_who_holds_it() {
        let (cluster, world) = ground(MemoryLocks::default());
        network(&world, "n", DOMAIN);
        cluster.fault(Fault::RemovalHolds("network".into(), "n".into(), "container c".into()));
        let world = spoilt(world, |n| n >= 8, layers::Fault::Fails(layers::gone()));
        let lost = remove_domain(&world, DOMAIN, Moment(60_000), true, &mut |_| ()).unwrap_err();
        let by = "unknown: the engine did not answer (could not reach the engine: connection refused)";
        assert_eq!(lost.left, [Held { kind: "network".into(), name: "n".into(), by: by.into() }]);
    }

    #[test]
    fn what_runs_share_goes_with_the_last_of_them() {
        let (_, world) = ground(MemoryLocks::default());
        let shared = domain_of_network("net");
        network(&world, "net", &shared);
        let hold = || BTreeMap::from([(shared.clone(), world.locks.share(&shared).unwrap().unwrap())]);
        let (first, last) = (hold(), hold());
        let end = |mut held| {
            remove_run(&world, DOMAIN, &mut held, Moment(60_000), true, &mut |_| ()).unwrap().counts
        };
        assert_eq!(end(first), BTreeMap::new());
        assert_eq!(end(last), BTreeMap::from([("network".to_string(), 1)]));
    }

    #[test]
    fn what_a_run_and_its_neighbours_leave_is_counted_together_and_named() {
        let (cluster, world) = ground(MemoryLocks::default());
        let shared = domain_of_network("net");
        network(&world, "own", DOMAIN);
        network(&world, "net", &shared);
        network(&world, "other", &shared);
        network(&world, "stuck", &shared);
        cluster.fault(Fault::RemovalHolds("network".into(), "stuck".into(), "container c".into()));
        let mut held = BTreeMap::from([(shared.clone(), world.locks.share(&shared).unwrap().unwrap())]);
        let removal = remove_run(&world, DOMAIN, &mut held, Moment(60_000), true, &mut |_| ()).unwrap();
        assert_eq!(removal.counts, BTreeMap::from([("network".to_string(), 3)]));
        let stuck = Held { kind: "network".into(), name: "stuck".into(), by: "container c".into() };
        assert_eq!(removal.held, [stuck]);
        let failure = leak(&removal.held).unwrap();
        assert_eq!(failure.observed(), "still there: network stuck");
        assert!(format!("{:?}", failure.shown()).contains("network stuck: container c"), "{failure:?}");
        assert_eq!(leak(&[]), None);
    }

    #[test]
    fn lesson_33_a_collection_takes_what_is_dead_and_neither_its_own_nor_what_is_locked() {
        let locks = MemoryLocks::default();
        let (_, world) = ground(locks.clone());
        for domain in ["dead", "own", "alive"] {
            network(&world, &format!("of-{domain}"), domain);
        }
        let _alive = locks.take("alive").unwrap().unwrap();
        let collected = collect(&world, "own", Scope::Dead, &a_minute(&world), &mut |_| ()).unwrap();
        let counts = BTreeMap::from([("network".to_string(), 1)]);
        assert_eq!(
            collected.removed,
            BTreeMap::from([("dead".to_string(), Removal { counts, held: vec![] })])
        );
        let limit = Limit { deadline: Moment(99_000), stop: Stop::default() };
        let left = world.cluster.leftovers(None, &limit).unwrap();
        assert_eq!(left.iter().map(|l| l.domain.as_str()).collect::<Vec<_>>(), ["alive", "own"]);
    }

    #[test]
    fn an_app_that_is_kept_stays_until_it_is_to_go_and_a_mark_of_nothing_goes() {
        let (_, world) = ground(MemoryLocks::default());
        let shared = domain_of_network("net");
        for domain in ["dead", "kept", shared.as_str()] {
            network(&world, &format!("of-{domain}"), domain);
        }
        world.locks.keep("kept", &[&shared]).unwrap();
        world.locks.keep("gone", &[]).unwrap();
        let collected = |kept| {
            let collected = collect(&world, "own", kept, &a_minute(&world), &mut |_| ()).unwrap();
            (collected.removed.into_keys().collect::<Vec<_>>(), world.locks.kept().unwrap())
        };
        let text = str::to_string;
        let marked = BTreeSet::from([text("kept"), shared.clone()]);
        assert_eq!(collected(Scope::Dead), (vec![text("dead")], marked));
        assert_eq!(collected(Scope::Kept), (vec![text("kept"), shared.clone()], BTreeSet::new()));
    }

    #[test]
    fn a_collection_that_is_stopped_begins_nothing_more() {
        let (cluster, world) = ground(MemoryLocks::default());
        for domain in ["one", "two"] {
            network(&world, &format!("of-{domain}"), domain);
        }
        cluster.fault(Fault::RemovalHolds("network".into(), "of-one".into(), "somebody".into()));
        let limit = a_minute(&world);
        let stop = limit.stop.clone();
        let got =
            collect(&world, "", Scope::Dead, &limit, &mut |_| stop.set(StopReason::Terminated)).unwrap_err();
        assert!(matches!(got, ClusterError::Stopped(_)), "{got:?}");
        let left = world.cluster.leftovers(Some("two"), &a_minute(&world)).unwrap();
        assert_eq!(left.len(), 1, "the second one is not begun");
    }

    #[test]
    fn an_error_that_does_not_pass_ends_a_removal_at_once() {
        let (cluster, world) = ground(MemoryLocks::default());
        network(&world, "n", DOMAIN);
        let began = world.clock.now();
        cluster.fault(Fault::NoPermission);
        let got = removed(&world);
        assert!(matches!(got, Err(ClusterError::NoPermission(_))), "{got:?}");
        assert_eq!(world.clock.now(), began);
    }

    #[test]
    fn each_network_that_runs_share_has_a_lock_of_its_own() {
        assert_eq!(domain_of_network("proxy"), "network-proxy");
    }

    #[test]
    fn what_is_waited_for_is_named_three_at_most() {
        for (names, desired) in [
            ("abc", "network a, network b, network c to be gone"),
            ("abcde", "network a, network b, network c and 2 more to be gone"),
        ] {
            let (cluster, world) = ground(MemoryLocks::default());
            for name in names.chars().map(String::from) {
                network(&world, &name, DOMAIN);
                cluster.fault(Fault::RemovalHolds("network".into(), name, "somebody".into()));
            }
            let mut said = vec![];
            let deadline = world.clock.now().after(Duration::from_secs(2));
            remove_domain(&world, DOMAIN, deadline, true, &mut |on| said.push(on.to_string())).unwrap();
            assert_eq!(said.first().map(String::as_str), Some(desired));
        }
    }

    /// Makes a network whose run had this lease.
    fn leased(world: &World, name: &str, locks: &str, until: u64, keep: bool) {
        let lease = Lease { locks: locks.into(), until, keep };
        let owner = Owner { run: RunId::parse("r").unwrap(), domain: name.into(), lease };
        assert!(world.cluster.ensure_network(name, &owner, &a_minute(world)).unwrap());
    }

    #[test]
    fn what_a_run_with_locks_elsewhere_made_stays_until_its_lease_ends_though_the_lock_here_is_free() {
        let (_, world) = ground(MemoryLocks::default());
        let (now, here) = (world.clock.wall_ms() / 1_000, world.locks.place().unwrap());
        leased(&world, "here", &here, now + 60, false);
        leased(&world, "alive", "elsewhere", now + 60, false);
        leased(&world, "ended", "elsewhere", now - 60, false);
        leased(&world, "kept", "elsewhere", now - 60, true);
        let removed = |scope| {
            let collected = collect(&world, "", scope, &a_minute(&world), &mut |_| ()).unwrap();
            let standings: Vec<Standing> = collected.elsewhere.into_values().collect();
            (collected.removed.into_keys().collect::<Vec<_>>(), standings)
        };
        let names = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let alive = Standing::Elsewhere(now + 60);
        assert_eq!(removed(Scope::Dead), (names(&["ended", "here"]), vec![alive, Standing::KeptElsewhere]));
        assert_eq!(removed(Scope::Kept), (names(&["kept"]), vec![alive]));
        assert_eq!(removed(Scope::Elsewhere("ended")), (names(&[]), vec![alive]));
        assert_eq!(removed(Scope::Elsewhere("alive")), (names(&["alive"]), vec![]));
    }

    #[test]
    fn a_shared_network_stays_while_an_app_of_a_run_with_locks_elsewhere_can_use_it() {
        let (_, world) = ground(MemoryLocks::default());
        let shared = domain_of_network("net");
        network(&world, "net", &shared);
        leased(&world, "alive", "elsewhere", world.clock.wall_ms() / 1_000 + 60, false);
        let end = || {
            let mut held = BTreeMap::from([(shared.clone(), world.locks.share(&shared).unwrap().unwrap())]);
            let deadline = world.clock.now().after(Duration::from_secs(60));
            remove_run(&world, DOMAIN, &mut held, deadline, true, &mut |_| ()).unwrap().counts
        };
        assert_eq!(end(), BTreeMap::new());
        collect(&world, &shared, Scope::Elsewhere("alive"), &a_minute(&world), &mut |_| ()).unwrap();
        assert_eq!(end(), BTreeMap::from([("network".to_string(), 1)]));
    }

    /// Locks whose state cannot be read.
    struct NoLocks;

    impl Locks for NoLocks {
        fn take(&self, _: &str) -> std::io::Result<Option<Box<dyn Lock>>> {
            Err(std::io::ErrorKind::PermissionDenied.into())
        }
        fn place(&self) -> std::io::Result<String> {
            Ok("none".into())
        }
        fn share(&self, domain: &str) -> std::io::Result<Option<Box<dyn Lock>>> {
            self.take(domain)
        }
        fn keep(&self, _: &str, _: &[&str]) -> std::io::Result<()> {
            Ok(())
        }
        fn kept(&self) -> std::io::Result<BTreeSet<String>> {
            Ok(BTreeSet::new())
        }
        fn forget(&self, _: &str) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn locks_that_cannot_be_looked_at_are_an_error_and_nothing_is_touched() {
        let (_, world) = ground(NoLocks);
        network(&world, "n", DOMAIN);
        let limit = a_minute(&world);
        let e = collect(&world, "", Scope::Kept, &limit, &mut |_| ()).unwrap_err();
        assert!(e.to_string().contains(DOMAIN) && e.to_string().contains("permission denied"), "{e}");
        assert_eq!(world.cluster.leftovers(Some(DOMAIN), &limit).unwrap().len(), 1);
    }
}
