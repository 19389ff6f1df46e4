//! Assertions whose error a script catches: they fail the test all the same, unless they hold later or are asked again.

use super::fullest::Ground;
use super::machine::Machine;
use ccci_model::event::What;
use ccci_model::exit::Exit;
use ccci_model::failure::causes;
use ccci_model::tier::Status;
use ccci_testkit::memory::{page, path_of};
use std::collections::BTreeMap;

/// A test, and the assertion that fails it.
const TESTS: &[(&str, &str, Option<&str>)] = &[
    ("empty", "try { assert(ctx.get(\"/no\").ok); } catch { }", Some("ctx.get(\"/no\").ok")),
    (
        "logged",
        "try { assert(ctx.get(\"/no\").ok); } catch (e) { ctx.log(`${e}`); } assert(ctx.get(\"/health\").ok);",
        Some("ctx.get(\"/no\").ok"),
    ),
    (
        "first_of_two",
        "try { assert(ctx.get(\"/no\").ok); } catch { } try { assert(ctx.get(\"/no\").status == 1); } catch { }",
        Some("ctx.get(\"/no\").ok"),
    ),
    ("in_library", "try { lib::asks(ctx, \"/no\"); } catch { }", Some("ctx.get(path).ok")),
    (
        "given_up",
        "try { eventually(\"1s\", || { assert(ctx.get(\"/no\").ok); true }); } catch { }",
        Some("ctx.get(\"/no\").ok"),
    ),
    (
        "caught_in_the_attempt_that_counts",
        "eventually(\"9s\", || { try { assert(ctx.get(\"/no\").ok); } catch { } true });",
        Some("ctx.get(\"/no\").ok"),
    ),
    (
        "in_a_closure",
        "try { [\"/no\"].map(|p| { assert(ctx.get(p).ok); p }); } catch { }",
        Some("ctx.get(p).ok"),
    ),
    ("asked_again", "eventually(\"30s\", || { assert(ctx.get(\"/late\").ok); true });", None),
    (
        "caught_in_each_attempt",
        "eventually(\"30s\", || { try { assert(ctx.get(\"/late\").ok); true } catch { false } });",
        None,
    ),
    (
        "caught_and_held_later",
        "for i in 0..9 { try { assert(ctx.get(\"/late\").ok); break; } catch { } } assert(ctx.get(\"/late\").ok);",
        None,
    ),
    (
        "another_error",
        "try { ctx.exec(\"app\", [\"false\"]); } catch { } assert(ctx.get(\"/health\").ok);",
        None,
    ),
];

#[test]
fn an_assertion_that_a_script_catches_fails_the_test_unless_it_holds_later() {
    let ground = Ground::new();
    ground.file("lib/asks.rhai", "fn asks(ctx, path) {\n    assert(ctx.get(path).ok);\n}\n");
    let tests = TESTS.iter().map(|(name, body, _)| format!("fn test_{name}(ctx) {{\n    {body}\n}}\n"));
    let text: String = std::iter::once("import \"lib/asks\" as lib;\n".to_string()).chain(tests).collect();
    ground.file("custom/test_caught.rhai", &text);
    let job = ground.prepare("20260101-000000-abc123").unwrap();
    let run = Machine::new().live_on(&job, |web| {
        let mut asked = 0;
        web.on_request(move |request, _| match path_of(&request.url) {
            "/no" => Some(page(404, "")),
            // each test asks until it is there
            "/late" => {
                asked += 1;
                Some(page(if asked % 3 == 0 || asked > 9 { 200 } else { 503 }, ""))
            }
            _ => None,
        });
    });
    let ended = run.events.iter().filter_map(|e| match &e.what {
        What::TestEnded { file, name, status, .. } if file.ends_with("test_caught.rhai") => {
            Some((name.clone(), *status))
        }
        _ => None,
    });
    let ended: BTreeMap<String, Status> = ended.collect();
    for (name, body, fails) in TESTS {
        let expected = if fails.is_some() { Status::Fail } else { Status::Pass };
        assert_eq!(ended.get(&format!("test_{name}")), Some(&expected), "{body}: {:?}", run.outcome.failures);
    }
    let failures = run.outcome.failures.iter().map(|f| &f.failure);
    let found: Vec<_> = failures.filter(|f| f.cause == causes::TEST_FAILED.id).collect();
    let fails = TESTS.iter().filter_map(|(_, _, fails)| *fails);
    let expected: Vec<String> = fails.map(|assertion| format!("`{assertion}`")).collect();
    assert_eq!(found.iter().map(|f| f.expected()).collect::<Vec<_>>(), expected);
    assert!(found.iter().all(|f| f.evidence.iter().any(|e| e.what == "caught")), "{found:?}");
    assert!(found[3].place.as_deref().is_some_and(|p| p.contains("/lib/asks.rhai:2:")), "{found:?}");
    assert_eq!(run.outcome.exit, Exit::Failed);
}
