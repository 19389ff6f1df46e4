//! Waits until the app answers: health over HTTP, and the recipe's ready probe.

use super::{Done, serving};
use crate::execute::{Run, failures, hooks};
use ccci_model::event::What;
use ccci_model::failure::detail::Detail;
use ccci_model::failure::{Failure, causes};
use ccci_script::hooks::READY_PROBE;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::web::{AnsweredBy, HttpAnswer, HttpRequest, WebError};
use ccci_swarm::routing::Table;
use ccci_swarm::wait::{self, Look, WaitError};
use std::time::Duration;

/// Time limit of one health request. The limit of the step bounds the whole wait.
const ONE_ANSWER: Duration = Duration::from_secs(30);

/// Time limit of a wait for health when an earlier one of the run gave up: the same path of another version, or after a
/// restore, rarely answers then, and five more minutes tell nothing new.
const AFTER_A_FAILURE: Duration = Duration::from_secs(30);

/// If the proxy has no route to the app for this long, it will not get one, unless a task is still to start. Its routes
/// come from labels that are deployed already, and its view of them is at most half a second old.
const UNROUTED: Duration = Duration::from_secs(5);

/// For how long the body of an answer is read. The status counts, and a page that streams events never ends.
const ONE_BODY: Duration = Duration::from_secs(2);

/// What to do about a status that a middleware of the recipe gives to strangers.
const ACCEPT_IT: &str = "If strangers are to get this answer, accept its status with `health.ok`, or ask a path without the middleware with `health.path`.";

/// Characters of an answer's body that a failure shows.
const SHOWN_OF_BODY: usize = 300;

/// Minimum time for the last request or call of a wait.
const LAST_QUESTION: Duration = Duration::from_secs(5);

/// Waits until the app itself gives an accepted answer; returns it with a note for the reader. If an earlier wait of the
/// run gave up, this one is short.
pub(crate) fn health(
    run: &mut Run<'_>,
    path: &str,
    ok: &[u16],
    limit: &Limit,
) -> Result<(HttpAnswer, String), Box<Failure>> {
    let shorter = limit.within(&*run.world.clock, AFTER_A_FAILURE);
    let limit = if run.state.gave_up { &shorter } else { limit };
    let (n, sink, clock, mut last, mut unrouted) = (run.step, run.sink, run.world.clock.clone(), None, None);
    let mut asked = 0;
    let waited = wait::until(&*clock, limit, &mut |on| sink.waiting(n, on), || {
        if let Some(failure) = run.watch().hopeless {
            return Ok(Look::Hopeless(failure));
        }
        asked += 1;
        let answer = match of_every_task(ok, |n| ask_watching(run, path, n, limit)) {
            Ok(answer) => answer,
            Err(failure) => return Ok(Look::Hopeless(*failure)),
        };
        let now = run.world.clock.now();
        // an app whose task has just ended has no route for a moment; the watch above calls it when that repeats
        let lasts = no_way(&answer) && run.state.ended.is_empty() && !a_task_is_to_come(run, limit);
        unrouted = lasts.then(|| unrouted.unwrap_or(now));
        let hopeless = unrouted.is_some_and(|since| now.since(since) >= UNROUTED);
        let look = match &answer {
            Err(WebError::Stopped) => Look::Waiting("the run to stop".into()),
            Err(e) if hopeless => Look::Hopeless(silence(path, e)),
            Err(e) => Look::Waiting(e.to_string()),
            Ok(a) => match refusal(a, ok) {
                None => Look::Done(a.clone()),
                Some(f) if hopeless => Look::Hopeless(f),
                Some(f) => Look::Waiting(f.observed()),
            },
        };
        last = Some(answer);
        Ok::<_, WebError>(look)
    });
    match waited {
        Ok(answer) => {
            let note = accepted(run, path, &answer);
            Ok((answer, note))
        }
        Err(WaitError::Hopeless(f)) => Err(run.gave_up(*f)),
        Err(WaitError::TimedOut { after, .. }) => {
            let failure = match last {
                Some(Ok(a)) => refusal(&a, ok).unwrap_or_else(|| no_answer(path, "it came too late")),
                Some(Err(e)) => silence(path, &e),
                None => no_answer(path, "no request was made"),
            };
            let times = if asked == 1 { "once".to_string() } else { format!("{asked} times") };
            let waited = format!("{}, asked {times}", ccci_model::time::Span(after));
            let failure = run.besides(failure.evidence("waited", waited), path, limit);
            Err(run.gave_up(failure))
        }
        Err(e) => Err(Box::new(failures::wait_of(e, "get an accepted answer"))),
    }
}

/// Calls `ready_probe` until it has returned true the required number of times in a row. A probe that raises counts as
/// false.
pub(crate) fn ready(run: &mut Run<'_>, stable: u32, limit: &Limit) -> Done {
    let n = run.step;
    let (sink, clock) = (run.sink, run.world.clock.clone());
    let (mut yes, mut asked, mut raised) = (0, 0u32, None);
    let waited = wait::until(&*clock, limit, &mut |on| sink.waiting(n, on), || {
        if let Some(failure) = run.watch().hopeless {
            return Ok(Look::Hopeless(run.with_logs(failure)));
        }
        asked += 1;
        match hooks::call(run, READY_PROBE, &one_question(run, limit)) {
            Ok(true) => yes += 1,
            Ok(false) => yes = 0,
            Err(f) if f.is_error() || !is_not_yet(&f) => return Ok(Look::Hopeless(*f)),
            Err(f) => {
                yes = 0;
                raised = Some(f);
            }
        }
        Ok::<_, WebError>(match yes >= stable {
            true => Look::Done(()),
            false => Look::Waiting(format!("ready_probe to be true ({yes} of {stable} in a row)")),
        })
    });
    match waited {
        Ok(()) => Ok(Some(format!("true {stable} times in a row, called {asked} times"))),
        Err(WaitError::Hopeless(f)) => Err(f),
        Err(WaitError::TimedOut { after, .. }) => {
            let place = raised.as_ref().and_then(|r| r.place.clone());
            let ms = after.as_millis() as u64;
            let mut f =
                Failure::of(causes::NOT_READY, Detail::NotReady { stable, in_a_row: yes, asked, ms, raised });
            f.place = place;
            Err(Box::new(run.with_logs(f)))
        }
        Err(e) => Err(Box::new(failures::wait_of(e, "get true from ready_probe"))),
    }
}

/// The limit of one request or call. The last one may start right at the deadline and still gets some seconds.
fn one_question(run: &Run<'_>, limit: &Limit) -> Limit {
    let some = run.world.clock.now().after(LAST_QUESTION);
    Limit { deadline: limit.deadline.max(some), stop: limit.stop.clone() }
}

/// Whether a failure of a probe counts as "not yet": it raised or hung. A probe with a wrong return type never becomes
/// ready.
fn is_not_yet(f: &Failure) -> bool {
    [causes::HOOK_FAILED, causes::EXEC_FAILED, causes::SCRIPT_DEADLINE].iter().any(|c| c.id == f.cause)
}

/// Asks every task behind the router, because a proxy sends requests to all of them. Returns the first answer that is
/// not accepted; if all are, that of the first task.
pub(super) fn of_every_task<E>(
    ok: &[u16],
    mut ask: impl FnMut(usize) -> Result<Result<HttpAnswer, WebError>, E>,
) -> Result<Result<HttpAnswer, WebError>, E> {
    let accepted = |answer: &Result<HttpAnswer, WebError>| {
        answer.as_ref().is_ok_and(|answer| refusal(answer, ok).is_none())
    };
    let first = ask(0)?;
    if !accepted(&first) {
        return Ok(first);
    }
    let tasks = first.as_ref().ok().and_then(|a| a.from.as_ref()).map_or(1, |from| from.of);
    for n in 1..tasks {
        let next = ask(n)?;
        if !accepted(&next) {
            return Ok(next);
        }
    }
    Ok(first)
}

/// The note of an accepted answer. One that a middleware gave does not prove that the app answers.
fn accepted(run: &mut Run<'_>, path: &str, answer: &HttpAnswer) -> String {
    let status = answer.status;
    let Some(why) = instead_of_the_app(answer) else {
        if status >= 400 {
            run.not_proved(format!(
                "that {path} shows a page: the app answers {status}, which `health.ok` accepts"
            ));
        }
        let tasks = answer.from.as_ref().map_or(1, |from| from.of);
        let each = if tasks > 1 { format!(", each of its {tasks} tasks") } else { String::new() };
        return format!("{path} answers {status}{each}");
    };
    run.not_proved(format!(
        "that the app itself answers on {path}: {why}; the status {status} proves only that it is routed"
    ));
    format!("{path} answers {status} by a middleware of the app")
}

/// Requests the path, and watches the stack while the answer is awaited: the address of a task that has ended may stay
/// silent. The request is given up when another task has ended; a stack that cannot become good is the failure.
fn ask_watching(
    run: &mut Run<'_>,
    path: &str,
    task: usize,
    limit: &Limit,
) -> Result<Result<HttpAnswer, WebError>, Box<Failure>> {
    let (request, limit, web) =
        (request(run, path, Some(task)), one_answer(run, limit), run.world.web.clone());
    let (ends, mut hopeless) = (run.state.history.count_late_ends(), None);
    let answer = web.send_while(&request, &limit, &mut || {
        hopeless = run.watch().hopeless;
        hopeless.is_none() && run.state.history.count_late_ends() == ends
    });
    hopeless.map_or(Ok(answer), |failure| Err(Box::new(failure)))
}

pub(super) fn ask(
    run: &Run<'_>,
    path: &str,
    task: Option<usize>,
    limit: &Limit,
) -> Result<HttpAnswer, WebError> {
    run.world.web.send(&request(run, path, task), &one_answer(run, limit))
}

pub(super) fn request(run: &Run<'_>, path: &str, task: Option<usize>) -> HttpRequest {
    HttpRequest { task, ..get(format!("https://{}{path}", run.app().domain)) }
}

/// A GET of whose answer the beginning is enough.
pub(super) fn get(url: String) -> HttpRequest {
    HttpRequest { method: "GET".into(), url, body_within: Some(ONE_BODY), ..HttpRequest::default() }
}

pub(super) fn one_answer(run: &Run<'_>, limit: &Limit) -> Limit {
    one_question(run, limit).within(&*run.world.clock, ONE_ANSWER)
}

/// Whether the proxy has no route to the app, cannot reach the node where it runs, or does not emulate what its labels
/// ask for.
fn no_way(answer: &Result<HttpAnswer, WebError>) -> bool {
    match answer {
        Ok(a) => matches!(a.by, AnsweredBy::Ingress(_)) && a.status == 404,
        Err(e) => matches!(e, WebError::Elsewhere(_) | WebError::NotEmulated(_)),
    }
}

/// Whether a route may be missing only because a task ended and the next one waits for its restart delay.
fn a_task_is_to_come(run: &Run<'_>, limit: &Limit) -> bool {
    let observed = run.world.cluster.look(&run.app().stack, limit);
    observed.map_or(true, |observed| Table::of(&observed).awaits_a_task())
}

/// The middleware that answered in place of the app, and why; a run reports what this does not prove.
fn instead_of_the_app(answer: &HttpAnswer) -> Option<String> {
    match &answer.by {
        AnsweredBy::Middleware(why) => Some(why.clone()),
        AnsweredBy::App | AnsweredBy::Ingress(_) => None,
    }
}

/// The failure of an answer that is not accepted; `None` if it is accepted. A middleware in the app's own labels may give
/// an accepted answer as well as the app: the recipe defines what strangers get.
pub(super) fn refusal(answer: &HttpAnswer, ok: &[u16]) -> Option<Failure> {
    let (proxy, cause) = match &answer.by {
        AnsweredBy::Ingress(why) => (Some(why.clone()), causes::PROXY_ANSWERS),
        _ if ok.contains(&answer.status) => return None,
        AnsweredBy::Middleware(why) => (Some(why.clone()), causes::PROXY_ANSWERS),
        AnsweredBy::App => (None, causes::NOT_HEALTHY),
    };
    let body = String::from_utf8_lossy(&answer.body).chars().take(SHOWN_OF_BODY).collect();
    let (url, accepted, status) = (answer.url.clone(), ok.into(), answer.status);
    let task = answer.from.as_ref().filter(|from| from.of > 1).map(|from| from.task.as_str().into());
    let failure = Failure::of(cause, Detail::Answer { url, accepted, status, task, proxy, body });
    Some(match answer.by {
        AnsweredBy::Middleware(_) => failure.to_do(ACCEPT_IT),
        AnsweredBy::App | AnsweredBy::Ingress(_) => failure,
    })
}

/// The failure when there was no answer. An ingress that could not look says nothing about the recipe.
pub(super) fn silence(path: &str, e: &WebError) -> Failure {
    e.of_infra(&format!("an answer on {path}")).unwrap_or_else(|| no_answer(path, &e.to_string()))
}

pub(super) fn no_answer(path: &str, why: &str) -> Failure {
    Failure::new(causes::NOT_HEALTHY, format!("an answer on {path}"), why.to_string())
}

impl Run<'_> {
    /// Reports what a green run does not prove, unless it was reported before.
    pub(crate) fn not_proved(&mut self, what: String) {
        if !self.state.not_proved.contains(&what) {
            self.state.not_proved.push(what.clone());
            self.sink.emit(What::NotProved { what });
        }
    }

    /// Adds the place of the setting that a wrong answer depends on, and what the root of the app answers.
    fn besides(&self, failure: Failure, path: &str, limit: &Limit) -> Failure {
        let setting = self.app().settings.iter().find(|s| s.key == "health.path");
        let failure = match setting {
            Some(setting) if failure.place.is_none() => failure.place(setting.from.clone()),
            _ => failure,
        };
        if path == "/" {
            return failure;
        }
        match ask(self, "/", None, limit) {
            Ok(answer) if matches!(answer.by, AnsweredBy::App) => {
                failure.evidence("another path", format!("`/` answers {}", answer.status))
            }
            _ => failure,
        }
    }

    /// The failure of a wait for health: adds the logs, records it and remembers it.
    fn gave_up(&mut self, failure: Failure) -> Box<Failure> {
        self.state.gave_up = true;
        let failure = serving::since_it_answered(self, failure);
        let mut failure = Box::new(self.with_logs(failure));
        self.remember(&mut failure);
        failure
    }

    /// Records the failure of a wait for the last deploy, so that a later check can say that nothing has changed.
    pub fn remember(&mut self, failure: &mut Box<Failure>) {
        *failure = self.in_light((**failure).clone());
        self.sink.record(failure);
        self.state.told.push((**failure).clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_swarm::ports::web::FromTask;
    use std::convert::Infallible;

    /// The answers of the tasks behind a router, by their statuses; 0 is no answer. Returns the status that counts, and
    /// how many were asked.
    fn asked(statuses: &[u16]) -> (u16, usize) {
        let mut asked = 0;
        let answer = of_every_task(&[200, 302], |n| {
            asked += 1;
            let (status, of) = (statuses[n], statuses.len());
            let from = Some(FromTask { task: format!("app.{}", n + 1), of });
            Ok::<_, Infallible>(match status {
                0 => Err(WebError::Deadline("https://x/".into())),
                status => Ok(HttpAnswer {
                    status,
                    headers: vec![],
                    body: vec![],
                    url: "https://x/".into(),
                    by: AnsweredBy::App,
                    from,
                }),
            })
        });
        (answer.unwrap().map_or(0, |a| a.status), asked)
    }

    #[test]
    fn every_task_is_asked_until_one_answers_wrongly() {
        assert_eq!(asked(&[200]), (200, 1));
        assert_eq!(asked(&[200, 302, 200]), (200, 3));
        assert_eq!(asked(&[200, 200, 500]), (500, 3));
        assert_eq!(asked(&[200, 0, 500]), (0, 2));
        assert_eq!(asked(&[404, 200]), (404, 1));
    }
}
