//! The picture of the app: opens a view in the browser and keeps what it shows. Whatever goes wrong, the verdict stays
//! the same; the record says why there is no picture.

use crate::ctx::{self, seen};
use crate::execute::{Run, hooks};
use ccci_model::event::{Shows, What};
use ccci_model::failure::Failure;
use ccci_script::hooks::SCREENSHOT;
use ccci_swarm::ports::browser::PageCall;
use ccci_swarm::ports::clock::Limit;

/// The name of the fact that says whether there is a picture.
const FACT: &str = "screenshot";

/// Keeps the picture. Returns a note for the step.
pub(super) fn keep(run: &Run<'_>, with_hook: bool, limit: &Limit) -> String {
    let said = match picture(run, with_hook, limit) {
        Ok(()) => "kept".to_string(),
        Err(why) => format!("absent: {why}"),
    };
    run.sink.emit(What::Fact { name: FACT.into(), value: said.clone() });
    said
}

fn picture(run: &Run<'_>, with_hook: bool, limit: &Limit) -> Result<(), String> {
    let ctx = hooks::context(run, SCREENSHOT.name, SCREENSHOT.point, limit);
    run.world.browser.begin(limit).map_err(|e| e.to_string())?;
    if with_hook {
        let began = run.world.clock.now();
        run.sink.emit(What::HookStarted { hook: SCREENSHOT.name.into() });
        let done = ctx::call::call_with_page(&run.texts().scripts, SCREENSHOT, &ctx);
        let ms = run.world.clock.now().since(began).as_millis() as u64;
        run.sink.emit(What::HookEnded { hook: SCREENSHOT.name.into(), ms, failure: None });
        done.map_err(|f| words(&f))?;
    } else {
        let url = format!("https://{}/", run.app().domain);
        run.world.browser.call(&PageCall::Open(url), limit).map_err(|e| e.to_string())?;
    }
    seen::keep_settled(&ctx, Shows::Landing, "app", limit)
}

fn words(f: &Failure) -> String {
    let place = f.place.as_deref().map(|p| format!(" ({p})")).unwrap_or_default();
    format!("{}{place}", f.observed())
}
