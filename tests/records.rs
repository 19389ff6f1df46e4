//! Kept records come out of runs in memory: each row of RUNS is a run, and `records/<name>.jsonl` is what it wrote. Nobody edits
//! these files; `CCCI_BLESS=1 cargo test --test stories records` writes them anew.

use crate::golden;
use crate::run::fullest::{Ground, fresh, prepared};
use crate::run::machine::Machine;
use ccci::app::Request;
use ccci::app::run::run;
use ccci_adapters::store::DirStore;
use ccci_model::event::{Event, What};
use ccci_model::plan::Action;
use ccci_model::redact::Redactor;
use ccci_model::secret::Secret;
use ccci_report::REPORTS;
use ccci_runner::execute::job::Job;
use ccci_runner::record::EVENTS;
use ccci_runner::record::journal::Journal;
use ccci_swarm::log::Stream;
use ccci_swarm::ports::clock::StopReason;
use ccci_swarm::ports::cluster::ExecOutput;
use ccci_swarm::ports::{Cluster, Stop};
use ccci_testkit::memory::{Fault, MemoryStore};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The id of all these runs.
const RUN: &str = "20260131-120000-4f1c2e";

/// A run whose record is kept.
struct Kept {
    name: &'static str,
    /// The recipe that is run.
    recipe: Recipe,
    /// What goes wrong with it on the machine, or what it is given.
    made: fn(&Machine, &mut Job),
    /// What happens while it runs; it may write into the directory of the record and stop the run.
    hear: fn(&Event, &Path, &Stop),
}

/// Which recipe is run.
#[derive(Clone, Copy)]
enum Recipe {
    /// The one that has everything.
    Fullest,
    /// The same, its tier `install` alone.
    InstallOnly,
    /// The same, with the tests alone that fit a pattern.
    Tests(&'static str),
    /// The same, with other texts in a file of its directory.
    With(&'static str, fn(&str) -> String),
}

const NOTHING: fn(&Machine, &mut Job) = |_, _| ();
const NOBODY: fn(&Event, &Path, &Stop) = |_, _, _| ();

/// What a broken app writes: colours, markup, and lines that a forge would obey.
const LAST_WORDS: &str = "node:internal/modules/cjs/loader:1146\n  throw err;\n  ^\n\n\u{1b}[31mError: Cannot find module '/app/index.js'\u{1b}[0m\n    \
     at Module._resolveFilename <script>alert(1)</script>\n::error::this is no annotation\n##[error]nor is this\n\u{202e}reversed\n";

/// Tests that fail: a command, an assertion, and words of the recipe's.
const BAD_TESTS: &str = r#"// The app's own work.

fn test_a_dump_is_there(ctx) {
    ctx.exec("app", "dump /srv/data/nothing /srv/data/x");
}

fn test_the_greeting_is_polite(ctx) {
    assert(ctx.env.GREETING == "good morning <b>from</b> | fullest");
}

fn test_the_page_is_served(ctx) {
    assert(ctx.get("/health").status == 200);
}
"#;

const RUNS: &[Kept] = &[
    Kept { name: "green", recipe: Recipe::Fullest, made: NOTHING, hear: NOBODY },
    Kept { name: "partial", recipe: Recipe::InstallOnly, made: NOTHING, hear: NOBODY },
    Kept { name: "one_test", recipe: Recipe::Tests("test_a_job_*"), made: NOTHING, hear: NOBODY },
    Kept {
        name: "red_install",
        recipe: Recipe::Fullest,
        made: |machine, _| {
            machine.cluster.fault(Fault::CrashLoops("app".into(), 1));
            machine.cluster.writes("app", Stream::Err, LAST_WORDS);
        },
        hear: NOBODY,
    },
    Kept {
        name: "red_upgrade",
        recipe: Recipe::Fullest,
        made: |machine, _| machine.cluster.fault_at_deploy(1, Fault::RollsBack("app".into(), 7)),
        hear: NOBODY,
    },
    Kept {
        name: "red_backup",
        recipe: Recipe::With("hooks.rhai", |hooks| {
            hooks.replace("#{ GREETING: ", "#{ BACKUP_DATA: \"false\", GREETING: ")
        }),
        made: NOTHING,
        hear: NOBODY,
    },
    Kept {
        name: "red_restore",
        recipe: Recipe::Fullest,
        made: |machine, _| {
            machine.cluster.on_exec("app", |what, _| {
                let hook = what.argv.last()? == "dump /srv/data/dump /srv/data/page";
                let stderr = "ERROR: database \"app\" is being accessed by other users".to_string();
                hook.then(|| ExecOutput { code: 1, stderr, stdout: String::new() })
            });
        },
        hear: NOBODY,
    },
    Kept {
        name: "red_custom",
        recipe: Recipe::With("custom/test_page.rhai", |_| BAD_TESTS.into()),
        made: NOTHING,
        hear: NOBODY,
    },
    Kept {
        name: "leak",
        // without damage there is nothing to put back, which leaves a promise open
        recipe: Recipe::With("hooks.rhai", |hooks| hooks.replace("page::write(ctx, \"damaged\");", "")),
        made: |machine, job| {
            let volume = format!("{}_data", job.plan.subject().stack);
            let holder = "container backup-1 (`nobody's`)".to_string();
            machine.cluster.fault(Fault::RemovalHolds("volume".into(), volume, holder));
        },
        hear: NOBODY,
    },
    Kept {
        name: "secret",
        recipe: Recipe::Fullest,
        made: |_, job| _ = job.redactor.add("db_password", &Secret::new("correct-horse-battery")),
        // a program that has the directory open beside the run
        hear: |event, dir, _| {
            if matches!(event.what, What::RunEnded { .. }) {
                fs::write(dir.join("debug.log"), "connecting with correct-horse-battery\n").unwrap();
            }
        },
    },
    Kept {
        name: "error",
        recipe: Recipe::Fullest,
        made: |machine, _| machine.cluster.fault(Fault::RegistryUnreachable("nginx:1.26.0".into())),
        hear: NOBODY,
    },
    Kept {
        name: "deadline",
        recipe: Recipe::With("hooks.rhai", |hooks| {
            hooks.replace("fn pre_backup(ctx) {", "fn pre_backup(ctx) {\n    eventually(\"1h\", || false);")
        }),
        made: |_, job| job.plan.deadline_ms = 120_000,
        hear: NOBODY,
    },
    Kept {
        name: "killed",
        recipe: Recipe::Fullest,
        made: NOTHING,
        // what is on the disk when the machine goes down
        hear: |event, dir, _| {
            if matches!(&event.what, What::StepStarted { title, .. } if title == "converge to the head") {
                let (whole, left) = (fs::read_to_string(dir.join(EVENTS)).unwrap(), dir.join("killed"));
                if !left.exists() {
                    fs::write(left, &whole[..whole.len() - 30]).unwrap();
                }
            }
        },
    },
    Kept {
        name: "interrupted",
        recipe: Recipe::Fullest,
        made: NOTHING,
        hear: |event, _, stop| {
            if matches!(&event.what, What::StepStarted { title, .. } if title == "converge to the head") {
                stop.set(StopReason::Interrupted);
            }
        },
    },
];

/// What the jobs of all runs are made of.
struct Jobs {
    ground: Ground,
    fullest: Job,
}

impl Jobs {
    fn new() -> Jobs {
        let ground = Ground::new();
        let fullest = ground.prepare(RUN).unwrap();
        Jobs { ground, fullest }
    }

    fn request(&self) -> Request {
        Request::of(self.ground.source.around().join("recipes/fullest").to_str().unwrap())
    }

    fn job(&self, recipe: Recipe) -> Job {
        match recipe {
            Recipe::Fullest => fresh(&self.fullest),
            Recipe::InstallOnly => {
                prepared(&Request { tiers: Some("install".into()), ..self.request() }, RUN).unwrap()
            }
            Recipe::Tests(pattern) => {
                prepared(&Request { tests: vec![pattern.into()], ..self.request() }, RUN).unwrap()
            }
            Recipe::With(file, change) => {
                let path = Path::new("tests/fixtures/fullest/recipe").join(file);
                let text = fs::read_to_string(path).unwrap();
                let changed = change(&text);
                assert_ne!(changed, text, "{file} has no such text");
                let job = self.ground.file(file, &changed).prepare(RUN).unwrap();
                self.ground.file(file, &text);
                job
            }
        }
    }
}

/// Runs a row and gives what it wrote.
fn written(row: &Kept, jobs: &Jobs) -> String {
    let (machine, around) = (Machine::new(), tempfile::tempdir().unwrap());
    let (mut job, dir, stop) = (jobs.job(row.recipe), around.path().join("record"), Stop::default());
    (row.made)(&machine, &mut job);
    let cluster: Arc<dyn Cluster> = machine.cluster.clone();
    let mut world = machine.world(cluster, &MemoryStore::default());
    world.store = Arc::new(DirStore::new(&dir));
    let (hear, there, stops) = (row.hear, dir.clone(), stop.clone());
    let hear = move |event: &Event| hear(event, &there, &stops);
    let Ok(finished) = run(&job, &world, &dir, &stop, Box::new(hear)) else {
        panic!("{} has no record", row.name)
    };
    assert_eq!(finished.notes, Vec::<String>::new(), "{}", row.name);
    let file = if dir.join("killed").exists() { "killed" } else { EVENTS };
    let text = fs::read_to_string(dir.join(file)).unwrap();
    // the recipe lies elsewhere each time
    text.replace(jobs.ground.source.around().to_str().unwrap(), "/ground")
}

#[test]
fn kept_records_are_what_runs_in_memory_write() {
    let jobs = Jobs::new();
    for row in RUNS {
        let file = Path::new("tests/records").join(format!("{}.jsonl", row.name));
        golden::same(&file, &written(row, &jobs));
    }
    let kept: Vec<&str> = RUNS.iter().map(|r| r.name).collect();
    let told: Vec<&str> = crate::report::RECORDS.iter().map(|r| r.0).collect();
    assert_eq!(kept, told, "each record has its run");
}

/// The name of an event as the record has it.
fn name(what: &What) -> String {
    serde_json::to_value(what).unwrap()["event"].as_str().unwrap().to_string()
}

/// What is known in memory only: a record that the disk does not take.
fn on_a_disk_that_refuses() -> Vec<Event> {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("record");
    let mut journal = Journal::begin(&dir, Redactor::default(), REPORTS).unwrap();
    crate::report::record("green").events.into_iter().for_each(|e| _ = journal.take(e));
    fs::remove_dir_all(&dir).unwrap();
    fs::write(&dir, "no directory any more").unwrap();
    journal.finish().record.unwrap().events
}

#[test]
fn runs_emit_every_kind_of_event() {
    let text = include_str!("../src/model/event.rs");
    let body = text.split("pub enum What {").nth(1).unwrap().split("\n}").next().unwrap();
    let variants =
        body.lines().filter_map(|l| l.strip_prefix("    ")).filter(|l| l.starts_with(char::is_uppercase));
    let snake = |name: &str| {
        let one = |c: char| if c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_string() };
        name.chars().map(one).collect::<String>().trim_start_matches('_').to_string()
    };
    let expected: BTreeSet<String> =
        variants.map(|l| snake(l.split([' ', '(', ',']).next().unwrap())).collect();
    let kept = RUNS.iter().flat_map(|r| crate::report::record(r.name).events);
    let told: BTreeSet<String> = kept.chain(on_a_disk_that_refuses()).map(|e| name(&e.what)).collect();
    assert!(expected.len() > 20, "{expected:?}");
    assert_eq!(told, expected);
}

/// Steps, tests and hooks refer to failures that the record has, and each is there once.
#[test]
fn every_failure_is_recorded_once_and_before_it_is_referred_to() {
    let mut referred = 0;
    for row in RUNS {
        let mut known = BTreeSet::new();
        for event in crate::report::record(row.name).events {
            match event.what {
                What::Failed(f) => assert!(known.insert(f.id) && !f.id.is_none(), "{}: {}", row.name, f.id),
                What::StepEnded { failure: Some(id), .. }
                | What::TestEnded { failure: Some(id), .. }
                | What::HookEnded { failure: Some(id), .. } => {
                    referred += 1;
                    assert!(known.contains(&id), "{}: {id}", row.name);
                }
                _ => {}
            }
        }
    }
    assert!(referred > 12, "{referred}");
}

/// The number of deploys is what runs emit, and what the machine in memory counted.
#[test]
fn every_deploy_is_told_once() {
    for row in RUNS {
        let record = crate::report::record(row.name);
        let told = record.events.iter().filter(|e| matches!(e.what, What::Deployed { .. })).count();
        let passed = |s: &&ccci_model::verdict::StepOutcome| {
            let step = record.outcome.plan.steps.get(s.step);
            s.failure.is_none() && s.ended && step.is_some_and(|s| matches!(s.action, Action::Deploy { .. }))
        };
        let done = record.outcome.steps.iter().filter(passed).filter(|s| s.note.is_none()).count();
        assert_eq!(told, done, "{}", row.name);
    }
}
