//! Hides secret values in text, whatever the encoding they come in. Pure; every writer passes its text through here.

use crate::secret::Secret;
use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::{Arc, RwLock};

/// What stands in the place of a secret.
pub const DOTS: &str = "•••";

/// Values shorter than this are not hidden: they would eat ordinary text. The caller is told.
pub const SHORTEST: usize = 6;

/// The values known so far, shared by all writers of a run. Cloning shares the list.
#[derive(Clone, Default)]
pub struct Redactor {
    inner: Arc<RwLock<Inner>>,
}

#[derive(Default)]
struct Inner {
    named: Vec<(String, Vec<String>)>,
    automaton: Option<AhoCorasick>,
}

impl Redactor {
    /// Adds a value under its name. False when it is too short to be hidden.
    pub fn add(&self, name: &str, secret: &Secret) -> bool {
        let value = secret.open().trim_end_matches(['\r', '\n']);
        if value.len() < SHORTEST {
            return false;
        }
        let mut inner = self.inner.write().expect("no writer panics while holding the list");
        inner.named.push((name.to_string(), forms(value)));
        let all: Vec<&String> = inner.named.iter().flat_map(|(_, f)| f).collect();
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(all);
        inner.automaton = built.ok();
        true
    }

    /// The text with every known value, in every known form, replaced by dots.
    pub fn hide(&self, text: &str) -> String {
        let inner = self.inner.read().expect("no writer panics while holding the list");
        match &inner.automaton {
            Some(a) => a.replace_all_with_dots(text),
            None => text.to_string(),
        }
    }

    /// The names of the secrets that occur in these bytes, for the last scan of a record.
    pub fn find(&self, bytes: &[u8]) -> Vec<String> {
        let inner = self.inner.read().expect("no writer panics while holding the list");
        let Some(automaton) = &inner.automaton else { return vec![] };
        let mut owners = vec![];
        for (i, (_, forms)) in inner.named.iter().enumerate() {
            owners.extend(std::iter::repeat_n(i, forms.len()));
        }
        let mut hit: Vec<usize> =
            automaton.find_iter(bytes).map(|m| owners[m.pattern().as_usize()]).collect();
        hit.sort_unstable();
        hit.dedup();
        hit.into_iter().map(|i| inner.named[i].0.clone()).collect()
    }
}

trait ReplaceWithDots {
    fn replace_all_with_dots(&self, text: &str) -> String;
}

impl ReplaceWithDots for AhoCorasick {
    fn replace_all_with_dots(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.replace_all_with(text, &mut out, |_, _, dst| {
            dst.push_str(DOTS);
            true
        });
        out
    }
}

/// All the ways a value is likely to be written.
fn forms(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let json = serde_json::to_string(value).unwrap_or_default();
    let mut all = vec![
        value.to_string(),
        json.trim_matches('"').to_string(),
        percent(bytes, false),
        percent(bytes, true),
        value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
        value.replace('\'', "'\\''"),
        hex(bytes),
    ];
    all.extend(base64_forms(bytes));
    all.retain(|f| f.len() >= SHORTEST);
    all.sort();
    all.dedup();
    all
}

fn percent(bytes: &[u8], plus: bool) -> String {
    let mut out = String::new();
    for b in bytes {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(*b as char),
            b' ' if plus => out.push('+'),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Base64 of the value at each of the three alignments it can have inside a longer text, both alphabets.
/// The edge characters that depend on the neighbours are cut off, so a value inside another is found too.
fn base64_forms(bytes: &[u8]) -> Vec<String> {
    let mut out = vec![];
    for shift in 0..3usize {
        let mut padded = vec![0u8; shift];
        padded.extend_from_slice(bytes);
        let text = base64(&padded);
        let skip = [0, 2, 3][shift];
        let keep = padded.len() * 8 / 6;
        let inside: String = text.chars().take(keep).skip(skip).collect();
        out.push(inside.replace('+', "-").replace('/', "_"));
        out.push(inside);
    }
    out
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            out.push(ALPHABET[(n >> (18 - 6 * i) & 63) as usize] as char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, secret: &str) {
        let r = Redactor::default();
        r.add("db_password", &Secret::new(secret));
        let hidden = r.hide(text);
        assert!(hidden.contains(DOTS), "{text:?} became {hidden:?}");
        assert_eq!(r.find(text.as_bytes()), ["db_password"]);
    }

    #[test]
    fn a_secret_is_hidden_in_every_form_it_is_written_in() {
        check("pw=hunter2secret!", "hunter2secret!");
        check("pw=hunter2secret%21", "hunter2secret!");
        check(r#"{"pw":"a\"b\\c-long"}"#, r#"a"b\c-long"#);
        check("aHVudGVyMnNlY3JldCE=", "hunter2secret!");
        check("dXNlcjpodW50ZXIyc2VjcmV0IQ==", "hunter2secret!");
        check("<b>a&lt;b&amp;c-long</b>", "a<b&c-long");
        check("68756e7465723273656372657421", "hunter2secret!");
    }

    #[test]
    fn a_value_too_short_to_hide_is_refused_and_said() {
        let r = Redactor::default();
        assert!(!r.add("pin", &Secret::new("1234")));
        assert_eq!(r.hide("1234"), "1234");
    }
}
