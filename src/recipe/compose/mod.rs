//! Compose files as docker's stack loader reads them: makes one resolved file from several texts and an env,
//! from which that loader makes the same services (`dev/oracle/` proves it). Pure: every file that it needs
//! is passed in.
//!
//! `build` shows the order of the work, which is the loader's own: YAML, variables, shapes, forms, merging.

mod change;
mod distinct;
pub mod dropped;
mod edit;
mod emit;
mod form;
pub mod interpolate;
mod keys;
mod merge;
pub mod outside;
mod own;
mod ports;
mod references;
mod routes;
mod scalar;
mod schema;
pub mod tree;
pub(crate) mod units;
mod variable;
mod view;
pub mod yaml;

pub use own::{name_in_files, own_network};
pub use view::{Attachment, Deploy, Healthcheck, Mount, Object, Port, Reference, Restart, Service, Update};

use ccci_model::diag::{Diagnostic, Diagnostics, Place, Text, codes};
use ccci_model::name::ServiceName;
use dropped::Dropped;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use tree::{Map, Node, Value};

/// Composed files: merged, with variables replaced, in long form.
#[derive(Debug, Clone)]
pub struct Composed {
    version: u8,
    root: Map,
    /// The services of `root`, made when they are first needed; an edit removes them.
    services: OnceLock<Vec<Service>>,
    versions: Vec<(Option<String>, Place)>,
    dropped: Vec<Dropped>,
    /// The start of the first file, the place of everything that no author wrote.
    place: Place,
}

/// What composing needs besides the files.
pub struct Around<'a> {
    /// The app's env.
    pub env: &'a BTreeMap<String, String>,
    /// Returns the content of another file of the recipe (`env_file`) by its path relative to the first
    /// compose file.
    pub read: &'a dyn Fn(&str) -> Option<String>,
}

impl Composed {
    /// Composes files in their order. The result is `None` if one of them is refused. The diagnostics contain
    /// everything that is wrong, and warnings where docker's loader reads something differently from how it
    /// looks.
    pub fn build(files: &[Arc<Text>], around: &Around<'_>) -> (Option<Composed>, Diagnostics) {
        let mut diagnostics = Diagnostics::default();
        let Some(first) = files.first() else {
            diagnostics.push(Diagnostic::new(codes::NO_COMPOSE_FILE, "there is no compose file to read"));
            return (None, diagnostics);
        };
        let mut merged: Option<(Option<String>, Map)> = None;
        let (mut versions, mut dropped) = (vec![], vec![]);
        for text in files {
            let read = read_file(text, around, &mut diagnostics, &mut dropped);
            let Some((version, place, file)) = read else { continue };
            versions.push((version.clone(), place));
            match &mut merged {
                None => merged = Some((version, file)),
                Some((first_version, base)) => {
                    if schema::minor_of(first_version.as_deref()) != schema::minor_of(version.as_deref()) {
                        diagnostics.push(version_mismatch(
                            first_version.as_deref(),
                            version.as_deref(),
                            text,
                        ));
                    }
                    merge::lay(base, file, &mut diagnostics);
                }
            }
        }
        let Some((version, mut root)) = merged.filter(|_| !diagnostics.has_errors()) else {
            return (None, diagnostics);
        };
        merge::drop_repeated(&mut root);
        references::check(&root, &mut diagnostics);
        check_names(&root, &mut diagnostics);
        check_keys(&root, &mut diagnostics);
        if diagnostics.has_errors() {
            return (None, diagnostics);
        }
        let version = version_to_write(version.as_deref(), &root);
        let (services, place) = (OnceLock::new(), Place::start_of(first));
        let composed = Composed { version, root, services, versions, dropped, place };
        routes::check(&composed, &mut diagnostics);
        (Some(composed), diagnostics)
    }

    /// The services, in the order of the files.
    pub fn services(&self) -> &[Service] {
        self.services.get_or_init(|| view::services(&self.root))
    }

    /// The service of this name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services().iter().find(|s| s.name.as_str() == name)
    }

    /// The networks that the files define.
    pub fn networks(&self) -> Vec<Object> {
        view::objects(&self.root, "networks")
    }

    /// The volumes that the files define.
    pub fn volumes(&self) -> Vec<Object> {
        view::objects(&self.root, "volumes")
    }

    /// The secrets that the files define.
    pub fn secrets(&self) -> Vec<Object> {
        view::objects(&self.root, "secrets")
    }

    /// The configs that the files define.
    pub fn configs(&self) -> Vec<Object> {
        view::objects(&self.root, "configs")
    }

    /// The images without duplicates, in the order of the services.
    pub fn images(&self) -> Vec<String> {
        let mut out: Vec<String> = vec![];
        for image in self.services().iter().filter_map(|s| s.image.clone()) {
            if !out.contains(&image) {
                out.push(image);
            }
        }
        out
    }

    /// What prevents a deploy of files that compose: services without an image. One of several files may
    /// define a service without an image, but all files together may not.
    pub fn deployable(&self) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        for service in self.services().iter().filter(|s| s.image.is_none()) {
            let message = format!("the service `{}` has no image", service.name);
            diagnostics.push(
                Diagnostic::new(codes::COMPOSE_SHAPE, message)
                    .at(service.place.clone())
                    .help("add an image or remove the service; a file may be missing in COMPOSE_FILE"),
            );
        }
        diagnostics
    }

    /// Paths, as written, of the files that become secrets and configs, without duplicates.
    pub fn referenced_files(&self) -> Vec<String> {
        let mut out: Vec<String> = vec![];
        for file in
            self.secrets().into_iter().chain(self.configs()).filter(|o| !o.external).filter_map(|o| o.file)
        {
            if !out.contains(&file) {
                out.push(file);
            }
        }
        out
    }

    /// Place of a value of a service, such as `["deploy", "labels", "x"]` or `["configs", "0", "mode"]`; with an
    /// empty path that of the service itself.
    pub fn place_of(&self, service: &ServiceName, path: &[&str]) -> Option<Place> {
        let own = || self.service(service.as_str()).map(|s| s.place.clone());
        view::place_of(&self.root, service.as_str(), path).or_else(own)
    }

    /// Place of a key of a service, such as `["deploy", "labels"]`.
    pub(crate) fn place_of_key(&self, service: &ServiceName, path: &[&str]) -> Option<Place> {
        view::place_of_key(&self.root, service.as_str(), path)
    }

    /// A scalar of a service, as it is printed.
    pub fn text_of(&self, service: &ServiceName, path: &[&str]) -> Option<String> {
        view::node_of(&self.root, service.as_str(), path)?.printed()
    }

    /// Place of a value of a network, volume, secret or config; `section` is the plural.
    pub fn place_of_object(&self, section: &str, object: &str, key: &str) -> Option<Place> {
        let node = self.root.map(section)?.map(object)?.get(key)?;
        Some(node.place.clone())
    }

    /// The versions in the files, in the order of the files, with their places.
    pub fn versions(&self) -> &[(Option<String>, Place)] {
        &self.versions
    }

    /// What docker's loader dropped while it read the files.
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }

    /// The single file to deploy. Its paths are relative to the first compose file. Docker's loader fills
    /// variables without a value from its own environment, so it must run with an empty one.
    pub fn to_yaml(&self) -> String {
        let mut out = format!("version: \"3.{}\"\n", self.version);
        let said = |(_, n): &&(tree::Key, Node)| !matches!(&n.value, Value::Map(m) if m.0.is_empty());
        out.push_str(&emit::document(&Map(self.root.0.iter().filter(said).cloned().collect())));
        out
    }
}

/// Reads one file up to its long form, with the version that it contains. `None` if it is refused.
fn read_file(
    text: &Arc<Text>,
    around: &Around<'_>,
    diagnostics: &mut Diagnostics,
    dropped: &mut Vec<Dropped>,
) -> Option<(Option<String>, Place, Map)> {
    let root = yaml::parse_noting(text, diagnostics, dropped)?;
    let Value::Map(root) = root.value else {
        let message = format!("a compose file must be a map, not {}", root.kind());
        diagnostics.push(Diagnostic::new(codes::COMPOSE_SHAPE, message).at(root.place));
        return None;
    };
    let mut found = Diagnostics::default();
    let root = interpolate::interpolate(root, around.env, &mut found);
    let version = root.get("version").and_then(Node::printed);
    let place = root.get("version").map_or_else(|| Place::start_of(text), |n| n.place.clone());
    match schema::minor_of(version.as_deref()) {
        Some(minor) => schema::check(&root, minor, &mut found),
        None => {
            let said = version.clone().unwrap_or_default();
            found.push(
                Diagnostic::new(
                    codes::COMPOSE_SHAPE,
                    format!("docker's stack loader does not support version `{said}`"),
                )
                .at(place.clone())
                .help("write `version: \"3.8\"`"),
            );
        }
    }
    let good = !found.has_errors();
    diagnostics.0.append(&mut found.0);
    let mut forming = form::Forming { env: around.env, read: around.read, diagnostics, dropped };
    good.then(|| (version, place, forming.file(&root)))
}

fn check_names(root: &Map, diagnostics: &mut Diagnostics) {
    for (key, _) in root.map("services").into_iter().flat_map(|m| &m.0) {
        if let Err(e) = ServiceName::parse(&key.name) {
            diagnostics.push(Diagnostic::new(codes::COMPOSE_SHAPE, e.to_string()).at(key.place.clone()));
        }
    }
}

/// An item such as `=x` in a list of labels or variables has no name. Docker's loader accepts it in a list,
/// but not in a map, which is the form of the resolved file.
fn check_keys(map: &Map, diagnostics: &mut Diagnostics) {
    for (key, node) in &map.0 {
        if key.name.is_empty() {
            let message = "there is no name before the `=`";
            diagnostics.push(Diagnostic::new(codes::COMPOSE_SHAPE, message).at(key.place.clone()));
        }
        match &node.value {
            Value::Map(inner) => check_keys(inner, diagnostics),
            Value::List(items) => {
                items.iter().filter_map(Node::map).for_each(|inner| check_keys(inner, diagnostics))
            }
            _ => {}
        }
    }
}

fn version_mismatch(first: Option<&str>, other: Option<&str>, text: &Arc<Text>) -> Diagnostic {
    let said = |v: Option<&str>| v.map_or("no version".to_string(), |v| format!("version `{v}`"));
    let message = format!("the first compose file has {}, this one has {}", said(first), said(other));
    Diagnostic::new(codes::COMPOSE_SHAPE, message)
        .at(Place::start_of(text))
        .help(format!("write the same version in all files: `version: \"{}\"`", first.unwrap_or("3.8")))
}

/// The author's own version if it supports the long forms, else the lowest version that has every key, so
/// that old clients can read the file if possible.
fn version_to_write(said: Option<&str>, root: &Map) -> u8 {
    match (said, schema::minor_of(said)) {
        (Some(text), Some(minor)) if minor >= 8 && text != "3" && !text.is_empty() => minor,
        _ => schema::lowest_version(root),
    }
}

/// Composes the files of a test.
#[cfg(test)]
fn test_compose(content: &str) -> Composed {
    let text = Arc::new(Text { path: "compose.yml".into(), content: content.into() });
    let (composed, d) = Composed::build(&[text], &Around { env: &BTreeMap::new(), read: &|_| None });
    composed.unwrap_or_else(|| panic!("{:?}", d.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_without_a_name_is_refused_where_it_is_written() {
        let content = "services:\n  app:\n    image: x\n    deploy:\n      labels: [a=1, =2]\n";
        let text = Arc::new(Text { path: "compose.yml".into(), content: content.into() });
        let around = Around { env: &BTreeMap::new(), read: &|_| None };
        let (composed, d) = Composed::build(&[text], &around);
        let said: Vec<String> = d.0.iter().map(ccci_model::diag::render::one_line).collect();
        assert!(composed.is_none());
        assert_eq!(said, ["error[compose-shape] compose.yml:5:21: there is no name before the `=`"]);
    }
}
