//! The texts inside events and plans, each reached by its type. Redaction and the limit on the size of an event are
//! changes of these texts. A new field or event does not compile until it is listed here, so none can be forgotten.

use crate::event::{DecidedBy, Event, LintedRule, Shown, Shows, Skip, What};
use crate::failure::detail::{CommandOf, Detail};
use crate::failure::{Blame, Evidence, Failure, FailureId};
use crate::name::{CallId, Domain, RecipeName, Revision, RunId, ServiceName, StackName, Version};
use crate::plan::left_alone::{Kind, Outside};
use crate::plan::partial::TestName;
use crate::plan::{Action, AppPlan, Deployment, Held, Plan, Role, Setting, Side, Step};
use crate::tier::{Status, Tier};
use crate::time::Moment;
use std::collections::BTreeMap;

/// A value with texts that may come from outside.
pub trait Texts {
    /// Replaces each text by what `with` makes of it. Words of ccci, names and numbers stay, so the value can still be
    /// written and read back.
    fn change(&mut self, with: &dyn Fn(&str) -> String);
}

impl Texts for Box<str> {
    fn change(&mut self, with: &dyn Fn(&str) -> String) {
        *self = with(self).into();
    }
}

impl Texts for String {
    fn change(&mut self, with: &dyn Fn(&str) -> String) {
        *self = with(self);
    }
}

impl<T: Texts> Texts for Option<T> {
    fn change(&mut self, with: &dyn Fn(&str) -> String) {
        self.iter_mut().for_each(|one| one.change(with));
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn change(&mut self, with: &dyn Fn(&str) -> String) {
        self.iter_mut().for_each(|one| one.change(with));
    }
}

impl<T: Texts> Texts for Box<T> {
    fn change(&mut self, with: &dyn Fn(&str) -> String) {
        (**self).change(with);
    }
}

/// Keys are texts as well, such as the names of files.
impl<T: Texts> Texts for BTreeMap<String, T> {
    fn change(&mut self, with: &dyn Fn(&str) -> String) {
        let old = std::mem::take(self);
        self.extend(old.into_iter().map(|(key, mut value)| {
            value.change(with);
            (with(&key), value)
        }));
    }
}

/// Types that contain no text from outside.
macro_rules! no_texts {
    ($($type:ty),* $(,)?) => {
        $(impl Texts for $type {
            fn change(&mut self, _: &dyn Fn(&str) -> String) {}
        })*
    };
}

no_texts!(
    bool,
    u16,
    Box<[u16]>,
    u32,
    u64,
    i64,
    usize,
    Moment,
    FailureId,
    Tier,
    Status,
    Side,
    Role,
    Blame,
    Kind,
    CommandOf
);
no_texts!(DecidedBy, Shows, RecipeName, Domain, StackName, ServiceName, Revision, Version, RunId, CallId);

/// Lists the fields of structs; those after `;` are words of ccci that have the type of a text.
macro_rules! structs {
    ($($type:ident { $($field:ident),* $(; $($own:ident),*)? })*) => {
        $(impl Texts for $type {
            fn change(&mut self, with: &dyn Fn(&str) -> String) {
                let $type { $($field,)* $($($own: _,)*)? } = self;
                $($field.change(with);)*
            }
        })*
    };
}

/// Lists the variants of an enum with their fields; those after `;` are words of ccci that have the type of a text.
macro_rules! variants {
    ($type:ident { $($variant:ident $({ $($field:ident),* $(; $($own:ident),*)? })? $(($inner:ident))?,)* }) => {
        impl Texts for $type {
            fn change(&mut self, with: &dyn Fn(&str) -> String) {
                match self {
                    $($type::$variant $({ $($field,)* $($($own: _,)*)? })? $(($inner))? => {
                        $($($field.change(with);)*)?
                        $($inner.change(with);)?
                    })*
                }
            }
        }
    };
}

structs! {
    Event { at, what }
    Skip { what, reason, decided_by }
    TestName { tier, file, name }
    LintedRule { id, result, findings; severity }
    Shown { app, by, shows, file, bytes }
    Failure { id, blame, detail, evidence, place, again, to_do; cause }
    Evidence { what, text, log }
    Plan { run_id, call, apps, order, steps, deadline_ms, keep }
    Step { app, tier, action, limit_ms }
    Deployment { commit, dirty, published, version, found_as, compose_files, images, services, repaired }
    Setting { key, value, from }
    Held { kind, name, by }
    Outside { service, target, kind, source, lies, read_only, inside, backed_up }
    AppPlan {
        role, needs, recipe, source, domain, stack, head, base, base_reason, tiers, skips, unasked, not_proved,
        settings, scripts, overlays, left_alone, expected_na, warnings
    }
}

variants! { What {
    RunStarted { schema, ccci, wall_ms, plan },
    Engine { version, api, ipvs },
    StepStarted { step, title, tier },
    Failed(failure),
    StepEnded { step, status, ms, failure, note },
    Waiting { step, on },
    HookStarted { hook },
    HookEnded { hook, ms, failure },
    Called { by, function, arguments, result, ok, ms },
    Said { by, text },
    TestEnded { tier, file, name, status, ms, failure },
    Pulled { image, digest, present, ms },
    Deployed { app, side },
    Linted { status, rules },
    Fact { name, value },
    NotProved { what },
    Skipped(skip),
    Stopped { by },
    Kept { file, sha256, bytes },
    Shown(shown),
    Removed { ms, leftovers, counts },
    SecretFound { file, secret },
    RecordFailed { failure },
    ArchivesDropped { files },
    RunEnded { wall_ms },
} }

variants! { Detail {
    Told { expected, observed },
    Assertion { expression, observed },
    Exec { role, service, argv, code, stdout, stderr },
    Answer { url, accepted, status, task, proxy, body },
    Refused { holder, said },
    Image { image, said },
    Left { held },
    Deadline { deadline_ms, during },
    Interrupted { during },
    EngineLost { then },
    EngineSilent { silent_ms, then },
    NotReady { stable, in_a_row, asked, ms, raised },
    Ended { service, how, after_ms },
    SecretFound { file, secret },
    DeployCount { app, side, planned, taken },
} }

variants! { Action {
    CollectLeftovers,
    LookAtEngine,
    Networks { side },
    Env { side, hooks, live },
    Secrets { side },
    Hook { hook },
    Resolve { side },
    Pull { side },
    Deploy { side },
    Converge { side },
    StaysUp { side, for_ms },
    Health { path, ok },
    Ready { stable },
    Prune,
    AssertServing { path, ok, http, last },
    AssertUpgraded,
    Settle,
    Backup { attempts, verify },
    AssertArtifact,
    Restore,
    Provide { consumer },
    Screenshot { hook },
    Tests { file, names },
    Remove,
} }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    #[test]
    fn texts_and_keys_change_and_words_of_ccci_do_not() {
        let mut plan = example::plan();
        plan.apps[0].scripts.insert("custom/test_a.rhai".into(), "the directory".into());
        let mut what =
            What::RunStarted { schema: 2, ccci: "0.1.0".into(), wall_ms: 7, plan: Box::new(plan.clone()) };
        what.change(&|_| "x".into());
        let What::RunStarted { ccci, plan: changed, .. } = what else { panic!() };
        assert_eq!(
            (ccci.as_str(), &changed.run_id, &changed.apps[0].domain),
            ("x", &plan.run_id, &plan.apps[0].domain)
        );
        assert_eq!((changed.apps[0].source.as_str(), &changed.apps[0].tiers), ("x", &plan.apps[0].tiers));
        assert_eq!(changed.apps[0].scripts, BTreeMap::from([("x".to_string(), "x".to_string())]));
    }

    #[test]
    fn the_cause_of_a_failure_stays_and_its_facts_and_evidence_change() {
        let inner = Failure::new(crate::failure::causes::EXEC_FAILED, "a", "b").evidence("log", "text");
        let detail = Detail::Interrupted { during: Some(Box::new(inner)) };
        let mut failure = Failure::of(crate::failure::causes::INTERRUPTED, detail);
        failure.change(&|text| format!("<{text}>"));
        assert_eq!(failure.cause, "interrupted");
        let Detail::Interrupted { during: Some(inner) } = failure.detail else { panic!() };
        assert_eq!(inner.detail, Detail::Told { expected: "<a>".into(), observed: "<b>".into() });
        assert_eq!((inner.evidence[0].what.as_str(), inner.evidence[0].text.as_str()), ("<log>", "<text>"));
    }
}
