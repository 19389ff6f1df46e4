//! Makes the app env and resolves the compose files with it to a single file, which is then deployed.

use super::Done;
use crate::execute::overlay::Overlay;
use crate::execute::state::Resolved;
use crate::execute::{Run, hooks};
use ccci_model::diag::{Diagnostics, Severity, render};
use ccci_model::failure::{Failure, causes};
use ccci_model::plan::Side;
use ccci_recipe::compose_files::{self, COMPOSE_FILE, Fault};
use ccci_recipe::source::tidy;
use ccci_script::Point;
use ccci_script::hooks::{EXTRA_ENV, UPGRADE_EXTRA_ENV};
use ccci_swarm::ports::clock::Limit;
use std::collections::BTreeMap;

/// What to do when the head does not resolve with the env of an installed app.
const KEPT_ENV: &str = "an installed app keeps the env that the base's sample made: give the variable a default, or tell \
                        operators in the release notes what to add and set it in `upgrade.env`";

/// The app env of a side: the values known before the run, then those that the hooks return.
pub(crate) fn env(run: &mut Run<'_>, side: Side, names: &[String], live: bool, limit: &Limit) -> Done {
    let mut env = run.texts().sides[&side].env.vars.clone();
    run.state.env.insert(side, env.clone());
    let mut added = vec![];
    for name in names {
        let hook = if name == UPGRADE_EXTRA_ENV.name { UPGRADE_EXTRA_ENV } else { EXTRA_ENV };
        let point = if live { Point::UpgradeEnv } else { hook.point };
        let extra = hooks::call_at(run, hook, point, vec![], limit)?.0;
        added.extend(extra.keys().cloned());
        env.extend(extra);
        run.state.env.insert(side, env.clone());
    }
    Ok((!added.is_empty()).then(|| format!("hooks set {}", added.join(", "))))
}

/// Makes one file from the recipe's files, the env, the overlays and the run's own labels.
pub(crate) fn resolve(run: &mut Run<'_>, side: Side) -> Done {
    let (texts, plan) = (&run.texts().sides[&side], run.app());
    let env = &run.state.env[&side];
    let mut files = compose_files::read(env, &texts.facts.files).map_err(unnamed)?;
    files.extend(texts.overlays.iter().cloned());
    let (composed, mut diagnostics) = compose_files::compose(&files, env, &texts.facts.files);
    if let Some(c) = &composed {
        diagnostics.0.extend(c.deployable().0);
    }
    let mut composed = composed.filter(|_| !diagnostics.has_errors()).ok_or_else(|| {
        let failure = invalid(diagnostics);
        if texts.keeps_env { Box::new(failure.to_do(KEPT_ENV)) } else { failure }
    })?;
    let deployment = if side == Side::Base { plan.base.as_ref().unwrap_or(&plan.head) } else { &plan.head };
    let (owner, recipe) = (run.owner(), plan.recipe.as_str());
    let no_ipvs = run.shared.no_ipvs();
    let app = run.texts().app.as_str();
    let overlay = Overlay { owner: &owner, stack: &plan.stack, recipe, app, deployment, env, no_ipvs };
    let shared = overlay.lay(&mut composed);
    // the client reads the file in a directory that contains only the named files, so a path like `x/..` would not work
    let plain = |path: &str| Some(path).filter(|p| p.contains("..")).and_then(tidy);
    composed.move_files(|path| plain(path).unwrap_or_else(|| path.to_string()));
    let yaml = composed.to_yaml();
    let mut contents = BTreeMap::new();
    for path in composed.referenced_files() {
        let bytes = texts.facts.files.bytes_at(&path).ok_or_else(|| {
            let expected = format!("file `{path}`, which the compose file names");
            Failure::new(causes::COMPOSE_INVALID, expected, "the recipe has no such file at this revision")
        })?;
        contents.insert(path, bytes.to_vec());
    }
    run.keep(&format!("compose.{}.yml", if side == Side::Base { "base" } else { "head" }), yaml.as_bytes());
    run.state.resolved.insert(side, Resolved { composed, yaml, files: contents });
    let note = format!("this run has its own instead of {}", shared.join(", "));
    Ok((!shared.is_empty()).then_some(note))
}

/// `COMPOSE_FILE` has faults. They can appear only now, because a hook may name other files than those checked before.
fn unnamed(faults: Vec<Fault>) -> Box<Failure> {
    let said: Vec<String> = faults.iter().map(|f| format!("{} ({})", f.message(), f.help())).collect();
    let expected = format!("{COMPOSE_FILE} names files that the recipe has at this revision");
    let first = said.first().cloned().unwrap_or_default();
    Box::new(Failure::new(causes::COMPOSE_INVALID, expected, first).evidence("COMPOSE_FILE", said.join("\n")))
}

fn invalid(diagnostics: Diagnostics) -> Box<Failure> {
    let all = diagnostics.sorted();
    let lines: Vec<String> =
        all.iter().filter(|d| d.severity == Severity::Error).map(render::one_line).collect();
    let first = lines.first().cloned().unwrap_or_else(|| "the files cannot be composed".into());
    Box::new(
        Failure::new(causes::COMPOSE_INVALID, "compose files that resolve with this env", first)
            .evidence("diagnostics", lines.join("\n")),
    )
}
