//! Parses YAML into trees as the docker client's own reader does: with anchors, aliases and merge keys,
//! without duplicate keys. Only this file uses the parser crate. It works on the parser's events and not
//! through serde, because docker's types depend on the raw text and style of a scalar.

use super::dropped::{Dropped, Kind};
use super::scalar;
use super::tree::{Key, Map, Node, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ccci_model::diag::{Diagnostic, Diagnostics, Place, Text, codes};
use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// More nodes than any real file has, including those from aliases. It limits aliases that multiply.
const MOST_NODES: usize = 20_000;
/// Deeper than any real file; it limits recursion.
const DEEPEST: usize = 60;

/// The first document of a text. `None` if it cannot be read, with the reasons in the diagnostics.
pub fn parse(text: &Arc<Text>, diagnostics: &mut Diagnostics) -> Option<Node> {
    parse_noting(text, diagnostics, &mut vec![])
}

/// The same, noting the tags that docker's loader drops.
pub(super) fn parse_noting(
    text: &Arc<Text>,
    diagnostics: &mut Diagnostics,
    dropped: &mut Vec<Dropped>,
) -> Option<Node> {
    let before = diagnostics.0.len();
    let options = granit_parser::options! {
        block_scalar_eof_without_line_feed: true,
        emit_anchor_events: true,
    };
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(&text.content, options),
        text,
        anchors: HashMap::new(),
        open: vec![],
        nodes: 0,
        repeated: 0,
        diagnostics,
        dropped,
    };
    let root = reader.document();
    match root {
        Ok(node) if diagnostics.0.len() == before => Some(node),
        Ok(_) => None,
        Err(d) => {
            diagnostics.push(*d);
            None
        }
    }
}

type Read<T> = Result<T, Box<Diagnostic>>;

struct Reader<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    text: &'a Arc<Text>,
    anchors: HashMap<usize, Node>,
    /// Anchors of collections that are not complete yet.
    open: Vec<usize>,
    nodes: usize,
    /// Number of nodes that came from aliases.
    repeated: usize,
    diagnostics: &'a mut Diagnostics,
    dropped: &'a mut Vec<Dropped>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Read<(Event<'a>, Span)> {
        match self.parser.next_event() {
            Some(Ok((Event::Anchor(_, name), span))) => {
                let harmless = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
                match name.chars().all(harmless) {
                    true => self.next(),
                    false => self
                        .fail(self.place(&span), "names of anchors consist of letters, digits, `_` and `-`"),
                }
            }
            Some(Ok(next)) => Ok(next),
            Some(Err(e)) => {
                let m = e.marker();
                let place = Place::at_line(self.text, m.line(), m.col() + 1, 1);
                Err(Box::new(Diagnostic::new(codes::YAML_SYNTAX, e.info()).at(place)))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn place(&self, span: &Span) -> Place {
        let range: Range<usize> = span.byte_range().unwrap_or(0..0);
        Place::new(self.text, range)
    }

    fn fail<T>(&self, place: Place, message: impl Into<String>) -> Read<T> {
        Err(Box::new(Diagnostic::new(codes::YAML_SYNTAX, message).at(place)))
    }

    fn document(&mut self) -> Read<Node> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::DocumentStart(_, Some(v)) if (v.major, v.minor) != (1, 1) => {
                    let message = format!("docker's reader refuses `%YAML {}.{}`", v.major, v.minor);
                    return self.fail(Place::start_of(self.text), message);
                }
                Event::StreamStart | Event::DocumentStart(..) => {}
                Event::StreamEnd | Event::DocumentEnd => {
                    let place = Place::start_of(self.text);
                    return Ok(Node { value: Value::Null, place });
                }
                event => return self.node(event, span, 0),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Read<Node> {
        let place = self.place(&span);
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            let message = match self.repeated {
                0 => format!("this file has more than {MOST_NODES} values"),
                _ => format!("the aliases of this file multiply its values beyond {MOST_NODES}"),
            };
            return self.fail(place, message);
        }
        if depth > DEEPEST {
            return self.fail(place, format!("the file is nested deeper than {DEEPEST} levels"));
        }
        if let Event::Scalar(_, _, _, tag)
        | Event::SequenceStart(_, _, tag)
        | Event::MappingStart(_, _, tag) = &event
        {
            self.note(tag.as_ref(), &place);
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_ref(), &place)?;
                Ok(self.keep(anchor, Node { value, place }))
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(anchor);
                let value = Value::List(self.list(depth)?);
                self.open.pop();
                Ok(self.keep(anchor, Node { value, place }))
            }
            Event::MappingStart(_, anchor, _) => {
                self.open.push(anchor);
                let value = Value::Map(self.mapping(depth)?);
                self.open.pop();
                Ok(self.keep(anchor, Node { value, place }))
            }
            Event::Alias(id) => {
                if self.open.contains(&id) {
                    return self.fail(place, "this anchor contains itself");
                }
                let Some(node) = self.anchors.get(&id).cloned() else {
                    return self.fail(place, "this alias has no anchor before it");
                };
                self.nodes += size(&node);
                self.repeated += size(&node);
                Ok(node)
            }
            _ => self.fail(place, "this is not a YAML value"),
        }
    }

    /// Notes a tag that is not of YAML itself. It is written before its value, or its value begins with it.
    fn note(&mut self, tag: Option<&Cow<'a, Tag>>, value: &Place) {
        let Some(tag) = tag.filter(|t| t.suffix_in_namespace("tag:yaml.org,2002:").is_none()) else { return };
        let written = format!("{}{}", tag.original_handle(), tag.suffix());
        let content = &self.text.content;
        let end = content.ceil_char_boundary((value.range.start + written.len()).min(content.len()));
        let place = match content[..end].rfind(&written) {
            Some(at) => Place::new(self.text, at..at + written.len()),
            None => value.clone(),
        };
        self.dropped.push(Dropped { kind: Kind::Tag, text: written, place });
    }

    fn keep(&mut self, anchor: usize, node: Node) -> Node {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Cow<'a, Tag>>,
        place: &Place,
    ) -> Read<Value> {
        let expected = tag.and_then(|t| t.core_suffix());
        let is_binary =
            tag.is_some_and(|t| t.suffix_in_namespace("tag:yaml.org,2002:").as_deref() == Some("binary"));
        if is_binary {
            let bytes = STANDARD.decode(text).ok().and_then(|b| String::from_utf8(b).ok());
            return match bytes {
                Some(text) => Ok(Value::Str(text)),
                None => self.fail(place.clone(), format!("`{text}` is not a text in base64")),
            };
        }
        let text_is_meant = style != ScalarStyle::Plain && expected.is_none();
        if text_is_meant || expected == Some("str") || (tag.is_some() && expected.is_none()) {
            return Ok(Value::Str(text.to_string()));
        }
        let value = scalar::plain(text);
        match (expected, value) {
            (Some("float"), Value::Int(i)) => Ok(Value::Float(i as f64)),
            (None, value)
            | (Some("null"), value @ Value::Null)
            | (Some("bool"), value @ Value::Bool(_))
            | (Some("int"), value @ Value::Int(_))
            | (Some("float"), value @ Value::Float(_)) => Ok(value),
            (Some(tag), _) => self.fail(place.clone(), format!("`{text}` is not a `!!{tag}`")),
        }
    }

    fn list(&mut self, depth: usize) -> Read<Vec<Node>> {
        let mut out = vec![];
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(out),
                (event, span) => out.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Read<Map> {
        let mut out = Map::default();
        let mut merged: Option<Node> = None;
        let mut lines: HashMap<String, Place> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let is_merge = matches!(&event, Event::Scalar(t, ScalarStyle::Plain, _, _) if t == "<<");
            let key = self.node(event, span, depth + 1)?;
            let (event, span) = self.next()?;
            let node = self.node(event, span, depth + 1)?;
            if is_merge && merged.is_none() {
                merged = Some(node);
                continue;
            }
            let Some(key) = self.key(key, is_merge) else { continue };
            match lines.get(&key.name) {
                Some(first) => {
                    let (line, _) = first.line_column();
                    let message = format!("`{}` is set twice; the first is on line {line}", key.name);
                    self.diagnostics.push(Diagnostic::new(codes::YAML_SYNTAX, message).at(key.place));
                }
                None => {
                    lines.insert(key.name.clone(), key.place.clone());
                    out.0.push((key, node));
                }
            }
        }
        if let Some(node) = merged {
            self.merge(&mut out, node)?;
        }
        Ok(out)
    }

    /// Docker's loader accepts only texts as keys.
    fn key(&mut self, node: Node, is_merge: bool) -> Option<Key> {
        let d = match (is_merge, &node.value) {
            (true, _) => Diagnostic::new(codes::YAML_SYNTAX, "`<<` is set twice")
                .help("merge several maps with a list: `<<: [*a, *b]`"),
            (false, Value::Str(name)) => return Some(Key { name: name.clone(), place: node.place }),
            (false, _) => {
                let shown = node.printed().unwrap_or_default();
                Diagnostic::new(codes::COMPOSE_SHAPE, format!("a key must be a text, not {}", node.kind()))
                    .help(format!("quote it: `\"{shown}\":`"))
            }
        };
        self.diagnostics.push(d.at(node.place));
        None
    }

    /// `<<`: adds the keys that do not exist yet, from one map or from several in their order.
    fn merge(&mut self, out: &mut Map, node: Node) -> Read<()> {
        let place = node.place.clone();
        let maps = match node.value {
            Value::List(list) => list,
            _ => vec![node],
        };
        let own = out.clone();
        for from in maps {
            let Value::Map(from) = from.value else {
                return self.fail(place, "`<<` must be a map or a list of maps");
            };
            for (key, merged) in &from.0 {
                let own = own.key(&key.name).zip(own.get(&key.name));
                if let Some((own, _)) = own.filter(|(_, own)| loses(own, merged)) {
                    let (text, place) = (own.name.clone(), own.place.clone());
                    self.dropped.push(Dropped { kind: Kind::Merged, text, place });
                }
            }
            out.set_all(from.0, |_, _| false);
        }
        Ok(())
    }
}

/// Whether a collection has entries that the one in its place does not have.
fn loses(own: &Node, merged: &Node) -> bool {
    match (&own.value, &merged.value) {
        (Value::List(own), Value::List(merged)) => {
            merged.iter().any(|item| !own.iter().any(|o| o.same(item)))
        }
        (Value::Map(own), Value::Map(merged)) => merged.0.iter().any(|(key, _)| !own.has(&key.name)),
        (Value::List(_), Value::Map(merged)) => !merged.0.is_empty(),
        (Value::Map(_), Value::List(merged)) => !merged.is_empty(),
        _ => false,
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::List(l) => l.iter().map(size).sum::<usize>() + 1,
        Value::Map(m) => m.0.iter().map(|(_, n)| size(n)).sum::<usize>() + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> (Option<Node>, Diagnostics) {
        let mut d = Diagnostics::default();
        let text = Arc::new(Text { path: "compose.yml".into(), content: content.into() });
        (parse(&text, &mut d), d)
    }

    fn refused(content: &str, expected: &str) {
        let (node, d) = read(content);
        assert!(node.is_none(), "{content:?}");
        let got: Vec<String> =
            d.0.iter().map(|d| format!("{} {}", d.place.as_ref().unwrap(), d.message)).collect();
        assert_eq!(got.join("; "), expected, "{content:?}");
    }

    #[test]
    fn own_keys_come_before_merged_ones_and_the_first_of_several_wins() {
        let (node, _) = read("a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc:\n  <<: [*b, *a]\n  z: 3\n");
        let root = node.unwrap();
        let c = root.map().unwrap().map("c").unwrap();
        assert_eq!((c.int("x"), c.int("y"), c.int("z")), (Some(2), Some(1), Some(3)));
    }

    #[test]
    fn values_have_places_and_quotes_make_texts() {
        let (node, _) = read("a: \"5\"\nb: 5\nc: |\n  two\n  lines\nd: !!str 7\n");
        let root = node.unwrap();
        let m = root.map().unwrap();
        assert_eq!((m.text("a"), m.int("b"), m.text("d")), (Some("5"), Some(5), Some("7")));
        assert_eq!(m.text("c"), Some("two\nlines\n"));
        let place = &m.get("b").unwrap().place;
        assert_eq!(
            (place.to_string().as_str(), &place.text.content[place.range.clone()]),
            ("compose.yml:2:4", "5")
        );
    }

    #[test]
    fn what_docker_refuses_is_reported_with_its_place() {
        refused("a: 1\na: 2\n", "compose.yml:2:1 `a` is set twice; the first is on line 1");
        refused("a:\n  80: x\n", "compose.yml:2:3 a key must be a text, not a whole number");
        refused("a: &a\n  b: *a\n", "compose.yml:2:6 this anchor contains itself");
        refused("a:\n  <<: 5\n", "compose.yml:2:7 `<<` must be a map or a list of maps");
        let (node, d) = read("a: [1, 2\nb: 3\n");
        assert!(node.is_none() && d.0[0].code == codes::YAML_SYNTAX);
    }

    #[test]
    fn aliases_that_multiply_are_stopped() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string();
        for i in 1..9 {
            let list = vec![format!("*a{}", i - 1); 10].join(", ");
            bomb.push_str(&format!("a{i}: &a{i} [{list}]\n"));
        }
        let (node, d) = read(&bomb);
        assert!(node.is_none());
        assert!(d.0[0].message.contains("beyond 20000"), "{:?}", d.0);
    }
}
