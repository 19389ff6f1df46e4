//! `ccci run --list`: the recipes' own tests, and which of them a run would ask.

use super::args::{RunArgs, RunFormat};
use super::out::Out;
use super::plan::refusal;
use crate::app::Session;
use crate::app::campaign;
use crate::app::tests::ListedTest;
use ccci_model::diag::harmless::line;
use ccci_model::exit::Exit;
use serde_json::{Value, json};

/// Lists the tests of each recipe. The exit code is the worst of all recipes.
pub(super) fn list(args: &RunArgs, session: &Session, out: &Out) -> Exit {
    let (mut exit, mut rows) = (Exit::Green, vec![]);
    for recipe in &args.recipes {
        match session.tests(&args.source.request(recipe)) {
            Ok(tests) => rows.extend(tests.into_iter().map(|t| (recipe.as_str(), t))),
            Err(refused) => {
                out.say(&refusal(&refused, out));
                exit = campaign::worse(exit, refused.exit());
            }
        }
    }
    match args.format {
        RunFormat::Json => out.data(&(format!("{:#}\n", rows.iter().map(data).collect::<Value>()))),
        RunFormat::Human if rows.is_empty() && exit == Exit::Green => {
            out.say("there are no tests under custom/ and no overlays")
        }
        RunFormat::Human => out.data(&table(&rows, args.recipes.len() > 1)),
    }
    exit
}

fn data((recipe, t): &(&str, ListedTest)) -> Value {
    json!({
        "recipe": recipe,
        "tier": t.test.tier.name(),
        "file": t.test.file,
        "name": t.test.name,
        "asked": t.left_out.is_none(),
        "reason": t.left_out,
    })
}

/// One line for each test, in columns.
fn table(rows: &[(&str, ListedTest)], several: bool) -> String {
    let cells = |(recipe, t): &(&str, ListedTest)| {
        let asked = t.left_out.as_ref().map_or("asked".to_string(), |why| format!("not asked: {why}"));
        let recipe = several.then(|| (*recipe).to_string());
        let names = [t.test.tier.name().to_string(), t.test.file.clone(), t.test.name.clone(), asked];
        recipe.into_iter().chain(names).map(|text| line(&text)).collect::<Vec<String>>()
    };
    let lines: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let columns = lines.first().map_or(0, Vec::len);
    let width = |n: usize| lines.iter().map(|cells| cells[n].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let shown = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_string() + "\n"
    };
    lines.iter().map(shown).collect()
}
