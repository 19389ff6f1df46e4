//! Backup and restore by the label contract, carried out by ccci itself.

use super::Done;
use crate::execute::{Run, hooks};
use ccci_model::event::What;
use ccci_model::failure::{Failure, causes};
use ccci_model::plan::{Action, NO_RESTORE};
use ccci_model::tier::Tier;
use ccci_script::hooks::{BACKUP_VERIFY, PRE_RESTORE};
use ccci_swarm::backup;
use ccci_swarm::ports::clock::Limit;

/// Makes a backup. `backup_verify` is called after each attempt; if it returns false, the whole backup is made again.
pub(crate) fn back_up(run: &mut Run<'_>, attempts: u32, verify: bool, limit: &Limit) -> Done {
    for attempt in 1..=attempts {
        let name = format!("backup-{attempt}");
        let snapshot = backup::back_up(run.world, &run.app().stack, &name, limit)?;
        for a in &snapshot.archives {
            let (file, sha256, bytes) = (a.file.clone(), Some(a.sha256.clone()), a.bytes);
            run.sink.emit(What::Kept { file, sha256, bytes });
        }
        for what in &snapshot.left_out {
            run.sink.emit(What::NotProved { what: what.clone() });
        }
        run.note("snapshot", &name);
        let summary = snapshot.summary();
        run.state.snapshot = Some(snapshot);
        if !verify || hooks::call(run, BACKUP_VERIFY, limit)? {
            let tries =
                if attempt > 1 { format!(", attempt {attempt} of {attempts}") } else { String::new() };
            return Ok(Some(format!("{summary}{tries}")));
        }
        run.sink.waiting(
            run.step,
            &format!("another backup: backup_verify returned false for attempt {attempt}"),
        );
    }
    let observed = format!("it returned false for all {attempts} attempts");
    Err(Box::new(Failure::new(causes::BACKUP_NOT_VERIFIED, "backup_verify to return true", observed)))
}

/// The generic assertion: an artifact exists and is not empty. Only its content counts (lesson 50).
pub(crate) fn assert_artifact(run: &mut Run<'_>, tier: Option<Tier>) -> Done {
    let result = match &run.state.snapshot {
        Some(s) => s.assert_not_empty(),
        None => Err(no_snapshot()),
    };
    run.generic(tier, "the backup holds something", result).map(|()| None)
}

/// Restores the last backup.
pub(crate) fn restore(run: &mut Run<'_>, limit: &Limit) -> Done {
    let Some(snapshot) = &run.state.snapshot else {
        return Err(no_snapshot());
    };
    (run.state.restoring, run.state.answered_in) = (true, None);
    let done = backup::restore(run.world, &run.app().stack, snapshot, limit)?;
    // without a hook that damages data, or a test that checks it, the plan already says that this is not proved
    let mut own = run.job.plan.steps.iter().filter(|s| s.app == run.at);
    let damaged = own.clone().any(|s| matches!(&s.action, Action::Hook { hook } if hook == PRE_RESTORE.name));
    let looked_for = own.any(|s| s.tier == Some(Tier::Restore) && matches!(s.action, Action::Tests { .. }));
    if done.is_nothing() && damaged && looked_for {
        let what =
            format!("{NO_RESTORE}: nothing had changed since the backup, so there was nothing to put back");
        run.sink.emit(What::NotProved { what });
    }
    for what in &done.doubts {
        run.sink.emit(What::NotProved { what: what.clone() });
    }
    if let Ok(observed) = run.world.cluster.look(&run.app().stack, limit) {
        for (volume, service) in backup::left_out(&observed) {
            run.not_proved(format!(
                "that the data of `{service}` in `{volume}` come back: no backup holds that volume"
            ));
        }
    }
    Ok(Some(done.summary()))
}

/// The failure of a step that needs a backup. It cannot happen: such a step is not started without one.
fn no_snapshot() -> Box<Failure> {
    Box::new(Failure::new(causes::INTERNAL, "a backup before what needs one", "there is none"))
}
