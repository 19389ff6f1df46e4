//! Gives everything that a stack would share with others by its name on the engine a name of the stack's own.

use super::Composed;
use super::tree::{Key, Node, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A section whose objects have names on the engine.
struct Section {
    name: &'static str,
    /// Name of one object in messages.
    kind: &'static str,
    external: External,
    /// Longest name that the engine allows, in bytes.
    most: usize,
    /// Whether the engine requires a letter or digit also at the end, not only at the start.
    end: bool,
    /// Names that the engine itself uses.
    engines: &'static [&'static str],
}

/// What happens to external objects.
#[derive(PartialEq)]
enum External {
    /// They stay external, because their content is not known.
    Stay,
    /// The deploy makes them like all others. Swarm would make a missing volume without a label by which it
    /// can be found.
    Made,
    /// The run makes them before the deploy.
    Given,
}

/// Longest name of a network that the engine allows, in bytes.
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

/// Separator between the stack's name and the name in the files.
const NAMED: &str = "__";

impl Composed {
    /// Renames what is shared by its name: external volumes and secrets, and everything that the files define
    /// with a name that does not begin with the stack's name. Returns the old names, each after its kind.
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
                // two keys with the same name still mean one object
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

/// Name in the files, and in labels that refer to it, of a stack's object with this name on the engine.
pub fn name_in_files<'a>(engine_name: &'a str, stack: &str) -> &'a str {
    let rest = engine_name.strip_prefix(stack);
    rest.and_then(|r| r.strip_prefix(NAMED).or_else(|| r.strip_prefix('_'))).unwrap_or(engine_name)
}

/// Name on the engine of a network that has this name in the files.
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

    /// Whether the engine accepts this name. An invalid name is not changed, because after the stack's name
    /// it might become valid.
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

/// The stack's name, `__` and the old name. Not a single `_`, which is used before keys:
/// a volume that an upgrade names `data` is not the volume with the key `data`. If the new name is too long or already used, its
/// beginning and a digest, so that two names never become the same.
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
