//! Splits commands into words (as google/shlex), and makes lists from single texts and from hosts.

use crate::compose::tree::{Node, Value};

/// Splits a command as the docker client does: with quotes, backslashes and comments, without variables.
pub(super) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' if word.is_none() => while chars.next().is_some_and(|c| c != '\n') {},
            '\\' => {
                let next = chars.next().ok_or("nothing follows the last backslash")?;
                word.get_or_insert_default().push(next);
            }
            '"' | '\'' => quoted(&mut chars, c, word.get_or_insert_default())?,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(chars: &mut std::str::Chars<'_>, quote: char, word: &mut String) -> Result<(), &'static str> {
    loop {
        match chars.next().ok_or("a quote is never closed")? {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => word.push(chars.next().ok_or("nothing follows the last backslash")?),
            c => word.push(c),
        }
    }
}

/// A list with one item from a text.
pub(super) fn strings(node: &Node) -> Node {
    match &node.value {
        Value::Str(_) => node.with(Value::List(vec![node.clone()])),
        _ => node.clone(),
    }
}

/// The shell runs a health check that is a text.
pub(super) fn test(node: &Node) -> Node {
    match &node.value {
        Value::Str(_) => {
            node.with(Value::List(vec![node.with(Value::Str("CMD-SHELL".into())), node.clone()]))
        }
        _ => node.clone(),
    }
}

/// Items `host:address`, from a map (sorted) or from a list with `=` or `:`.
pub(super) fn hosts(node: &Node) -> Node {
    let mut out: Vec<Node> = vec![];
    let mut add = |host: &str, address: &str, at: &Node| {
        let inner = address.strip_prefix('[').and_then(|a| a.strip_suffix(']')).filter(|a| !a.is_empty());
        out.push(at.with(Value::Str(format!("{host}:{}", inner.unwrap_or(address)))));
    };
    match &node.value {
        Value::Map(map) => {
            for (key, value) in map.0.iter().filter(|(_, v)| v.value != Value::Null) {
                // docker joins both and splits them again, so the part of a host after a colon becomes part
                // of the address
                let joined = format!("{}:{}", key.name, value.printed().unwrap_or_default());
                let (host, address) = joined.split_once(':').unwrap_or((&joined, ""));
                add(host, address, value);
            }
            out.sort_by(|a, b| a.text().cmp(&b.text()));
        }
        Value::List(items) => {
            for item in items {
                let text = item.text().unwrap_or_default();
                let cut = text.split_once('=').or_else(|| text.split_once(':'));
                if let Some((host, address)) = cut {
                    let joined = format!("{host}:{address}");
                    let (host, address) = joined.split_once(':').unwrap_or((host, address));
                    add(host, address, item);
                }
            }
        }
        _ => {}
    }
    node.with(Value::List(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_as_the_docker_client_splits_them() {
        let check = |text: &str, expected: &[&str]| assert_eq!(split(text).unwrap(), expected, "{text}");
        check("sh -c 'a b' \"c \\\" d\"", &["sh", "-c", "a b", "c \" d"]);
        check("a\\ b  c#d # comment\ne", &["a b", "c#d", "e"]);
        check("x'y'z ''", &["xyz", ""]);
        check("'a\\b'", &["a\\b"]);
        check("", &[]);
        assert!(split("a 'b").is_err());
        assert!(split("a\\").is_err());
    }
}
