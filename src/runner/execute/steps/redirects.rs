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
    let last = end_of(run, path, limit);
    run.world.web.end_sessions(SESSION);
    match last {
        Ok(last) => judged(run, path, &last, ok),
        Err(WebError::NoAnswer { text, .. }) => Err(Box::new(no_answer(path, &text))),
        Err(e) => {
            run.not_proved(format!("what {path} leads to: {e}"));
            Ok(())
        }
    }
}

/// The last answer. An operator's proxy redirects plain HTTP to HTTPS, which this one does not.
fn end_of(run: &Run<'_>, path: &str, limit: &Limit) -> Result<HttpAnswer, WebError> {
    let mut asked = HttpRequest { follow: true, session: SESSION.into(), ..request(run, path, None) };
    let mut plain = String::new();
    for _ in 0..UPGRADES {
        let answer = run.world.web.send(&asked, &one_answer(run, limit))?;
        if !(by_proxy(&answer) && answer.url.starts_with("http://")) {
            return Ok(answer);
        }
        asked.url = answer.url.replacen("http://", "https://", 1);
        plain = answer.url;
    }
    let text = format!("it redirects to {plain} again and again, and a proxy leads back to HTTPS");
    Err(WebError::NoAnswer { url: asked.url, text })
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
