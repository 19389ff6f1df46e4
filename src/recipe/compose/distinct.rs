//! Finds duplicate nodes by a digest of their content instead of comparing all pairs, because lists of a
//! hostile file are long. Pure.

use super::tree::{Node, Value};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

/// Nodes of a list so far.
#[derive(Default)]
pub(super) struct Distinct<'a>(HashMap<u64, Vec<&'a Node>>);

impl<'a> Distinct<'a> {
    /// Adds a node; false if an equal one was added before.
    pub(super) fn first(&mut self, node: &'a Node) -> bool {
        let alike = self.0.entry(digest(node)).or_default();
        let first = !alike.iter().any(|other| other.same(node));
        if first {
            alike.push(node);
        }
        first
    }
}

/// The same for equal nodes; the order of keys does not count.
fn digest(node: &Node) -> u64 {
    let mut hash = DefaultHasher::new();
    discriminant(&node.value).hash(&mut hash);
    match &node.value {
        Value::Null => {}
        Value::Bool(b) => b.hash(&mut hash),
        Value::Int(i) => i.hash(&mut hash),
        // 0.0 and -0.0 are equal
        Value::Float(f) => (f + 0.0).to_bits().hash(&mut hash),
        Value::Time(t) | Value::Str(t) => t.hash(&mut hash),
        Value::List(items) => items.iter().for_each(|n| digest(n).hash(&mut hash)),
        Value::Map(map) => {
            let entry = |name: &str, n: &Node| {
                let mut hash = DefaultHasher::new();
                (name, digest(n)).hash(&mut hash);
                hash.finish()
            };
            let sum = map.0.iter().fold(0u64, |sum, (k, n)| sum.wrapping_add(entry(&k.name, n)));
            sum.hash(&mut hash);
        }
    }
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::yaml;
    use ccci_model::diag::{Diagnostics, Text};
    use std::sync::Arc;

    #[test]
    fn equal_nodes_are_found_whatever_their_place_and_order() {
        let content = "[{a: 1, b: [x]}, {b: [x], a: 1}, {a: 1, b: x}, 0.0, -0.0, 1, '1', 1, {a: b}, {b: a}]";
        let text = Arc::new(Text { path: "x".into(), content: content.into() });
        let root = yaml::parse(&text, &mut Diagnostics::default()).unwrap();
        let Value::List(items) = &root.value else { panic!("{root:?}") };
        let mut seen = Distinct::default();
        let first: Vec<bool> = items.iter().map(|n| seen.first(n)).collect();
        assert_eq!(first, [true, false, true, true, false, true, true, false, true, true]);
    }
}
