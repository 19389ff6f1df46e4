//! CANARIES: one row each, and everything that must come of it.

use super::beside::Beside;
use super::row::*;

pub const CANARIES: &[Canary] = &[
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
        troubles: &[recipe("install", "crash-loop", &["exit code 3", "fatal: no such file: /etc/app.conf"])],
        early: &[("converge to the head", 10_000)],
        ..RED
    },
    Canary {
        name: "missing-image",
        about: "The registry has no such image.",
        lessons: &["lesson_48_a_failed_pull_blames_the_image"],
        beside: Beside::EmptyRegistry(28418),
        troubles: &[image("install", "missing-image", &["shop/web:9.9.9", "manifest unknown"])],
        early: &[("pull the head's images", 3_000)],
        ..RED
    },
    Canary {
        name: "port-taken",
        about: "A port that it publishes is held by another program of this machine.",
        beside: Beside::Port(28417),
        troubles: &[world("install", "port-taken", &["28417"])],
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
        troubles: &[
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
        troubles: &[world(
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
        troubles: &[world("-", "leftover", &["volume", "volume is in use"])],
        left: &["volume"],
        ..RED
    },
];
