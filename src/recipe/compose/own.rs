//! What a stack would share with others by its name on the engine becomes the stack's own.

use super::Composed;
use super::tree::{Key, Node, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The sections, what one of them is called, whether external ones are made the stack's too, and how many bytes the engine
/// allows for a name.
const SECTIONS: &[(&str, &str, bool, usize)] = &[
    // Swarm makes a missing external volume, without a label by which it could be found again
    ("volumes", "volume", true, 255),
    ("networks", "network", false, 63),
    ("secrets", "secret", false, 64),
    ("configs", "config", false, 64),
];

/// What stands between the stack's name and the name that a thing has in the files.
const NAMED: &str = "__";

impl Composed {
    /// Makes what is shared by its name the stack's: volumes that are external, and whatever the files define with a name
    /// that does not begin with the stack's. Gives the old names, each after what it is the name of.
    pub fn own_names(&mut self, stack: &str) -> Vec<String> {
        let (own, place) = (format!("{stack}_"), self.place.clone());
        let mut shared = vec![];
        for &(section, kind, external_too, most) in SECTIONS {
            let Some(objects) = self.root.get_mut(section).and_then(Node::map_mut) else { continue };
            let stays = |(_, n): &&(Key, Node)| name_of_others(n, &own, external_too).is_none();
            let mut taken: BTreeSet<String> =
                objects.0.iter().filter(stays).map(|(key, n)| engine_name(key, n, &own)).collect();
            let mut anew: BTreeMap<String, String> = BTreeMap::new();
            for (_, node) in &mut objects.0 {
                let Some(old) = name_of_others(node, &own, external_too) else { continue };
                // two keys of one name stay one thing
                let new = anew.get(&old).cloned().unwrap_or_else(|| {
                    new_name(stack, &old, most, |n| n.len() <= most && !taken.contains(n))
                });
                if let Some(map) = node.map_mut() {
                    map.take("external");
                    map.put("name", Value::Str(new.clone()), &place);
                }
                taken.insert(new.clone());
                if anew.insert(old.clone(), new).is_none() {
                    shared.push(format!("{kind} `{old}`"));
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

fn name_of_others(node: &Node, own: &str, external_too: bool) -> Option<String> {
    let map = node.map()?;
    let name = map.text("name").filter(|n| !n.is_empty() && !n.starts_with(own))?;
    (external_too || map.bool("external") != Some(true)).then(|| name.to_string())
}

fn engine_name(key: &Key, node: &Node, own: &str) -> String {
    let said = node.map().and_then(|m| m.text("name")).filter(|n| !n.is_empty());
    said.map_or_else(|| format!("{own}{}", key.name), str::to_string)
}

/// The stack's name, `__` and the old name. Not one `_`, after which keys stand: when an upgrade gives `data` the name `data`
/// it is another volume. If it is too long or somebody's already, its begin and a digest, so that no two become one.
fn new_name(stack: &str, old: &str, most: usize, free: impl Fn(&String) -> bool) -> String {
    let name = format!("{stack}{NAMED}{old}");
    if free(&name) {
        return name;
    }
    let digest = format!("_{}", &crate::digest::sha256(old.as_bytes())[..12]);
    let begin: String = name.chars().take(most.saturating_sub(digest.len())).collect();
    begin + digest.as_str()
}

#[cfg(test)]
#[path = "own_tests.rs"]
mod tests;
