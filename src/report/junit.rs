//! JUnit XML for CI, with one suite for each tier. It shows a failure exactly when the verdict is not green. Pure.

use super::human;
use super::seen;
use super::styled::{Style, StyledText};
use super::text::{clean, line};
use ccci_model::failure::Failure;
use ccci_model::tier::Status;
use ccci_model::verdict::{Occurrence, Outcome, TierOutcome, Verdict};
use ccci_runner::record::Record;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The hook that makes the picture of the app.
const SCREENSHOT: &str = "screenshot";

/// The file's bytes.
pub fn render(record: &Record) -> Vec<u8> {
    let o = &record.outcome;
    let partial = o.plan.partial().map_or(String::new(), |partial| format!(" ({partial})"));
    let mut report = Report::new(format!("ccci {}{}", human::subject(o), partial));
    report.set_time(Duration::from_millis(o.timings.total));
    for t in &o.tiers {
        report.add_test_suite(tier(record, t));
    }
    if !o.lint.is_empty() {
        report.add_test_suite(lint(o));
    }
    report.add_test_suite(run(record));
    let mut out = report.to_string().unwrap_or_default().into_bytes();
    if out.last() != Some(&b'\n') {
        out.push(b'\n');
    }
    out
}

fn tier(record: &Record, t: &TierOutcome) -> TestSuite {
    let o = &record.outcome;
    let mut suite = TestSuite::new(t.tier.name());
    suite.set_time(Duration::from_millis(t.ms));
    for test in &t.tests {
        // a skipped test that was required is added below, among the failures
        let status = match (test.failure.and_then(|id| o.failure(id)), test.status) {
            (Some(f), _) => failed(f),
            (None, Status::Pass) => TestCaseStatus::success(),
            (None, _) => skipped(test.reason.as_deref().unwrap_or("it was not run")),
        };
        let mut case = case(&test.file, &test.name, status, test.ms);
        if let Some(files) = attachments(record, &format!("{} {}", test.file, test.name)) {
            case.set_system_out(files);
        }
        suite.add_test_case(case);
    }
    let told = |x: &&Occurrence| t.tests.iter().any(|test| test.failure == Some(x.failure.id));
    for x in o.failures.iter().filter(|x| x.tier == Some(t.tier)).filter(|x| !told(x)) {
        suite.add_test_case(case("step", &x.during, failed(&x.failure), 0));
    }
    if suite.test_cases.is_empty() {
        let why = t.reason.as_deref().unwrap_or("nothing was asserted");
        suite.add_test_case(case("tier", t.tier.name(), skipped(why), t.ms));
    }
    suite
}

/// Lint lowers the level, never the verdict: findings are shown as skipped, so that a CI that reads this file does not
/// fail.
fn lint(o: &Outcome) -> TestSuite {
    let mut suite = TestSuite::new("lint");
    for rule in &o.lint {
        let status = match rule.result.as_str() {
            "satisfied" => TestCaseStatus::success(),
            _ => skipped(&format!("{} ({}): {}", rule.result, rule.severity, rule.findings.join("; "))),
        };
        suite.add_test_case(case("lint", &rule.id, status, 0));
    }
    suite
}

/// The run itself: failures outside of tiers, and the verdict.
fn run(record: &Record) -> TestSuite {
    let o = &record.outcome;
    let mut suite = TestSuite::new("run");
    for t in o.failures.iter().filter(|t| t.tier.is_none()) {
        suite.add_test_case(case("run", &t.during, failed(&t.failure), 0));
    }
    let status = match o.verdict {
        Verdict::Green => TestCaseStatus::success(),
        Verdict::Red => kind(NonSuccessKind::Failure, o.verdict.name(), &human::sentence(o)),
        Verdict::Error | Verdict::Interrupted => {
            kind(NonSuccessKind::Error, o.verdict.name(), &human::sentence(o))
        }
    };
    let mut verdict = case("run", "verdict", status, o.timings.total);
    let pictures = attachments(record, SCREENSHOT).map_or(String::new(), |files| format!("\n{files}"));
    let words = clean(&format!("level {}\nnot proved:\n{}", o.level, o.not_proved.join("\n")));
    verdict.set_system_out(format!("{words}{pictures}"));
    suite.add_test_case(verdict);
    for (name, value) in [("run_id", o.plan.run_id.to_string()), ("level", o.level.to_string())] {
        suite.add_property(Property::new(name, value));
    }
    suite
}

/// The files that the browser left of a test, a line each, as several CI systems find them in its output.
fn attachments(record: &Record, by: &str) -> Option<String> {
    let lines: Vec<String> =
        seen::of(record, by).map(|s| format!("[[ATTACHMENT|{}]]", line(&s.file))).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn case(class: &str, name: &str, status: TestCaseStatus, ms: u64) -> TestCase {
    let mut case = TestCase::new(clean(name), status);
    case.set_classname(clean(class));
    case.set_time(Duration::from_millis(ms));
    case
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(clean(why));
    status
}

fn failed(f: &Failure) -> TestCaseStatus {
    let how = if f.is_error() { NonSuccessKind::Error } else { NonSuccessKind::Failure };
    let mut status = kind(how, &f.cause, &format!("{} (blame: {})", f.observed(), f.blame));
    let mut styled = StyledText::new(Style::PLAIN);
    styled.failure(0, f, usize::MAX);
    status.set_description(styled.text());
    status
}

fn kind(how: NonSuccessKind, cause: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(how);
    status.set_type(clean(cause));
    status.set_message(clean(message));
    status
}
