//! All the ways a value is written that no escape explains: base64 wherever it begins, hex, shell quotes, as a host name.
//! Pure.

use super::SHORTEST;
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};

/// Lines of a value this long are hidden on their own: logs put something before each line of a key.
const LONG_LINE: usize = 20;

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Every form of a value, each once.
pub fn of(value: &str) -> Vec<Vec<u8>> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    let mut all = vec![
        value.as_bytes().to_vec(),
        value.to_lowercase().into_bytes(),
        value.to_uppercase().into_bytes(),
        value.replace('\'', r"'\''").into_bytes(),
        value.replace('\'', r#"'"'"'"#).into_bytes(),
        hex(value.as_bytes(), LOWER),
        hex(value.as_bytes(), UPPER),
    ];
    for (digits, gap) in [(LOWER, " "), (UPPER, " "), (LOWER, ":"), (UPPER, ":")] {
        all.push(spaced(&hex(value.as_bytes(), digits), gap));
    }
    let urls = URL_LETTERS.map(|kept| percent(value.as_bytes(), kept));
    for inner in [value, json].into_iter().chain(urls.iter().map(String::as_str)) {
        all.extend(base64_forms(inner.as_bytes()));
    }
    let lines = value.lines().map(str::trim).filter(|l| l.len() >= LONG_LINE && !l.starts_with("-----"));
    all.extend(lines.map(|l| l.as_bytes().to_vec()));
    all.retain(|f| f.len() >= SHORTEST);
    all.sort();
    all.dedup();
    all
}

/// Letters that writers of URLs leave as they are: none, those of RFC 3986, those of JavaScript.
const URL_LETTERS: [&[u8]; 3] = [b"", b"-_.~", b"-_.~!*'()"];

fn percent(bytes: &[u8], kept: &[u8]) -> String {
    let mut out = String::new();
    for b in bytes {
        match b {
            b if b.is_ascii_alphanumeric() || kept.contains(b) => out.push(*b as char),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    bytes.iter().flat_map(|b| [digits[usize::from(b >> 4)], digits[usize::from(b & 15)]]).collect()
}

/// Hex as dumps and fingerprints show it.
fn spaced(hex: &[u8], gap: &str) -> Vec<u8> {
    hex.chunks(2).collect::<Vec<_>>().join(gap.as_bytes())
}

/// Base64 of the value at each of the three alignments it can have inside a longer text, both alphabets.
/// The letters at the edges that depend on the neighbours are cut off; they hold at most six bits of the value.
fn base64_forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut out = vec![];
    for shift in 0..3usize {
        let padded = [&[0, 0][..shift], bytes].concat();
        let text = BASE64_STANDARD_NO_PAD.encode(&padded).into_bytes();
        let first = [0, 2, 3][shift];
        let inside = &text[first..padded.len() * 8 / 6];
        let other = |b: &u8| match b {
            b'+' => b'-',
            b'/' => b'_',
            b => *b,
        };
        out.push(inside.iter().map(other).collect());
        out.push(inside.to_vec());
    }
    out
}
