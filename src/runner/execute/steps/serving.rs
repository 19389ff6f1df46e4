//! The generic serving assertion, and how generic assertions are recorded.

use super::answer::{ask, of_every_task, refusal, silence};
use super::deploy::until_converged;
use super::{Done, addresses, answer, redirects};
use crate::execute::{Run, desired};
use ccci_model::event::{DecidedBy, GENERIC, Skip, What};
use ccci_model::failure::{Failure, causes};
use ccci_model::plan::{Action, Side};
use ccci_model::tier::{Status, Tier};
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::web::HttpAnswer;
use std::convert::Infallible;
use std::time::Duration;

/// The generic assertion: every service has its desired count, and each task of the app gives an accepted answer. After a
/// deploy that did not converge, no answer is requested: it would come from the version before or from a task about to
/// end, and would prove nothing about what was deployed.
pub(crate) fn serving(
    run: &mut Run<'_>,
    tier: Option<Tier>,
    path: &str,
    ok: &[u16],
    http: bool,
    limit: &Limit,
) -> Done {
    let silence = run.world.cluster.silence();
    let counts = counts(run, limit);
    let counts = run.generic(tier, "every service is at its desired count", counts);
    let name = format!("{path} gives an accepted answer of the app");
    if http && counts.is_err() && !run.state.converged {
        run.not_asked(tier, &name, "what was deployed last did not converge");
        return counts.map(|()| None);
    }
    let answer = match http {
        true => {
            let asserted = assert_answer(run, path, ok, limit);
            run.generic(tier, &name, asserted)
        }
        false => Ok(()),
    };
    counts?;
    answer?;
    // whatever an engine that gave no answer did to the tasks, the app has come back
    run.state.recovered_from = silence;
    run.state.answered_in = tier.filter(|_| http).map(|tier| (run.step, tier));
    Ok(None)
}

/// How long an app may take to answer again at the end of a run.
const COMES_BACK: Duration = Duration::from_secs(30);

/// The assertion at the end of a run: the answer alone. Ends of tasks are told by the watch over the stack, and a worker
/// that ends by design may be between two tasks.
pub(super) fn still_serving(
    run: &mut Run<'_>,
    tier: Option<Tier>,
    path: &str,
    ok: &[u16],
    http: bool,
    limit: &Limit,
) -> Done {
    if http {
        // the last test may have restarted it
        let short = limit.within(&*run.world.clock, COMES_BACK);
        let asserted = match answer::health(run, path, ok, &short) {
            Ok((answer, _)) => {
                leads_on(run, path, &answer, ok, limit).map_err(|f| Box::new(since_it_answered(run, *f)))
            }
            Err(f) => Err(f),
        };
        run.generic(tier, &format!("{path} still gives an accepted answer of the app"), asserted)?;
    }
    addresses::ask_the_rest(run, tier, path, limit)?;
    Ok(None)
}

/// Most scripts that are named.
const NAMED: usize = 5;

/// Adds which scripts ran since the app last answered: one of them may have left it so.
pub(super) fn since_it_answered(run: &Run<'_>, failure: Failure) -> Failure {
    let of_answer = [causes::NOT_HEALTHY, causes::PROXY_ANSWERS].iter().any(|c| c.id == failure.cause);
    let Some((step, tier)) = run.state.answered_in.filter(|_| of_answer) else { return failure };
    let later = run.job.plan.steps.iter().take(run.step).skip(step + 1).filter(|s| s.app == run.at);
    let mut scripts: Vec<String> = later.filter_map(|s| script_of(&s.action)).collect();
    if scripts.is_empty() {
        return failure;
    }
    if let Some(more) = scripts.len().checked_sub(NAMED).filter(|more| *more > 0) {
        scripts.truncate(NAMED);
        scripts.push(format!("{more} more"));
    }
    let to_do = format!(
        "See which of these left the app so, and let it put back what it changes: {}. If none did, the app stops answering \
         by itself.",
        scripts.join(", ")
    );
    failure.evidence("before", format!("it gave an accepted answer in the tier {tier}")).to_do(to_do)
}

fn script_of(action: &Action) -> Option<String> {
    match action {
        Action::Tests { file, .. } => Some(format!("`{file}`")),
        Action::Hook { hook } => Some(format!("hook `{hook}`")),
        _ => None,
    }
}

fn counts(run: &mut Run<'_>, limit: &Limit) -> Result<(), Box<Failure>> {
    let side = run.state.current.unwrap_or(Side::Head);
    let desired = desired::of(&run.state.resolved[&side].composed, false);
    match until_converged(run, &desired, limit) {
        Ok(_) => Ok(()),
        // the author expects what looks like a loop
        Err(_) if !run.state.history.culprits.is_empty() && run.all_may_end() => {
            run.state.history.culprits.clear();
            Ok(())
        }
        Err(f) => Err(run.again(*f)),
    }
}

fn assert_answer(run: &mut Run<'_>, path: &str, ok: &[u16], limit: &Limit) -> Result<(), Box<Failure>> {
    let answer = of_every_task(ok, |n| Ok::<_, Infallible>(ask(run, path, Some(n), limit)));
    match answer {
        Ok(Ok(a)) => match refusal(&a, ok) {
            Some(f) => Err(run.again(run.with_logs(f))),
            None => leads_on(run, path, &a, ok, limit),
        },
        Ok(Err(e)) => Err(run.again(run.with_logs(silence(path, &e)))),
        Err(never) => match never {},
    }
}

/// Whether what an accepted answer leads to is there.
fn leads_on(
    run: &mut Run<'_>,
    path: &str,
    answer: &HttpAnswer,
    ok: &[u16],
    limit: &Limit,
) -> Result<(), Box<Failure>> {
    redirects::follow(run, path, answer, ok, limit).map_err(|f| run.again(run.with_logs(*f)))
}

impl Run<'_> {
    /// Reports a generic assertion as skipped, because something earlier prevents it.
    pub(crate) fn not_asked(&self, tier: Option<Tier>, name: &str, why: &str) {
        self.left_out(tier, name, why, (DecidedBy::Earlier, Status::Unver));
    }

    /// Reports a generic assertion as skipped, because it does not apply to this recipe.
    pub(crate) fn does_not_apply(&self, tier: Option<Tier>, name: &str, why: &str) {
        self.left_out(tier, name, why, (DecidedBy::Structure, Status::Skip));
    }

    fn left_out(&self, tier: Option<Tier>, name: &str, why: &str, as_what: (DecidedBy, Status)) {
        let (tier, name) = (tier.unwrap_or(Tier::Install), self.named(name));
        let (decided_by, status) = as_what;
        let what = format!("{GENERIC} {name}");
        self.sink.emit(What::Skipped(Skip { what, reason: why.into(), decided_by }));
        let (file, failure) = (GENERIC.to_string(), None);
        self.sink.emit(What::TestEnded { tier, file, name, status, ms: 0, failure });
    }

    /// Reports one generic assertion as a test of its tier, and returns its result as it was recorded.
    pub fn generic(
        &self,
        tier: Option<Tier>,
        name: &str,
        result: Result<(), Box<Failure>>,
    ) -> Result<(), Box<Failure>> {
        let mut result = result.map_err(|f| self.in_light(*f));
        let (status, failure) = self.sink.ending(result.as_mut().err().map(|f| &mut **f));
        let (tier, file, name) = (tier.unwrap_or(Tier::Install), GENERIC.to_string(), self.named(name));
        self.sink.emit(What::TestEnded { tier, file, name, status, ms: 0, failure });
        result
    }

    /// Marks a failure as a repetition if the wait for the last deploy failed with the same cause.
    pub(crate) fn again(&self, mut failure: Failure) -> Box<Failure> {
        failure.again = self.state.told.iter().find(|f| f.cause == failure.cause).map(|f| f.id);
        Box::new(failure)
    }
}
