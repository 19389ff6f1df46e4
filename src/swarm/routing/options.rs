//! The tree of the labels of one service, checked against every option that Traefik v3 knows. Pure.

use super::labels::Options;
use ccci_recipe::labels::go_bool;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// The kind of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Traefik reads it only from files.
    Ignored,
    /// Other options.
    Node,
    /// Other options, or no other option to turn something on.
    Switch,
    /// Numbered lists of options.
    Items,
    /// Texts under names that the author chooses.
    Texts,
    /// Any option of a plugin.
    Any,
    List,
    Text,
    Flag,
    Number,
    Float,
    Time,
}

const KINDS: &[(&str, Kind)] = &[
    ("ignored", Kind::Ignored),
    ("node", Kind::Node),
    ("switch", Kind::Switch),
    ("items", Kind::Items),
    ("texts", Kind::Texts),
    ("any", Kind::Any),
    ("list", Kind::List),
    ("text", Kind::Text),
    ("flag", Kind::Flag),
    ("number", Kind::Number),
    ("float", Kind::Float),
    ("time", Kind::Time),
];

/// Options of the service itself, not of its routers.
const OF_THE_SERVICE: &str = "\
enable flag
docker node
docker.network text
docker.lbswarm flag
docker.allownonrunning flag
swarm node
swarm.network text
swarm.lbswarm flag
";

/// Options that are newer than the Traefik whose options are listed in the file.
const NEWER: &str = "http.middlewares.*.encodedcharacters any";

type Known = HashMap<&'static str, Kind>;

static ROUTED: LazyLock<Known> = LazyLock::new(|| {
    let mut all = known(include_str!("options.txt"));
    all.extend(known(NEWER));
    all
});
static SERVICE: LazyLock<Known> = LazyLock::new(|| known(OF_THE_SERVICE));

fn known(text: &'static str) -> Known {
    let rows = text.lines().filter_map(|line| line.split_once(' '));
    rows.filter_map(|(path, kind)| Some((path, KINDS.iter().find(|(k, _)| *k == kind)?.1))).collect()
}

/// A part of labels: one label, or what several labels have in common.
#[derive(Debug, Default)]
pub(super) struct Node {
    name: String,
    /// The first label that it came from.
    label: String,
    value: Option<String>,
    children: Vec<Node>,
}

impl Node {
    /// Reads the options of the service itself: `enable`, and those below `docker` and `swarm`.
    pub(super) fn of_the_service(labels: &BTreeMap<String, String>) -> Result<Node, String> {
        let tree = Node::read(labels, &["traefik.enable", "traefik.docker.", "traefik.swarm."])?;
        tree.check(&SERVICE, "", true)?;
        Ok(tree)
    }

    /// Reads the options below `http`, `tcp` and `udp`.
    pub(super) fn routed(labels: &BTreeMap<String, String>) -> Result<Node, String> {
        let begins = ["traefik.http", "traefik.tcp", "traefik.udp", "traefik.tls.stores.default"];
        let tree = Node::read(labels, &begins)?;
        tree.check(&ROUTED, "", true)?;
        Ok(tree)
    }

    /// Reads the labels with these beginnings in order. The first spelling of a name is kept.
    fn read(labels: &BTreeMap<String, String>, begins: &[&str]) -> Result<Node, String> {
        let mut root = Node::default();
        let begins_so = |label: &str, begin: &&&str| {
            label.get(..begin.len()).is_some_and(|head| head.eq_ignore_ascii_case(begin))
        };
        for (label, value) in labels.iter().filter(|(l, _)| begins.iter().any(|b| begins_so(l, &b))) {
            let mut parts = vec![];
            for part in label.split('.') {
                match part.find('[') {
                    _ if part.is_empty() => return Err(format!("label `{label}` has an empty part")),
                    Some(0) => return Err(format!("label `{label}` has a part that begins with `[`")),
                    Some(at) if part.ends_with(']') => parts.extend([&part[..at], &part[at..]]),
                    _ => parts.push(part),
                }
            }
            if parts[0] != "traefik" {
                return Err(format!("label `{label}`: Traefik reads `traefik` in lower case only"));
            }
            root.add(label, &parts[1..], value);
        }
        Ok(root)
    }

    fn add(&mut self, label: &str, path: &[&str], value: &str) {
        let Some((name, rest)) = path.split_first() else {
            self.value = Some(value.to_string());
            return;
        };
        let lower = name.to_lowercase();
        let at = self.children.iter().position(|c| c.name.to_lowercase() == lower);
        let at = at.unwrap_or_else(|| {
            self.children.push(Node { name: name.to_string(), label: label.to_string(), ..Node::default() });
            self.children.len() - 1
        });
        self.children[at].add(label, rest, value);
    }

    fn check(&self, known: &Known, path: &str, counts: bool) -> Result<(), String> {
        for child in &self.children {
            let name = child.name.to_lowercase();
            let inside = if path.is_empty() { name } else { format!("{path}.{name}") };
            let found = known.get(inside.as_str()).map(|kind| (inside, *kind));
            let named = || known.get(format!("{path}.*").as_str()).map(|kind| (format!("{path}.*"), *kind));
            let Some((inside, kind)) = found.or_else(named) else {
                return Err(format!("label `{}`: Traefik v3 knows no `{}` there", child.label, child.name));
            };
            child.check_one(known, &inside, kind, counts)?;
        }
        Ok(())
    }

    fn check_one(&self, known: &Known, path: &str, kind: Kind, counts: bool) -> Result<(), String> {
        let incomplete = || format!("label `{}` is not complete", self.label);
        let value = self.value.as_deref().unwrap_or_default();
        match kind {
            Kind::Ignored | Kind::List => Ok(()),
            Kind::Items => self.check(known, path, counts),
            Kind::Node | Kind::Texts | Kind::Any if self.children.is_empty() => Err(incomplete()),
            Kind::Texts | Kind::Any => Ok(()),
            Kind::Node => self.check(known, path, counts),
            Kind::Switch => self.check(known, path, counts && is_on(value)),
            _ if !self.children.is_empty() => {
                let (first, name) = (&self.children[0].label, &self.name);
                Err(format!("label `{first}`: Traefik v3 knows nothing below `{name}`"))
            }
            _ if !counts || reads(kind, value) => Ok(()),
            kind => Err(format!("label `{}`: `{value}` is {}", self.label, kind.none())),
        }
    }

    /// The value at a path, if there is one.
    pub(super) fn value(&self, path: &[&str]) -> Option<&str> {
        match path.split_first() {
            None => self.value.as_deref(),
            Some((name, rest)) => self.child(name)?.value(rest),
        }
    }

    /// The child with this name, in any case of letters.
    pub(super) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|c| c.name.eq_ignore_ascii_case(name))
    }

    /// The children of a child, with their names.
    pub(super) fn below<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, &'a Node)> + use<'a> {
        self.child(name).into_iter().flat_map(|c| c.children.iter().map(|c| (c.name.as_str(), c)))
    }

    /// All values by their paths in lower case.
    pub(super) fn options(&self) -> Options {
        let mut out = Options::new();
        for child in &self.children {
            child.collect("", &mut out);
        }
        out
    }

    fn collect(&self, path: &str, out: &mut Options) {
        let name = self.name.to_lowercase();
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        if let Some(value) = &self.value {
            out.insert(path.clone(), value.clone());
        }
        for child in &self.children {
            child.collect(&path, out);
        }
    }
}

/// Whether the value of a switch turns it on.
pub(super) fn is_on(value: &str) -> bool {
    value.is_empty() || value.eq_ignore_ascii_case("true")
}

impl Kind {
    /// What a value is called that is not of this kind.
    fn none(self) -> &'static str {
        match self {
            Kind::Flag => "neither `true` nor `false`",
            Kind::Time => "no time such as `10s`",
            _ => "no number",
        }
    }
}

fn reads(kind: Kind, value: &str) -> bool {
    match kind {
        Kind::Flag => go_bool(value).is_some(),
        Kind::Number => value.parse::<i64>().is_ok(),
        Kind::Float => value.parse::<f64>().is_ok(),
        Kind::Time => value.parse::<i64>().is_ok() || is_duration(value),
        _ => true,
    }
}

/// Whether Go reads a text as a duration, such as `1m30s`.
fn is_duration(text: &str) -> bool {
    const UNITS: &[&str] = &["ns", "us", "µs", "μs", "ms", "s", "m", "h"];
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    while !rest.is_empty() {
        let (number, behind) = rest.split_at(rest.find(|c| !digits(c)).unwrap_or(rest.len()));
        let (unit, behind) = behind.split_at(behind.find(digits).unwrap_or(behind.len()));
        let right = number.matches('.').count() <= 1 && number.contains(|c: char| c.is_ascii_digit());
        if !right || !UNITS.contains(&unit) {
            return false;
        }
        rest = behind;
    }
    !text.trim_start_matches(['+', '-']).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(labels: &[(&str, &str)]) -> Result<Node, String> {
        Node::routed(&labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect())
    }

    #[test]
    fn every_row_of_the_table_is_read() {
        let rows = include_str!("options.txt").lines().filter(|l| !l.starts_with('#')).count();
        assert!(rows > 300);
        assert_eq!(ROUTED.len(), rows + NEWER.lines().count());
    }

    #[test]
    fn two_spellings_are_one_option() {
        let tree =
            routed(&[("traefik.HTTP.routers.App.rule", "x"), ("traefik.http.Routers.app.Priority", "1")])
                .unwrap();
        let http = tree.child("http").unwrap();
        let (name, router) = http.below("routers").next().unwrap();
        assert_eq!((name, router.options().len()), ("App", 2));
    }

    #[test]
    fn a_label_that_cannot_be_read_is_named() {
        for (label, value, part) in [
            ("traefik.http.routers.a.ruel", "x", "knows no `ruel`"),
            ("traefik.http.routers.a", "x", "not complete"),
            ("traefik.http.routers.a.rule.x", "x", "nothing below `rule`"),
            ("traefik.http.routers.a.priority", " 1", "no number"),
            ("traefik.http.routers..rule", "x", "empty part"),
            ("traefik.http.services.a.loadbalancer.healthcheck.interval", "soon", "no time"),
            ("Traefik.http.routers.a.rule", "x", "lower case"),
        ] {
            let why = routed(&[(label, value)]).unwrap_err();
            assert!(why.contains(part) && why.contains(label), "{label}: {why}");
        }
        assert!(routed(&[("traefik.http.services.a.loadbalancer.healthcheck.interval", "1m1.5s")]).is_ok());
    }
}
