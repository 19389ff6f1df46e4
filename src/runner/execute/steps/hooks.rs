//! Steps that call scripts: a hook, or the tests of a file. Every test runs even if another failed.

use super::Done;
use crate::build::HOOK_LIMIT;
use crate::execute::{Run, hooks};
use ccci_model::event::What;
use ccci_model::failure::Failure;
use ccci_model::tier::Tier;
use ccci_script::hooks::{INSTALL_STEPS, POST_INSTALL, PRE_BACKUP, PRE_INSTALL, PRE_RESTORE, PRE_UPGRADE};
use ccci_swarm::ports::clock::Limit;

/// Calls a hook that returns nothing.
pub(super) fn call(run: &mut Run<'_>, name: &str, limit: &Limit) -> Done {
    let all = [INSTALL_STEPS, PRE_INSTALL, POST_INSTALL, PRE_UPGRADE, PRE_BACKUP, PRE_RESTORE];
    for hook in all {
        if hook.name == name {
            hooks::call(run, hook, limit)?;
            return Ok(None);
        }
    }
    let text = format!("the plan names a hook `{name}` that the executor does not know");
    Err(Box::new(Failure::new(ccci_model::failure::causes::INTERNAL, "a plan that can be carried out", text)))
}

/// Runs the tests of one file, each with a scope and a deadline of its own.
pub(super) fn tests(
    run: &mut Run<'_>,
    tier: Option<Tier>,
    file: &str,
    names: &[String],
    limit: &Limit,
) -> Done {
    let tier = tier.unwrap_or(Tier::Custom);
    let mut failed: Vec<Box<Failure>> = vec![];
    for name in names {
        let began = run.world.clock.now();
        let own = limit.within(&*run.world.clock, HOOK_LIMIT);
        let result = hooks::call_test(run, file, name, &own);
        let mut failure = result.err().map(|f| run.in_light(*f));
        let ms = run.world.clock.now().since(began).as_millis() as u64;
        let (status, id) = run.sink.ending(failure.as_deref_mut());
        failed.extend(failure);
        let (file, name) = (file.to_string(), name.clone());
        run.sink.emit(What::TestEnded { tier, file, name, status, ms, failure: id });
    }
    if failed.is_empty() {
        return Ok(Some(format!("{} passed", names.len())));
    }
    // report a failure of the recipe rather than one of infra
    let first = failed.iter().position(|f| !f.is_error()).unwrap_or(0);
    Err(failed.swap_remove(first))
}
