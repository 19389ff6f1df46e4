//! `ccci open`: serves apps that runs have kept until it is interrupted, and prints their addresses.

use super::args::OpenArgs;
use super::out::Out;
use crate::app::Session;
use crate::app::open::{KeptApp, NotOpened, Opened};
use crate::app::session::clock;
use ccci_model::diag::nearest::did_you_mean;
use ccci_model::exit::Exit;
use ccci_report::styled::Style;
use ccci_swarm::ports::clock::Limit;
use ccci_swarm::wait::{self, Look};
use std::convert::Infallible;
use std::time::Duration;

/// Longest time for which apps are served.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Serves the kept apps of a recipe, or all of them.
pub(super) fn open(args: &OpenArgs, session: &Session, out: &Out) -> Exit {
    let kept = match session.kept_apps(None) {
        Ok(kept) => kept,
        Err(e) => {
            out.say(&format!("error: failed to read the locks: {e}"));
            return Exit::Error;
        }
    };
    let asked = args.recipe.as_deref().map(name_of);
    let chosen: Vec<KeptApp> =
        kept.iter().filter(|app| asked.is_none_or(|name| app.recipe.as_str() == name)).cloned().collect();
    if chosen.is_empty() {
        out.say(&none(asked, &kept));
        for domain in session.kept_elsewhere(&kept).unwrap_or_default() {
            out.say(&format!(
                "{domain} is kept as well, but its record is not among the kept ones (`--out`), so its recipe is not known"
            ));
        }
        return Exit::Wrong;
    }
    let opened = match session.open(chosen) {
        Ok(opened) => opened,
        Err(NotOpened::Engine(failure)) => {
            let style = Style { colour: out.look.colour, width: out.look.width.min(120) };
            out.say(ccci_report::text_of(&failure, style).trim_end());
            return Exit::Error;
        }
        Err(e) => {
            out.say(&format!("error: failed to {e}"));
            return Exit::Error;
        }
    };
    for (app, why) in &opened.missing {
        out.say(&format!("{} ({}): not served: {why}", app.recipe, app.domain));
    }
    if opened.apps.is_empty() {
        return Exit::Wrong;
    }
    out.data(&addresses(&opened));
    out.say("serving until interrupted; `ccci clean` removes the apps afterwards");
    serve(session);
    Exit::Green
}

/// The last part of a path, which is the recipe's name.
fn name_of(given: &str) -> &str {
    given.trim_end_matches('/').rsplit('/').next().unwrap_or(given)
}

fn none(asked: Option<&str>, kept: &[KeptApp]) -> String {
    let name = asked.unwrap_or("RECIPE");
    let names = kept.iter().map(|app| app.recipe.as_str());
    let meant = asked.and_then(|name| did_you_mean(name, names)).map(|h| format!("{h} "));
    let what = asked.map_or("no app is kept".to_string(), |name| format!("no app of `{name}` is kept"));
    format!("error: {what}; {}`ccci run {name} --keep` keeps one", meant.unwrap_or_default())
}

/// How each app is reached. The names resolve nowhere, so a client has to be told where they are.
fn addresses(opened: &Opened) -> String {
    let (port, plain) = (opened.https.port(), opened.http.port());
    let one = |app: &KeptApp| {
        let domain = &app.domain;
        format!(
            "{} of run {}\n  https://{domain}:{port}/\n  http://{domain}:{plain}/\n  \
             curl --cacert {} --resolve {domain}:{port}:127.0.0.1 https://{domain}:{port}/\n  \
             in a browser: write `127.0.0.1 {domain}` into the hosts file of this machine\n",
            app.recipe,
            app.run,
            opened.ca.display()
        )
    };
    opened.apps.iter().map(one).collect()
}

/// Waits until the session is stopped.
fn serve(session: &Session) {
    let clock = clock();
    let limit = Limit { deadline: clock.now().after(LONGEST), stop: session.stop.clone() };
    let _ = wait::until(&*clock, &limit, &mut |_| (), || {
        Ok::<Look<()>, Infallible>(Look::Waiting("an interruption".into()))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_model::name::{Domain, RecipeName, RunId};

    #[test]
    fn what_is_not_kept_is_told_with_the_nearest_name() {
        let domain = Domain::parse("ghos-abc123.ccci.test").unwrap();
        let (stack, run) = (domain.stack(), RunId::parse("r").unwrap());
        let kept = [KeptApp { run, recipe: RecipeName::parse("ghost").unwrap(), domain, stack }];
        assert!(none(Some("gohst"), &kept).contains("did you mean `ghost`?"));
        assert_eq!(none(None, &[]), "error: no app is kept; `ccci run RECIPE --keep` keeps one");
        assert_eq!(name_of("./recipes/ghost/"), "ghost");
    }
}
