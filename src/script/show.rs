//! Shows values of scripts in messages, and decides which values may leave a script. Pure.

use rhai::Dynamic;

/// Longest shown value, in characters; a longer one would hide the rest of the message.
const LONGEST: usize = 200;
/// Characters that are shown before the place where two values differ.
const BEFORE: usize = 30;
/// Greatest nesting of a value that leaves a script; deeper ones would overflow the stack of their reader.
const DEEPEST: usize = 32;

/// Name of the value's type in the terms of the reference.
pub(crate) fn noun(value: &Dynamic) -> String {
    type_word(value.type_name())
}

/// Name of a Rust type in the terms of the reference.
pub(crate) fn type_word(name: &str) -> String {
    match name.trim() {
        "i64" => "int".into(),
        "f64" => "float".into(),
        "string" | "&str" | "String" | "ImmutableString" => "text".into(),
        "Fn" => "function".into(),
        "dynamic" | "Dynamic" | "?" => "anything".into(),
        own => own.rsplit("::").next().unwrap_or(own).to_string(),
    }
}

/// The value as text, cut to a length that fits a message.
pub(crate) fn value(value: &Dynamic) -> String {
    quoted(value, &cut(&whole(value)))
}

/// Two values that are compared, and where they differ if that is behind what would be shown: then each is shown from a
/// little before that place.
pub(crate) fn pair(left: &Dynamic, right: &Dynamic) -> (String, String, Option<usize>) {
    let (a, b) = (whole(left), whole(right));
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    if same < LONGEST || a == b {
        return (value(left), value(right), None);
    }
    let from = |text: &str| {
        let rest: String = text.chars().skip(same - BEFORE).collect();
        format!("…{} ({} characters)", head(&rest, LONGEST), text.chars().count())
    };
    (quoted(left, &from(&a)), quoted(right, &from(&b)), Some(same + 1))
}

fn quoted(of: &Dynamic, text: &str) -> String {
    if of.is_string() { format!("{text:?}") } else { text.to_string() }
}

/// The value as text, not cut.
fn whole(value: &Dynamic) -> String {
    if value.is_string() {
        return value.clone().into_immutable_string().unwrap_or_default().to_string();
    }
    if value.is_unit() {
        return "()".into();
    }
    if value.is_array() || value.is_map() {
        serde_json::to_string(&plain(value, DEEPEST)).unwrap_or_else(|_| noun(value))
    } else if value.is_int() || value.is_float() || value.is_bool() || value.is_char() {
        value.to_string()
    } else {
        format!("a {}", noun(value))
    }
}

/// The value with its type: `80 (int)`.
pub(crate) fn with_noun(of: &Dynamic) -> String {
    if of.is_unit() { "()".into() } else { format!("{} ({})", value(of), noun(of)) }
}

fn cut(text: &str) -> String {
    if text.chars().nth(LONGEST).is_none() {
        return text.to_string();
    }
    format!("{} ({} characters)", head(text, LONGEST), text.chars().count())
}

/// The beginning of a text, with `…` where it is cut. Redaction uses the `…` to find secrets that are cut as
/// well.
pub fn head(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// The value as it may leave a script: closures, ccci's own types and values that are nested too deep become
/// `()`.
pub fn leaving(value: &Dynamic) -> Dynamic {
    plain(value, DEEPEST)
}

fn plain(value: &Dynamic, depth: usize) -> Dynamic {
    if depth == 0 {
        return Dynamic::UNIT;
    }
    if let Ok(list) = value.as_array_ref() {
        return list.iter().map(|v| plain(v, depth - 1)).collect::<Vec<Dynamic>>().into();
    }
    if let Ok(map) = value.as_map_ref() {
        let map: rhai::Map = map.iter().map(|(k, v)| (k.clone(), plain(v, depth - 1))).collect();
        return map.into();
    }
    let leaf = value.is_int() || value.is_float() || value.is_bool() || value.is_char() || value.is_string();
    if leaf { value.flatten_clone() } else { Dynamic::UNIT }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_with_their_kind() {
        assert_eq!(with_noun(&"1".into()), "\"1\" (text)");
        assert_eq!(with_noun(&1_i64.into()), "1 (int)");
        assert_eq!(value(&vec![Dynamic::from(1_i64), "a".into()].into()), "[1,\"a\"]");
        assert_eq!(type_word("ccci::ctx::http::Response"), "Response");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert!(value(&"x".repeat(1000).into()).ends_with("(1000 characters)\""));
    }

    #[test]
    fn values_that_differ_far_behind_are_shown_around_that_place() {
        let text = |end: &str| Dynamic::from(format!("{}{end}", "x".repeat(500)));
        let (left, right, at) = pair(&text("left side"), &text("right side"));
        assert_eq!(left, format!("\"…{}left side (509 characters)\"", "x".repeat(BEFORE)));
        assert!(right.contains("xright side (510 characters)"), "{right}");
        assert_eq!(at, Some(501));
        // one of them may end there
        assert!(pair(&text(""), &text("!")).1.contains("x!"));
        let (left, _, at) = pair(&text(""), &text(""));
        assert!(left.starts_with("\"xxx") && at.is_none(), "{left}");
        assert_eq!(pair(&1.into(), &2.into()), ("1".into(), "2".into(), None));
    }

    #[test]
    fn a_deeply_nested_value_becomes_unit() {
        let mut deep = Dynamic::from(1_i64);
        for _ in 0..100 {
            deep = vec![deep].into();
        }
        assert_eq!(serde_json::to_string(&leaving(&deep)).unwrap().matches('[').count(), DEEPEST);
    }
}
