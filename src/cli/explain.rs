//! `ccci explain <name>`: one page on anything that has a row in a table.

use super::args::ExplainArgs;
use super::generated::pages;
use super::out::Out;
use crate::diag::nearest::did_you_mean;
use crate::docs::explain;
use crate::exit::Exit;

/// Prints every row of that name: a hook and a rule may share one.
pub fn explain_name(args: &ExplainArgs, out: &Out) -> Exit {
    let pages = pages();
    let mut found = vec![];
    for page in &pages {
        found.extend(page.rows.iter().filter(|r| r.name == args.name).map(|r| explain(page, r)));
    }
    if !found.is_empty() {
        out.data(&found.join("\n"));
        return Exit::Green;
    }
    let names = pages.iter().flat_map(|p| p.rows.iter().map(|r| r.name.as_str()));
    let hint = did_you_mean(&args.name, names).map(|h| format!("; {h}")).unwrap_or_default();
    out.say(&format!("error: nothing is called `{}`{hint}", args.name));
    Exit::Wrong
}
