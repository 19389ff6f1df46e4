//! Where an accepted answer leads: an app that redirects for ever, or to an error, shows its visitors nothing.

use super::answer::{no_answer, one_answer, refusal, request};
use crate::execute::Run;
use ccci_model::failure::Failure;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::ports::web::{AnsweredBy, HttpAnswer, HttpRequest, WebError};

/// The session whose cookies the requests share: an app may set one first and redirect until it comes back.
const SESSION: &str = "where it leads";
/// How often a redirect to plain HTTP is answered as an operator's proxy does, by one to HTTPS.
const UPGRADES: usize = 3;

/// Follows the redirect of an accepted answer, as a browser does. What it leads to outside of the run is not proved.
pub(super) fn follow(
    run: &mut Run<'_>,
    path: &str,
    first: &HttpAnswer,
    ok: &[u16],
    limit: &Limit,
) -> Result<(), Box<Failure>> {
    if !redirects(first) {
        return Ok(());
    }
    let mut asked = HttpRequest { follow: true, session: SESSION.into(), ..request(run, path, None) };
    let mut answer = None;
    for _ in 0..UPGRADES {
        let limit = one_answer(run, limit);
        answer = Some(run.world.web.send(&asked, &limit));
        match &answer {
            Some(Ok(a)) if by_proxy(a) && a.url.starts_with("http://") => {
                asked.url = a.url.replacen("http://", "https://", 1);
            }
            _ => break,
        }
    }
    run.world.web.end_sessions(SESSION);
    match answer {
        Some(Ok(a)) if by_proxy(&a) && a.url.starts_with("http://") => {
            let text = format!("it redirects to {} again and again, and a proxy leads back to HTTPS", a.url);
            Err(Box::new(no_answer(path, &text)))
        }
        Some(Ok(a)) => judged(run, path, &a, ok),
        Some(Err(WebError::NoAnswer { text, .. })) => Err(Box::new(no_answer(path, &text))),
        Some(Err(e)) => {
            run.not_proved(format!("what {path} leads to: {e}"));
            Ok(())
        }
        None => Ok(()),
    }
}

fn judged(run: &mut Run<'_>, path: &str, last: &HttpAnswer, ok: &[u16]) -> Result<(), Box<Failure>> {
    if let Some(to) = last.header("location").filter(|_| redirects(last)) {
        run.not_proved(format!(
            "what {path} leads to: it redirects to {to}, which is no address of this run"
        ));
    } else if by_proxy(last) || last.status >= 500 {
        return refusal(last, ok).map_or(Ok(()), |f| Err(Box::new(f)));
    } else if last.status >= 400 && !ok.contains(&last.status) {
        run.not_proved(format!("what {path} leads to: {} answers {}", last.url, last.status));
    }
    Ok(())
}

fn redirects(answer: &HttpAnswer) -> bool {
    matches!(answer.status, 301 | 302 | 303 | 307 | 308) && answer.header("location").is_some()
}

fn by_proxy(answer: &HttpAnswer) -> bool {
    matches!(answer.by, AnsweredBy::Ingress(_))
}
