//! Finds TOML 1.1 in a value: our parser takes it, editors and older readers call the file invalid. Only the forms that
//! settings can have are looked for: inline tables over several lines or with a last comma, and the new escapes.

use std::ops::Range;
use toml::Spanned;
use toml::de::DeValue;

/// The first TOML 1.1 form in a value, and what it is.
pub fn newer(content: &str, value: &Spanned<DeValue<'_>>) -> Option<(Range<usize>, &'static str)> {
    let slice = content.get(value.span())?;
    let here = match value.get_ref() {
        DeValue::Table(_) | DeValue::Array(_) if slice.starts_with(['{', '[']) => brackets(slice),
        DeValue::String(_) if slice.starts_with('"') => escapes(slice),
        _ => None,
    };
    if let Some((at, what)) = here {
        let at = value.span().start + at;
        return Some((at..at + 1, what));
    }
    match value.get_ref() {
        DeValue::Table(t) => t.values().find_map(|v| newer(content, v)),
        DeValue::Array(a) => a.iter().find_map(|v| newer(content, v)),
        _ => None,
    }
}

/// A newline directly inside `{ }`, or a comma before `}`. Strings and comments are passed over.
fn brackets(text: &str) -> Option<(usize, &'static str)> {
    let mut open: Vec<u8> = vec![];
    let mut comma = None;
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b @ (b'{' | b'[') => open.push(b),
            b'}' if comma.is_some() => return comma.map(|at| (at, "a comma before `}`")),
            b'}' | b']' => {
                open.pop();
            }
            b'\n' if open.last() == Some(&b'{') => return Some((i, "a line break inside `{ }`")),
            b'#' => i += text[i..].find('\n').unwrap_or(text.len() - i) - 1,
            b'"' | b'\'' => i += string(&text[i..]) - 1,
            _ => {}
        }
        match bytes[i.min(bytes.len() - 1)] {
            b',' => comma = Some(i),
            b if b.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        i += 1;
    }
    None
}

/// Length of the string that starts here, its quotes included.
fn string(text: &str) -> usize {
    let quote = &text[..1];
    let fence = if text.starts_with(&quote.repeat(3)) { quote.repeat(3) } else { quote.to_string() };
    let mut i = fence.len();
    while i < text.len() {
        if quote == "\"" && text[i..].starts_with('\\') {
            i += 2;
        } else if text[i..].starts_with(&fence) {
            return i + fence.len();
        } else {
            i += text[i..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn escapes(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i + 1 < bytes.len() {
        if bytes[i] == b'\\' {
            if matches!(bytes[i + 1], b'e' | b'x') {
                return Some((i, "this escape"));
            }
            i += 1;
        }
        i += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::de::DeTable;

    fn check(toml: &str, want: Option<&str>) {
        let (doc, errors) = DeTable::parse_recoverable(toml);
        assert!(errors.is_empty(), "{toml}: {errors:?}");
        let got = doc.get_ref().values().find_map(|v| newer(toml, v)).map(|(_, what)| what);
        assert_eq!(got, want, "{toml}");
    }

    #[test]
    fn only_what_toml_1_0_refuses_is_called_newer() {
        check("env = {\n A = \"1\" }\n", Some("a line break inside `{ }`"));
        check("env = { A = \"1\", }\n", Some("a comma before `}`"));
        check("a = \"\\e[0m\"\n", Some("this escape"));
        check("a = { b = \"\\x41\" }\n", Some("this escape"));
        check("a = [ { b = 1,\n c = 2 } ]\n", Some("a line break inside `{ }`"));
        check("env = { A = \"}\\\\\", B = 'x,}', C = [\n 1, # }\n 2,\n] }\n", None);
        check("a = [\n 1,\n]\n[env]\nA = \"\\\\e\"\nB = '\\e'\n", None);
        check("a = { s = \"\"\"\n,}\n\"\"\" }\n", None);
    }
}
