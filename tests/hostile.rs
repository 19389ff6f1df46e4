//! Hostile and broken scripts, one file each in `fixtures/hostile`. Whatever they try, they end at a limit or with an
//! error, with a position, in time and with little memory, and the process survives.
//!
//! Each is loaded and called as in a real run, on a Swarm in memory, in separate processes. The suite gives them fewer
//! operations than a real run does. With `CCCI_HOSTILE=full` (the soak), each script has all operations and a process
//! of its own. `cargo test hostile_script -- --nocapture` prints the table.

use ccci_model::name::{RunId, ServiceName, StackName};
use ccci_model::redact::Redactor;
use ccci_model::secret::Secret;
use ccci_model::tier::Tier;
use ccci_runner::ctx::{self, Ctx, HookCtx, Marks, state::Facts, state::Used};
use ccci_script::hooks::{self, HookRow};
use ccci_script::limits::{OPERATIONS, PROCESSOR};
use ccci_script::{ErrorKind, FnRef, Guard, RecipeTexts, ScriptError, Scripts, StopReason};
use ccci_swarm::ports::cluster::{Cluster, Deploy, ExecOutput, Owner};
use ccci_swarm::ports::lease::Lease;
use ccci_swarm::ports::web::HttpAnswer;
use ccci_swarm::ports::{Clock, Limit, Stop, Web, World};
use ccci_testkit::memory::{
    MemoryBrowser, MemoryClock, MemoryCluster, MemoryLocks, MemoryStore, MemoryWeb, page,
};
use rhai::{Dynamic, Engine};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

const FIXTURES: &str = "tests/fixtures/hostile";
/// Concurrent processes in the suite.
const SHARDS: usize = 2;
/// Operations in the suite: enough for more calls of ctx than are allowed. A real run gives 1 000 000.
const FEW: usize = 30_000;
/// Timeout of a hook; a real run gives 300 s. Scripts that are to end at it have a short one in the suite.
const DEADLINE: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(300);
/// How much longer than its timeout a process may take: a thread that hangs is given two seconds, loading ten.
const GRACE: Duration = Duration::from_secs(13);
const MOST_KB: u64 = 256 << 10;
const SHARD: &str = "CCCI_HOSTILE_SHARD";
const DOMAIN: &str = "host-00ff00.ccci.test";

/// Whether this is the soak. Cached, because every operation of a script asks for it.
fn soak() -> bool {
    static FULL: OnceLock<bool> = OnceLock::new();
    *FULL.get_or_init(|| std::env::var("CCCI_HOSTILE").is_ok_and(|how| how == "full"))
}

/// Marks, before the expected end, a script that takes long: it is run only in the soak and in the suite with the
/// Swarm.
const SLOW: &str = "(slow) ";

fn has_time() -> bool {
    soak() || std::env::var_os("CCCI_SWARM").is_some()
}

/// A script, and the expectations in its first two lines.
struct Case {
    name: String,
    ends: String,
    texts: RecipeTexts,
}

fn cases() -> Vec<Case> {
    let mut paths: Vec<PathBuf> = fs::read_dir(FIXTURES).unwrap().flatten().map(|e| e.path()).collect();
    paths.sort();
    let all = paths.iter().map(|path| case(path));
    all.filter(|c| has_time() || !c.ends.starts_with(SLOW))
        .map(|c| Case { ends: c.ends.replace(SLOW, ""), ..c })
        .collect()
}

fn case(path: &Path) -> Case {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let texts = if path.is_dir() {
        crate::scripts::texts_of(path)
    } else {
        crate::scripts::one("hooks.rhai", &fs::read_to_string(path).unwrap())
    };
    let heads: Vec<&str> =
        texts.values().filter(|t| t.content.starts_with("// tries: ")).map(|t| &*t.content).collect();
    assert_eq!(heads.len(), 1, "{name}: one file says what it tries");
    let ends = heads[0].lines().nth(1).and_then(|l| l.strip_prefix("// ends: "));
    let ends = ends.unwrap_or_else(|| panic!("{name} does not say how it ends")).to_string();
    Case { name, ends, texts }
}

/// How a script ended.
#[derive(Debug)]
struct End {
    ms: u64,
    kb: u64,
    how: String,
    place: String,
}

#[test]
fn every_hostile_script_ends_with_its_position_in_time_and_in_little_memory() {
    let all = cases();
    if let Ok(shard) = std::env::var(SHARD) {
        return all
            .iter()
            .enumerate()
            .filter(|(i, c)| shard.split(',').any(|s| s == i.to_string() || s == c.name))
            .for_each(|(_, c)| live(c));
    }
    assert!(all.len() >= 80, "{} scripts", all.len());
    let began = Instant::now();
    let ends = ends_of(&all);
    let mut wrong = vec![];
    for case in &all {
        let Some(end) = ends.get(&case.name) else {
            wrong.push(format!("{}: the process ended with it", case.name));
            continue;
        };
        println!("{:28} {:>6} ms {:>4} MB  {} at {}", case.name, end.ms, end.kb >> 10, end.how, end.place);
        wrong.extend(faults(case, end));
    }
    let worst = |of: fn(&End) -> u64| ends.iter().max_by_key(|(_, e)| of(e)).map(|(n, e)| (n.clone(), of(e)));
    println!(
        "{} scripts in {:?}; slowest {:?} ms, largest {:?} KB",
        all.len(),
        began.elapsed(),
        worst(|e| e.ms),
        worst(|e| e.kb)
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn faults(case: &Case, end: &End) -> Vec<String> {
    let limit = DEADLINE + GRACE;
    let mut out = vec![];
    let mut check = |holds: bool, what: &str| {
        if !holds {
            out.push(format!("{}: {what}: {end:?}", case.name));
        }
    };
    // with all operations, another limit may be reached first
    let ends = if soak() && case.ends.starts_with("limit") { "limit" } else { &case.ends };
    check(end.how.starts_with(ends), &format!("it should end as `{ends}`"));
    check(end.ms < limit.as_millis() as u64, "it ran over its limit");
    check(end.kb < MOST_KB, "it took more than 256 MB");
    let numbers: Vec<&str> = end.place.rsplitn(3, ':').collect();
    let placed = numbers.len() == 3 && numbers[..2].iter().all(|n| n.parse::<u32>().is_ok_and(|n| n > 0));
    check(placed && end.place.contains(".rhai:"), "it has no position");
    out
}

/// Runs the scripts in other processes of this test binary and reads what they print.
fn ends_of(all: &[Case]) -> BTreeMap<String, End> {
    let shards: Vec<String> = if soak() {
        all.iter().map(|c| c.name.clone()).collect()
    } else {
        let of =
            |n: usize| (0..all.len()).filter(|i| i % SHARDS == n).map(|i| i.to_string()).collect::<Vec<_>>();
        (0..SHARDS).map(|n| of(n).join(",")).collect()
    };
    let (next, out) = (Mutex::new(shards.iter()), Mutex::new(BTreeMap::new()));
    std::thread::scope(|s| {
        for _ in 0..SHARDS {
            s.spawn(|| {
                loop {
                    let Some(shard) = next.lock().unwrap().next() else { return };
                    let found = printed(shard);
                    out.lock().unwrap().extend(found);
                }
            });
        }
    });
    out.into_inner().unwrap()
}

fn printed(shard: &str) -> Vec<(String, End)> {
    let test = "hostile::every_hostile_script_ends_with_its_position_in_time_and_in_little_memory";
    let child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(SHARD, shard)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout).into_owned();
    if !child.status.success() {
        println!("{:?}: {}", child.status, String::from_utf8_lossy(&child.stderr));
    }
    let row = |line: &str| {
        let words: Vec<&str> = line.strip_prefix("END\t")?.split('\t').collect();
        let [name, ms, kb, place, how] = words[..] else { return None };
        let end = End { ms: ms.parse().ok()?, kb: kb.parse().ok()?, how: how.into(), place: place.into() };
        Some((name.to_string(), end))
    };
    text.lines().filter_map(row).collect()
}

/// In the other process: runs one script from loading to its end.
fn live(case: &Case) {
    forget_peak();
    let began = Instant::now();
    let (how, place) = match end_of(case) {
        Err((how, place)) => (how, place),
        Ok(()) => ("nothing stopped it".to_string(), String::new()),
    };
    let how: String = how.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect();
    println!("\nEND\t{}\t{}\t{}\t{place}\t{how}", case.name, began.elapsed().as_millis(), peak_kb());
}

/// Resets the kernel's peak of memory, if the kernel allows it; otherwise the peak only grows.
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

type Ended = Result<(), (String, String)>;

fn end_of(case: &Case) -> Ended {
    let (scripts, found) = Scripts::load(&case.texts, &ctx::sigs()).unwrap();
    if let Some(d) = found.0.iter().find(|d| d.severity == ccci_model::diag::Severity::Error) {
        let place = d.place.as_ref().map(ToString::to_string).unwrap_or_default();
        return Err((format!("refused {}: {}", d.code.id, d.message), place));
    }
    let tried = match case.ends.as_str() {
        ends if ends.starts_with("Deadline") => Tried::Deadline,
        ends if ends.starts_with("limit processor") => Tried::Processor,
        _ => Tried::Other,
    };
    let ground = Ground { tried, ..Ground::new() };
    for (row, _) in scripts.hooks() {
        ground.hook(&scripts, row).map_err(told)?;
    }
    for tier in [Tier::Install, Tier::Custom] {
        for test in scripts.tests(tier) {
            let what = FnRef { file: test.file, name: test.name };
            let ctx = ground.ctx(hooks::PRE_INSTALL, ccci_script::Point::Test);
            ground.function(&scripts, &what, &ctx).map_err(told)?;
        }
    }
    Ok(())
}

fn told(e: ScriptError) -> (String, String) {
    assert!(e.message.len() < 20_000, "an error text of {} bytes", e.message.len());
    let how = match e.kind {
        ErrorKind::Limit(name) => format!("limit {name}"),
        ErrorKind::Raised => format!("raised {}", e.message),
        ErrorKind::Assertion => format!("assertion {}", e.message),
        other => format!("{other:?} {}", e.message),
    };
    (how, e.place)
}

/// An app in memory, and what a run keeps from hook to hook.
pub(crate) struct Ground {
    pub world: World,
    cluster: Arc<MemoryCluster>,
    redactor: Redactor,
    secrets: Arc<Mutex<BTreeMap<String, Secret>>>,
    marks: Marks,
    told: Arc<Mutex<usize>>,
    tried: Tried,
}

/// Which time limit of a call is tested; it is shorter in the suite.
#[derive(Clone, Copy, PartialEq)]
enum Tried {
    Deadline,
    Processor,
    Other,
}

const COMPOSE: &str = "version: '3.8'
services:
  app:
    image: nginx:1.25.0
    networks: [default, proxy]
    deploy:
      labels:
        traefik.docker.network: proxy
        traefik.enable: 'true'
        traefik.http.routers.app.tls: 'true'
        traefik.http.routers.app.rule: Host(`host-00ff00.ccci.test`)
        traefik.http.services.app.loadbalancer.server.port: '80'
        ccci.run: hostile
        ccci.domain: host-00ff00.ccci.test
  db:
    image: nginx:1.25.0
    networks: [default]
    deploy:
      labels:
        ccci.run: hostile
        ccci.domain: host-00ff00.ccci.test
networks:
  proxy:
    external: true
  default:
    labels:
      ccci.run: hostile
      ccci.domain: host-00ff00.ccci.test
";

impl Ground {
    pub(crate) fn new() -> Ground {
        let clock = Arc::new(MemoryClock::default());
        let cluster = Arc::new(MemoryCluster::new(clock.clone()));
        cluster.image("nginx:1.25.0");
        let flood = || "flood ".repeat((8 << 20) / 6);
        cluster.on_exec("app", move |what, _| match what.argv.first()?.as_str() {
            "flood" => Some(ExecOutput { code: 0, stdout: flood(), stderr: flood() }),
            "flood-and-fail" => Some(ExecOutput { code: 1, stdout: flood(), stderr: flood() }),
            "true" => Some(ExecOutput::default()),
            _ => None,
        });
        cluster.log("app", &format!("{}\r\n", "a line of a log ".repeat(100)).repeat(1_000));
        let web = MemoryWeb::new(clock.clone(), cluster.clone());
        web.on_request(|request, _| Some(answer(ccci_testkit::memory::path_of(&request.url))));
        let stack = stack();
        let limit = Limit { deadline: clock.now().after(Duration::from_secs(60)), stop: Stop::default() };
        cluster
            .deploy(&Deploy { stack: stack.clone(), compose: COMPOSE.into(), files: BTreeMap::new() }, &limit)
            .unwrap();
        clock.pass(Duration::from_secs(20));
        web.serve(DOMAIN, &stack);
        let web = Arc::new(web);
        let world = World {
            cluster: cluster.clone(),
            browser: Arc::new(MemoryBrowser::new(web.clone())),
            web,
            clock,
            store: Arc::new(MemoryStore::default()),
            locks: Arc::new(MemoryLocks::default()),
        };
        let secret = Secret::new("correct horse battery");
        let redactor = Redactor::default();
        redactor.add("db_password", &secret);
        let secrets = Arc::new(Mutex::new(BTreeMap::from([("db_password".to_string(), secret)])));
        Ground {
            world,
            cluster,
            redactor,
            secrets,
            marks: Marks::default(),
            told: Arc::default(),
            tried: Tried::Other,
        }
    }

    /// How many bytes went into the record.
    pub(crate) fn told(&self) -> usize {
        *self.told.lock().unwrap()
    }

    /// Adds a text to the log of a service.
    pub(crate) fn log(&self, service: &str, text: &str) {
        self.cluster.log(service, text);
    }

    pub(crate) fn ctx(&self, _row: &dyn HookRow, point: ccci_script::Point) -> Arc<HookCtx> {
        let told = self.told.clone();
        let deadline = self.world.clock.now().after(Duration::from_secs(300));
        Arc::new(HookCtx {
            app: 0,
            facts: Facts {
                recipe: "hostile".into(),
                domain: DOMAIN.into(),
                env: BTreeMap::from([("DOMAIN".to_string(), DOMAIN.to_string())]),
                ..Facts::default()
            },
            stack: stack(),
            owner: Owner {
                run: RunId::parse("hostile").unwrap(),
                domain: DOMAIN.into(),
                lease: Lease::default(),
            },
            world: self.world.clone(),
            redactor: self.redactor.clone(),
            secrets: self.secrets.clone(),
            marks: self.marks.clone(),
            tell: Arc::new(move |what| {
                let mut told = told.lock().unwrap();
                *told += serde_json::to_string(&what).unwrap().len();
                assert!(*told < 20 << 20, "scripts put more than 20 MB into the record");
            }),
            by: "hostile".into(),
            point,
            limit: Limit { deadline, stop: Stop::default() },
            used: Used::default(),
        })
    }

    fn hook(&self, scripts: &Scripts, row: &dyn HookRow) -> Result<(), ScriptError> {
        let ctx = self.ctx(row, row.point());
        let args = || vec![Dynamic::from(Ctx(ctx.clone()))];
        let given = ctx.clone();
        let setup = move |e: &mut Engine| ctx::register(e, &given);
        let watch = Watch::over(&ctx, self.tried);
        match row.name() {
            "extra_env" => scripts.call_hook(hooks::EXTRA_ENV, args(), &setup, watch).map(drop),
            "ready_probe" => scripts.call_hook(hooks::READY_PROBE, args(), &setup, watch).map(drop),
            name => self.function(scripts, &FnRef { file: "hooks.rhai".into(), name: name.into() }, &ctx),
        }
    }

    fn function(&self, scripts: &Scripts, what: &FnRef, ctx: &Arc<HookCtx>) -> Result<(), ScriptError> {
        let given = ctx.clone();
        let args = vec![Dynamic::from(Ctx(ctx.clone()))];
        scripts.call(what, args, &move |e| ctx::register(e, &given), Watch::over(ctx, self.tried)).map(drop)
    }
}

/// The app's answers. They are made for each request, because few scripts need them.
fn answer(path: &str) -> HttpAnswer {
    let moved = |to: &str| HttpAnswer { headers: vec![("location".into(), to.into())], ..page(302, "") };
    match path {
        "/" => page(200, "hello"),
        "/flood" => page(200, "%41\\u0041&#65;\r\n".repeat(8 << 16)),
        "/numbers" => page(200, format!("[{}0]", "0,".repeat(4 << 20))),
        "/some-numbers" => page(200, format!("[{}0]", "0,".repeat(500_000))),
        "/brackets" => page(200, "[".repeat(1 << 20)),
        "/out" => moved("https://example.org/"),
        "/circle" => moved(&format!("https://{DOMAIN}/circle")),
        "/header" => HttpAnswer { headers: vec![("x-large".into(), "x".repeat(1 << 20))], ..page(200, "") },
        _ => page(404, "there is no such page"),
    }
}

fn stack() -> StackName {
    StackName::parse(&DOMAIN.replace('.', "_")).unwrap()
}

/// A guard like ctx's own, with real time and fewer operations.
struct Watch {
    ctx: Arc<HookCtx>,
    end: Instant,
    processor: Duration,
}

impl Watch {
    fn over(ctx: &Arc<HookCtx>, tried: Tried) -> Arc<Watch> {
        let unless_soaked = |which, short, long| if tried == which && !soak() { short } else { long };
        let span = unless_soaked(Tried::Deadline, SHORT, DEADLINE);
        let processor =
            unless_soaked(Tried::Processor, SHORT / 5, Duration::from_secs(PROCESSOR.most as u64));
        Arc::new(Watch { ctx: ctx.clone(), end: Instant::now() + span, processor })
    }
}

impl Guard for Watch {
    fn stop(&self) -> Option<StopReason> {
        if Instant::now() >= self.end { Some(StopReason::Deadline) } else { self.ctx.stop() }
    }
    fn printed(&self, place: &str, text: &str) {
        self.ctx.printed(place, text);
    }
    fn operations(&self) -> usize {
        if soak() { OPERATIONS.most } else { FEW }
    }
    fn processor(&self) -> Duration {
        self.processor
    }
}

#[test]
fn a_native_that_hangs_does_not_take_the_process_along() {
    crate::scripts::hostile::a_native_that_hangs_is_left_behind();
}

#[test]
fn the_checker_refuses_hostile_recipes_with_positions_and_lives_on() {
    let dir = tempfile::tempdir().unwrap();
    let refused: Vec<Case> = cases().into_iter().filter(|c| c.ends.starts_with("refused")).collect();
    for case in &refused {
        for (path, text) in &case.texts {
            let at = dir.path().join(&case.name).join(path);
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(at, &text.content).unwrap();
        }
    }
    let dirs = refused.iter().map(|c| dir.path().join(&c.name));
    let out = Command::new(env!("CARGO_BIN_EXE_ccci")).arg("check").args(dirs).output().unwrap();
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(!said.contains("panicked") && !said.contains("bug in ccci"), "{said}");
    for case in &refused {
        let marks = [format!("/{}/hooks.rhai:", case.name), format!("/{}/lib/", case.name)];
        assert!(marks.iter().any(|m| said.contains(m)), "{} is refused without its place", case.name);
    }
}

#[test]
fn the_harness_is_the_one_that_a_run_uses() {
    let ground = Ground::new();
    let observed = ground
        .world
        .cluster
        .look(
            &stack(),
            &Limit {
                deadline: ground.world.clock.now().after(Duration::from_secs(9)),
                stop: Stop::default(),
            },
        )
        .unwrap();
    assert!(observed.service(ServiceName::parse("app").unwrap().as_str()).is_some());
    let good = "fn pre_install(ctx) {\n    assert(ctx.get(\"/\").body == \"hello\");\n    assert(ctx.exec(\"app\", [\"true\"]).code == 0);\n    ctx.remember(\"a\", [1, #{ b: \"x\" }]);\n    assert(ctx.recall(\"a\")[1].b == \"x\");\n    let a = [3, 1, 2];\n    a.sort(|x, y| x - y);\n    assert(a == [1, 2, 3]);\n    a.sort(|x, y| x > y);\n    assert(a == [3, 2, 1]);\n    let b = [1, 1, 2];\n    b.dedup(|x, y| x == y);\n    assert(b == [1, 2]);\n}\n";
    let (scripts, found) = Scripts::load(&crate::scripts::one("hooks.rhai", good), &ctx::sigs()).unwrap();
    assert!(!found.has_errors(), "{found:?}");
    ground.hook(&scripts, hooks::PRE_INSTALL).unwrap();
}
