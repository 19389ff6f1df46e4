//! Makes the records of many runs of many recipes, the same ones for the same seed: recipes that break and are mended,
//! flaky ones, ones that nobody tries any more, and a machine that sometimes fails.

use crate::example;
use ccci_model::event::{Event, LintedRule, SCHEMA, What};
use ccci_model::failure::{Failure, FailureId, causes};
use ccci_model::name::{Domain, RecipeName, Revision, RunId, Version};
use ccci_model::plan::{Action, Plan, Setting};
use ccci_model::tier::Status;
use ccci_model::time::{Moment, utc_stamp};
use std::collections::BTreeMap;

/// The moment before all runs: 2026-01-01, ms since 1970.
const ZERO: u64 = 1_767_225_600_000;
/// From one run to the next, ms.
const APART: u64 = 600_000;
/// How many rules the lint rung has.
const RULES: usize = 60;
/// The step at which a broken recipe fails: its convergence to the head.
const BREAKS_AT: usize = 24;

/// Numbers that look random (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % most.max(1)
    }
}

/// How a run goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Green,
    /// The head does not come up.
    Broken,
    /// One test fails.
    Test,
    /// The machine fails.
    Machine,
    /// SIGINT ends it.
    Stopped,
}

/// The n-th of `runs` runs over so many recipes: its id and its events. The recipes take turns.
pub fn run(n: usize, recipes: usize) -> (String, Vec<Event>) {
    let (recipe, round) = (n % recipes, n / recipes);
    let mut numbers = Numbers((n as u64) << 20 | 7);
    let began = ZERO + n as u64 * APART;
    let id = format!("{}-{:06x}", utc_stamp(began), n);
    let plan = plan(recipe, round, &id);
    let fate = fate(recipe, round, &mut numbers);
    (id, events(&plan, fate, began, &mut numbers))
}

/// Every seventh recipe breaks at some round and is mended three rounds later, or never; every eleventh is flaky.
fn fate(recipe: usize, round: usize, numbers: &mut Numbers) -> Fate {
    let broke_at = 4 + recipe % 23;
    let chance = numbers.below(100);
    match () {
        () if recipe % 7 == 3 && round >= broke_at && (recipe.is_multiple_of(2) || round < broke_at + 3) => {
            Fate::Broken
        }
        () if recipe % 11 == 5 && chance < 35 => Fate::Test,
        () if chance == 98 => Fate::Machine,
        () if chance == 99 => Fate::Stopped,
        () => Fate::Green,
    }
}

fn plan(recipe: usize, round: usize, id: &str) -> Plan {
    let mut plan = example::plan();
    plan.run_id = RunId::parse(id).expect("a run id");
    let name = format!("app-{recipe:03}");
    let app = plan.subject_mut();
    // a recipe changes every third round, its image every fifth
    let (change, upstream) = (round / 3, round / 5);
    app.recipe = RecipeName::parse(&name).expect("a recipe name");
    app.source = format!("../{name}");
    app.domain = Domain::parse(&format!("app-{:06x}.ccci.test", recipe * 4_099 + round)).expect("a domain");
    app.head.commit = Revision::parse(&format!("{:040x}", recipe * 1_000 + change + 1)).expect("a commit");
    app.head.version = Version::parse(&format!("1.{}.0+1.{upstream}.0", change + 1)).ok();
    app.head.images = vec![format!("nginx:1.{upstream}.0")];
    app.not_proved = match recipe % 4 {
        0 => vec!["that mail is sent: nothing receives it".into()],
        1 => vec![
            "that data survive the upgrade: no test in test_upgrade.rhai looks for what pre_upgrade planted"
                .into(),
        ],
        _ => vec![],
    };
    let (key, value, from) = ("health.path".into(), "\"/health\"".into(), "recipe.toml:2:1".into());
    app.settings = vec![Setting { key, value, from }];
    plan
}

fn digest(of: usize) -> Option<String> {
    Some(format!("sha256:{:064x}", of + 1))
}

/// The events of one run.
struct Told {
    all: Vec<Event>,
    at: u64,
}

impl Told {
    fn tell(&mut self, what: What) {
        self.all.push(Event { at: Moment(self.at), what });
    }
}

fn events(plan: &Plan, fate: Fate, began: u64, numbers: &mut Numbers) -> Vec<Event> {
    let mut told = Told { all: vec![], at: 0 };
    let boxed = Box::new(plan.clone());
    told.tell(What::RunStarted { schema: SCHEMA, ccci: "0.1.0".into(), wall_ms: began, plan: boxed });
    told.tell(What::Engine { version: "20.10.24".into(), api: "1.41".into(), ipvs: true });
    let rules = (0..RULES).map(|n| rule(n, numbers.below(400) == 0)).collect();
    told.tell(What::Linted { status: Status::Pass, rules });
    let mut failed = false;
    for (n, step) in plan.steps.iter().enumerate() {
        let is_removal = step.action == Action::Remove;
        let title = plan.title(step);
        told.tell(What::StepStarted { step: n, title: title.clone(), tier: step.tier });
        let ms = if failed && !is_removal { 0 } else { duration(&step.action, numbers) };
        let stops = n == BREAKS_AT && !matches!(fate, Fate::Green | Fate::Test);
        let (status, failure, note) = match () {
            () if failed && !is_removal => {
                (Status::Unver, None, Some("a running app is missing; see the earlier failures".into()))
            }
            () if stops => {
                failed = true;
                stop(&mut told, fate)
            }
            () => {
                work(&mut told, plan, n, fate, ms);
                (Status::Pass, None, None)
            }
        };
        told.at += ms;
        told.tell(What::StepEnded { step: n, status, ms, failure, note });
    }
    let counts = BTreeMap::from([("service".to_string(), 1), ("network".to_string(), 1)]);
    told.tell(What::Removed { ms: 900, leftovers: vec![], counts });
    told.tell(What::RunEnded { wall_ms: began + told.at });
    told.all
}

fn rule(n: usize, broken: bool) -> LintedRule {
    let result = if broken { "unsatisfied" } else { "satisfied" };
    let findings = if broken {
        vec![format!("compose.yml:{n}:3: the service `app` is not as it should be")]
    } else {
        vec![]
    };
    LintedRule {
        id: format!("example-rule-{n}"),
        severity: "warning".into(),
        result: result.into(),
        findings,
    }
}

fn duration(action: &Action, numbers: &mut Numbers) -> u64 {
    let (least, more) = match action {
        Action::Pull { .. } => (400, 9_000),
        Action::Converge { .. } => (2_000, 12_000),
        Action::StaysUp { .. } => (3_000, 10),
        Action::Backup { .. } | Action::Restore => (1_000, 4_000),
        Action::Remove => (800, 3_000),
        _ => (2, 300),
    };
    least + numbers.below(more)
}

/// How the run ends early.
fn stop(told: &mut Told, fate: Fate) -> (Status, Option<FailureId>, Option<String>) {
    if fate == Fate::Stopped {
        told.tell(What::Stopped { by: "SIGINT".into() });
        return (Status::Unver, None, Some("the run was told to stop".into()));
    }
    let mut failure = match fate {
        Fate::Machine => Failure::new(causes::ENGINE_GONE, "the engine to answer", "it does not answer any more"),
        _ => Failure::new(causes::CRASH_LOOP, "service `app` to stay up (1 running)", "24 tasks in a row ended with exit code 1")
            .log("app", "Starting the server\nReading /etc/app/config.yml\nError: cannot read `secret_key`: No such file or directory\n    at readConfig (/app/config.js:12)\n"),
    };
    failure.id = FailureId::nth(1);
    let id = failure.id;
    told.tell(What::Failed(Box::new(failure)));
    (Status::Fail, Some(id), None)
}

/// What a step does that goes well.
fn work(told: &mut Told, plan: &Plan, n: usize, fate: Fate, ms: u64) {
    let step = &plan.steps[n];
    match &step.action {
        Action::Deploy { side } => told.tell(What::Deployed { app: step.app, side: *side }),
        Action::Pull { .. } => {
            let image = plan.subject().head.images[0].clone();
            let digest =
                digest(image.len() + plan.subject().head.images[0].bytes().map(usize::from).sum::<usize>());
            told.tell(What::Pulled { image, digest, present: n > 10, ms });
        }
        Action::Converge { .. } => {
            for on in ["app: starting", "app: running, its health check has not passed yet"] {
                told.tell(What::Waiting { step: n, on: on.into() });
            }
        }
        Action::Hook { hook } => {
            told.tell(What::HookStarted { hook: hook.clone() });
            for call in 0..4 {
                let (by, function, result) = (hook.clone(), "exec".into(), format!("exit 0, {call} lines"));
                let arguments = vec!["app".into(), "php occ status --output=json".into()];
                told.tell(What::Called { by, function, arguments, result, ok: true, ms: ms / 4 });
            }
            told.tell(What::HookEnded { hook: hook.clone(), ms, failure: None });
        }
        Action::Tests { file, names } => {
            for (i, name) in names.iter().enumerate() {
                test(
                    told,
                    plan,
                    n,
                    (file.as_str(), name.as_str()),
                    fate == Fate::Test && i == 0 && file.starts_with("custom"),
                );
            }
        }
        _ => {}
    }
}

fn test(told: &mut Told, plan: &Plan, step: usize, (file, name): (&str, &str), fails: bool) {
    let Some(tier) = plan.steps[step].tier else { return };
    let failure = fails.then(|| {
        let mut failure = Failure::new(causes::TEST_FAILED, "the page to show `Welcome`", "`Please wait`");
        failure.id = FailureId::nth(1);
        let id = failure.id;
        told.tell(What::Failed(Box::new(failure.place(format!("{file}:12:5")))));
        id
    });
    let status = if fails { Status::Fail } else { Status::Pass };
    let (file, name) = (file.to_string(), name.to_string());
    told.tell(What::TestEnded { tier, file, name, status, ms: 80, failure });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::verdict::{Verdict, judge};

    #[test]
    fn runs_are_the_same_each_time_and_end_in_every_way() {
        assert_eq!(run(7, 30), run(7, 30));
        let verdicts: Vec<Verdict> =
            (0..900).map(|n| judge(&run(n, 30).1).expect("a record").verdict).collect();
        for verdict in [Verdict::Green, Verdict::Red, Verdict::Error, Verdict::Interrupted] {
            assert!(verdicts.contains(&verdict), "{verdict:?}");
        }
        let green = verdicts.iter().filter(|v| **v == Verdict::Green).count();
        assert!(green > 600, "{green}");
    }
}
