//! What a stack would share with others by its name on the engine becomes the stack's own.

use super::Composed;
use super::tree::{Key, Node, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A section whose things have names on the engine.
struct Section {
    name: &'static str,
    /// What one of them is called.
    kind: &'static str,
    external: External,
    /// How many bytes the engine allows for a name.
    most: usize,
    /// Whether the engine wants a letter or digit at the end too, not only at the start.
    end: bool,
    /// Names that the engine has itself.
    engines: &'static [&'static str],
}

/// What becomes of external ones.
#[derive(PartialEq)]
enum External {
    /// What they are is known to others only.
    Stay,
    /// They are made by the deploy, as all others: Swarm makes a missing volume, without a label by which it could be found.
    Made,
    /// The run makes them before the deploy.
    Given,
}

/// How many bytes the engine allows for the name of a network.
const LONGEST_NETWORK: usize = 63;

const SECTIONS: &[Section] = &[
    Section {
        name: "volumes",
        kind: "volume",
        external: External::Made,
        most: 255,
        end: false,
        engines: &[],
    },
    Section {
        name: "networks",
        kind: "network",
        external: External::Stay,
        most: LONGEST_NETWORK,
        end: true,
        engines: &["host", "bridge", "none", "ingress", "docker_gwbridge"],
    },
    Section { name: "secrets", kind: "secret", external: External::Given, most: 64, end: true, engines: &[] },
    Section { name: "configs", kind: "config", external: External::Stay, most: 64, end: true, engines: &[] },
];

/// What stands between the stack's name and the name that a thing has in the files.
const NAMED: &str = "__";

impl Composed {
    /// Makes what is shared by its name the stack's: volumes and secrets that are external, and whatever the files define with
    /// a name that does not begin with the stack's. Gives the old names, each after what it is the name of.
    pub fn own_names(&mut self, stack: &str) -> Vec<String> {
        let (own, place) = (format!("{stack}_"), self.place.clone());
        let mut shared = vec![];
        for section in SECTIONS {
            let Some(objects) = self.root.get_mut(section.name).and_then(Node::map_mut) else { continue };
            let stays = |(_, n): &&(Key, Node)| section.name_of_others(n, &own).is_none();
            let mut taken: BTreeSet<String> =
                objects.0.iter().filter(stays).map(|(key, n)| engine_name(key, n, &own)).collect();
            let mut anew: BTreeMap<String, String> = BTreeMap::new();
            for (_, node) in &mut objects.0 {
                let Some(old) = section.name_of_others(node, &own) else { continue };
                // two keys of one name stay one thing
                let new = anew
                    .get(&old)
                    .cloned()
                    .unwrap_or_else(|| new_name(stack, &old, section.most, |n| !taken.contains(n)));
                if let Some(map) = node.map_mut() {
                    if section.external == External::Made {
                        map.take("external");
                    }
                    map.put("name", Value::Str(new.clone()), &place);
                }
                taken.insert(new.clone());
                if anew.insert(old.clone(), new).is_none() {
                    shared.push(format!("{} `{old}`", section.kind));
                }
            }
        }
        shared
    }
}

/// What the files, and so the labels that speak of it, call a thing of a stack that has this name on the engine.
pub fn name_in_files<'a>(engine_name: &'a str, stack: &str) -> &'a str {
    let rest = engine_name.strip_prefix(stack);
    rest.and_then(|r| r.strip_prefix(NAMED).or_else(|| r.strip_prefix('_'))).unwrap_or(engine_name)
}

/// What a network that the files give this name is called on the engine.
pub fn own_network(stack: &str, name: &str) -> String {
    new_name(stack, name, LONGEST_NETWORK, |_| true)
}

impl Section {
    fn name_of_others(&self, node: &Node, own: &str) -> Option<String> {
        let map = node.map()?;
        let name = map.text("name").filter(|n| self.takes(n) && !n.starts_with(own))?;
        let stays = self.external == External::Stay && map.bool("external") == Some(true);
        (!stays).then(|| name.to_string())
    }

    /// Whether the engine would take this name. If not it must see it: behind the stack's name it might pass.
    fn takes(&self, name: &str) -> bool {
        let edge = |at: Option<char>| at.is_some_and(|c| c.is_ascii_alphanumeric());
        let edges = edge(name.chars().next()) && (!self.end || edge(name.chars().next_back()));
        edges && name.len() <= self.most && !self.engines.contains(&name)
    }
}

fn engine_name(key: &Key, node: &Node, own: &str) -> String {
    let said = node.map().and_then(|m| m.text("name")).filter(|n| !n.is_empty());
    said.map_or_else(|| format!("{own}{}", key.name), str::to_string)
}

/// The stack's name, `__` and the old name. Not one `_`, after which keys stand: when an upgrade gives `data` the name `data`
/// it is another volume. If it is too long or somebody's already, its begin and a digest, so that no two become one.
fn new_name(stack: &str, old: &str, most: usize, free: impl Fn(&String) -> bool) -> String {
    let name = format!("{stack}{NAMED}{old}");
    if name.len() <= most && free(&name) {
        return name;
    }
    let digest = format!("_{}", &ccci_model::digest::sha256(old.as_bytes())[..12]);
    let begin: String = name.chars().take(most.saturating_sub(digest.len())).collect();
    begin + digest.as_str()
}

#[cfg(test)]
#[path = "own_tests.rs"]
mod tests;
