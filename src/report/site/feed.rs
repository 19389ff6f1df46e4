//! The feed (Atom) of what turned red or green. Pure.

use super::Recipe;
use super::history::Turn;
use super::layout::said;
use crate::markup::escape;
use ccci_model::time::utc_rfc3339;
use std::fmt::Write;

/// How many of the newest changes it has.
const MOST: usize = 50;

/// The feed as bytes. Its addresses are relative to its own.
pub(super) fn render(recipes: &[Recipe]) -> Vec<u8> {
    let mut turns: Vec<Turn<'_>> = recipes.iter().flat_map(Recipe::turns).collect();
    turns.sort_by_key(|turn| std::cmp::Reverse((turn.first.summary.began_ms, &turn.first.summary.run_id)));
    let updated = turns.first().map_or(0, |turn| turn.first.summary.began_ms);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>What turned red or green</title>\n<id>urn:ccci:turns</id>\n<updated>{}</updated>\n\
         <author><name>ccci</name></author>\n<link rel=\"self\" href=\"feed.xml\"/>\n<link href=\"index.html\"/>\n",
        utc_rfc3339(updated)
    );
    turns.iter().take(MOST).for_each(|turn| entry(&mut out, turn));
    out.push_str("</feed>\n");
    out.into_bytes()
}

fn entry(out: &mut String, turn: &Turn<'_>) {
    let run = &turn.first.summary;
    let why = run.facts.decisive.as_ref().filter(|_| turn.first.withheld().is_none());
    let why = why.map_or(String::new(), |why| {
        format!("{} (blame {}): {}: {}", said(&why.cause), why.blame, said(&why.during), said(&why.observed))
    });
    let _ = write!(
        out,
        "<entry>\n<title>{} turned {}, level {}</title>\n<id>urn:ccci:run:{}</id>\n<updated>{}</updated>\n\
         <link href=\"run/{}.html\"/>\n<summary>{}</summary>\n</entry>\n",
        escape(run.recipe.as_str()),
        run.verdict.name(),
        run.level,
        run.run_id,
        utc_rfc3339(run.began_ms),
        run.run_id,
        escape(&why)
    );
}
