//! A recipe directory: the purpose of each file. A file in the wrong place is an error, so that no file is
//! silently ignored. Two directories can be combined. Pure: takes texts, returns values.

pub mod layer;
pub mod merged;
pub mod overlay;

use super::compose::yaml;
use ccci_model::diag::nearest::nearest;
use ccci_model::diag::{Diagnostic, Diagnostics, Place, Text, codes};
use ccci_model::name::Version;
use ccci_model::tier::{TIERS, Tier};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Where a directory comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// `ccci/` inside the recipe's own repository.
    Repository,
    /// `recipes/<name>/` of the project, or a given path.
    Project,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Repository => "recipe repository",
            Origin::Project => "recipe directory",
        })
    }
}

/// A row of the table of files.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PlaceRow {
    /// Path inside the directory; `*` stands for a part of a name.
    pub path: &'static str,
    /// Purpose of the file.
    pub doc: &'static str,
}

/// All files that a recipe directory may contain.
pub(crate) const PLACES: &[PlaceRow] = &[
    PlaceRow { path: "recipe.toml", doc: "Settings: data only." },
    PlaceRow {
        path: "hooks.rhai",
        doc: "Hooks: functions with fixed names that ccci calls at fixed points of a run.",
    },
    PlaceRow { path: "lib/*.rhai", doc: "The recipe's own helper modules: `import \"lib/x\" as x;`." },
    PlaceRow { path: "test_install.rhai", doc: "Extra assertions of the install tier." },
    PlaceRow { path: "test_upgrade.rhai", doc: "Extra assertions of the upgrade tier." },
    PlaceRow { path: "test_backup.rhai", doc: "Extra assertions of the backup tier." },
    PlaceRow { path: "test_restore.rhai", doc: "Extra assertions of the restore tier." },
    PlaceRow { path: "custom/test_*.rhai", doc: "Custom tests; subdirectories are not searched." },
    PlaceRow {
        path: "compose.ccci.yml",
        doc: "Compose overlay that adapts the recipe to the test environment; it may not pin an image.",
    },
    PlaceRow {
        path: "previous/compose.previous.yml",
        doc: "Compose overlay for the deploy of the base only, which repairs a base that cannot be deployed as published.",
    },
    PlaceRow { path: "previous/VERSION", doc: "The version of the base to which the repair applies." },
    PlaceRow { path: "README.md", doc: "Notes for people; not read by ccci." },
    PlaceRow { path: ".gitignore", doc: "Settings of git; not read by ccci." },
];

/// The files of one directory.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Where it comes from.
    pub origin: Origin,
    /// Its path in messages.
    pub shown: String,
    /// Its texts by path inside it.
    pub texts: BTreeMap<String, Arc<Text>>,
    /// Files that are not texts or could not be read, with the reasons.
    pub unread: BTreeMap<String, String>,
}

/// The repair of a base that cannot be deployed as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    /// The base to which it applies.
    pub version: Version,
    /// The compose file that is merged into the base.
    pub compose: Arc<Text>,
    /// Place of the version.
    pub place: Place,
}

/// The content of a recipe's directories, sorted by purpose. Later layers override earlier ones.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// `recipe.toml` files.
    pub settings: Vec<Arc<Text>>,
    /// Scripts of each origin, by path inside their directory.
    pub scripts: BTreeMap<Origin, BTreeMap<String, Arc<Text>>>,
    /// `compose.ccci.yml` files, in the order in which they are applied.
    pub overlays: Vec<Arc<Text>>,
    /// The repair of the last layer that has one.
    pub previous: Option<Previous>,
}

/// Sorts the files of the layers; later layers override earlier ones.
pub fn read(layers: &[Layer]) -> (Directory, Diagnostics) {
    let mut all = Directory::default();
    let mut diagnostics = Diagnostics::default();
    for layer in layers {
        Reader { layer, all: &mut all, diagnostics: &mut diagnostics }.layer();
    }
    (all, diagnostics)
}

/// The test files of a tier, in the order in which they run: by origin, then by name.
pub fn tests_of(tier: Tier, scripts: &BTreeMap<String, Arc<Text>>) -> Vec<&str> {
    let is = |path: &str| match tier.row().overlay {
        Some(overlay) => path == overlay,
        None => path.starts_with("custom/"),
    };
    scripts.keys().map(String::as_str).filter(|p| is(p)).collect()
}

struct Reader<'a> {
    layer: &'a Layer,
    all: &'a mut Directory,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn layer(&mut self) {
        let layer = self.layer;
        for (path, text) in &layer.texts {
            match place_of(path) {
                Some(row) => self.keep(row, path, text),
                None => self.stray(path, Some(text)),
            }
        }
        for (path, why) in &layer.unread {
            match place_of(path) {
                Some(_) => self.diagnostics.push(
                    Diagnostic::new(
                        codes::UNREADABLE_FILE,
                        format!("`{}/{path}` cannot be read: {why}", layer.shown),
                    )
                    .help("it must be a readable UTF-8 text that is not too large"),
                ),
                None => self.stray(path, None),
            }
        }
        self.previous();
        self.strange_directories();
    }

    /// Reports an unknown directory once, not once for each of its files.
    fn strange_directories(&mut self) {
        let paths = self.layer.texts.keys().chain(self.layer.unread.keys());
        let mut said: Vec<&str> =
            paths.filter(|p| !is_test(p)).filter_map(|p| strange_directory(p)).collect();
        said.sort_unstable();
        said.dedup();
        for directory in said {
            let meant = nearest(directory, directories()).map(|d| format!("did you mean `{d}/`?"));
            let known: Vec<String> = directories().into_iter().map(|d| format!("{d}/")).collect();
            let help = meant.unwrap_or_else(|| format!("known directories are {}", known.join(", ")));
            let message = format!("`{}/{directory}/` is not used in a recipe directory", self.layer.shown);
            self.diagnostics.push(Diagnostic::new(codes::UNKNOWN_FILE, message).help(help));
        }
    }

    fn keep(&mut self, row: &PlaceRow, path: &str, text: &Arc<Text>) {
        match row.path {
            "recipe.toml" => self.all.settings.push(text.clone()),
            "compose.ccci.yml" => {
                self.pinned_images(text);
                self.all.overlays.push(text.clone());
            }
            p if p.ends_with(".rhai") => {
                let scripts = self.all.scripts.entry(self.layer.origin).or_default();
                scripts.insert(path.to_string(), text.clone());
            }
            _ => {}
        }
    }

    /// Reports an overlay that pins an image: a run would test the overlay's image and not that of the
    /// revision (lesson 18).
    fn pinned_images(&mut self, text: &Arc<Text>) {
        let Some(root) = yaml::parse(text, self.diagnostics) else { return };
        let services = root.map().and_then(|r| r.map("services"));
        for (name, service) in services.into_iter().flat_map(|s| &s.0) {
            let Some(image) = service.map().and_then(|s| s.key("image")) else { continue };
            self.diagnostics.push(
                Diagnostic::new(
                    codes::OVERLAY_PINS_IMAGE,
                    format!("the overlay sets the image of the service `{}`, so the image under test would not run", name.name),
                )
                .at(image.place.clone())
                .help("remove the line; to repair a base that can no longer be deployed, use previous/"),
            );
        }
    }

    fn previous(&mut self) {
        let (compose, version) = ("previous/compose.previous.yml", "previous/VERSION");
        let texts = &self.layer.texts;
        let bad = |message: &str, text: &Arc<Text>| {
            Diagnostic::new(codes::BAD_VERSION_FILE, message)
                .at(Place::new(text, 0..text.content.trim_end().len()))
                .help(format!("`{version}` contains one version, such as `1.2.0+6.4.3`"))
        };
        match (texts.get(compose), texts.get(version)) {
            (None, None) => {}
            (Some(c), None) => {
                let mut d = bad("the version of the base is missing", c);
                d.place = Some(Place::start_of(c));
                self.diagnostics.push(d);
            }
            (None, Some(v)) => self.diagnostics.push(bad("there is no previous/compose.previous.yml", v)),
            (Some(_), Some(v)) if v.content.trim().lines().count() > 1 => {
                self.diagnostics.push(bad("the file has more than one line", v));
            }
            (Some(c), Some(v)) => match Version::parse(v.content.trim()) {
                Err(e) => self.diagnostics.push(bad(&e.to_string(), v)),
                Ok(read) => {
                    let place = Place::new(v, 0..v.content.trim_end().len());
                    self.all.previous = Some(Previous { version: read, compose: c.clone(), place });
                }
            },
        }
    }

    fn stray(&mut self, path: &str, text: Option<&Arc<Text>>) {
        if strange_directory(path).is_some() && !is_test(path) {
            return;
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let (code, message, help) = if is_test(path) { misplaced(path, name) } else { unknown(path, name) };
        let mut d = Diagnostic::new(code, format!("`{}/{path}` {message}", self.layer.shown)).help(help);
        d.place = text.map(Place::start_of);
        self.diagnostics.push(d);
    }
}

/// The row of a path. A test under `lib/`, or an overlay name under `custom/`, has no row, because it would
/// never run.
fn place_of(path: &str) -> Option<&'static PlaceRow> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lost = (path.starts_with("lib/") && name.starts_with("test_"))
        || (path.starts_with("custom/") && is_overlay(name));
    PLACES.iter().find(|r| !lost && fits(r.path, path))
}

fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("test_") && name.ends_with(".rhai")
}

/// The directories in the rows.
fn directories() -> Vec<&'static str> {
    let mut all: Vec<&str> = PLACES.iter().filter_map(|r| r.path.split_once('/')).map(|(d, _)| d).collect();
    all.dedup();
    all
}

/// The first directory of a path, if no row has it.
fn strange_directory(path: &str) -> Option<&str> {
    path.split_once('/').map(|(d, _)| d).filter(|d| !directories().contains(d))
}

fn is_overlay(name: &str) -> bool {
    TIERS.iter().any(|t| t.overlay == Some(name))
}

fn fits(pattern: &str, path: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == path };
    let middle = path.strip_prefix(before).and_then(|p| p.strip_suffix(after));
    middle.is_some_and(|m| !m.is_empty() && !m.contains('/'))
}

type Said = (&'static codes::Code, &'static str, String);

fn misplaced(path: &str, name: &str) -> Said {
    let overlays: Vec<&str> = TIERS.iter().filter_map(|t| t.overlay).collect();
    let code = codes::MISPLACED_TEST;
    if is_overlay(name) {
        let help = format!("move it to `{name}`, next to recipe.toml, or rename it");
        return (code, "has the name of a lifecycle overlay, which does not run in this place", help);
    }
    if path == name {
        let meant =
            nearest(name, overlays.iter().copied()).map(|o| format!("did you mean `{o}`? otherwise "));
        let help = format!("{}move it to `custom/{name}`", meant.unwrap_or_default());
        return (code, "is not a lifecycle overlay and would never run", help);
    }
    (
        code,
        "would never run in this place",
        format!("move it to `custom/{name}`; subdirectories are not searched"),
    )
}

fn unknown(path: &str, name: &str) -> Said {
    let code = codes::UNKNOWN_FILE;
    let message = "is not used in a recipe directory";
    let plain = PLACES.iter().map(|r| r.path).filter(|p| !p.contains('*'));
    let file_of = |p: &'static str| p.rsplit('/').next() == Some(name);
    let help = if path.starts_with("custom/") && name.ends_with(".rhai") {
        format!("a test is `custom/test_{name}`, a helper module is `lib/{name}`")
    } else if let Some(meant) = nearest(path, plain.clone()).or_else(|| plain.clone().find(|p| file_of(p))) {
        format!("did you mean `{meant}`?")
    } else if name.ends_with(".rhai") {
        format!("a helper module is `lib/{name}`; subdirectories are not searched")
    } else {
        let known: Vec<&str> = PLACES.iter().map(|r| r.path).collect();
        format!("a recipe directory may contain {}", known.join(", "))
    };
    (code, message, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_fits_itself_and_no_other_and_its_doc_is_a_sentence() {
        for row in PLACES {
            let path = row.path.replace('*', "x");
            let fitting: Vec<&str> = PLACES.iter().filter(|r| fits(r.path, &path)).map(|r| r.path).collect();
            assert_eq!(fitting, [row.path]);
            assert!(row.doc.ends_with('.') && row.doc.starts_with(char::is_uppercase), "{}", row.path);
        }
        for tier in TIERS.iter().filter_map(|t| t.overlay) {
            assert!(PLACES.iter().any(|r| r.path == tier), "{tier}");
        }
    }

    #[test]
    fn a_star_stands_for_a_part_of_one_name() {
        assert!(fits("custom/test_*.rhai", "custom/test_a.rhai"));
        assert!(!fits("custom/test_*.rhai", "custom/test_.rhai"));
        assert!(!fits("custom/test_*.rhai", "custom/test_a/b.rhai"));
        assert!(!fits("lib/*.rhai", "lib/a.txt"));
    }
}
