//! The lint rung of a run: the recipe rules on the head.

use ccci_model::diag::{Diagnostic, Severity};
use ccci_model::event::LintedRule;
use ccci_recipe::lint as rules;
use ccci_runner::execute::job::Linted;
use ccci_runner::gather::Gathered;

/// What the rules of the lint rung look at. Settings may be needed to find the compose files of a stack that is no
/// recipe of Co-op Cloud; otherwise nothing but the repository changes the result.
fn lint_input(g: &Gathered) -> rules::LintInput {
    let (head, recipe, tags) = (&g.head.facts, &g.texts.recipe, g.source.names.tags.clone());
    let input = match recipe.is_of_coop_cloud() {
        true => rules::LintInput::new(head.files.clone(), tags),
        false => rules::LintInput::with_env(head.files.clone(), tags, &recipe.env),
    };
    if head.dirty() { input } else { input.at(head.commit.clone()) }
}

/// What the rules find, and what is wrong with compose files that are deployed only if an operator adds them.
pub(super) fn lint_findings(g: &Gathered) -> Vec<Diagnostic> {
    let input = lint_input(g);
    let of_rules = rules::lint_for(&input, &g.texts.recipe).into_iter().flat_map(|c| c.diagnostics());
    of_rules.chain(input.of_optional_files()).collect()
}

/// The result of the lint rung.
pub(super) fn linted(g: &Gathered) -> Linted {
    let checked = rules::without_accepted(rules::lint_for(&lint_input(g), &g.texts.recipe), &g.texts.recipe);
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
