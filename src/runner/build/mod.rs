//! Builds the plan: this file, read from top to bottom, is the lifecycle. Every decision of a run is made here. Pure.

mod asked;
pub mod contradictions;
#[cfg(test)]
mod example;
mod inputs;
mod order;
pub mod upgrade_base;

pub use asked::{means, parse_tiers};
use ccci_model::event::{DecidedBy, Skip};
use ccci_model::plan::partial::TestName;
use ccci_model::plan::{
    Action, AppPlan, DATA_SURVIVE, Deployment, NO_RESTORE, NOT_AFRESH, Plan, Role, Side, Step, would_prove,
};
use ccci_model::tier::Tier;
use ccci_script::limits::HOOK_TIME;
pub use inputs::{Asked, Data, Inputs, TestFile};
use order::{consumers, stages};
use std::time::Duration;

/// Time limit of a hook or a single test. A test that needs more time should be split.
pub(crate) const HOOK_LIMIT: Duration = Duration::from_secs(HOOK_TIME.most as u64);
/// Time limit for pulling all images of one side. Large apps on a slow line need minutes.
pub(crate) const PULL_LIMIT: Duration = Duration::from_secs(1_800);
/// Time that a backup waits for a busy stack to settle (the figure of ccci's predecessor).
pub(crate) const SETTLE_LIMIT: Duration = Duration::from_secs(300);
/// Time limit of one backup or restore, including its commands.
pub(crate) const BACKUP_LIMIT: Duration = Duration::from_secs(900);
/// Time limit of removal. It takes about 6 s (measured), and up to a minute for a busy volume or network.
pub(crate) const REMOVE_LIMIT: Duration = Duration::from_secs(180);
/// Time limit of steps that only call the engine or compute.
pub(crate) const SHORT_LIMIT: Duration = Duration::from_secs(60);
/// Most attempts of a backup: `backup_verify` may ask for the whole backup again (SPEC 3.2).
pub(crate) const BACKUP_ATTEMPTS: u32 = 3;

/// How long a service without a health check must be observed up: the base before it is replaced, and the head before
/// the verdict (SPEC 4).
const BASE_STAYS_UP: Duration = Duration::from_secs(3);
const HEAD_STAYS_UP: Duration = Duration::from_secs(10);

/// Builds the part of a plan that belongs to one app.
struct Builder<'a> {
    i: &'a Inputs,
    app: usize,
    steps: Vec<Step>,
    tiers: Vec<Tier>,
    skips: Vec<Skip>,
    not_proved: Vec<String>,
    unasked: Vec<TestName>,
}

/// The plan of a recipe without deps.
pub fn build(inputs: &Inputs) -> Plan {
    build_with(inputs, &[])
}

/// The whole lifecycle of a subject, in order (SPEC 4), with its deps. The deps come up before the subject, and each
/// dep after its own deps. The deps must have no cycle.
pub fn build_with(subject: &Inputs, deps: &[Inputs]) -> Plan {
    let last = deps.len();
    let order = stages(subject, deps);
    let (mut steps, mut apps) = (vec![], vec![]);
    let mut before = Builder::new(subject, last);
    before.add(None, Action::CollectLeftovers, REMOVE_LIMIT);
    before.add(None, Action::LookAtEngine, SHORT_LIMIT);
    steps.append(&mut before.steps);
    for at in order.iter().flatten().copied().filter(|at| *at < last) {
        let mut b = Builder::new(&deps[at], at);
        b.dep(&consumers(at, subject, deps));
        steps.append(&mut b.steps);
        apps.push((at, b.finish(Role::Dep)));
    }
    let mut b = Builder::new(subject, last);
    b.install();
    b.upgrade();
    b.backup_and_restore();
    b.custom();
    b.stays_up(b.tiers.last().copied(), Side::Head, HEAD_STAYS_UP);
    b.serving(b.tiers.last().copied(), true);
    if !subject.asked.keep {
        b.add(None, Action::Remove, REMOVE_LIMIT);
    }
    steps.append(&mut b.steps);
    apps.push((last, b.finish(Role::Subject)));
    apps.sort_by_key(|(at, _)| *at);
    let plan = Plan {
        run_id: subject.run_id.clone(),
        call: subject.asked.call.clone(),
        apps: apps.into_iter().map(|(_, app)| app).collect(),
        order,
        steps,
        deadline_ms: subject.asked.deadline.as_millis() as u64,
        keep: subject.asked.keep,
    };
    debug_assert_eq!(contradictions::lint(&plan), Vec::<String>::new(), "a plan that contradicts itself");
    plan
}

impl<'a> Builder<'a> {
    fn new(inputs: &'a Inputs, app: usize) -> Builder<'a> {
        Builder {
            i: inputs,
            app,
            steps: vec![],
            tiers: vec![],
            skips: vec![],
            not_proved: vec![],
            unasked: vec![],
        }
    }

    /// A dep: deploys its head, waits until it answers, and calls `provide` for each consumer.
    fn dep(&mut self, consumers: &[usize]) {
        self.compose(None, Side::Head);
        self.hook(None, "install_steps");
        self.deploy(None, Side::Head);
        if self.i.hooks.contains("provide") {
            for consumer in consumers {
                self.add(None, Action::Provide { consumer: *consumer }, HOOK_LIMIT);
            }
        }
    }

    fn install(&mut self) {
        let first = if self.base().is_some() { Side::Base } else { Side::Head };
        let tier = Some(Tier::Install);
        self.tiers.push(Tier::Install);
        self.compose(tier, first);
        self.hook(tier, "install_steps");
        self.deploy(tier, first);
        self.screenshot(tier);
        self.hook(tier, "pre_install");
        self.serving(tier, false);
        self.overlay(Tier::Install);
        self.hook(tier, "post_install");
    }

    /// A picture of the app as it greets people, before anything changes it.
    fn screenshot(&mut self, tier: Option<Tier>) {
        if self.i.routed && self.i.screenshot && self.i.asked.browser {
            let hook = self.i.hooks.contains("screenshot");
            self.add(tier, Action::Screenshot { hook }, SHORT_LIMIT);
        }
    }

    fn upgrade(&mut self) {
        if !self.asked_for(Tier::Upgrade) {
            return;
        }
        if self.i.base.is_none() {
            let reason = self.i.base_reason.clone();
            let by = if self.i.base_unknown { DecidedBy::Earlier } else { DecidedBy::Structure };
            return self.skip_tier(Tier::Upgrade, &reason, by);
        }
        let tier = Some(Tier::Upgrade);
        self.tiers.push(Tier::Upgrade);
        self.hook(tier, "pre_upgrade");
        self.compose(tier, Side::Head);
        self.add(tier, Action::Pull { side: Side::Head }, PULL_LIMIT);
        self.stays_up(tier, Side::Base, BASE_STAYS_UP);
        self.deploy_pulled(tier, Side::Head);
        self.add(tier, Action::Prune, SHORT_LIMIT);
        self.add(tier, Action::AssertUpgraded, SHORT_LIMIT);
        self.serving(tier, false);
        self.overlay(Tier::Upgrade);
        let asked = self.i.tests.iter().any(|t| t.tier == Tier::Install);
        let asked = if asked { " and tested" } else { "" };
        self.not_proved.push(format!("{NOT_AFRESH}{asked} (`--base none` installs it)"));
        self.data_at_upgrade();
    }

    /// Notes what stays open about the data of an installed app.
    fn data_at_upgrade(&mut self) {
        let i = self.i;
        self.not_proved.extend(i.data.unmounted.iter().map(|why| format!("{DATA_SURVIVE}: {why}")));
        if !i.data.any || !i.data.unmounted.is_empty() {
            return;
        }
        if !i.hooks.contains("pre_upgrade") {
            self.not_proved.push(format!("{DATA_SURVIVE}: no pre_upgrade hook plants any"));
        } else if !i.tests.iter().any(|t| t.tier == Tier::Upgrade) {
            self.not_proved.push(format!(
                "{DATA_SURVIVE}: no test in test_upgrade.rhai looks for what pre_upgrade planted"
            ));
        }
    }

    fn backup_and_restore(&mut self) {
        let asked_for = [self.asked_for(Tier::Backup), self.asked_for(Tier::Restore)];
        if !self.i.backup.0 {
            let reason = self.i.backup.1.clone();
            let by = self.i.backup_by;
            for (tier, _) in [Tier::Backup, Tier::Restore].iter().zip(asked_for).filter(|(_, w)| *w) {
                self.skip_tier(*tier, &reason, by);
            }
            return;
        }
        if asked_for[0] {
            let tier = Some(Tier::Backup);
            self.tiers.push(Tier::Backup);
            self.hook(tier, "pre_backup");
            self.add(tier, Action::Settle, SETTLE_LIMIT);
            let verify = self.i.hooks.contains("backup_verify");
            self.add(
                tier,
                Action::Backup { attempts: BACKUP_ATTEMPTS, verify },
                BACKUP_LIMIT * BACKUP_ATTEMPTS,
            );
            self.add(tier, Action::AssertArtifact, SHORT_LIMIT);
            self.overlay(Tier::Backup);
        }
        if asked_for[1] && !asked_for[0] {
            self.skip_tier(Tier::Restore, "no backup is made that could be put back", DecidedBy::Caller);
        }
        if asked_for[0] && asked_for[1] {
            let tier = Some(Tier::Restore);
            self.tiers.push(Tier::Restore);
            self.hook(tier, "pre_restore");
            self.add(tier, Action::Restore, BACKUP_LIMIT);
            self.answer(tier, Side::Head);
            self.serving(tier, false);
            self.overlay(Tier::Restore);
        }
        if asked_for[0] && asked_for[1] && !self.i.hooks.contains("pre_restore") {
            self.not_proved.push(format!(
                "{NO_RESTORE}: no pre_restore hook damages any, so a restore that does nothing would pass"
            ));
        } else if asked_for[0] && asked_for[1] && !self.i.tests.iter().any(|t| t.tier == Tier::Restore) {
            self.not_proved.push(format!(
                "{NO_RESTORE}: no test in test_restore.rhai looks for what pre_restore damaged"
            ));
        }
    }

    fn custom(&mut self) {
        if !self.asked_for(Tier::Custom) {
            return;
        }
        if !self.i.tests.iter().any(|t| t.tier == Tier::Custom) {
            return self.skip_tier(Tier::Custom, "there are no tests under custom/", DecidedBy::Structure);
        }
        self.tiers.push(Tier::Custom);
        self.overlay(Tier::Custom);
    }

    /// Makes what a deploy needs: env, resolved file and secrets. Secret values are put on the engine with the deploy,
    /// so that `install_steps` can still set them.
    fn compose(&mut self, tier: Option<Tier>, side: Side) {
        self.env(tier, side);
        self.add(tier, Action::Resolve { side }, SHORT_LIMIT);
        self.add(tier, Action::Secrets { side }, SHORT_LIMIT);
    }

    /// Images, networks, deploy, and the wait for an answer. The networks come right before the deploy: as long as
    /// nothing uses a network that another run made, it may be removed together with that run.
    fn deploy(&mut self, tier: Option<Tier>, side: Side) {
        self.add(tier, Action::Pull { side }, PULL_LIMIT);
        self.deploy_pulled(tier, side);
    }

    fn deploy_pulled(&mut self, tier: Option<Tier>, side: Side) {
        self.add(tier, Action::Networks { side }, SHORT_LIMIT);
        self.add(tier, Action::Deploy { side }, SHORT_LIMIT);
        self.answer(tier, side);
    }

    /// Waits until services without a health check have stayed up for some time. This comes late, so that other steps
    /// pass most of that time.
    fn stays_up(&mut self, tier: Option<Tier>, side: Side, span: Duration) {
        let for_ms = span.as_millis() as u64;
        self.add(tier, Action::StaysUp { side, for_ms }, span + SHORT_LIMIT);
    }

    /// Waits until the app converges, is healthy and is ready.
    fn answer(&mut self, tier: Option<Tier>, side: Side) {
        self.add(tier, Action::Converge { side }, self.i.deploy_limit);
        if self.i.routed {
            let action = Action::Health { path: self.i.health_path.clone(), ok: self.i.health_ok.clone() };
            self.add(tier, action, self.i.health_limit);
        }
        if self.i.hooks.contains("ready_probe") {
            self.add(tier, Action::Ready { stable: self.i.ready_stable }, self.i.deploy_limit);
        }
    }

    fn env(&mut self, tier: Option<Tier>, side: Side) {
        let names: &[&str] = match side {
            Side::Base => &["extra_env"],
            Side::Head => &["extra_env", "upgrade_extra_env"],
        };
        let hooks: Vec<String> =
            names.iter().filter(|h| self.i.hooks.contains(**h)).map(|h| (*h).to_string()).collect();
        let limit = SHORT_LIMIT + HOOK_LIMIT * hooks.len() as u32;
        // the first deploy of a run has no running app before it; the head's deploy has one if there is a base
        let live = side == Side::Head && self.base().is_some();
        self.add(tier, Action::Env { side, hooks, live }, limit);
    }

    /// Asserts that the app serves; `last` is the look at the end, at everything that the app offers.
    fn serving(&mut self, tier: Option<Tier>, last: bool) {
        let action = Action::AssertServing {
            path: self.i.health_path.clone(),
            ok: self.i.health_ok.clone(),
            http: self.i.routed,
            last,
        };
        self.add(tier, action, SHORT_LIMIT);
    }

    fn hook(&mut self, tier: Option<Tier>, name: &str) {
        if self.i.hooks.contains(name) {
            self.add(tier, Action::Hook { hook: name.to_string() }, HOOK_LIMIT);
        }
    }

    fn overlay(&mut self, tier: Tier) {
        for f in self.asked_tests(tier) {
            let limit = HOOK_LIMIT * f.names.len().max(1) as u32;
            self.add(Some(tier), Action::Tests { file: f.file, names: f.names }, limit);
        }
    }

    fn add(&mut self, tier: Option<Tier>, action: Action, limit: Duration) {
        self.steps.push(Step { app: self.app, tier, action, limit_ms: limit.as_millis() as u64 });
    }

    /// The base, if it is installed first. A run without the upgrade tier installs the head, because the head is what
    /// the run is about.
    fn base(&self) -> Option<&Deployment> {
        self.i.base.as_ref().filter(|_| self.left_out(Tier::Upgrade).is_none())
    }

    /// Whether the caller and the settings ask for a tier. If not, notes that it is skipped.
    fn asked_for(&mut self, tier: Tier) -> bool {
        let left_out = self.left_out(tier);
        if let Some((reason, by)) = &left_out {
            self.skip_tier(tier, reason, *by);
        }
        left_out.is_none()
    }

    fn skip_tier(&mut self, tier: Tier, reason: &str, decided_by: DecidedBy) {
        self.skips.push(Skip { what: tier.name().to_string(), reason: reason.to_string(), decided_by });
        self.not_proved.push(format!("{}: {reason}", would_prove(tier)));
    }

    fn finish(mut self, role: Role) -> AppPlan {
        if role == Role::Subject {
            self.say_what_stays_open();
        }
        let i = self.i;
        let base = self.base().cloned();
        let base_reason = match (&base, &i.base, self.left_out(Tier::Upgrade)) {
            (None, Some(_), Some((reason, _))) => {
                format!("the head is installed, without an upgrade: {reason}")
            }
            _ => i.base_reason.clone(),
        };
        AppPlan {
            role,
            needs: i.needs.clone(),
            recipe: i.recipe.clone(),
            source: i.source.clone(),
            stack: i.domain.stack(),
            domain: i.domain.clone(),
            head: i.head.clone(),
            base,
            base_reason,
            tiers: self.tiers,
            skips: self.skips,
            unasked: self.unasked,
            not_proved: self.not_proved,
            settings: i.settings.clone(),
            scripts: i.scripts.clone(),
            overlays: i.overlays.clone(),
            left_alone: i.left_alone.clone(),
            expected_na: i.expected_na.clone(),
            warnings: i.warnings.clone(),
        }
    }

    /// Notes what even a green run does not prove about the subject.
    fn say_what_stays_open(&mut self) {
        let i = self.i;
        if !i.routed {
            self.not_proved.push("an answer over HTTP: no service is routed (no traefik.enable)".into());
        }
        if i.head.dirty {
            self.not_proved
                .push("the committed head: uncommitted changes of the work tree were tested".into());
        }
        self.not_proved.extend(i.not_proved.iter().cloned());
        let backed_up = self.tiers.contains(&Tier::Backup);
        self.not_proved.extend(i.left_alone.iter().filter_map(|o| o.not_proved(backed_up)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn titles(i: &Inputs) -> Vec<String> {
        build(i).steps.iter().map(|s| s.action.title()).collect()
    }

    #[test]
    fn without_a_base_the_head_is_installed_and_the_upgrade_is_skipped_with_the_reason() {
        let mut i = example::inputs();
        i.base = None;
        i.base_reason = "no older version is published".into();
        let plan = build(&i);
        assert!(titles(&i).contains(&"deploy the head".to_string()));
        assert!(!titles(&i).contains(&"deploy the base".to_string()));
        assert_eq!(plan.subject().skips[0].what, "upgrade");
        assert_eq!(plan.subject().skips[0].reason, "no older version is published");
        assert!(plan.subject().not_proved[0].contains("no older version"), "{:?}", plan.subject().not_proved);
    }

    #[test]
    fn an_upgrade_whose_base_is_not_known_is_unverified_and_no_skip_of_the_recipe() {
        let mut i = example::inputs();
        (i.base, i.base_unknown) = (None, true);
        let plan = build(&i);
        let skip = plan.subject().skips.iter().find(|s| s.what == "upgrade").unwrap();
        assert_eq!((skip.decided_by, plan.partial()), (DecidedBy::Earlier, None));
    }

    #[test]
    fn without_the_upgrade_tier_the_head_is_installed() {
        let (mut asked, mut declared) = (example::inputs(), example::inputs());
        asked.asked.tiers = Some(BTreeSet::from([Tier::Install, Tier::Custom]));
        declared.expected_na.insert("upgrade".into(), "each version stands alone".into());
        for (i, partial) in [(asked, Some([Tier::Install, Tier::Custom].as_slice())), (declared, None)] {
            let plan = build(&i);
            let deploys: Vec<String> = titles(&i).into_iter().filter(|t| t.starts_with("deploy ")).collect();
            assert_eq!(deploys, ["deploy the head"]);
            let tiers = plan.partial().map(|p| p.tiers);
            assert_eq!((tiers.as_deref(), &plan.subject().base), (partial, &None));
            assert!(
                plan.subject().base_reason.starts_with("the head is installed"),
                "{}",
                plan.subject().base_reason
            );
        }
        assert_eq!(build(&example::inputs()).partial(), None);
    }

    #[test]
    fn a_rung_declared_not_applicable_is_skipped_by_the_recipe() {
        let mut i = example::inputs();
        i.expected_na.insert("backup_restore".into(), "stateless".into());
        let plan = build(&i);
        let by: Vec<_> = plan.subject().skips.iter().map(|s| (s.what.as_str(), s.decided_by)).collect();
        assert_eq!(by, [("backup", DecidedBy::Recipe), ("restore", DecidedBy::Recipe)]);
    }

    #[test]
    fn a_restore_that_nothing_damages_is_said_to_prove_nothing() {
        let mut i = example::inputs();
        i.hooks.remove("pre_restore");
        assert!(build(&i).subject().not_proved.iter().any(|n| n.contains("no pre_restore hook")));
    }

    #[test]
    fn damage_that_no_test_looks_for_is_said_to_prove_nothing() {
        let looks = |i: &Inputs| {
            !build(i).subject().not_proved.iter().any(|n| n.contains("no test in test_restore.rhai"))
        };
        let mut i = example::inputs();
        assert!(looks(&i));
        i.tests.retain(|t| t.tier != Tier::Restore);
        assert!(!looks(&i));
    }

    #[test]
    fn every_hook_point_is_visited_by_the_fullest_plan() {
        let plan = build(&example::inputs());
        let text = serde_json::to_string(&plan.steps).unwrap();
        for hook in
            ["install_steps", "pre_install", "post_install", "pre_upgrade", "pre_backup", "pre_restore"]
        {
            assert!(text.contains(&format!("\"hook\":\"{hook}\"")), "{hook} is never called");
        }
        for hook in ["extra_env", "upgrade_extra_env"] {
            assert!(text.contains(hook), "{hook} is never called");
        }
        assert!(text.contains("\"verify\":true"), "backup_verify is never called");
        assert!(text.contains("\"do\":\"ready\""), "ready_probe is never called");
    }

    #[test]
    fn the_app_is_deployed_once_and_upgraded_once() {
        let plan = build(&example::inputs());
        let count = |side| plan.steps.iter().filter(|s| s.action == Action::Deploy { side }).count();
        assert_eq!((count(Side::Base), count(Side::Head)), (1, 1));
    }

    /// The testkit uses plans of this builder. `CCCI_BLESS=1` renews their files.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "whoever renews files says so by the environment")]
    fn the_example_plans_are_what_is_committed() {
        let mut two_tiers = example::inputs();
        two_tiers.asked.tiers = Some([Tier::Install, Tier::Custom].into());
        let mut no_backup = example::inputs();
        no_backup.backup = (false, "no service has a backup label".into());
        no_backup.backup_by = DecidedBy::Structure;
        let (base, base_reason) = (None, "nothing published".into());
        let nothing_older = Inputs { base, base_reason, ..no_backup.clone() };
        let all = [
            ("whole", example::inputs()),
            ("two_tiers", two_tiers),
            ("no_backup", no_backup),
            ("nothing_older", nothing_older),
        ];
        for (name, inputs) in all {
            let path = format!("{}/../testkit/example/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let made = serde_json::to_string_pretty(&build(&inputs)).unwrap() + "\n";
            if std::env::var_os("CCCI_BLESS").is_some() {
                std::fs::write(&path, &made).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                kept == made,
                "{path} is old; `CCCI_BLESS=1 cargo test -p ccci-runner example` renews it"
            );
        }
    }

    #[test]
    fn lesson_11_a_stack_is_let_settle_right_before_its_backup_and_verified_after_each_attempt() {
        let all = titles(&example::inputs());
        let settle = all.iter().position(|t| t == "settle").unwrap();
        assert_eq!(all[settle + 1], "back up (verified, 3 attempts at most)");
    }

    #[test]
    fn lesson_12_a_backup_that_nothing_damages_before_the_restore_is_said_to_prove_little() {
        let mut inputs = example::inputs();
        let all = titles(&inputs);
        let at = |title: &str| all.iter().position(|t| t == title).unwrap();
        assert!(at("hook pre_backup") < at("settle") && at("hook pre_restore") < at("restore"));
        inputs.hooks.remove("pre_restore");
        assert!(
            build(&inputs)
                .subject()
                .not_proved
                .iter()
                .any(|n| n.contains("a restore that does nothing would pass"))
        );
    }
}
