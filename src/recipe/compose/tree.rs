//! A YAML document as an ordered tree in which every value and every key has its place in the text. Data
//! only; `yaml.rs` makes it, the other files of this directory read or change it.

use super::scalar;
use ccci_model::diag::Place;
use std::collections::HashMap;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value itself.
    pub value: Value,
    /// Its place; for a value from an alias that of the anchor.
    pub place: Place,
}

/// The value of a node; the scalar types are those that docker's YAML reader distinguishes.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`; `yes` and `on` are texts.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// An unquoted date, as Go prints it.
    Time(String),
    /// A text.
    Str(String),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Map),
}

/// A key and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The text.
    pub name: String,
    /// Where it is written.
    pub place: Place,
}

/// An ordered map without duplicate keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map(pub Vec<(Key, Node)>);

impl Map {
    /// The value of a key.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|(k, _)| k.name == name).map(|(_, n)| n)
    }

    /// The value of a key, mutable.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.0.iter_mut().find(|(k, _)| k.name == name).map(|(_, n)| n)
    }

    /// The key with its place.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.0.iter().map(|(k, _)| k).find(|k| k.name == name)
    }

    /// Whether the key exists.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets a key: at its position if it exists, else at the end.
    pub fn set(&mut self, key: Key, node: Node) {
        match self.get_mut(&key.name) {
            Some(old) => *old = node,
            None => self.0.push((key, node)),
        }
    }

    /// Sets many keys, in their order: new ones at the end; for an existing key `wins` returns whether its
    /// value is replaced. Looks up each key once, where `set` would search the whole map each time.
    pub(crate) fn set_all(
        &mut self,
        over: impl IntoIterator<Item = (Key, Node)>,
        wins: impl Fn(&Node, &Node) -> bool,
    ) {
        let mut at: HashMap<String, usize> =
            self.0.iter().enumerate().map(|(i, (k, _))| (k.name.clone(), i)).collect();
        for (key, new) in over {
            match at.get(&key.name) {
                Some(i) if wins(&self.0[*i].1, &new) => self.0[*i].1 = new,
                Some(_) => {}
                None => {
                    at.insert(key.name.clone(), self.0.len());
                    self.0.push((key, new));
                }
            }
        }
    }

    /// Removes a key and returns its value.
    pub fn take(&mut self, name: &str) -> Option<Node> {
        let at = self.0.iter().position(|(k, _)| k.name == name)?;
        Some(self.0.remove(at).1)
    }

    /// Sets a key that no author wrote, with the place of the object that it belongs to.
    pub fn put(&mut self, name: &str, value: Value, place: &Place) {
        let key = Key { name: name.to_string(), place: place.clone() };
        self.set(key, Node { value, place: place.clone() });
    }

    /// The map below a key, made if it is missing or null.
    pub fn section(&mut self, name: &str, place: &Place) -> &mut Map {
        if !matches!(self.get(name).map(|n| &n.value), Some(Value::Map(_))) {
            self.put(name, Value::Map(Map::default()), place);
        }
        self.get_mut(name).and_then(Node::map_mut).expect("it was just made a map")
    }

    /// The map below a key, if there is one.
    pub fn map(&self, name: &str) -> Option<&Map> {
        self.get(name).and_then(Node::map)
    }

    /// The list below a key; empty without one.
    pub fn list(&self, name: &str) -> &[Node] {
        match self.get(name).map(|n| &n.value) {
            Some(Value::List(l)) => l,
            _ => &[],
        }
    }

    /// The text below a key.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Node::text)
    }

    /// The whole number below a key.
    pub fn int(&self, name: &str) -> Option<i128> {
        match self.get(name).map(|n| &n.value) {
            Some(Value::Int(i)) => Some(*i),
            _ => None,
        }
    }

    /// The boolean below a key.
    pub fn bool(&self, name: &str) -> Option<bool> {
        match self.get(name).map(|n| &n.value) {
            Some(Value::Bool(b)) => Some(*b),
            _ => None,
        }
    }
}

impl Node {
    /// The map, if it is one.
    pub fn map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The map, if it is one, mutable.
    pub(crate) fn map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// A scalar as docker's loader prints it into a label or a variable; `None` for lists and maps.
    pub fn printed(&self) -> Option<String> {
        match &self.value {
            Value::Null => Some(String::new()),
            Value::Bool(b) => Some(b.to_string()),
            Value::Int(i) => Some(i.to_string()),
            Value::Float(f) => Some(scalar::go_float(*f)),
            Value::Time(t) | Value::Str(t) => Some(t.clone()),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Whether two nodes have equal content, whatever their places and the order of their keys.
    pub fn same(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Value::Map(a), Value::Map(b)) => {
                let in_b = |k: &Key, n: &Node| b.get(&k.name).is_some_and(|other| n.same(other));
                a.0.len() == b.0.len() && a.0.iter().all(|(k, n)| in_b(k, n))
            }
            (a, b) => a == b,
        }
    }

    /// A node with another value at the same place.
    pub fn with(&self, value: Value) -> Node {
        Node { value, place: self.place.clone() }
    }

    /// Its type in the terms of YAML, with an article.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Time(_) => "a date",
            Value::Str(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}
