//! The command that runs the same again: recipe, source, revisions and tiers, as far as a record knows them. Pure.

use super::text::line;
use ccci_model::plan::{Action, Deployment, Plan};
use ccci_model::verdict::Outcome;

/// The deadline of a run that nobody changed, ms.
const USUAL_DEADLINE_MS: u64 = 3_600_000;

/// How to run the same again.
pub(crate) struct Again {
    /// The command for a shell, in the directory from which the run was started.
    pub command: String,
    /// What the command does not repeat, in sentences.
    pub notes: Vec<String>,
}

/// The command of a run.
pub(crate) fn again(o: &Outcome) -> Again {
    let app = o.plan.subject();
    let (mut words, mut notes) = (vec!["ccci".to_string(), "run".into(), app.recipe.to_string()], vec![]);
    let mut flag = |name: &str, value: &str| words.extend([format!("--{name}"), quoted(value)]);
    flag("source", &app.source);
    if app.head.dirty {
        notes.push("The head had uncommitted changes, which no revision names: the command takes the source as it is now.".into());
    } else {
        flag("ref", app.head.commit.as_str());
    }
    match &app.base {
        None => flag("base", "none"),
        Some(Deployment { version: Some(version), .. }) => flag("base", version.as_str()),
        Some(base) => notes.push(format!(
            "The base was {}, which has no version: the command chooses the base anew.",
            line(&base.found_as)
        )),
    }
    if let Some(partial) = o.plan.partial() {
        flag("tiers", &partial.tiers.iter().map(|t| t.name()).collect::<Vec<_>>().join(","));
        if partial.tests.is_some() {
            for (file, name) in tests(&o.plan) {
                flag("test", &format!("{file}::{name}"));
            }
        }
    }
    if o.plan.deadline_ms != USUAL_DEADLINE_MS {
        flag("deadline", &format!("{}s", o.plan.deadline_ms.div_ceil(1_000)));
    }
    if o.plan.keep {
        words.push("--keep".into());
    }
    Again { command: words.join(" "), notes }
}

/// The tests of the plan: file and function.
fn tests(plan: &Plan) -> impl Iterator<Item = (&str, &str)> {
    plan.steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Tests { file, names } => {
                Some(names.iter().map(move |name| (file.as_str(), name.as_str())))
            }
            _ => None,
        })
        .flatten()
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let word = line(word);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::event::{DecidedBy, Skip};
    use ccci_model::name::Revision;
    use ccci_model::plan::Plan;
    use ccci_model::tier::Tier;
    use ccci_runner::record::Record;
    use ccci_testkit::example::{self, green_run};

    fn of(change: impl FnOnce(&mut Plan)) -> Again {
        let mut plan = example::plan();
        change(&mut plan);
        again(&Record::of(green_run(&plan)).unwrap().outcome)
    }

    #[test]
    fn the_command_names_source_head_and_base() {
        let plan = example::plan();
        let app = plan.subject();
        let (head, base) = (app.head.commit.as_str(), app.base.as_ref().unwrap().version.as_ref().unwrap());
        let expected = format!("ccci run {} --source {} --ref {head} --base {base}", app.recipe, app.source);
        let again = of(|_| ());
        assert!(again.command.starts_with(&expected), "{}", again.command);
        assert!(again.notes.is_empty());
    }

    #[test]
    fn what_was_asked_for_is_asked_for_again() {
        let again = of(|plan| {
            plan.keep = true;
            plan.deadline_ms = 90_000;
            let app = plan.subject_mut();
            app.base = None;
            app.tiers = vec![Tier::Install, Tier::Custom];
            let (what, reason) = ("backup".into(), "not asked for".into());
            app.skips.push(Skip { what, reason, decided_by: DecidedBy::Caller });
        });
        assert!(
            again.command.ends_with("--base none --tiers install,custom --deadline 90s --keep"),
            "{}",
            again.command
        );
    }

    #[test]
    fn what_cannot_be_repeated_is_told() {
        let again = of(|plan| {
            let app = plan.subject_mut();
            app.head.dirty = true;
            app.base.as_mut().unwrap().version = None;
        });
        assert!(!again.command.contains("--ref") && !again.command.contains("--base"), "{}", again.command);
        assert_eq!(again.notes.len(), 2);
    }

    #[test]
    fn a_shell_takes_each_value_for_one_word() {
        let again = of(|plan| {
            plan.subject_mut().source = "/a b/it's $(x)\n;".into();
            plan.subject_mut().head.commit = Revision::parse(&"a".repeat(40)).unwrap();
        });
        assert!(again.command.contains(r"--source '/a b/it'\''s $(x) ;' --ref aaaa"), "{}", again.command);
    }
}
