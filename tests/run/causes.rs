//! Every cause with which a run can end, produced in memory: its name, who is to blame, the exit code and the tier.

use super::fullest::{Ground, fresh, hasty, job};
use super::machine::{Machine, TestRun};
use ccci_model::diag::Text;
use ccci_model::event::What;
use ccci_model::exit::Exit;
use ccci_model::failure::Blame::{self, Ccci, Image, Infra, Recipe};
use ccci_model::plan::Action;
use ccci_model::tier::{Status, Tier};
use ccci_model::verdict::Occurrence;
use ccci_runner::execute::job::Job;
use ccci_script::Scripts;
use ccci_script::limits::HOOK_TIME;
use ccci_swarm::observed::{Observed, Oom};
use ccci_testkit::memory::{Fault, page, path_of};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Checks that this is the first failure.
fn first(what: &str, run: &TestRun, cause: &str, blame: Blame, exit: Exit, tier: Tier) -> Occurrence {
    let o = &run.outcome;
    let t = o.failures.first().unwrap_or_else(|| panic!("{what}: {:?}", o.verdict)).clone();
    let got = (t.failure.cause.as_str(), t.failure.blame, o.exit, t.tier);
    assert_eq!(got, (cause, blame, exit, Some(tier)), "{what}: {:?}", o.failures);
    assert!(!t.failure.expected().is_empty() && !t.failure.observed().is_empty(), "{what}");
    t
}

/// Runs with a fault of the Swarm, from the start or from the deploy of the head on.
fn fault(fault: Fault, at_head: bool, cause: &str, blame: Blame, exit: Exit, tier: Tier) {
    let machine = Machine::new();
    let what = format!("{fault:?}");
    match at_head {
        true => machine.cluster.fault_at_deploy(1, fault),
        false => machine.cluster.fault(fault),
    }
    first(&what, &machine.live(&job()), cause, blame, exit, tier);
    machine.cluster.mend();
    assert!(machine.cluster.is_empty(), "{what}");
}

#[test]
fn faults_of_the_swarm_have_their_cause_and_blame() {
    let text = |t: &str| t.to_string();
    let app = || text("app");
    let (base, install) = ("nginx:1.25.0", Tier::Install);
    fault(Fault::NoSuchImage(text(base)), false, "missing-image", Image, Exit::Failed, install);
    fault(Fault::RegistryUnreachable(text(base)), false, "registry-unreachable", Infra, Exit::Error, install);
    fault(Fault::PullRefused(text(base)), false, "pull-refused", Image, Exit::Failed, install);
    fault(
        Fault::DeployRefused(text("invalid mount")),
        false,
        "deploy-refused",
        Recipe,
        Exit::Failed,
        install,
    );
    fault(Fault::Elsewhere(app(), text("worker2")), false, "task-elsewhere", Infra, Exit::Error, install);
    fault(Fault::PortHeld(text("shop_web")), false, "port-taken", Infra, Exit::Error, install);
    let full = || text("mkdir /var/lib/docker/volumes/x: no space left on device");
    fault(Fault::DeployRefused(full()), false, "disk-full", Infra, Exit::Error, install);
    fault(Fault::Rejects(app(), full()), false, "disk-full", Infra, Exit::Error, install);
    fault(Fault::CrashLoops(app(), 3), false, "crash-loop", Recipe, Exit::Failed, install);
    fault(Fault::OutOfMemory(app(), Oom::OverLimit), false, "out-of-memory", Recipe, Exit::Failed, install);
    let machine = "machine-out-of-memory";
    fault(Fault::OutOfMemory(app(), Oom::MachineOut), false, machine, Infra, Exit::Error, install);
    let mount = text("invalid mount config for type \"bind\": bind source path does not exist: /nope");
    fault(Fault::Rejects(app(), mount), false, "task-rejected", Recipe, Exit::Failed, install);
    let stale = text("network sandbox join failed: error creating vxlan interface: file exists");
    fault(Fault::Rejects(app(), stale), false, "network-broken", Infra, Exit::Error, install);
    let port = text("no suitable node (host-mode port already in use on 1 node)");
    fault(Fault::NoNode(app(), port), false, "port-taken", Infra, Exit::Error, install);
    let node = text("no suitable node (scheduling constraints not satisfied on 1 node)");
    fault(Fault::NoNode(app(), node), false, "no-suitable-node", Infra, Exit::Error, install);
    fault(Fault::RollsBack(app(), 7), true, "rolled-back", Recipe, Exit::Failed, Tier::Upgrade);
    fault(Fault::Pauses(app(), 7), true, "update-paused", Recipe, Exit::Failed, Tier::Upgrade);
}

#[test]
fn what_answers_after_an_upgrade_that_did_not_take_place_is_no_proof_of_the_head() {
    for fault in [Fault::Pauses("app".into(), 7), Fault::RollsBack("app".into(), 7)] {
        let machine = Machine::new();
        let what = format!("{fault:?}");
        machine.cluster.fault_at_deploy(1, fault);
        let run = machine.live(&job());
        let answers: Vec<_> = (run.events.iter())
            .filter_map(|e| match &e.what {
                What::TestEnded { tier: Tier::Upgrade, name, status, .. }
                    if name.contains("accepted answer") =>
                {
                    Some(*status)
                }
                _ => None,
            })
            .collect();
        assert_eq!(answers, [Status::Unver], "{what}");
        let why = "what was deployed last did not converge";
        assert!(run.outcome.skips.iter().any(|s| s.reason == why), "{what}: {:?}", run.outcome.skips);
    }
}

/// The recipe with changed hooks; the functions that the plan calls must stay.
fn with_hooks(change: impl Fn(String) -> String) -> Job {
    let dir = Path::new("tests/fixtures/fullest/recipe");
    let mut texts = BTreeMap::new();
    for path in job().plan.subject().scripts.keys().cloned() {
        let content = std::fs::read_to_string(dir.join(&path)).unwrap();
        let changed = if path == "hooks.rhai" { change(content.clone()) } else { content.clone() };
        assert!(path != "hooks.rhai" || changed != content, "the hooks have no such text");
        texts.insert(path.clone(), Arc::new(Text { path, content: changed }));
    }
    let (scripts, found) = Scripts::load(&texts, &ccci_runner::ctx::sigs()).unwrap();
    assert!(!found.has_errors(), "{found:?}");
    let mut job = job();
    job.apps[0].scripts = scripts;
    job
}

/// Runs with another body of one hook.
fn script(body: (&str, &str), cause: &str, tier: Tier) -> Occurrence {
    let job = hasty(with_hooks(|h| h.replace(body.0, body.1)));
    let machine = Machine::new();
    let t = first(body.1, &machine.live(&job), cause, Recipe, Exit::Failed, tier);
    assert!(machine.cluster.is_empty());
    t
}

#[test]
fn lesson_23_a_hook_that_fails_fails_its_tier_with_position_and_message() {
    let body = ("page::write(ctx, \"first\");", "fail(\"the wizard did not answer\");");
    let t = script(body, "hook-failed", Tier::Install);
    assert!(t.failure.observed().contains("the wizard did not answer"), "{t:?}");
    assert!(t.failure.place.as_ref().unwrap().contains("hooks.rhai:21:"), "{t:?}");
    assert_eq!(t.during, "hook pre_install");
    for (hook, tier) in
        [("pre_upgrade", Tier::Upgrade), ("pre_backup", Tier::Backup), ("pre_restore", Tier::Restore)]
    {
        let job = with_hooks(|h| {
            let head = format!("fn {hook}(ctx) {{");
            h.replace(&head, &format!("{head}\n    fail(\"no\");"))
        });
        first(hook, &Machine::new().live(&job), "hook-failed", Recipe, Exit::Failed, tier);
    }
}

#[test]
fn bound_hook_time() {
    let waits = ("page::write(ctx, \"first\");", "eventually(\"1h\", || false);");
    let run = Machine::new().live(&hasty(with_hooks(|h| h.replace(waits.0, waits.1))));
    let ended = run.events.iter().find_map(|e| match &e.what {
        What::StepEnded { ms, failure: Some(id), .. } => {
            run.outcome.failure(*id).filter(|f| f.cause == "script-deadline").map(|_| *ms)
        }
        _ => None,
    });
    assert_eq!(ended, Some(HOOK_TIME.most as u64 * 1_000));
}

#[test]
fn scripts_that_misbehave_have_their_cause() {
    let install = Tier::Install;
    let ready = "ctx.tcp(\"app\", 80)";
    script((ready, "ctx.recall(\"kept\") == 1"), "not-ready", install);
    script((ready, "false"), "not-ready", install);
    let stranger = script((ready, "ctx.tcp(\"nope\", 80)"), "not-ready", install);
    let said = "no service is called `nope`; the app has ";
    assert!(stranger.failure.shown().iter().any(|e| e.text.contains(said)), "{stranger:?}");
    script((ready, "ctx.facts.commit_after"), "hook-wrong-return", install);
    script(("page::write(ctx, \"first\");", "while true { }"), "script-limit", install);
    script(("page::write(ctx, \"first\");", "eventually(\"1h\", || false);"), "script-deadline", install);
    script(("stdout == ctx.recall(\"planted\")", "stdout == \"other\""), "backup-not-verified", Tier::Backup);
}

#[test]
fn texts_that_only_a_life_can_judge_have_their_cause() {
    let env = |map: &str| (r#"#{ GREETING: "hello from " + ctx.recipe }"#.to_string(), map.to_string());
    for (map, cause) in [
        ("#{ COMPOSE_FILE: \"nope.yml\" }", "compose-invalid"),
        ("#{ COMPOSE_FILE: \"compose.yml:\" }", "compose-invalid"),
        ("#{ COMPOSE_FILE: \"\" }", "compose-invalid"),
        ("#{ SECRET_API_TOKEN_VERSION: \"\" }", "secret-refused"),
        ("#{ SECRET_API_TOKEN_VERSION: \"v1234567890123456789012345678901234567890\" }", "secret-refused"),
        ("#{ DOMAIN: \"elsewhere.example.com\" }", "proxy-answers"),
    ] {
        let (from, to) = env(map);
        script((&from, &to), cause, Tier::Install);
    }
}

#[test]
fn an_engine_that_does_something_else_is_seen() {
    let told = |title, lie: fn(&mut Observed)| {
        let run = Machine { lie: Some((title, lie)), ..Machine::new() }.live(&job());
        (run.outcome.failures[0].failure.cause.clone(), run.outcome.exit)
    };
    let other =
        |observed: &mut Observed| observed.services.iter_mut().for_each(|s| s.image = "other:1".into());
    assert_eq!(told("converge to the base", other), ("spec-differs".into(), Exit::Error));
    let commit = |observed: &mut Observed| {
        for (key, value) in observed.services.iter_mut().flat_map(|s| &mut s.labels) {
            if key.ends_with(".chaos-version") {
                *value = "deadbeef".into();
            }
        }
    };
    assert_eq!(told("assert: upgraded to the head", commit), ("wrong-commit".into(), Exit::Error));
}

#[test]
fn what_the_engine_refuses_beside_a_deploy_has_its_cause() {
    let machine = Machine::new();
    machine.cluster.without_proxy();
    machine.cluster.fault(Fault::NetworkRefused("could not find an available address pool".into()));
    first("network", &machine.live(&job()), "network-missing", Infra, Exit::Error, Tier::Install);
    let (machine, job) = (Machine::new(), job());
    let cache = format!("{}_cache", job.plan.subject().stack);
    machine.cluster.fault(Fault::RemovalHolds("service".into(), cache, "the engine".into()));
    let o = machine.live(&job).outcome;
    assert_eq!(
        (o.failures[0].failure.cause.as_str(), o.failures[0].tier),
        ("service-left", Some(Tier::Upgrade))
    );
}

#[test]
fn a_stack_that_the_engine_took_in_half_is_one_failure_of_the_recipe() {
    let machine = Machine::new();
    let said = "expanding env failed: template: expansion:1:2: can't evaluate field Nope";
    machine.cluster.fault_at_deploy(1, Fault::ServiceRefused("worker".into(), said.into()));
    let o = machine.live(&job()).outcome;
    let told: Vec<_> =
        o.failures.iter().map(|f| (f.tier, f.failure.cause.as_str(), f.failure.blame)).collect();
    assert_eq!(told, [(Some(Tier::Upgrade), "deploy-refused", Recipe)], "{:?}", o.failures);
    let failure = &o.failures[0].failure;
    let taken = failure.evidence.iter().find(|e| e.what == "services that the engine took before");
    assert_eq!(taken.map(|e| e.text.as_str()), Some("app"));
    assert!(failure.cure().unwrap().starts_with("Mend the template"), "{failure:?}");
    assert_eq!(o.exit, Exit::Failed);
}

#[test]
fn a_backup_that_selects_nothing_and_a_restore_that_lost_a_file_have_their_cause() {
    let from = r#"GREETING: "hello from " + ctx.recipe }"#;
    let to = format!("BACKUP_DATA: \"false\", {from}");
    let job = with_hooks(|h| {
        let again = r#"GREETING: "hello again from " + ctx.recipe }"#;
        h.replace(from, &to).replace(again, &format!("BACKUP_DATA: \"false\", {again}"))
    });
    first("nothing", &Machine::new().live(&job), "nothing-to-back-up", Recipe, Exit::Failed, Tier::Backup);
    // an engine that accepts the archive and unpacks nothing
    let machine = Machine::new();
    machine.cluster.fault(Fault::UnpacksNothing);
    let damage = "page::write(ctx, \"damaged\");";
    let more = format!("{damage}\n    ctx.exec(\"app\", [\"put\", \"/srv/data/dump\", \"damaged\"]);");
    let job = with_hooks(|h| h.replace(damage, &more));
    first("lost", &machine.live(&job), "restore-mismatch", Recipe, Exit::Failed, Tier::Restore);
}

#[test]
fn data_that_lie_elsewhere_than_on_the_engine_are_left_alone_and_named() {
    let ground = Ground::new();
    let overlay = std::fs::read_to_string("tests/fixtures/fullest/recipe/compose.ccci.yml").unwrap();
    let elsewhere = "volumes:\n  data:\n    driver_opts: {type: none, o: bind, device: /srv/theirs}\n";
    ground.file("compose.ccci.yml", &format!("{overlay}\n{elsewhere}"));
    let job = ground.prepare("20260101-000000-abc123").unwrap();
    let run = Machine::new().live(&job);
    first("elsewhere", &run, "volume-elsewhere", Ccci, Exit::Error, Tier::Backup);
    let named: Vec<&str> = run.outcome.left_alone.iter().map(|h| h.name.as_str()).collect();
    assert_eq!(named, ["data (/srv/theirs)"]);
    let promise = "starts empty, is backed up and restored, and is gone after the run: it is volume data, which lies on /srv/theirs";
    assert!(run.outcome.not_proved.iter().any(|n| n.contains(promise)), "{:?}", run.outcome.not_proved);
}

/// The fullest recipe with labels of its own on the service `app`.
pub(crate) fn labelled(labels: &[&str]) -> Job {
    let ground = Ground::new();
    let overlay = std::fs::read_to_string("tests/fixtures/fullest/recipe/compose.ccci.yml").unwrap();
    let labels: String = labels.iter().map(|l| format!("        - \"{l}\"\n")).collect();
    let labels = format!("services:\n  app:\n    deploy:\n      labels:\n{labels}");
    let overlay = overlay.replacen("services:\n", &labels, 1);
    assert!(overlay.contains(&labels), "{overlay}");
    ground.file("compose.ccci.yml", &overlay);
    ground.prepare("20260101-000000-abc123").unwrap()
}

const GUARD: &str = "traefik.http.routers.${STACK_NAME}.middlewares=guard";

fn says(run: &TestRun, what: &str) -> bool {
    run.outcome.not_proved.iter().any(|n| n.starts_with(what))
}

#[test]
fn an_answer_that_hangs_on_a_middleware_that_is_not_emulated_is_nobodys_fault_but_ours() {
    let with = |kind: &str, option: &str| {
        let guard = format!("traefik.http.middlewares.guard.{kind}.{option}");
        Machine::new().live(&labelled(&[GUARD, &guard]))
    };
    let run = with("forwardauth", "address=http://auth");
    first("forwardauth", &run, "not-emulated", Ccci, Exit::Error, Tier::Install);
    assert!(says(&run, "what the middleware `guard` (forwardauth) does: the ingress does not emulate it"));
    let run = with("compress", "minresponsebodybytes=1");
    assert_eq!(run.outcome.exit, Exit::Green, "{:?}", run.outcome.failures);
    assert!(says(&run, "what the middleware `guard` (compress) does: the ingress does not emulate it"));
}

/// A recipe may ask for a password or redirect by its labels: then no stranger gets an answer of the app itself.
#[test]
fn an_answer_of_the_apps_own_middleware_is_good_where_its_status_is_accepted() {
    let with = |status: u16| {
        let moves = "traefik.http.middlewares.guard.redirectregex.regex=/door";
        let to = "traefik.http.middlewares.guard.redirectregex.replacement=/login";
        let mut job = labelled(&[GUARD, moves, to]);
        for step in &mut job.plan.steps {
            if let Action::Health { path, ok } | Action::AssertServing { path, ok, .. } = &mut step.action {
                (*path, *ok) = ("/door".into(), vec![200, status]);
            }
        }
        Machine::new().live(&job)
    };
    let run = with(302);
    assert_eq!(run.outcome.exit, Exit::Green, "{:?}", run.outcome.failures);
    let said = "that the app itself answers on /door: middleware `guard`: it redirects to ";
    assert!(says(&run, said), "{:?}", run.outcome.not_proved);
    assert_eq!(run.outcome.not_proved.iter().filter(|n| n.starts_with(said)).count(), 1, "once");
    let run = with(401);
    let t = first("not accepted", &run, "proxy-answers", Recipe, Exit::Failed, Tier::Install);
    assert!(t.failure.observed().contains("302 from the proxy itself: middleware `guard`"), "{t:?}");
}

#[test]
fn a_rule_that_traefik_refuses_is_in_the_cause_with_its_cure() {
    let rule = "traefik.http.routers.${STACK_NAME}.rule=Host(`a.example.com`, `b.example.com`)";
    let t = first(
        "two hosts",
        &Machine::new().live(&labelled(&[rule])),
        "proxy-answers",
        Recipe,
        Exit::Failed,
        Tier::Install,
    );
    for part in [
        "its rule Host(`a.example.com`, `b.example.com`) cannot be read",
        "Traefik v3 takes one value in `Host()`",
        "write Host(`a.example.com`) || Host(`b.example.com`)",
    ] {
        assert!(t.failure.observed().contains(part), "{part}: {}", t.failure.observed());
    }
}

#[test]
fn an_app_that_answers_badly_is_not_healthy() {
    let mut job = fresh(&job());
    for step in &mut job.plan.steps {
        if let Action::Health { path, .. } = &mut step.action {
            *path = "/nowhere".into();
        }
    }
    let t = first("404", &Machine::new().live(&job), "not-healthy", Recipe, Exit::Failed, Tier::Install);
    assert!(t.failure.observed().contains("status 404"), "{t:?}");
}

#[test]
fn a_proxy_without_a_way_to_the_app_is_called_soon_and_the_probe_is_not_asked_any_more() {
    let job = with_hooks(|h| {
        h.replace(r#"#{ GREETING: "hello from " + ctx.recipe }"#, r#"#{ DOMAIN: "elsewhere.example.com" }"#)
    });
    let run = Machine::new().live(&job);
    let t = first("no way", &run, "proxy-answers", Recipe, Exit::Failed, Tier::Install);
    let step = |begins: &str| run.outcome.steps.iter().find(|s| s.title.starts_with(begins));
    let health = step(&t.during).expect("the wait for health");
    assert!((5_000..8_000).contains(&health.ms), "{} ms", health.ms);
    let ready = step("wait for ready_probe").expect("it is in the plan");
    assert_eq!(ready.status, Status::Unver, "{ready:?}");
    assert!(ready.note.as_ref().is_some_and(|n| n.contains("an accepted answer is missing")), "{ready:?}");
}

/// After the app has ended, it has no route for its restart delay, which is longer than a route from labels takes to
/// appear.
#[test]
fn an_app_that_ends_once_while_health_is_asked_is_waited_for_until_its_next_task() {
    let machine = Machine::new();
    machine.cluster.fault(Fault::DiesAfter("app".into(), 8_000));
    let swarm = machine.cluster.clone();
    let run = machine.live_on(&fresh(&job()), |web| {
        web.on_request(move |request, now| {
            // the task that is asked ends all the same, the next one does not
            swarm.mend();
            (path_of(&request.url) == "/health" && now.0 < 10_000).then(|| page(503, "no database yet"))
        });
    });
    let health = run.outcome.steps.iter().find(|s| s.title.starts_with("wait for health")).unwrap();
    assert_eq!(health.status, Status::Pass, "{:?}", run.outcome.failures);
    assert!(health.ms > 10_000, "{} ms", health.ms);
}

#[test]
fn a_restore_that_had_nothing_to_put_back_proves_nothing() {
    let said = |job: &Job| {
        let o = Machine::new().live(job).outcome;
        o.not_proved.iter().any(|n| n.contains("there was nothing to put back"))
    };
    assert!(!said(&job()));
    assert!(said(&with_hooks(|h| h.replace("page::write(ctx, \"damaged\");", ""))));
}

#[test]
fn lesson_14_what_a_restore_hook_says_is_shown() {
    let machine = Machine::new();
    machine.cluster.on_exec("app", |what, _| {
        let hook = what.argv.last()? == "dump /srv/data/dump /srv/data/page";
        let stderr = "ERROR: database \"app\" is being accessed by other users".to_string();
        hook.then(|| ccci_swarm::ports::cluster::ExecOutput { code: 1, stderr, stdout: String::new() })
    });
    let t =
        first("restore", &machine.live(&job()), "backup-hook-failed", Recipe, Exit::Failed, Tier::Restore);
    let shown = t.failure.shown().iter().any(|e| e.text.contains("accessed by other users"));
    assert!(shown && t.failure.expected().contains("restore post-hook"), "{t:?}");
}

#[test]
fn lesson_24_a_marker_that_did_not_stick_is_another_failure_than_a_restore_that_lost_it() {
    let forgets = |nth: usize| {
        let (machine, mut puts) = (Machine::new(), 0);
        machine.cluster.on_exec("app", move |what, _| {
            puts += usize::from(what.argv[0] == "put");
            (what.argv[0] == "put" && puts == nth).then(Default::default)
        });
        machine
    };
    // the third page is the one that is planted before the backup
    let planting = forgets(3).live(&job());
    let t = first("planting", &planting, "hook-failed", Recipe, Exit::Failed, Tier::Backup);
    assert_eq!(t.during, "hook pre_backup");
    // if the restore loses it, the test that reads it back reports that
    let machine = Machine::new();
    machine.cluster.on_exec("app", |what, files| {
        let load = what.argv.last()? == "dump /srv/data/dump /srv/data/page";
        load.then(|| files.write("/srv/data/page", "something else"))?;
        Some(Default::default())
    });
    let t = first("losing", &machine.live(&job()), "test-failed", Recipe, Exit::Failed, Tier::Restore);
    assert_eq!(t.during, "test_restore.rhai test_the_planted_page_is_back");
}

#[test]
fn a_test_that_returns_false_has_failed_where_the_checker_cannot_know_that_it_does() {
    let ground = Ground::new();
    let text = "fn test_a_job_runs(ctx) {\n    let seen = #{ good: false };\n    seen.good\n}\n";
    let run = Machine::new()
        .live(&ground.file("custom/test_page.rhai", text).prepare("20260101-000000-abc124").unwrap());
    let t = first("false", &run, "test-failed", Recipe, Exit::Failed, Tier::Custom);
    assert_eq!(t.failure.observed(), "it returned false");
}

#[test]
fn lesson_26_that_a_test_ran_is_in_the_record_and_a_step_that_only_says_so_is_not_enough() {
    let run = Machine::new().live(&job());
    let mut events = run.events.clone();
    events.retain(|e| !matches!(&e.what, What::TestEnded { name, .. } if name == "test_a_job_runs"));
    let o = ccci_model::verdict::judge(&events).unwrap();
    assert_eq!((o.exit, o.level), (Exit::Error, 3), "a test without a row was not run");
}

#[test]
fn lesson_27_what_is_best_effort_is_said_and_is_not_fatal() {
    let mut job = job();
    let settle = job.plan.steps.iter().position(|s| s.action == Action::Settle).unwrap();
    job.plan.steps[settle].limit_ms = 1;
    let run = Machine::new().live(&job);
    assert_eq!(run.outcome.exit, Exit::Green, "{:?}", run.outcome.failures);
    let note = run.outcome.steps[settle].note.clone().unwrap_or_default();
    assert!(note.contains("before the stack has settled"), "{note}");
}
