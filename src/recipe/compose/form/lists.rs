//! Long forms of ports, networks, and references to secrets and configs.

use super::{Forming, pairs, whole};
use crate::compose::dropped::{Dropped, Kind};
use crate::compose::ports;
use crate::compose::tree::{Map, Node, Value};
use ccci_model::diag::Place;

impl Forming<'_> {
    pub(super) fn ports(&mut self, node: &Node) -> Node {
        let Value::List(items) = &node.value else { return node.clone() };
        let mut out = vec![];
        for item in items {
            match &item.value {
                Value::Map(map) => {
                    let mut long = Map::default();
                    for (key, value) in &map.0 {
                        let value = self.not_negative(key, whole(value));
                        long.set(key.clone(), value);
                    }
                    out.push(item.with(Value::Map(long)));
                }
                _ => {
                    // the shape check has accepted it, so it can be parsed
                    let text = item.printed().unwrap_or_default();
                    let pairs = ports::parse(&text).unwrap_or_default();
                    out.extend(pairs.into_iter().map(|p| port(&p, &item.place)));
                    let place = item.place.clone();
                    let dropped = |text| Dropped { kind: Kind::Address, text, place };
                    self.dropped.extend(ports::address_of(&text).map(dropped));
                }
            }
        }
        node.with(Value::List(out))
    }

    pub(super) fn references(&mut self, key: &super::super::tree::Key, node: &Node) -> Node {
        let Value::List(items) = &node.value else { return node.clone() };
        let mut out = vec![];
        for item in items {
            let mut long = Map::default();
            match &item.value {
                Value::Map(map) => {
                    for (k, value) in &map.0 {
                        long.set(k.clone(), self.not_negative(k, whole(value)));
                    }
                }
                _ => long.put("source", item.value.clone(), &item.place),
            }
            if long.text("source").unwrap_or_default().is_empty() {
                self.wrong(&item.place, format!("an item of `{}` has no `source`", key.name), "");
            }
            out.push(item.with(Value::Map(long)));
        }
        node.with(Value::List(out))
    }

    pub(super) fn networks(&mut self, node: &Node) -> Node {
        let mut out = Map::default();
        match &node.value {
            Value::List(names) => {
                for name in names {
                    out.put(name.text().unwrap_or_default(), Value::Null, &name.place);
                }
            }
            Value::Map(map) => {
                for (key, value) in &map.0 {
                    let mut value = value.clone();
                    if let Some(options) = value.map_mut().and_then(|m| m.get_mut("driver_opts")) {
                        *options = pairs(options, &Value::Str(String::new()));
                    }
                    out.set(key.clone(), value);
                }
            }
            _ => {}
        }
        node.with(Value::Map(out))
    }
}

fn port(pair: &ports::PortPair, place: &Place) -> Node {
    let mut map = Map::default();
    map.put("target", Value::Int(i128::from(pair.target)), place);
    map.put("published", Value::Int(i128::from(pair.published)), place);
    map.put("protocol", Value::Str(pair.protocol.clone()), place);
    map.put("mode", Value::Str("ingress".into()), place);
    Node { value: Value::Map(map), place: place.clone() }
}
