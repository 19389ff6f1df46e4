//! Normalises the path of a request as Traefik does before it tries rules: uniform escapes, no `..`, no empty parts. Pure.

use super::rule::escapes_are_right;

/// The reason why Traefik refuses a request with 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untidy(pub &'static str);

/// Normalises a path, which stays percent-encoded.
pub fn tidy(path: &str) -> Result<String, Untidy> {
    if !escapes_are_right(path) {
        return Err(Untidy("its path has a `%` without two digits"));
    }
    if path.contains('#') {
        return Err(Untidy("its path has a `#`"));
    }
    Ok(without_dots(&escaped_in_one_way(path)))
}

/// Undoes unnecessary escapes, and writes the others in capitals.
fn escaped_in_one_way(path: &str) -> String {
    let stays = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/[]%".contains(&b);
    if path.bytes().all(stays) {
        return rewritten(path, |b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    }
    // if one character should have been escaped, all escapes are made again
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~$&+,/:;=@".contains(&b);
    rewritten(path, |_| true)
        .bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { hexadecimal(b) })
        .collect()
}

fn hexadecimal(byte: u8) -> String {
    format!("%{byte:02X}")
}

/// Undoes some of the escapes. Bytes that are no text are replaced.
fn rewritten(path: &str, undo: impl Fn(u8) -> bool) -> String {
    let mut out = vec![];
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let digits: String =
            if byte == b'%' { bytes.by_ref().take(2).map(char::from).collect() } else { String::new() };
        match u8::from_str_radix(&digits, 16) {
            Ok(value) if undo(value) => out.push(value),
            Ok(value) => out.extend(hexadecimal(value).bytes()),
            Err(_) => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Removes `.`, `..` and empty parts. One slash at the end stays.
fn without_dots(path: &str) -> String {
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let end = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    format!("/{}{end}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_tidied_as_traefik_does() {
        for (path, tidied) in [
            ("/", "/"),
            ("//x/./y//z/..", "/x/y"),
            ("/../x/", "/x/"),
            ("/%2e%2E/%78%2f%c3%a4", "/x%2F%C3%A4"),
            ("/a|%2F", "/a%7C/"),
            ("/a;b=c%20", "/a;b=c%20"),
        ] {
            assert_eq!(tidy(path).as_deref(), Ok(tidied), "{path}");
        }
        assert!(tidy("/%zz").is_err() && tidy("/%2").is_err() && tidy("/x#y").is_err());
    }
}
