//! The lint rung of a run: the recipe rules on the head.

use ccci_model::diag::Severity;
use ccci_model::event::LintedRule;
use ccci_recipe::lint as rules;
use ccci_runner::execute::job::Linted;
use ccci_runner::gather::Gathered;

/// What the rules of the lint rung look at.
pub(super) fn lint_input(g: &Gathered) -> rules::LintInput {
    let head = &g.head.facts;
    let input = rules::LintInput::new(head.files.clone(), g.source.names.tags.clone());
    if head.dirty() { input } else { input.at(head.commit.clone()) }
}

/// The result of the lint rung.
pub(super) fn linted(g: &Gathered) -> Linted {
    let checked = rules::without_accepted(rules::lint(&lint_input(g)), &g.texts.recipe);
    let told = |c: &rules::Checked| LintedRule {
        id: c.rule.code.id.to_string(),
        severity: match c.rule.code.severity {
            Severity::Error => "error".into(),
            Severity::Warning => "warning".into(),
        },
        result: c.outcome.name().to_string(),
        findings: c.outcome.lines(),
    };
    Linted { status: rules::rung(&checked), rules: checked.iter().map(told).collect() }
}
