//! The site: pages about all kept runs, as files that need no server. Pure: summaries and records in, bytes out, without a
//! clock, so that the same records always make the same files. `pages` lists every file with a key of what it is made
//! from; a file whose key is the same as before need not be made again.

mod assets;
mod calls;
mod charts;
pub mod compare;
mod feed;
mod history;
mod layout;
mod live;
mod now;
mod overview;
mod recipe;
mod run;
mod usual;

pub use live::message;

use crate::badge;
use ccci_model::digest::sha256;
use ccci_model::name::{RecipeName, RunId};
use ccci_runner::record::Record;
use ccci_runner::record::index::Summary;
use layout::Head;
use maud::html;
use std::collections::BTreeMap;

/// The maker of a page. Change it when pages of the same records look different, so that all are made again.
pub const MADE_BY: &str = concat!("4 ", env!("CARGO_PKG_VERSION"));
/// The directories of a site. What else lies in them does not belong to it.
pub const DIRECTORIES: &[&str] = &["badge", "recipe", "run"];
/// How many of the newest runs of a recipe its history shows and is judged by.
const WINDOW: usize = 30;
/// Of how many of the newest runs of a recipe the site has the pictures and the logs: they are large.
pub(crate) const WITH_FILES: usize = 5;

/// A run that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The name of its record.
    pub record: String,
    /// Changes when the record changes.
    pub stamp: String,
    /// What its record says in short.
    pub summary: Summary,
    /// Those of the files in its facts that are part of the site: none, unless the run is one of the newest of its recipe.
    pub files: Vec<String>,
}

impl Run {
    /// Why the texts of its record are not published; `None` if they are.
    pub fn withheld(&self) -> Option<&'static str> {
        match &self.summary {
            run if run.facts.secret_found => Some("its last scan found a secret in the record"),
            run if !run.ended => Some("it was killed, so its record was never searched for secrets"),
            _ => None,
        }
    }

    /// Where a file of its record lies on the site, from the directory `run` on. No part of it is a text from outside.
    fn address(&self, file: &str) -> Option<String> {
        let published = self.files.iter().any(|f| f == file);
        let n = self.summary.facts.files.iter().position(|f| f == file).filter(|_| published)?;
        // nothing but pictures may become more than text in a browser
        let kind = if file.ends_with(".png") { "png" } else { "txt" };
        Some(format!("{}-{n}.{kind}", self.summary.run_id))
    }

    /// Where the picture of the app lies, if that is part of the site.
    fn picture(&self) -> Option<String> {
        self.address(self.summary.facts.picture.as_deref()?)
    }

    /// Where each file lies that is part of the site.
    fn addresses(&self) -> BTreeMap<String, String> {
        self.files.iter().filter_map(|file| Some((file.clone(), self.address(file)?))).collect()
    }
}

/// A recipe and its runs, the oldest first; there is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipe {
    name: RecipeName,
    runs: Vec<Run>,
}

/// Everything that a site shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    recipes: Vec<Recipe>,
    going: Vec<Run>,
}

/// A file of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Page {
    /// All recipes.
    Overview,
    /// The comparison of any two runs.
    Compare,
    /// The feed of what turned red or green.
    Feed,
    /// A style sheet or a script, by its place in the list.
    Asset(usize),
    /// The history of a recipe, by its place.
    Recipe(usize),
    /// The badge of a recipe.
    Badge(usize),
    /// A run, by the places of its recipe and of itself.
    Run(usize, usize),
    /// What the comparison reads of a run.
    Data(usize, usize),
    /// A picture or a log, which is a file of a record: by the places of its recipe, its run and itself.
    File(usize, usize, usize),
    /// A run in progress, by its place.
    Live(usize),
}

/// A file of the site, planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its relative path.
    pub path: String,
    /// What it is made from; `None` for a file that is made quickly and may depend on every run.
    pub key: Option<String>,
    /// The page.
    pub page: Page,
}

impl Site {
    /// The site of these runs. Of several runs with the same id only the first is part of it.
    pub fn of(runs: Vec<Run>) -> Site {
        let mut by_recipe: BTreeMap<RecipeName, BTreeMap<RunId, Run>> = BTreeMap::new();
        let mut known = std::collections::HashSet::new();
        for mut run in runs {
            if run.withheld().is_some() {
                run.summary.version = None;
                run.summary.facts.conceal();
            }
            if known.insert(run.summary.run_id.clone()) {
                let all = by_recipe.entry(run.summary.recipe.clone()).or_default();
                all.insert(run.summary.run_id.clone(), run);
            }
        }
        let recipe = |(name, runs): (RecipeName, BTreeMap<RunId, Run>)| {
            let mut runs: Vec<Run> = runs.into_values().collect();
            calls::sort(&mut runs);
            Recipe { name, runs }
        };
        Site { recipes: by_recipe.into_iter().map(recipe).collect(), going: vec![] }
    }

    /// The same with pictures and logs of the newest runs of each recipe, as many of published versions as of proposed
    /// changes. `is_there` says of a file of a record, both by
    /// their names, whether it can be published, or why not. Returns also what is left out, a line each.
    pub fn with_files(mut self, is_there: impl Fn(&str, &str) -> Result<(), String>) -> (Site, Vec<String>) {
        let mut left_out = vec![];
        for run in self.recipes.iter_mut().flat_map(Recipe::newest_of_each_kind) {
            for file in &run.summary.facts.files {
                match is_there(&run.record, file) {
                    Ok(()) => run.files.push(file.clone()),
                    Err(why) => left_out.push(format!("{}: {file}: {why}", run.record)),
                }
            }
        }
        (self, left_out)
    }

    /// The same with runs in progress, which only a server can show.
    pub fn with(self, going: Vec<Run>) -> Site {
        Site { going, ..self }
    }

    /// The runs in progress.
    pub fn going(&self) -> &[Run] {
        &self.going
    }

    /// How many recipes and runs it has.
    pub fn counts(&self) -> (usize, usize) {
        (self.recipes.len(), self.recipes.iter().map(|r| r.runs.len()).sum())
    }

    /// All files of the site, what others link to first.
    pub fn pages(&self) -> Vec<Planned> {
        let mut out = vec![];
        let mut add = |path: String, key: Option<String>, page: Page| out.push(Planned { path, key, page });
        for (n, asset) in assets::ASSETS.iter().enumerate() {
            add(asset.path.to_string(), None, Page::Asset(n));
        }
        for (r, recipe) in self.recipes.iter().enumerate() {
            for (n, run) in recipe.runs.iter().enumerate() {
                let id = &run.summary.run_id;
                let mut made_from = recipe.around(n).stamps();
                add(format!("run/{id}.js"), Some(key(&[&run.stamp])), Page::Data(r, n));
                for (f, file) in run.files.iter().enumerate() {
                    if let Some(address) = run.address(file) {
                        add(format!("run/{address}"), Some(key(&[&run.stamp, file])), Page::File(r, n, f));
                    }
                    made_from.push(file);
                }
                add(format!("run/{id}.html"), Some(key(&made_from)), Page::Run(r, n));
            }
            let stamps: Vec<&str> = recipe.runs.iter().map(|run| run.stamp.as_str()).collect();
            add(format!("badge/{}.svg", recipe.name), None, Page::Badge(r));
            add(format!("recipe/{}.html", recipe.name), Some(key(&stamps)), Page::Recipe(r));
        }
        for (n, run) in self.going.iter().enumerate() {
            add(format!("run/{}.html", run.summary.run_id), None, Page::Live(n));
        }
        add("compare.html".into(), None, Page::Compare);
        add("feed.xml".into(), None, Page::Feed);
        add("index.html".into(), None, Page::Overview);
        out
    }

    /// The record that a page is made from, if summaries are not enough.
    pub fn record(&self, page: Page) -> Option<&str> {
        match page {
            Page::Run(r, n) => {
                let run = &self.recipes[r].runs[n];
                run.withheld().is_none().then_some(run.record.as_str())
            }
            Page::Live(n) => Some(self.going[n].record.as_str()),
            _ => None,
        }
    }

    /// The record and the file in it that a page is.
    pub fn file(&self, page: Page) -> Option<(&str, &str)> {
        let Page::File(r, n, f) = page else { return None };
        let run = &self.recipes[r].runs[n];
        Some((&run.record, run.files.get(f)?))
    }

    /// Makes a page; `record` is the one that `Site::record` names.
    pub fn render(&self, page: Page, record: Option<&Record>) -> Vec<u8> {
        match page {
            Page::Overview => overview::render(&self.recipes, &self.going),
            Page::Compare => compare::page(),
            Page::Feed => feed::render(&self.recipes),
            Page::Asset(n) => assets::ASSETS[n].content.as_bytes().to_vec(),
            Page::Recipe(r) => recipe::render(&self.recipes[r]),
            Page::Badge(r) => {
                let newest = &self.recipes[r].newest().summary;
                badge::of(&newest.recipe, newest.verdict, newest.level, newest.partial.is_some())
            }
            Page::Run(r, n) => run::render(&self.recipes[r].around(n), record),
            // it is copied, not made
            Page::File(..) => vec![],
            Page::Live(n) => live::render(&self.going[n], record),
            Page::Data(r, n) => compare::data(&self.recipes[r].runs[n].summary),
        }
    }
}

/// The page that a server shows instead of one that it does not have; `root` leads to the root of the site.
pub fn missing(root: &str) -> Vec<u8> {
    let main = html! {
        h1 { "There is no such page" }
        p { "The run may have been removed, or the address is mistyped. " a href={ (root) "index.html" } { "All recipes" } "." }
    };
    layout::page(&Head { title: "no such page", root, scripts: &[], styles: &[] }, &main)
}

/// The key of what is made from these.
fn key(parts: &[&str]) -> String {
    let mut text = MADE_BY.to_string();
    for part in parts {
        text.push('\n');
        text.push_str(part);
    }
    sha256(text.as_bytes())[..16].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccci_testkit::kept;

    /// What a run may take of the site: with the pages of recipes, ten thousand are below 200 MB.
    const SHARE: usize = 17_800;

    fn site(runs: usize, recipes: usize) -> (Site, BTreeMap<String, Record>) {
        let records = (0..runs).map(|n| {
            let (id, events) = kept::run(n, recipes);
            (id, Record::of(events).unwrap())
        });
        let records: BTreeMap<String, Record> = records.collect();
        let run = |(id, record): (&String, &Record)| {
            let (record, stamp, summary) = (id.clone(), id.clone(), Summary::of(record));
            Run { record, stamp, summary, files: vec![] }
        };
        (Site::of(records.iter().map(run).collect()), records)
    }

    #[test]
    fn what_a_run_adds_to_a_site_stays_within_its_share() {
        let (site, records) = site(120, 5);
        let of = |planned: Planned| {
            let record = site.record(planned.page).map(|name| &records[name]);
            match planned.page {
                Page::Run(..) | Page::Data(..) => site.render(planned.page, record).len(),
                _ => 0,
            }
        };
        let each = site.pages().into_iter().map(of).sum::<usize>() / records.len();
        assert!(each <= SHARE, "{each} bytes");
    }
}
