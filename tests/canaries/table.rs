//! CANARIES: one row for each, with everything that must come out of its run.

use super::beside::Beside;
use super::row::*;

pub(super) const CANARIES: &[Canary] = &[
    Canary {
        name: "well",
        about: "Nothing is wrong with it: the ground the others stand on.",
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        tests: &[("generic something moved", PASS), ("generic the deployed commit is the head", PASS)],
        skips: &[("backup", ""), ("restore", ""), ("custom", "no tests under custom/")],
        not_proved: &["that a restore brings data back"],
        ..GREEN
    },
    Canary {
        name: "crash-loop",
        about: "Its program ends at once, every time, with exit code 3.",
        lessons: &["lesson_07_a_crash_loop_is_called_early_with_its_exit_code_and_its_last_words"],
        failures: &[recipe("install", "crash-loop", &["exit code 3", "fatal: no such file: /etc/app.conf"])],
        early: &[("converge to the head", 10_000)],
        ..RED
    },
    Canary {
        name: "partial-tests-the-head",
        about: "The base is good, the head ends at once; the run is asked for the install alone.",
        asked: "install",
        tiers: [FAIL, UNVER, UNVER, UNVER, UNVER],
        failures: &[recipe("install", "crash-loop", &["exit code 4", "the head never starts"])],
        early: &[("converge to the head", 10_000)],
        ..RED
    },
    Canary {
        name: "missing-image",
        about: "The registry has no such image.",
        lessons: &["lesson_48_a_failed_pull_blames_the_image"],
        beside: Beside::EmptyRegistry(28418),
        failures: &[image("install", "missing-image", &["shop/web:9.9.9", "manifest unknown"])],
        early: &[("pull the head's images", 3_000)],
        ..RED
    },
    Canary {
        name: "port-taken",
        about: "A port that it publishes is held by another program of this machine.",
        beside: Beside::Port(28417),
        failures: &[world("install", "port-taken", &["28417"])],
        not_proved: &["that it installs"],
        ..ERROR
    },
    Canary {
        name: "wrong-commit",
        about: "Somebody deploys another commit over the head while it is tested.",
        beside: Beside::Meddler,
        exit: 3,
        verdict: "error",
        tiers: [PASS, UNVER, SKIP, SKIP, SKIP],
        failures: &[
            ours("upgrade", "wrong-commit", &["0000000"]),
            ours("upgrade", "spec-differs", &["chaos-version"]),
        ],
        tests: &[("generic the deployed commit is the head", UNVER), ("generic something moved", PASS)],
        ..GREEN
    },
    Canary {
        name: "registry-down",
        about: "Nobody answers where its image should be.",
        lessons: &["lesson_48_a_registry_that_does_not_answer_is_the_world"],
        failures: &[world(
            "install",
            "registry-unreachable",
            &["127.0.0.1:9/shop/web:9.9.9", "connection refused"],
        )],
        not_proved: &["that it installs"],
        ..ERROR
    },
    Canary {
        name: "leak",
        about: "Something that is not ours holds a volume of the run when it is to be removed.",
        lessons: &["lesson_30_what_removal_leaves_is_red_and_names_its_holder"],
        beside: Beside::Holder { volume: "content" },
        shorten: &[("remove everything", 10_000)],
        tiers: [PASS, SKIP, SKIP, SKIP, SKIP],
        failures: &[world("-", "leftover", &["volume", "in use by container"])],
        left: &["volume"],
        ..RED
    },
    // install: apps that cannot come up
    Canary {
        name: "never-healthy",
        about: "Its health check never passes.",
        failures: &[recipe(
            "install",
            "never-healthy",
            &[
                "health check of service `app` to pass",
                "its health check had failed",
                "no migration table yet",
            ],
        )],
        early: &[("converge to the head", 30_000)],
        ..RED
    },
    Canary {
        name: "out-of-memory",
        about: "It needs more memory than its limit.",
        lessons: &["lesson_47_a_container_killed_for_memory_is_named_so"],
        failures: &[recipe("install", "out-of-memory", &["137", "out of memory"])],
        early: &[("converge to the head", 25_000)],
        ..RED
    },
    Canary {
        name: "one-shot-failed",
        about: "A service that runs once ends with an error, beside a server that is well.",
        lessons: &["lesson_03_a_one_shot_that_failed_blocks"],
        failures: &[recipe("install", "one-shot-failed", &["exit code 4", "relation users exists already"])],
        early: &[("converge to the head", 10_000)],
        ..RED
    },
    Canary {
        name: "unhealthy-exits-well",
        about: "Stopped for being unhealthy it exits with 0, so with on-failure it never starts again.",
        lessons: &["lesson_39_an_unhealthy_task_that_exits_well_is_no_finished_one_shot"],
        failures: &[recipe("install", "never-healthy", &["not started again", "on-failure"])],
        early: &[("converge to the head", 25_000)],
        ..RED
    },
    Canary {
        name: "module-missing",
        about: "The line that tells the cause is not the last one in its log.",
        lessons: &[
            "lesson_29_the_cause_is_in_the_log_and_the_log_in_the_failure",
            "lesson_46_several_lines_are_kept",
        ],
        failures: &[recipe(
            "install",
            "crash-loop",
            &["Cannot find module 'express'", "Node.js v20.11.0", "starting"],
        )],
        early: &[("converge to the head", 10_000)],
        ..RED
    },
    Canary {
        name: "host-path-missing",
        about: "It mounts a path that this machine lacks.",
        lessons: &["lesson_09_swarms_words_about_a_missing_host_path_are_shown"],
        failures: &[recipe(
            "install",
            "task-rejected",
            &["/no/such/canary/path", "bind source path does not exist"],
        )],
        early: &[("converge to the head", 10_000)],
        ..RED
    },
    Canary {
        name: "program-not-executable",
        about: "Its program is a config without run permission.",
        failures: &[recipe("install", "task-rejected", &["its program may not be executed", "mode: 0555"])],
        early: &[("converge to the head", 15_000)],
        ..RED
    },
    Canary {
        name: "script-with-crlf",
        about: "Its script has Windows line ends, so the program in its first line does not exist.",
        failures: &[recipe("install", "crash-loop", &["first line of the script", "with LF, not CRLF"])],
        early: &[("converge to the head", 15_000)],
        ..RED
    },
    Canary {
        name: "no-node",
        about: "No node of this swarm has the label that it asks for.",
        failures: &[world(
            "install",
            "no-suitable-node",
            &["no suitable node", "scheduling constraints not satisfied"],
        )],
        not_proved: &["that it installs"],
        early: &[("converge to the head", 10_000)],
        ..ERROR
    },
    Canary {
        name: "long-name",
        about: "A config's full name has more characters than Swarm takes.",
        lessons: &["lesson_35_a_name_that_is_too_long_is_said_before_anything_is_touched"],
        exit: 2,
        refused: &["name-too-long", "the_page_of_a_recipe_with_a_name", "characters"],
        ..RED
    },
    Canary {
        name: "sidecar-answers",
        about: "A sidecar answers for health while the server behind it never listens.",
        lessons: &["lesson_06_a_ready_probe_sees_what_health_does_not"],
        shorten: &[("wait for ready_probe", 4_000)],
        failures: &[recipe("install", "not-ready", &["ready_probe"])],
        tests: &[("generic / gives an accepted answer of the app", PASS)],
        ..RED
    },
    Canary {
        name: "neighbour-answers",
        about: "Another stack has a service of the same name on the proxy's network, and only that one answers.",
        lessons: &["lesson_08_an_answer_of_another_stack_does_not_count"],
        beside: Beside::Namesake,
        failures: &[
            recipe("install", "proxy-answers", &["502", "Connection refused"]),
            recipe("install", "proxy-answers", &["502", "Connection refused"]),
        ],
        ..RED
    },
    // install: apps that only seem to fail
    Canary {
        name: "flicker",
        about: "Its first task ends, its second stays up.",
        notes: &["ended badly before it stayed up: 1"],
        ..GREEN
    },
    Canary {
        name: "dies-later",
        about: "It answers, and ends by itself 4 s after it was seen to run; its second task stays up.",
        tiers: [PASS, SKIP, SKIP, SKIP, FAIL],
        failures: &[recipe("custom", "task-ended", &["exit code 7", "after the service had converged"])],
        tests: &[("custom/test_starts.rhai test_it_was_started_again", PASS)],
        not_proved: &["that `app` stays up: after it had converged, a task of it ended with exit code 7"],
        ..RED
    },
    Canary {
        name: "server-ends-well",
        about: "Its server ends with code 0 after 5 s, and nothing starts it again.",
        // the end, and the wait that it ended, which refers to it
        failures: &[
            recipe("install", "task-ended", &["exit code 0", "after the service had converged"]),
            recipe("install", "task-ended", &["not started again", "on-failure"]),
        ],
        ..RED
    },
    Canary {
        name: "redirects-in-a-circle",
        about: "Its accepted answer is a redirect to itself.",
        failures: &[recipe("install", "not-healthy", &["it redirects to http://", "again and again"])],
        ..RED
    },
    Canary {
        name: "offers-more-than-it-has",
        about: "Nobody listens behind its second router, nor on the port that it publishes.",
        failures: &[recipe("install", "port-closed", &["-api", "port 8099 of `app`"])],
        not_proved: &["that something listens on port 28422/tcp of `app`: no connection opens"],
        ..RED
    },
    Canary {
        name: "unnamed-volume",
        about: "One of its two volumes has no name, so each task begins with an empty one.",
        not_proved: &["that data in /srv/data of `app` outlive its task: the volume there has no name"],
        ..GREEN
    },
    Canary {
        name: "opens-late",
        about: "The port behind its second router opens late, and a middleware of its third one redirects.",
        notes: &["/ answers 200"],
        ..GREEN
    },
    Canary {
        name: "one-shot-done",
        about: "A service that runs once is done and stays at 0 of 1.",
        lessons: &["lesson_03_a_one_shot_that_completed_is_converged"],
        notes: &["`setup` ran to its end"],
        early: &[("converge to the head", 10_000)],
        ..GREEN
    },
    Canary {
        name: "job",
        about: "A job of two completions beside the server.",
        notes: &["`migrate` ran to its end"],
        ..GREEN
    },
    Canary { name: "global", about: "One task on each node.", ..GREEN },
    Canary {
        name: "one-replica-fails",
        about: "Two of its three tasks answer well, the third always with 500.",
        shorten: &[("wait for health on /", 3_000)],
        failures: &[
            recipe("install", "not-healthy", &["status 500", "task `app.2` answers so"]),
            recipe("install", "not-healthy", &["status 500", "task `app.2` answers so"]),
        ],
        ..RED
    },
    Canary {
        name: "one-replica-is-slow",
        about: "One of its two tasks answers with 503 for four seconds longer than the other.",
        notes: &["/ answers 200, each of its 2 tasks"],
        ..GREEN
    },
    Canary {
        name: "replicas-zero",
        about: "A service of which nothing is wanted.",
        notes: &["`worker` has no desired task"],
        ..GREEN
    },
    Canary {
        name: "slow-start",
        about: "It is unhealthy for five seconds and says why, within its start period.",
        ..GREEN
    },
    Canary {
        name: "listens-on-overlay-only",
        about: "It listens on its address in the proxy's network only, which this machine does not reach directly.",
        notes: &["/ answers 200"],
        ..GREEN
    },
    Canary {
        name: "host-network",
        about: "One of its services uses the network of its node.",
        tiers: [PASS, SKIP, SKIP, SKIP, PASS],
        tests: &[("custom/test_agent.rhai test_the_agent_listens", PASS)],
        ..GREEN
    },
    Canary {
        name: "sigterm-deaf",
        about: "Its program ignores every polite signal and asks for two minutes.",
        lessons: &["lesson_49_removal_does_not_wait_for_a_deaf_process"],
        not_proved: &["an answer over HTTP"],
        early: &[("remove everything", 20_000)],
        ..GREEN
    },
    // scripts
    Canary {
        name: "hook-throws",
        about: "A hook throws; what comes later is done all the same.",
        lessons: &["lesson_23_a_failed_hook_fails_its_tier_with_position_and_message"],
        tiers: [FAIL, SKIP, SKIP, SKIP, PASS],
        failures: &[recipe("install", "hook-failed", &["the wizard has no second page", "hooks.rhai:5"])],
        tests: &[("custom/test_page.rhai test_the_page_is_served", PASS)],
        ..RED
    },
    Canary {
        name: "hook-hangs",
        about: "A hook waits for a command that never ends.",
        shorten: &[("hook pre_install", 3_000)],
        failures: &[recipe("install", "script-deadline", &["hooks.rhai:4", "still running at its deadline"])],
        early: &[("hook pre_install", 6_000)],
        ..RED
    },
    Canary {
        name: "skipped-tests",
        about: "Its tests cannot be run because nothing came up.",
        lessons: &["lesson_22_a_test_that_was_not_run_is_never_green"],
        tiers: [FAIL, SKIP, SKIP, SKIP, UNVER],
        failures: &[recipe("install", "crash-loop", &["Error: no licence"])],
        not_proved: &["that it does its own work"],
        ..RED
    },
    Canary {
        name: "secret-echoed",
        about: "The app writes a secret to its log in two ways, and a test shows it.",
        lessons: &["lesson_37_a_secret_stands_nowhere_in_the_record"],
        tiers: [PASS, SKIP, SKIP, SKIP, FAIL],
        failures: &[recipe("custom", "test-failed", &["something else"])],
        tests: &[("custom/test_echo.rhai test_the_token_is_shown", FAIL)],
        hidden: &["Pl4nted-by-the-canary-9Qz7"],
        ..RED
    },
    Canary {
        name: "overlay-pins-image",
        about: "Its overlay pins an image, which would test the overlay and not the revision.",
        lessons: &["lesson_18_an_overlay_that_pins_an_image_is_refused"],
        exit: 2,
        refused: &["compose.ccci.yml", "image"],
        ..RED
    },
    // choice of versions
    Canary {
        name: "no-op",
        about: "Base and head compose to the same files, so there is nothing to upgrade.",
        lessons: &["lesson_15_an_upgrade_that_moves_nothing_is_skipped_and_never_passed"],
        skips: &[("upgrade", "compose to the same files")],
        not_proved: &["that it upgrades from an older version"],
        ..GREEN
    },
    Canary {
        name: "previous-stale",
        about: "The repair under previous/ is for another base; it would break this one.",
        lessons: &["lesson_21_a_stale_repair_is_said_and_not_applied"],
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        notes: &["0.9.0+1.25.0"],
        ..GREEN
    },
    Canary {
        name: "base-undeployable",
        about: "The published base never comes up; the head does.",
        lessons: &["lesson_17_a_published_version_that_cannot_be_deployed_blames_the_image"],
        tiers: [FAIL, PASS, SKIP, SKIP, SKIP],
        failures: &[image("install", "crash-loop", &["exit code 126", "exec format error"])],
        ..RED
    },
    Canary {
        name: "base-around",
        about: "The newest published version never worked; the base is chosen around it.",
        lessons: &["lesson_17_the_base_is_chosen_around_a_broken_version"],
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        ..GREEN
    },
    // upgrade
    Canary {
        name: "rolled-back-stop-first",
        about: "The new version ends, and Swarm takes the update back; the old one is stopped first.",
        lessons: &["lesson_04_a_rolled_back_update_is_named_with_its_exit_code"],
        tiers: [PASS, FAIL, SKIP, SKIP, SKIP],
        failures: &[
            recipe("upgrade", "rolled-back", &["exit code 5", "the schema is newer"]),
            recipe("upgrade", "rolled-back", &["service `app` was rolled back"]),
            recipe("upgrade", "rolled-back", &["exit code 5", "rollback completed"]),
        ],
        tests: &[("generic the deployed commit is the head", UNVER)],
        ..RED
    },
    Canary {
        name: "rolled-back-start-first",
        about: "The same, and the old version serves all the while.",
        lessons: &["lesson_04_a_rolled_back_update_that_serves_is_no_success"],
        tiers: [PASS, FAIL, SKIP, SKIP, SKIP],
        failures: &[
            recipe("upgrade", "rolled-back", &["exit code 5"]),
            recipe("upgrade", "rolled-back", &["service `app` was rolled back"]),
            recipe("upgrade", "rolled-back", &["exit code 5", "rollback completed"]),
        ],
        tests: &[("generic the deployed commit is the head", UNVER)],
        ..RED
    },
    Canary {
        name: "paused",
        about: "The new version ends, Swarm pauses the update, and the old one serves.",
        lessons: &["lesson_42_a_paused_update_whose_old_version_serves_has_failed"],
        tiers: [PASS, FAIL, SKIP, SKIP, SKIP],
        failures: &[
            recipe("upgrade", "update-paused", &["exit code 5"]),
            recipe("upgrade", "update-paused", &["the old version still serves"]),
        ],
        tests: &[("upgrade: generic / gives an accepted answer of the app", UNVER)],
        ..RED
    },
    Canary {
        name: "paused-by-a-flicker",
        about: "The new version's first task ends, Swarm pauses the update, and the second stays up.",
        lessons: &["lesson_42_a_paused_update_whose_new_version_runs_well_is_good_and_said"],
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        notes: &["the update of `app` was paused"],
        ..GREEN
    },
    Canary {
        name: "continued",
        about: "With failure_action continue Swarm calls an update completed whose tasks end one after another.",
        lessons: &["lesson_45_a_completed_update_whose_tasks_crash_has_failed"],
        tiers: [PASS, FAIL, SKIP, SKIP, SKIP],
        failures: &[recipe("upgrade", "crash-loop", &["exit code 5"])],
        ..RED
    },
    Canary {
        name: "dropped-service",
        about: "The head no longer has a service of the base, and Swarm leaves it running.",
        lessons: &["lesson_05_a_dropped_service_is_removed_and_said"],
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        notes: &["the head dropped worker"],
        ..GREEN
    },
    Canary {
        name: "head-needs-dropped",
        about: "The head still asks a service that it dropped, whose container runs for some seconds more.",
        tiers: [PASS, FAIL, SKIP, SKIP, SKIP],
        failures: &[recipe("upgrade", "not-healthy", &["status 50"])],
        notes: &["the head dropped old"],
        ..RED
    },
    Canary {
        name: "new-variable",
        about: "The head requires a variable that no installed app has, and nobody is told to add it.",
        tiers: [PASS, FAIL, SKIP, SKIP, SKIP],
        failures: &[recipe("upgrade", "compose-invalid", &["MAIL_FROM"])],
        ..RED
    },
    Canary {
        name: "new-variable-told",
        about: "The same, and `upgrade.env` has what the release notes tell operators to add.",
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        ..GREEN
    },
    Canary {
        name: "memory-while-asked",
        about: "It converges and is killed for memory while its health is awaited.",
        failures: &[
            recipe("install", "out-of-memory", &["137", "after the service had converged"]),
            recipe("install", "out-of-memory", &["137"]),
            recipe("install", "out-of-memory", &["137"]),
        ],
        early: &[("wait for health on /", 19_000)],
        ..RED
    },
    Canary {
        name: "worker-ends-well",
        about: "A worker without a health check that ends with code 0 after each batch, by design.",
        not_proved: &["that `worker` stays up"],
        ..GREEN
    },
    Canary {
        name: "restart-expected",
        about: "A test makes a service end and says so before.",
        tiers: [PASS, SKIP, SKIP, SKIP, PASS],
        tests: &[("custom/test_restart.rhai test_the_worker_comes_back", PASS)],
        ..GREEN
    },
    Canary {
        name: "config-unversioned",
        about: "A config's content changed and its version did not.",
        tiers: [PASS, FAIL, SKIP, SKIP, SKIP],
        failures: &[recipe("upgrade", "deploy-refused", &["only updates to Labels are allowed"])],
        ..RED
    },
    Canary {
        name: "check-only",
        about: "The head changes nothing but its health check, so the task is replaced by one of another spec.",
        lessons: &[],
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        tests: &[("generic something moved", PASS)],
        ..GREEN
    },
    Canary {
        name: "taken-in-half",
        about: "The engine refuses one of the head's services, whose template fails, perhaps after it took the other.",
        tiers: [PASS, FAIL, SKIP, SKIP, SKIP],
        failures: &[recipe("upgrade", "deploy-refused", &["can't evaluate field Nope", "Mend the template"])],
        ..RED
    },
    Canary {
        name: "global-stops-slowly",
        about: "The old task of a global service takes five seconds to stop; the engine counts no node meanwhile.",
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        ..GREEN
    },
    Canary {
        name: "labels-only",
        about: "The head changes labels, so the service moves and no task is replaced.",
        lessons: &["lesson_41_a_release_that_changes_labels_only_is_an_upgrade"],
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        tests: &[("generic something moved", PASS)],
        ..GREEN
    },
    Canary {
        name: "data-left-behind",
        about: "The head mounts a new, empty volume where the base has its data.",
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        not_proved: &[
            "that data survive the upgrade: no service of the head mounts the volume `data`, which the base mounts at /data \
             of `app`, where the head mounts `store`",
        ],
        ..GREEN
    },
    Canary {
        name: "data-moves-along",
        about: "The head mounts the base's volume at another path; a test reads what a hook planted.",
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        tests: &[("test_upgrade.rhai test_the_planted_row_is_still_there", PASS)],
        ..GREEN
    },
    Canary {
        name: "same-image-new-tag",
        about: "The head names an image that is the base's under another name; nothing else changes.",
        beside: Beside::Alias { of: "nginx:1.26.0", name: "canary/nginx:again" },
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        tests: &[("generic something moved", SKIP), ("generic the deployed commit is the head", PASS)],
        not_proved: &[
            "that anything changes with the upgrade: nginx:1.26.0 and canary/nginx:again are the same image",
        ],
        ..GREEN
    },
    Canary {
        name: "old-task-answers",
        about: "With start-first the old task answers during its grace period.",
        lessons: &["lesson_40_only_tasks_that_are_wanted_are_asked"],
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        tests: &[("test_upgrade.rhai test_only_the_new_version_answers", PASS)],
        ..GREEN
    },
    Canary {
        name: "old-task-fails",
        about: "The old task fails while it is taken down.",
        lessons: &["lesson_44_a_failed_task_of_the_old_version_is_no_failure"],
        tiers: [PASS, PASS, SKIP, SKIP, SKIP],
        ..GREEN
    },
    // backup and restore
    Canary {
        name: "keeps-its-data",
        about: "Planted, backed up, damaged and restored as it should be.",
        tiers: [PASS, SKIP, PASS, PASS, SKIP],
        tests: &[("test_restore.rhai test_the_planted_row_is_back", PASS)],
        ..GREEN
    },
    Canary {
        name: "names-of-its-own",
        about: "A network, a volume and a config have names of their own, which somebody else on the swarm uses.",
        beside: Beside::SameNames {
            network: "canary-back-office",
            volume: "canary-data",
            config: "canary-page",
        },
        tests: &[("test_install.rhai test_the_page_is_this_recipes_own", PASS)],
        ..GREEN
    },
    Canary {
        name: "old-backup-label",
        about: "It has the old single-path backup label alone, which version 2 ignores.",
        lessons: &["lesson_13_the_old_label_alone_is_said"],
        skips: &[("backup", "backupbot.backup.path")],
        not_proved: &["that a backup holds something"],
        ..GREEN
    },
    Canary {
        name: "empty-dump",
        about: "Its dump command fails inside a shell of its own, and a gzip of nothing is left.",
        lessons: &["lesson_50_a_gzip_of_nothing_is_empty", "lesson_11_an_empty_dump_is_no_backup"],
        tiers: [PASS, SKIP, FAIL, PASS, SKIP],
        failures: &[recipe("backup", "empty-backup", &["/data/dump.gz", "no content"])],
        ..RED
    },
    Canary {
        name: "dump-in-a-pipe",
        about: "Its dump command does not exist, and the pipe behind it is content.",
        lessons: &["lesson_50_a_hook_whose_pipe_broke_is_seen"],
        tiers: [PASS, SKIP, FAIL, UNVER, SKIP],
        failures: &[recipe("backup", "backup-hook-failed", &["mysqldump", "not found", "exited with 127"])],
        not_proved: &["that a restore brings data back"],
        ..RED
    },
    Canary {
        name: "hook-with-head",
        about: "Its dump command ends in `head`, which stops reading: the shell's code is 141, and the dump is good.",
        tiers: [PASS, SKIP, PASS, PASS, SKIP],
        not_proved: &[
            "that the backup pre-hook of service `app` did all its work: it ended with exit code 141",
        ],
        ..GREEN
    },
    Canary {
        name: "writes-while-restored",
        about: "It writes one of its files and makes and removes another all the time, also while a restore is checked.",
        tiers: [PASS, SKIP, PASS, PASS, SKIP],
        tests: &[("test_restore.rhai test_the_page_is_back", PASS)],
        ..GREEN
    },
    Canary {
        name: "truncated-dump",
        about: "Its dump is cut, every time.",
        lessons: &["lesson_11_a_truncated_dump_is_refused_three_times"],
        tiers: [PASS, SKIP, FAIL, PASS, SKIP],
        failures: &[recipe("backup", "backup-not-verified", &["all 3 attempts"])],
        ..RED
    },
    Canary {
        name: "database-not-in-backup",
        about: "Its labels leave out the volume that holds the rows.",
        lessons: &["lesson_12_a_backup_without_its_database_is_found_by_reading_back"],
        tiers: [PASS, SKIP, PASS, FAIL, SKIP],
        failures: &[recipe("restore", "test-failed", &["damaged", "planted"])],
        tests: &[("test_restore.rhai test_the_planted_row_is_back", FAIL)],
        ..RED
    },
    Canary {
        name: "restore-does-nothing",
        about: "The dump is put back and nobody loads it.",
        lessons: &["lesson_12_a_restore_that_loads_nothing_is_found_by_reading_back"],
        tiers: [PASS, SKIP, PASS, FAIL, SKIP],
        failures: &[recipe("restore", "test-failed", &["damaged", "planted"])],
        tests: &[("test_restore.rhai test_the_planted_row_is_back", FAIL)],
        ..RED
    },
    Canary {
        name: "restore-drops-live",
        about: "Loading the dump drops the database while others use it, and fails.",
        lessons: &["lesson_14_the_output_of_a_restore_that_failed_is_shown"],
        tiers: [PASS, SKIP, PASS, FAIL, SKIP],
        failures: &[
            recipe("restore", "backup-hook-failed", &["database is being accessed by 3 other users"]),
            recipe("restore", "exec-failed", &["No such file"]),
        ],
        tests: &[("test_restore.rhai test_the_planted_row_is_back", FAIL)],
        ..RED
    },
];
