//! `ccci site`: writes a static site of the kept runs.

use super::args::SiteArgs;
use super::out::Out;
use crate::app::Config;
use crate::app::site::{Built, SiteError, build};
use ccci_model::exit::Exit;

/// What a site says of a run.
const PUBLISHES: &str = "verdicts and levels; failures with their evidence, which includes lines of the app's logs; tests and \
lint findings; settings; commits, image names and digests; times; of the newest runs of each recipe the logs of its services and \
what a browser showed. Known secrets were hidden when the record was written.";
/// What a site leaves out.
const LEFT_OUT: &str = "archives of backups, resolved compose files, and every other file of a record.";

/// Writes the site and says what it publishes.
pub fn site(args: &SiteArgs, config: &Config, out: &Out) -> Exit {
    match build(config, &args.dir) {
        Ok(built) => {
            out.data(&told(&built, &args.dir.display().to_string()));
            Exit::Green
        }
        Err(e) => {
            out.say(&format!("error: failed to {e}"));
            match e {
                SiteError::Publish(e) if e.is_wrong_place() => {
                    out.say("  to do: name a directory that is empty, or does not exist yet");
                    Exit::Wrong
                }
                _ => Exit::Error,
            }
        }
    }
}

fn told(built: &Built, dir: &str) -> String {
    let mut text = format!(
        "site       {dir}/index.html, recipes {}, runs {}\nfiles      {} in all, written {}, removed {}\n\
         publishes  {PUBLISHES}\nleft out   {LEFT_OUT}\n",
        built.recipes, built.runs, built.files, built.written, built.removed
    );
    for line in &built.left_out {
        text += &format!("left out   {line}\n");
    }
    text
}
