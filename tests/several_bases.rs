//! `upgrade.base` with a list: each base is a plan and a run of its own, and the worst result counts.

use crate::bad_input::ground::{Done, Ground};
use crate::cli_live::{TestRun, swarm};
use crate::plain_stack::{SETTINGS, repository};
use crate::repository::Repository;

fn ground(source: &Repository, settings: &str) -> Ground {
    Ground::new().recipe("recipe.toml", &format!("source = \"{}\"\n{SETTINGS}{settings}", source.given()))
}

/// The bases of the plans that are printed.
fn bases(plans: &Done) -> Vec<String> {
    assert_eq!(plans.code, Some(0), "{}", plans.err);
    let mut all = serde_json::Deserializer::from_str(&plans.out).into_iter::<serde_json::Value>();
    let found =
        |plan: serde_json::Value| plan["apps"][0]["base"]["found_as"].as_str().unwrap_or("none").to_string();
    all.by_ref().map(|plan| found(plan.unwrap())).collect()
}

#[test]
fn each_base_has_a_plan_and_those_that_come_to_the_same_have_one() {
    let source = repository();
    let plans = |settings: &str, more: &[&str]| {
        let args = [&["plan", "ghost", "--json"][..], more].concat();
        bases(&ground(&source, settings).ccci(&args))
    };
    let two = "upgrade.base = [\"v0.9.1\", \"auto\"]\n";
    assert_eq!(plans(two, &[]), ["tag v0.9.1", "tag v0.10"]);
    assert_eq!(plans("upgrade.base = [\"v0.10\", \"auto\"]\n", &[]), ["tag v0.10"]);
    assert_eq!(plans(two, &["--base", "v0.10"]), ["tag v0.10"]);
    assert_eq!(plans(two, &["--tiers", "install,custom"]), ["none"]);
}

#[test]
fn check_looks_at_every_base() {
    let source = repository();
    let check =
        |settings: &str| ground(&source, settings).ccci(&["check", "recipes/ghost", "--format", "short"]);
    for (settings, part) in [
        ("upgrade.base = [\"auto\", \"v0.9.2\"]\n", "the source has no tag `v0.9.2`"),
        ("upgrade.base = [\"auto\", \"none\"]\n", "recipe.toml:5:25: `upgrade.base`: `none` stands alone"),
        ("upgrade.base = [\"auto\", \"auto\"]\n", "recipe.toml:5:25: `upgrade.base`: `auto` occurs twice"),
        ("upgrade.base = [1]\n", "recipe.toml:5:17: `upgrade.base` should be `\"auto\"` or a version"),
        ("upgrade.base = []\n", "recipe.toml:5:16: `upgrade.base`: is empty"),
    ] {
        let done = check(settings);
        assert_eq!(done.code, Some(2), "{settings}: {}", done.out);
        assert!(done.out.contains(part), "{settings}: {}", done.out);
    }
    // a repair is stale only if it repairs none of the bases
    source.git(&["tag", "1.0.0+1.24.0", "v0.9.1"]);
    source.git(&["tag", "1.1.0+1.25.0", "v0.10"]);
    let settings = "app = \"web\"\nenv.COMPOSE_FILE = \"docker-stack.yml\"\n";
    let repaired = |bases: &str| {
        let text = format!("source = \"{}\"\n{settings}upgrade.base = {bases}\n", source.given());
        let ground = Ground::new()
            .recipe("recipe.toml", &text)
            .recipe("previous/VERSION", "1.1.0+1.25.0\n")
            .recipe("previous/compose.previous.yml", "services:\n  web:\n    environment: [A=b]\n");
        ground.ccci(&["check", "recipes/ghost", "--format", "short"]).out
    };
    let both = repaired("[\"1.0.0+1.24.0\", \"auto\"]");
    assert!(!both.contains("previous/ repairs"), "{both}");
    let one = repaired("\"1.0.0+1.24.0\"");
    assert!(one.contains("previous/ repairs 1.1.0+1.25.0, but the base is 1.0.0+1.24.0"), "{one}");
}

#[test]
fn each_base_is_a_run_and_one_red_run_makes_the_call_red() {
    if !swarm("a run from two bases") {
        return;
    }
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/dev/lab/repos/custom-html");
    let settings = "upgrade.base = [\"1.0.0+1.25.0\", \"auto\"]\nscreenshot = false\n";
    let hook =
        "fn pre_upgrade(ctx) {\n    if ctx.base_version == \"1.0.0+1.25.0\" { throw \"not from here\" }\n}\n";
    let ground = Ground::new()
        .recipe("recipe.toml", &format!("source = \"{source}\"\n{settings}"))
        .recipe("hooks.rhai", hook);
    let out = ground.path("records");
    let args = ["run", "ghost", "--tiers", "install,upgrade", "--no-browser", "--out", out.to_str().unwrap()];
    let (code, text) = TestRun::begin(&ground, &args).end();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("not from here") && text.contains("runs: 2"), "{text}");
    assert!(text.contains(", from tag 1.0.0+1.25.0"), "{text}");
    let told = |path: usize, key: &str| {
        let file = out.join(format!("ghost-base-{path}/results.json"));
        let results: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        results[key].as_str().unwrap().to_string()
    };
    assert_eq!((told(1, "verdict"), told(2, "verdict")), ("red".into(), "green".into()), "{text}");
    assert_eq!(told(1, "call"), told(2, "call"), "both are of one call");
}
