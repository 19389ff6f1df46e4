//! How a script names an element of a page: a CSS selector, or a map such as `#{ text: "Log in" }`.

use super::state::raised;
use ccci_script::raised::Raised;
use ccci_script::signature::Ty;
use ccci_swarm::ports::browser::{Find, Target};
use rhai::{Dynamic, Map};

/// The keys of a map that names an element.
pub(super) const KEYS: &[(&str, Ty)] = &[
    ("css", Ty::TEXT),
    ("text", Ty::TEXT),
    ("label", Ty::TEXT),
    ("role", Ty::TEXT),
    ("name", Ty::TEXT),
    ("frame", Ty::TEXT),
];

/// The element that a script means.
pub(super) fn at(target: &Dynamic) -> Result<Target, Raised> {
    if let Ok(css) = target.clone().into_immutable_string() {
        return Ok(Target { find: Find::Css(css.to_string()), frame: None });
    }
    let Some(map) = target.read_lock::<Map>() else {
        return Err(raised("`target` is neither a CSS selector nor a map like #{ text: \"Log in\" }"));
    };
    if let Some(other) = map.keys().find(|k| !KEYS.iter().any(|(key, _)| *key == k.as_str())) {
        return Err(raised(format!(
            "no key `{other}`; a target has css, text, label or role, and name, frame"
        )));
    }
    let field = |key: &str| map.get(key).map(ToString::to_string);
    let named = [field("css"), field("text"), field("label"), field("role")];
    let find = match named {
        [Some(css), None, None, None] => Find::Css(css),
        [None, Some(text), None, None] => Find::Text(text),
        [None, None, Some(label), None] => Find::Label(label),
        [None, None, None, Some(role)] => Find::Role(role, field("name").unwrap_or_default()),
        _ => return Err(raised("a target has exactly one of css, text, label, role")),
    };
    if field("name").is_some() && !matches!(find, Find::Role(..)) {
        return Err(raised("`name` belongs to `role`"));
    }
    Ok(Target { find, frame: field("frame") })
}
