//! A world with a real browser, a real ingress and an app in this process.

use crate::ingress::ground::Ground;
use ccci_adapters::browser::Chromium;
use ccci_adapters::clock::RealClock;
use ccci_model::event::{Shown, Shows, What};
use ccci_model::name::RunId;
use ccci_model::redact::Redactor;
use ccci_model::secret::Secret;
use ccci_runner::ctx::call::call_test;
use ccci_runner::ctx::state::{Facts, Used};
use ccci_runner::ctx::{HookCtx, Marks, sigs};
use ccci_script::{Point, Scripts};
use ccci_swarm::ports::cluster::Owner;
use ccci_swarm::ports::lease::Lease;
use ccci_swarm::ports::{Limit, Stop, World};
use ccci_testkit::memory::{MemoryLocks, MemoryStore, MemoryWeb};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const DOMAIN: &str = "a.ccci.test";
const FILE: &str = "custom/test_page.rhai";

/// Runs a test where there is a browser, and says so where there is none.
pub(super) fn with_browser(name: &str, test: impl FnOnce(&BrowserGround)) {
    if std::env::var_os("CCCI_SWARM").is_none() {
        return println!("{name}: needs a browser; CCCI_SWARM=1 runs it");
    }
    test(&BrowserGround::new());
}

/// A browser and what it needs.
pub(super) struct BrowserGround {
    pub browser: Arc<Chromium>,
    pub directory: tempfile::TempDir,
    pub ground: Ground,
    /// Deadlines count from its zero, so all that takes one must have the same clock.
    clock: Arc<RealClock>,
}

/// What became of a page test.
pub(super) struct PageTest {
    /// What was observed, if it failed.
    pub failure: Option<String>,
    events: Vec<What>,
    store: MemoryStore,
}

impl BrowserGround {
    fn new() -> BrowserGround {
        let ground = Ground::with_app();
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(RealClock::new(Arc::default()));
        let browser = Chromium::new(
            ground.runtime.handle().clone(),
            ground.ingress.clone(),
            clock.clone(),
            PathBuf::from(env!("CARGO_BIN_EXE_ccci")),
            directory.path().to_path_buf(),
        );
        BrowserGround { browser: Arc::new(browser), directory, ground, clock }
    }

    /// Runs a script as a page test.
    pub(super) fn test(&self, script: &str) -> PageTest {
        self.test_within(90, script)
    }

    /// The same with so many seconds.
    pub(super) fn test_within(&self, seconds: u64, script: &str) -> PageTest {
        let store = MemoryStore::default();
        let cluster = self.ground.cluster.clone();
        let clock = self.clock.clone();
        let world = World {
            cluster: cluster.clone(),
            web: Arc::new(MemoryWeb::new(Arc::default(), cluster)),
            browser: self.browser.clone(),
            clock: clock.clone(),
            store: Arc::new(store.clone()),
            locks: Arc::new(MemoryLocks::default()),
        };
        let redactor = Redactor::default();
        redactor.add("key", &Secret::new("correct horse battery"));
        let events = Arc::new(Mutex::new(vec![]));
        let told = events.clone();
        let text = format!("fn test_page(page, ctx) {{\n{script}\n}}");
        let (scripts, found) = Scripts::load(&texts(&text), &sigs()).unwrap();
        let errors: Vec<String> = found.0.iter().map(ccci_model::diag::render::one_line).collect();
        let ctx = Arc::new(HookCtx {
            app: 0,
            facts: Facts { recipe: "pages".into(), domain: DOMAIN.into(), ..Facts::default() },
            stack: self.ground.stack.clone(),
            owner: Owner {
                run: RunId::parse("pages").unwrap(),
                domain: DOMAIN.into(),
                lease: Lease::default(),
            },
            limit: Limit {
                deadline: ccci_swarm::ports::Clock::now(&*clock).after(Duration::from_secs(seconds)),
                stop: Stop::default(),
            },
            world,
            redactor,
            secrets: Arc::default(),
            marks: Marks::default(),
            tell: Arc::new(move |what| told.lock().unwrap().push(what)),
            by: format!("{FILE} test_page"),
            point: Point::Test,
            used: Used::default(),
        });
        assert_eq!(errors, [""; 0], "{script}");
        let done = call_test(&scripts, FILE, "test_page", &ctx);
        let failure = done.err().map(|f| f.observed());
        let events = std::mem::take(&mut *events.lock().unwrap());

        PageTest { failure, events, store }
    }
}

fn texts(text: &str) -> ccci_script::RecipeTexts {
    let text = ccci_model::diag::Text { path: FILE.into(), content: text.into() };
    BTreeMap::from([(FILE.to_string(), Arc::new(text))])
}

impl PageTest {
    /// Files that show this.
    pub(super) fn shown(&self, shows: Shows) -> Vec<&Shown> {
        let all =
            self.events.iter().filter_map(|e| if let What::Shown(shown) = e { Some(shown) } else { None });
        all.filter(|s| s.shows == shows).collect()
    }

    /// The content of the only file that shows this.
    pub(super) fn bytes(&self, shows: Shows) -> Vec<u8> {
        let all = self.shown(shows);
        assert_eq!(all.len(), 1, "{shows:?}: {all:?}");
        let bytes = self.store.bytes(&all[0].file).unwrap();
        assert_eq!(bytes.len() as u64, all[0].bytes);
        bytes
    }

    /// The same as text.
    pub(super) fn text(&self, shows: Shows) -> String {
        String::from_utf8(self.bytes(shows)).unwrap()
    }

    /// All messages of the script's record.
    pub(super) fn messages(&self) -> Vec<&str> {
        self.events.iter().filter_map(text_of).collect()
    }

    /// Whether the script's record has this message.
    pub(super) fn said(&self, text: &str) -> bool {
        self.events.iter().any(|e| matches!(e, What::Said { text: said, .. } if said == text))
    }

    /// Whether any file or event holds a text.
    pub(super) fn holds(&self, text: &str) -> bool {
        let in_files = self
            .store
            .names()
            .iter()
            .any(|name| String::from_utf8_lossy(&self.store.bytes(name).unwrap()).contains(text));
        in_files || self.events.iter().any(|e| serde_json::to_string(e).unwrap().contains(text))
    }
}

/// The text of a message.
fn text_of(event: &What) -> Option<&str> {
    match event {
        What::Said { text, .. } => Some(text),
        _ => None,
    }
}
